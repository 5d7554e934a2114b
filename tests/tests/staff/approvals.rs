use serde_json::{Value, json};
use zhipei_domain::{Approval, Charge, Role};
use zhipei_tests::{Client, TestApp};

struct Desks {
    app: TestApp,
    system: Client,
    security: Client,
}

async fn desks() -> Desks {
    let app = TestApp::spawn().await;
    let system = app
        .staff("chenjing", Role::SystemAdministrator, Charge::Platform)
        .await;
    let security = app
        .staff("linqiang", Role::SecurityAdministrator, Charge::Platform)
        .await;
    Desks {
        system: app.staff_logged_in(&system).await,
        security: app.staff_logged_in(&security).await,
        app,
    }
}

fn new_supervisor(login_name: &str) -> Value {
    json!({
        "reason": "琼海市人社局新设监管账号",
        "act": {
            "kind": "add_staff",
            "login_name": login_name,
            "name": "王监管",
            "duties": { "roles": ["supervisor"], "region": "469002" },
            "last_day": "2027-01-31",
        },
    })
}

async fn ask(client: &Client, body: &Value) -> String {
    let asked = client.post("/api/approvals", body).await;
    assert_eq!(asked.status, 200, "{}", asked.text());
    assert_eq!(asked.json()["state"], "waiting");
    asked.json()["id"].as_str().unwrap().to_owned()
}

async fn approve(client: &Client, id: &str) -> zhipei_tests::Answer {
    client
        .post(&format!("/api/approvals/{id}/approve"), &json!({}))
        .await
}

async fn link(client: &Client, id: &str) -> zhipei_tests::Answer {
    let path = format!("/api/approvals/{id}/link");
    client.post(&path, &json!({})).await
}

/// The secret of the link in the answer.
fn token(answer: &zhipei_tests::Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let url = answer.json()["url"].as_str().unwrap().to_owned();
    let (page, token) = url.split_once('#').unwrap();
    assert_eq!(page, "http://127.0.0.1:8080/staff/join");
    token.to_owned()
}

#[tokio::test]
async fn one_asks_for_an_account_another_approves_and_the_link_is_for_who_asked() {
    let Desks {
        app,
        system,
        security,
    } = desks().await;
    let id = ask(&system, &new_supervisor("wangjianguan")).await;
    let mut early = app.client();
    let answer = early.log_in_staff("wangjianguan", "whatever it is").await;
    assert_eq!(answer.problem(), "401 login_failed");

    assert_eq!(link(&system, &id).await.problem(), "409 link_not_due");
    let own = approve(&system, &id).await;
    assert_eq!(own.problem(), "403 own_approval");
    let approved = approve(&security, &id).await;
    assert_eq!(approved.status, 200, "{}", approved.text());
    let approved = approved.json();
    assert_eq!(approved["state"], "approved");
    assert_eq!(approved["decided_by"], "linqiang");
    assert_eq!(approved["link_due"], true);
    assert!(!approved.to_string().contains("/staff/join"));
    assert_eq!(link(&security, &id).await.problem(), "403 asker_only");
    let token = token(&link(&system, &id).await);
    app.accept_link(&token).await;
    let again = approve(&security, &id).await;
    assert_eq!(again.problem(), "409 approval_decided");
    let list = security.get("/api/approvals").await.json();
    assert_eq!(list["items"][0]["login_name"], "wangjianguan");
    assert_eq!(list["items"][0]["link_due"], false);
    assert!(!list.to_string().contains(&token));
    assert_eq!(link(&system, &id).await.problem(), "409 account_set_up");
}

#[tokio::test]
async fn mlps_05_a_lost_link_is_made_anew_and_the_former_one_is_dead() {
    let Desks {
        app,
        system,
        security,
    } = desks().await;
    let id = ask(&system, &new_supervisor("wangjianguan")).await;
    assert_eq!(approve(&security, &id).await.status, 200);
    let lost = token(&link(&system, &id).await);
    let kept = token(&link(&system, &id).await);
    let open = async |token: &str| {
        let body = json!({ "token": token });
        app.client().post("/api/staff/links/open", &body).await
    };
    assert_eq!(open(&lost).await.problem(), "410 invitation_over");
    assert_eq!(open(&kept).await.status, 200);
    // A link that nobody followed in its day is no loss either.
    app.clock.advance(25 * 3_600_000);
    assert_eq!(open(&kept).await.problem(), "410 invitation_over");
    let rows = zhipei_storage::audit::list(app.db().read()).await.unwrap();
    let made: Vec<_> = rows
        .iter()
        .filter(|row| row.action == "staff.make_link" && row.actor_kind == "staff")
        .collect();
    assert_eq!(made.len(), 2);
    assert_eq!(made[0].detail.as_deref(), Some("wangjianguan"));
}

