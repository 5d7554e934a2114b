//! The nouns of vocational training and the invariants they carry.
//!
//! No IO, no clock, no randomness: every function that depends on time takes `now`.

mod address_range;
mod approval;
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
mod permission;
mod policy;
mod region;
mod region_list;
mod rejection;
mod role;
mod scope;
mod staff_account;
mod time;
mod time_state;
mod training_class;

pub use address_range::AddressRange;
pub use approval::{Approval, ApprovalState, DangerousAct};
pub use audit::{Actor, AuditEvent, AuditResult};
pub use challenge::{CheckOutcome, EndedChallenge};
pub use course::{Chapter, Course, CourseKind, Lesson, MediaAsset};
pub use credit_scope::CreditScope;
pub use enrolment::{Enrolment, EnrolmentState};
pub use heartbeat::{Beat, PlayState};
pub use hours::{CreditHours, Hours, Row, Segment, Span, TotalHours, Totals, Void};
pub use id::{
    ApprovalId, ChallengeId, ChapterId, ClassId, ClockId, CourseId, EnrolmentId, InstitutionId,
    IntervalId, LearnerId, LessonId, LoginSessionId, MediaAssetId, StaffId,
};
pub use institution::Institution;
pub use learner::{IdentityLevel, Learner, LoginName, Title};
pub use learning_interval::LearningInterval;
pub use lockout::Lockout;
pub use login_session::{Account, LoginEnd, LoginSession, LoginStage};
pub use password::{check_new_password, check_new_staff_password};
pub use permission::Permission;
pub use policy::{CheckKind, CheckPolicy, Policy, PolicyError, SessionRule, SnapshotRule};
pub use region::{NotARegionCode, Region, RegionCode, RegionTree};
pub use region_list::{ListedRegion, RegionChanges, RegionFault};
pub use rejection::Rejection;
pub use role::{Charge, Duties, Role};
pub use scope::Scope;
pub use staff_account::{StaffAccount, StaffState};
pub use time::{LocalDay, NotADay, UnixMs, local_parts, rfc3339};
pub use time_state::TimeState;
pub use training_class::{ClassCourse, ClassState, TrainingClass, Window};
