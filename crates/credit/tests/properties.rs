//! What must hold whatever a client does: histories of honest, careless and forging learners, drawn
//! at random.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use uuid::Uuid;
use zhipei_credit::{Answer, Chance, Earned, Happening, Heartbeat, LearnerHours, LessonSpec, Open};
use zhipei_domain::{
    ChallengeId, CheckKind, CheckPolicy, ClassId, ClockId, CourseId, CreditScope, IntervalId,
    LessonId, LocalDay, PlayState, Policy, SessionRule, TimeState,
};

const START: i64 = 1_772_466_000_000;

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Opens lesson `lesson` on device `device`.
    Open {
        device: u8,
        lesson: u8,
    },
    /// Time passes; then heartbeats that claim `advance` ms of media each, `client` ms apart.
    Beats {
        count: u8,
        client: i64,
        advance: i64,
        rate: i64,
        state: u8,
        wait: i64,
    },
    /// The position jumps.
    Seek(i64),
    /// Heartbeats of the clock before the current one.
    Backlog {
        count: u8,
    },
    Disconnect,
    Reconnect,
    Close,
    Deliver,
    Answer(u8),
    NoAnswer(i64),
    Postpone,
    Restart,
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let beats = (
        1_u8..12,
        0_i64..35_000,
        0_i64..40_000,
        0_i64..20_000,
        0_u8..6,
        0_i64..45_000,
    );
    let honest = (1_u8..12, 9_000_i64..10_001, 0_i64..1_500);
    prop_oneof![
        6 => honest.prop_map(|(count, client, wait)| Step::Beats {
            count, client, advance: client, rate: 1_000, state: 0, wait: client * i64::from(count) + wait,
        }),
        4 => beats.prop_map(|(count, client, advance, rate, state, wait)| Step::Beats {
            count, client, advance, rate, state, wait,
        }),
        2 => (0_u8..3, 0_u8..3).prop_map(|(device, lesson)| Step::Open { device, lesson }),
        1 => (-5_000_i64..400_000).prop_map(Step::Seek),
        1 => (1_u8..6).prop_map(|count| Step::Backlog { count }),
        1 => Just(Step::Disconnect),
        1 => Just(Step::Reconnect),
        1 => Just(Step::Close),
        3 => Just(Step::Deliver),
        3 => (0_u8..4).prop_map(Step::Answer),
        1 => (0_i64..90_000).prop_map(Step::NoAnswer),
        1 => Just(Step::Postpone),
        1 => Just(Step::Restart),
        1 => (0_i64..900_000).prop_map(Step::Wait),
    ]
}

fn policy() -> impl Strategy<Value = Policy> {
    (
        0_u8..3,
        1_000_i64..60_000,
        0_i64..90_000,
        0_i64..8,
        any::<bool>(),
        0_u8..3,
        any::<bool>(),
    )
        .prop_map(
            |(kind, min_ms, more, cap_min, seek_ahead, rate, older)| Policy {
                check: CheckPolicy {
                    kind: if kind == 0 {
                        CheckKind::Off
                    } else {
                        CheckKind::Presence
                    },
                    min_ms,
                    max_ms: min_ms + more,
                    answer_within_s: 60,
                    tries: 2,
                },
                seek_ahead,
                cap_min,
                max_rate_thousandths: [1_000, 1_500, 2_000][usize::from(rate)],
                sessions: if older {
                    SessionRule::Older
                } else {
                    SessionRule::Newer
                },
                ..Policy::default()
            },
        )
}

/// Numbers that stand for chance.
#[derive(Clone, Default)]
struct Counter(u128);

impl Chance for Counter {
    fn draw(&mut self, _: CreditScope, low: i64, high: i64) -> i64 {
        self.0 += 1;
        low + (self.0 as i64 * 7_919) % (high - low + 1)
    }

    fn interval_id(&mut self) -> IntervalId {
        self.0 += 1;
        IntervalId(Uuid::from_u128(self.0))
    }

    fn challenge_id(&mut self) -> ChallengeId {
        self.0 += 1;
        ChallengeId(Uuid::from_u128(self.0))
    }
}

/// How messages are cut and mixed on their way; the outcome must not depend on it.
#[derive(Clone, Copy, PartialEq)]
enum Delivery {
    AsSent,
    Reversed,
    OneByOne,
    Twice,
}

struct World {
    hours: LearnerHours,
    chance: Counter,
    rows: BTreeMap<IntervalId, Earned>,
    now: i64,
    clocks: Vec<(ClockId, LessonSpec, u64, i64, i64)>,
    ends: Vec<&'static str>,
    policy: Policy,
    delivery: Delivery,
}

