//! Adding up: what a learner's intervals come to, by state, by row, along the medium.
//!
//! Nothing here decides what counts; it sums what was decided. Printed hours are floored once, at
//! the total, and rows are differences of floored running totals, so that every column adds up.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Add, Sub};

use crate::{LearningInterval, LessonId, TimeState, UnixMs};

/// Credit hours (学时) in hundredths, floored. Shown as `15.42`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct CreditHours(i64);

impl CreditHours {
    /// The whole hundredths in `ms`, where one hour has `minutes_per_hour` minutes.
    pub fn floor(ms: i64, minutes_per_hour: i64) -> Self {
        Self((ms * 100).div_euclid(minutes_per_hour * 60_000))
    }

    /// The hundredths.
    pub fn hundredths(self) -> i64 {
        self.0
    }
}

impl Sub for CreditHours {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl fmt::Display for CreditHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:02}", self.0.abs() / 100, self.0.abs() % 100)
    }
}

/// Milliseconds in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// 已计入.
    pub verified_ms: i64,
    /// 待核验.
    pub pending_ms: i64,
    /// 待复核.
    pub frozen_ms: i64,
    /// 不计入, and not yet made up: it can be earned again.
    pub void_ms: i64,
    /// Over the daily cap.
    pub over_cap_ms: i64,
}

impl Add for Totals {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            verified_ms: self.verified_ms + other.verified_ms,
            pending_ms: self.pending_ms + other.pending_ms,
            frozen_ms: self.frozen_ms + other.frozen_ms,
            void_ms: self.void_ms + other.void_ms,
            over_cap_ms: self.over_cap_ms + other.over_cap_ms,
        }
    }
}

impl std::iter::Sum for Totals {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Add::add)
    }
}

/// [`Totals`] as hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TotalHours {
    /// 已计入.
    pub verified: CreditHours,
    /// 待核验.
    pub pending: CreditHours,
    /// 待复核.
    pub frozen: CreditHours,
    /// 不计入.
    pub void: CreditHours,
}

impl Totals {
    /// Each state floored by itself.
    pub fn hours(&self, minutes_per_hour: i64) -> TotalHours {
        let floor = |ms| CreditHours::floor(ms, minutes_per_hour);
        TotalHours {
            verified: floor(self.verified_ms),
            pending: floor(self.pending_ms),
            frozen: floor(self.frozen_ms),
            void: floor(self.void_ms),
        }
    }
}

/// One learner's intervals in one credit scope, with what of the void is still open to be made up.
#[derive(Clone, Debug, Default)]
pub struct Hours {
    intervals: Vec<LearningInterval>,
    /// Beside each interval: its milliseconds, or what is left of them when it is void.
    standing_ms: Vec<i64>,
}

impl Hours {
    /// Takes the intervals in any order.
    pub fn new(mut intervals: Vec<LearningInterval>) -> Self {
        intervals.sort_by_key(|interval| (interval.server_from, interval.server_to, interval.id));
        let standing_ms = standing(&intervals);
        Self {
            intervals,
            standing_ms,
        }
    }

    /// All intervals, by server time.
    pub fn intervals(&self) -> &[LearningInterval] {
        &self.intervals
    }

    /// What all of them come to.
    pub fn totals(&self) -> Totals {
        self.totals_where(|_| true)
    }

    /// What those that `choose` takes come to.
    pub fn totals_where(&self, choose: impl Fn(&LearningInterval) -> bool) -> Totals {
        self.standing()
            .filter(|(interval, _)| choose(interval))
            .map(|(interval, ms)| totals_of(interval.state, ms))
            .sum()
    }

