use std::time::Duration;

use serde_json::json;
use zhipei_domain::{AccountState, Scope};
use zhipei_storage::{credentials, learners};
use zhipei_tests::{Client, PASSWORD, TestApp};

use crate::person::{Person, dump};

const MINUTE_MS: i64 = 60_000;

#[tokio::test]
async fn a_learner_logs_in_by_phone_and_password_or_by_code() {
    let app = TestApp::spawn().await;
    let person = Person::new(1);
    person.register(&app).await;
    let mut client = app.client();
    let spaced = format!("+86 {} {}", &person.phone[..3], &person.phone[3..]);
    assert_eq!(client.log_in(&spaced, PASSWORD).await.status, 200);
    assert_eq!(client.get("/api/me").await.status, 200);

    app.clock.advance(MINUTE_MS);
    let mut other = app.client();
    let (ticket, code) = person.code(&app, &other, "/api/login/codes").await;
    let login = json!({ "phone": person.phone, "ticket": ticket, "code": code });
    let answer = other.post("/api/login/code", &login).await;
    other.cookie = answer.cookie();
    assert_eq!(other.get("/api/me").await.json(), answer.json());
}

#[tokio::test]
async fn asvs_26_a_phone_that_is_nobodys_is_answered_alike_and_gets_no_code() {
    let app = TestApp::spawn().await;
    let (known, unknown) = (Person::new(1), Person::new(2));
    known.register(&app).await;
    app.clock.advance(MINUTE_MS);
    let client = app.client();
    for path in ["/api/login/codes", "/api/password-resets/codes"] {
        let ask = async |person: &Person| {
            let answer = client.post(path, &json!({ "phone": person.phone })).await;
            let mut body = answer.json();
            let ticket = body["ticket"].take().as_str().unwrap().to_owned();
            (answer.status, body, ticket)
        };
        let (known_answer, unknown_answer) = (ask(&known).await, ask(&unknown).await);
        assert_eq!(known_answer.0, unknown_answer.0);
        assert_eq!(known_answer.1, unknown_answer.1);
        app.clock.advance(MINUTE_MS);
        for (person, ticket) in [(&known, known_answer.2), (&unknown, unknown_answer.2)] {
            let guess = json!({ "phone": person.phone, "ticket": ticket, "code": "nobody's" });
            let answer = client.post("/api/login/code", &guess).await;
            assert_eq!(answer.problem(), "401 login_failed");
        }
    }
    app.phones.wait(&known.phone, 3).await;
    assert_eq!(app.phones.of(&unknown.phone), []);
}

#[tokio::test]
async fn asvs_26_passwords_and_codes_share_one_lock() {
    let app = TestApp::spawn().await;
    let person = Person::new(1);
    person.register(&app).await;
    app.clock.advance(MINUTE_MS);
    let mut client = app.client();
    let (ticket, code) = person.code(&app, &client, "/api/login/codes").await;
    let guess = json!({ "phone": person.phone, "ticket": ticket, "code": "12345x" });
    for n in 0..5 {
        let answer = if n % 2 == 0 {
            client.post("/api/login/code", &guess).await
        } else {
            client.log_in(&person.phone, "wrong password").await
        };
        assert_eq!(answer.problem(), "401 login_failed", "{n}");
    }
    let right = json!({ "phone": person.phone, "ticket": ticket, "code": code });
    let answer = client.post("/api/login/code", &right).await;
    assert_eq!(answer.problem(), "423 account_locked");
    let answer = client.log_in(&person.phone, PASSWORD).await;
    assert_eq!(answer.problem(), "423 account_locked");
    app.clock.advance(15 * MINUTE_MS);
    assert_eq!(client.log_in(&person.phone, PASSWORD).await.status, 200);
}

