//! Corrections (信息更正): values and evidence are sealed under the learner's key.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait,
    QueryFilter, QueryOrder, QuerySelect,
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
const COMMENT: Place = Place::new("correction", "comment");

/// What a reviewer reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What stands there now.
    pub old_value: Option<String>,
    /// What is to stand there.
    pub new_value: String,
    /// Why, in the learner's words.
    pub evidence: String,
    /// What the institution says to it.
    pub comment: Option<String>,
}

/// What tells one request from another of the same field that waits: of phones several are kept, one for each
/// new phone.
pub fn value_index(vault: &KeyRing, field: CorrectionField, value: &str) -> String {
    match field {
        CorrectionField::Phone => vault.index().index("phone", value),
        CorrectionField::Name | CorrectionField::Document => String::new(),
    }
}

/// Adds one; [`Error::Conflict`] when one of the same field waits, of a phone: one for the same new phone.
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
        value_index: Set(value_index(vault, correction.field, &asked.new_value)),
        comment: Set(None),
        reason: Set(None),
        decided_by: Set(None),
        created_at: Set(correction.created_at),
        decided_at: Set(None),
        takes_effect_at: Set(None),
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
        comment: open(&key, COMMENT, row.comment.clone())?,
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

/// The corrections of the scope that wait after the one with the id `after`, the oldest first, `most` at most.
pub async fn waiting(
    db: &impl ConnectionTrait,
    scope: &Scope,
    after: Option<CorrectionId>,
    most: u64,
) -> Result<Vec<Correction>> {
    let mut query = Entity::rows()
        .filter(Column::State.eq(CorrectionState::Pending.as_str()))
        .filter(Column::LearnerId.in_subquery(learners::ids_in(scope)));
    if let Some(after) = after {
        query = query.filter(Expr::col(Column::Id).gt(after.0));
    }
    // Ids are made in the order of time.
    let rows = query.order_by_asc(Column::Id).limit(most).all(db).await?;
    rows.into_iter().map(Correction::try_from).collect()
}

/// The learner's requests for a field that nobody has decided on: their ids, and what tells them apart.
pub async fn undecided(
    db: &impl ConnectionTrait,
    scope: &Scope,
    learner: LearnerId,
    field: CorrectionField,
) -> Result<Vec<(CorrectionId, String)>> {
    learners::check_scope(db, scope, learner).await?;
    let rows = Entity::rows()
        .filter(Column::LearnerId.eq(learner.0))
        .filter(Column::Field.eq(field.as_str()))
        .filter(Column::DecidedAt.is_null())
        .order_by_asc(Column::Id)
        .all(db)
        .await?;
    let found = rows.into_iter();
    Ok(found
        .map(|row| (CorrectionId(row.id), row.value_index))
        .collect())
}

/// Keeps what the institution says to one that waits; says whether it still waited.
pub async fn set_comment(
    txn: &Txn,
    vault: &KeyRing,
    learner: LearnerId,
    id: CorrectionId,
    comment: &str,
) -> Result<bool> {
    let key = person_keys::get(txn, vault, learner.0).await?;
    let done = Entity::update_many()
        .col_expr(
            Column::Comment,
            Expr::value(key.seal(COMMENT, comment).as_str()),
        )
        .filter(Column::Id.eq(id.0))
        .filter(Column::DecidedAt.is_null())
        .exec(txn)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Those that are approved and whose time to be done has come, `most` at most.
pub async fn due(db: &impl ConnectionTrait, now: UnixMs, most: u64) -> Result<Vec<CorrectionId>> {
    let rows = Entity::rows()
        .filter(Expr::col(Column::TakesEffectAt).lte(now))
        .order_by_asc(Column::TakesEffectAt)
        .limit(most)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| CorrectionId(row.id)).collect())
}

/// Notes that one is done whose time has come; says whether it still was to be done.
pub async fn take_effect(txn: &Txn, id: CorrectionId, now: UnixMs) -> Result<bool> {
    let done = Entity::update_many()
        .col_expr(Column::TakesEffectAt, Expr::value(Option::<i64>::None))
        .filter(Column::Id.eq(id.0))
        .filter(Expr::col(Column::TakesEffectAt).lte(now))
        .exec(txn)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Refuses what is open of a learner, decided on or not, but not done: of one field or of all, without the one
/// that is kept. Says how many there were.
pub async fn close(
    txn: &Txn,
    learner: LearnerId,
    field: Option<CorrectionField>,
    kept: Option<CorrectionId>,
    reason: &str,
    by: &str,
    now: UnixMs,
) -> Result<u64> {
    let open = Condition::any()
        .add(Column::DecidedAt.is_null())
        .add(Column::TakesEffectAt.is_not_null());
    let mut update = Entity::update_many()
        .col_expr(
            Column::State,
            Expr::value(CorrectionState::Refused.as_str()),
        )
        .col_expr(Column::Reason, Expr::value(reason))
        .col_expr(Column::DecidedBy, Expr::value(by))
        .col_expr(Column::DecidedAt, Expr::value(now))
        .col_expr(Column::TakesEffectAt, Expr::value(Option::<i64>::None))
        .filter(Column::LearnerId.eq(learner.0))
        .filter(open);
    if let Some(field) = field {
        update = update.filter(Column::Field.eq(field.as_str()));
    }
    if let Some(kept) = kept {
        update = update.filter(Column::Id.ne(kept.0));
    }
    Ok(update.exec(txn).await?.rows_affected)
}

/// Keeps a decision; says whether the correction still waited.
pub async fn decide(
    txn: &Txn,
    id: CorrectionId,
    state: CorrectionState,
    reason: &str,
    by: &str,
    now: UnixMs,
    takes_effect_at: Option<UnixMs>,
) -> Result<bool> {
    let done = Entity::update_many()
        .col_expr(Column::TakesEffectAt, Expr::value(takes_effect_at))
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

/// Empties what a learner asked for.
pub async fn erase(txn: &Txn, learner: LearnerId) -> Result<()> {
    let nothing = || Expr::value(Option::<String>::None);
    Entity::update_many()
        .col_expr(Column::OldValue, nothing())
        .col_expr(Column::NewValue, nothing())
        .col_expr(Column::Evidence, nothing())
        .col_expr(Column::Comment, nothing())
        .col_expr(Column::Reason, nothing())
        .col_expr(Column::ValueIndex, Expr::value(""))
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
            takes_effect_at: row.takes_effect_at,
        })
    }
}