    /// One row a group, in the order of the groups; intervals without a group are left out.
    pub fn rows<G: Ord>(
        &self,
        minutes_per_hour: i64,
        group: impl Fn(&LearningInterval) -> Option<G>,
    ) -> Vec<Row<'_, G>> {
        let mut groups: BTreeMap<G, (Totals, Vec<&LearningInterval>)> = BTreeMap::new();
        for (interval, ms) in self.standing() {
            if let Some(key) = group(interval) {
                let (totals, members) = groups.entry(key).or_default();
                *totals = *totals + totals_of(interval.state, ms);
                members.push(interval);
            }
        }
        let mut running = Totals::default();
        groups
            .into_iter()
            .map(|(key, (totals, intervals))| {
                let before = running.hours(minutes_per_hour);
                running = running + totals;
                let after = running.hours(minutes_per_hour);
                Row {
                    key,
                    totals,
                    hours: TotalHours {
                        verified: after.verified - before.verified,
                        pending: after.pending - before.pending,
                        frozen: after.frozen - before.frozen,
                        void: after.void - before.void,
                    },
                    intervals,
                }
            })
            .collect()
    }

    /// The best state of each stretch of a lesson's medium: sorted, disjoint, neighbours joined.
    ///
    /// A void stretch that was watched again is made up and shows what became of it.
    pub fn segments(&self, lesson: LessonId) -> Vec<Segment> {
        let of_lesson: Vec<_> = self
            .intervals
            .iter()
            .filter(|i| i.lesson == lesson && i.media_from < i.media_to)
            .collect();
        let mut edges: Vec<i64> = of_lesson
            .iter()
            .flat_map(|i| [i.media_from, i.media_to])
            .collect();
        edges.sort_unstable();
        edges.dedup();
        let mut segments: Vec<Segment> = Vec::new();
        for pair in edges.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            let best = of_lesson
                .iter()
                .filter(|i| i.media_from <= from && to <= i.media_to)
                .map(|i| i.state)
                .min_by_key(|state| rank(*state));
            match (best, segments.last_mut()) {
                (Some(state), Some(last)) if last.state == state && last.media_to == from => {
                    last.media_to = to;
                }
                (Some(state), _) => segments.push(Segment {
                    state,
                    media_from: from,
                    media_to: to,
                }),
                (None, _) => {}
            }
        }
        segments
    }

    /// The void stretches that `choose` takes, by server time, each as the learner met it: what was
    /// watched in a row and became void at one moment is one.
    pub fn voids(&self, choose: impl Fn(&LearningInterval) -> bool) -> Vec<Void> {
        let mut voids: Vec<Void> = Vec::new();
        for (interval, left_ms) in self.standing() {
            if interval.state != TimeState::Void || !choose(interval) {
                continue;
            }
            let joins = voids.last().is_some_and(|last| {
                last.lesson == interval.lesson
                    && last.void_at == interval.void_at
                    && last.media_to == interval.media_from
            });
            if joins && let Some(last) = voids.last_mut() {
                last.to = interval.server_to;
                last.media_to = interval.media_to;
                last.ms += interval.ms;
                last.left_ms += left_ms;
            } else {
                voids.push(Void {
                    lesson: interval.lesson,
                    from: interval.server_from,
                    to: interval.server_to,
                    media_from: interval.media_from,
                    media_to: interval.media_to,
                    void_at: interval.void_at,
                    ms: interval.ms,
                    left_ms,
                    decided: interval.frozen_group.is_some(),
                });
            }
        }
        voids
    }

    /// Server time by state: sorted, neighbours of one state joined when less than a second lies between.
    pub fn spans<'a>(intervals: impl IntoIterator<Item = &'a LearningInterval>) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        for interval in intervals {
            match spans.last_mut() {
                Some(last)
                    if last.state == interval.state && interval.server_from - last.to < 1_000 =>
                {
                    last.to = last.to.max(interval.server_to);
                }
                _ => spans.push(Span {
                    state: interval.state,
                    from: interval.server_from,
                    to: interval.server_to,
                }),
            }
        }
        spans
    }

    fn standing(&self) -> impl Iterator<Item = (&LearningInterval, i64)> {
        self.intervals.iter().zip(self.standing_ms.iter().copied())
    }
}

