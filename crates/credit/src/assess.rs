//! What a pair of heartbeats is worth: accepted or not, where it stops, and the pieces it is cut into.

use zhipei_domain::{LocalDay, UnixMs};

use crate::clock::{Placed, Run};
use crate::coverage::RangeSet;

/// A pair longer than this is not one (rule 2).
pub const MAX_PAIR_MS: i64 = 30_000;
/// What arrives later than this after its placed time is late (C7).
pub const LATE_AFTER_MS: i64 = 30_000;
/// Late time that counts at a stretch (C7).
pub const LATE_STRETCH_MS: i64 = 600_000;
/// Late time that counts in a local day (C7).
pub const LATE_DAY_MS: i64 = 1_800_000;
/// A challenge that has not ended so long after its first delivery, and is not on screen, is missed (C25).
pub const CHALLENGE_LIFE_MS: i64 = 600_000;
/// How far a run may be ahead of what time allows, in thousandths of a millisecond (rule 2: 2 s).
const TOLERANCE: i64 = 2_000_000;

/// Two consecutive heartbeats of a clock, the first of them playing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) from: Placed,
    pub(crate) to: Placed,
    /// The lesser of the first heartbeat's rate and the policy's highest (C9).
    pub(crate) rate_thousandths: i64,
}

/// A part of a pair with nothing inside it at which the rules change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) server: (UnixMs, UnixMs),
    pub(crate) media: (i64, i64),
}

impl Pair {
    pub(crate) fn elapsed(&self) -> i64 {
        self.to.at - self.from.at
    }

    pub(crate) fn advanced(&self) -> i64 {
        self.to.position - self.from.position
    }

    /// Extends the run by this pair, when the run stays within its tolerance (step 1).
    pub(crate) fn accept(&self, run: &mut Run) -> bool {
        let (elapsed, advanced) = (self.elapsed(), self.advanced());
        let allowed = run.allowed + self.rate_thousandths * elapsed;
        let accepted = elapsed <= MAX_PAIR_MS
            && advanced >= 0
            && (run.media + advanced) * 1_000 <= allowed + TOLERANCE;
        if accepted {
            run.media += advanced;
            run.allowed = allowed;
        }
        accepted
    }

    /// Media position at server time `at`.
    pub(crate) fn media_at(&self, at: UnixMs) -> i64 {
        if at >= self.to.at {
            return self.to.position;
        }
        self.from.position + self.advanced() * (at - self.from.at) / self.elapsed().max(1)
    }

    /// The pieces up to `stop`, in order (step 3): cut at midnight, at each void, at each edge of
    /// covered media, and at the stop itself.
    pub(crate) fn pieces(&self, stop: UnixMs, voids: &[UnixMs], covered: &RangeSet) -> Vec<Piece> {
        let start = (self.from.at, self.from.position);
        let end = (stop, self.media_at(stop));
        let midnight = LocalDay::of(self.from.at).end_ms();
        let times = voids.iter().copied().chain([midnight]);
        let mut cuts: Vec<(UnixMs, i64)> = times
            .filter(|&at| self.from.at < at && at < stop)
            .map(|at| (at, self.media_at(at)))
            .collect();
        if self.advanced() > 0 {
            let edges = covered.edges_within(self.from.position, self.to.position);
            cuts.extend(edges.map(|media| {
                let at = self.elapsed() * (media - self.from.position) / self.advanced();
                (self.from.at + at, media)
            }));
        }
        cuts.retain(|cut| *cut < end);
        cuts.sort_unstable();
        cuts.dedup();
        cuts.push(end);
        let mut pieces = Vec::with_capacity(cuts.len());
        let mut from = start;
        for cut in cuts {
            if cut != from {
                pieces.push(Piece {
                    server: (from.0, cut.0),
                    media: (from.1, cut.1),
                });
            }
            from = cut;
        }
        pieces
    }
}

impl Run {
    /// Adds a piece and says what it earns: rule 3's formula for the run so far less what the run
    /// was paid, at most the piece's own time, and only in new media (C10, step 4).
    pub(crate) fn pay(&mut self, piece: &Piece, is_new: bool) -> i64 {
        let elapsed = piece.server.1 - piece.server.0;
        let advanced = piece.media.1 - piece.media.0;
        self.elapsed += elapsed;
        self.advanced += advanced;
        if !is_new || self.advanced == 0 {
            return 0;
        }
        self.fresh += advanced;
        let formula = self.fresh * self.elapsed.min(self.advanced) / self.advanced;
        let gain = (formula - self.paid).min(elapsed).max(0);
        self.paid += gain;
        gain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(at: i64, position: i64) -> Placed {
        Placed {
            at,
            position,
            rate_thousandths: 1_000,
        }
    }

    fn pair(elapsed: i64, advanced: i64) -> Pair {
        Pair {
            from: placed(0, 0),
            to: placed(elapsed, advanced),
            rate_thousandths: 1_000,
        }
    }

    #[test]
    fn a_pair_of_thirty_seconds_counts_and_one_millisecond_more_does_not() {
        assert!(pair(30_000, 30_000).accept(&mut Run::default()));
        assert!(!pair(30_001, 30_000).accept(&mut Run::default()));
    }

    #[test]
    fn two_seconds_of_tolerance_are_the_limit_of_a_whole_run() {
        assert!(pair(10_000, 12_000).accept(&mut Run::default()));
        assert!(!pair(10_000, 12_001).accept(&mut Run::default()));
        let mut run = Run::default();
        assert!(pair(10_000, 12_000).accept(&mut run));
        assert!(!pair(10_000, 10_001).accept(&mut run));
    }

    #[test]
    fn watching_at_one_and_a_half_earns_two_thirds() {
        let piece = Piece {
            server: (0, 10_000),
            media: (0, 15_000),
        };
        assert_eq!(Run::default().pay(&piece, true), 10_000);
        let covered = Piece {
            server: (0, 10_000),
            media: (0, 10_000),
        };
        assert_eq!(Run::default().pay(&covered, false), 0);
    }

    #[test]
    fn pieces_are_cut_at_the_edges_of_what_was_covered() {
        let mut covered = RangeSet::default();
        covered.insert(2_000, 4_000);
        let pieces = pair(10_000, 10_000).pieces(10_000, &[7_000], &covered);
        let ends: Vec<i64> = pieces.iter().map(|piece| piece.server.1).collect();
        assert_eq!(ends, [2_000, 4_000, 7_000, 10_000]);
    }
}
