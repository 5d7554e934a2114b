//! Logins (登录). Only the hash of a token is kept: a stolen database opens no session.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
};
use zhipei_domain::{LearnerId, LoginSession, LoginSessionId, UnixMs};

use crate::entity::login_session::{ActiveModel, Column, Entity, Model};
use crate::scope::Unscoped;
use crate::{Error, Result, Txn};

impl Unscoped for Entity {}

/// The login whose token has this hash, live or not.
pub async fn by_token_hash(db: &impl ConnectionTrait, hash: &str) -> Result<LoginSession> {
    let row = Entity::rows()
        .filter(Column::TokenHash.eq(hash))
        .one(db)
        .await?;
    row.map(LoginSession::from).ok_or(Error::NotFound)
}

/// The login with this id, live or not.
pub async fn get(db: &impl ConnectionTrait, id: LoginSessionId) -> Result<LoginSession> {
    let row = Entity::rows().filter(Column::Id.eq(id.0)).one(db).await?;
    row.map(LoginSession::from).ok_or(Error::NotFound)
}

/// Adds one.
pub async fn insert(txn: &Txn, token_hash: &str, session: &LoginSession) -> Result<()> {
    let row = ActiveModel {
        token_hash: Set(token_hash.to_owned()),
        id: Set(session.id.0),
        learner_id: Set(session.learner.0),
        created_at: Set(session.created_at),
        last_seen_at: Set(session.last_seen_at),
        expires_at: Set(session.expires_at),
        user_agent: Set(session.user_agent.clone()),
        ip: Set(session.ip.clone()),
    };
    row.insert(txn).await?;
    Ok(())
}

/// Notes activity at `now`, unless it was noted within the last minute.
pub async fn touch(txn: &Txn, id: LoginSessionId, now: UnixMs) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::LastSeenAt, Expr::value(now))
        .filter(Column::Id.eq(id.0))
        .filter(Column::LastSeenAt.lte(now - LoginSession::NOTED_EVERY_MS))
        .exec(txn)
        .await?;
    Ok(())
}

/// Ends one.
pub async fn delete(txn: &Txn, id: LoginSessionId) -> Result<()> {
    Entity::delete_many()
        .filter(Column::Id.eq(id.0))
        .exec(txn)
        .await?;
    Ok(())
}

/// Ends all logins of a learner, save one.
pub async fn delete_others(txn: &Txn, learner: LearnerId, kept: LoginSessionId) -> Result<u64> {
    let done = Entity::delete_many()
        .filter(Column::LearnerId.eq(learner.0))
        .filter(Column::Id.ne(kept.0))
        .exec(txn)
        .await?;
    Ok(done.rows_affected)
}

/// Removes the rows of a learner that have run out, so that they do not pile up.
pub async fn delete_expired(txn: &Txn, learner: LearnerId, now: UnixMs) -> Result<()> {
    Entity::delete_many()
        .filter(Column::LearnerId.eq(learner.0))
        .filter(Expr::col(Column::ExpiresAt).lte(now))
        .exec(txn)
        .await?;
    Ok(())
}

impl From<Model> for LoginSession {
    fn from(row: Model) -> Self {
        Self {
            id: LoginSessionId(row.id),
            learner: LearnerId(row.learner_id),
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            expires_at: row.expires_at,
            user_agent: row.user_agent,
            ip: row.ip,
        }
    }
}