const SCOPE: CreditScope = CreditScope::Class(ClassId(Uuid::from_u128(1)));

fn lessons() -> [LessonSpec; 3] {
    [60_000, 300_000, 1_500].map(|length_ms| LessonSpec {
        lesson: LessonId(Uuid::from_u128(length_ms as u128)),
        course: CourseId(Uuid::nil()),
        length_ms,
    })
}

impl World {
    fn new(policy: Policy, delivery: Delivery) -> Self {
        let mut hours = LearnerHours::default();
        hours.set_curriculum(SCOPE, Arc::from(lessons()));
        Self {
            hours,
            chance: Counter::default(),
            rows: BTreeMap::new(),
            now: START,
            clocks: Vec::new(),
            ends: Vec::new(),
            policy,
            delivery,
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Open { device, lesson } => self.open(device, lesson),
            Step::Beats {
                count,
                client,
                advance,
                rate,
                state,
                wait,
            } => {
                self.now += wait;
                self.beats(count, client, advance, rate, state);
            }
            Step::Seek(to) => {
                if let Some(clock) = self.clocks.last_mut() {
                    clock.3 = to;
                }
            }
            Step::Backlog { count } => self.backlog(count),
            Step::Disconnect => self.with_clock(|hours, now, clock, chance| {
                hours.disconnect(now, clock, chance);
            }),
            Step::Reconnect => self.with_clock(|hours, now, clock, chance| {
                let _ = hours.reconnect(now, clock, chance);
            }),
            Step::Close => self.with_clock(|hours, now, clock, chance| {
                hours.close(now, clock, chance);
            }),
            Step::Deliver => {
                self.hours.deliver(self.now, SCOPE, &mut self.chance);
            }
            Step::Answer(kind) => {
                self.now += 1_000;
                let answer = [Answer::Pass, Answer::Pass, Answer::Fail, Answer::Mismatch];
                self.hours
                    .answer(self.now, SCOPE, answer[usize::from(kind)], &mut self.chance);
            }
            Step::NoAnswer(wait) => {
                self.now += wait;
                self.hours.no_answer(self.now, SCOPE, &mut self.chance);
            }
            Step::Postpone => self.hours.postpone(self.now, SCOPE, &mut self.chance),
            Step::Restart => self.hours.restart(self.now, &mut self.chance),
            Step::Wait(ms) => self.now += ms,
        }
        self.collect();
    }

    fn open(&mut self, device: u8, lesson: u8) {
        let clock = ClockId(Uuid::from_u128(self.clocks.len() as u128 + 1));
        let lesson = lessons()[usize::from(lesson)];
        let open = Open {
            clock,
            device: format!("d{device}"),
            credit_scope: SCOPE,
            lesson,
            client_ms: 1_000,
            policy: self.policy,
            drift_ms: 0,
            ends_at: None,
            required_ms: 0,
        };
        if self.hours.open(self.now, &open, &mut self.chance).is_ok() {
            self.clocks.push((clock, lesson, 0, 0, 1_000));
        }
    }

    fn with_clock(&mut self, act: impl Fn(&mut LearnerHours, i64, ClockId, &mut Counter)) {
        if let Some((clock, ..)) = self.clocks.last() {
            act(&mut self.hours, self.now, *clock, &mut self.chance);
        }
    }

    fn beats(&mut self, count: u8, client: i64, advance: i64, rate: i64, state: u8) {
        let Some((clock, _, seq, position, client_ms)) = self.clocks.last_mut() else {
            return;
        };
        let mut beats = Vec::new();
        for _ in 0..count {
            *seq += 1;
            *client_ms += client;
            *position += advance;
            beats.push(Heartbeat {
                seq: *seq,
                state: [
                    PlayState::Playing,
                    PlayState::Playing,
                    PlayState::Playing,
                    PlayState::Paused,
                    PlayState::Hidden,
                    PlayState::Ended,
                ][usize::from(state)],
                position_ms: *position,
                rate_thousandths: rate,
                client_ms: *client_ms,
            });
        }
        let clock = *clock;
        self.send(clock, beats);
    }

    fn backlog(&mut self, count: u8) {
        if self.clocks.len() < 2 {
            return;
        }
        let before = self.clocks.len() - 2;
        let (clock, _, seq, position, client_ms) = &mut self.clocks[before];
        let mut beats = Vec::new();
        for _ in 0..count {
            *seq += 1;
            *client_ms += 10_000;
            *position += 10_000;
            beats.push(Heartbeat {
                seq: *seq,
                state: PlayState::Playing,
                position_ms: *position,
                rate_thousandths: 1_000,
                client_ms: *client_ms,
            });
        }
        let clock = *clock;
        self.send(clock, beats);
    }

