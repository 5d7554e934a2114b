use crate::{InstitutionId, LearnerId, RegionCode};

/// The rows a caller may see (监管范围). Storage applies it to every read of personal rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Only the learner's own rows.
    Learner(LearnerId),
    /// A region and everything under it in the tree: learners who belong there, and what others learn in
    /// classes that are filed there.
    Region(RegionCode),
    /// The classes of an institution, and the learners in them.
    Institution(InstitutionId),
    /// Everything: jobs of the platform and its operator.
    Platform,
}
