//! Consents (同意). Rows are added, and dated when they are withdrawn.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder,
};
use uuid::Uuid;
use zhipei_domain::{Consent, ConsentPurpose, LearnerId, Scope, UnixMs};

use crate::entity::consent::{ActiveModel, Column, Entity, Model};
use crate::scope::Unscoped;
use crate::{Error, Result, Txn, learners};

impl Unscoped for Entity {}

/// All that the learner ever gave, oldest first.
pub async fn of_learner(
    db: &impl ConnectionTrait,
    scope: &Scope,
    learner: LearnerId,
) -> Result<Vec<Consent>> {
    learners::check_scope(db, scope, learner).await?;
    let rows = Entity::rows()
        .filter(Column::LearnerId.eq(learner.0))
        .order_by_asc(Column::GivenAt)
        .order_by_asc(Column::Id)
        .all(db)
        .await?;
    rows.into_iter().map(Consent::try_from).collect()
}

/// Does a consent to the text that holds now live?
pub async fn lives(
    db: &impl ConnectionTrait,
    learner: LearnerId,
    purpose: ConsentPurpose,
) -> Result<bool> {
    let row = Entity::rows()
        .filter(Column::LearnerId.eq(learner.0))
        .filter(Column::Purpose.eq(purpose.as_str()))
        .filter(Column::WithdrawnAt.is_null())
        .one(db)
        .await?;
    let consent = row.map(Consent::try_from).transpose()?;
    Ok(consent.is_some_and(|consent| consent.is_live()))
}

/// Adds one; [`Error::Conflict`] when one of the purpose lives.
pub async fn insert(txn: &Txn, consent: &Consent) -> Result<()> {
    let row = ActiveModel {
        id: Set(Uuid::now_v7()),
        learner_id: Set(consent.learner.0),
        purpose: Set(consent.purpose.as_str().to_owned()),
        version: Set(consent.version as i32),
        text_hash: Set(consent.text_hash.clone()),
        channel: Set("web".to_owned()),
        given_at: Set(consent.given_at),
        withdrawn_at: Set(consent.withdrawn_at),
    };
    row.insert(txn).await?;
    Ok(())
}

/// Withdraws the one that lives, of whatever version; says whether there was one.
pub async fn withdraw(
    txn: &Txn,
    learner: LearnerId,
    purpose: ConsentPurpose,
    now: UnixMs,
) -> Result<bool> {
    let done = Entity::update_many()
        .col_expr(Column::WithdrawnAt, Expr::value(now))
        .filter(Column::LearnerId.eq(learner.0))
        .filter(Column::Purpose.eq(purpose.as_str()))
        .filter(Column::WithdrawnAt.is_null())
        .exec(txn)
        .await?;
    Ok(done.rows_affected > 0)
}

impl TryFrom<Model> for Consent {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        Ok(Self {
            learner: LearnerId(row.learner_id),
            purpose: ConsentPurpose::parse(&row.purpose)
                .ok_or(Error::Corrupt("consent.purpose"))?,
            version: row.version.unsigned_abs(),
            text_hash: row.text_hash,
            given_at: row.given_at,
            withdrawn_at: row.withdrawn_at,
        })
    }
}
