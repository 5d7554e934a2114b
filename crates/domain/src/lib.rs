//! The nouns of vocational training and the invariants they carry.
//!
//! No IO, no clock, no randomness: every function that depends on time takes `now`.

mod credit_scope;
mod id;
mod learning_interval;
mod policy;
mod time;
mod time_state;

pub use credit_scope::CreditScope;
pub use id::{
    ChallengeId, ChapterId, ClassId, ClockId, CourseId, EnrolmentId, InstitutionId, IntervalId,
    LearnerId, LessonId, LoginSessionId, MediaAssetId,
};
pub use learning_interval::LearningInterval;
pub use policy::{CheckKind, CheckPolicy, Policy, PolicyError, SessionRule, SnapshotRule};
pub use time::{LocalDay, NotADay, UnixMs, local_parts, rfc3339};
pub use time_state::TimeState;
