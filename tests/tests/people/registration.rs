use serde_json::json;
use uuid::Uuid;
use zhipei_actions::roster::{self, Expected};
use zhipei_domain::{AccountState, Actor, Charge, ClassId, Policy, RegionCode, Role, Scope};
use zhipei_storage::{audit, identities, learners, ledger};
use zhipei_tests::{PASSWORD, TestApp};

use crate::person::{NAME, Person, dump, post_keyed};

#[tokio::test]
async fn a_person_registers_with_a_phone_and_is_logged_in_and_known_by_masks() {
    let app = TestApp::spawn().await;
    let person = Person::new(1);
    let client = person.register(&app).await;
    let me = client.get("/api/me").await.json();
    assert_eq!(me["name"], NAME);
    assert_eq!(me["identity_level"], "claimed");
    assert_eq!(me["phone"], "139****0001", "MLPS-22");
    let masked = format!("460***********{}", &person.document[14..]);
    assert_eq!(me["document_number"], masked, "MLPS-22");
    assert_eq!(me["categories"], json!(["0203"]));
    let notices = client.get("/api/notices").await.json();
    assert_eq!(notices["items"][0]["kind"], "registered");
}

#[tokio::test]
async fn a_registration_is_on_record_with_who_when_from_where_and_consents_and_nothing_to_read() {
    let app = TestApp::spawn().await;
    let person = Person::new(1);
    person.register(&app).await;
    let db = app.db().read();
    let all = learners::list(db, &Scope::Platform).await.unwrap();
    let entries = ledger::entries(db, all[0].id).await.unwrap();
    assert_eq!(entries[0].kind, "registration");
    for part in ["\"terms\"", "\"document\"", "\"sharing\"", "469002", "0203"] {
        assert!(
            entries[0].body.contains(part),
            "{part}: {}",
            entries[0].body
        );
    }
    let report = zhipei_server::verify(app.db(), &app.keys, None, None).await;
    assert!(report.unwrap().findings.is_empty());
    let rows = audit::list(db).await.unwrap();
    let row = rows
        .iter()
        .find(|row| row.action == "registration")
        .unwrap();
    assert_eq!(row.ip.as_deref(), Some("127.0.0.1"), "MLPS-09");

    let seen = dump(&app).await;
    let document = &person.document;
    for personal in [NAME, &person.phone, document, &document[6..], "海平电器"] {
        assert!(!seen.contains(personal), "PIPL-21: {personal}");
    }
}

#[tokio::test]
async fn mlps_01_of_two_registrations_at_once_with_one_phone_or_one_document_one_is_made() {
    let app = TestApp::spawn().await;
    let one = Person::new(1);
    let same_phone = Person {
        document: Person::new(2).document,
        ..one.clone()
    };
    let same_document = Person {
        phone: Person::new(3).phone,
        ..one.clone()
    };
    let client = app.client();
    let path = "/api/registrations/codes";
    let first = one.code(&app, &client, path).await;
    app.clock.advance(60_000);
    let second = one.code(&app, &client, path).await;
    let third = same_document.code(&app, &client, path).await;
    let forms = [
        one.form(&first),
        same_phone.form(&second),
        same_document.form(&third),
    ];
    let mut tries = tokio::task::JoinSet::new();
    for form in forms {
        let client = app.client();
        tries.spawn(async move { client.post("/api/registrations", &form).await });
    }
    let answers = tries.join_all().await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    // The one whose data share nothing with the winner's may be made as well.
    assert!((1..=2).contains(&made), "{made}");
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        let refused = answer.problem();
        let refusals = ["409 already_registered", "409 document_registered"];
        assert!(refusals.contains(&refused.as_str()), "{refused}");
        assert!(!answer.text().contains(&one.phone));
    }
    let all = learners::list(app.db().read(), &Scope::Platform).await;
    assert_eq!(all.unwrap().len(), made);
}

#[tokio::test]
async fn mlps_01_of_two_at_once_with_the_same_phone_and_document_exactly_one_is_made() {
    let app = TestApp::spawn().await;
    let person = Person::new(1);
    let client = app.client();
    let path = "/api/registrations/codes";
    let first = person.code(&app, &client, path).await;
    app.clock.advance(60_000);
    let second = person.code(&app, &client, path).await;
    let (a, b) = (app.client(), app.client());
    let (one, two) = (person.form(&first), person.form(&second));
    let (one, two) = tokio::join!(
        a.post("/api/registrations", &one),
        b.post("/api/registrations", &two)
    );
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409], "{} {}", one.text(), two.text());
    let all = learners::list(app.db().read(), &Scope::Platform).await;
    assert_eq!(all.unwrap().len(), 1);
}

