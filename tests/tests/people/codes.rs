use serde_json::json;
use zhipei_actions::sms_code;
use zhipei_tests::{Client, TestApp};

use crate::person::Person;

const MINUTE_MS: i64 = 60_000;

fn wrong(code: &str) -> &'static str {
    if code == "000000" { "111111" } else { "000000" }
}

async fn prefill(client: &Client, phone: &str, ticket: &str, code: &str) -> u16 {
    let given = json!({ "phone": phone, "ticket": ticket, "code": code });
    let answer = client.post("/api/registrations/prefill", &given).await;
    answer.status.as_u16()
}

#[tokio::test]
async fn asvs_29_a_code_dies_with_the_fifth_wrong_try() {
    let app = TestApp::spawn().await;
    let (one, two) = (Person::new(1), Person::new(2));
    let client = app.client();
    let path = "/api/registrations/codes";
    for (person, tries, status) in [(one, 4, 200), (two, 5, 422)] {
        let (ticket, code) = person.code(&app, &client, path).await;
        for _ in 0..tries {
            let answer = prefill(&client, &person.phone, &ticket, wrong(&code)).await;
            assert_eq!(answer, 422);
        }
        let answer = prefill(&client, &person.phone, &ticket, &code).await;
        assert_eq!(answer, status, "after {tries} wrong tries");
    }
}

#[tokio::test]
async fn asvs_29_a_code_is_bound_to_its_purpose_its_phone_and_its_ticket() {
    let app = TestApp::spawn().await;
    let (one, two) = (Person::new(1), Person::new(2));
    let client = app.client();
    let path = "/api/registrations/codes";
    let (ticket, code) = one.code(&app, &client, path).await;
    let (other_ticket, _) = two.code(&app, &client, path).await;
    assert_eq!(prefill(&client, &two.phone, &ticket, &code).await, 422);
    assert_eq!(
        prefill(&client, &one.phone, &other_ticket, &code).await,
        422
    );
    let login = json!({ "phone": one.phone, "ticket": ticket, "code": code });
    let answer = client.post("/api/login/code", &login).await;
    assert_eq!(answer.problem(), "401 login_failed");
    assert_eq!(prefill(&client, &one.phone, &ticket, &code).await, 200);
}

#[tokio::test]
async fn asvs_29_a_code_lives_five_minutes_and_ten_once_it_was_given_right() {
    let app = TestApp::spawn().await;
    let person = Person::new(1);
    let client = app.client();
    let path = "/api/registrations/codes";
    let (ticket, code) = person.code(&app, &client, path).await;
    app.clock.advance(5 * MINUTE_MS);
    assert_eq!(prefill(&client, &person.phone, &ticket, &code).await, 422);

    let (ticket, code) = person.code(&app, &client, path).await;
    app.clock.advance(5 * MINUTE_MS - 1);
    assert_eq!(prefill(&client, &person.phone, &ticket, &code).await, 200);
    app.clock.advance(5 * MINUTE_MS);
    assert_eq!(prefill(&client, &person.phone, &ticket, &code).await, 200);
    app.clock.advance(1);
    assert_eq!(prefill(&client, &person.phone, &ticket, &code).await, 422);
}

#[tokio::test]
async fn asvs_29_a_code_is_used_once() {
    let app = TestApp::spawn().await;
    let person = Person::new(1);
    person.register(&app).await;
    app.clock.advance(MINUTE_MS);
    let client = app.client();
    let (ticket, code) = person.code(&app, &client, "/api/login/codes").await;
    let login = json!({ "phone": person.phone, "ticket": ticket, "code": code });
    assert_eq!(client.post("/api/login/code", &login).await.status, 200);
    let again = client.post("/api/login/code", &login).await;
    assert_eq!(again.problem(), "401 login_failed");
}

#[tokio::test]
async fn asvs_29_a_phone_is_sent_one_code_a_minute_whoever_asks_at_once() {
    let app = TestApp::spawn().await;
    let body = json!({ "phone": Person::new(1).phone });
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let (client, body) = (app.client(), body.clone());
        tries.spawn(async move { client.post("/api/registrations/codes", &body).await });
    }
    let answers = tries.join_all().await;
    let sent = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(sent, 1);
    let client = app.client();
    let waiting = client.post("/api/registrations/codes", &body).await;
    assert_eq!(waiting.problem(), "429 too_many_codes");
    assert_eq!(waiting.header("retry-after"), "60");
    app.clock.advance(MINUTE_MS - 1);
    let waiting = client.post("/api/registrations/codes", &body).await;
    assert_eq!(waiting.problem(), "429 too_many_codes");
    app.clock.advance(1);
    let sent = client.post("/api/registrations/codes", &body).await;
    assert_eq!(sent.status, 200);
}

