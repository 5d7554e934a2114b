use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::json;
use uuid::Uuid;
use zhipei_domain::{Charge, RegionCode, Role};
use zhipei_ledger::Finding;
use zhipei_server::verify;
use zhipei_storage::audit;
use zhipei_tests::TestApp;

async fn tamper(app: &TestApp, sql: &str) {
    let statement = Statement::from_string(app.db().backend(), sql);
    let done = app.db().read().execute_raw(statement).await.unwrap();
    assert!(done.rows_affected() > 0, "{sql}");
}

async fn join(app: &TestApp) -> usize {
    let (key, now) = (&app.keys.ledger_mac, app.clock.now());
    app.db()
        .write(async |txn| zhipei_actions::ledger::join_audit(txn, key, now).await)
        .await
        .unwrap()
}

async fn findings(app: &TestApp) -> Vec<Finding> {
    let report = verify(app.db(), &app.keys, None, None).await.unwrap();
    assert!(report.audit_rows > 0);
    report.findings
}

/// A server with some rows in its trail, joined to the chain; the ids of the rows.
async fn scene() -> (TestApp, Vec<Uuid>) {
    let app = TestApp::spawn().await;
    let learner = app.learner("fuxiuying").await;
    app.logged_in(&learner).await;
    app.staff("shenji", Role::AuditAdministrator, Charge::Platform)
        .await;
    assert!(join(&app).await >= 4);
    assert_eq!(
        join(&app).await,
        0,
        "a second time there is nothing to join"
    );
    let rows = audit::list(app.db().read()).await.unwrap();
    (app, rows.iter().map(|row| row.id).collect())
}

/// An id as the database writes it in a statement.
fn literal(app: &TestApp, id: Uuid) -> String {
    match app.db().backend() {
        sea_orm::DbBackend::Sqlite => format!("x'{}'", id.simple()),
        _ => format!("'{id}'"),
    }
}

#[tokio::test]
async fn mlps_10_an_untouched_trail_verifies_also_what_has_not_joined_the_chain_yet() {
    let (app, _) = scene().await;
    assert_eq!(findings(&app).await, []);
    app.learner("wanghaibo").await;
    assert_eq!(findings(&app).await, []);
    app.clock.advance(3_600_000);
    join(&app).await;
    assert_eq!(findings(&app).await, []);
}

#[tokio::test]
async fn mlps_10_a_changed_row_is_named() {
    let (app, ids) = scene().await;
    let id = literal(&app, ids[1]);
    tamper(
        &app,
        &format!("update audit_event set detail = 'x' where id = {id}"),
    )
    .await;
    assert_eq!(
        findings(&app).await,
        [Finding::AuditRowWrong { id: ids[1] }]
    );
}

#[tokio::test]
async fn mlps_10_a_dropped_row_is_named() {
    let (app, ids) = scene().await;
    let id = literal(&app, ids[2]);
    tamper(
        &app,
        &format!("delete from audit_link where event_id = {id}"),
    )
    .await;
    tamper(&app, &format!("delete from audit_event where id = {id}")).await;
    assert_eq!(
        findings(&app).await,
        [Finding::AuditRowMissing { id: ids[2], seq: 1 }]
    );
}

#[tokio::test]
async fn mlps_10_an_inserted_row_is_named_and_never_joins_the_chain() {
    let (app, ids) = scene().await;
    let (old, new) = (literal(&app, ids[0]), literal(&app, Uuid::from_u128(5)));
    tamper(
        &app,
        &format!(
            "insert into audit_event (id, at, actor_kind, action, result, mac) \
             select {new}, at, actor_kind, action, result, mac from audit_event where id = {old}"
        ),
    )
    .await;
    let id = Uuid::from_u128(5);
    assert_eq!(findings(&app).await, [Finding::AuditRowWrong { id }]);
    assert_eq!(join(&app).await, 0);
    assert_eq!(findings(&app).await, [Finding::AuditRowWrong { id }]);
}

