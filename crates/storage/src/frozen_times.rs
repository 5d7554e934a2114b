//! Frozen time (待复核). What learners and reviewers write is sealed under the learner's key.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use zhipei_domain::{
    Appeal, ChallengeId, CreditScope, FrozenDecision, FrozenTime, LearnerId, Scope, StaffId,
};
use zhipei_vault::{KeyRing, PersonKey, Place, Sealed};

use crate::entity::frozen_time::{ActiveModel, Column, Entity, Model};
use crate::scope::Unscoped;
use crate::{Error, Result, Txn, learners, person_keys};

impl Unscoped for Entity {}

const APPEAL: Place = Place::new("frozen_time", "appeal");
const REASON: Place = Place::new("frozen_time", "reason");

/// A learner's, the newest first.
pub async fn of_learner(
    db: &impl ConnectionTrait,
    scope: &Scope,
    vault: &KeyRing,
    learner: LearnerId,
) -> Result<Vec<FrozenTime>> {
    learners::check_scope(db, scope, learner).await?;
    let key = person_keys::get(db, vault, learner.0).await?;
    let rows = Entity::rows()
        .filter(Column::LearnerId.eq(learner.0))
        .order_by_desc(Column::FrozenAt)
        .all(db)
        .await?;
    rows.into_iter().map(|row| opened(&key, row)).collect()
}

/// What waits for a word in the scope, the oldest first, after `after`; who was erased is left out.
pub async fn undecided(
    db: &impl ConnectionTrait,
    scope: &Scope,
    vault: &KeyRing,
    after: Option<ChallengeId>,
    most: u64,
) -> Result<Vec<FrozenTime>> {
    let mut query = Entity::rows()
        .filter(Column::DecidedAt.is_null())
        .filter(Column::LearnerId.in_subquery(learners::ids_in(scope)))
        .filter(Column::LearnerId.in_subquery(person_keys::readable()));
    if let Some(after) = after {
        query = query.filter(Column::ChallengeId.gt(after.0));
    }
    // Ids are made in the order of time.
    let rows = query
        .order_by_asc(Column::ChallengeId)
        .limit(most)
        .all(db)
        .await?;
    let persons: Vec<_> = rows.iter().map(|row| row.learner_id).collect();
    let keys = person_keys::many(db, vault, &persons).await?;
    rows.into_iter()
        .filter_map(|row| Some(opened(keys.get(&row.learner_id)?, row)))
        .collect()
}

/// The one that a check froze, if its learner is in the scope.
pub async fn get(
    db: &impl ConnectionTrait,
    scope: &Scope,
    vault: &KeyRing,
    challenge: ChallengeId,
) -> Result<FrozenTime> {
    let row = Entity::rows()
        .filter(Column::ChallengeId.eq(challenge.0))
        .one(db)
        .await?
        .ok_or(Error::NotFound)?;
    learners::check_scope(db, scope, LearnerId(row.learner_id)).await?;
    let key = person_keys::get(db, vault, row.learner_id).await?;
    opened(&key, row)
}

/// Adds one.
pub async fn insert(txn: &Txn, time: &FrozenTime) -> Result<()> {
    let row = ActiveModel {
        challenge_id: Set(time.challenge.0),
        learner_id: Set(time.learner.0),
        credit_scope: Set(time.credit_scope.to_uuid()),
        frozen_group: Set(time.group as i32),
        ms: Set(time.ms),
        frozen_at: Set(time.frozen_at),
        appeal: Set(None),
        appealed_at: Set(None),
        restored: Set(None),
        decided_by: Set(None),
        reason: Set(None),
        decided_at: Set(None),
    };
    row.insert(txn).await?;
    Ok(())
}

/// Keeps an appeal; `false` where there is one, or somebody has decided.
pub async fn appeal(
    txn: &Txn,
    vault: &KeyRing,
    learner: LearnerId,
    challenge: ChallengeId,
    appeal: &Appeal,
) -> Result<bool> {
    let key = person_keys::get(txn, vault, learner.0).await?;
    let done = Entity::update_many()
        .col_expr(
            Column::Appeal,
            Expr::value(key.seal(APPEAL, &appeal.reason).as_str()),
        )
        .col_expr(Column::AppealedAt, Expr::value(appeal.at))
        .filter(Column::ChallengeId.eq(challenge.0))
        .filter(Column::LearnerId.eq(learner.0))
        .filter(Column::AppealedAt.is_null())
        .filter(Column::DecidedAt.is_null())
        .exec(txn)
        .await?;
    Ok(done.rows_affected > 0)
}

/// Keeps the word on the frozen time of this number; [`Error::Stale`] where somebody was before.
pub async fn decide(
    txn: &Txn,
    vault: &KeyRing,
    learner: LearnerId,
    (credit_scope, group): (CreditScope, u32),
    decision: &FrozenDecision,
) -> Result<ChallengeId> {
    let key = person_keys::get(txn, vault, learner.0).await?;
    let row = Entity::rows()
        .filter(Column::LearnerId.eq(learner.0))
        .filter(Column::CreditScope.eq(credit_scope.to_uuid()))
        .filter(Column::FrozenGroup.eq(group as i32))
        .filter(Column::DecidedAt.is_null())
        .one(txn)
        .await?
        .ok_or(Error::Stale)?;
    Entity::update_many()
        .col_expr(Column::Restored, Expr::value(decision.restored))
        .col_expr(Column::DecidedBy, Expr::value(decision.by.0))
        .col_expr(
            Column::Reason,
            Expr::value(key.seal(REASON, &decision.reason).as_str()),
        )
        .col_expr(Column::DecidedAt, Expr::value(decision.at))
        .filter(Column::ChallengeId.eq(row.challenge_id))
        .exec(txn)
        .await?;
    Ok(ChallengeId(row.challenge_id))
}

fn opened(key: &PersonKey, row: Model) -> Result<FrozenTime> {
    let open = |place, sealed: &str| -> Result<String> {
        Ok(key.open(place, &Sealed::parse(sealed)?)?.to_string())
    };
    let appeal = match (row.appeal, row.appealed_at) {
        (Some(sealed), Some(at)) => Some(Appeal {
            at,
            reason: open(APPEAL, &sealed)?,
        }),
        _ => None,
    };
    let decision = match (row.restored, row.decided_by, row.reason, row.decided_at) {
        (Some(restored), Some(by), Some(sealed), Some(at)) => Some(FrozenDecision {
            restored,
            by: StaffId(by),
            reason: open(REASON, &sealed)?,
            at,
        }),
        _ => None,
    };
    Ok(FrozenTime {
        challenge: ChallengeId(row.challenge_id),
        learner: LearnerId(row.learner_id),
        credit_scope: CreditScope::from_uuid(row.credit_scope),
        group: row.frozen_group.unsigned_abs(),
        ms: row.ms,
        frozen_at: row.frozen_at,
        appeal,
        decision,
    })
}