#[tokio::test]
async fn asvs_29_after_ten_codes_a_training_room_reads_a_picture_and_goes_on_to_fifty() {
    let app = TestApp::spawn().await;
    let client = app.client();
    let ask = async |n: u32, captcha: Option<(uuid::Uuid, &str)>| {
        let mut body = json!({ "phone": Person::new(n).phone });
        if let Some((id, text)) = captcha {
            body["captcha_id"] = json!(id);
            body["captcha"] = json!(text);
        }
        client.post("/api/registrations/codes", &body).await
    };
    for n in 0..10 {
        assert_eq!(ask(n, None).await.status, 200, "{n}");
    }
    assert_eq!(ask(10, None).await.problem(), "422 captcha_required");
    let vault = &app.keys.vault;
    let now = app.clock.now();
    let picture = async |text: &str| {
        app.db()
            .write(async |txn| sms_code::keep_captcha(txn, vault, text, now).await)
            .await
            .unwrap()
    };
    let id = picture("ac357").await;
    let answer = ask(10, Some((id, "ac358"))).await;
    assert_eq!(answer.problem(), "422 captcha_wrong");
    // Used up, whatever was read.
    let answer = ask(10, Some((id, "ac357"))).await;
    assert_eq!(answer.problem(), "422 captcha_wrong");
    for n in 10..50 {
        let id = picture("ac357").await;
        assert_eq!(ask(n, Some((id, " AC357 "))).await.status, 200, "{n}");
    }
    let id = picture("ac357").await;
    let answer = ask(50, Some((id, "ac357"))).await;
    assert_eq!(answer.problem(), "429 too_many_codes");
    app.clock.advance(60 * MINUTE_MS);
    assert_eq!(ask(50, None).await.status, 200);
}

#[tokio::test]
async fn asvs_29_the_platform_sends_no_more_than_the_day_allows() {
    let app = TestApp::spawn_with(|config| config.sms.daily_limit = 3).await;
    let client = app.client();
    for n in 0..4 {
        let body = json!({ "phone": Person::new(n).phone });
        let answer = client.post("/api/registrations/codes", &body).await;
        if n < 3 {
            assert_eq!(answer.status, 200, "{n}");
        } else {
            assert_eq!(answer.problem(), "503 sms_unavailable");
        }
    }
}

#[tokio::test]
async fn asvs_29_codes_that_are_not_sent_do_not_use_the_day_up_and_a_day_later_there_are_more() {
    let app = TestApp::spawn_with(|config| config.sms.daily_limit = 1).await;
    let client = app.client();
    let ask = async |path: &str, n: u32| {
        let body = json!({ "phone": Person::new(n).phone });
        client.post(path, &body).await
    };
    for n in 0..5 {
        let answer = ask("/api/login/codes", n).await;
        assert_eq!(answer.status, 200, "{n}");
    }
    assert_eq!(ask("/api/registrations/codes", 5).await.status, 200);
    // Now nobody gets one, whether there is an account or not.
    for path in ["/api/registrations/codes", "/api/login/codes"] {
        let answer = ask(path, 6).await;
        assert_eq!(answer.problem(), "503 sms_unavailable", "{path}");
    }
    app.clock.advance(24 * 60 * MINUTE_MS);
    assert_eq!(ask("/api/registrations/codes", 6).await.status, 200);
}

#[tokio::test]
async fn asvs_29_one_subscriber_with_many_ipv6_networks_gets_two_hundred_codes_an_hour() {
    let app = TestApp::spawn_with(|config| {
        config.server.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let client = app.client();
    let ask = async |n: u32, from: &str| {
        let headers = [
            ("content-type", "application/json"),
            ("sec-fetch-site", "same-origin"),
            ("x-forwarded-for", from),
        ];
        let body = json!({ "phone": Person::new(n).phone }).to_string();
        let (method, path) = (hyper::Method::POST, "/api/registrations/codes");
        client.send(method, path, &headers, body.into_bytes()).await
    };
    for n in 0..200 {
        let answer = ask(n, &format!("2001:db8:0:{n:x}::1")).await;
        assert_eq!(answer.status, 200, "{n}");
    }
    let answer = ask(200, "2001:db8:0:ffff::1").await;
    assert_eq!(answer.problem(), "429 too_many_codes");
    assert_eq!(ask(200, "2001:db8:1::1").await.status, 200);
    app.clock.advance(60 * MINUTE_MS);
    assert_eq!(ask(201, "2001:db8:0:ffff::1").await.status, 200);
}

#[tokio::test]
async fn asvs_13_an_address_has_two_hundred_pictures_drawn_in_a_quarter_of_an_hour() {
    let app = TestApp::spawn().await;
    let client = app.client();
    let draw = async || client.post("/api/captchas", &json!({})).await;
    for n in 0..200 {
        assert_eq!(draw().await.status, 200, "{n}");
    }
    assert_eq!(draw().await.problem(), "429 too_many_codes");
    app.clock.advance(15 * MINUTE_MS);
    assert_eq!(draw().await.status, 200);
}

#[tokio::test]
async fn a_picture_is_a_picture() {
    let app = TestApp::spawn().await;
    let answer = app.client().post("/api/captchas", &json!({})).await;
    let image = answer.json()["image"].as_str().unwrap().to_owned();
    assert!(image.starts_with("data:image/png;base64,"), "{image}");
}
