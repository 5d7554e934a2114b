use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use figment::Figment;
use figment::providers::{Format, Toml};
use sea_orm::{ConnectionTrait, Statement};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use zhipei_actions::roster::{self, Expected};
use zhipei_actions::{class_invitation, erasure};
use zhipei_domain::{
    APPEAL_MS, Actor, HIGH_RISK_KEPT_MS, IdentityLevel, KEPT_MS, LearnerId, Policy, Rejection,
    Scope, StaffId,
};
use zhipei_server::Keys;
use zhipei_storage::{audit, class_invitations, erasures, identities, learners, rosters};
use zhipei_tests::{Answer, Client, PASSWORD, TestApp, TestLearner};
use zhipei_vault::Suite;

use crate::person::{NAME, Person, dump};

async fn only_learner(app: &TestApp) -> zhipei_domain::Learner {
    let all = learners::list(app.db().read(), &Scope::Platform).await;
    all.unwrap().remove(0)
}

async fn export_by(client: &Client) -> Answer {
    client
        .post("/api/me/export", &json!({ "password": PASSWORD }))
        .await
}

/// The learner with the document of the person.
async fn only(app: &TestApp, person: &Person) -> LearnerId {
    let document = person.id_document();
    identities::by_document(app.db().read(), &app.keys.vault, &document)
        .await
        .unwrap()
}

fn of_people(app: &TestApp) -> zhipei_actions::Keys {
    zhipei_actions::Keys {
        vault: app.keys.vault.clone(),
        ledger: app.keys.ledger_mac.clone(),
    }
}

#[tokio::test]
async fn pipl_02_consents_are_given_listed_and_withdrawn_one_by_one() {
    let app = TestApp::spawn().await;
    let client = Person::new(1).register(&app).await;
    let texts = client.get("/api/consent-texts").await.json();
    assert_eq!(texts["items"].as_array().unwrap().len(), 7);
    let list = async || client.get("/api/me/consents").await.json()["items"].clone();
    let given = list().await;
    let purposes: Vec<_> = given
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["purpose"])
        .collect();
    assert_eq!(purposes, ["terms", "document", "sharing"]);

    let path = "/api/me/consents";
    let outdated = client
        .post(path, &json!({ "purpose": "sms", "version": 2 }))
        .await;
    assert_eq!(outdated.problem(), "422 consent_outdated");
    let given = client
        .post(path, &json!({ "purpose": "sms", "version": 1 }))
        .await;
    assert_eq!(given.status, 204);
    assert_eq!(list().await.as_array().unwrap().len(), 4);

    // PIPL-10: as easy as giving.
    app.clock.advance(1_000);
    let withdraw = async |purpose: &str| {
        let path = format!("/api/me/consents/{purpose}/withdraw");
        client.post(&path, &json!({})).await
    };
    assert_eq!(withdraw("sms").await.status, 204);
    let sms = list().await[3].clone();
    assert_eq!(sms["live"], false);
    assert!(sms["withdrawn_at"].as_str() > sms["given_at"].as_str());
    assert_eq!(withdraw("terms").await.problem(), "409 consent_needed");
    assert_eq!(withdraw("nothing").await.problem(), "404 not_found");
}