    fn send(&mut self, clock: ClockId, mut beats: Vec<Heartbeat>) {
        let last = beats.last().map(|beat| beat.seq);
        match self.delivery {
            Delivery::AsSent => {}
            Delivery::Reversed => beats.reverse(),
            Delivery::Twice => {
                let again = beats.clone();
                beats.extend(again);
            }
            Delivery::OneByOne => {
                for beat in &beats {
                    self.hours
                        .heartbeats(self.now, clock, &[*beat], &mut self.chance);
                }
            }
        }
        let ack = self
            .hours
            .heartbeats(self.now, clock, &beats, &mut self.chance);
        assert_eq!(
            ack, last,
            "everything that came without a gap is acknowledged"
        );
    }

    fn collect(&mut self) {
        for happening in self.hours.take_happenings() {
            match happening {
                Happening::Flushed { intervals, trail } => {
                    assert!(zhipei_credit::beats(&trail).is_some());
                    self.rows
                        .extend(intervals.into_iter().map(|earned| (earned.id, earned)));
                }
                Happening::Settled(settlement) => {
                    for earned in settlement.intervals {
                        assert!(self.rows.contains_key(&earned.id), "only rows are settled");
                        self.rows.insert(earned.id, earned);
                    }
                }
                Happening::Challenge { outcome, .. } => self.ends.push(match outcome {
                    zhipei_credit::Outcome::Verified => "verified",
                    zhipei_credit::Outcome::Void => "void",
                    zhipei_credit::Outcome::Frozen => "frozen",
                    _ => "",
                }),
                _ => {}
            }
        }
    }

    fn all(&self) -> Vec<Earned> {
        let mut all: Vec<Earned> = self.rows.values().cloned().collect();
        all.extend_from_slice(self.hours.open_intervals());
        all
    }

    /// What counts, without the identities, neighbours joined.
    fn outcome(&self) -> Vec<Counted> {
        let mut all: Vec<Counted> = self
            .all()
            .into_iter()
            .filter(|e| e.ms > 0)
            .map(|e| (e.lesson, e.state, e.server, e.media, e.ms))
            .collect();
        all.sort_unstable();
        all.dedup_by(|next, last| {
            let joins = (last.0, last.1, last.2.1, last.3.1)
                == (next.0, next.1, next.2.0, next.3.0)
                && LocalDay::of(last.2.0) == LocalDay::of(next.2.0);
            if joins {
                *last = (
                    last.0,
                    last.1,
                    (last.2.0, next.2.1),
                    (last.3.0, next.3.1),
                    last.4 + next.4,
                );
            }
            joins
        });
        all
    }
}

type Counted = (LessonId, TimeState, (i64, i64), (i64, i64), i64);

fn total(all: &[Earned], of: impl Fn(&Earned) -> bool) -> i64 {
    all.iter().filter(|e| of(e)).map(|e| e.ms).sum()
}

