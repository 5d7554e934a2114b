//! Closing an account: what is kept, and until when.

use crate::UnixMs;

/// Training records are kept for so long after the last class ended.
/// Source: the province's notice on archives of subsidised training (three years at least).
pub const KEPT_MS: i64 = 3 * 366 * 86_400_000;
/// The same where the occupation is of a 高危行业: six years at least.
pub const HIGH_RISK_KEPT_MS: i64 = 2 * KEPT_MS;
/// Who was set aside can appeal for so long, also where there are no records.
pub const APPEAL_MS: i64 = 180 * 86_400_000;

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
    /// Who has learnt nothing is erased at once; who has, when the last of their records may go.
    pub fn ask(now: UnixMs, kept_until: Option<UnixMs>) -> Self {
        Self {
            requested_at: now,
            due_at: kept_until.map_or(now, |until| until.max(now)),
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
        assert_eq!(
            Erasure::ask(1_000, Some(500 + KEPT_MS)).due_at,
            500 + KEPT_MS
        );
        let long_ago = Erasure::ask(10 * KEPT_MS, Some(KEPT_MS));
        assert_eq!(long_ago.due_at, long_ago.requested_at);
        let three_years_with_a_leap_day = 1_096 * 86_400_000;
        assert_eq!(KEPT_MS.max(three_years_with_a_leap_day), KEPT_MS);
    }
}
