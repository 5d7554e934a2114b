//! Closing an account: what is kept, and until when.

use crate::UnixMs;

/// Training records are kept for so long after the last class ended.
/// Source: the province's notice on archives of subsidised training (three years at least).
pub const KEPT_MS: i64 = 3 * 366 * 86_400_000;

/// A request to be erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// When it was asked for.
    pub requested_at: UnixMs,
    /// From when on the key is destroyed.
    pub due_at: UnixMs,
    /// When it was destroyed.
    pub done_at: Option<UnixMs>,
}

impl Erasure {
    /// Who has learnt nothing is erased at once; who has, three years after their last class ended, or
    /// after their last record where there was no class.
    pub fn ask(now: UnixMs, last_record_at: Option<UnixMs>) -> Self {
        Self {
            requested_at: now,
            due_at: last_record_at.map_or(now, |last| last + KEPT_MS).max(now),
            done_at: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipl_11_records_hold_the_key_for_three_years_and_nothing_holds_it_without_records() {
        assert_eq!(Erasure::ask(1_000, None).due_at, 1_000);
        assert_eq!(Erasure::ask(1_000, Some(500)).due_at, 500 + KEPT_MS);
        let long_ago = Erasure::ask(10 * KEPT_MS, Some(0));
        assert_eq!(long_ago.due_at, long_ago.requested_at);
        let three_years_with_a_leap_day = 1_096 * 86_400_000;
        assert_eq!(KEPT_MS.max(three_years_with_a_leap_day), KEPT_MS);
    }
}
