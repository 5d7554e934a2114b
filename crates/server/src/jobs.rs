//! What the process does by itself, again and again.

use std::time::Duration;

use tokio::task::JoinHandle;
use zhipei_actions::ledger;
use zhipei_ledger::SigningKey;
use zhipei_storage::{Clock, Db};

/// How often the heads of all chains are signed.
const SEAL_EVERY: Duration = Duration::from_mins(10);

/// Signs the heads of all chains every ten minutes; with several nodes the first one does it.
pub(crate) fn seal_heads(db: Db, clock: Clock, key: SigningKey) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(SEAL_EVERY).await;
            seal(&db, &clock, &key).await;
        }
    })
}

/// Signs the heads that moved since the last seal.
pub(crate) async fn seal(db: &Db, clock: &Clock, key: &SigningKey) {
    let now = clock.now();
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
