//! The outbox: putting messages there, and what becomes of them.

use uuid::Uuid;
use zhipei_domain::{Phone, SmsMessage, SmsWords, UnixMs};
use zhipei_storage::outbox::{self, Errand};
use zhipei_storage::{Error, Txn};
use zhipei_vault::{KeyRing, Place, Sealed};

use crate::Result;

const PAYLOAD: Place = Place::new("outbox", "payload");
/// Whoever took an errand has so long before another one takes it.
const LEASE_MS: i64 = 60_000;
/// The first repetition comes after so long, each next one after twice as long.
const FIRST_WAIT_MS: i64 = 5_000;
/// After so many tries an errand is dead.
const MOST_TRIES: u32 = 6;
/// Errands in one go: one after another, of at most ten seconds each, they end within the lease.
const AT_ONCE: u64 = 4;
/// What ended is dropped after so long.
const KEPT_MS: i64 = 30 * 86_400_000;

/// Puts an SMS there. Nothing of it can be read in the database.
pub(crate) async fn queue_sms(
    txn: &Txn,
    vault: &KeyRing,
    now: UnixMs,
    phone: &Phone,
    words: &SmsWords,
    expires_at: Option<UnixMs>,
) -> Result<()> {
    queue(txn, vault, now, "sms", phone, words, expires_at).await
}

/// Puts something there that looks and costs like an SMS and is not sent: for who has no account.
pub(crate) async fn queue_decoy(
    txn: &Txn,
    vault: &KeyRing,
    now: UnixMs,
    phone: &Phone,
    words: &SmsWords,
    expires_at: Option<UnixMs>,
) -> Result<()> {
    queue(txn, vault, now, "none", phone, words, expires_at).await
}

async fn queue(
    txn: &Txn,
    vault: &KeyRing,
    now: UnixMs,
    kind: &str,
    phone: &Phone,
    words: &SmsWords,
    expires_at: Option<UnixMs>,
) -> Result<()> {
    let id = Uuid::now_v7();
    let plain = serde_json::to_string(&(phone.as_str(), words)).expect("words are JSON");
    let payload = vault.seal_in_transit(PAYLOAD, id, &plain);
    Ok(outbox::insert(txn, id, kind, payload.as_str(), now, expires_at).await?)
}

/// Takes what is due.
pub async fn take(txn: &Txn, now: UnixMs) -> Result<Vec<Errand>> {
    Ok(outbox::take(txn, now, now + LEASE_MS, AT_ONCE).await?)
}

/// The SMS that an errand is; `None` for one that is not to be sent.
pub fn sms(vault: &KeyRing, errand: &Errand) -> Result<Option<SmsMessage>> {
    if errand.kind != "sms" {
        return Ok(None);
    }
    let corrupt = || Error::Corrupt("outbox.payload");
    let sealed = Sealed::parse(&errand.payload).map_err(Error::Vault)?;
    let plain = vault
        .open_in_transit(PAYLOAD, errand.id, &sealed)
        .map_err(Error::Vault)?;
    let (phone, words): (String, SmsWords) = serde_json::from_str(&plain).map_err(|_| corrupt())?;
    Ok(Some(SmsMessage {
        id: errand.id,
        phone: Phone::parse(&phone).map_err(|_| corrupt())?,
        words,
    }))
}

/// It is done.
pub async fn done(txn: &Txn, errand: &Errand, now: UnixMs) -> Result<()> {
    Ok(outbox::end(txn, errand.id, now, None).await?)
}

/// It failed. If another try can help and there is one left, it comes later; else it is dead, which
/// `true` says.
pub async fn failed(
    txn: &Txn,
    errand: &Errand,
    now: UnixMs,
    error: &str,
    temporary: bool,
) -> Result<bool> {
    let again_at = now + (FIRST_WAIT_MS << errand.attempts.clamp(1, 20).saturating_sub(1));
    let pointless = errand.expires_at.is_some_and(|until| again_at >= until);
    let dead = !temporary || pointless || errand.attempts >= MOST_TRIES;
    if dead {
        outbox::end(txn, errand.id, now, Some(error)).await?;
    } else {
        outbox::postpone(txn, errand.id, again_at, error).await?;
    }
    Ok(dead)
}

/// Drops what ended long ago.
pub async fn tidy(txn: &Txn, now: UnixMs) -> Result<()> {
    Ok(outbox::delete_ended(txn, now - KEPT_MS).await?)
}
