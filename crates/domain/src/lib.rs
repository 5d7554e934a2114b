//! The nouns of vocational training and the invariants they carry.
//!
//! No IO, no clock, no randomness: every function that depends on time takes `now`.

mod audit;
mod challenge;
mod course;
mod credit_scope;
mod enrolment;
mod heartbeat;
mod hours;
mod id;
mod institution;
mod learner;
mod learning_interval;
mod lockout;
mod login_session;
mod password;
mod policy;
mod region;
mod rejection;
mod scope;
mod time;
mod time_state;
mod training_class;

pub use audit::{Actor, AuditEvent, AuditResult};
pub use challenge::{CheckOutcome, EndedChallenge};
pub use course::{Chapter, Course, CourseKind, Lesson, MediaAsset};
pub use credit_scope::CreditScope;
pub use enrolment::{Enrolment, EnrolmentState};
pub use heartbeat::{Beat, PlayState};
pub use hours::{CreditHours, Hours, Row, Segment, Span, TotalHours, Totals, Void};
pub use id::{
    ChallengeId, ChapterId, ClassId, ClockId, CourseId, EnrolmentId, InstitutionId, IntervalId,
    LearnerId, LessonId, LoginSessionId, MediaAssetId,
};
pub use institution::Institution;
pub use learner::{IdentityLevel, Learner, LoginName, Title};
pub use learning_interval::LearningInterval;
pub use lockout::Lockout;
pub use login_session::LoginSession;
pub use password::check_new_password;
pub use policy::{CheckKind, CheckPolicy, Policy, PolicyError, SessionRule, SnapshotRule};
pub use region::{NotARegionCode, Region, RegionCode, RegionTree};
pub use rejection::Rejection;
pub use scope::Scope;
pub use time::{LocalDay, NotADay, UnixMs, local_parts, rfc3339};
pub use time_state::TimeState;
pub use training_class::{ClassCourse, ClassState, TrainingClass, Window};
