use serde_json::json;
use zhipei_domain::{Charge, Role};
use zhipei_tests::{STAFF_PASSWORD, TestApp, TestStaff, code};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

async fn agent(app: &TestApp, login_name: &str) -> TestStaff {
    app.staff(login_name, Role::HelpDeskAgent, Charge::Platform)
        .await
}

async fn administrator(app: &TestApp, name: &str) -> TestStaff {
    app.staff(name, Role::SystemAdministrator, Charge::Platform)
        .await
}

#[tokio::test]
async fn mlps_05_a_fresh_installation_has_no_staff_and_the_first_comes_in_by_a_link() {
    let app = TestApp::spawn().await;
    let nobody = zhipei_storage::staff_accounts::list(app.db().read()).await;
    assert_eq!(nobody.unwrap().len(), 0);
    for (name, password) in [("admin", "admin"), ("root", "root"), ("demo01", "demo01")] {
        let answer = app.client().log_in_staff(name, password).await;
        assert_eq!(answer.problem(), "401 login_failed");
    }
    let staff = administrator(&app, "chenjing").await;
    assert_eq!(staff.recovery_codes.len(), 10);
    let client = app.staff_logged_in(&staff).await;
    let me = client.get("/api/staff/me").await.json();
    assert_eq!(me["login_name"], "chenjing");
    assert_eq!(me["roles"][0]["word"], "系统管理员");
    assert_eq!(me["must_change"], false);
    assert_eq!(me["recovery_codes_left"], 10);
}

#[tokio::test]
async fn mlps_05_asvs_28_a_link_is_good_once_and_for_twenty_four_hours() {
    let app = TestApp::spawn().await;
    let charge = Charge::Platform;
    let role = Role::SecurityAdministrator;
    let (_, token) = app.staff_link("chenjing", role, charge.clone(), &[]).await;
    let client = app.client();
    let open = async |token: &str| {
        client
            .post("/api/staff/links/open", &json!({ "token": token }))
            .await
    };
    app.clock.advance(DAY_MS - 1);
    assert_eq!(open(&token).await.status, 200);
    app.accept_link(&token).await;
    assert_eq!(open(&token).await.problem(), "410 invitation_over");
    let again = json!({ "token": token, "password": STAFF_PASSWORD, "code": "000000" });
    let again = client.post("/api/staff/links/accept", &again).await;
    assert_eq!(again.problem(), "410 invitation_over");

    let (_, late) = app.staff_link("linqiang", role, charge, &[]).await;
    app.clock.advance(DAY_MS);
    assert_eq!(open(&late).await.problem(), "410 invitation_over");
    for guess in ["", "x", &"0".repeat(64), &late.to_uppercase()] {
        assert_eq!(
            open(guess).await.problem(),
            "410 invitation_over",
            "{guess}"
        );
    }
}

#[tokio::test]
async fn mlps_01_a_link_takes_no_weak_password_and_no_wrong_code() {
    let app = TestApp::spawn().await;
    let (_, token) = app
        .staff_link("chenjing", Role::AuditAdministrator, Charge::Platform, &[])
        .await;
    let client = app.client();
    let opened = client
        .post("/api/staff/links/open", &json!({ "token": token }))
        .await
        .json();
    let secret = opened["totp_secret"].as_str().unwrap();
    assert!(opened["totp_url"].as_str().unwrap().contains(secret));
    let right = code(secret, app.clock.now());
    let wrong = if right == "123456" {
        "123457"
    } else {
        "123456"
    };
    for (password, code, problem) in [
        ("short", right.as_str(), "422 weak_password"),
        ("abcdefghijklmnop", &right, "422 weak_password"),
        ("Chenjing2026!", &right, "422 weak_password"),
        (STAFF_PASSWORD, wrong, "422 totp_wrong"),
    ] {
        let given = json!({ "token": token, "password": password, "code": code });
        let answer = client.post("/api/staff/links/accept", &given).await;
        assert_eq!(answer.problem(), problem, "{password}");
    }
    app.accept_link(&token).await;
}