#[tokio::test]
async fn asvs_28_a_reset_sets_the_password_ends_all_logins_and_tells_the_phone() {
    let app = TestApp::spawn().await;
    let person = Person::new(1);
    let here = person.register(&app).await;
    app.clock.advance(MINUTE_MS);
    let client = app.client();
    let (ticket, code) = person
        .code(&app, &client, "/api/password-resets/codes")
        .await;
    let reset = |new: &str, code: &str| json!({ "phone": person.phone, "ticket": ticket, "code": code, "new": new });
    let path = "/api/password-resets";
    let weak = client.post(path, &reset("12345678", &code)).await;
    assert_eq!(weak.problem(), "422 weak_password");
    let wrong = client
        .post(path, &reset("海上生明月天涯共此时", "12345x"))
        .await;
    assert_eq!(wrong.problem(), "401 login_failed");
    let done = client
        .post(path, &reset("海上生明月天涯共此时", &code))
        .await;
    assert_eq!(done.status, 204, "{}", done.text());
    assert_eq!(here.get("/api/me").await.problem(), "401 not_logged_in");
    let again = client
        .post(path, &reset("天涯共此时海上生明月", &code))
        .await;
    assert_eq!(again.problem(), "401 login_failed");
    let mut client = app.client();
    let old = client.log_in(&person.phone, PASSWORD).await;
    assert_eq!(old.problem(), "401 login_failed");
    let new = client.log_in(&person.phone, "海上生明月天涯共此时").await;
    assert_eq!(new.status, 200);
    let told = app.phones.wait(&person.phone, 3).await;
    assert_eq!(told.notice.as_deref(), Some("密码已重设"));
}

#[tokio::test]
async fn asvs_32_another_phone_needs_the_password_and_a_code_and_the_old_one_is_told() {
    let app = TestApp::spawn().await;
    let person = Person::new(1);
    let client = person.register(&app).await;
    let new = Person {
        phone: Person::new(2).phone,
        ..person.clone()
    };
    let (ticket, code) = new.code(&app, &client, "/api/me/phone/codes").await;
    let change = async |password: &str, code: &str| {
        let body = json!({
            "phone": new.phone, "ticket": ticket, "code": code, "password": password,
        });
        client.post("/api/me/phone", &body).await
    };
    let answer = change("wrong password", &code).await;
    assert_eq!(answer.problem(), "401 login_failed");
    assert_eq!(change(PASSWORD, "12345x").await.problem(), "422 code_wrong");
    assert_eq!(change(PASSWORD, &code).await.status, 204);
    let me = client.get("/api/me").await.json();
    assert_eq!(me["phone"], "139****0002");
    let told = app.phones.wait(&person.phone, 2).await;
    assert_eq!(told.notice.as_deref(), Some("手机号已更换"));
    let mut by_new = app.client();
    assert_eq!(by_new.log_in(&new.phone, PASSWORD).await.status, 200);
    let by_old = app.client().log_in(&person.phone, PASSWORD).await;
    assert_eq!(by_old.problem(), "401 login_failed");
}

#[tokio::test]
async fn asvs_26_asvs_29_while_the_account_is_locked_a_code_for_a_new_password_cannot_be_tried() {
    let app = TestApp::spawn_with(|config| config.login.failed_per_address = 9).await;
    let person = Person::new(1);
    person.register(&app).await;
    app.clock.advance(MINUTE_MS);
    let mut client = app.client();
    let (ticket, code) = person
        .code(&app, &client, "/api/password-resets/codes")
        .await;
    for _ in 0..5 {
        let wrong = client.log_in(&person.phone, "wrong password").await;
        assert_eq!(wrong.problem(), "401 login_failed");
    }
    for typed in ["12345x", "", &code, &code] {
        let reset = json!({
            "phone": person.phone, "ticket": ticket, "code": typed, "new": "海上生明月天涯共此时",
        });
        let answer = client.post("/api/password-resets", &reset).await;
        assert_eq!(answer.problem(), "423 account_locked", "{typed}");
    }
    // Nothing was learnt of the code: it is as it was sent.
    let kept = dump(&app).await;
    let kept = kept.lines().find(|line| line.starts_with("sms_code "));
    let kept = kept.unwrap();
    assert!(kept.contains("\"proved_at\":null"), "{kept}");
    assert!(kept.contains("\"wrong_tries\":0"), "{kept}");
    // The address has used up its tries.
    let answer = client.log_in("somebody", PASSWORD).await;
    assert_eq!(answer.problem(), "422 captcha_required");
}

