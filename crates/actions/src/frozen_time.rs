//! Frozen time: the learner's appeal, and whether somebody may decide. The deciding itself settles hours and is
//! a record of [`crate::credit`].

use zhipei_domain::{
    Actor, Appeal, ChallengeId, FrozenTime, LearnerId, Rejection, Scope, StaffId, UnixMs,
    check_evidence, check_reason,
};
use zhipei_ledger::DecisionKind;
use zhipei_storage::{Connection, Txn, frozen_times};
use zhipei_vault::KeyRing;

use crate::Result;
use crate::audit::done;
use crate::credit::Decided;

/// The learner says why the time is theirs.
pub async fn appeal(
    txn: &Txn,
    vault: &KeyRing,
    learner: LearnerId,
    challenge: ChallengeId,
    reason: &str,
    now: UnixMs,
) -> Result<()> {
    let time = frozen_times::get(txn, &Scope::Learner(learner), vault, challenge).await?;
    time.may_appeal(now)?;
    let appeal = Appeal {
        at: now,
        reason: check_evidence(reason)?.to_owned(),
    };
    if !frozen_times::appeal(txn, vault, learner, challenge, &appeal).await? {
        return Err(Rejection::FrozenDecided.into());
    }
    let by = Actor::Learner(learner);
    done(
        txn,
        &by,
        now,
        "frozen_time.appeal",
        "challenge",
        challenge,
        "",
    )
    .await
}

/// A word that somebody wants to give.
#[derive(Clone, Copy, Debug)]
pub struct Word<'a> {
    /// Who.
    pub by: StaffId,
    /// It counts; else it is void.
    pub restore: bool,
    /// Why, for the learner to read.
    pub reason: &'a str,
}

/// Frozen time of the scope and the decision on it, if it may be given now.
pub async fn decide(
    db: &impl Connection,
    vault: &KeyRing,
    scope: &Scope,
    challenge: ChallengeId,
    word: Word<'_>,
    now: UnixMs,
) -> Result<(FrozenTime, Decided)> {
    let time = frozen_times::get(db, scope, vault, challenge).await?;
    time.may_decide(word.restore, now)?;
    let decided = Decided {
        decision: if word.restore {
            DecisionKind::Restore
        } else {
            DecisionKind::Void
        },
        by: word.by,
        reason: check_reason(word.reason)?.to_owned(),
    };
    Ok((time, decided))
}
