//! What holds for every request and every answer.

use hyper::Method;
use serde_json::json;
use zhipei_domain::Policy;
use zhipei_tests::{Answer, PASSWORD, TestApp};

fn assert_headers(what: &str, answer: &Answer) {
    let csp = answer.header("content-security-policy");
    for part in ["frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(csp.contains(part), "{what}: {csp}");
    }
    assert!(
        !csp.replace("style-src-attr 'unsafe-inline'", "")
            .contains("unsafe"),
        "{what}: {csp}"
    );
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{what}");
    assert_eq!(answer.header("x-frame-options"), "DENY", "{what}");
    assert_eq!(answer.header("referrer-policy"), "same-origin", "{what}");
    assert!(
        answer
            .header("permissions-policy")
            .contains("camera=(self)"),
        "{what}"
    );
    assert_eq!(answer.header("x-request-id").len(), 36, "{what}");
    assert_eq!(
        answer.header("access-control-allow-origin"),
        "",
        "{what}: ASVS-16"
    );
}

#[tokio::test]
async fn asvs_15_every_kind_of_answer_carries_the_security_headers() {
    let app = TestApp::spawn().await;
    let learner = app.learner("fuxiuying").await;
    let class = app.class("QH-1", &[60_000], Policy::default()).await;
    app.enrol(&learner, &class).await;
    let client = app.logged_in(&learner).await;
    let origin = format!("http://{}", app.address());
    for path in [
        "/healthz",
        "/readyz",
        "/api/me",
        "/api/classes",
        "/api/nothing",
        "/api/classes/not-a-uuid",
        "/",
        "/any/page/of/the/app",
        "/assets/nothing.js",
        "/media/a/b/c",
        "/metrics",
        "/api/learning/sessions",
        &format!("/hour-lists/{}", class.id),
    ] {
        assert_headers(path, &client.get(path).await);
    }
    let unknown = [
        ("origin", origin.as_str()),
        ("content-type", "application/json"),
    ];
    let answer = client
        .send(Method::DELETE, "/api/me", &unknown, Vec::new())
        .await;
    assert_eq!(answer.problem(), "405 method_not_allowed");
    assert_headers("405", &answer);
    assert_headers("401", &app.client().get("/api/me").await);
    let evil = [
        ("origin", "https://evil.example"),
        ("content-type", "application/json"),
    ];
    assert_headers(
        "403",
        &client
            .send(Method::POST, "/api/logout", &evil, b"{}".to_vec())
            .await,
    );
    let big = vec![b' '; 300 * 1024];
    assert_headers(
        "413",
        &client.send(Method::POST, "/api/login", &unknown, big).await,
    );
}

#[tokio::test]
async fn asvs_15_strict_transport_security_is_said_over_https_only() {
    let plain = TestApp::spawn().await;
    let answer = plain.client().get("/healthz").await;
    assert_eq!(answer.header("strict-transport-security"), "");
    let secure = TestApp::spawn_with(|config| {
        config.server.public_url = "https://zhipei.example".to_owned();
    })
    .await;
    let answer = secure.client().get("/api/nothing").await;
    assert!(
        answer
            .header("strict-transport-security")
            .starts_with("max-age=31536000")
    );
}

#[tokio::test]
async fn asvs_17_another_site_changes_nothing_with_the_learners_cookie() {
    let app = TestApp::spawn().await;
    let learner = app.learner("fuxiuying").await;
    let client = app.logged_in(&learner).await;
    let json = ("content-type", "application/json");
    let post = async |headers: &[(&str, &str)], body: &str| {
        let body = body.as_bytes().to_vec();
        client
            .send(Method::POST, "/api/logout", headers, body)
            .await
    };
    for headers in [
        vec![("origin", "https://evil.example"), json],
        vec![("origin", "null"), json],
        vec![("sec-fetch-site", "cross-site"), json],
        vec![("sec-fetch-site", "same-site"), json],
    ] {
        assert_eq!(
            post(&headers, "{}").await.problem(),
            "403 other_origin",
            "{headers:?}"
        );
    }
    // Browsers of long ago: no origin, but then a form is all they can send.
    let form = ("content-type", "application/x-www-form-urlencoded");
    assert_eq!(post(&[form], "a=b").await.problem(), "415 not_json");
    assert_eq!(
        post(&[("content-type", "text/plain")], "{}")
            .await
            .problem(),
        "415 not_json"
    );
    assert_eq!(post(&[], "").await.problem(), "415 not_json");
    assert_eq!(client.get("/api/me").await.status, 200, "still logged in");

    assert_eq!(
        post(&[("sec-fetch-site", "same-origin")], "").await.status,
        204
    );
}

