//! The rules of credit, held against what an export says was credited and the heartbeats under it.
//!
//! What can be seen from outside is checked: that no interval is worth more than its server time, its
//! media and its heartbeats allow, that no moment and no media counts twice, that a day keeps its cap,
//! that only a check verifies. How much less the engine credited, because a check was on screen or a
//! connection was lost, is not recomputed here.

use std::collections::{BTreeMap, HashMap};

use zhipei_credit::RangeSet;
use zhipei_domain::{
    Beat, CreditScope, IntervalId, LearnerId, LearningInterval, LessonId, LocalDay, PlayState,
    TimeState, UnixMs,
};
use zhipei_ledger::{Body, CreditBody, CreditedInterval, pairs};

use crate::fault::{Broken, Fault};

/// What the rules need to know beside the entries.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms {
    /// Lengths of lessons, in milliseconds.
    pub(crate) lessons: HashMap<LessonId, i64>,
    /// Cap in minutes and whether there are checks, by scope and version.
    pub(crate) policies: HashMap<(CreditScope, u32), (i64, bool)>,
}

/// Replays one learner's entries, in order.
#[derive(Debug)]
pub(crate) struct CreditAudit<'t> {
    learner: LearnerId,
    terms: &'t Terms,
    /// Server time in which something was credited, to whom it belongs.
    spans: BTreeMap<UnixMs, (UnixMs, IntervalId)>,
    covered: HashMap<(CreditScope, LessonId), RangeSet>,
    /// Where each interval lies, for voids to take out of `covered`.
    placed: HashMap<IntervalId, (CreditScope, LessonId, [i64; 2])>,
    faults: Vec<Fault>,
}

impl<'t> CreditAudit<'t> {
    pub(crate) fn new(learner: LearnerId, terms: &'t Terms) -> Self {
        Self {
            learner,
            terms,
            spans: BTreeMap::new(),
            covered: HashMap::new(),
            placed: HashMap::new(),
            faults: Vec::new(),
        }
    }

    pub(crate) fn replay(&mut self, body: &Body) {
        match body {
            Body::Credit(credit) => self.credit(credit),
            Body::Settlement(body) if body.result.effect() == TimeState::Void => {
                self.void(&body.intervals);
            }
            Body::Decision(body) if body.decision.effect() == TimeState::Void => {
                self.void(&body.intervals);
            }
            _ => {}
        }
    }

    /// All entries are fed. `intervals`: as they stand in the end.
    pub(crate) fn finish(mut self, intervals: &[LearningInterval]) -> Vec<Fault> {
        let mut days: BTreeMap<LocalDay, (i64, Option<i64>)> = BTreeMap::new();
        for interval in intervals.iter().filter(|one| one.state.is_earned()) {
            let place = (interval.credit_scope, interval.policy_version);
            let cap = self.terms.policies.get(&place).map_or(0, |policy| policy.0);
            let (ms, most) = days.entry(interval.day).or_insert((0, Some(0)));
            *ms += interval.ms;
            // One policy without a cap leaves the day without one.
            *most = most.filter(|_| cap > 0).map(|most| most.max(cap));
        }
        for (day, (ms, cap_min)) in days {
            if let Some(cap_min) = cap_min.filter(|cap| ms > cap * 60_000) {
                self.faults.push(Fault::OverCap {
                    learner: self.learner,
                    day,
                    ms,
                    cap_min,
                });
            }
        }
        self.faults
    }

    fn credit(&mut self, credit: &CreditBody) {
        let beats = pairs::decode(&credit.pairs).unwrap_or_default();
        let length_ms = self.terms.lessons.get(&credit.lesson).copied();
        let policy = (credit.credit_scope, credit.policy_version);
        let checks = self
            .terms
            .policies
            .get(&policy)
            .is_some_and(|policy| policy.1);
        for interval in &credit.intervals {
            let played = Played::of(&beats, interval, length_ms.unwrap_or_default());
            let [from, to] = interval.server;
            let rules = [
                (interval.ms < 0 || interval.ms > to - from, Broken::Elapsed),
                (
                    interval.ms > interval.media[1] - interval.media[0],
                    Broken::Media,
                ),
                (!lies_within(interval.media, length_ms), Broken::Lesson),
                (!is_of_its_day(interval), Broken::Day),
                (!played.supports(interval), Broken::Heartbeats),
                (
                    checks && interval.state == TimeState::Verified,
                    Broken::Unchecked,
                ),
            ];
            for (is_broken, rule) in rules {
                if is_broken {
                    self.broken(interval.id, rule);
                }
            }
            self.exclude(interval);
            if interval.state != TimeState::OverCap {
                self.cover(credit.credit_scope, credit.lesson, interval);
            }
        }
    }

