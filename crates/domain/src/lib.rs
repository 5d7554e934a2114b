//! The nouns of vocational training and the invariants they carry.
//!
//! No IO, no clock, no randomness: every function that depends on time takes `now`.

mod address_range;
mod approval;
mod audit;
mod challenge;
mod class_invitation;
mod consent;
mod correction;
mod course;
mod credit_scope;
mod device;
mod enrolment;
mod erasure;
mod face;
mod frozen_time;
mod heartbeat;
mod hours;
mod id;
mod id_document;
mod identity;
mod institution;
mod learner;
mod learning_interval;
mod lockout;
mod login_session;
mod notice;
mod password;
mod permission;
mod person_name;
mod phone;
mod pledge;
mod policy;
mod region;
mod region_list;
mod rejection;
mod role;
mod roster;
mod scope;
mod sms_code;
mod sms_message;
mod staff_account;
mod time;
mod time_state;
mod trainee_category;
mod training_class;
mod typed;

pub use address_range::AddressRange;
pub use approval::{Approval, ApprovalState, DangerousAct};
pub use audit::{Actor, AuditEvent, AuditResult, SECURITY_EVENTS};
pub use challenge::{CheckOutcome, EndedChallenge};
pub use class_invitation::{ClassInvitation, InvitationCode, JoinRequest, JoinState};
pub use consent::{Consent, ConsentPurpose, ConsentText};
pub use correction::{
    Correction, CorrectionField, CorrectionState, MOST_LOST_PHONES, PHONE_WAITS_MS, check_evidence,
    check_reason,
};
pub use course::{Chapter, Course, CourseKind, Lesson, MediaAsset};
pub use credit_scope::CreditScope;
pub use device::{device_words, network_words};
pub use enrolment::{Enrolment, EnrolmentState};
pub use erasure::{APPEAL_MS, Erasure, HIGH_RISK_KEPT_MS, KEPT_MS};
pub use face::{
    EnrolledFace, FACE_CHALLENGE_MS, FACE_CHALLENGES, FACE_FRAMES, FACE_KEPT_DAYS, FACE_PAUSE_MS,
    FACE_TRIES, FACE_TRIES_WITHIN_MS, FACES_TO_FILE, FRAMES_KNOWN_MS, FaceAction, FaceChallenge,
    FaceCheck, FaceOutcome, FacePurpose, FaceStanding, FramePrint, START_HOLDS_MS,
    face_paused_until, is_replayed,
};
pub use frozen_time::{Appeal, FROZEN_APPEAL_MS, FrozenDecision, FrozenTime};
pub use heartbeat::{Beat, PlayState};
pub use hours::{CreditHours, Hours, Row, Segment, Span, TotalHours, Totals, Void};
pub use id::{
    ApprovalId, ChallengeId, ChapterId, ClassId, ClockId, CorrectionId, CourseId, EnrolmentId,
    FaceCheckId, InstitutionId, IntervalId, InvitationId, JoinRequestId, LearnerId, LessonId,
    LoginSessionId, MediaAssetId, NoticeId, RosterEntryId, StaffId,
};
pub use id_document::{DocumentKind, IdDocument, Sex};
pub use identity::{Identity, IdentityError, YOUNGEST_YEARS, may_register};
pub use institution::Institution;
pub use learner::{AccountState, IdentityLevel, Learner, LoginName, Title};
pub use learning_interval::LearningInterval;
pub use lockout::Lockout;
pub use login_session::{Account, LoginEnd, LoginSession, LoginStage};
pub use notice::{Notice, NoticeKind, SmsRule};
pub use password::{check_new_password, check_new_staff_password};
pub use permission::Permission;
pub use person_name::PersonName;
pub use phone::Phone;
pub use pledge::{PLEDGE, PLEDGE_VERSION};
pub use policy::{
    CheckKind, CheckPolicy, Policy, PolicyError, Reach, SMS_WITHIN_S, SessionRule, Shown,
    SnapshotRule, StartCheck,
};
pub use region::{NotARegionCode, Region, RegionCode, RegionTree};
pub use region_list::{ListedRegion, RegionChanges, RegionFault};
pub use rejection::Rejection;
pub use role::{Charge, Duties, Role};
pub use roster::RosterEntry;
pub use scope::Scope;
pub use sms_code::{
    CODE_LIVES_MS, CODE_TRIES, CodePurpose, PER_ADDRESS, PER_PHONE, PER_SITE_AN_HOUR,
    PROVED_CODE_LIVES_MS, SendHistory, SendLimit, WITHOUT_CAPTCHA, draw_code, is_code,
};
pub use sms_message::{SmsMessage, SmsWords};
pub use staff_account::{StaffAccount, StaffState};
pub use time::{LocalDay, NotADay, UnixMs, local_parts, rfc3339};
pub use time_state::TimeState;
pub use trainee_category::TraineeCategory;
pub use training_class::{ClassCourse, ClassState, TrainingClass, Window};