#[tokio::test]
async fn who_asked_for_an_account_long_ago_gets_no_link_that_another_one_asked_for_since() {
    let Desks {
        app,
        system,
        security,
    } = desks().await;
    let first = ask(&system, &new_supervisor("wangjianguan")).await;
    assert_eq!(approve(&security, &first).await.status, 200);
    app.accept_link(&token(&link(&system, &first).await)).await;
    let accounts = zhipei_storage::staff_accounts::list(app.db().read()).await;
    let mut accounts = accounts.unwrap().into_iter();
    let account = accounts.find(|one| one.login_name.as_str() == "wangjianguan");
    let act = json!({ "kind": "reset_access", "staff_id": account.unwrap().id });
    let reset = ask(&security, &json!({ "reason": "手机丢失", "act": act })).await;
    assert_eq!(approve(&system, &reset).await.status, 200);
    assert_eq!(link(&system, &first).await.problem(), "409 link_not_due");
    assert_eq!(link(&system, &reset).await.problem(), "403 asker_only");
    let opened = json!({ "token": token(&link(&security, &reset).await) });
    let opened = app.client().post("/api/staff/links/open", &opened).await;
    assert_eq!(opened.json()["login_name"], "wangjianguan");
}

#[tokio::test]
async fn what_nobody_approves_in_a_day_is_over_and_a_refused_one_is_not_done() {
    let Desks {
        app,
        system,
        security,
    } = desks().await;
    let late = ask(&system, &new_supervisor("wangjianguan")).await;
    let refused = ask(&system, &new_supervisor("lijianguan")).await;
    let answer = security
        .post(&format!("/api/approvals/{refused}/refuse"), &json!({}))
        .await;
    assert_eq!(answer.json()["state"], "refused");
    assert_eq!(
        approve(&security, &refused).await.problem(),
        "409 approval_decided"
    );

    // Logins do not last a day: the last milliseconds are the domain's to test.
    app.clock.advance(Approval::GOOD_FOR_MS);
    let code = |staff: &zhipei_tests::TestStaff| json!({ "code": staff.code(app.clock.now()) });
    let third = app
        .staff("third", Role::SecurityAdministrator, Charge::Platform)
        .await;
    app.clock.advance(30_000);
    let mut client = app.client();
    client
        .log_in_staff("third", zhipei_tests::STAFF_PASSWORD)
        .await;
    assert_eq!(client.give_code(&code(&third)).await.status, 200);
    assert_eq!(
        approve(&client, &late).await.problem(),
        "409 approval_expired"
    );
    let accounts = zhipei_storage::staff_accounts::list(app.db().read())
        .await
        .unwrap();
    assert_eq!(accounts.len(), 3);
}

#[tokio::test]
async fn mlps_07_no_way_leads_to_an_account_with_two_of_the_three_duties() {
    let Desks {
        app: _app,
        system,
        security,
    } = desks().await;
    let me = security.get("/api/staff/me").await.json();
    for (roles, problem) in [
        (
            json!(["system_administrator", "audit_administrator"]),
            "422 duties_apart",
        ),
        (
            json!(["security_administrator", "supervisor"]),
            "422 duties_apart",
        ),
        (json!(["supervisor"]), "422 charge_unfit"),
        (json!([]), "422 role_missing"),
        (json!(["root"]), "422 invalid_body"),
    ] {
        let act =
            json!({ "kind": "change_duties", "staff_id": me["id"], "duties": { "roles": roles } });
        let answer = system
            .post(
                "/api/approvals",
                &json!({ "reason": "调整岗位", "act": act }),
            )
            .await;
        assert_eq!(answer.problem(), problem, "{roles}");
    }
}

