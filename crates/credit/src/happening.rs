//! What comes of an event: intervals, checks and their ends.

use serde::{Deserialize, Serialize};
use zhipei_domain::{
    ChallengeId, ClockId, CourseId, CreditScope, IntervalId, LearnerId, LearningInterval, LessonId,
    LocalDay, TimeState, UnixMs,
};

use crate::challenge_plan::Challenge;

/// What came back for a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// Present, and who they should be.
    Pass,
    /// Not recognised as present; uses a try.
    Fail,
    /// Another person's face; uses a try (C22).
    Mismatch,
}

/// A person's word on frozen time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decision {
    /// It counts.
    Restore,
    /// It does not.
    Void,
}

/// A stretch of learning time before it has a row of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earned {
    /// Its identity, given when it begins.
    pub id: IntervalId,
    /// The class, or the platform.
    pub credit_scope: CreditScope,
    /// The course.
    pub course: CourseId,
    /// The lesson.
    pub lesson: LessonId,
    /// What became of it so far.
    pub state: TimeState,
    /// The local day.
    pub day: LocalDay,
    /// Media from and to, in milliseconds.
    pub media: (i64, i64),
    /// Server time from and to.
    pub server: (UnixMs, UnixMs),
    /// Milliseconds that it is worth.
    pub ms: i64,
    /// The policy version under which it was earned.
    pub policy_version: u32,
    /// The client clock on which it was earned.
    pub clock: ClockId,
    /// The frozen time it belongs to.
    pub frozen_group: Option<u32>,
    /// When it became void.
    pub void_at: Option<UnixMs>,
}

impl Earned {
    /// The interval as a record of its learner.
    pub fn of_learner(
        &self,
        learner: LearnerId,
        device_id: &str,
        challenge: Option<ChallengeId>,
    ) -> LearningInterval {
        LearningInterval {
            id: self.id,
            learner,
            credit_scope: self.credit_scope,
            course: self.course,
            lesson: self.lesson,
            state: self.state,
            day: self.day,
            media_from: self.media.0,
            media_to: self.media.1,
            server_from: self.server.0,
            server_to: self.server.1,
            ms: self.ms,
            policy_version: self.policy_version,
            device_id: device_id.to_owned(),
            clock: self.clock,
            frozen_group: self.frozen_group,
            void_at: self.void_at,
            challenge,
        }
    }
}

impl From<&LearningInterval> for Earned {
    fn from(row: &LearningInterval) -> Self {
        Self {
            id: row.id,
            credit_scope: row.credit_scope,
            course: row.course,
            lesson: row.lesson,
            state: row.state,
            day: row.day,
            media: (row.media_from, row.media_to),
            server: (row.server_from, row.server_to),
            ms: row.ms,
            policy_version: row.policy_version,
            clock: row.clock,
            frozen_group: row.frozen_group,
            void_at: row.void_at,
        }
    }
}

/// The end of a challenge, or of frozen time, and the intervals it settles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// Where.
    pub credit_scope: CreditScope,
    /// What the intervals become.
    pub to: TimeState,
    /// When.
    pub at: UnixMs,
    /// The challenge that ended; `None` when a person decided on frozen time.
    pub challenge: Option<Challenge>,
    /// The frozen time, when it is made or decided.
    pub frozen_group: Option<u32>,
    /// What was settled.
    pub intervals: Vec<Earned>,
}

/// How a challenge moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Fell due by the countdown, or because nothing more can be earned.
    Due {
        /// Asked because nothing more can be earned.
        closing: bool,
    },
    /// Put off without blame.
    Postponed,
    /// A try was used; the round goes on.
    TryAgain,
    /// The first round ended; the second follows.
    Repeat,
    /// Passed.
    Verified,
    /// Missed.
    Void,
    /// A face did not match; a person decides.
    Frozen,
    /// A person gave frozen time back.
    Restored,
    /// A person voided frozen time.
    Voided,
}

/// Something that came of an event, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A challenge moved.
    Challenge {
        /// Where.
        credit_scope: CreditScope,
        /// How.
        outcome: Outcome,
    },
    /// A jump ahead is forbidden: go back to `position_ms`.
    GoBack {
        /// The heartbeat that tried.
        seq: u64,
        /// The furthest point.
        position_ms: i64,
    },
    /// Intervals are complete and want their rows and their ledger entry.
    Flushed {
        /// The intervals, all of one clock, in order.
        intervals: Vec<Earned>,
        /// The heartbeats they rest on, see [`crate::beats`].
        trail: Vec<u8>,
    },
    /// Intervals changed their state together.
    Settled(Settlement),
    /// The daily cap took (a part of) what was watched.
    OverCap,
}
