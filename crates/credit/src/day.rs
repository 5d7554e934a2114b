//! One local day of one learner: what fills it, and the room a void gives back.

use zhipei_domain::UnixMs;

/// What a local day holds, over all classes and free study (C20).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Day {
    /// Verified, pending and frozen milliseconds.
    pub(crate) earned: i64,
    /// Voids: when, and how many milliseconds. Their room serves later time only (C21).
    pub(crate) voids: Vec<(UnixMs, i64)>,
}

impl Day {
    /// What fills the day for a piece that begins at `at`.
    pub(crate) fn filled_at(&self, at: UnixMs) -> i64 {
        let voided: i64 = self
            .voids
            .iter()
            .filter(|(void_at, _)| *void_at > at)
            .map(|v| v.1)
            .sum();
        self.earned + voided
    }
}
