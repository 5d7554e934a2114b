//! Random checks (随机抽查) that have ended.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
};
use zhipei_domain::{
    ChallengeId, CheckKind, CheckOutcome, CreditScope, EndedChallenge, LearnerId, Scope,
};

use crate::entity::challenge::{ActiveModel, Column, Entity, Model};
use crate::scope::Unscoped;
use crate::{Error, Result, Txn, enrolments};

impl Unscoped for Entity {}

/// The ended checks of a learner in a class or on the platform, by time.
pub async fn list(
    db: &impl ConnectionTrait,
    scope: &Scope,
    learner: LearnerId,
    credit_scope: CreditScope,
) -> Result<Vec<EndedChallenge>> {
    enrolments::visible(db, scope, learner, credit_scope).await?;
    let rows = Entity::rows()
        .filter(Column::LearnerId.eq(learner.0))
        .filter(Column::CreditScope.eq(credit_scope.to_uuid()))
        .filter(Column::EndedAt.is_not_null())
        .order_by_asc(Column::EndedAt)
        .all(db)
        .await?;
    rows.into_iter().map(EndedChallenge::try_from).collect()
}

/// Adds one that has ended.
pub async fn insert(txn: &Txn, challenge: &EndedChallenge) -> Result<()> {
    let row = ActiveModel {
        id: Set(challenge.id.0),
        learner_id: Set(challenge.learner.0),
        credit_scope: Set(challenge.credit_scope.to_uuid()),
        kind: Set(challenge.kind.as_str().to_owned()),
        closing: Set(challenge.closing),
        due_at: Set(challenge.due_at),
        delivered_at: Set(challenge.delivered_at),
        ended_at: Set(Some(challenge.ended_at)),
        result: Set(Some(challenge.outcome.as_str().to_owned())),
        rounds: Set(challenge.rounds as i32),
        tries: Set(challenge.tries as i32),
        pending_ms: Set(challenge.settled_ms),
    };
    Entity::insert(row).exec_without_returning(txn).await?;
    Ok(())
}

impl TryFrom<Model> for EndedChallenge {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        let corrupt = Error::Corrupt("challenge.result");
        let (Some(ended_at), Some(result)) = (row.ended_at, row.result) else {
            return Err(corrupt);
        };
        Ok(Self {
            id: ChallengeId(row.id),
            learner: LearnerId(row.learner_id),
            credit_scope: CreditScope::from_uuid(row.credit_scope),
            kind: CheckKind::parse(&row.kind).ok_or(Error::Corrupt("challenge.kind"))?,
            closing: row.closing,
            due_at: row.due_at,
            delivered_at: row.delivered_at,
            ended_at,
            outcome: CheckOutcome::parse(&result).ok_or(corrupt)?,
            rounds: row.rounds.unsigned_abs(),
            tries: row.tries.unsigned_abs(),
            settled_ms: row.pending_ms,
        })
    }
}
