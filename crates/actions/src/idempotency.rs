//! Requests that are carried out once, however often they arrive: the client names each by a key, and the
//! effect, the key and the answer are of one transaction.

use uuid::Uuid;
use zhipei_domain::UnixMs;
use zhipei_storage::idempotent_requests::{self as requests, Carried};
use zhipei_storage::{Db, Txn};
use zhipei_vault::KeyRing;

use crate::{Error, Result};

/// A repetition is known for so long.
const KEPT_MS: i64 = 86_400_000;

/// The name of a request, and what it was.
#[derive(Clone, Debug)]
pub struct RequestKey {
    caller: String,
    key: Uuid,
    request_mac: String,
}

impl RequestKey {
    /// `caller` is who asks: the same key of another one is another request. Of the request only a keyed hash
    /// is kept.
    pub fn new(vault: &KeyRing, caller: &str, key: Uuid, route: &str, body: &[u8]) -> Self {
        let request_mac = vault.index().mac("request", &[route.as_bytes(), body]);
        Self {
            caller: caller.to_owned(),
            key,
            request_mac,
        }
    }
}

/// What became of a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Once<T> {
    /// It was carried out now.
    Now(T),
    /// It was carried out before, with this answer.
    Before(String),
    /// Another request was carried out under the key.
    OtherRequest,
}

/// Carries a request out, unless it was. `answer` gives what a repetition is to be told, without anything
/// personal; `None` where nothing was done that must not be done again.
pub async fn once<T>(
    db: &Db,
    key: Option<&RequestKey>,
    now: UnixMs,
    work: impl AsyncFnOnce(&Txn) -> Result<T>,
    answer: impl FnOnce(&T) -> Option<String>,
) -> Result<Once<T>> {
    let Some(key) = key else {
        return Ok(Once::Now(db.write(work).await?));
    };
    if let Some(before) = before(db, key).await? {
        return Ok(before);
    }
    let mut kept = false;
    let done = db
        .write(async |txn| {
            let done = work(txn).await?;
            if let Some(response) = answer(&done) {
                kept = true;
                let carried = Carried {
                    request_mac: key.request_mac.clone(),
                    response,
                };
                requests::insert(txn, &key.caller, key.key, &carried, now).await?;
            }
            Ok::<_, Error>(done)
        })
        .await;
    match done {
        Ok(done) if kept => Ok(Once::Now(done)),
        // The same request may have won the race: then this one did nothing, or failed, because that one
        // was done.
        Ok(done) => Ok(before(db, key).await?.unwrap_or(Once::Now(done))),
        Err(error) => Ok(before(db, key).await?.ok_or(error)?),
    }
}

/// Forgets what is too old to be repeated.
pub async fn tidy(txn: &Txn, now: UnixMs) -> Result<()> {
    Ok(requests::delete_old(txn, now - KEPT_MS).await?)
}

async fn before<T>(db: &Db, key: &RequestKey) -> Result<Option<Once<T>>> {
    let carried = requests::get(db.read(), &key.caller, key.key).await?;
    Ok(carried.map(|carried| {
        if carried.request_mac == key.request_mac {
            Once::Before(carried.response)
        } else {
            Once::OtherRequest
        }
    }))
}
