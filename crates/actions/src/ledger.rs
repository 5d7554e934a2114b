//! The audit trail's chain, and seals over the heads of all chains.

use zhipei_domain::{LearnerId, UnixMs};
use zhipei_ledger::{AuthKey, Body, Seal, SealRow, SigningKey};
use zhipei_storage::{Txn, audit, ledger};
use zhipei_vault::{PersonKey, Place};

use crate::Result;

/// Signs the heads that moved since the last seal; `None` when none did and one was signed before.
pub async fn seal(txn: &Txn, key: &SigningKey, now: UnixMs) -> Result<Option<Seal>> {
    let previous = match ledger::newest_seal(txn).await? {
        Some(stored) => Some(parse(&stored)?),
        None => None,
    };
    let (moved, entries) = ledger::moved_heads(txn).await?;
    if moved.is_empty() {
        return Ok(None);
    }
    let (seal, heads) = Seal::sign(key, previous.as_ref(), now, &moved, entries);
    ledger::insert_seal(txn, &seal, &heads).await?;
    Ok(Some(seal))
}

/// Lets rows of the audit trail join their chain; returns how many did.
pub async fn join_audit(txn: &Txn, key: &AuthKey, now: UnixMs) -> Result<usize> {
    Ok(audit::join(txn, key, now).await?)
}

fn parse(stored: &ledger::StoredSeal) -> Result<Seal> {
    let row = SealRow {
        number: stored.number.unsigned_abs(),
        at: stored.at,
        root: stored.root.as_bytes(),
        entries: stored.entries.unsigned_abs(),
        previous: stored.previous.as_bytes(),
        key_id: stored.key_id.as_bytes(),
        signature: stored.signature.as_bytes(),
    };
    let corrupt = zhipei_storage::Error::Corrupt("ledger_seal");
    Ok(row.parse().ok_or(corrupt)?)
}

/// Appends an entry to a learner's chain.
pub(crate) async fn append(
    txn: &Txn,
    key: &AuthKey,
    learner: LearnerId,
    now: UnixMs,
    body: impl Into<Body>,
) -> Result<()> {
    let mut chains = ledger::chains(txn, [learner]).await?;
    let chain = chains
        .get_mut(&learner)
        .expect("a chain was asked for the learner");
    let entry = chain.append(key, now, &body.into());
    Ok(ledger::append(txn, &[entry], &[*chain]).await?)
}

/// A personal text for an entry: it goes with the person's key, and the chain still verifies.
pub(crate) fn sealed(key: &PersonKey, text: &str) -> String {
    key.seal(Place::new("ledger_entry", "body"), text)
        .as_str()
        .to_owned()
}