#[tokio::test]
async fn asvs_17_another_sites_page_opens_no_socket() {
    let app = TestApp::spawn().await;
    let learner = app.learner("fuxiuying").await;
    let client = app.logged_in(&learner).await;
    let upgrade = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("origin", "https://evil.example"),
    ];
    let answer = client
        .send(Method::GET, "/api/learning/sessions", &upgrade, Vec::new())
        .await;
    assert_eq!(answer.problem(), "403 other_origin");
    assert!(client.open_socket().await.is_ok());
    assert!(
        app.client().open_socket().await.is_err(),
        "nobody is logged in"
    );
}

#[tokio::test]
async fn mlps_13_a_body_of_another_shape_is_refused_by_name_and_never_breaks_the_server() {
    let app = TestApp::spawn().await;
    app.learner("fuxiuying").await;
    let client = app.client();
    let origin = format!("http://{}", app.address());
    let json = [
        ("origin", origin.as_str()),
        ("content-type", "application/json"),
    ];
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    for (body, expected) in [
        ("", "422 invalid_body"),
        ("{", "422 invalid_body"),
        ("null", "422 invalid_body"),
        ("[]", "422 invalid_body"),
        (deep.as_str(), "422 invalid_body"),
        (r#"{"login_name":"a"}"#, "422 invalid_body"),
        (r#"{"login_name":1,"password":"x"}"#, "422 invalid_body"),
        (
            r#"{"login_name":"a","password":"x","role":"admin"}"#,
            "422 invalid_body",
        ),
        (
            r#"{"login_name":"a","login_name":"b","password":"x"}"#,
            "422 invalid_body",
        ),
        (
            r#"{"login_name":"\u0000","password":"\ud83d"}"#,
            "422 invalid_body",
        ),
        (
            r#"{"login_name":"\u0000","password":"x"}"#,
            "401 login_failed",
        ),
    ] {
        let sent = client
            .send(Method::POST, "/api/login", &json, body.into())
            .await;
        assert_eq!(sent.problem(), expected, "{body:.60}");
    }
    let surplus = json!({ "login_name": "a", "password": "x", "verified_ms": 1 });
    let answer = client.post("/api/login", &surplus).await.json();
    assert_eq!(answer["errors"][0]["field"], "verified_ms", "ASVS-42");

    let long = json!({ "login_name": "fuxiuying", "password": "x".repeat(100_000) });
    assert_eq!(
        client.post("/api/login", &long).await.problem(),
        "422 invalid_body"
    );
    let huge = vec![b'x'; 257 * 1024];
    let answer = client.send(Method::POST, "/api/login", &json, huge).await;
    assert_eq!(answer.problem(), "413 too_large");
}

#[tokio::test]
async fn asvs_42_a_learner_cannot_set_what_is_not_theirs() {
    let app = TestApp::spawn().await;
    let learner = app.learner("fuxiuying").await;
    let client = app.logged_in(&learner).await;
    for field in ["role", "identity_level", "verified_ms", "learner_id", "id"] {
        let mut body = json!({ "current": PASSWORD, "new": "海上生明月天涯共此时" });
        body[field] = json!("x");
        let answer = client.post("/api/me/password", &body).await;
        assert_eq!(answer.problem(), "422 invalid_body", "{field}");
    }
    app.logged_in(&learner).await;
}

#[tokio::test]
async fn asvs_47_what_breaks_inside_is_not_told_outside() {
    let app = TestApp::spawn().await;
    let learner = app.learner("fuxiuying").await;
    let client = app.logged_in(&learner).await;
    app.db().unmigrate().await.unwrap();
    let answer = client.get("/api/me").await;
    assert_eq!(answer.problem(), "500 internal");
    for word in ["sql", "table", "login_session", "relation"] {
        assert!(
            !answer.text().to_lowercase().contains(word),
            "{}",
            answer.text()
        );
    }
    assert_eq!(client.get("/readyz").await.problem(), "503 unavailable");
    assert_eq!(client.get("/healthz").await.status, 204);
}

#[tokio::test]
async fn what_is_not_a_page_of_the_app_is_not_found() {
    let app = TestApp::spawn().await;
    for path in [
        "/api/nothing",
        "/metrics",
        "/debug/pprof",
        "/.git/config",
        "/.env",
        "/exchange/v1",
        "/index.php",
        "/assets/../Cargo.toml",
        "/%2e%2e/etc/passwd",
    ] {
        let answer = app.client().get(path).await;
        assert_eq!(answer.status, 404, "{path}");
    }
}
