//! Identifiers: one newtype a noun, so that two can never be swapped.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

ids! {
    /// A person who takes courses (学员).
    LearnerId,
    /// An organisation that runs training classes (培训机构).
    InstitutionId,
    /// One run of courses for a group of learners (班期).
    ClassId,
    /// A way into a class for whoever has its code (邀请码).
    InvitationId,
    /// A learner's request to join a class (入班申请).
    JoinRequestId,
    /// A person on the roster of a class (名单).
    RosterEntryId,
    /// A correction of name, document or phone (信息更正).
    CorrectionId,
    /// Something that the platform tells a learner (消息).
    NoticeId,
    /// A learner's place in a class (报名).
    EnrolmentId,
    /// A course (课程).
    CourseId,
    /// A chapter of a course (章).
    ChapterId,
    /// A lesson of a chapter (课时, 节): one video.
    LessonId,
    /// A transcoded video with its poster and captions.
    MediaAssetId,
    /// A look at a face, and the question before it (人脸核验).
    FaceCheckId,
    /// An account of a member of staff (平台人员).
    StaffId,
    /// A dangerous act that one person asked for and another decides on (双人复核).
    ApprovalId,
    /// A login (登录) on one device.
    LoginSessionId,
    /// A random check (随机抽查).
    ChallengeId,
    /// A learning interval (学时区间).
    IntervalId,
    /// One run of the client's monotonic clock: each opening of a lesson brings a fresh one.
    ClockId,
}