    /// No moment counts twice.
    fn exclude(&mut self, interval: &CreditedInterval) {
        let [from, to] = interval.server;
        let before = self.spans.range(..to).next_back();
        if before.is_some_and(|(_, (end, _))| *end > from) {
            self.broken(interval.id, Broken::Overlap);
        }
        if from < to {
            self.spans.insert(from, (to, interval.id));
        }
    }

    /// No media counts twice, unless it became void in between.
    fn cover(&mut self, scope: CreditScope, lesson: LessonId, interval: &CreditedInterval) {
        let [from, to] = interval.media;
        let covered = self.covered.entry((scope, lesson)).or_default();
        let before = covered.total();
        covered.insert(from, to);
        if covered.total() - before != (to - from).max(0) {
            self.broken(interval.id, Broken::Again);
        }
        self.placed
            .insert(interval.id, (scope, lesson, interval.media));
    }

    fn void(&mut self, intervals: &[IntervalId]) {
        for id in intervals {
            if let Some((scope, lesson, [from, to])) = self.placed.remove(id)
                && let Some(covered) = self.covered.get_mut(&(scope, lesson))
            {
                covered.remove(from, to);
            }
        }
    }

    fn broken(&mut self, interval: IntervalId, rule: Broken) {
        self.faults.push(Fault::Credit {
            learner: self.learner,
            interval,
            rule,
        });
    }
}

fn lies_within([from, to]: [i64; 2], length_ms: Option<i64>) -> bool {
    0 <= from && from <= to && length_ms.is_some_and(|length| to <= length)
}

fn is_of_its_day(interval: &CreditedInterval) -> bool {
    let [from, to] = interval.server;
    interval.day == LocalDay::of(from) && to <= interval.day.end_ms()
}

/// What the heartbeats of an entry show of one interval's media.
#[derive(Debug, Default)]
struct Played {
    media: RangeSet,
    /// The client's time over it.
    ms: i64,
    /// When the last of these heartbeats arrived.
    arrived_at: Option<UnixMs>,
}

impl Played {
    fn of(beats: &[Beat], interval: &CreditedInterval, length_ms: i64) -> Self {
        let mut played = Self::default();
        let [from, to] = interval.media;
        for pair in beats.windows(2) {
            let [first, second] = [&pair[0], &pair[1]];
            let [start, end] = [first, second].map(|beat| beat.position_ms.clamp(0, length_ms));
            let (low, high) = (start.max(from), end.min(to));
            let is_pair = first.state == PlayState::Playing && second.seq == first.seq + 1;
            if !is_pair || low >= high {
                continue;
            }
            let elapsed = (second.client_ms - first.client_ms).max(0);
            // Rounded up: an interval may be cut within a pair.
            played.ms += elapsed * (high - low) / (end - start) + 2;
            played.media.insert(low, high);
            played.arrived_at = Some(second.arrived_at);
        }
        played
    }

