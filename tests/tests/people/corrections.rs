use serde_json::json;
use zhipei_actions::correction::{self, Decision};
use zhipei_domain::{Actor, Correction, Scope};
use zhipei_storage::corrections;
use zhipei_tests::{PASSWORD, TestApp};

use crate::person::{NAME, Person};

fn keys(app: &TestApp) -> zhipei_actions::Keys {
    zhipei_actions::Keys {
        vault: app.keys.vault.clone(),
        ledger: app.keys.ledger_mac.clone(),
    }
}

async fn waiting(app: &TestApp) -> Vec<Correction> {
    corrections::waiting(app.db().read(), &Scope::Platform, 10)
        .await
        .unwrap()
}

async fn decide(app: &TestApp, approved: bool) -> zhipei_actions::Result<correction::Decided> {
    let decision = Decision {
        id: waiting(app).await[0].id,
        approved,
        reason: "与身份证照片一致",
    };
    let now = app.clock.now();
    let (keys, scope) = (keys(app), Scope::Platform);
    app.db()
        .write(async |txn| {
            correction::decide(txn, &keys, &Actor::System, &scope, now, decision).await
        })
        .await
}

#[tokio::test]
async fn pipl_12_a_name_is_corrected_with_evidence_by_a_reviewer() {
    let app = TestApp::spawn().await;
    let client = Person::new(1).register(&app).await;
    let ask = json!({ "field": "name", "value": "符𬱖英", "evidence": "身份证上的名字是这个字" });
    let path = "/api/me/corrections";
    let short = json!({ "field": "name", "value": "符𬱖英", "evidence": "改字" });
    let refused = client.post(path, &short).await;
    assert_eq!(refused.problem(), "422 evidence_invalid");
    assert_eq!(client.post(path, &ask).await.status, 201);
    let twice = client.post(path, &ask).await;
    assert_eq!(twice.problem(), "409 correction_pending");
    assert_eq!(client.get("/api/me").await.json()["name"], NAME);

    decide(&app, true).await.unwrap();
    assert_eq!(client.get("/api/me").await.json()["name"], "符𬱖英");
    let own = client.get(path).await.json();
    assert_eq!(own["items"][0]["state"], "approved");
    assert_eq!(own["items"][0]["reason"], "与身份证照片一致");
    let notices = client.get("/api/notices").await.json();
    assert_eq!(notices["items"][0]["kind"], "correction_decided");
    let report = zhipei_server::verify(app.db(), &app.keys, None, None).await;
    assert!(report.unwrap().findings.is_empty());
}

#[tokio::test]
async fn a_refused_correction_changes_nothing_and_a_document_goes_to_who_is_found_to_hold_it() {
    let app = TestApp::spawn().await;
    let (one, two) = (Person::new(1), Person::new(2));
    let client = one.register(&app).await;
    let claimant = two.register(&app).await;
    let path = "/api/me/corrections";
    let ask = json!({
        "field": "document", "document_kind": "resident_id", "value": two.document,
        "evidence": "登记时把号码填错了",
    });
    let before = client.get("/api/me").await.json();
    assert_eq!(client.post(path, &ask).await.status, 201);
    decide(&app, false).await.unwrap();
    assert_eq!(client.get("/api/me").await.json(), before);
    assert_eq!(client.post(path, &ask).await.status, 201);
    decide(&app, true).await.unwrap();
    let masked = format!("460***********{}", &two.document[14..]);
    let me = client.get("/api/me").await.json();
    assert_eq!(me["document_number"], json!(masked));
    let gone = claimant.get("/api/me").await;
    assert_eq!(gone.problem(), "401 not_logged_in");
}

