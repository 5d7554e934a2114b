//! What the process does by itself, again and again.

use std::time::Duration;

use tokio::task::JoinHandle;
use zhipei_actions::ledger;
use zhipei_ledger::AuthKey;
use zhipei_storage::{Clock, Db};

use crate::Keys;

/// How often the heads of all chains are signed.
const SEAL_EVERY: Duration = Duration::from_mins(10);
/// How often new rows of the audit trail join their chain. Until then a row that is dropped leaves no gap.
const JOIN_EVERY: Duration = Duration::from_secs(2);

/// Signs the heads of all chains every ten minutes; with several nodes the first one does it.
pub(crate) fn seal_heads(db: Db, clock: Clock, keys: Keys) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(SEAL_EVERY).await;
            seal(&db, &clock, &keys).await;
        }
    })
}

/// Lets new rows of the audit trail join their chain, again and again.
pub(crate) fn join_audit(db: Db, clock: Clock, key: AuthKey) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(JOIN_EVERY).await;
            join(&db, &clock, &key).await;
        }
    })
}

/// Lets new rows of the audit trail join their chain.
pub(crate) async fn join(db: &Db, clock: &Clock, key: &AuthKey) {
    let now = clock.now();
    let joined = db
        .write(async |txn| ledger::join_audit(txn, key, now).await)
        .await;
    match joined {
        // Another node let the same rows join a moment before.
        Ok(_) | Err(zhipei_actions::Error::Storage(zhipei_storage::Error::Conflict)) => {}
        Err(error) => tracing::error!(%error, "rows of the audit trail did not join their chain"),
    }
}

/// Signs the heads that moved since the last seal, the audit trail's included.
pub(crate) async fn seal(db: &Db, clock: &Clock, keys: &Keys) {
    join(db, clock, &keys.ledger_mac).await;
    let (key, now) = (&keys.ledger_signing, clock.now());
    match db
        .write(async |txn| ledger::seal(txn, key, now).await)
        .await
    {
        Ok(Some(seal)) => tracing::info!(
            seal.number = seal.number,
            seal.entries = seal.entries,
            "seal {} signed over {} entries",
            seal.number,
            seal.entries
        ),
        // Nothing moved, or another node signed the same number a moment before.
        Ok(None) | Err(zhipei_actions::Error::Storage(zhipei_storage::Error::Conflict)) => {}
        Err(error) => tracing::error!(%error, "the heads of the ledger were not sealed"),
    }
}