#[tokio::test]
async fn other_roles_need_a_second_person_and_end_the_logins_of_the_account() {
    let Desks {
        app,
        system,
        security,
    } = desks().await;
    let agent = app
        .staff("agent", Role::HelpDeskAgent, Charge::Platform)
        .await;
    let at_work = app.staff_logged_in(&agent).await;
    let act = json!({
        "kind": "change_duties",
        "staff_id": agent.account.id,
        "duties": { "roles": ["audit_administrator"] },
    });
    let body = json!({ "reason": "转任审计管理员", "act": act });
    let id = ask(&security, &body).await;
    assert_eq!(approve(&security, &id).await.problem(), "403 own_approval");
    assert_eq!(
        at_work.get("/api/audit-events").await.problem(),
        "403 not_allowed"
    );
    assert_eq!(approve(&system, &id).await.status, 200);
    assert_eq!(
        at_work.get("/api/staff/me").await.problem(),
        "401 login_revoked"
    );
    let anew = app.staff_logged_in(&agent).await;
    assert_eq!(anew.get("/api/audit-events").await.status, 200);
}

#[tokio::test]
async fn nobody_approves_what_is_about_their_own_account() {
    let Desks {
        app: _app,
        system,
        security,
    } = desks().await;
    let me = security.get("/api/staff/me").await.json();
    let act = json!({ "kind": "reset_access", "staff_id": me["id"] });
    let id = ask(&system, &json!({ "reason": "手机丢失", "act": act })).await;
    assert_eq!(approve(&security, &id).await.problem(), "403 own_approval");
}

#[tokio::test]
async fn a_reset_takes_the_old_ways_in_away_and_gives_a_link() {
    let Desks {
        app,
        system,
        security,
    } = desks().await;
    let agent = app
        .staff("agent", Role::HelpDeskAgent, Charge::Platform)
        .await;
    let at_work = app.staff_logged_in(&agent).await;
    let act = json!({ "kind": "reset_access", "staff_id": agent.account.id });
    let id = ask(&system, &json!({ "reason": "手机丢失", "act": act })).await;
    assert_eq!(approve(&security, &id).await.status, 200);
    assert_eq!(
        at_work.get("/api/staff/me").await.problem(),
        "401 login_revoked"
    );
    let mut client = app.client();
    let old = client
        .log_in_staff("agent", zhipei_tests::STAFF_PASSWORD)
        .await;
    assert_eq!(old.problem(), "401 login_failed");
    let token = token(&link(&system, &id).await);
    // The old password is one of the last five.
    let opened = app
        .client()
        .post("/api/staff/links/open", &json!({ "token": token }))
        .await
        .json();
    let secret = opened["totp_secret"].as_str().unwrap();
    assert_ne!(secret, agent.totp_secret);
    let code = zhipei_tests::code(secret, app.clock.now());
    let accept = async |password: &str| {
        let given = json!({ "token": token, "password": password, "code": code });
        app.client().post("/api/staff/links/accept", &given).await
    };
    assert_eq!(
        accept(zhipei_tests::STAFF_PASSWORD).await.problem(),
        "422 weak_password"
    );
    assert_eq!(accept("Wenchang-Jizai 88").await.status, 200);
}

#[tokio::test]
async fn a_reason_is_two_to_two_hundred_characters_and_names_exist_once() {
    let Desks {
        app: _app, system, ..
    } = desks().await;
    let with = async |reason: &str, login_name: &str| {
        let mut body = new_supervisor(login_name);
        body["reason"] = json!(reason);
        system.post("/api/approvals", &body).await
    };
    for bad in ["", "好", " 好 ", &"好".repeat(201), "好\n好"] {
        let answer = with(bad, "wangjianguan").await;
        assert_eq!(answer.problem(), "422 reason_invalid", "{bad:?}");
    }
    assert_eq!(with("新设", "wangjianguan").await.status, 200);
    assert_eq!(with(&"好".repeat(200), "wangjianguan").await.status, 200);
    assert_eq!(
        with("新设", "LinQiang").await.problem(),
        "409 login_name_taken"
    );
    let mut nowhere = new_supervisor("lijianguan");
    nowhere["act"]["duties"]["region"] = json!("999999");
    let answer = system.post("/api/approvals", &nowhere).await;
    assert_eq!(answer.problem(), "409 unknown_region");
    nowhere["act"]["duties"] = json!({
        "roles": ["institution_manager"],
        "institution_id": uuid::Uuid::nil(),
    });
    let answer = system.post("/api/approvals", &nowhere).await;
    assert_eq!(answer.problem(), "409 unknown_institution");
}