#[tokio::test]
async fn pipl_12_an_export_holds_all_of_its_holder_and_nothing_of_another_with_the_same_name() {
    let app = TestApp::spawn().await;
    let (one, two) = (Person::new(1), Person::new(2));
    let client = one.register(&app).await;
    two.register(&app).await;
    let wrong = json!({ "password": "wrong password" });
    let refused = client.post("/api/me/export", &wrong).await;
    assert_eq!(refused.problem(), "401 login_failed");
    let own = only(&app, &one).await;
    let viewed = async |txn: &zhipei_storage::Txn| {
        let by = Actor::Staff(StaffId(Uuid::now_v7()));
        zhipei_actions::look::at_learner(txn, &by, own, app.clock.now()).await
    };
    app.db().write(viewed).await.unwrap();
    let answer = export_by(&client).await;
    assert!(
        answer
            .header("content-disposition")
            .contains("my-data.json")
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    let export = answer.json();
    assert_eq!(export["identity"]["name"], NAME);
    assert_eq!(export["identity"]["document_number"], one.document);
    assert_eq!(export["identity"]["born_on"], "1990-01-01");
    assert_eq!(export["identity"]["phone"], one.phone);
    assert_eq!(export["identity"]["employer"], "琼海海平电器厂");
    assert_eq!(export["consents"].as_array().unwrap().len(), 3);
    assert!(!export["login_sessions"].as_array().unwrap().is_empty());
    let acts = export["acts"].as_array().unwrap();
    let actions: Vec<_> = acts.iter().map(|act| act["action"].clone()).collect();
    for done in ["registration", "learner.view"] {
        assert!(actions.contains(&json!(done)), "{actions:?}");
    }
    let text = answer.text();
    assert!(!text.contains(&two.phone) && !text.contains(&two.document));
    let stranger = export_by(&app.client()).await;
    assert_eq!(stranger.problem(), "401 not_logged_in");
}

#[tokio::test]
async fn pipl_11_who_has_learnt_nothing_is_erased_at_once_and_may_register_again() {
    let app = TestApp::spawn().await;
    let person = Person::new(1);
    let client = person.register(&app).await;
    let id = only_learner(&app).await.id;
    let wrong = json!({ "password": "wrong password" });
    let refused = client.post("/api/me/erasure", &wrong).await;
    assert_eq!(refused.problem(), "401 login_failed");
    let closed = client
        .post("/api/me/erasure", &json!({ "password": PASSWORD }))
        .await;
    assert_eq!(closed.json()["erased"], true, "{}", closed.text());
    assert_eq!(client.get("/api/me").await.problem(), "401 not_logged_in");
    let opened = identities::get(app.db().read(), &Scope::Platform, &app.keys.vault, id).await;
    assert!(opened.is_err());
    let report = zhipei_server::verify(app.db(), &app.keys, None, None).await;
    assert!(report.unwrap().findings.is_empty());
    let login = app.client().log_in(&person.phone, PASSWORD).await;
    assert_eq!(login.problem(), "401 login_failed");
    app.clock.advance(60_000);
    person.register(&app).await;
}

#[tokio::test]
async fn pipl_11_records_are_kept_for_three_years_out_of_reach_and_then_the_key_goes() {
    let app = TestApp::spawn().await;
    let person = Person::new(1);
    let client = person.register(&app).await;
    let learner = only_learner(&app).await;
    let class = app.class("QH-1", &[60_000], Policy::default()).await;
    let enrolled = TestLearner {
        learner: learner.clone(),
    };
    app.enrol(&enrolled, &class).await;
    let closed = client
        .post("/api/me/erasure", &json!({ "password": PASSWORD }))
        .await;
    assert_eq!(closed.json()["erased"], false, "{}", closed.text());
    let told = app.phones.wait(&person.phone, 2).await;
    assert_eq!(told.notice.as_deref(), Some("账号已注销"));
    let login = app.client().log_in(&person.phone, PASSWORD).await;
    assert_eq!(login.problem(), "401 login_failed");
    let read = async || {
        let db = app.db().read();
        identities::get(db, &Scope::Platform, &app.keys.vault, learner.id).await
    };
    assert!(read().await.is_ok(), "an authority may still ask");

    // The class ends with the fifteenth day from now.
    let ends = zhipei_domain::LocalDay(zhipei_domain::LocalDay::of(app.clock.now()).0 + 15);
    app.clock
        .advance(ends.end_ms() + KEPT_MS - app.clock.now() - 1);
    let keys = of_people(&app);
    let tidied = zhipei_server::tidy(app.db(), &app.clock, &keys).await;
    assert_eq!(tidied.unwrap(), 0);
    assert!(read().await.is_ok());
    app.clock.advance(1);
    let tidied = zhipei_server::tidy(app.db(), &app.clock, &keys).await;
    assert_eq!(tidied.unwrap(), 1);
    assert!(read().await.is_err());
    let report = zhipei_server::verify(app.db(), &app.keys, None, None).await;
    assert!(report.unwrap().findings.is_empty());
}

/// Puts the person on the roster of a class.
async fn expect(app: &TestApp, class: zhipei_domain::ClassId, person: &Person) {
    let expected = Expected {
        name: person.person_name(),
        document: person.id_document(),
        phone: person.phone(),
    };
    let (keys, now) = (of_people(app), app.clock.now());
    app.db()
        .write(async |txn| roster::add(txn, &keys, &Actor::System, now, class, expected).await)
        .await
        .unwrap();
}

#[tokio::test]
async fn pipl_11_an_erased_person_is_on_no_roster_and_a_false_claim_takes_nobody_off_one() {
    let app = TestApp::spawn().await;
    let (one, two) = (Person::new(1), Person::new(2));
    let class = app.class("QH-1", &[60_000], Policy::default()).await;
    let other = app.class("QH-2", &[60_000], Policy::default()).await;
    expect(&app, class.id, &one).await;
    let client = one.register(&app).await;
    assert_eq!(
        client.get("/api/me").await.json()["identity_level"],
        "confirmed"
    );
    // Another institution knows an older phone: nothing links this entry.
    let elsewhere = Person {
        phone: Person::new(7).phone,
        ..one.clone()
    };
    expect(&app, other.id, &elsewhere).await;
    expect(&app, other.id, &two).await;
    // Who says to be the second person, and is not.
    let false_claim = Person {
        phone: Person::new(8).phone,
        ..two.clone()
    };
    let claiming = false_claim.register(&app).await;
    for client in [&client, &claiming] {
        let closed = client
            .post("/api/me/erasure", &json!({ "password": PASSWORD }))
            .await;
        assert_eq!(closed.json()["erased"], true, "{}", closed.text());
    }
    let (db, vault) = (app.db().read(), &app.keys.vault);
    let left = rosters::by_document(db, vault, &one.id_document()).await;
    assert_eq!(left.unwrap(), []);
    let stays = rosters::by_document(db, vault, &two.id_document()).await;
    assert_eq!(stays.unwrap().len(), 1);
    let all = dump(&app).await;
    let devices = all.lines().filter(|line| line.starts_with("known_device"));
    assert_eq!(devices.count(), 0);
}

#[tokio::test]
async fn pipl_11_requests_of_who_left_end_and_what_reviewers_wrote_goes_with_the_key() {
    let app = TestApp::spawn().await;
    let person = Person::new(1);
    let client = person.register(&app).await;
    let class = app.class("QH-1", &[60_000], Policy::default()).await;
    let (vault, now) = (&app.keys.vault, app.clock.now());
    let new = class_invitation::NewInvitation {
        class: class.id,
        approval: true,
        expires_at: now + 86_400_000,
        most_uses: 9,
    };
    let by = Actor::System;
    let invitation = app
        .db()
        .write(async |txn| class_invitation::create(txn, vault, &by, now, new).await)
        .await
        .unwrap();
    let join = format!("/api/class-invitations/{}/join", invitation.code);
    let signed = json!({ "pledge_version": 1 });
    let waiting = async || {
        let waits = class_invitations::waiting(app.db().read(), class.id, None, 10).await;
        waits.unwrap()
    };
    client.post(&join, &signed).await;
    let (id, why) = (waiting().await[0].id, Some("证件不是他本人的"));
    app.db()
        .write(async |txn| class_invitation::decide(txn, vault, &by, now, id, why).await)
        .await
        .unwrap();
    client.post(&join, &signed).await;
    assert_eq!(waiting().await.len(), 1);
    assert!(dump(&app).await.contains("不是他本人"));
    let closed = client
        .post("/api/me/erasure", &json!({ "password": PASSWORD }))
        .await;
    assert_eq!(closed.json()["erased"], true);
    assert_eq!(waiting().await.len(), 0);
    assert!(!dump(&app).await.contains("不是他本人"));
}

#[tokio::test]
async fn pipl_11_before_its_time_a_key_is_destroyed_for_a_reason_that_stays_on_record() {
    let app = TestApp::spawn().await;
    Person::new(1).register(&app).await;
    let learner = only_learner(&app).await;
    let class = app.class("QH-1", &[60_000], Policy::default()).await;
    let enrolled = TestLearner {
        learner: learner.clone(),
    };
    app.enrol(&enrolled, &class).await;
    let (keys, now) = (of_people(&app), app.clock.now());
    let by = Actor::Operator("root".to_owned());
    let erase = async |reason: Option<&str>| {
        app.db()
            .write(async |txn| erasure::erase_now(txn, &keys, &by, now, learner.id, reason).await)
            .await
    };
    let refused = erase(None).await.unwrap_err();
    assert_eq!(refused.to_string(), Rejection::Reason.to_string());
    erase(Some("法院裁定 86 号")).await.unwrap();
    let rows = audit::list(app.db().read()).await.unwrap();
    let row = rows.iter().find(|row| row.action == "erasure.early");
    let row = row.unwrap();
    assert_eq!(row.detail.as_deref(), Some("法院裁定 86 号"));
    assert_eq!(row.actor_kind, "operator");
}

#[tokio::test]
async fn pipl_11_what_a_restored_backup_has_forgotten_is_erased_again_and_only_once() {
    let app = TestApp::spawn().await;
    let (gone, stays) = (Person::new(1), Person::new(2));
    gone.register(&app).await;
    stays.register(&app).await;
    let learner = only(&app, &gone).await;
    let replay = async |id: LearnerId| {
        let (keys, by, now) = (of_people(&app), Actor::System, app.clock.now());
        app.db()
            .write(async |txn| erasure::replay(txn, &keys, &by, now, id).await)
            .await
            .unwrap()
    };
    // Who came after the backup is not in it.
    assert!(!replay(LearnerId(Uuid::nil())).await);
    assert!(replay(learner).await);
    assert!(!replay(learner).await);
    let erased = erasures::done(app.db().read()).await.unwrap();
    assert_eq!(erased, [(learner, app.clock.now())]);
    let vault = &app.keys.vault;
    let scope = Scope::Platform;
    let read = identities::get(app.db().read(), &scope, vault, learner).await;
    assert!(read.is_err());
    only(&app, &stays).await;
}

#[tokio::test]
async fn pipl_11_records_of_dangerous_trades_are_kept_for_six_years() {
    let app = TestApp::spawn().await;
    let client = Person::new(1).register(&app).await;
    let learner = only_learner(&app).await;
    let class = app.class("QH-1", &[60_000], Policy::default()).await;
    app.enrol(
        &TestLearner {
            learner: learner.clone(),
        },
        &class,
    )
    .await;
    let sql = "update training_class set high_risk = true";
    let statement = Statement::from_string(app.db().backend(), sql);
    app.db()
        .write(async |txn| {
            txn.execute_raw(statement).await.unwrap();
            Ok::<_, zhipei_storage::Error>(())
        })
        .await
        .unwrap();
    client
        .post("/api/me/erasure", &json!({ "password": PASSWORD }))
        .await;
    let ends = zhipei_domain::LocalDay(zhipei_domain::LocalDay::of(app.clock.now()).0 + 15);
    let erased = erasures_of(&app, learner.id).await;
    assert_eq!(erased.due_at, ends.end_ms() + HIGH_RISK_KEPT_MS);
}

async fn erasures_of(app: &TestApp, learner: LearnerId) -> zhipei_domain::Erasure {
    let found = erasures::get(app.db().read(), learner).await;
    found.unwrap().unwrap()
}

#[tokio::test]
async fn pipl_11_who_was_set_aside_has_time_to_appeal_and_is_then_erased() {
    let app = TestApp::spawn().await;
    let holder = Person::new(1);
    let false_claim = Person {
        phone: Person::new(8).phone,
        ..holder.clone()
    };
    false_claim.register(&app).await;
    let claim = only(&app, &holder).await;
    let class = app.class("QH-1", &[60_000], Policy::default()).await;
    expect(&app, class.id, &holder).await;
    holder.register(&app).await;
    let confirmed = only(&app, &holder).await;
    assert_ne!(claim, confirmed);
    let term = erasures_of(&app, claim).await;
    assert_eq!(term.due_at, app.clock.now() + APPEAL_MS);
    app.clock.advance(APPEAL_MS);
    let tidied = zhipei_server::tidy(app.db(), &app.clock, &of_people(&app)).await;
    assert_eq!(tidied.unwrap(), 1);
    let gone = identities::get(app.db().read(), &Scope::Platform, &app.keys.vault, claim).await;
    assert!(gone.is_err());
    let report = zhipei_server::verify(app.db(), &app.keys, None, None).await;
    assert!(report.unwrap().findings.is_empty());
    let level = learners::get(app.db().read(), &Scope::Platform, confirmed).await;
    assert_eq!(level.unwrap().identity_level, IdentityLevel::Confirmed);
}

#[tokio::test]
async fn pipl_09_a_rotation_keeps_everybody_and_what_the_old_key_wraps_is_gone_with_it() {
    let app = TestApp::spawn().await;
    let (one, two) = (Person::new(1), Person::new(2));
    let client = one.register(&app).await;
    let gone = two.register(&app).await;
    let before = dump(&app).await;
    let closed = gone
        .post("/api/me/erasure", &json!({ "password": PASSWORD }))
        .await;
    assert_eq!(closed.json()["erased"], true);
    let me = client.get("/api/me").await.json();

    let folder = app.config.key_folder();
    let old = std::fs::read_to_string(folder.join("vault-master-1.key")).unwrap();
    std::fs::write(folder.join("vault-master-2.key"), "ab".repeat(32)).unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(folder.join("vault-master-2.key"), private).unwrap();
    let both = Keys::in_folder(&folder, Suite::Gm).unwrap().vault;
    let now = app.clock.now();
    let moved = zhipei_server::rotate(app.db(), &both, &Actor::System, now).await;
    assert_eq!(moved.unwrap(), 1);
    std::fs::remove_file(folder.join("vault-master-1.key")).unwrap();

    // The server starts with the new key alone, and reads everybody but the erased.
    let app = app.restart().await;
    let mut client = app.client();
    assert_eq!(client.log_in(&one.phone, PASSWORD).await.json(), me);
    let after = dump(&app).await;
    assert!(
        !after.contains("master-1"),
        "nothing is wrapped by the old key"
    );
    assert!(before.contains("master-1") && !before.contains(old.trim()));
    let report = zhipei_server::verify(app.db(), &app.keys, None, None).await;
    assert!(report.unwrap().findings.is_empty());
}

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn pipl_21_nothing_personal_is_in_logs_errors_addresses_or_the_database() {
    let log = Captured::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // The whole process: each test has one of its own under nextest; elsewhere the first one captures.
    let _ = tracing_subscriber::util::SubscriberInitExt::try_init(subscriber);

    let app = TestApp::spawn().await;
    let person = Person::new(1);
    let client = person.register(&app).await;
    let mut answers = vec![client.get("/api/me").await.text()];
    app.clock.advance(60_000);
    let code = person.code(&app, &client, "/api/registrations/codes").await;
    let again = client.post("/api/registrations", &person.form(&code)).await;
    assert_eq!(again.problem(), "409 already_registered");
    answers.push(again.text());
    let mut broken = person.form(&code);
    broken["document_number"] = json!(format!("{}1", person.document));
    let refused = client.post("/api/registrations", &broken).await;
    answers.push(refused.text());
    let correction = json!({ "field": "name", "value": "符秀芳", "evidence": "户口本上是符秀芳" });
    client.post("/api/me/corrections", &correction).await;
    export_by(&client).await;
    app.client().log_in(&person.phone, "wrong password").await;
    client
        .post("/api/me/erasure", &json!({ "password": PASSWORD }))
        .await;

    let database = dump(&app).await;
    // Read at once: whoever logs meanwhile would wait.
    let log = log.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let log = String::from_utf8_lossy(&log).into_owned();
    let born = &person.document[6..14];
    let personal = [
        NAME,
        "符秀芳",
        "海平电器",
        &person.phone,
        &person.document,
        born,
        PASSWORD,
    ];
    // What goes out to the provider of SMS is in the address of a request, which only it may see.
    let ours = |line: &&str| line.contains("zhipei");
    let log: Vec<&str> = log.lines().filter(ours).collect();
    assert!(!log.is_empty());
    for (place, text) in [
        ("log", log.join("\n")),
        ("database", database),
        ("answers", answers.join("\n")),
    ] {
        for word in personal {
            // One's own name is shown to oneself.
            if place == "answers" && word == NAME {
                continue;
            }
            assert!(!text.contains(word), "{place}: {word}");
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inventory {
    /// Tables that hold nothing of a person, or only who did what to which row.
    not_personal: BTreeSet<String>,
    /// Tables with personal columns.
    table: BTreeMap<String, Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// Columns that say nothing of a person by themselves.
    plain: BTreeSet<String>,
    /// The others.
    #[serde(default)]
    personal: BTreeMap<String, Personal>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Personal {
    purpose: String,
    ground: String,
    /// L1 public to L4 sensitive.
    level: String,
    retention: String,
    seen_by: String,
    sealed: bool,
    /// Where the learner's own export has it; absent for what is derived from such a column.
    export: Option<String>,
}

fn inventory() -> Inventory {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/pii-inventory.toml");
    Figment::new()
        .merge(Toml::file_exact(file))
        .extract()
        .unwrap()
}

#[tokio::test]
async fn mlps_21_every_column_of_the_database_is_in_the_inventory() {
    let app = TestApp::spawn().await;
    let inventory = inventory();
    let db = app.db().read();
    let backend = db.get_database_backend();
    let sql = match backend {
        sea_orm::DbBackend::Sqlite => {
            "select t.name as tab, c.name as col from sqlite_master t, pragma_table_info(t.name) c \
             where t.type = 'table' and t.name not like 'sqlite_%'"
        }
        _ => {
            "select table_name::text as tab, column_name::text as col \
             from information_schema.columns where table_schema = current_schema()"
        }
    };
    let rows = db.query_all_raw(Statement::from_string(backend, sql)).await;
    let mut there: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows.unwrap() {
        let table: String = row.try_get("", "tab").unwrap();
        let column: String = row.try_get("", "col").unwrap();
        there.entry(table).or_default().insert(column);
    }
    there.remove("seaql_migrations");
    let mut listed: BTreeSet<String> = inventory.table.keys().cloned().collect();
    listed.extend(inventory.not_personal.iter().cloned());
    let tables: BTreeSet<String> = there.keys().cloned().collect();
    assert_eq!(tables, listed, "tables");
    for (name, table) in &inventory.table {
        let columns: BTreeSet<String> = table
            .plain
            .iter()
            .chain(table.personal.keys())
            .cloned()
            .collect();
        assert_eq!(there[name], columns, "{name}");
        for (column, personal) in &table.personal {
            let words = [
                &personal.purpose,
                &personal.ground,
                &personal.retention,
                &personal.seen_by,
            ];
            assert!(words.iter().all(|word| !word.is_empty()), "{name}.{column}");
            assert!(["L1", "L2", "L3", "L4"].contains(&personal.level.as_str()));
            assert!(personal.sealed || personal.level != "L4", "{name}.{column}");
        }
    }
}

#[tokio::test]
async fn pipl_12_an_export_has_exactly_what_the_inventory_says() {
    let app = TestApp::spawn().await;
    let client = Person::new(1).register(&app).await;
    let export = export_by(&client).await.json();
    let expected: BTreeSet<String> = inventory()
        .table
        .values()
        .flat_map(|table| table.personal.values())
        .filter_map(|personal| personal.export.clone())
        .collect();
    for path in &expected {
        let mut at: &Value = &export;
        for part in path.split('.') {
            at = at
                .get(part)
                .unwrap_or_else(|| panic!("{path} is not in the export"));
        }
    }
    let parts: BTreeSet<&str> = expected
        .iter()
        .map(|path| path.split('.').next().unwrap())
        .collect();
    for part in export.as_object().unwrap().keys() {
        assert!(
            parts.contains(part.as_str()) || part == "exported_at",
            "the inventory does not say why {part} is exported"
        );
    }
}