#[tokio::test]
async fn asvs_11_a_registration_sent_again_under_its_key_is_answered_again_and_made_once() {
    let app = TestApp::spawn().await;
    let person = Person::new(1);
    let mut client = app.client();
    let code = person.code(&app, &client, "/api/registrations/codes").await;
    let form = person.form(&code);
    let key = Uuid::from_u128(7);
    let path = "/api/registrations";
    let (one, two) = tokio::join!(
        post_keyed(&client, path, key, &form),
        post_keyed(&client, path, key, &form)
    );
    assert_eq!(
        (one.status.as_u16(), two.status.as_u16()),
        (201, 201),
        "{}",
        two.text()
    );
    let again = post_keyed(&client, path, key, &form).await;
    assert_eq!(again.status, 201);
    for answer in [&two, &again] {
        assert_eq!(answer.json()["id"], one.json()["id"]);
    }
    // The first answer, and its cookie with it, may have been lost.
    client.cookie = again.cookie();
    assert_eq!(client.get("/api/me").await.status, 200);
    let mut other = form.clone();
    other["employer"] = json!("另一家");
    let refused = post_keyed(&client, path, key, &other).await;
    assert_eq!(refused.problem(), "409 idempotency_key_reused");
    let all = learners::list(app.db().read(), &Scope::Platform).await;
    assert_eq!(all.unwrap().len(), 1);
}

#[tokio::test]
async fn pipl_13_who_is_not_yet_fourteen_in_hainan_does_not_register() {
    let app = TestApp::spawn().await;
    let client = app.client();
    let path = "/api/registrations/codes";
    // It is 2026-11-24 in Hainan.
    let (young, old) = (Person::born(1, "20121125"), Person::born(2, "20121124"));
    let code = young.code(&app, &client, path).await;
    let refused = client.post("/api/registrations", &young.form(&code)).await;
    assert_eq!(refused.problem(), "422 too_young");
    let code = old.code(&app, &client, path).await;
    let taken = client.post("/api/registrations", &old.form(&code)).await;
    assert_eq!(taken.status, 201);
}

#[tokio::test]
async fn asvs_08_and_asvs_42_a_form_is_refused_by_its_field() {
    let app = TestApp::spawn().await;
    let person = Person::new(1);
    let client = app.client();
    let code = person.code(&app, &client, "/api/registrations/codes").await;
    let whole = person.form(&code);
    for (field, value, problem) in [
        ("name", json!("张3"), "422 name_invalid"),
        (
            "document_number",
            json!("460200199001010010"),
            "422 document_invalid",
        ),
        (
            "document_number",
            json!("130503670401001"),
            "422 document_fifteen_digits",
        ),
        ("born_on", json!("1990-01-02"), "422 birth_date_differs"),
        ("region", json!("999999"), "409 unknown_region"),
        ("categories", json!([]), "422 unknown_category"),
        ("password", json!("12345678"), "422 weak_password"),
        (
            "consents",
            json!([{ "purpose": "terms", "version": 1 }]),
            "422 consent_required",
        ),
        (
            "consents",
            json!([{ "purpose": "terms", "version": 1 }, { "purpose": "document", "version": 2 }]),
            "422 consent_outdated",
        ),
        ("identity_level", json!("confirmed"), "422 invalid_body"),
        (
            "id",
            json!("00000000-0000-0000-0000-000000000000"),
            "422 invalid_body",
        ),
    ] {
        let mut form = whole.clone();
        form[field] = value;
        let answer = client.post("/api/registrations", &form).await;
        assert_eq!(answer.problem(), problem, "{field}");
        let named = &answer.json()["errors"][0]["field"];
        assert_eq!(named, field, "{field}");
    }
    // The code is still good: nothing was done.
    let taken = client.post("/api/registrations", &whole).await;
    assert_eq!(taken.status, 201, "{}", taken.text());
}