#[tokio::test]
async fn asvs_27_asvs_30_a_password_alone_opens_nothing_and_each_step_has_a_secret_of_its_own() {
    let app = TestApp::spawn().await;
    let staff = administrator(&app, "chenjing").await;
    app.clock.advance(30_000);
    let mut client = app.client();
    client.log_in_staff("chenjing", STAFF_PASSWORD).await;
    let half = client.cookie.clone().unwrap();
    for path in ["/api/staff/me", "/api/staff/accounts", "/api/me"] {
        let refused = client.get(path).await;
        assert!(
            ["401 code_due", "403 not_allowed"].contains(&refused.problem().as_str()),
            "{path}"
        );
    }
    let code = staff.code(app.clock.now());
    assert_eq!(client.give_code(&json!({ "code": code })).await.status, 200);
    assert_ne!(client.cookie, Some(half.clone()));
    assert_eq!(client.get("/api/staff/accounts").await.status, 200);
    client.cookie = Some(half);
    let old = client.get("/api/staff/me").await;
    assert_eq!(old.problem(), "401 not_logged_in");
}

#[tokio::test]
async fn asvs_29_a_code_is_good_once_even_for_who_knows_the_password() {
    let app = TestApp::spawn().await;
    let staff = administrator(&app, "chenjing").await;
    let client = app.staff_logged_in(&staff).await;
    assert_eq!(client.get("/api/staff/me").await.status, 200);
    let seen = staff.code(app.clock.now());
    let mut thief = app.client();
    thief.log_in_staff("chenjing", STAFF_PASSWORD).await;
    let replayed = thief.give_code(&json!({ "code": seen })).await;
    assert_eq!(replayed.problem(), "401 login_failed");
    assert_eq!(client.get("/api/staff/me").await.status, 200);
}

#[tokio::test]
async fn a_recovery_code_stands_in_for_the_authenticator_once_and_new_ones_replace_the_old() {
    let app = TestApp::spawn().await;
    let staff = administrator(&app, "chenjing").await;
    let with = async |code: &str| {
        let mut client = app.client();
        client.log_in_staff("chenjing", STAFF_PASSWORD).await;
        let answer = client.give_code(&json!({ "recovery_code": code })).await;
        (answer, client)
    };
    let (answer, client) = with(&staff.recovery_codes[0].to_lowercase()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["recovery_codes_left"], 9);
    let (again, _) = with(&staff.recovery_codes[0]).await;
    assert_eq!(again.problem(), "401 login_failed");

    app.clock.advance(30_000);
    let code = json!({ "code": staff.code(app.clock.now()) });
    let renewed = client.post("/api/staff/me/recovery-codes", &code).await;
    assert_eq!(renewed.status, 200, "{}", renewed.text());
    let (old, _) = with(&staff.recovery_codes[1]).await;
    assert_eq!(old.problem(), "401 login_failed");
    let fresh = renewed.json()["recovery_codes"][0]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(with(&fresh).await.0.status, 200);
}

#[tokio::test]
async fn mlps_02_wrong_codes_lock_the_account_and_the_password_does_not_unlock_it() {
    let app = TestApp::spawn().await;
    let staff = administrator(&app, "chenjing").await;
    app.clock.advance(30_000);
    for guess in ["000000", "000001", "000002", "000003", "000004"] {
        let mut client = app.client();
        let first = client.log_in_staff("chenjing", STAFF_PASSWORD).await;
        assert_eq!(first.status, 200, "{guess}");
        let answer = client.give_code(&json!({ "code": guess })).await;
        assert_eq!(answer.problem(), "401 login_failed", "{guess}");
    }
    let mut client = app.client();
    let locked = client.log_in_staff("chenjing", STAFF_PASSWORD).await;
    assert_eq!(locked.problem(), "423 account_locked");
    app.clock.advance(15 * MINUTE_MS);
    app.staff_logged_in(&staff).await;
}

