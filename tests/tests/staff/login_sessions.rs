use hyper::Method;
use serde_json::json;
use zhipei_domain::{Charge, Role};
use zhipei_tests::{Client, PASSWORD, TestApp};

async fn log_in_with(app: &TestApp, agent: &str) -> Client {
    let mut client = app.client();
    let headers = [("content-type", "application/json"), ("user-agent", agent)];
    let body = json!({ "login_name": "fuxiuying", "password": PASSWORD }).to_string();
    let answer = client
        .send(Method::POST, "/api/login", &headers, body.into_bytes())
        .await;
    assert_eq!(answer.status, 200);
    client.cookie = answer.cookie();
    client
}

#[tokio::test]
async fn asvs_32_a_learner_sees_where_the_account_is_logged_in_and_ends_it_there() {
    let app = TestApp::spawn().await;
    app.learner("fuxiuying").await;
    let phone = log_in_with(&app, "phone").await;
    app.clock.advance(1_000);
    let pc = log_in_with(&app, "pc").await;
    let list = pc.get("/api/me/login-sessions").await.json();
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(
        (&items[0]["current"], &items[1]["current"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(items[1]["user_agent"], "phone");
    assert_eq!(
        items[1]["new_device"], false,
        "the first device surprises nobody"
    );
    assert_eq!(items[0]["new_device"], true);

    let id = items[1]["id"].as_str().unwrap();
    let revoke = format!("/api/me/login-sessions/{id}/revoke");
    assert_eq!(pc.post(&revoke, &json!({})).await.status, 204);
    assert_eq!(phone.get("/api/me").await.problem(), "401 login_revoked");
    assert_eq!(
        pc.post(&revoke, &json!({})).await.problem(),
        "404 not_found"
    );
    let rows = zhipei_storage::audit::list(app.db().read()).await.unwrap();
    let noticed = rows.iter().filter(|row| row.action == "login.new_device");
    assert_eq!(noticed.count(), 1);
}

#[tokio::test]
async fn a_device_that_is_known_is_not_new_again() {
    let app = TestApp::spawn().await;
    app.learner("fuxiuying").await;
    log_in_with(&app, "phone").await;
    log_in_with(&app, "pc").await;
    let again = log_in_with(&app, "pc").await;
    let list = again.get("/api/me/login-sessions").await.json();
    let new = |item: &serde_json::Value| item["new_device"] == true;
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.iter().filter(|item| new(item)).count(), 1);
}

#[tokio::test]
async fn all_other_logins_end_at_once_and_a_strangers_login_is_not_found() {
    let app = TestApp::spawn().await;
    let learner = app.learner("fuxiuying").await;
    let other = app.learner("wanghaibo").await;
    let (here, there) = (app.logged_in(&learner).await, app.logged_in(&learner).await);
    let stranger = app.logged_in(&other).await;
    let id = here.get("/api/me/login-sessions").await.json()["items"][0]["id"].clone();
    let path = format!("/api/me/login-sessions/{}/revoke", id.as_str().unwrap());
    assert_eq!(
        stranger.post(&path, &json!({})).await.problem(),
        "404 not_found"
    );

    let ended = here
        .post("/api/me/login-sessions/revoke-others", &json!({}))
        .await;
    assert_eq!(ended.status, 204);
    assert_eq!(there.get("/api/me").await.problem(), "401 login_revoked");
    assert_eq!(here.get("/api/me").await.status, 200);
    assert_eq!(stranger.get("/api/me").await.status, 200);
}

#[tokio::test]
async fn staff_sees_its_one_login_and_can_end_it() {
    let app = TestApp::spawn().await;
    let agent = app
        .staff("agent", Role::HelpDeskAgent, Charge::Platform)
        .await;
    app.staff_logged_in(&agent).await;
    let client = app.staff_logged_in(&agent).await;
    let list = client.get("/api/staff/me/login-sessions").await.json();
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 1);
    let path = format!(
        "/api/staff/me/login-sessions/{}/revoke",
        items[0]["id"].as_str().unwrap()
    );
    assert_eq!(client.post(&path, &json!({})).await.status, 204);
    assert_eq!(
        client.get("/api/staff/me").await.problem(),
        "401 login_revoked"
    );
}
