//! When the next random check (随机抽查) is due, and what an open one waits for.

use serde::{Deserialize, Serialize};
use zhipei_domain::{ChallengeId, CheckKind, CourseId, Policy, UnixMs};

use crate::assess::CHALLENGE_LIFE_MS;

/// Where a challenge stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// To be sent as soon as a connection is there; earning goes on, pending.
    Due,
    /// On screen; nothing earns.
    Delivered {
        /// The last moment at which an answer counts.
        deadline: UnixMs,
    },
    /// The first round ended without an answer; the second is sent from `not_before` on (C27).
    Repeat {
        /// 60 s after the first round ended.
        not_before: UnixMs,
    },
}

/// A random check that has fallen due and has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// Its identity.
    pub id: ChallengeId,
    /// How presence is to be proved.
    pub kind: CheckKind,
    /// Asked because nothing more can be earned; exempt from the ten minutes of C25.
    pub closing: bool,
    /// Where it stands.
    pub phase: Phase,
    /// 1 or 2 (C27).
    pub round: u8,
    /// Tries within a round.
    pub tries: u32,
    /// Tries left in this round; postponing does not renew them (C16).
    pub tries_left: u32,
    /// When it fell due.
    pub due_at: UnixMs,
    /// When it was first sent.
    pub first_delivered_at: Option<UnixMs>,
    /// A face did not match in this round (C22).
    pub mismatch: bool,
    /// It was postponed by a disconnection, and no answer has come since (C16).
    pub disconnected: bool,
    /// When it last left the screen undecided.
    pub left_screen_at: Option<UnixMs>,
}

impl Challenge {
    pub(crate) fn due(id: ChallengeId, closing: bool, at: UnixMs, policy: &Policy) -> Self {
        Self {
            id,
            // Checks were switched off with time pending: its closing check is the plainest one.
            kind: match policy.check.kind {
                CheckKind::Off => CheckKind::Presence,
                kind => kind,
            },
            closing,
            phase: Phase::Due,
            round: 1,
            tries: policy.check.tries,
            tries_left: policy.check.tries,
            due_at: at,
            first_delivered_at: None,
            mismatch: false,
            disconnected: false,
            left_screen_at: None,
        }
    }

    /// The next moment at which time alone moves it on.
    pub fn wake_at(&self) -> Option<UnixMs> {
        let life = self.first_delivered_at.filter(|_| !self.closing);
        let life = life.map(|first| first + CHALLENGE_LIFE_MS);
        match self.phase {
            Phase::Delivered { deadline } => Some(deadline),
            Phase::Repeat { not_before } => {
                Some(life.map_or(not_before, |end| end.min(not_before)))
            }
            Phase::Due => life,
        }
    }

    /// The number of the try that is on screen, from 1.
    pub fn attempt(&self) -> u32 {
        self.tries - self.tries_left + 1
    }

    /// Is it on screen?
    pub fn is_delivered(&self) -> bool {
        matches!(self.phase, Phase::Delivered { .. })
    }
}

/// The plan of one learner in one credit scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// The policy that the learner's latest `open` in this scope bound.
    pub(crate) policy: Policy,
    /// The course that it opened: what free study can still earn (C19).
    pub(crate) course: CourseId,
    /// Earning time left until the next check; `None` when none is drawn.
    pub(crate) countdown: Option<i64>,
    pub(crate) challenge: Option<Challenge>,
    /// Frozen times so far; they are counted from 1.
    pub(crate) frozen_groups: u32,
}

impl Plan {
    pub(crate) fn new(policy: Policy, course: CourseId) -> Self {
        Self {
            policy,
            course,
            countdown: None,
            challenge: None,
            frozen_groups: 0,
        }
    }
}