#[tokio::test]
async fn mlps_02_an_idle_staff_login_ends_after_fifteen_minutes_and_a_busy_one_after_eight_hours() {
    let app = TestApp::spawn().await;
    let staff = administrator(&app, "chenjing").await;
    let idle = app.staff_logged_in(&staff).await;
    app.clock.advance(15 * MINUTE_MS - 1);
    assert_eq!(idle.get("/api/staff/me").await.status, 200);
    app.clock.advance(15 * MINUTE_MS + 1_000);
    let over = idle.get("/api/staff/me").await;
    assert_eq!(over.problem(), "401 not_logged_in");

    let busy = app.staff_logged_in(&staff).await;
    for _ in 0..(8 * 6 - 1) {
        app.clock.advance(10 * MINUTE_MS);
        assert_eq!(busy.get("/api/staff/me").await.status, 200);
    }
    app.clock.advance(10 * MINUTE_MS - 1);
    assert_eq!(busy.get("/api/staff/me").await.status, 200);
    app.clock.advance(1);
    let over = busy.get("/api/staff/me").await;
    assert_eq!(over.problem(), "401 not_logged_in");
}

#[tokio::test]
async fn mlps_06_a_newer_login_ends_the_older_and_tells_it_why() {
    let app = TestApp::spawn().await;
    let staff = administrator(&app, "chenjing").await;
    let older = app.staff_logged_in(&staff).await;
    let newer = app.staff_logged_in(&staff).await;
    let told = older.get("/api/staff/me").await;
    assert_eq!(told.problem(), "401 login_taken_over");
    assert_eq!(newer.get("/api/staff/me").await.status, 200);
}

