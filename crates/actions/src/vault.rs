//! The keys of the vault: wrapping those of persons anew.

use uuid::Uuid;
use zhipei_domain::{Actor, UnixMs};
use zhipei_storage::{Txn, person_keys, staff_accounts};
use zhipei_vault::{KeyRing, Sealed};

use crate::Result;
use crate::audit::done;

/// Persons whose keys are wrapped anew in one transaction.
const AT_ONCE: u64 = 1_000;

/// Wraps some more keys by the newest master key, from the person after `after` on. Returns the last one
/// looked at and how many were wrapped anew; `None` when all are.
pub async fn rewrap(txn: &Txn, vault: &KeyRing, after: Uuid) -> Result<Option<(Uuid, u64)>> {
    Ok(person_keys::rewrap(txn, vault, after, AT_ONCE).await?)
}

/// Wraps the keys of all staff by the newest master key. Returns how many were not yet.
pub async fn rewrap_staff(txn: &Txn, vault: &KeyRing) -> Result<u64> {
    let mut done = 0;
    for (staff, wrapped) in staff_accounts::wrapped_keys(txn).await? {
        let wrapped = Sealed::parse(&wrapped).map_err(zhipei_storage::Error::Vault)?;
        let fresh = vault
            .rewrap(staff.0, &wrapped)
            .map_err(zhipei_storage::Error::Vault)?;
        if let Some(fresh) = fresh {
            staff_accounts::set_wrapped_key(txn, staff, fresh.as_str()).await?;
            done += 1;
        }
    }
    Ok(done)
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