#[tokio::test]
async fn mlps_07_an_administrator_is_put_out_of_office_by_two_and_the_last_of_a_duty_never() {
    let Desks {
        app,
        system,
        security,
    } = desks().await;
    let second = app
        .staff("second", Role::SystemAdministrator, Charge::Platform)
        .await;
    let invited = app
        .staff_link(
            "invited",
            Role::SecurityAdministrator,
            Charge::Platform,
            &[],
        )
        .await;
    let of_second = second.account.id;
    let me = security.get("/api/staff/me").await.json()["id"].clone();
    let limits = json!({ "ranges": ["203.0.113.9/32"], "last_day": null });
    for (path, body) in [("disable", json!({})), ("limits", limits)] {
        let path = format!("/api/staff/accounts/{of_second}/{path}");
        let alone = system.post(&path, &body).await;
        assert_eq!(alone.problem(), "409 approval_needed");
    }
    let act = |kind: &str, staff: &Value| json!({ "kind": kind, "staff_id": staff });
    let with = |act: Value| json!({ "reason": "已离职", "act": act });
    let limit = json!({
        "kind": "limit_staff", "staff_id": of_second, "ranges": ["127.0.0.0/8"],
        "last_day": "2027-01-31",
    });
    let id = ask(&system, &with(limit)).await;
    let listed = security.get("/api/approvals").await.json()["items"][0].clone();
    assert_eq!(listed["ranges"], json!(["127.0.0.0/8"]));
    assert_eq!(listed["account_expires_at"], "2027-01-31T16:00:00.000Z");
    assert_eq!(approve(&security, &id).await.status, 200);

    let id = ask(&system, &with(act("disable_staff", &json!(of_second)))).await;
    assert_eq!(approve(&security, &id).await.status, 200);
    let mut out = app.client();
    let refused = out
        .log_in_staff("second", zhipei_tests::STAFF_PASSWORD)
        .await;
    assert_eq!(refused.problem(), "403 account_closed");

    // Of each duty one is left: who was only invited is nobody yet.
    let third = app
        .staff("third", Role::SystemAdministrator, Charge::Platform)
        .await;
    let third = app.staff_logged_in(&third).await;
    let id = ask(&system, &with(act("disable_staff", &me))).await;
    let last = approve(&third, &id).await;
    assert_eq!(last.problem(), "409 last_of_duty");
    let mut other_duties = act("change_duties", &me);
    other_duties["duties"] = json!({ "roles": ["help_desk_agent"] });
    let id = ask(&system, &with(other_duties)).await;
    assert_eq!(approve(&third, &id).await.problem(), "409 last_of_duty");
    app.accept_link(&invited.1).await;
    assert_eq!(approve(&third, &id).await.status, 200);
}

#[tokio::test]
async fn what_was_asked_for_by_who_is_out_of_office_is_not_approved() {
    let Desks {
        app,
        system,
        security,
    } = desks().await;
    let second = app
        .staff("second", Role::SystemAdministrator, Charge::Platform)
        .await;
    let at_work = app.staff_logged_in(&second).await;
    let id = ask(&at_work, &new_supervisor("wangjianguan")).await;
    let listed = security.get("/api/approvals").await.json()["items"][0].clone();
    assert_eq!(listed["name"], "王监管");
    assert_eq!(listed["account_expires_at"], "2027-01-31T16:00:00.000Z");
    let act = json!({ "kind": "disable_staff", "staff_id": second.account.id });
    let out = ask(&system, &json!({ "reason": "已离职", "act": act })).await;
    assert_eq!(approve(&security, &out).await.status, 200);
    assert_eq!(approve(&security, &id).await.problem(), "409 asker_gone");
}
