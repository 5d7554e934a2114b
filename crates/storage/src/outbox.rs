//! The outbox: what is to be done after a commit, put there in the same transaction. A job carries it
//! out at least once; the id lets the other side see a repetition.

use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;
use zhipei_domain::UnixMs;

use crate::entity::outbox::{ActiveModel, Column, Entity};
use crate::scope::Unscoped;
use crate::{Result, Txn};

impl Unscoped for Entity {}

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errand {
    /// Its identity, given on to the other side.
    pub id: Uuid,
    /// What kind, as `sms`.
    pub kind: String,
    /// Sealed; see [`zhipei_vault::KeyRing::seal_in_transit`].
    pub payload: String,
    /// How often it was tried, this time included.
    pub attempts: u32,
    /// Pointless from here on.
    pub expires_at: Option<UnixMs>,
}

/// Puts one there, due at once.
pub async fn insert(
    txn: &Txn,
    id: Uuid,
    kind: &str,
    payload: &str,
    now: UnixMs,
    expires_at: Option<UnixMs>,
) -> Result<()> {
    let row = ActiveModel {
        id: Set(id),
        kind: Set(kind.to_owned()),
        payload: Set(payload.to_owned()),
        state: Set("waiting".to_owned()),
        attempts: Set(0),
        due_at: Set(now),
        expires_at: Set(expires_at),
        last_error: Set(None),
        created_at: Set(now),
        ended_at: Set(None),
    };
    row.insert(txn).await?;
    Ok(())
}

/// Takes up to `count` that are due; nobody else gets them before `again_at`, by when they are done,
/// postponed, or their taker is dead.
pub async fn take(txn: &Txn, now: UnixMs, again_at: UnixMs, count: u64) -> Result<Vec<Errand>> {
    let mut query = Entity::rows()
        .filter(Column::State.eq("waiting"))
        .filter(Expr::col(Column::DueAt).lte(now))
        .order_by_asc(Column::DueAt)
        .limit(count);
    if txn.get_database_backend() == DbBackend::Postgres {
        query = query.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    }
    let rows = query.all(txn).await?;
    Entity::update_many()
        .col_expr(Column::DueAt, Expr::value(again_at))
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .filter(Column::Id.is_in(rows.iter().map(|row| row.id)))
        .exec(txn)
        .await?;
    let errand = |row: crate::entity::outbox::Model| Errand {
        id: row.id,
        kind: row.kind,
        payload: row.payload,
        attempts: row.attempts.unsigned_abs() + 1,
        expires_at: row.expires_at,
    };
    Ok(rows.into_iter().map(errand).collect())
}

/// Tries again at `due_at`. `error` names the failure and nothing personal.
pub async fn postpone(txn: &Txn, id: Uuid, due_at: UnixMs, error: &str) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::DueAt, Expr::value(due_at))
        .col_expr(Column::LastError, Expr::value(error))
        .filter(Column::Id.eq(id))
        .exec(txn)
        .await?;
    Ok(())
}

/// It is over: done, or with an error dead. Its payload goes.
pub async fn end(txn: &Txn, id: Uuid, now: UnixMs, error: Option<&str>) -> Result<()> {
    let state = if error.is_none() { "done" } else { "dead" };
    Entity::update_many()
        .col_expr(Column::State, Expr::value(state))
        .col_expr(Column::Payload, Expr::value(""))
        .col_expr(Column::LastError, Expr::value(error))
        .col_expr(Column::EndedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .exec(txn)
        .await?;
    Ok(())
}

/// How many are `waiting`, `done` or `dead`.
pub async fn count(db: &impl ConnectionTrait, state: &str) -> Result<u64> {
    Ok(Entity::rows()
        .filter(Column::State.eq(state))
        .count(db)
        .await?)
}

/// How many wait whose payload was sealed by this master key.
pub async fn sealed_by(db: &impl ConnectionTrait, key_id: &str) -> Result<u64> {
    let by = |suite: &str| Expr::col(Column::Payload).like(format!("{suite}:{key_id}:%"));
    Ok(Entity::rows()
        .filter(by("intl").or(by("gm")))
        .count(db)
        .await?)
}

/// Drops what ended before `before`.
pub async fn delete_ended(txn: &Txn, before: UnixMs) -> Result<()> {
    Entity::delete_many()
        .filter(Expr::col(Column::EndedAt).lt(before))
        .exec(txn)
        .await?;
    Ok(())
}