    fn supports(&self, interval: &CreditedInterval) -> bool {
        let [from, to] = interval.media;
        let arrived = self.arrived_at.is_some_and(|at| interval.server[1] <= at);
        self.media.total() == to - from && interval.ms <= self.ms && arrived
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;
    use zhipei_domain::{ChallengeId, CheckKind, ClockId, CourseId};
    use zhipei_ledger::{CheckResult, SettlementBody};

    use super::*;

    const START: UnixMs = 1_772_416_800_000;
    const LESSON: LessonId = LessonId(Uuid::from_u128(7));

    fn beat(seq: u64, ms: i64) -> Beat {
        Beat {
            seq,
            arrived_at: START + ms,
            client_ms: 5_000 + ms,
            position_ms: ms,
            state: PlayState::Playing,
            rate_thousandths: 1_000,
        }
    }

    fn interval(id: u128, from: i64, to: i64) -> CreditedInterval {
        CreditedInterval {
            id: IntervalId(Uuid::from_u128(id)),
            state: TimeState::Pending,
            day: LocalDay::of(START),
            media: [from, to],
            server: [START + from, START + to],
            ms: to - from,
        }
    }

    fn credit(intervals: Vec<CreditedInterval>) -> CreditBody {
        CreditBody {
            credit_scope: CreditScope::Platform,
            lesson: LESSON,
            course: CourseId(Uuid::from_u128(6)),
            clock_id: ClockId(Uuid::from_u128(5)),
            device_id: "pc".to_owned(),
            epoch: 1,
            policy_version: 1,
            intervals,
            pairs: pairs::encode(&[beat(1, 0), beat(2, 10_000), beat(3, 20_000)]),
        }
    }

    fn terms(cap_min: i64) -> Terms {
        Terms {
            lessons: HashMap::from([(LESSON, 60_000)]),
            policies: HashMap::from([((CreditScope::Platform, 1), (cap_min, true))]),
        }
    }

    fn broken(bodies: &[Body]) -> Vec<Broken> {
        let terms = terms(0);
        let mut audit = CreditAudit::new(LearnerId(Uuid::from_u128(1)), &terms);
        for body in bodies {
            audit.replay(body);
        }
        let rule = |fault| match fault {
            Fault::Credit { rule, .. } => rule,
            other => panic!("{other}"),
        };
        audit.finish(&[]).into_iter().map(rule).collect()
    }

    #[test]
    fn what_heartbeats_show_is_accepted_and_each_step_beyond_is_named() {
        let whole = interval(1, 0, 20_000);
        assert_eq!(broken(&[credit(vec![whole]).into()]), []);
        let cases = [
            (
                CreditedInterval {
                    ms: 20_001,
                    server: [START, START + 20_000],
                    media: [0, 20_000],
                    ..whole
                },
                vec![Broken::Elapsed, Broken::Media],
            ),
            (
                CreditedInterval {
                    ms: 15_000,
                    media: [0, 10_000],
                    ..whole
                },
                vec![Broken::Media, Broken::Heartbeats],
            ),
            (CreditedInterval { ms: -1, ..whole }, vec![Broken::Elapsed]),
            (
                CreditedInterval {
                    media: [10_000, 30_000],
                    ..whole
                },
                vec![Broken::Heartbeats],
            ),
            (
                CreditedInterval {
                    media: [50_000, 70_000],
                    ..whole
                },
                vec![Broken::Lesson, Broken::Heartbeats],
            ),
            (
                CreditedInterval {
                    server: [START, START + 20_001],
                    ..whole
                },
                vec![Broken::Heartbeats],
            ),
            (
                CreditedInterval {
                    day: LocalDay(whole.day.0 + 1),
                    ..whole
                },
                vec![Broken::Day],
            ),
            (
                CreditedInterval {
                    state: TimeState::Verified,
                    ..whole
                },
                vec![Broken::Unchecked],
            ),
        ];
        for (interval, expected) in cases {
            assert_eq!(
                broken(&[credit(vec![interval]).into()]),
                expected,
                "{interval:?}"
            );
        }
    }

    #[test]
    fn no_moment_and_no_media_counts_twice() {
        let (first, second) = (interval(1, 0, 10_000), interval(2, 10_000, 20_000));
        assert_eq!(broken(&[credit(vec![first, second]).into()]), []);
        let early = CreditedInterval {
            server: [START + 9_999, START + 19_999],
            ..second
        };
        assert_eq!(
            broken(&[credit(vec![first, early]).into()]),
            [Broken::Overlap]
        );
        let again = CreditedInterval {
            media: [9_999, 19_999],
            ..second
        };
        assert_eq!(
            broken(&[credit(vec![first, again]).into()]),
            [Broken::Again]
        );
    }

    #[test]
    fn media_that_became_void_may_be_earned_again() {
        let first = interval(1, 0, 10_000);
        let again = CreditedInterval {
            server: [START + 10_000, START + 20_000],
            ..interval(2, 0, 10_000)
        };
        let void = SettlementBody {
            challenge: ChallengeId(Uuid::from_u128(9)),
            credit_scope: CreditScope::Platform,
            kind: CheckKind::Presence,
            closing: false,
            result: CheckResult::Missed,
            rounds: 2,
            group: None,
            at: START + 10_000,
            ms: 10_000,
            intervals: vec![first.id],
        };
        let bodies = |void: Option<SettlementBody>| -> Vec<Body> {
            let first = Some(credit(vec![first]).into());
            let later = |seq, ms| Beat {
                position_ms: ms - 10_000,
                ..beat(seq, ms)
            };
            let pairs = pairs::encode(&[later(3, 10_000), later(4, 20_000)]);
            let again = CreditBody {
                pairs,
                ..credit(vec![again])
            };
            let again = Some(again.into());
            [first, void.map(Body::from), again]
                .into_iter()
                .flatten()
                .collect()
        };
        assert_eq!(broken(&bodies(Some(void))), []);
        assert_eq!(broken(&bodies(None)), [Broken::Again]);
    }

    #[test]
    fn a_day_keeps_its_cap_to_the_millisecond() {
        let row = |ms| LearningInterval {
            id: IntervalId(Uuid::from_u128(1)),
            learner: LearnerId(Uuid::from_u128(1)),
            credit_scope: CreditScope::Platform,
            course: CourseId(Uuid::from_u128(6)),
            lesson: LESSON,
            state: TimeState::Verified,
            day: LocalDay::of(START),
            media_from: 0,
            media_to: ms,
            server_from: START,
            server_to: START + ms,
            ms,
            policy_version: 1,
            device_id: "pc".to_owned(),
            clock: ClockId(Uuid::from_u128(5)),
            frozen_group: None,
            void_at: None,
            challenge: None,
        };
        let terms = terms(1);
        let finish =
            |ms| CreditAudit::new(LearnerId(Uuid::from_u128(1)), &terms).finish(&[row(ms)]);
        assert_eq!(finish(60_000), []);
        assert!(matches!(
            finish(60_001)[..],
            [Fault::OverCap { ms: 60_001, .. }]
        ));
    }
}
