//! The second test that grows by itself: what a supervisor of one city reads has no row of another.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::json;
use zhipei_actions::correction::{self, Wanted};
use zhipei_api::access_table;
use zhipei_domain::{
    AccountState, Charge, CorrectionId, PersonName, RegionCode, Rejection, Role, Scope, TimeState,
};
use zhipei_storage::{enrolments, learners, training_classes};
use zhipei_tests::{Client, TestApp, TestClass, TestLearner};

struct City {
    learner: TestLearner,
    class: TestClass,
    /// A correction that the learner asked for.
    correction: CorrectionId,
    /// Words that stand in no answer to another city.
    marks: Vec<String>,
}

async fn city(app: &TestApp, region: &str, name: &str) -> City {
    let learner = app.learner_in(&format!("learner-{name}"), region).await;
    let class = app
        .class_in(&format!("BAN-{name}"), region, &[600_000])
        .await;
    app.enrol(&learner, &class).await;
    let (id, now) = (learner.learner.id, app.clock.now());
    app.earned(
        id,
        &class,
        0,
        TimeState::Verified,
        (0, 400_000),
        now - 3_600_000,
    )
    .await;
    let keys = zhipei_actions::Keys {
        vault: app.keys.vault.clone(),
        ledger: app.keys.ledger_mac.clone(),
    };
    let wanted = Wanted::Name(PersonName::parse("符秀芳").unwrap());
    let asked = app
        .db()
        .write(async |txn| {
            correction::ask(txn, &keys, now, id, &wanted, "户口本上是这个名字").await
        })
        .await;
    let correction = asked.unwrap().id;
    let marks = vec![
        correction.to_string(),
        id.to_string(),
        class.id.to_string(),
        class.course.to_string(),
        class.lessons[0].to_string(),
        format!("learner-{name}"),
        format!("BAN-{name}"),
    ];
    City {
        learner,
        class,
        correction,
        marks,
    }
}

/// What stands for the parameters of each address that a supervisor may read. An address with parameters
/// that is not here fails the test.
fn seeds(city: &City) -> BTreeMap<&'static str, Vec<String>> {
    let learner = city.learner.learner.id.to_string();
    let class = city.class.id.to_string();
    BTreeMap::from([
        ("/api/corrections/{id}", vec![city.correction.to_string()]),
        ("/api/supervision/learners/{id}", vec![learner.clone()]),
        (
            "/api/supervision/learners/{id}/classes/{class_id}/hours",
            vec![learner, class],
        ),
    ])
}

