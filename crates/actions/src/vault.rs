//! The keys of the vault: wrapping those of persons anew.

use uuid::Uuid;
use zhipei_domain::{Actor, UnixMs};
use zhipei_storage::{Txn, person_keys};
use zhipei_vault::KeyRing;

use crate::Result;
use crate::audit::done;

/// Persons whose keys are wrapped anew in one transaction.
const AT_ONCE: u64 = 1_000;

/// Wraps some more keys by the newest master key, from the person after `after` on. Returns the last one
/// looked at and how many were wrapped anew; `None` when all are.
pub async fn rewrap(txn: &Txn, vault: &KeyRing, after: Uuid) -> Result<Option<(Uuid, u64)>> {
    Ok(person_keys::rewrap(txn, vault, after, AT_ONCE).await?)
}

/// Notes that a rotation is over.
pub async fn rotated(
    txn: &Txn,
    vault: &KeyRing,
    by: &Actor,
    now: UnixMs,
    persons: u64,
) -> Result<()> {
    let count = persons.to_string();
    done(txn, by, now, "vault.rotate", "key", vault.newest(), &count).await
}

/// Notes that a master key is destroyed.
pub async fn retired(txn: &Txn, by: &Actor, now: UnixMs, key: &str) -> Result<()> {
    done(txn, by, now, "vault.retire", "key", key, "").await
}
