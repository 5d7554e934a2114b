//! Requests to be erased (注销), and when their keys go.

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use zhipei_domain::{Erasure, LearnerId, UnixMs};

use crate::entity::erasure::{ActiveModel, Column, Entity, Model};
use crate::scope::Unscoped;
use crate::{Result, Txn};

impl Unscoped for Entity {}

/// The learner's request, if there is one.
pub async fn get(db: &impl ConnectionTrait, learner: LearnerId) -> Result<Option<Erasure>> {
    let row = Entity::rows()
        .filter(Column::LearnerId.eq(learner.0))
        .one(db)
        .await?;
    Ok(row.map(Erasure::from))
}

/// Keeps a request, or what has become of it.
pub async fn put(txn: &Txn, learner: LearnerId, erasure: Erasure) -> Result<()> {
    let row = ActiveModel {
        learner_id: Set(learner.0),
        requested_at: Set(erasure.requested_at),
        due_at: Set(erasure.due_at),
        done_at: Set(erasure.done_at),
    };
    let again = OnConflict::column(Column::LearnerId)
        .update_columns([Column::RequestedAt, Column::DueAt, Column::DoneAt])
        .to_owned();
    Entity::insert(row)
        .on_conflict(again)
        .exec_without_returning(txn)
        .await?;
    Ok(())
}

/// Whose keys are due at `now`, `most` at most.
pub async fn due(
    db: &impl ConnectionTrait,
    now: UnixMs,
    most: u64,
) -> Result<Vec<(LearnerId, Erasure)>> {
    let rows = Entity::rows()
        .filter(Column::DoneAt.is_null())
        .filter(Expr::col(Column::DueAt).lte(now))
        .order_by_asc(Column::DueAt)
        .limit(most)
        .all(db)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (LearnerId(row.learner_id), row.into()))
        .collect())
}

/// Who was erased and when, the first first.
pub async fn done(db: &impl ConnectionTrait) -> Result<Vec<(LearnerId, UnixMs)>> {
    let rows = Entity::rows()
        .filter(Column::DoneAt.is_not_null())
        .order_by_asc(Column::DoneAt)
        .order_by_asc(Column::LearnerId)
        .all(db)
        .await?;
    let erased = rows.into_iter();
    Ok(erased
        .filter_map(|row| Some((LearnerId(row.learner_id), row.done_at?)))
        .collect())
}

impl From<Model> for Erasure {
    fn from(row: Model) -> Self {
        Self {
            requested_at: row.requested_at,
            due_at: row.due_at,
            done_at: row.done_at,
        }
    }
}