/// What a group of intervals comes to.
#[derive(Clone, Debug)]
pub struct Row<'a, G> {
    /// What they have in common.
    pub key: G,
    /// Their milliseconds.
    pub totals: Totals,
    /// Differences of floored running totals: over all rows they add up to the floored total.
    pub hours: TotalHours,
    /// By server time.
    pub intervals: Vec<&'a LearningInterval>,
}

impl<G> Row<'_, G> {
    /// When the first of them began.
    pub fn from(&self) -> UnixMs {
        self.intervals.first().map_or(0, |i| i.server_from)
    }

    /// When the last of them ended.
    pub fn to(&self) -> UnixMs {
        self.intervals
            .iter()
            .map(|i| i.server_to)
            .max()
            .unwrap_or(0)
    }
}

/// A stretch of a lesson's medium in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The best state of it.
    pub state: TimeState,
    /// Where it begins, in milliseconds of the medium.
    pub media_from: i64,
    /// Where it ends.
    pub media_to: i64,
}

/// A stretch of server time in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its state.
    pub state: TimeState,
    /// When it began.
    pub from: UnixMs,
    /// When it ended.
    pub to: UnixMs,
}

/// A stretch that does not count, and how to get it back: watch it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Void {
    /// The lesson.
    pub lesson: LessonId,
    /// When it was watched first.
    pub from: UnixMs,
    /// Until when.
    pub to: UnixMs,
    /// Where it begins along the medium.
    pub media_from: i64,
    /// Where it ends.
    pub media_to: i64,
    /// When it became void.
    pub void_at: Option<UnixMs>,
    /// How much did not count.
    pub ms: i64,
    /// How much of it is not yet made up.
    pub left_ms: i64,
    /// Was it a person's decision (after a mismatch), rather than a missed check?
    pub decided: bool,
}

impl Void {
    /// Was it watched again and earned? Less than a second that is left is nothing that a learner could see.
    pub fn made_up(&self) -> bool {
        self.left_ms < 1_000
    }
}

fn totals_of(state: TimeState, ms: i64) -> Totals {
    let mut totals = Totals::default();
    match state {
        TimeState::Verified => totals.verified_ms = ms,
        TimeState::Pending => totals.pending_ms = ms,
        TimeState::Frozen => totals.frozen_ms = ms,
        TimeState::Void => totals.void_ms = ms,
        TimeState::OverCap => totals.over_cap_ms = ms,
    }
    totals
}

/// Which state a stretch of the medium shows when it has several: the lowest.
fn rank(state: TimeState) -> u8 {
    match state {
        TimeState::Verified => 0,
        TimeState::Frozen => 1,
        TimeState::Pending => 2,
        TimeState::Void => 3,
        TimeState::OverCap => 4,
    }
}

/// The milliseconds of each interval; of a void one, the part whose medium was neither earned nor
/// made void again later: one stretch of the medium can be earned again once, however often it was lost.
fn standing(intervals: &[LearningInterval]) -> Vec<i64> {
    let mut taken: BTreeMap<LessonId, Vec<(i64, i64)>> = BTreeMap::new();
    for interval in intervals.iter().filter(|i| i.state.is_earned()) {
        let spans = taken.entry(interval.lesson).or_default();
        spans.push((interval.media_from, interval.media_to));
    }
    let mut standing: Vec<i64> = intervals.iter().map(|i| i.ms).collect();
    for (interval, left) in intervals.iter().zip(&mut standing).rev() {
        let length = interval.media_to - interval.media_from;
        if interval.state != TimeState::Void || length == 0 {
            continue;
        }
        let spans = taken.entry(interval.lesson).or_default();
        let free = length - covered(spans, interval.media_from, interval.media_to);
        *left = interval.ms * free / length;
        spans.push((interval.media_from, interval.media_to));
    }
    standing
}

