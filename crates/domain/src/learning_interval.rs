use crate::{
    ChallengeId, ClockId, CourseId, CreditScope, IntervalId, LearnerId, LessonId, LocalDay,
    TimeState, UnixMs,
};

/// One stretch of learning time (学时区间): media watched over server time, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LearningInterval {
    /// Its identity, also in the ledger.
    pub id: IntervalId,
    /// Who learned.
    pub learner: LearnerId,
    /// The class, or the platform.
    pub credit_scope: CreditScope,
    /// The course of the lesson.
    pub course: CourseId,
    /// The lesson watched.
    pub lesson: LessonId,
    /// What became of it.
    pub state: TimeState,
    /// The local day in which it lies; no interval crosses midnight.
    pub day: LocalDay,
    /// Media position at its beginning, in milliseconds.
    pub media_from: i64,
    /// Media position at its end, in milliseconds.
    pub media_to: i64,
    /// Server time at its beginning.
    pub server_from: UnixMs,
    /// Server time at its end.
    pub server_to: UnixMs,
    /// Credited (or, in other states, creditable) milliseconds: at most the server time it spans.
    pub ms: i64,
    /// The version of the policy under which it was earned.
    pub policy_version: u32,
    /// The device, as the client named it.
    pub device_id: String,
    /// The client clock on which it was earned.
    pub clock: ClockId,
    /// The frozen time it belongs to, counted from 1 for each learner and scope.
    pub frozen_group: Option<u32>,
    /// When it became void.
    pub void_at: Option<UnixMs>,
    /// The check that settled it.
    pub challenge: Option<ChallengeId>,
}
