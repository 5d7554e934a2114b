//! Corrections (信息更正): values and evidence are sealed under the learner's key.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use zhipei_domain::{
    Correction, CorrectionField, CorrectionId, CorrectionState, LearnerId, Scope, UnixMs,
};
use zhipei_vault::{KeyRing, Place};

use crate::entity::correction::{ActiveModel, Column, Entity, Model};
use crate::identities::open;
use crate::scope::Unscoped;
use crate::{Error, Result, Txn, learners, person_keys};

impl Unscoped for Entity {}

const OLD: Place = Place::new("correction", "old_value");
const NEW: Place = Place::new("correction", "new_value");
const EVIDENCE: Place = Place::new("correction", "evidence");

/// What a reviewer reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What stands there now.
    pub old_value: Option<String>,
    /// What is to stand there.
    pub new_value: String,
    /// Why, in the learner's words.
    pub evidence: String,
}

/// Adds one; [`Error::Conflict`] when one of the same field waits.
pub async fn insert(
    txn: &Txn,
    vault: &KeyRing,
    correction: &Correction,
    asked: &Asked,
) -> Result<()> {
    let key = person_keys::get(txn, vault, correction.learner.0).await?;
    let seal = |place, text: &str| key.seal(place, text).as_str().to_owned();
    let row = ActiveModel {
        id: Set(correction.id.0),
        learner_id: Set(correction.learner.0),
        field: Set(correction.field.as_str().to_owned()),
        old_value: Set(asked.old_value.as_ref().map(|text| seal(OLD, text))),
        new_value: Set(Some(seal(NEW, &asked.new_value))),
        evidence: Set(Some(seal(EVIDENCE, &asked.evidence))),
        state: Set(correction.state.as_str().to_owned()),
        reason: Set(None),
        decided_by: Set(None),
        created_at: Set(correction.created_at),
        decided_at: Set(None),
    };
    row.insert(txn).await?;
    Ok(())
}

/// The correction with this id and what it asks for, if its learner is in the scope.
pub async fn get(
    db: &impl ConnectionTrait,
    scope: &Scope,
    vault: &KeyRing,
    id: CorrectionId,
) -> Result<(Correction, Asked)> {
    let row = Entity::rows()
        .filter(Column::Id.eq(id.0))
        .one(db)
        .await?
        .ok_or(Error::NotFound)?;
    let learner = LearnerId(row.learner_id);
    learners::check_scope(db, scope, learner).await?;
    let key = match person_keys::get(db, vault, learner.0).await {
        Err(Error::Vault(zhipei_vault::Error::Erased)) => return Err(Error::NotFound),
        key => key?,
    };
    let whole = |text: Option<String>| text.ok_or(Error::Corrupt("correction"));
    let asked = Asked {
        old_value: open(&key, OLD, row.old_value.clone())?,
        new_value: whole(open(&key, NEW, row.new_value.clone())?)?,
        evidence: whole(open(&key, EVIDENCE, row.evidence.clone())?)?,
    };
    Ok((row.try_into()?, asked))
}

/// A learner's corrections, the newest first.
pub async fn of_learner(
    db: &impl ConnectionTrait,
    scope: &Scope,
    learner: LearnerId,
) -> Result<Vec<Correction>> {
    learners::check_scope(db, scope, learner).await?;
    let rows = Entity::rows()
        .filter(Column::LearnerId.eq(learner.0))
        .order_by_desc(Column::CreatedAt)
        .all(db)
        .await?;
    rows.into_iter().map(Correction::try_from).collect()
}

/// The corrections of the scope that wait, the oldest first, `most` at most.
pub async fn waiting(
    db: &impl ConnectionTrait,
    scope: &Scope,
    most: usize,
) -> Result<Vec<Correction>> {
    let rows = Entity::rows()
        .filter(Column::State.eq(CorrectionState::Pending.as_str()))
        .order_by_asc(Column::CreatedAt)
        .limit(10_000)
        .all(db)
        .await?;
    let mut found = Vec::new();
    for row in rows {
        let correction = Correction::try_from(row)?;
        match learners::check_scope(db, scope, correction.learner).await {
            Ok(()) => found.push(correction),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
        if found.len() == most {
            break;
        }
    }
    Ok(found)
}

/// Keeps a decision; says whether the correction still waited.
pub async fn decide(
    txn: &Txn,
    id: CorrectionId,
    state: CorrectionState,
    reason: &str,
    by: &str,
    now: UnixMs,
) -> Result<bool> {
    let done = Entity::update_many()
        .col_expr(Column::State, Expr::value(state.as_str()))
        .col_expr(Column::Reason, Expr::value(reason))
        .col_expr(Column::DecidedBy, Expr::value(by))
        .col_expr(Column::DecidedAt, Expr::value(now))
        .filter(Column::Id.eq(id.0))
        .filter(Column::DecidedAt.is_null())
        .exec(txn)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Refuses what a learner's account still waits for: it is over. Returns how many there were.
pub async fn close(
    txn: &Txn,
    learner: LearnerId,
    reason: &str,
    by: &str,
    now: UnixMs,
) -> Result<u64> {
    let done = Entity::update_many()
        .col_expr(
            Column::State,
            Expr::value(CorrectionState::Refused.as_str()),
        )
        .col_expr(Column::Reason, Expr::value(reason))
        .col_expr(Column::DecidedBy, Expr::value(by))
        .col_expr(Column::DecidedAt, Expr::value(now))
        .filter(Column::LearnerId.eq(learner.0))
        .filter(Column::DecidedAt.is_null())
        .exec(txn)
        .await?;
    Ok(done.rows_affected)
}

/// Empties what a learner asked for.
pub async fn erase(txn: &Txn, learner: LearnerId) -> Result<()> {
    let nothing = || Expr::value(Option::<String>::None);
    Entity::update_many()
        .col_expr(Column::OldValue, nothing())
        .col_expr(Column::NewValue, nothing())
        .col_expr(Column::Evidence, nothing())
        .filter(Column::LearnerId.eq(learner.0))
        .exec(txn)
        .await?;
    Ok(())
}

impl TryFrom<Model> for Correction {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        Ok(Self {
            id: CorrectionId(row.id),
            learner: LearnerId(row.learner_id),
            field: CorrectionField::parse(&row.field).ok_or(Error::Corrupt("correction.field"))?,
            state: CorrectionState::parse(&row.state).ok_or(Error::Corrupt("correction.state"))?,
            reason: row.reason,
            created_at: row.created_at,
            decided_at: row.decided_at,
        })
    }
}