#[tokio::test]
async fn what_an_account_waited_for_ends_with_it_and_gives_nothing_back() {
    let app = TestApp::spawn().await;
    let person = Person::new(1);
    let client = person.register(&app).await;
    let ask = json!({ "field": "name", "value": "符𬱖英", "evidence": "身份证上的名字是这个字" });
    let asked = client.post("/api/me/corrections", &ask).await;
    assert_eq!(asked.status, 201);
    let id = waiting(&app).await[0].id;
    let learner = waiting(&app).await[0].learner;
    let keys = keys(&app);
    let now = app.clock.now();
    app.db()
        .write(async |txn| zhipei_actions::erasure::request(txn, &keys, now, learner).await)
        .await
        .unwrap();
    assert_eq!(waiting(&app).await, []);
    let decision = Decision {
        id,
        approved: true,
        reason: "与身份证照片一致",
    };
    let scope = Scope::Platform;
    let decided = app
        .db()
        .write(async |txn| {
            correction::decide(txn, &keys, &Actor::System, &scope, now, decision).await
        })
        .await;
    assert!(decided.is_err());
    // Phone and document are as free as before.
    app.phones.wait(&person.phone, 2).await;
    app.clock.advance(60_000);
    person.register(&app).await;
}

#[tokio::test]
async fn two_corrections_that_are_made_at_once_are_both_kept() {
    let app = TestApp::spawn().await;
    let person = Person::new(1);
    let client = person.register(&app).await;
    let path = "/api/me/corrections";
    let name = json!({ "field": "name", "value": "符𬱖英", "evidence": "身份证上的名字是这个字" });
    let document = json!({
        "field": "document", "document_kind": "resident_id", "value": Person::new(2).document,
        "evidence": "登记时把号码填错了",
    });
    for ask in [&name, &document] {
        assert_eq!(client.post(path, ask).await.status, 201);
    }
    let (keys, scope, now) = (keys(&app), Scope::Platform, app.clock.now());
    let decide = async |id| {
        let decision = Decision {
            id,
            approved: true,
            reason: "与身份证照片一致",
        };
        app.db()
            .write(async |txn| {
                correction::decide(txn, &keys, &Actor::System, &scope, now, decision).await
            })
            .await
            .unwrap()
    };
    let waiting = waiting(&app).await;
    tokio::join!(decide(waiting[0].id), decide(waiting[1].id));
    let me = client.get("/api/me").await.json();
    let masked = format!("460***********{}", &Person::new(2).document[14..]);
    assert_eq!(me["name"], "符𬱖英");
    assert_eq!(me["document_number"], json!(masked));
}

#[tokio::test]
async fn a_lost_phone_is_replaced_by_a_reviewer_and_strangers_learn_nothing() {
    let app = TestApp::spawn().await;
    let person = Person::new(1);
    let old_login = person.register(&app).await;
    let new = Person {
        phone: Person::new(2).phone,
        ..person.clone()
    };
    let client = app.client();
    let report = async |name: &str, document: &str, n: u32| {
        let phone = Person {
            phone: Person::new(n).phone,
            ..person.clone()
        };
        let (ticket, code) = phone.code(&app, &client, "/api/lost-phones/codes").await;
        let body = json!({
            "name": name, "document_kind": "resident_id", "document_number": document,
            "phone": phone.phone, "ticket": ticket, "code": code,
            "evidence": "手机丢了，号码也换了",
        });
        client.post("/api/lost-phones", &body).await
    };
    let stranger = report("王勇", &person.document, 3).await;
    let nobody = report(NAME, &Person::new(9).document, 4).await;
    assert_eq!(waiting(&app).await.len(), 0);
    let holder = report(NAME, &person.document, 2).await;
    let again = report(NAME, &person.document, 5).await;
    for answer in [&stranger, &nobody, &holder, &again] {
        assert_eq!(answer.status, 202);
        assert_eq!(answer.text(), holder.text());
    }
    assert_eq!(waiting(&app).await.len(), 1);
    decide(&app, true).await.unwrap();
    assert_eq!(
        old_login.get("/api/me").await.problem(),
        "401 not_logged_in"
    );
    let mut by_new = app.client();
    assert_eq!(by_new.log_in(&new.phone, PASSWORD).await.status, 200);
}
