//! Notices (消息) to learners.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use zhipei_domain::{LearnerId, Notice, NoticeId, NoticeKind, Scope, UnixMs};

use crate::entity::notice::{ActiveModel, Column, Entity, Model};
use crate::scope::Unscoped;
use crate::{Error, Result, Txn, learners};

impl Unscoped for Entity {}

/// A learner's notices before `before`, the newest first, `most` at most.
pub async fn of_learner(
    db: &impl ConnectionTrait,
    scope: &Scope,
    learner: LearnerId,
    before: Option<NoticeId>,
    most: u64,
) -> Result<Vec<Notice>> {
    learners::check_scope(db, scope, learner).await?;
    let mut query = Entity::rows().filter(Column::LearnerId.eq(learner.0));
    if let Some(before) = before {
        query = query.filter(Expr::col(Column::Id).lt(before.0));
    }
    // Ids are made in the order of time.
    let rows = query.order_by_desc(Column::Id).limit(most).all(db).await?;
    rows.into_iter().map(Notice::try_from).collect()
}

/// How many the learner has not read.
pub async fn unread(db: &impl ConnectionTrait, learner: LearnerId) -> Result<u64> {
    Ok(Entity::rows()
        .filter(Column::LearnerId.eq(learner.0))
        .filter(Column::ReadAt.is_null())
        .count(db)
        .await?)
}

/// Adds one.
pub async fn insert(txn: &Txn, notice: &Notice) -> Result<()> {
    let row = ActiveModel {
        id: Set(notice.id.0),
        learner_id: Set(notice.learner.0),
        kind: Set(notice.kind.as_str().to_owned()),
        body: Set(notice.body.clone()),
        created_at: Set(notice.created_at),
        read_at: Set(notice.read_at),
    };
    row.insert(txn).await?;
    Ok(())
}

/// Marks one as read, or all of the learner's; says how many were not.
pub async fn read(
    txn: &Txn,
    learner: LearnerId,
    one: Option<NoticeId>,
    now: UnixMs,
) -> Result<u64> {
    let mut update = Entity::update_many()
        .col_expr(Column::ReadAt, Expr::value(now))
        .filter(Column::LearnerId.eq(learner.0))
        .filter(Column::ReadAt.is_null());
    if let Some(one) = one {
        update = update.filter(Column::Id.eq(one.0));
    }
    Ok(update.exec(txn).await?.rows_affected)
}

/// Drops all of a learner's.
pub async fn erase(txn: &Txn, learner: LearnerId) -> Result<()> {
    Entity::delete_many()
        .filter(Column::LearnerId.eq(learner.0))
        .exec(txn)
        .await?;
    Ok(())
}

impl TryFrom<Model> for Notice {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        Ok(Self {
            id: NoticeId(row.id),
            learner: LearnerId(row.learner_id),
            kind: NoticeKind::parse(&row.kind).ok_or(Error::Corrupt("notice.kind"))?,
            body: row.body,
            created_at: row.created_at,
            read_at: row.read_at,
        })
    }
}