/// How much of `[from, to)` the spans cover.
fn covered(spans: &mut [(i64, i64)], from: i64, to: i64) -> i64 {
    spans.sort_unstable();
    let mut reached = from;
    let mut sum = 0;
    for &mut (start, end) in spans {
        let (start, end) = (start.max(reached), end.min(to));
        if start < end {
            sum += end - start;
            reached = end;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::{ClockId, CourseId, CreditScope, IntervalId, LearnerId, LocalDay};

    const LESSON: LessonId = LessonId(Uuid::from_u128(1));

    fn interval(n: u128, state: TimeState, media: (i64, i64), from: UnixMs) -> LearningInterval {
        LearningInterval {
            id: IntervalId(Uuid::from_u128(n)),
            learner: LearnerId(Uuid::nil()),
            credit_scope: CreditScope::Platform,
            course: CourseId(Uuid::nil()),
            lesson: LESSON,
            state,
            day: LocalDay::of(from),
            media_from: media.0,
            media_to: media.1,
            server_from: from,
            server_to: from + media.1 - media.0,
            ms: media.1 - media.0,
            policy_version: 1,
            device_id: String::new(),
            clock: ClockId(Uuid::nil()),
            frozen_group: None,
            void_at: (state == TimeState::Void).then_some(from + 1_000_000),
            challenge: None,
        }
    }

    #[test]
    fn hours_are_floored_to_hundredths() {
        for (ms, shown) in [
            (0, "0.00"),
            (26_999, "0.00"),
            (27_000, "0.01"),
            (1_320_000, "0.48"),
            (41_634_000, "15.42"),
            (64_800_000, "24.00"),
        ] {
            assert_eq!(CreditHours::floor(ms, 45).to_string(), shown, "{ms}");
        }
    }

    #[test]
    fn a_void_stretch_counts_as_lost_until_it_is_watched_again() {
        let lost = interval(1, TimeState::Void, (0, 600_000), 1_000);
        let hours = Hours::new(vec![lost.clone()]);
        assert_eq!(hours.totals().void_ms, 600_000);
        assert!(!hours.voids(|_| true)[0].made_up());

        let half = interval(2, TimeState::Verified, (0, 300_000), 2_000_000);
        let hours = Hours::new(vec![half.clone(), lost.clone()]);
        assert_eq!(hours.totals().void_ms, 300_000);
        assert_eq!(
            hours.segments(LESSON),
            [
                Segment {
                    state: TimeState::Verified,
                    media_from: 0,
                    media_to: 300_000
                },
                Segment {
                    state: TimeState::Void,
                    media_from: 300_000,
                    media_to: 600_000
                },
            ]
        );

        let rest = interval(3, TimeState::Pending, (300_000, 600_000), 3_000_000);
        let hours = Hours::new(vec![half, lost, rest]);
        assert_eq!(hours.totals().void_ms, 0);
        let voids = hours.voids(|_| true);
        assert!(voids[0].made_up());
        assert_eq!(voids[0].ms, 600_000);
    }

    #[test]
    fn what_was_lost_twice_can_be_earned_again_once() {
        let first = interval(1, TimeState::Void, (0, 60_000), 0);
        let second = interval(2, TimeState::Void, (0, 60_000), 5_000_000);
        let hours = Hours::new(vec![first, second]);
        assert_eq!(hours.totals().void_ms, 60_000);
        assert_eq!(hours.voids(|_| true).len(), 2);
    }

    #[test]
    fn what_became_void_in_a_row_is_told_as_one_stretch() {
        let mut a = interval(1, TimeState::Void, (0, 60_000), 0);
        let mut b = interval(2, TimeState::Void, (60_000, 90_000), 60_000);
        (a.void_at, b.void_at) = (Some(9), Some(9));
        let voids = Hours::new(vec![a, b]).voids(|_| true);
        assert_eq!(voids.len(), 1);
        assert_eq!(
            (voids[0].media_from, voids[0].media_to, voids[0].ms),
            (0, 90_000, 90_000)
        );
    }

    fn intervals() -> impl Strategy<Value = Vec<LearningInterval>> {
        let one = (
            0..5usize,
            0..3u128,
            0i64..500_000,
            1i64..90_000,
            0i64..40_000_000,
        );
        prop::collection::vec(one, 0..60).prop_map(|rows| {
            let mut n = 0;
            rows.into_iter()
                .map(|(state, lesson, media_from, length, gap)| {
                    n += 1;
                    let state = TimeState::ALL[state];
                    let from = 1_790_000_000_000 + gap * (n as i64);
                    let mut made = interval(n, state, (media_from, media_from + length), from);
                    made.lesson = LessonId(Uuid::from_u128(lesson));
                    made.course = CourseId(Uuid::from_u128(lesson / 2));
                    made
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn rows_add_up_to_the_total_in_every_column(list in intervals(), per_hour in 1i64..=120) {
            let hours = Hours::new(list);
            let total = hours.totals();
            let floored = total.hours(per_hour);
            let by_day = hours.rows(per_hour, |i| Some(i.day));
            let by_course = hours.rows(per_hour, |i| Some(i.course));
            let check = |rows: Vec<(Totals, TotalHours)>| {
                assert_eq!(rows.iter().map(|r| r.0).sum::<Totals>(), total);
                let sum = |pick: fn(&TotalHours) -> CreditHours| {
                    rows.iter().map(|r| pick(&r.1).hundredths()).sum::<i64>()
                };
                assert_eq!(sum(|h| h.verified), floored.verified.hundredths());
                assert_eq!(sum(|h| h.pending), floored.pending.hundredths());
                assert_eq!(sum(|h| h.frozen), floored.frozen.hundredths());
                assert_eq!(sum(|h| h.void), floored.void.hundredths());
            };
            check(by_day.iter().map(|r| (r.totals, r.hours)).collect());
            check(by_course.iter().map(|r| (r.totals, r.hours)).collect());
        }

        #[test]
        fn the_order_of_the_intervals_is_irrelevant(list in intervals()) {
            let reversed: Vec<_> = list.iter().rev().cloned().collect();
            let (a, b) = (Hours::new(list), Hours::new(reversed));
            prop_assert_eq!(a.totals(), b.totals());
            prop_assert_eq!(a.segments(LESSON), b.segments(LESSON));
        }

        #[test]
        fn segments_are_disjoint_and_cover_exactly_what_was_watched(list in intervals()) {
            let hours = Hours::new(list);
            let segments = hours.segments(LESSON);
            for pair in segments.windows(2) {
                prop_assert!(pair[0].media_to <= pair[1].media_from);
                prop_assert!(pair[0].media_to < pair[1].media_from || pair[0].state != pair[1].state);
            }
            for probe in (0..600_000).step_by(7_919) {
                let watched: Vec<_> = hours.intervals().iter()
                    .filter(|i| i.lesson == LESSON && i.media_from <= probe && probe < i.media_to)
                    .map(|i| i.state)
                    .collect();
                let shown = segments.iter().find(|s| s.media_from <= probe && probe < s.media_to);
                prop_assert_eq!(shown.is_some(), !watched.is_empty());
                if let Some(segment) = shown {
                    prop_assert!(watched.iter().all(|state| rank(segment.state) <= rank(*state)));
                }
            }
        }

        #[test]
        fn what_can_be_made_up_is_never_more_than_was_lost(list in intervals()) {
            let lost: i64 = list.iter().filter(|i| i.state == TimeState::Void).map(|i| i.ms).sum();
            let hours = Hours::new(list);
            let left = hours.totals().void_ms;
            prop_assert!((0..=lost).contains(&left));
            prop_assert_eq!(hours.voids(|_| true).iter().map(|v| v.left_ms).sum::<i64>(), left);
        }
    }
}
