use crate::{ChallengeId, CheckKind, CreditScope, LearnerId, UnixMs};

/// How a random check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckOutcome {
    /// Passed: the pending time is verified.
    Passed,
    /// Missed: the pending time is void.
    Missed,
    /// A face did not match: the pending time waits for a person.
    Frozen,
}

impl CheckOutcome {
    /// The stored form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Missed => "missed",
            Self::Frozen => "frozen",
        }
    }

    /// The opposite of [`CheckOutcome::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::Passed, Self::Missed, Self::Frozen];
        all.into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// A random check (随机抽查) that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedChallenge {
    /// Its identity.
    pub id: ChallengeId,
    /// Who was checked.
    pub learner: LearnerId,
    /// The class, or the platform.
    pub credit_scope: CreditScope,
    /// How presence was to be proved.
    pub kind: CheckKind,
    /// Asked because nothing more could be earned.
    pub closing: bool,
    /// When it fell due.
    pub due_at: UnixMs,
    /// When it was first sent.
    pub delivered_at: Option<UnixMs>,
    /// When it ended.
    pub ended_at: UnixMs,
    /// How.
    pub outcome: CheckOutcome,
    /// Rounds it took.
    pub rounds: u32,
    /// Tries used in the last round.
    pub tries: u32,
    /// The milliseconds that it settled.
    pub settled_ms: i64,
}
