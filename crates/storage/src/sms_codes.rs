//! Codes sent by SMS, as keyed hashes, and how often they were sent.

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect,
};
use uuid::Uuid;
use zhipei_domain::{CodePurpose, SendHistory, UnixMs};

use crate::entity::{captcha, send_count, send_history, sms_code};
use crate::scope::Unscoped;
use crate::{Error, Result, Txn};

impl Unscoped for sms_code::Entity {}
impl Unscoped for send_count::Entity {}
impl Unscoped for send_history::Entity {}
impl Unscoped for captcha::Entity {}

const HOUR_MS: i64 = 3_600_000;

/// A code that was sent, or that a stranger believes was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCode {
    /// The ticket, which the client holds.
    pub id: Uuid,
    /// What for.
    pub purpose: CodePurpose,
    /// Blind index of the phone.
    pub phone_index: String,
    /// Keyed hash of the code with purpose, phone and ticket.
    pub code_mac: String,
    /// When it was sent.
    pub sent_at: UnixMs,
    /// Good before this.
    pub expires_at: UnixMs,
    /// Wrong tries so far.
    pub wrong_tries: u32,
    /// When it was given right.
    pub proved_at: Option<UnixMs>,
}

/// Keeps one.
pub async fn insert(txn: &Txn, code: &StoredCode) -> Result<()> {
    row(code).insert(txn).await?;
    Ok(())
}

/// The code of the ticket, to be changed: tries that come together are counted one by one.
pub async fn get_to_change(txn: &Txn, ticket: Uuid) -> Result<StoredCode> {
    let found = sms_code::Entity::rows()
        .filter(sms_code::Column::Id.eq(ticket))
        .lock_exclusive()
        .one(txn)
        .await?
        .ok_or(Error::NotFound)?;
    Ok(StoredCode {
        id: found.id,
        purpose: CodePurpose::parse(&found.purpose).ok_or(Error::Corrupt("sms_code.purpose"))?,
        phone_index: found.phone_index,
        code_mac: found.code_mac,
        sent_at: found.sent_at,
        expires_at: found.expires_at,
        wrong_tries: found.wrong_tries.unsigned_abs(),
        proved_at: found.proved_at,
    })
}

/// Keeps a try.
pub async fn update(txn: &Txn, code: &StoredCode) -> Result<()> {
    row(code).update(txn).await?;
    Ok(())
}

/// Takes a code out of use.
pub async fn delete(txn: &Txn, ticket: Uuid) -> Result<()> {
    sms_code::Entity::delete_by_id(ticket).exec(txn).await?;
    Ok(())
}

/// When `sender` (a phone's index, or a network) was served; held until the transaction ends, so
/// that requests that come together are counted one by one.
pub async fn history_to_change(txn: &Txn, sender: &str, now: UnixMs) -> Result<SendHistory> {
    let fresh = send_history::ActiveModel {
        sender: Set(sender.to_owned()),
        times: Set("[]".to_owned()),
        updated_at: Set(now),
    };
    // Taking the row also where it is new, so that two first requests cannot both see none.
    let take = OnConflict::column(send_history::Column::Sender)
        .update_column(send_history::Column::UpdatedAt)
        .to_owned();
    send_history::Entity::insert(fresh)
        .on_conflict(take)
        .exec_without_returning(txn)
        .await?;
    let row = send_history::Entity::rows()
        .filter(send_history::Column::Sender.eq(sender))
        .one(txn)
        .await?
        .ok_or(Error::NotFound)?;
    let times = serde_json::from_str(&row.times).map_err(|_| Error::Corrupt("send_history"))?;
    Ok(SendHistory::new(times))
}

/// Keeps the history of `sender`.
pub async fn keep_history(
    txn: &Txn,
    sender: &str,
    history: &SendHistory,
    now: UnixMs,
) -> Result<()> {
    let times = serde_json::to_string(history.times()).expect("numbers are JSON");
    send_history::Entity::update_many()
        .col_expr(send_history::Column::Times, Expr::value(times))
        .col_expr(send_history::Column::UpdatedAt, Expr::value(now))
        .filter(send_history::Column::Sender.eq(sender))
        .exec(txn)
        .await?;
    Ok(())
}

