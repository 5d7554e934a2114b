use serde_json::json;
use zhipei_actions::class_invitation::{self, NewInvitation};
use zhipei_actions::roster::{self, Expected};
use zhipei_domain::{Actor, ClassInvitation, Policy};
use zhipei_storage::class_invitations;
use zhipei_tests::{TestApp, TestClass};

use crate::person::Person;

const DAY_MS: i64 = 86_400_000;

async fn invite(app: &TestApp, class: &TestClass, approval: bool, uses: u32) -> ClassInvitation {
    let now = app.clock.now();
    let new = NewInvitation {
        class: class.id,
        approval,
        expires_at: now + 30 * DAY_MS,
        most_uses: uses,
    };
    let vault = &app.keys.vault;
    app.db()
        .write(async |txn| class_invitation::create(txn, vault, &Actor::System, now, new).await)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_learner_joins_by_code_after_signing_the_pledge() {
    let app = TestApp::spawn().await;
    let class = app.class("QH-1", &[60_000], Policy::default()).await;
    let invitation = invite(&app, &class, false, 1).await;
    let client = Person::new(1).register(&app).await;
    let path = format!("/api/class-invitations/{}", invitation.code);
    let seen = client.get(&path).await.json();
    assert_eq!(seen["class"]["title"], "电工班 QH-1");
    assert_eq!(seen["approval"], false);
    let pledge = client.get("/api/pledge").await.json();
    let join = format!("{}/join", path.to_lowercase());
    let unsigned = client.post(&join, &json!({ "pledge_version": 0 })).await;
    assert_eq!(unsigned.problem(), "422 pledge_required");
    let signed = json!({ "pledge_version": pledge["version"] });
    let joined = client.post(&join, &signed).await;
    assert_eq!(joined.json()["state"], "enrolled", "{}", joined.text());
    let classes = client.get("/api/classes").await.json();
    assert_eq!(classes["items"][0]["id"], json!(class.id));

    // One place, and it is taken.
    let late = Person::new(2).register(&app).await;
    let refused = late.post(&join, &signed).await;
    assert_eq!(refused.problem(), "422 class_invitation_over");
}

#[tokio::test]
async fn codes_of_classes_are_not_guessed() {
    let app = TestApp::spawn_with(|config| config.login.failed_per_address = 3).await;
    let client = Person::new(1).register(&app).await;
    for guess in ["AAAAA-AAAAA", "BBBBB-BBBBB", "nonsense"] {
        let answer = client.get(&format!("/api/class-invitations/{guess}")).await;
        assert_eq!(answer.problem(), "422 class_invitation_over");
    }
    let answer = client.get("/api/class-invitations/CCCCC-CCCCC").await;
    assert_eq!(answer.problem(), "429 too_many_attempts");
    // The others in the room still log in.
    let phone = Person::new(1).phone;
    let login = app.client().log_in(&phone, zhipei_tests::PASSWORD).await;
    assert_eq!(login.status, 200);
}

#[tokio::test]
async fn where_the_institution_decides_a_request_waits_for_its_word() {
    let app = TestApp::spawn().await;
    let class = app.class("QH-1", &[60_000], Policy::default()).await;
    let invitation = invite(&app, &class, true, 10).await;
    let join = format!("/api/class-invitations/{}/join", invitation.code);
    let signed = json!({ "pledge_version": 1 });
    let (one, two) = (Person::new(1), Person::new(2));
    let (taken, refused) = (one.register(&app).await, two.register(&app).await);
    for client in [&taken, &refused] {
        let asked = client.post(&join, &signed).await;
        assert_eq!(asked.json()["state"], "requested");
        let twice = client.post(&join, &signed).await;
        assert_eq!(twice.problem(), "409 join_pending");
        assert_eq!(client.get("/api/classes").await.json()["items"], json!([]));
    }
    let waiting = class_invitations::waiting(app.db().read(), class.id, None, 10).await;
    let waiting = waiting.unwrap();
    let (vault, now) = (&app.keys.vault, app.clock.now());
    for (request, refusal) in waiting.iter().zip([None, Some("名额已满")]) {
        let decided = app
            .db()
            .write(async |txn| {
                let by = &Actor::System;
                class_invitation::decide(txn, vault, by, now, request.id, refusal).await
            })
            .await;
        decided.unwrap();
    }
    let classes = taken.get("/api/classes").await.json();
    assert_eq!(classes["items"].as_array().unwrap().len(), 1);
    let own = refused.get("/api/me/join-requests").await.json();
    assert_eq!(own["items"][0]["state"], "refused");
    assert_eq!(own["items"][0]["reason"], "名额已满");
    let notices = refused.get("/api/notices").await.json();
    // What a reviewer wrote stands with the request, and nowhere else.
    let body = notices["items"][0]["body"].as_str().unwrap();
    assert!(!body.contains("名额已满"), "{body}");
}

#[tokio::test]
async fn who_is_on_a_roster_finds_the_class_and_joins_it() {
    let app = TestApp::spawn().await;
    let class = app.class("QH-1", &[60_000], Policy::default()).await;
    let person = Person::new(1);
    let expected = Expected {
        name: person.person_name(),
        document: person.id_document(),
        phone: person.phone(),
    };
    let keys = zhipei_actions::Keys {
        vault: app.keys.vault.clone(),
        ledger: app.keys.ledger_mac.clone(),
    };
    let now = app.clock.now();
    let by = Actor::System;
    app.db()
        .write(async |txn| roster::add(txn, &keys, &by, now, class.id, expected).await)
        .await
        .unwrap();
    let client = person.register(&app).await;
    let places = client.get("/api/me/roster-places").await.json();
    let id = places["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/me/roster-places/{id}/join");
    let signed = json!({ "pledge_version": 1 });
    let stranger = Person::new(2).register(&app).await;
    let not_theirs = stranger.post(&path, &signed).await;
    assert_eq!(not_theirs.problem(), "404 not_found");
    assert_eq!(client.post(&path, &signed).await.status, 200);
    let places = client.get("/api/me/roster-places").await.json();
    assert_eq!(places["items"], json!([]));
}

#[tokio::test]
async fn a_class_that_is_over_takes_nobody() {
    let app = TestApp::spawn().await;
    let class = app.class("QH-1", &[60_000], Policy::default()).await;
    let invitation = invite(&app, &class, false, 10).await;
    app.clock.advance(15 * DAY_MS);
    let join = format!("/api/class-invitations/{}/join", invitation.code);
    let signed = json!({ "pledge_version": 1 });
    let client = Person::new(1).register(&app).await;
    let last_day = client.post(&join, &signed).await;
    assert_eq!(last_day.status, 200, "{}", last_day.text());
    app.clock.advance(DAY_MS);
    let client = Person::new(2).register(&app).await;
    assert_eq!(
        client.post(&join, &signed).await.problem(),
        "409 class_over"
    );
}

#[tokio::test]
async fn notices_are_counted_and_read() {
    let app = TestApp::spawn().await;
    let client = Person::new(1).register(&app).await;
    let unread = async || client.get("/api/notices/unread").await.json()["unread"].clone();
    assert_eq!(unread().await, 1);
    let notices = client.get("/api/notices").await.json();
    let id = notices["items"][0]["id"].as_str().unwrap();
    let stranger = Person::new(2).register(&app).await;
    stranger
        .post(&format!("/api/notices/{id}/read"), &json!({}))
        .await;
    assert_eq!(unread().await, 1);
    client
        .post(&format!("/api/notices/{id}/read"), &json!({}))
        .await;
    assert_eq!(unread().await, 0);
}
