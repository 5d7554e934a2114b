use serde_json::json;
use zhipei_actions::learner::{self, NewLearner};
use zhipei_domain::{
    Actor, Charge, DocumentKind, IdDocument, Identity, IdentityLevel, LearnerId, LoginName,
    PersonName, Phone, RegionCode, Role,
};
use zhipei_storage::audit;
use zhipei_tests::{Answer, Client, TestApp, TestStaff};

const DAY_MS: i64 = 24 * 3_600_000;
const DOCUMENT: &str = "460100199001010019";
const PHONE: &str = "13800000001";

async fn learner(app: &TestApp) -> LearnerId {
    let document = IdDocument::parse(DocumentKind::ResidentId, DOCUMENT).unwrap();
    let new = NewLearner {
        login_name: LoginName::parse("fuxiuying").unwrap(),
        identity: Identity {
            document: Some(document),
            phone: Some(Phone::parse(PHONE).unwrap()),
            ..Identity::named(PersonName::parse("符秀英").unwrap())
        },
        identity_level: IdentityLevel::Confirmed,
        region: RegionCode::parse("469002").unwrap(),
        categories: Vec::new(),
        password_hash: "none".to_owned(),
    };
    let (vault, now) = (&app.keys.vault, app.clock.now());
    app.db()
        .write(async |txn| learner::add(txn, vault, &Actor::System, now, new.clone()).await)
        .await
        .unwrap()
        .id
}

async fn supervisor(app: &TestApp, login_name: &str, region: &str) -> TestStaff {
    let charge = Charge::Region(RegionCode::parse(region).unwrap());
    app.staff(login_name, Role::Supervisor, charge).await
}

async fn reveal(client: &Client, learner: LearnerId, reason: &str) -> Answer {
    let path = format!("/api/supervision/learners/{learner}/reveal");
    client.post(&path, &json!({ "reason": reason })).await
}

#[tokio::test]
async fn mlps_22_a_learner_is_shown_in_full_for_a_reason_that_the_trail_keeps() {
    let app = TestApp::spawn().await;
    let id = learner(&app).await;
    let staff = supervisor(&app, "qionghai", "469002").await;
    let client = app.staff_logged_in(&staff).await;
    let masked = client
        .get(&format!("/api/supervision/learners/{id}"))
        .await
        .text();
    for personal in ["符秀英", DOCUMENT, PHONE] {
        assert!(!masked.contains(personal), "{masked}");
    }
    let path = format!("/api/supervision/learners/{id}/reveal");
    let without = client.post(&path, &json!({})).await;
    assert_eq!(without.problem(), "422 invalid_body");
    for bad in ["", "查", " 查 ", &"查".repeat(201), "查\n实"] {
        let answer = reveal(&client, id, bad).await;
        assert_eq!(answer.problem(), "422 reason_invalid", "{bad:?}");
    }
    let shown = reveal(&client, id, "核对补贴申领材料").await;
    assert_eq!(
        shown.json(),
        json!({
            "name": "符秀英", "phone": PHONE,
            "document_kind": "resident_id", "document_number": DOCUMENT,
        })
    );
    assert_eq!(shown.header("cache-control"), "no-store");
    let rows = audit::list(app.db().read()).await.unwrap();
    let rows: Vec<_> = rows
        .iter()
        .filter(|r| r.action == "learner.reveal")
        .collect();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].actor_id, Some(staff.account.id.to_string()));
    assert_eq!(rows[0].object_id, Some(id.to_string()));
    assert_eq!(rows[0].detail.as_deref(), Some("核对补贴申领材料"));
    assert!(!rows[0].mac.is_empty());
}

#[tokio::test]
async fn mlps_22_nobody_is_shown_in_full_outside_the_scope_or_after_being_erased() {
    let app = TestApp::spawn().await;
    let id = learner(&app).await;
    let far = supervisor(&app, "haikou", "460100").await;
    let near = supervisor(&app, "qionghai", "469002").await;
    let far = app.staff_logged_in(&far).await;
    let near = app.staff_logged_in(&near).await;
    assert_eq!(
        reveal(&far, id, "核对材料").await.problem(),
        "404 not_found"
    );
    let keys = zhipei_actions::Keys {
        vault: app.keys.vault.clone(),
        ledger: app.keys.ledger_mac.clone(),
    };
    let now = app.clock.now();
    app.db()
        .write(async |txn| {
            let by = Actor::System;
            zhipei_actions::erasure::erase_now(txn, &keys, &by, now, id, Some("本人要求")).await
        })
        .await
        .unwrap();
    assert_eq!(
        reveal(&near, id, "核对材料").await.problem(),
        "404 not_found"
    );
}

#[tokio::test]
async fn mlps_22_two_hundred_are_shown_in_full_in_a_day_and_the_next_is_raised_to_security() {
    let app = TestApp::spawn().await;
    let id = learner(&app).await;
    let staff = supervisor(&app, "qionghai", "469002").await;
    let client = app.staff_logged_in(&staff).await;
    let first_at = app.clock.now();
    for n in 1..=200 {
        let shown = reveal(&client, id, "核对补贴申领材料").await;
        assert_eq!(shown.status, 200, "{n}: {}", shown.text());
    }
    let refused = reveal(&client, id, "再看一次").await;
    assert_eq!(refused.problem(), "429 too_many_reveals");
    assert_eq!(refused.header("retry-after"), "86400");
    // The count is each one's own.
    let other = supervisor(&app, "province", "460000").await;
    let other = app.staff_logged_in(&other).await;
    assert_eq!(reveal(&other, id, "核对材料").await.status, 200);

    let security = app
        .staff("linqiang", Role::SecurityAdministrator, Charge::Platform)
        .await;
    let security = app.staff_logged_in(&security).await;
    let events = security.get("/api/security-events").await.json();
    let events = events["items"].as_array().unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["action"], "learner.reveal_limit");
    assert_eq!(events[0]["result"], "refused");
    assert_eq!(events[0]["actor_name"], "qionghai");
    assert_eq!(events[0]["object_id"], id.to_string());
    assert_eq!(events[0]["detail"], "再看一次");

    // Another process counts the same.
    let app = app.restart().await;
    let a_day_on = first_at + DAY_MS;
    // The login takes half a minute.
    app.clock.advance(a_day_on - app.clock.now() - 30_001);
    let client = app.staff_logged_in(&staff).await;
    let still = reveal(&client, id, "核对材料").await;
    assert_eq!(still.problem(), "429 too_many_reveals");
    app.clock.advance(1);
    assert_eq!(reveal(&client, id, "核对材料").await.status, 200);
}