/// How many were counted of `sender` in the clock hour of `now` and those before it, `hours` in all.
pub async fn sent(txn: &Txn, sender: &str, hours: i64, now: UnixMs) -> Result<usize> {
    let sum: Option<Option<i64>> = send_count::Entity::rows()
        .select_only()
        .column_as(send_count::Column::Sent.sum(), "sent")
        .filter(send_count::Column::Sender.eq(sender))
        .filter(send_count::Column::Hour.gt(now / HOUR_MS - hours))
        .into_tuple()
        .one(txn)
        .await?;
    Ok(usize::try_from(sum.flatten().unwrap_or(0)).unwrap_or(0))
}

/// Counts one more of `sender`. Nobody waits for it: requests that come together may go a little beyond a limit
/// that is read before.
pub async fn count(txn: &Txn, sender: &str, now: UnixMs) -> Result<()> {
    let one = send_count::ActiveModel {
        sender: Set(sender.to_owned()),
        hour: Set(now / HOUR_MS),
        sent: Set(1),
    };
    let more = Expr::col((send_count::Entity, send_count::Column::Sent)).add(1);
    let add = OnConflict::columns([send_count::Column::Sender, send_count::Column::Hour])
        .value(send_count::Column::Sent, more)
        .to_owned();
    send_count::Entity::insert(one)
        .on_conflict(add)
        .exec_without_returning(txn)
        .await?;
    Ok(())
}

/// Keeps the keyed hash of what a picture says.
pub async fn insert_captcha(
    txn: &Txn,
    id: Uuid,
    answer_mac: &str,
    expires_at: UnixMs,
) -> Result<()> {
    let row = captcha::ActiveModel {
        id: Set(id),
        answer_mac: Set(answer_mac.to_owned()),
        expires_at: Set(expires_at),
    };
    row.insert(txn).await?;
    Ok(())
}

/// What the picture says, once: a second time it is gone, whatever was answered the first time.
pub async fn take_captcha(txn: &Txn, id: Uuid, now: UnixMs) -> Result<Option<String>> {
    let found = captcha::Entity::rows()
        .filter(captcha::Column::Id.eq(id))
        .filter(captcha::Column::ExpiresAt.gt(now))
        .one(txn)
        .await?;
    let gone = captcha::Entity::delete_by_id(id).exec(txn).await?;
    Ok(found
        .filter(|_| gone.rows_affected == 1)
        .map(|row| row.answer_mac))
}

/// Drops codes and pictures that are over, and histories that limit nothing any more.
pub async fn delete_old(txn: &Txn, now: UnixMs) -> Result<()> {
    sms_code::Entity::delete_many()
        .filter(Expr::col(sms_code::Column::ExpiresAt).lte(now))
        .exec(txn)
        .await?;
    captcha::Entity::delete_many()
        .filter(Expr::col(captcha::Column::ExpiresAt).lte(now))
        .exec(txn)
        .await?;
    send_count::Entity::delete_many()
        .filter(Expr::col(send_count::Column::Hour).lte(now / HOUR_MS - 24))
        .exec(txn)
        .await?;
    send_history::Entity::delete_many()
        .filter(Expr::col(send_history::Column::UpdatedAt).lte(now - 86_400_000))
        .exec(txn)
        .await?;
    Ok(())
}

fn row(code: &StoredCode) -> sms_code::ActiveModel {
    sms_code::ActiveModel {
        id: Set(code.id),
        purpose: Set(code.purpose.as_str().to_owned()),
        phone_index: Set(code.phone_index.clone()),
        code_mac: Set(code.code_mac.clone()),
        sent_at: Set(code.sent_at),
        expires_at: Set(code.expires_at),
        wrong_tries: Set(code.wrong_tries as i32),
        proved_at: Set(code.proved_at),
    }
}
