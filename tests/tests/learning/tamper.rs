//! Nobody changes a record unnoticed: `zhipei verify` names what was done.

use sea_orm::{ConnectionTrait as _, Statement};
use zhipei_ledger::Finding;
use zhipei_server::verify;

use crate::player::{Scene, checked};

/// A learner with an hour's ledger, sealed in the middle.
pub(crate) async fn scene() -> Scene {
    let scene = Scene::new(&[300_000], checked()).await;
    let mut ana = scene.player("pc").await;
    ana.open(0).await;
    for n in 0..3 {
        ana.play(n * 60_000, 60_000).await;
        ana.pass().await;
    }
    ana.close().await;
    seal(&scene).await;
    scene
}

async fn seal(scene: &Scene) {
    let (key, now) = (&scene.app.keys.ledger_signing, scene.app.clock.now());
    let sealed = scene
        .app
        .db()
        .write(async |txn| zhipei_actions::ledger::seal(txn, key, now).await)
        .await
        .unwrap();
    assert!(sealed.is_some());
}

/// Changes the database as somebody with all rights on it could.
async fn tamper(scene: &Scene, sql: &str) {
    let db = scene.app.db();
    let done = db
        .read()
        .execute_raw(Statement::from_string(db.backend(), sql))
        .await
        .unwrap();
    assert!(done.rows_affected() > 0, "{sql}");
}

async fn findings(scene: &Scene) -> Vec<Finding> {
    let report = verify(scene.app.db(), &scene.app.keys, None, None)
        .await
        .unwrap();
    assert!(report.entries > 0 || !report.findings.is_empty());
    report.findings
}

#[tokio::test]
async fn an_untouched_ledger_verifies() {
    let scene = scene().await;
    assert_eq!(findings(&scene).await, []);
}

#[tokio::test]
async fn one_flipped_byte_of_an_entry_is_named() {
    let scene = scene().await;
    let sql = "update ledger_entry set body = replace(body, '\"ms\":60000', '\"ms\":60001') where seq = 2";
    tamper(&scene, sql).await;
    let found = findings(&scene).await;
    assert!(
        found
            .iter()
            .any(|f| matches!(f, Finding::EntryAltered { seq: 2, .. })),
        "{found:?}"
    );
}

#[tokio::test]
async fn one_changed_interval_is_named() {
    let scene = scene().await;
    tamper(
        &scene,
        "update learning_interval set ms = ms + 1 where media_from = 0",
    )
    .await;
    let found = findings(&scene).await;
    assert!(
        found
            .iter()
            .any(|f| matches!(f, Finding::IntervalChanged { field: "ms", .. })),
        "{found:?}"
    );
}

#[tokio::test]
async fn a_deleted_interval_and_an_invented_one_are_named() {
    let scene = scene().await;
    tamper(&scene, "delete from learning_interval where media_from = 0").await;
    let found = findings(&scene).await;
    assert!(
        found
            .iter()
            .any(|f| matches!(f, Finding::IntervalMissing { .. })),
        "{found:?}"
    );
}

#[tokio::test]
async fn a_deleted_entry_is_named() {
    let scene = scene().await;
    tamper(&scene, "delete from ledger_entry where seq = 3").await;
    let found = findings(&scene).await;
    assert!(
        found
            .iter()
            .any(|f| matches!(f, Finding::EntriesMissing { from: 3, to: 3, .. })),
        "{found:?}"
    );
}

#[tokio::test]
async fn an_inserted_entry_is_named() {
    let scene = scene().await;
    let sql = "insert into ledger_entry (learner_id, seq, kind, at, body, mac) \
               select learner_id, seq + 100, kind, at, body, mac from ledger_entry where seq = 2";
    tamper(&scene, sql).await;
    let found = findings(&scene).await;
    assert!(!found.is_empty());
    assert!(
        found.iter().any(|f| f.to_string().contains("102")),
        "{found:?}"
    );
}

#[tokio::test]
async fn a_tail_deleted_after_its_head_was_signed_is_named() {
    let scene = scene().await;
    let last = "(select max(seq) from ledger_entry)";
    tamper(
        &scene,
        &format!("delete from ledger_entry where seq >= {last}"),
    )
    .await;
    let head = "update ledger_chain set seq = (select max(seq) from ledger_entry), \
                mac = (select mac from ledger_entry order by seq desc limit 1)";
    tamper(&scene, head).await;
    let found = findings(&scene).await;
    assert!(
        found
            .iter()
            .any(|f| matches!(f, Finding::TailMissing { .. })),
        "{found:?}"
    );
}

#[tokio::test]
async fn a_suffix_hashed_anew_without_the_key_is_named() {
    let scene = scene().await;
    let sql = "update ledger_entry set body = replace(body, 'passed', 'missed'), \
               mac = '00000000000000000000000000000000000000000000000000000000000000aa' where seq >= 3";
    tamper(&scene, sql).await;
    let found = findings(&scene).await;
    assert!(!found.is_empty());
    assert!(
        found.iter().any(|f| f.to_string().contains('3')),
        "{found:?}"
    );
}
