//! Two tests that grow by themselves: a new address is in them without a word here, or fails them.

use std::collections::BTreeMap;

use hyper::Method;
use serde_json::json;
use uuid::Uuid;
use zhipei_api::{Access, access_table};
use zhipei_domain::{Charge, InstitutionId, RegionCode, Role};
use zhipei_storage::audit;
use zhipei_tests::{Answer, Client, TestApp};

/// Problems that say who may not come in; every other answer is that of the handler behind the guard.
const REFUSALS: [&str; 4] = ["not_logged_in", "not_allowed", "code_due", "login_revoked"];

fn admitted(answer: &Answer) -> bool {
    let code = if answer.header("content-type") == "application/problem+json" {
        answer.json()["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    } else {
        String::new()
    };
    let led_to_login = answer.header("location") == "/login";
    !REFUSALS.contains(&code.as_str()) && !led_to_login
}

/// The address with ids that nothing has.
fn concrete(path: &str) -> String {
    let parts = path.split('/').map(|part| {
        if part.starts_with('{') {
            Uuid::nil().to_string()
        } else {
            part.to_owned()
        }
    });
    parts.collect::<Vec<_>>().join("/")
}

async fn call(client: &Client, method: &str, path: &str) -> Answer {
    match method {
        "GET" => client.get(&concrete(path)).await,
        "POST" => client.post(&concrete(path), &json!({})).await,
        other => {
            let method = Method::from_bytes(other.as_bytes()).unwrap();
            let headers = [
                ("content-type", "application/json"),
                ("sec-fetch-site", "same-origin"),
            ];
            client
                .send(method, &concrete(path), &headers, b"{}".to_vec())
                .await
        }
    }
}

fn charge(role: Role, institution: InstitutionId) -> Charge {
    match role {
        Role::Supervisor => Charge::Region(RegionCode::parse("460100").unwrap()),
        Role::InstitutionManager => Charge::Institution(institution),
        _ => Charge::Platform,
    }
}

/// Addresses after which the caller is logged out come last.
fn in_order() -> Vec<(String, String, Access)> {
    let table = access_table();
    let mut lines: Vec<_> = table
        .iter()
        .map(|(path, method, access)| (path.to_owned(), method.to_owned(), access))
        .collect();
    lines.sort_by_key(|(path, ..)| path.ends_with("/logout"));
    lines
}

#[tokio::test]
async fn mlps_04_mlps_07_every_address_lets_in_whom_the_matrix_says_and_nobody_else() {
    let app = TestApp::spawn_with(|config| config.login.failed_per_address = 10_000).await;
    let learner = app.learner("fuxiuying").await;
    let class = app
        .class("QH-1", &[60_000], zhipei_domain::Policy::default())
        .await;
    let class = zhipei_storage::training_classes::get(app.db().read(), class.id)
        .await
        .unwrap();
    let anonymous = app.client();
    let learner = app.logged_in(&learner).await;
    let mut roles = BTreeMap::new();
    for role in Role::ALL {
        let name = role.as_str().replace('_', "-");
        let staff = app
            .staff(&name, role, charge(role, class.institution))
            .await;
        roles.insert(role, app.staff_logged_in(&staff).await);
    }
    for (path, method, access) in in_order() {
        let answer = call(&anonymous, &method, &path).await;
        assert_eq!(
            admitted(&answer),
            access == Access::Public,
            "nobody {method} {path}"
        );
        let answer = call(&learner, &method, &path).await;
        let expected = access.admits_learners();
        assert_eq!(
            admitted(&answer),
            expected,
            "learner {method} {path}: {}",
            answer.text()
        );
        for (role, client) in &roles {
            let answer = call(client, &method, &path).await;
            let expected = access.admits(*role);
            assert_eq!(
                admitted(&answer),
                expected,
                "{role:?} {method} {path}: {}",
                answer.text()
            );
            assert!(
                answer.status.as_u16() < 500,
                "{role:?} {method} {path}: {}",
                answer.text()
            );
        }
    }
}

#[tokio::test]
async fn mlps_08_mlps_09_every_change_by_somebody_who_is_logged_in_leaves_a_row_also_when_refused()
{
    let app = TestApp::spawn().await;
    let learner = app.learner("fuxiuying").await;
    let learner = app.logged_in(&learner).await;
    let mut roles = BTreeMap::new();
    for role in Role::ALL {
        if role != Role::InstitutionManager {
            let name = role.as_str().replace('_', "-");
            let staff = app
                .staff(&name, role, charge(role, InstitutionId(Uuid::nil())))
                .await;
            roles.insert(role, app.staff_logged_in(&staff).await);
        }
    }
    for (path, method, access) in in_order() {
        // What happens in a live session is in the ledger.
        if method == "GET" || access == Access::Public || path.starts_with("/api/learning/") {
            continue;
        }
        let who = roles.iter().find(|(role, _)| access.admits(**role));
        let client = match who {
            Some((_, client)) => client,
            None if access.admits_learners() => &learner,
            None => continue,
        };
        let before = audit::list(app.db().read()).await.unwrap().len();
        let answer = call(client, &method, &path).await;
        let rows = audit::list(app.db().read()).await.unwrap();
        assert_eq!(rows.len(), before + 1, "{method} {path}: {}", answer.text());
        let refused = answer.status.as_u16() >= 400;
        let row = rows.iter().max_by_key(|row| row.id).unwrap();
        assert_eq!(row.result == "ok", !refused, "{method} {path}: {row:?}");
        assert_eq!(row.ip.as_deref(), Some("127.0.0.1"), "{method} {path}");
        assert!(row.request_id.is_some(), "{method} {path}");
        assert!(row.actor_id.is_some(), "{method} {path}");
    }
}

#[tokio::test]
async fn mlps_08_going_where_one_may_not_leaves_a_row_and_strangers_leave_none() {
    let app = TestApp::spawn().await;
    let agent = app
        .staff("agent", Role::HelpDeskAgent, Charge::Platform)
        .await;
    let client = app.staff_logged_in(&agent).await;
    let before = audit::list(app.db().read()).await.unwrap().len();
    for _ in 0..3 {
        let stranger = app.client().get("/api/audit-events").await;
        assert_eq!(stranger.problem(), "401 not_logged_in");
    }
    assert_eq!(audit::list(app.db().read()).await.unwrap().len(), before);
    let denied = client.get("/api/audit-events").await;
    assert_eq!(denied.problem(), "403 not_allowed");
    let rows = audit::list(app.db().read()).await.unwrap();
    let row = rows.iter().max_by_key(|row| row.id).unwrap();
    assert_eq!(
        (row.action.as_str(), row.result.as_str()),
        ("access.denied", "refused")
    );
    assert_eq!(row.object_id.as_deref(), Some("GET /api/audit-events"));
    assert_eq!(
        row.actor_role.as_deref(),
        None,
        "it was not admitted under any role"
    );
    assert_eq!(row.actor_id, Some(agent.account.id.to_string()));
}
