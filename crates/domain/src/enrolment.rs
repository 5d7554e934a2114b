use crate::{ClassId, EnrolmentId, LearnerId, RegionCode, UnixMs};

/// A learner's place in a class (报名).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// Its identity.
    pub id: EnrolmentId,
    /// Who learns.
    pub learner: LearnerId,
    /// In which class.
    pub class: ClassId,
    /// The learner's region when they joined: who supervises this place.
    pub region: RegionCode,
    /// Where it stands.
    pub state: EnrolmentState,
    /// When they joined.
    pub created_at: UnixMs,
}

/// Where an enrolment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnrolmentState {
    /// Learning.
    Active,
    /// The class is finished.
    Completed {
        /// When.
        at: UnixMs,
    },
    /// The learner left.
    Withdrawn,
}