#[tokio::test]
async fn asvs_29_what_was_answered_before_there_was_an_account_never_opens_it() {
    let app = TestApp::spawn().await;
    let person = Person::new(1);
    let client = app.client();
    let early = client
        .post("/api/login/codes", &json!({ "phone": person.phone }))
        .await;
    let ticket = early.json()["ticket"].as_str().unwrap().to_owned();
    app.clock.advance(MINUTE_MS);
    let (register_ticket, code) = person.code(&app, &client, "/api/registrations/codes").await;
    let form = person.form(&(register_ticket, code.clone()));
    assert_eq!(client.post("/api/registrations", &form).await.status, 201);
    let long = "0".repeat(64);
    for typed in ["", "000000", "12345x", "１２３４５６", &code, &long] {
        let login = json!({ "phone": person.phone, "ticket": ticket, "code": typed });
        let answer = client.post("/api/login/code", &login).await;
        let refused = answer.problem();
        let refusals = ["401 login_failed", "422 invalid_body", "423 account_locked"];
        assert!(refusals.contains(&refused.as_str()), "{typed}: {refused}");
    }
}

#[tokio::test]
async fn asvs_26_passwords_that_are_asked_for_again_are_counted_one_by_one() {
    for (n, path) in [(1, "/api/me/password"), (2, "/api/me/phone")] {
        let app = TestApp::spawn().await;
        let client = Person::new(n).register(&app).await;
        let body = json!({ "current": "not the password", "new": "海上生明月天涯共此时" });
        let other = json!({
            "phone": Person::new(9).phone, "ticket": uuid::Uuid::nil(), "code": "000000",
            "password": "not the password",
        });
        let mut tries = tokio::task::JoinSet::new();
        for _ in 0..12 {
            let client = client.clone();
            let body = if n == 1 { body.clone() } else { other.clone() };
            tries.spawn(async move { client.post(path, &body).await.problem() });
        }
        let answers = tries.join_all().await;
        let count = |what: &str| answers.iter().filter(|answer| *answer == what).count();
        let counted = (count("401 login_failed"), count("423 account_locked"));
        assert_eq!(counted, (5, 7), "{path}");
    }
}

#[tokio::test]
async fn asvs_31_a_login_under_way_does_not_outlive_a_new_password_or_the_end_of_the_account() {
    for closes in [true, false] {
        let app = TestApp::spawn().await;
        let person = Person::new(1);
        person.register(&app).await;
        let all = learners::list(app.db().read(), &Scope::Platform).await;
        let id = all.unwrap()[0].id;
        let mut client = app.client();
        let phone = person.phone.clone();
        let login = app
            .db()
            .write(async |txn| {
                let mut credential = credentials::get_to_change(txn, id).await?;
                if closes {
                    learners::set_state(txn, id, AccountState::SetAside).await?;
                } else {
                    credential.password_hash = "another".to_owned();
                    credentials::update(txn, &credential).await?;
                }
                let login = tokio::spawn(async move { client.log_in(&phone, PASSWORD).await });
                // Long enough for the login to find the password right, and to wait for this transaction.
                tokio::time::sleep(Duration::from_millis(500)).await;
                Ok::<_, zhipei_storage::Error>(login)
            })
            .await
            .unwrap();
        assert_eq!(login.await.unwrap().problem(), "401 login_failed");
    }
}