fn filled(path: &str, values: &[String]) -> String {
    let mut values = values.iter();
    let parts = path.split('/').map(|part| {
        if part.starts_with('{') {
            values
                .next()
                .expect("there is a value for each parameter")
                .clone()
        } else {
            part.to_owned()
        }
    });
    parts.collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn asvs_33_asvs_34_no_get_shows_a_supervisor_of_one_city_a_row_of_another() {
    let app = TestApp::spawn().await;
    let (own, other) = (
        city(&app, "460105", "haikou").await,
        city(&app, "460203", "sanya").await,
    );
    let charge = Charge::Region(RegionCode::parse("460100").unwrap());
    let supervisor = app.staff("haikou", Role::Supervisor, charge).await;
    let client = app.staff_logged_in(&supervisor).await;
    let (mut walked, mut shown) = (0, String::new());
    for (path, method, access) in access_table().iter() {
        if method != "GET" || !access.admits(Role::Supervisor) {
            continue;
        }
        walked += 1;
        if !path.contains('{') {
            let answer = client.get(path).await;
            assert!(answer.status.is_success(), "{path}: {}", answer.text());
            let text = answer.text();
            for mark in &other.marks {
                assert!(!text.contains(mark), "{path} shows {mark}");
            }
            shown.push_str(&text);
            continue;
        }
        let (foreign, mine) = (seeds(&other), seeds(&own));
        let values = foreign.get(path).unwrap_or_else(|| {
            panic!("{path} is new: say in `seeds` what stands for its parameters")
        });
        let answer = client.get(&filled(path, values)).await;
        assert_eq!(answer.problem(), "404 not_found", "{path}");
        let answer = client.get(&filled(path, &mine[path])).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        shown.push_str(&answer.text());
        // LMS-01: something of another city under something of one's own, and the other way round.
        if values.len() == 2 {
            for mixed in [
                vec![mine[path][0].clone(), values[1].clone()],
                vec![values[0].clone(), mine[path][1].clone()],
            ] {
                let answer = client.get(&filled(path, &mixed)).await;
                assert_eq!(answer.problem(), "404 not_found", "{path} {mixed:?}");
            }
        }
    }
    assert!(walked >= 6, "{walked}");
    // The walk was not blind: it saw its own city.
    for mark in &own.marks[..2] {
        assert!(shown.contains(mark), "{mark}");
    }
    let filter = format!("/api/supervision/learners?class={}", other.class.id);
    assert_eq!(client.get(&filter).await.json()["items"], json!([]));
    let named = client
        .get("/api/supervision/learners?login_name=learner-sanya")
        .await;
    assert_eq!(named.json()["items"], json!([]));
    let named = client
        .get("/api/supervision/learners?login_name=Learner-Haikou")
        .await;
    assert_eq!(named.json()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn asvs_34_counties_under_the_province_are_apart_danzhou_has_no_districts_and_yangpu_is_its_own()
 {
    let app = TestApp::spawn().await;
    let places = ["460105", "460400", "469005", "469006", "46YP00"];
    for place in places {
        app.learner_in(&format!("learner-{}", place.to_lowercase()), place)
            .await;
    }
    for (node, seen) in [
        ("460000", places.to_vec()),
        ("460100", vec!["460105"]),
        ("460400", vec!["460400"]),
        ("46YP00", vec!["46YP00"]),
        ("469005", vec!["469005"]),
        ("469006", vec!["469006"]),
        ("460200", vec![]),
    ] {
        let charge = Charge::Region(RegionCode::parse(node).unwrap());
        let name = format!("hr-{}", node.to_lowercase());
        let staff = app.staff(&name, Role::Supervisor, charge).await;
        let client = app.staff_logged_in(&staff).await;
        let list = client.get("/api/supervision/learners").await.json();
        let mut regions: Vec<_> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["region"].as_str().unwrap().to_owned())
            .collect();
        regions.sort_unstable();
        assert_eq!(regions, seen, "{node}");
    }
}

#[tokio::test]
async fn a_class_shows_its_people_where_it_is_filed_and_only_what_they_learn_there() {
    let app = TestApp::spawn().await;
    // Lives in Sanya, learns in a class of Haikou and in one of Sanya.
    let learner = app.learner_in("guest", "460203").await;
    let (here, at_home) = (
        app.class_in("BAN-haikou", "460105", &[600_000]).await,
        app.class_in("BAN-sanya", "460203", &[600_000]).await,
    );
    app.enrol(&learner, &here).await;
    app.enrol(&learner, &at_home).await;
    let region = |code: &str| Charge::Region(RegionCode::parse(code).unwrap());
    let haikou = app
        .staff("haikou", Role::Supervisor, region("460100"))
        .await;
    let sanya = app.staff("sanya", Role::Supervisor, region("460200")).await;
    let haikou = app.staff_logged_in(&haikou).await;
    let sanya = app.staff_logged_in(&sanya).await;
    let path = format!("/api/supervision/learners/{}", learner.learner.id);
    let hours = |class: &TestClass| format!("{path}/classes/{}/hours", class.id);
    let classes = async |client: &zhipei_tests::Client| {
        let seen = client.get(&path).await.json();
        seen["classes"].as_array().unwrap().len()
    };
    assert_eq!(classes(&haikou).await, 1);
    assert_eq!(classes(&sanya).await, 2);
    assert_eq!(haikou.get(&hours(&here)).await.status, 200);
    assert_eq!(
        haikou.get(&hours(&at_home)).await.problem(),
        "404 not_found"
    );
    assert_eq!(sanya.get(&hours(&here)).await.status, 200);
}

#[tokio::test]
async fn an_institution_sees_the_learners_of_its_own_classes_and_no_other() {
    let app = TestApp::spawn().await;
    let (own, other) = (
        city(&app, "460105", "own").await,
        city(&app, "460105", "other").await,
    );
    let class = zhipei_storage::training_classes::get(app.db().read(), own.class.id);
    let charge = Charge::Institution(class.await.unwrap().institution);
    let manager = app.staff("manager", Role::InstitutionManager, charge).await;
    let client = app.staff_logged_in(&manager).await;
    let classes = client.get("/api/supervision/classes").await.json();
    assert_eq!(classes["items"].as_array().unwrap().len(), 1);
    assert_eq!(classes["items"][0]["learners"], 1);
    let learners = client.get("/api/supervision/learners").await.json();
    assert_eq!(learners["items"].as_array().unwrap().len(), 1);
    assert_eq!(learners["items"][0]["login_name"], "learner-own");
    let foreign = format!("/api/supervision/learners/{}", other.learner.learner.id);
    assert_eq!(client.get(&foreign).await.problem(), "404 not_found");
}

#[tokio::test]
async fn lists_come_in_parts_of_a_hundred() {
    let app = TestApp::spawn().await;
    app.many_learners(101, "460105").await;
    let charge = Charge::Region(RegionCode::parse("460000").unwrap());
    let staff = app.staff("province", Role::Supervisor, charge).await;
    let client = app.staff_logged_in(&staff).await;
    let first = client.get("/api/supervision/learners").await.json();
    assert_eq!(first["items"].as_array().unwrap().len(), 100);
    let next = first["next"].as_str().unwrap();
    let rest = client
        .get(&format!("/api/supervision/learners?after={next}"))
        .await
        .json();
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    assert_eq!(rest["next"], json!(null));
}

#[tokio::test]
async fn everybody_reads_the_tree_of_regions() {
    let app = TestApp::spawn().await;
    let tree = app.client().get("/api/regions").await.json();
    let items = tree["items"].as_array().unwrap();
    let parent = |code: &str| {
        let found = items.iter().find(|item| item["code"] == code);
        found.unwrap_or_else(|| panic!("{code}"))["parent"].clone()
    };
    assert_eq!(parent("460000"), json!(null));
    for county in ["469001", "469002", "469030", "460400", "46YP00"] {
        assert_eq!(parent(county), "460000", "{county}");
    }
    assert_eq!(parent("460323"), "460300");
    assert!(
        !items.iter().any(|item| item["parent"] == "460400"),
        "Danzhou has no districts"
    );
    assert!(
        !items.iter().any(|item| item["code"] == "469000"),
        "a placeholder is no authority"
    );
    assert_eq!(items.len(), 32);
}

#[tokio::test]
async fn asvs_33_an_institution_sees_no_closed_account_and_nobody_who_withdrew() {
    let app = TestApp::spawn().await;
    let (stays, closes, leaves) = (
        app.learner("learner-stays").await,
        app.learner("learner-closes").await,
        app.learner("learner-leaves").await,
    );
    let class = app.class_in("BAN-1", "469002", &[600_000]).await;
    for learner in [&stays, &closes, &leaves] {
        app.enrol(learner, &class).await;
    }
    let institution = training_classes::get(app.db().read(), class.id).await;
    let institution = Charge::Institution(institution.unwrap().institution);
    let manager = app
        .staff("manager", Role::InstitutionManager, institution)
        .await;
    let region = Charge::Region(RegionCode::parse("469002").unwrap());
    let supervisor = app.staff("supervisor", Role::Supervisor, region).await;
    let manager = app.staff_logged_in(&manager).await;
    let supervisor = app.staff_logged_in(&supervisor).await;
    let count = async |client: &Client| {
        let page = client.get("/api/supervision/learners").await.json();
        page["items"].as_array().unwrap().len()
    };
    assert_eq!(count(&manager).await, 3);
    let (restricted, left) = (closes.learner.id, leaves.learner.id);
    app.db()
        .write(async |txn| {
            learners::set_state(txn, restricted, AccountState::Restricted).await?;
            Ok::<_, zhipei_storage::Error>(())
        })
        .await
        .unwrap();
    let place = enrolments::get(app.db().read(), &Scope::Platform, left, class.id).await;
    let place = place.unwrap().0.id.0;
    let withdraw = match app.db().backend() {
        DbBackend::Sqlite => format!("x'{}'", place.simple()),
        _ => format!("'{place}'"),
    };
    let sql = format!("update enrolment set state = 'withdrawn' where id = {withdraw}");
    let statement = Statement::from_string(app.db().backend(), sql);
    app.db()
        .write(async |txn| {
            txn.execute_raw(statement).await.unwrap();
            Ok::<_, zhipei_storage::Error>(())
        })
        .await
        .unwrap();
    let restricted_learner = learners::get(app.db().read(), &Scope::Platform, restricted).await;
    let restricted_learner = restricted_learner.unwrap();
    let other = app.class_in("BAN-2", "469002", &[600_000]).await;
    let (by, now) = (zhipei_domain::Actor::System, app.clock.now());
    let refused = app
        .db()
        .write(async |txn| {
            zhipei_actions::enrolment::enrol(txn, &by, now, &restricted_learner, other.id).await
        })
        .await
        .unwrap_err();
    assert_eq!(refused.to_string(), Rejection::AccountNotActive.to_string());
    assert_eq!(count(&manager).await, 1);
    assert_eq!(count(&supervisor).await, 3);
    for gone in [restricted, left] {
        let path = format!("/api/supervision/learners/{gone}");
        assert_eq!(manager.get(&path).await.problem(), "404 not_found");
        assert_eq!(supervisor.get(&path).await.status, 200);
    }
}

#[tokio::test]
async fn asvs_33_institutions_are_found_by_name_within_the_scope_and_in_parts() {
    let app = TestApp::spawn().await;
    let here = app.class_in("BAN-haikou", "460105", &[600_000]).await;
    app.class_in("BAN-sanya", "460203", &[600_000]).await;
    let own = training_classes::get(app.db().read(), here.id).await;
    let own = own.unwrap().institution;
    for (n, region) in [(0, "460105"), (1, "460203")].repeat(30).iter().enumerate() {
        let name = format!("第 {n} 职业培训学校 100%_{}", region.0);
        let (by, now) = (zhipei_domain::Actor::System, app.clock.now());
        let title = zhipei_domain::Title::parse(&name).unwrap();
        let region = RegionCode::parse(region.1).unwrap();
        let added: zhipei_actions::Result<_> = app
            .db()
            .write(async |txn| {
                zhipei_actions::institution::add(txn, &by, now, title.clone(), region.clone()).await
            })
            .await;
        added.unwrap();
    }
    let region = |code: &str| Charge::Region(RegionCode::parse(code).unwrap());
    let haikou = app
        .staff("haikou", Role::Supervisor, region("460100"))
        .await;
    let haikou = app.staff_logged_in(&haikou).await;
    let manager = app
        .staff(
            "manager",
            Role::InstitutionManager,
            Charge::Institution(own),
        )
        .await;
    let manager = app.staff_logged_in(&manager).await;
    let system = app
        .staff("chenjing", Role::SystemAdministrator, Charge::Platform)
        .await;
    let system = app.staff_logged_in(&system).await;
    let list = async |client: &Client, ask: &str| {
        let answer = client.get(&format!("/api/institutions{ask}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let page = answer.json();
        let items = page["items"].as_array().unwrap().clone();
        (items, page["next"].as_str().map(str::to_owned))
    };
    let (of_haikou, next) = list(&haikou, "").await;
    assert_eq!((of_haikou.len(), next), (31, None));
    assert!(of_haikou.iter().all(|one| one["region"] == "460105"));
    let (of_manager, _) = list(&manager, "").await;
    assert_eq!(of_manager.len(), 1);
    assert_eq!(of_manager[0]["id"], own.to_string());

    let (first, next) = list(&system, "").await;
    let (rest, none) = list(&system, &format!("?after={}", next.unwrap())).await;
    assert_eq!((first.len(), rest.len(), none), (50, 12, None));
    assert_eq!(
        list(&system, "?name=%E7%AC%AC%207%20%E8%81%8C")
            .await
            .0
            .len(),
        1
    );
    // What is a wildcard elsewhere is a letter here.
    assert_eq!(list(&system, "?name=0%25_1").await.0.len(), 30);
    assert_eq!(list(&system, "?name=0%25%25").await.0.len(), 0);
    assert_eq!(list(&system, &format!("?id={own}")).await.0.len(), 1);
    let foreign = first.iter().find(|one| one["region"] == "460203").unwrap();
    let ask = format!("?id={}", foreign["id"].as_str().unwrap());
    assert_eq!(list(&haikou, &ask).await.0.len(), 0);
    let long = format!("/api/institutions?name={}", "a".repeat(101));
    assert_eq!(system.get(&long).await.problem(), "422 invalid_body");
}