async fn on_roster(app: &TestApp, class: ClassId, person: &Person) {
    let now = app.clock.now();
    let expected = Expected {
        name: person.person_name(),
        document: person.id_document(),
        phone: person.phone(),
    };
    let keys = zhipei_actions::Keys {
        vault: app.keys.vault.clone(),
        ledger: app.keys.ledger_mac.clone(),
    };
    app.db()
        .write(async |txn| roster::add(txn, &keys, &Actor::System, now, class, expected).await)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_roster_prefills_for_the_holder_of_the_phone_and_confirms_who_agrees_with_it() {
    let app = TestApp::spawn().await;
    let class = app.class("QH-1", &[60_000], Policy::default()).await;
    let person = Person::new(1);
    on_roster(&app, class.id, &person).await;
    let client = app.client();
    let code = person.code(&app, &client, "/api/registrations/codes").await;
    let mut given = json!({ "phone": person.phone, "ticket": code.0, "code": "000000" });
    if code.1 != "000000" {
        let refused = client.post("/api/registrations/prefill", &given).await;
        assert_eq!(refused.problem(), "422 code_wrong");
    }
    given["code"] = json!(code.1);
    let known = client
        .post("/api/registrations/prefill", &given)
        .await
        .json();
    assert_eq!(known["roster"]["name"], NAME);
    assert_eq!(known["roster"]["class_title"], "电工班 QH-1");
    let number = known["roster"]["document_number"].as_str().unwrap();
    assert!(number.contains("***"), "{number}");
    let taken = client.post("/api/registrations", &person.form(&code)).await;
    assert_eq!(taken.json()["identity_level"], "confirmed");
}

#[tokio::test]
async fn the_true_holder_takes_over_from_a_claim_which_is_set_aside_with_its_records() {
    let app = TestApp::spawn().await;
    let class = app.class("QH-1", &[60_000], Policy::default()).await;
    let holder = Person::new(1);
    let claimant = Person {
        phone: Person::new(2).phone,
        ..holder.clone()
    };
    let thief = claimant.register(&app).await;
    let document = holder.id_document();
    let claim = identities::by_document(app.db().read(), &app.keys.vault, &document).await;
    let claim = claim.unwrap();
    // Nobody knows better: the claim stands.
    let (refused, _) = holder.try_to_register(&app).await;
    assert_eq!(refused.problem(), "409 document_registered");

    app.clock.advance(60_000);
    on_roster(&app, class.id, &holder).await;
    let (taken, client) = holder.try_to_register(&app).await;
    assert_eq!(taken.json()["identity_level"], "confirmed");
    assert_eq!(client.get("/api/me").await.status, 200);
    assert_eq!(thief.get("/api/me").await.problem(), "401 not_logged_in");
    let again = app
        .client()
        .log_in(&claimant.phone, zhipei_tests::PASSWORD)
        .await;
    assert_eq!(again.problem(), "401 login_failed");
    let told = app.phones.wait(&claimant.phone, 2).await;
    assert_eq!(told.notice.as_deref(), Some("账号已停用"));
    // Its records stay.
    let entries = ledger::entries(app.db().read(), claim).await.unwrap();
    let kinds: Vec<_> = entries.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(kinds, ["registration", "identity"]);
    let report = zhipei_server::verify(app.db(), &app.keys, None, None).await;
    assert!(report.unwrap().findings.is_empty());
}

#[tokio::test]
async fn lms_13_a_roster_with_the_phone_of_another_merges_nothing() {
    let app = TestApp::spawn().await;
    let class = app.class("QH-1", &[60_000], Policy::default()).await;
    let person = Person::new(1);
    let client = person.register(&app).await;
    for other in [
        Person {
            document: Person::new(2).document,
            ..person.clone()
        },
        Person {
            phone: Person::new(3).phone,
            name: "王勇".to_owned(),
            ..person.clone()
        },
    ] {
        on_roster(&app, class.id, &other).await;
        let me = client.get("/api/me").await.json();
        assert_eq!(me["identity_level"], "claimed");
        assert_eq!(me["name"], NAME);
    }
    let other = app.class("QH-2", &[60_000], Policy::default()).await;
    on_roster(&app, other.id, &person).await;
    let me = client.get("/api/me").await.json();
    assert_eq!(me["identity_level"], "confirmed");
}

#[tokio::test]
async fn a_phone_that_went_from_one_person_to_another_takes_nobodys_account_away() {
    let app = TestApp::spawn().await;
    let class = app.class("QH-1", &[60_000], Policy::default()).await;
    let before = Person::new(1);
    let old = before.register(&app).await;
    let login_name = old.get("/api/me").await.json()["login_name"].clone();
    let now = Person {
        phone: before.phone.clone(),
        name: "王勇".to_owned(),
        ..Person::new(2)
    };
    // Without a roster the phone stays where it is.
    app.clock.advance(60_000);
    let (refused, _) = now.try_to_register(&app).await;
    assert_eq!(refused.problem(), "409 already_registered");
    app.clock.advance(60_000);
    on_roster(&app, class.id, &now).await;
    let (taken, _) = now.try_to_register(&app).await;
    assert_eq!(taken.json()["identity_level"], "confirmed");

    let me = old.get("/api/me").await.json();
    assert_eq!((&me["name"], &me["phone"]), (&json!(NAME), &json!(null)));
    assert_eq!(
        me["document_number"],
        json!(format!("460***********{}", &before.document[14..]))
    );
    let notices = old.get("/api/notices").await.json();
    assert_eq!(notices["items"][0]["kind"], "phone_changed");
    let mut by_name = app.client();
    let answer = by_name.log_in(login_name.as_str().unwrap(), PASSWORD).await;
    assert_eq!(answer.status, 200);
    let by_phone = app.client().log_in(&now.phone, PASSWORD).await;
    assert_eq!(by_phone.json()["name"], "王勇");
    let report = zhipei_server::verify(app.db(), &app.keys, None, None).await;
    assert!(report.unwrap().findings.is_empty());
}

#[tokio::test]
async fn the_true_holder_gets_the_document_from_a_claim_by_evidence_and_a_supervisor() {
    let app = TestApp::spawn().await;
    let holder = Person::new(1);
    let claimant = Person {
        phone: Person::new(2).phone,
        name: "王勇".to_owned(),
        ..holder.clone()
    };
    let thief = claimant.register(&app).await;
    let (refused, _) = holder.try_to_register(&app).await;
    assert_eq!(refused.problem(), "409 document_registered");
    assert!(refused.text().contains("身份核验"), "{}", refused.text());

    // The holder says why the document is theirs, and can begin meanwhile.
    app.clock.advance(60_000);
    let mut client = app.client();
    let code = holder.code(&app, &client, "/api/registrations/codes").await;
    let mut form = holder.form(&code);
    form["evidence"] = json!("短");
    let refused = client.post("/api/registrations", &form).await;
    assert_eq!(refused.problem(), "422 evidence_invalid");
    form["evidence"] = json!("身份证原件在我手里，可到琼海社保窗口核对");
    let taken = client.post("/api/registrations", &form).await;
    assert_eq!(taken.status, 201, "{}", taken.text());
    assert_eq!(taken.json()["identity_level"], "claimed");
    assert_eq!(taken.json()["document_number"], json!(null));
    client.cookie = taken.cookie();
    let own = client.get("/api/me/corrections").await.json();
    assert_eq!(own["items"][0]["field"], "document");
    assert_eq!(thief.get("/api/me").await.status, 200, "nobody has decided");

    let charge = Charge::Region(RegionCode::parse("469002").unwrap());
    let supervisor = app.staff("supervisor", Role::Supervisor, charge).await;
    let supervisor = app.staff_logged_in(&supervisor).await;
    let waiting = supervisor.get("/api/corrections").await.json();
    let id = waiting["items"][0]["id"].as_str().unwrap().to_owned();
    let asked = supervisor.get(&format!("/api/corrections/{id}")).await;
    let document = format!("resident_id:{}", holder.document);
    assert_eq!(asked.json()["new_value"], json!(document));
    let reason = json!({ "reason": "窗口已核对原件" });
    let approve = format!("/api/corrections/{id}/approve");
    let done = supervisor.post(&approve, &reason).await;
    assert_eq!(done.status, 204, "{}", done.text());

    let me = client.get("/api/me").await.json();
    let masked = format!("460***********{}", &holder.document[14..]);
    assert_eq!(me["document_number"], json!(masked));
    assert_eq!(thief.get("/api/me").await.problem(), "401 not_logged_in");
    let again = app.client().log_in(&claimant.phone, PASSWORD).await;
    assert_eq!(again.problem(), "401 login_failed");
    let told = app.phones.wait(&claimant.phone, 2).await;
    assert_eq!(told.notice.as_deref(), Some("账号已停用"));
    let report = zhipei_server::verify(app.db(), &app.keys, None, None).await;
    assert!(report.unwrap().findings.is_empty());
}

#[tokio::test]
async fn who_is_confirmed_keeps_the_document_whatever_a_stranger_says() {
    let app = TestApp::spawn().await;
    let class = app.class("QH-1", &[60_000], Policy::default()).await;
    let holder = Person::new(1);
    on_roster(&app, class.id, &holder).await;
    let own = holder.register(&app).await;
    let stranger = Person {
        phone: Person::new(2).phone,
        ..holder.clone()
    };
    let client = app.client();
    let code = stranger
        .code(&app, &client, "/api/registrations/codes")
        .await;
    let mut form = stranger.form(&code);
    form["evidence"] = json!("这个证件号码是我的");
    let taken = client.post("/api/registrations", &form).await;
    assert_eq!(taken.status, 201, "{}", taken.text());
    let charge = Charge::Region(RegionCode::parse("469002").unwrap());
    let supervisor = app.staff("supervisor", Role::Supervisor, charge).await;
    let supervisor = app.staff_logged_in(&supervisor).await;
    let waiting = supervisor.get("/api/corrections").await.json();
    let id = waiting["items"][0]["id"].as_str().unwrap().to_owned();
    let approve = format!("/api/corrections/{id}/approve");
    let reason = json!({ "reason": "看错了" });
    let refused = supervisor.post(&approve, &reason).await;
    assert_eq!(refused.problem(), "409 already_registered");
    let me = own.get("/api/me").await.json();
    assert_eq!(me["identity_level"], "confirmed");
}

#[tokio::test]
async fn asvs_26_each_question_whether_a_document_is_registered_costs_a_code() {
    let app = TestApp::spawn().await;
    let known = Person::new(1);
    known.register(&app).await;
    let asker = Person {
        phone: Person::new(2).phone,
        ..known.clone()
    };
    let client = app.client();
    let code = asker.code(&app, &client, "/api/registrations/codes").await;
    // A form that cannot be carried out is told so alike, whosever the document is.
    for document in [&known.document, &Person::new(3).document] {
        for (field, value, problem) in [
            (
                "consents",
                json!([{ "purpose": "terms", "version": 1 }, { "purpose": "document", "version": 2 }]),
                "422 consent_outdated",
            ),
            ("region", json!("999999"), "409 unknown_region"),
        ] {
            let mut form = asker.form(&code);
            form["document_number"] = json!(document);
            form[field] = value;
            let answer = client.post("/api/registrations", &form).await;
            assert_eq!(answer.problem(), problem);
        }
    }
    let form = asker.form(&code);
    let answer = client.post("/api/registrations", &form).await;
    assert_eq!(answer.problem(), "409 document_registered");
    let answer = client.post("/api/registrations", &form).await;
    assert_eq!(answer.problem(), "422 code_wrong");
}

#[tokio::test]
async fn a_repeated_registration_logs_in_for_ten_minutes_and_not_after_a_new_password() {
    let app = TestApp::spawn().await;
    let path = "/api/registrations";
    for (n, wait_ms, reset, status) in [
        (1, 600_000 - 1, false, "201"),
        (2, 600_000, false, "409 already_registered"),
        (3, 60_000, true, "409 already_registered"),
    ] {
        let person = Person::new(n);
        let client = app.client();
        let code = person.code(&app, &client, "/api/registrations/codes").await;
        let (form, key) = (person.form(&code), Uuid::from_u128(u128::from(n)));
        assert_eq!(post_keyed(&client, path, key, &form).await.status, 201);
        app.clock.advance(wait_ms);
        if reset {
            let (ticket, code) = person
                .code(&app, &client, "/api/password-resets/codes")
                .await;
            let body = json!({
                "phone": person.phone, "ticket": ticket, "code": code, "new": "海上生明月天涯共此时",
            });
            let done = client.post("/api/password-resets", &body).await;
            assert_eq!(done.status, 204);
        }
        let again = post_keyed(&client, path, key, &form).await;
        if again.status == 201 {
            assert_eq!(status, "201", "{n}");
        } else {
            assert_eq!(again.problem(), status, "{n}");
        }
    }
    let rows = audit::list(app.db().read()).await.unwrap();
    let resumed = rows
        .iter()
        .filter(|row| row.action == "registration.resume");
    assert_eq!(resumed.count(), 1, "MLPS-08");
}

#[tokio::test]
async fn asvs_31_a_login_of_an_account_that_is_no_longer_active_opens_nothing() {
    let app = TestApp::spawn().await;
    let client = Person::new(1).register(&app).await;
    let all = learners::list(app.db().read(), &Scope::Platform).await;
    let id = all.unwrap()[0].id;
    app.db()
        .write(async |txn| learners::set_state(txn, id, AccountState::SetAside).await)
        .await
        .unwrap();
    assert_eq!(client.get("/api/me").await.problem(), "401 not_logged_in");
}