#[tokio::test]
async fn asvs_26_a_lock_does_not_tell_who_exists_however_it_is_written_and_after_a_restart() {
    let app = TestApp::spawn_with(|config| config.login.failed_per_address = 1_000).await;
    let (known, unknown) = (Person::new(1), Person::new(2));
    known.register(&app).await;
    let guess = async |app: &TestApp, person: &Person, n: usize| {
        let phone = match n % 3 {
            0 => person.phone.clone(),
            1 => format!("+86 {}", person.phone),
            _ => format!(" {} {}", &person.phone[..3], &person.phone[3..]),
        };
        app.client()
            .log_in(&phone, "wrong password")
            .await
            .problem()
    };
    for n in 0..3 {
        assert_eq!(guess(&app, &known, n).await, "401 login_failed");
        assert_eq!(guess(&app, &unknown, n).await, "401 login_failed");
    }
    let app = app.restart().await;
    for n in 3..12 {
        let answer = guess(&app, &known, n).await;
        let expected = if n < 5 {
            "401 login_failed"
        } else {
            "423 account_locked"
        };
        assert_eq!(answer, expected, "{n}");
        assert_eq!(guess(&app, &unknown, n).await, answer, "{n}");
    }
    let seen = dump(&app).await;
    assert!(!seen.contains(&unknown.phone), "PIPL-09");
}

/// The new-device notices of who is logged in, the newest first.
async fn device_notices(client: &Client) -> Vec<String> {
    let list = client.get("/api/notices").await.json();
    let items = list["items"].as_array().unwrap().iter();
    let of_devices = items.filter(|item| item["kind"] == "new_device");
    let bodies = of_devices.map(|item| item["body"].as_str().unwrap().to_owned());
    bodies.collect()
}

async fn log_in_from(app: &TestApp, person: &Person, user_agent: &str) -> Client {
    let mut client = app.client();
    let login = json!({ "login_name": person.phone, "password": PASSWORD });
    let headers = [
        ("content-type", "application/json"),
        ("sec-fetch-site", "same-origin"),
        ("user-agent", user_agent),
    ];
    let body = login.to_string().into_bytes();
    let answer = client
        .send(hyper::Method::POST, "/api/login", &headers, body)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    client.cookie = answer.cookie();
    client
}

#[tokio::test]
async fn asvs_32_a_login_on_a_new_device_is_told_to_the_learner_and_the_first_one_is_not() {
    let app = TestApp::spawn().await;
    let person = Person::new(1);
    let client = person.register(&app).await;
    let mut again = app.client();
    assert_eq!(again.log_in(&person.phone, PASSWORD).await.status, 200);
    assert_eq!(device_notices(&client).await, Vec::<String>::new());

    let (edge, firefox) = (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/141.0 Safari/537.36 Edg/141.0",
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    );
    let other = log_in_from(&app, &person, edge).await;
    let told = device_notices(&client).await;
    assert_eq!(told.len(), 1);
    for part in [
        "Windows 电脑（Edge）",
        "网络 127.0.0.*",
        "结束这次登录",
        "修改密码",
    ] {
        assert!(told[0].contains(part), "{part}: {}", told[0]);
    }
    // A second time it is known, and the way to end it works.
    log_in_from(&app, &person, edge).await;
    assert_eq!(device_notices(&client).await.len(), 1);
    let ended = client
        .post("/api/me/login-sessions/revoke-others", &json!({}))
        .await;
    assert_eq!(ended.status, 204);
    assert_eq!(other.get("/api/me").await.problem(), "401 login_revoked");
    // No consent to SMS, no SMS.
    let before = app.phones.of(&person.phone).len();
    let consent = json!({ "purpose": "sms", "version": 1 });
    assert_eq!(client.post("/api/me/consents", &consent).await.status, 204);
    log_in_from(&app, &person, firefox).await;
    assert_eq!(device_notices(&client).await.len(), 2);
    let sms = app.phones.wait(&person.phone, before + 1).await;
    assert_eq!(sms.notice.as_deref(), Some("账号在新设备上登录"));
    assert_eq!(app.phones.of(&person.phone).len(), before + 1);
}
