use serde_json::json;
use zhipei_actions::correction::{self, Decision};
use zhipei_domain::{
    Actor, Charge, Correction, IdentityLevel, Learner, MOST_LOST_PHONES, PHONE_WAITS_MS, Policy,
    RegionCode, Role, Scope,
};
use zhipei_storage::{audit, corrections, identities, learners, training_classes};
use zhipei_tests::{Answer, Client, PASSWORD, TestApp, TestLearner};

use crate::person::{NAME, Person, dump};

fn keys(app: &TestApp) -> zhipei_actions::Keys {
    zhipei_actions::Keys {
        vault: app.keys.vault.clone(),
        ledger: app.keys.ledger_mac.clone(),
    }
}

async fn waiting(app: &TestApp) -> Vec<Correction> {
    corrections::waiting(app.db().read(), &Scope::Platform, None, 10)
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
        .write(async |txn| {
            zhipei_actions::erasure::request(txn, &keys, &Actor::Learner(learner), now, learner)
                .await
        })
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

/// Reports over HTTP that the phone of `whose` account is lost; the new phone is that of person `n`.
async fn report_lost(app: &TestApp, name: &str, whose: &Person, n: u32) -> Answer {
    let new = Person {
        phone: Person::new(n).phone,
        ..whose.clone()
    };
    let client = app.client();
    let (ticket, code) = new.code(app, &client, "/api/lost-phones/codes").await;
    let body = json!({
        "name": name, "document_kind": "resident_id", "document_number": whose.document,
        "phone": new.phone, "ticket": ticket, "code": code,
        "evidence": "手机丢了，号码也换了",
    });
    client.post("/api/lost-phones", &body).await
}

async fn carry_out_due(app: &TestApp) -> usize {
    let changed = correction::carry_out_due(app.db(), &keys(app), app.clock.now()).await;
    changed.unwrap().len()
}

/// A supervisor of the learner's city, and the manager of an institution that has the learner in a class.
async fn reviewers(app: &TestApp, learner: &Learner) -> (Client, Client) {
    let class = app.class("QH-1", &[60_000], Policy::default()).await;
    let learner = TestLearner {
        learner: learner.clone(),
    };
    app.enrol(&learner, &class).await;
    let class = training_classes::get(app.db().read(), class.id)
        .await
        .unwrap();
    let region = Charge::Region(RegionCode::parse("469002").unwrap());
    let supervisor = app.staff("supervisor", Role::Supervisor, region).await;
    let institution = Charge::Institution(class.institution);
    let manager = app
        .staff("manager", Role::InstitutionManager, institution)
        .await;
    let supervisor = app.staff_logged_in(&supervisor).await;
    (supervisor, app.staff_logged_in(&manager).await)
}

async fn only_learner(app: &TestApp) -> Learner {
    let all = learners::list(app.db().read(), &Scope::Platform).await;
    all.unwrap().remove(0)
}

#[tokio::test]
async fn a_lost_phone_is_replaced_a_day_after_the_approval_and_strangers_learn_nothing() {
    let app = TestApp::spawn().await;
    let person = Person::new(1);
    person.register(&app).await;
    let stranger = report_lost(&app, "王勇", &person, 3).await;
    let nobody = report_lost(&app, NAME, &Person::new(9), 4).await;
    assert_eq!(waiting(&app).await.len(), 0);
    assert_eq!(app.phones.of(&person.phone).len(), 1);
    let holder = report_lost(&app, NAME, &person, 2).await;
    for answer in [&stranger, &nobody, &holder] {
        assert_eq!(answer.status, 202);
        assert_eq!(answer.text(), holder.text());
    }
    let told = app.phones.wait(&person.phone, 2).await;
    assert_eq!(told.notice.as_deref(), Some("有人申请更改账号信息"));
    let rows = audit::list(app.db().read()).await.unwrap();
    let asked = rows.iter().find(|row| row.action == "correction.ask");
    assert_eq!(asked.unwrap().actor_kind, "anonymous");

    decide(&app, true).await.unwrap();
    let told = app.phones.wait(&person.phone, 3).await;
    assert_eq!(told.notice.as_deref(), Some("信息更正有结果了"));
    let mut by_new = app.client();
    let early = by_new.log_in(&Person::new(2).phone, PASSWORD).await;
    assert_eq!(early.problem(), "401 login_failed");
    app.clock.advance(PHONE_WAITS_MS - 1);
    assert_eq!(carry_out_due(&app).await, 0);
    app.clock.advance(1);
    assert_eq!(carry_out_due(&app).await, 1);
    let told = app.phones.wait(&person.phone, 4).await;
    assert_eq!(told.notice.as_deref(), Some("手机号已更换"));
    let left = dump(&app).await;
    let logins = left
        .lines()
        .filter(|line| line.starts_with("login_session"));
    assert_eq!(logins.count(), 0, "whoever has the old phone is out");
    let logged_in = by_new.log_in(&Person::new(2).phone, PASSWORD).await;
    assert_eq!(logged_in.status, 200);
    let report = zhipei_server::verify(app.db(), &app.keys, None, None).await;
    assert!(report.unwrap().findings.is_empty());
}

#[tokio::test]
async fn a_login_of_the_holder_ends_a_change_of_phone_before_and_after_the_approval() {
    let app = TestApp::spawn().await;
    let person = Person::new(1);
    person.register(&app).await;
    for (n, approved) in [(2, false), (3, true)] {
        report_lost(&app, NAME, &person, n).await;
        if approved {
            decide(&app, true).await.unwrap();
            app.clock.advance(PHONE_WAITS_MS - 1);
        }
        let mut client = app.client();
        let logged_in = client.log_in(&person.phone, PASSWORD).await;
        assert_eq!(logged_in.status, 200);
        app.clock.advance(1);
        assert_eq!(carry_out_due(&app).await, 0);
        assert_eq!(waiting(&app).await.len(), 0);
        let own = client.get("/api/me/corrections").await.json();
        assert_eq!(own["items"][0]["state"], "refused");
        assert_eq!(own["items"][0]["takes_effect_at"], json!(null));
    }
}

#[tokio::test]
async fn several_reports_of_a_lost_phone_are_shown_together_and_one_of_them_is_approved() {
    let app = TestApp::spawn().await;
    let person = Person::new(1);
    person.register(&app).await;
    let (supervisor, _) = reviewers(&app, &only_learner(&app).await).await;
    // A thief is first, the holder second; saying it twice makes it no more.
    for n in [2, 3] {
        report_lost(&app, NAME, &person, n).await;
    }
    app.clock.advance(60_000);
    report_lost(&app, NAME, &person, 3).await;
    let both = waiting(&app).await;
    assert_eq!(both.len(), 2);
    let path = format!("/api/corrections/{}", both[1].id);
    let detail = supervisor.get(&path).await.json();
    assert_eq!(detail["others"], json!([both[0].id]));
    assert_eq!(detail["new_value"], Person::new(3).phone);
    let why = json!({ "reason": "视频核对了本人和证件" });
    let approved = supervisor.post(&format!("{path}/approve"), &why).await;
    assert_eq!(approved.status, 204);
    assert_eq!(waiting(&app).await.len(), 0);
    app.clock.advance(PHONE_WAITS_MS);
    assert_eq!(carry_out_due(&app).await, 1);
    let mut thief = app.client();
    let refused = thief.log_in(&Person::new(2).phone, PASSWORD).await;
    assert_eq!(refused.problem(), "401 login_failed");

    // No more than ten wait.
    let (keys, now) = (keys(&app), app.clock.now());
    let (name, document) = (person.person_name(), person.id_document());
    for n in 10..=10 + MOST_LOST_PHONES {
        let phone = Person::new(u32::try_from(n).unwrap()).phone();
        let why = "手机丢了，号码也换了";
        app.db()
            .write(async |txn| {
                correction::ask_after_loss(txn, &keys, now, &name, &document, phone, why).await
            })
            .await
            .unwrap();
    }
    let waits = corrections::waiting(app.db().read(), &Scope::Platform, None, 100).await;
    assert_eq!(waits.unwrap().len(), MOST_LOST_PHONES);
}

#[tokio::test]
async fn a_phone_that_is_anothers_by_then_is_not_taken_and_the_job_goes_on() {
    let app = TestApp::spawn().await;
    let person = Person::new(1);
    person.register(&app).await;
    report_lost(&app, NAME, &person, 2).await;
    decide(&app, true).await.unwrap();
    app.clock.advance(PHONE_WAITS_MS);
    Person::new(2).register(&app).await;
    assert_eq!(carry_out_due(&app).await, 0);
    let mut client = app.client();
    client.log_in(&person.phone, PASSWORD).await;
    let own = client.get("/api/me/corrections").await.json();
    assert_eq!(own["items"][0]["state"], "refused");
}

#[tokio::test]
async fn an_institution_has_a_say_on_phones_and_documents_and_decides_on_names_alone() {
    let app = TestApp::spawn().await;
    let person = Person::new(1);
    let client = person.register(&app).await;
    let (supervisor, manager) = reviewers(&app, &only_learner(&app).await).await;
    report_lost(&app, NAME, &person, 2).await;
    let document = json!({
        "field": "document", "document_kind": "resident_id", "value": Person::new(5).document,
        "evidence": "登记时把号码填错了",
    });
    let path = "/api/me/corrections";
    assert_eq!(client.post(path, &document).await.status, 201);
    let told = app.phones.wait(&person.phone, 3).await;
    assert_eq!(told.notice.as_deref(), Some("有人申请更改账号信息"));
    let why = json!({ "reason": "与身份证照片一致" });
    for correction in waiting(&app).await {
        let path = format!("/api/corrections/{}", correction.id);
        for word in ["approve", "refuse"] {
            let refused = manager.post(&format!("{path}/{word}"), &why).await;
            assert_eq!(refused.problem(), "403 supervisor_needed");
        }
        let said = json!({ "comment": "本人到机构出示了身份证" });
        let comment = format!("{path}/comment");
        assert_eq!(manager.post(&comment, &said).await.status, 204);
        let detail = supervisor.get(&path).await.json();
        assert_eq!(detail["comment"], said["comment"]);
        let done = supervisor.post(&format!("{path}/approve"), &why).await;
        assert_eq!(done.status, 204, "{}", done.text());
        let late = manager.post(&comment, &said).await;
        assert_eq!(late.problem(), "409 correction_decided");
    }
    let name = json!({ "field": "name", "value": "符𬱖英", "evidence": "身份证上是这个字" });
    assert_eq!(client.post(path, &name).await.status, 201);
    let id = waiting(&app).await[0].id;
    let done = manager
        .post(&format!("/api/corrections/{id}/approve"), &why)
        .await;
    assert_eq!(done.status, 204);
}

#[tokio::test]
async fn another_name_or_document_is_confirmed_by_nobody_yet() {
    let app = TestApp::spawn().await;
    let client = Person::new(1).register(&app).await;
    let id = only_learner(&app).await.id;
    let level = async || client.get("/api/me").await.json()["identity_level"].clone();
    for ask in [
        json!({ "field": "name", "value": "符𬱖英", "evidence": "身份证上是这个字" }),
        json!({
            "field": "document", "document_kind": "resident_id",
            "value": Person::new(5).document, "evidence": "登记时把号码填错了",
        }),
    ] {
        app.db()
            .write(async |txn| learners::set_level(txn, id, IdentityLevel::Confirmed).await)
            .await
            .unwrap();
        assert_eq!(level().await, "confirmed");
        let asked = client.post("/api/me/corrections", &ask).await;
        assert_eq!(asked.status, 201);
        decide(&app, true).await.unwrap();
        assert_eq!(level().await, "claimed");
    }
}

#[tokio::test]
async fn pipl_13_another_document_is_no_way_round_the_youngest_age() {
    let app = TestApp::spawn().await;
    let client = Person::new(1).register(&app).await;
    let path = "/api/me/corrections";
    let ask = async |kind: &str, value: &str| {
        let ask = json!({
            "field": "document", "document_kind": kind, "value": value,
            "evidence": "登记时把号码填错了",
        });
        client.post(path, &ask).await
    };
    let child = Person::born(5, "20200101").document;
    assert_eq!(ask("resident_id", &child).await.problem(), "422 too_young");
    let as_passport = ask("passport", &child).await;
    assert_eq!(as_passport.problem(), "422 document_invalid");
    // The day of birth is kept where the new document does not say it.
    assert_eq!(ask("passport", "E12345678").await.status, 201);
    decide(&app, true).await.unwrap();
    let id = only_learner(&app).await.id;
    let who = identities::get(app.db().read(), &Scope::Platform, &app.keys.vault, id).await;
    assert_eq!(who.unwrap().born_on.unwrap().to_string(), "1990-01-01");
}

#[tokio::test]
async fn nothing_is_changed_of_an_account_that_is_closed() {
    let app = TestApp::spawn().await;
    let person = Person::new(1);
    let client = person.register(&app).await;
    let learner = only_learner(&app).await;
    let (supervisor, _) = reviewers(&app, &learner).await;
    let name = json!({ "field": "name", "value": "符𬱖英", "evidence": "身份证上是这个字" });
    client.post("/api/me/corrections", &name).await;
    report_lost(&app, NAME, &person, 2).await;
    let open = waiting(&app).await;
    assert_eq!(open.len(), 2);
    let closed = client
        .post("/api/me/erasure", &json!({ "password": PASSWORD }))
        .await;
    assert_eq!(closed.json()["erased"], false, "{}", closed.text());
    assert_eq!(waiting(&app).await.len(), 0);
    for correction in open {
        let path = format!("/api/corrections/{}/approve", correction.id);
        let late = supervisor.post(&path, &json!({ "reason": "来晚了" })).await;
        assert_eq!(late.problem(), "409 correction_decided");
    }
    // Phone and document stay free.
    app.clock.advance(60_000);
    person.register(&app).await;
}