#[tokio::test]
async fn mlps_12_an_account_is_used_from_its_addresses_only_whatever_a_stranger_says_of_itself() {
    let ranges = ["10.0.0.0/8".parse().unwrap()];
    let app = TestApp::spawn().await;
    let charge = Charge::Platform;
    let role = Role::SystemAdministrator;
    app.staff_from("chenjing", role, charge.clone(), &ranges)
        .await;
    let body = json!({ "login_name": "chenjing", "password": STAFF_PASSWORD }).to_string();
    let from = async |app: &TestApp, forwarded: &str| {
        let headers = [
            ("content-type", "application/json"),
            ("x-forwarded-for", forwarded),
        ];
        let body = body.clone().into_bytes();
        app.client()
            .send(hyper::Method::POST, "/api/staff/login", &headers, body)
            .await
    };
    let forged = from(&app, "10.1.1.1").await;
    assert_eq!(forged.problem(), "403 address_not_allowed");

    // Behind a proxy that is trusted, the address that it saw decides.
    let app = TestApp::spawn_with(|config| {
        config.server.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    app.staff_from("chenjing", role, charge, &ranges).await;
    assert_eq!(from(&app, "10.1.1.1").await.status, 200);
    assert_eq!(from(&app, "::ffff:10.1.1.1").await.status, 200);
    let outside = from(&app, "10.1.1.1, 203.0.113.9").await;
    assert_eq!(outside.problem(), "403 address_not_allowed");
}

#[tokio::test]
async fn mlps_06_mlps_12_limits_hold_from_the_next_request_on() {
    let app = TestApp::spawn().await;
    let (chief, other) = (
        administrator(&app, "chenjing").await,
        agent(&app, "linqiang").await,
    );
    let at_work = app.staff_logged_in(&other).await;
    let chief = app.staff_logged_in(&chief).await;
    let path = format!("/api/staff/accounts/{}", other.account.id);
    let limit = async |limits: serde_json::Value| {
        let answer = chief.post(&format!("{path}/limits"), &limits).await;
        (answer.status.as_u16() == 200)
            .then_some(())
            .ok_or_else(|| answer.problem())
    };
    limit(json!({ "ranges": ["10.0.0.0/8"], "last_day": null }))
        .await
        .unwrap();
    let refused = at_work.get("/api/staff/me").await;
    assert_eq!(refused.problem(), "403 address_not_allowed");
    limit(json!({ "ranges": ["127.0.0.0/8", "::1"], "last_day": "2026-11-24" }))
        .await
        .unwrap();
    assert_eq!(at_work.get("/api/staff/me").await.status, 200);

    for (limits, problem) in [
        (
            json!({ "ranges": ["x"], "last_day": null }),
            "422 address_range_invalid",
        ),
        (
            json!({ "ranges": vec!["10.0.0.0/8"; 21], "last_day": null }),
            "422 address_range_invalid",
        ),
        (
            json!({ "ranges": [], "last_day": "2026-11-23" }),
            "409 expiry_past",
        ),
        (
            json!({ "ranges": [], "last_day": "morgen" }),
            "422 invalid_body",
        ),
    ] {
        assert_eq!(limit(limits).await, Err(problem.to_owned()));
    }
    let twenty = json!({ "ranges": vec!["127.0.0.0/8"; 20], "last_day": null });
    limit(twenty).await.unwrap();
}

#[tokio::test]
async fn mlps_06_an_account_is_over_after_its_last_day() {
    let app = TestApp::spawn().await;
    let (chief, other) = (
        administrator(&app, "chenjing").await,
        agent(&app, "linqiang").await,
    );
    let chief = app.staff_logged_in(&chief).await;
    let limits = json!({ "ranges": [], "last_day": "2026-11-25" });
    let path = format!("/api/staff/accounts/{}/limits", other.account.id);
    assert_eq!(chief.post(&path, &limits).await.status, 200);
    // 2026-11-25 ends 16:00 UTC; the test began at 01:29:30 UTC of the day before.
    let end = 1_795_622_400_000;
    app.clock.advance(end - 60_000 - app.clock.now());
    let at_work = app.staff_logged_in(&other).await;
    app.clock.advance(end - 1 - app.clock.now());
    assert_eq!(at_work.get("/api/staff/me").await.status, 200);
    app.clock.advance(1);
    let over = at_work.get("/api/staff/me").await;
    assert_eq!(over.problem(), "403 account_closed");
    let mut client = app.client();
    let refused = client.log_in_staff("linqiang", STAFF_PASSWORD).await;
    assert_eq!(refused.problem(), "403 account_closed");
}

#[tokio::test]
async fn mlps_06_ninety_days_without_a_login_disable_an_account_and_leave_a_row() {
    let app = TestApp::spawn().await;
    let (chief, other) = (
        administrator(&app, "chenjing").await,
        administrator(&app, "linqiang").await,
    );
    app.clock.advance(45 * DAY_MS);
    app.staff_logged_in(&chief).await;
    app.clock.advance(46 * DAY_MS);
    let mut client = app.client();
    let closed = client.log_in_staff("linqiang", STAFF_PASSWORD).await;
    assert_eq!(closed.problem(), "403 account_closed");
    let wrong = client.log_in_staff("linqiang", "not the password").await;
    assert_eq!(
        wrong.problem(),
        "401 login_failed",
        "only the holder is told"
    );
    let rows = zhipei_storage::audit::list(app.db().read()).await.unwrap();
    let disabled: Vec<_> = rows
        .iter()
        .filter(|row| row.action == "staff.disable")
        .collect();
    assert_eq!(disabled.len(), 1);
    assert_eq!(disabled[0].actor_kind, "system");
    assert_eq!(disabled[0].object_id, Some(other.account.id.to_string()));
    let list = zhipei_storage::staff_accounts::list(app.db().read())
        .await
        .unwrap();
    let account = list.iter().find(|a| a.id == other.account.id).unwrap();
    assert_eq!(account.disabled_at, Some(app.clock.now()));
}

#[tokio::test]
async fn mlps_01_an_old_password_is_to_be_changed_before_anything_else_works() {
    let app = TestApp::spawn().await;
    let staff = administrator(&app, "chenjing").await;
    app.clock.advance(60 * DAY_MS);
    app.staff_logged_in(&staff).await;
    app.clock.advance(31 * DAY_MS);
    let client = app.staff_logged_in(&staff).await;
    let me = client.get("/api/staff/me").await.json();
    assert_eq!(me["must_change"], true);
    for path in [
        "/api/staff/accounts",
        "/api/approvals",
        "/api/staff/me/login-sessions",
    ] {
        assert_eq!(
            client.get(path).await.problem(),
            "403 must_change",
            "{path}"
        );
    }
    let change = async |current: &str, new: &str| {
        let body = json!({ "current": current, "new": new });
        client.post("/api/staff/me/password", &body).await
    };
    let same = change(STAFF_PASSWORD, STAFF_PASSWORD).await;
    assert_eq!(same.problem(), "422 weak_password");
    let wrong = change("not the password", "Wenchang-Jizai 88").await;
    assert_eq!(wrong.problem(), "401 login_failed");
    assert_eq!(
        change(STAFF_PASSWORD, "Wenchang-Jizai 88").await.status,
        204
    );
    assert_eq!(client.get("/api/staff/accounts").await.status, 200);
}

#[tokio::test]
async fn mlps_01_the_last_five_passwords_are_not_taken_again() {
    let app = TestApp::spawn().await;
    let staff = administrator(&app, "chenjing").await;
    let client = app.staff_logged_in(&staff).await;
    let change = async |current: &str, new: &str| {
        let body = json!({ "current": current, "new": new });
        client.post("/api/staff/me/password", &body).await
    };
    let next = |n: usize| format!("Wenchang-Jizai {n}{n}");
    let mut current = STAFF_PASSWORD.to_owned();
    for n in 1..=4 {
        assert_eq!(change(&current, &next(n)).await.status, 204);
        current = next(n);
    }
    // The fifth of the last five, then the sixth.
    let fifth = change(&current, STAFF_PASSWORD).await;
    assert_eq!(fifth.problem(), "422 weak_password");
    assert!(
        fifth.json()["title"]
            .as_str()
            .unwrap()
            .contains("最近 5 次")
    );
    assert_eq!(change(&current, &next(5)).await.status, 204);
    assert_eq!(change(&next(5), STAFF_PASSWORD).await.status, 204);
}

#[tokio::test]
async fn asvs_31_a_disabled_account_is_out_at_once_and_nobody_disables_their_own() {
    let app = TestApp::spawn().await;
    let (chief, other) = (
        administrator(&app, "chenjing").await,
        agent(&app, "linqiang").await,
    );
    let at_work = app.staff_logged_in(&other).await;
    let own = format!("/api/staff/accounts/{}/disable", chief.account.id);
    let chief = app.staff_logged_in(&chief).await;
    assert_eq!(
        chief.post(&own, &json!({})).await.problem(),
        "409 own_account"
    );
    let path = format!("/api/staff/accounts/{}", other.account.id);
    let disabled = chief.post(&format!("{path}/disable"), &json!({})).await;
    assert_eq!(disabled.json()["state"], "disabled");
    assert_eq!(
        at_work.get("/api/staff/me").await.problem(),
        "401 login_revoked"
    );
    let mut client = app.client();
    let refused = client.log_in_staff("linqiang", STAFF_PASSWORD).await;
    assert_eq!(refused.problem(), "403 account_closed");
    let enabled = chief.post(&format!("{path}/enable"), &json!({})).await;
    assert_eq!(enabled.json()["state"], "active");
    app.staff_logged_in(&other).await;
}