#[tokio::test]
async fn mlps_10_a_dropped_tail_is_named_once_it_was_sealed() {
    let (app, ids) = scene().await;
    let (key, now) = (&app.keys.ledger_signing, app.clock.now());
    let sealed = app
        .db()
        .write(async |txn| zhipei_actions::ledger::seal(txn, key, now).await)
        .await;
    assert!(sealed.unwrap().is_some());
    for table in ["audit_link", "audit_event", "ledger_entry", "ledger_chain"] {
        tamper(&app, &format!("delete from {table}")).await;
    }
    app.learner("wanghaibo").await;
    let found = findings(&app).await;
    let tail = |finding: &Finding| matches!(finding, Finding::TailMissing { sealed: 1, .. });
    assert!(found.iter().any(tail), "{found:?} of {} rows", ids.len());
}

#[tokio::test]
async fn mlps_08_the_audit_administrator_finds_who_looked_at_a_learner_and_is_seen_looking() {
    let app = TestApp::spawn().await;
    let learner = app.learner("fuxiuying").await;
    let id = learner.learner.id.to_string();
    let region = Charge::Region(RegionCode::parse("469002").unwrap());
    let supervisor = app.staff("qionghai", Role::Supervisor, region).await;
    let at_work = app.staff_logged_in(&supervisor).await;
    let seen = at_work
        .get(&format!("/api/supervision/learners/{id}"))
        .await;
    assert_eq!(seen.status, 200, "{}", seen.text());

    let auditor = app
        .staff("shenji", Role::AuditAdministrator, Charge::Platform)
        .await;
    let client = app.staff_logged_in(&auditor).await;
    let looks = client
        .get("/api/audit-events?object=fuxiuying&action=learner.view")
        .await
        .json();
    assert_eq!(looks["items"].as_array().unwrap().len(), 1, "{looks}");
    let look = &looks["items"][0];
    assert_eq!(look["actor_name"], "qionghai");
    assert_eq!(look["actor_roles"], "supervisor");
    assert_eq!(look["object_id"], json!(id));
    assert_eq!(look["ip"], "127.0.0.1");
    assert_eq!(look["result"], "ok");
    assert!(look["request_id"].is_string(), "MLPS-09");

    let own = client
        .get("/api/audit-events?actor=shenji&action=audit")
        .await
        .json();
    assert_eq!(own["items"][0]["action"], "audit.search");
    assert_eq!(own["items"][0]["object_id"], json!(id));
}

#[tokio::test]
async fn the_trail_is_searched_by_day_result_and_page_and_asks_are_strict() {
    let app = TestApp::spawn().await;
    let auditor = app
        .staff("shenji", Role::AuditAdministrator, Charge::Platform)
        .await;
    for _ in 0..201 {
        app.db()
            .write(async |txn| {
                let by = zhipei_domain::Actor::System;
                zhipei_actions::look::at_learners(txn, &by, &[], app.clock.now()).await
            })
            .await
            .unwrap();
    }
    let client = app.staff_logged_in(&auditor).await;
    let first = client.get("/api/audit-events?action=learner").await.json();
    assert_eq!(first["items"].as_array().unwrap().len(), 200);
    let next = first["next"].as_str().unwrap();
    let rest = client
        .get(&format!("/api/audit-events?action=learner&after={next}"))
        .await
        .json();
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    assert_eq!(rest["next"], json!(null));
    for (ask, found) in [
        ("from=2026-11-24&to=2026-11-24&action=learner.list", true),
        ("to=2026-11-23", false),
        ("from=2026-11-25", false),
        ("result=failed", false),
        ("action=learn", false),
    ] {
        let items = client.get(&format!("/api/audit-events?{ask}")).await.json();
        assert_eq!(
            !items["items"].as_array().unwrap().is_empty(),
            found,
            "{ask}"
        );
    }
    for bad in ["from=today", "after=x", "who=me", "action=a&action=b"] {
        let refused = client.get(&format!("/api/audit-events?{bad}")).await;
        assert_eq!(refused.problem(), "422 invalid_body", "ASVS-43: {bad}");
    }
}