fn disjoint(mut ranges: Vec<(i64, i64)>) -> bool {
    ranges.retain(|range| range.0 < range.1);
    ranges.sort_unstable();
    ranges.is_sorted_by(|a, b| a.1 <= b.0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn credit_never_exceeds_time_lesson_or_cap(policy in policy(), steps in prop::collection::vec(step(), 1..60)) {
        let mut world = World::new(policy, Delivery::AsSent);
        for step in steps {
            world.take(step);
            let all = world.all();
            prop_assert!(total(&all, |_| true) <= world.now - START, "no more than has passed");
            prop_assert!(all.iter().all(|e| e.ms <= e.server.1 - e.server.0 && e.ms >= 0));
            for lesson in lessons() {
                let earned = total(&all, |e| e.lesson == lesson.lesson && e.state.is_earned());
                prop_assert!(earned <= lesson.length_ms, "no more than the lesson is long");
            }
            if policy.cap_min > 0 {
                for day in LocalDay::of(START).0..=LocalDay::of(world.now).0 {
                    let earned = total(&all, |e| e.day.0 == day && e.state.is_earned());
                    prop_assert!(earned <= policy.cap_min * 60_000, "no more than the day takes");
                }
            }
            let server = all.iter().map(|e| e.server).collect();
            prop_assert!(disjoint(server), "no moment counts twice");
            for lesson in lessons() {
                let mine = all.iter().filter(|e| e.lesson == lesson.lesson && e.state.is_earned());
                prop_assert!(disjoint(mine.map(|e| e.media).collect()), "no media counts twice");
            }
        }
    }

    #[test]
    fn order_duplication_and_batching_are_irrelevant(policy in policy(), steps in prop::collection::vec(step(), 1..50)) {
        let outcome = |delivery| {
            let mut world = World::new(policy, delivery);
            for step in &steps {
                world.take(*step);
            }
            world.outcome()
        };
        let expected = outcome(Delivery::AsSent);
        for delivery in [Delivery::Reversed, Delivery::OneByOne, Delivery::Twice] {
            prop_assert_eq!(&outcome(delivery), &expected);
        }
    }

    #[test]
    fn the_five_states_account_for_every_millisecond(policy in policy(), steps in prop::collection::vec(step(), 1..60)) {
        let mut world = World::new(policy, Delivery::AsSent);
        let mut before = 0;
        for step in steps {
            world.take(step);
            let all = world.all();
            let by_state: i64 = TimeState::ALL.iter().map(|state| total(&all, |e| e.state == *state)).sum();
            prop_assert_eq!(by_state, total(&all, |_| true));
            prop_assert!(by_state >= before, "what was recorded never disappears");
            before = by_state;
            let (day_ms, earned) = (LocalDay::of(START).0..=LocalDay::of(world.now).0)
                .map(|day| (world.hours.day_ms(LocalDay(day)), total(&all, |e| e.day.0 == day && e.state.is_earned())))
                .fold((0, 0), |sum, day| (sum.0 + day.0, sum.1 + day.1));
            prop_assert_eq!(day_ms, earned, "the engine and the rows agree");
        }
    }

    #[test]
    fn nothing_is_verified_without_a_passed_check(mut policy in policy(), steps in prop::collection::vec(step(), 1..60)) {
        policy.check.kind = CheckKind::Presence;
        let mut world = World::new(policy, Delivery::AsSent);
        for step in steps {
            world.take(step);
            let all = world.all();
            if !world.ends.contains(&"verified") {
                prop_assert_eq!(total(&all, |e| e.state == TimeState::Verified), 0);
            }
        }
    }

    #[test]
    fn nothing_stays_pending_for_ever(mut policy in policy(), steps in prop::collection::vec(step(), 1..40)) {
        policy.sessions = SessionRule::Newer;
        let mut world = World::new(policy, Delivery::AsSent);
        for step in steps {
            world.take(step);
        }
        // The class ends; the learner comes back once and answers.
        world.take(Step::Wait(700_000));
        world.hours.finish(world.now, SCOPE, &mut world.chance);
        world.take(Step::Open { device: 0, lesson: 0 });
        // What was on screen of a connection long gone runs out by the server's timer.
        world.take(Step::NoAnswer(0));
        world.take(Step::Wait(61_000));
        world.take(Step::Deliver);
        world.take(Step::Answer(0));
        world.take(Step::Deliver);
        world.take(Step::Answer(0));
        prop_assert_eq!(world.hours.pending_ms(SCOPE), 0);
        prop_assert_eq!(total(&world.all(), |e| e.state == TimeState::Pending), 0);
    }

    #[test]
    fn a_stored_and_loaded_learner_goes_on_as_the_same(policy in policy(), steps in prop::collection::vec(step(), 1..50)) {
        let mut kept = World::new(policy, Delivery::AsSent);
        let mut loaded = World::new(policy, Delivery::AsSent);
        let mut cold = String::new();
        for step in steps {
            kept.take(step);
            loaded.take(step);
            let snapshot = loaded.hours.snapshot();
            if let Some(text) = snapshot.cold {
                cold = text;
            }
            if !cold.is_empty() {
                loaded.hours = LearnerHours::restore(&snapshot.hot, &cold, loaded.rows.values()).unwrap();
                loaded.hours.set_curriculum(SCOPE, Arc::from(lessons()));
            }
            prop_assert_eq!(kept.outcome(), loaded.outcome());
            prop_assert_eq!(kept.hours.scope_ms(SCOPE), loaded.hours.scope_ms(SCOPE));
            prop_assert_eq!(kept.hours.pending_ms(SCOPE), loaded.hours.pending_ms(SCOPE));
            prop_assert_eq!(kept.hours.challenge(SCOPE), loaded.hours.challenge(SCOPE));
            for lesson in lessons() {
                let state = |world: &World| {
                    (
                        world.hours.lesson_ms(SCOPE, lesson.lesson),
                        world.hours.progress(SCOPE, lesson.lesson),
                    )
                };
                prop_assert_eq!(state(&kept), state(&loaded));
            }
            for lesson in lessons() {
                let of = |world: &World| world.hours.lesson_ms(SCOPE, lesson.lesson);
                prop_assert_eq!(of(&kept), of(&loaded));
            }
        }
    }
}
