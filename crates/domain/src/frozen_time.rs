//! Frozen time (待复核): a face did not match, and a person decides whether the time counts.

use crate::{ChallengeId, CreditScope, LearnerId, Rejection, StaffId, UnixMs};

/// So long a learner may appeal (申诉), counted from the freezing. Source: DOMAIN, rule 10.
pub const FROZEN_APPEAL_MS: i64 = 7 * 86_400_000;

/// Time that waits for a person's word, or has it.
#[derive(Clone, PartialEq, Eq)]
pub struct FrozenTime {
    /// The check that froze it; also its identity.
    pub challenge: ChallengeId,
    /// Whose.
    pub learner: LearnerId,
    /// The class, or the platform.
    pub credit_scope: CreditScope,
    /// Its number among the frozen times of the learner and scope, from 1.
    pub group: u32,
    /// What it is worth, in milliseconds.
    pub ms: i64,
    /// Since when.
    pub frozen_at: UnixMs,
    /// What the learner says to it.
    pub appeal: Option<Appeal>,
    /// The word on it.
    pub decision: Option<FrozenDecision>,
}

/// A learner's word on their frozen time.
#[derive(Clone, PartialEq, Eq)]
pub struct Appeal {
    /// When.
    pub at: UnixMs,
    /// In their words.
    pub reason: String,
}

/// A person's word on frozen time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrozenDecision {
    /// It counts; else it is void.
    pub restored: bool,
    /// Who decided.
    pub by: StaffId,
    /// Why, for the learner to read.
    pub reason: String,
    /// When.
    pub at: UnixMs,
}

// What a learner writes is theirs.
impl std::fmt::Debug for FrozenTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FrozenTime({}, {} ms)", self.challenge, self.ms)
    }
}

impl FrozenTime {
    /// Until when the learner may appeal.
    pub fn appeal_until(&self) -> UnixMs {
        self.frozen_at + FROZEN_APPEAL_MS
    }

    /// May the learner appeal now? Once, within the seven days, while nobody has decided.
    pub fn may_appeal(&self, now: UnixMs) -> Result<(), Rejection> {
        if self.decision.is_some() || self.appeal.is_some() {
            return Err(Rejection::FrozenDecided);
        }
        if now > self.appeal_until() {
            return Err(Rejection::AppealOver);
        }
        Ok(())
    }

    /// May somebody decide so now? In the learner's favour at any time; against it only once the appeal was
    /// heard or its days are over (C23).
    pub fn may_decide(&self, restore: bool, now: UnixMs) -> Result<(), Rejection> {
        if self.decision.is_some() {
            return Err(Rejection::FrozenDecided);
        }
        if !restore && self.appeal.is_none() && now <= self.appeal_until() {
            return Err(Rejection::AppealAwaited);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn frozen() -> FrozenTime {
        FrozenTime {
            challenge: ChallengeId(Uuid::nil()),
            learner: LearnerId(Uuid::nil()),
            credit_scope: CreditScope::Platform,
            group: 1,
            ms: 60_000,
            frozen_at: 1_000,
            appeal: None,
            decision: None,
        }
    }

    #[test]
    fn pipl_22_nobody_voids_frozen_time_before_the_learner_was_heard_or_seven_days_went_by() {
        let mut time = frozen();
        let last = 1_000 + FROZEN_APPEAL_MS;
        assert_eq!(time.may_decide(true, 1_000), Ok(()));
        assert_eq!(time.may_decide(false, last), Err(Rejection::AppealAwaited));
        assert_eq!(time.may_decide(false, last + 1), Ok(()));
        time.appeal = Some(Appeal {
            at: 2_000,
            reason: "是我本人".to_owned(),
        });
        assert_eq!(time.may_decide(false, 3_000), Ok(()));
    }

    #[test]
    fn a_learner_appeals_once_and_within_seven_days() {
        let mut time = frozen();
        let last = 1_000 + FROZEN_APPEAL_MS;
        assert_eq!(time.may_appeal(last), Ok(()));
        assert_eq!(time.may_appeal(last + 1), Err(Rejection::AppealOver));
        time.appeal = Some(Appeal {
            at: 2_000,
            reason: "是我本人".to_owned(),
        });
        assert_eq!(time.may_appeal(3_000), Err(Rejection::FrozenDecided));
    }
}
