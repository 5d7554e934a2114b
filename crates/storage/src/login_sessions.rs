//! Logins (登录). Only the hash of a token is kept: a stolen database opens no session.

use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder,
};
use zhipei_domain::{
    Account, LearnerId, LoginEnd, LoginSession, LoginSessionId, LoginStage, StaffId, UnixMs,
};

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
    row.ok_or(Error::NotFound)?.try_into()
}

/// The login with this id, live or not.
pub async fn get(db: &impl ConnectionTrait, id: LoginSessionId) -> Result<LoginSession> {
    let row = Entity::rows().filter(Column::Id.eq(id.0)).one(db).await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// The complete logins of an account that are live at `now`, the newest first.
pub async fn list(
    db: &impl ConnectionTrait,
    account: Account,
    now: UnixMs,
) -> Result<Vec<LoginSession>> {
    let rows = Entity::rows()
        .filter(of(account))
        .filter(Column::Stage.eq(LoginStage::Complete.as_str()))
        .filter(Expr::col(Column::ExpiresAt).gt(now))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .all(db)
        .await?;
    let mut logins: Vec<LoginSession> = rows
        .into_iter()
        .map(LoginSession::try_from)
        .collect::<Result<_>>()?;
    logins.retain(|login| login.is_live(now));
    Ok(logins)
}

/// Adds one.
pub async fn insert(txn: &Txn, token_hash: &str, session: &LoginSession) -> Result<()> {
    let (learner_id, staff_id) = match session.account {
        Account::Learner(learner) => (Some(learner.0), None),
        Account::Staff(staff) => (None, Some(staff.0)),
    };
    let row = ActiveModel {
        token_hash: Set(token_hash.to_owned()),
        id: Set(session.id.0),
        learner_id: Set(learner_id),
        staff_id: Set(staff_id),
        stage: Set(session.stage.as_str().to_owned()),
        created_at: Set(session.created_at),
        last_seen_at: Set(session.last_seen_at),
        expires_at: Set(session.expires_at),
        ended: Set(session.ended.map(|end| end.as_str().to_owned())),
        new_device: Set(session.new_device),
        proved_at: Set(session.proved_at),
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

/// Notes that it is the learner who is there.
pub async fn prove(txn: &Txn, id: LoginSessionId, now: UnixMs) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::ProvedAt, Expr::value(now))
        .filter(Column::Id.eq(id.0))
        .exec(txn)
        .await?;
    Ok(())
}

/// Ends one, without a trace.
pub async fn delete(txn: &Txn, id: LoginSessionId) -> Result<()> {
    Entity::delete_many()
        .filter(Column::Id.eq(id.0))
        .exec(txn)
        .await?;
    Ok(())
}

/// Ends all logins of an account, save one, and keeps why, so that whoever holds them is told.
/// Returns the ones that it ended.
pub async fn end_others(
    txn: &Txn,
    account: Account,
    kept: Option<LoginSessionId>,
    why: LoginEnd,
) -> Result<Vec<LoginSessionId>> {
    let rows = Entity::rows()
        .filter(of(account))
        .filter(Column::Ended.is_null())
        .all(txn)
        .await?;
    let ended: Vec<_> = rows
        .iter()
        .map(|row| LoginSessionId(row.id))
        .filter(|id| Some(*id) != kept)
        .collect();
    Entity::update_many()
        .col_expr(Column::Ended, Expr::value(why.as_str()))
        .filter(Column::Id.is_in(ended.iter().map(|id| id.0)))
        .exec(txn)
        .await?;
    Ok(ended)
}

/// Ends one login of an account; [`Error::NotFound`] when it has no such login.
pub async fn end(txn: &Txn, account: Account, id: LoginSessionId, why: LoginEnd) -> Result<()> {
    let done = Entity::update_many()
        .col_expr(Column::Ended, Expr::value(why.as_str()))
        .filter(of(account))
        .filter(Column::Id.eq(id.0))
        .filter(Column::Ended.is_null())
        .exec(txn)
        .await?;
    if done.rows_affected == 0 {
        return Err(Error::NotFound);
    }
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

/// Removes all logins of a learner; returns which.
pub async fn delete_all(txn: &Txn, learner: LearnerId) -> Result<Vec<LoginSessionId>> {
    let rows = Entity::rows()
        .filter(Column::LearnerId.eq(learner.0))
        .all(txn)
        .await?;
    Entity::delete_many()
        .filter(Column::LearnerId.eq(learner.0))
        .exec(txn)
        .await?;
    Ok(rows.into_iter().map(|row| LoginSessionId(row.id)).collect())
}

/// Removes the rows of an account that have run out, so that they do not pile up.
pub async fn delete_expired(txn: &Txn, account: Account, now: UnixMs) -> Result<()> {
    Entity::delete_many()
        .filter(of(account))
        .filter(Expr::col(Column::ExpiresAt).lte(now))
        .exec(txn)
        .await?;
    Ok(())
}

fn of(account: Account) -> SimpleExpr {
    match account {
        Account::Learner(learner) => Column::LearnerId.eq(learner.0),
        Account::Staff(staff) => Column::StaffId.eq(staff.0),
    }
}

impl TryFrom<Model> for LoginSession {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        let account = match (row.learner_id, row.staff_id) {
            (Some(learner), None) => Account::Learner(LearnerId(learner)),
            (None, Some(staff)) => Account::Staff(StaffId(staff)),
            _ => return Err(Error::Corrupt("login_session.learner_id")),
        };
        let ended = row.ended.as_deref().map(|text| {
            let end = LoginEnd::parse(text);
            end.ok_or(Error::Corrupt("login_session.ended"))
        });
        Ok(Self {
            id: LoginSessionId(row.id),
            account,
            stage: LoginStage::parse(&row.stage).ok_or(Error::Corrupt("login_session.stage"))?,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            expires_at: row.expires_at,
            ended: ended.transpose()?,
            new_device: row.new_device,
            proved_at: row.proved_at,
            user_agent: row.user_agent,
            ip: row.ip,
        })
    }
}
