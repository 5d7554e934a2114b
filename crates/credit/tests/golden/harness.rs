//! Plays a history in the format of the golden histories through the engine and prints what came out.
//! It translates; it holds no rule of its own.

#![expect(
    unreachable_pub,
    reason = "shared by the golden tests and the replay example"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;
use zhipei_credit::{
    Answer, Chance, Decision, Earned, Happening, Heartbeat, LearnerHours, LessonSpec, Open, Outcome,
};
use zhipei_domain::{
    ChallengeId, CheckKind, CheckPolicy, ClassId, ClockId, CourseId, CreditHours, CreditScope,
    IntervalId, LessonId, LocalDay, PlayState, Policy, SessionRule, TimeState,
};

#[derive(Deserialize)]
pub struct History {
    policies: BTreeMap<String, PolicyIn>,
    lessons: Vec<LessonIn>,
    draws: BTreeMap<String, Vec<i64>>,
    events: Vec<EventIn>,
}

#[derive(Deserialize, Clone)]
struct PolicyIn {
    version: u32,
    check: CheckIn,
    seek_ahead: bool,
    max_rate: f64,
    cap_min: i64,
    sessions: SessionRule,
    minutes_per_hour: i64,
}

#[derive(Deserialize, Clone)]
struct CheckIn {
    kind: CheckKind,
    min_ms: i64,
    max_ms: i64,
    answer_within_s: i64,
    tries: u32,
}

impl From<&PolicyIn> for Policy {
    fn from(policy: &PolicyIn) -> Self {
        Self {
            version: policy.version,
            check: CheckPolicy {
                kind: policy.check.kind,
                min_ms: policy.check.min_ms,
                max_ms: policy.check.max_ms,
                answer_within_s: policy.check.answer_within_s,
                tries: policy.check.tries,
            },
            seek_ahead: policy.seek_ahead,
            max_rate_thousandths: thousandths(policy.max_rate),
            cap_min: policy.cap_min,
            sessions: policy.sessions,
            minutes_per_hour: policy.minutes_per_hour,
            ..Self::default()
        }
    }
}

#[derive(Deserialize)]
struct LessonIn {
    id: String,
    scope: String,
    length_ms: i64,
    course: Option<String>,
}

#[derive(Deserialize)]
struct EventIn {
    at_ms: i64,
    #[serde(flatten)]
    what: What,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum What {
    Open {
        learner: String,
        device: String,
        lesson: String,
        clock_id: String,
        client_ms: i64,
        node_drift_ms: Option<i64>,
    },
    Reconnect {
        learner: String,
        clock_id: String,
    },
    Disconnect {
        learner: String,
        clock_id: String,
    },
    Close {
        learner: String,
        clock_id: String,
    },
    Batch {
        learner: String,
        clock_id: String,
        heartbeats: Vec<BeatIn>,
        crash: Option<String>,
    },
    Delivered {
        learner: String,
        scope: String,
    },
    Answer {
        learner: String,
        scope: String,
        result: String,
    },
    NoAnswer {
        learner: String,
        scope: String,
    },
    Postponed {
        learner: String,
        scope: String,
    },
    Policy {
        scope: String,
        policy: PolicyIn,
    },
    Finish {
        learner: String,
        scope: String,
    },
    Decide {
        learner: String,
        scope: String,
        group: u32,
        decision: String,
    },
    Restart,
    WallJump,
}

#[derive(Deserialize)]
struct BeatIn {
    seq: u64,
    state: PlayState,
    position_ms: i64,
    rate: f64,
    client_ms: i64,
}

fn thousandths(rate: f64) -> i64 {
    (rate * 1_000.0).round() as i64
}

#[derive(Serialize, Default)]
pub struct Answered {
    acks: Vec<Value>,
    go_back: Vec<Value>,
    epochs: Vec<Value>,
    challenges: Vec<Value>,
    intervals: Vec<Value>,
    lessons: Vec<Value>,
    days: Vec<Value>,
    hours: Vec<Value>,
}

/// A learner, the intervals that a store would hold, and the draws.
#[derive(Clone)]
struct Person {
    name: String,
    hours: LearnerHours,
    rows: BTreeMap<IntervalId, Earned>,
    chance: Listed,
}

#[derive(Clone, Default)]
struct Listed {
    draws: BTreeMap<CreditScope, Vec<i64>>,
    ids: u128,
}

impl Chance for Listed {
    fn draw(&mut self, credit_scope: CreditScope, low: i64, high: i64) -> i64 {
        match self.draws.get_mut(&credit_scope) {
            Some(list) if !list.is_empty() => {
                low + (list.remove(0) - low).rem_euclid(high - low + 1)
            }
            _ => low,
        }
    }

    fn interval_id(&mut self) -> IntervalId {
        self.ids += 1;
        IntervalId(Uuid::from_u128(self.ids))
    }

    fn challenge_id(&mut self) -> ChallengeId {
        self.ids += 1;
        ChallengeId(Uuid::from_u128(self.ids))
    }
}

/// Sees a learner after each event, as a database would, and gives back what it would load.
pub type Store<'a> =
    &'a mut dyn FnMut(&str, LearnerHours, &BTreeMap<IntervalId, Earned>) -> LearnerHours;

struct Player<'a> {
    policies: BTreeMap<CreditScope, Policy>,
    curricula: BTreeMap<CreditScope, Arc<[LessonSpec]>>,
    lessons: BTreeMap<String, (CreditScope, LessonSpec)>,
    draws: BTreeMap<String, Vec<i64>>,
    people: BTreeMap<String, Person>,
    /// Names behind the identities that stand for them.
    names: BTreeMap<Uuid, String>,
    out: Answered,
    store: Store<'a>,
}

fn id(name: &str) -> Uuid {
    let mut bytes = [0_u8; 16];
    for (n, byte) in name.bytes().enumerate() {
        bytes[n % 15 + 1] = bytes[n % 15 + 1].wrapping_mul(31).wrapping_add(byte);
    }
    bytes[0] = name.len() as u8;
    Uuid::from_bytes(bytes)
}

fn scope_of(name: &str) -> CreditScope {
    if name == "platform" {
        CreditScope::Platform
    } else {
        CreditScope::Class(ClassId(id(name)))
    }
}

/// Plays `history`.
pub fn replay(history: History, store: Store<'_>) -> Answered {
    let mut player = Player {
        policies: history
            .policies
            .iter()
            .map(|(s, p)| (scope_of(s), p.into()))
            .collect(),
        curricula: BTreeMap::new(),
        lessons: BTreeMap::new(),
        draws: history.draws,
        people: BTreeMap::new(),
        names: BTreeMap::new(),
        out: Answered::default(),
        store,
    };
    for name in history.policies.keys() {
        player.names.insert(scope_of(name).to_uuid(), name.clone());
    }
    player
        .names
        .insert(CreditScope::Platform.to_uuid(), "platform".to_owned());
    for lesson in &history.lessons {
        let credit_scope = scope_of(&lesson.scope);
        let spec = LessonSpec {
            lesson: LessonId(id(&lesson.id)),
            course: CourseId(id(lesson.course.as_deref().unwrap_or_default())),
            length_ms: lesson.length_ms,
        };
        player
            .names
            .insert(credit_scope.to_uuid(), lesson.scope.clone());
        player.names.insert(spec.lesson.0, lesson.id.clone());
        player
            .lessons
            .insert(lesson.id.clone(), (credit_scope, spec));
        let mut all = player
            .curricula
            .get(&credit_scope)
            .map(|l| l.to_vec())
            .unwrap_or_default();
        all.push(spec);
        player.curricula.insert(credit_scope, all.into());
    }
    for (n, event) in history.events.into_iter().enumerate() {
        player.play(n, event);
    }
    player.sum_up()
}

impl Player<'_> {
    fn person(&mut self, name: &str) -> &mut Person {
        let (draws, curricula) = (&self.draws, &self.curricula);
        self.people.entry(name.to_owned()).or_insert_with(|| {
            let mine = format!("{name}/");
            let draws = draws
                .iter()
                .filter_map(|(k, v)| Some((scope_of(k.strip_prefix(&mine)?), v.clone())))
                .collect();
            let mut hours = LearnerHours::default();
            for (credit_scope, lessons) in curricula {
                hours.set_curriculum(*credit_scope, lessons.clone());
            }
            Person {
                name: name.to_owned(),
                hours,
                rows: BTreeMap::new(),
                chance: Listed { draws, ids: 0 },
            }
        })
    }

    #[expect(
        clippy::too_many_lines,
        reason = "one arm for each kind of event of the format"
    )]
    fn play(&mut self, n: usize, event: EventIn) {
        let now = event.at_ms;
        for person in self.people.values_mut() {
            person.hours.expire(now, &mut person.chance);
        }
        self.collect(n);
        match event.what {
            What::Open {
                learner,
                device,
                lesson,
                clock_id,
                client_ms,
                node_drift_ms,
            } => {
                let (credit_scope, spec) = self.lessons[&lesson];
                let open = Open {
                    clock: ClockId(id(&clock_id)),
                    device,
                    credit_scope,
                    lesson: spec,
                    client_ms,
                    policy: self.policies[&credit_scope],
                    drift_ms: node_drift_ms.unwrap_or(0),
                    ends_at: None,
                    required_ms: 0,
                };
                let person = self.person(&learner);
                let opened = person.hours.open(now, &open, &mut person.chance);
                let epoch = person.hours.epoch();
                self.epoch(n, epoch, opened.err());
            }
            What::Reconnect { learner, clock_id } => {
                let person = self.person(&learner);
                let back = person
                    .hours
                    .reconnect(now, ClockId(id(&clock_id)), &mut person.chance);
                let epoch = person.hours.epoch();
                self.epoch(n, epoch, back.err());
            }
            What::Disconnect { learner, clock_id } => {
                let person = self.person(&learner);
                person
                    .hours
                    .disconnect(now, ClockId(id(&clock_id)), &mut person.chance);
            }
            What::Close { learner, clock_id } => {
                let person = self.person(&learner);
                person
                    .hours
                    .close(now, ClockId(id(&clock_id)), &mut person.chance);
            }
            What::Batch {
                learner,
                clock_id,
                heartbeats,
                crash,
            } => {
                let beats: Vec<Heartbeat> = heartbeats
                    .iter()
                    .map(|beat| Heartbeat {
                        seq: beat.seq,
                        state: beat.state,
                        position_ms: beat.position_ms,
                        rate_thousandths: thousandths(beat.rate),
                        client_ms: beat.client_ms,
                    })
                    .collect();
                let person = self.person(&learner);
                let before = person.clone();
                let clock = ClockId(id(&clock_id));
                let ack = person
                    .hours
                    .heartbeats(now, clock, &beats, &mut person.chance);
                match crash.as_deref() {
                    Some("before_commit") => *person = before,
                    Some(_) if ack.is_some() => {}
                    _ => self
                        .out
                        .acks
                        .push(serde_json::json!({ "event": n, "ack": ack })),
                }
            }
            What::Delivered { learner, scope } => {
                let person = self.person(&learner);
                person
                    .hours
                    .deliver(now, scope_of(&scope), &mut person.chance);
            }
            What::Answer {
                learner,
                scope,
                result,
            } => {
                let answer = match result.as_str() {
                    "pass" => Answer::Pass,
                    "fail" => Answer::Fail,
                    _ => Answer::Mismatch,
                };
                let person = self.person(&learner);
                person
                    .hours
                    .answer(now, scope_of(&scope), answer, &mut person.chance);
            }
            What::NoAnswer { learner, scope } => {
                let person = self.person(&learner);
                person
                    .hours
                    .no_answer(now, scope_of(&scope), &mut person.chance);
            }
            What::Postponed { learner, scope } => {
                let person = self.person(&learner);
                person
                    .hours
                    .postpone(now, scope_of(&scope), &mut person.chance);
            }
            What::Policy { scope, policy } => {
                self.policies.insert(scope_of(&scope), (&policy).into());
            }
            What::Finish { learner, scope } => {
                let person = self.person(&learner);
                person
                    .hours
                    .finish(now, scope_of(&scope), &mut person.chance);
            }
            What::Decide {
                learner,
                scope,
                group,
                decision,
            } => {
                let decision = if decision == "restore" {
                    Decision::Restore
                } else {
                    Decision::Void
                };
                let person = self.person(&learner);
                let chance = &mut person.chance;
                person
                    .hours
                    .decide(now, scope_of(&scope), group, decision, chance);
            }
            What::Restart => {
                for person in self.people.values_mut() {
                    person.hours.restart(now, &mut person.chance);
                }
            }
            What::WallJump => {}
        }
        self.collect(n);
    }

    fn epoch(&mut self, n: usize, epoch: u64, refusal: Option<zhipei_credit::Refusal>) {
        let mut row = serde_json::json!({ "event": n, "epoch": epoch });
        if let Some(refusal) = refusal {
            row["refused"] = refusal.code().into();
        }
        self.out.epochs.push(row);
    }

    /// Takes what came of an event, keeps the rows as a store would, and loads the learner from it.
    fn collect(&mut self, n: usize) {
        for person in self.people.values_mut() {
            for happening in person.hours.take_happenings() {
                match happening {
                    Happening::Challenge {
                        credit_scope,
                        outcome,
                    } => {
                        let what = match outcome {
                            Outcome::Due { closing: false } => "due_countdown",
                            Outcome::Due { closing: true } => "due_closing",
                            Outcome::Postponed => "postponed",
                            Outcome::TryAgain => continue,
                            Outcome::Repeat => "repeat",
                            Outcome::Verified => "verified",
                            Outcome::Void => "void",
                            Outcome::Frozen => "frozen",
                            Outcome::Restored => "restored",
                            Outcome::Voided => "voided",
                        };
                        self.out.challenges.push(serde_json::json!({
                            "event": n,
                            "learner": person.name,
                            "scope": self.names[&credit_scope.to_uuid()],
                            "what": what,
                        }));
                    }
                    Happening::GoBack { seq, position_ms } => self.out.go_back.push(
                        serde_json::json!({ "event": n, "seq": seq, "position_ms": position_ms }),
                    ),
                    Happening::Flushed { intervals, .. } => {
                        person.rows.extend(intervals.into_iter().map(|e| (e.id, e)));
                    }
                    Happening::Settled(settlement) => {
                        for earned in settlement.intervals {
                            person.rows.insert(earned.id, earned);
                        }
                    }
                    Happening::OverCap => {}
                }
            }
            let stored = (self.store)(&person.name, person.hours.clone(), &person.rows);
            person.hours = stored;
            for (credit_scope, lessons) in &self.curricula {
                person.hours.set_curriculum(*credit_scope, lessons.clone());
            }
        }
    }

    fn sum_up(mut self) -> Answered {
        let people = std::mem::take(&mut self.people);
        for person in people.values() {
            let mut rows: Vec<Earned> = person.rows.values().cloned().collect();
            rows.extend_from_slice(person.hours.open_intervals());
            self.intervals(person, &rows);
            self.totals(person, &rows);
        }
        self.out
    }

    /// Joins neighbours and leaves out those of 0 ms, as the expected output does.
    fn intervals(&mut self, person: &Person, rows: &[Earned]) {
        let mut sorted = rows.to_vec();
        sorted.sort_by_key(|e| (e.lesson, e.server, e.media));
        let mut joined: Vec<Earned> = Vec::new();
        for row in sorted {
            match joined.last_mut() {
                Some(last)
                    if last.lesson == row.lesson
                        && last.server.1 == row.server.0
                        && last.media.1 == row.media.0
                        && (
                            last.state,
                            last.day,
                            last.policy_version,
                            last.void_at,
                            last.frozen_group,
                        ) == (
                            row.state,
                            row.day,
                            row.policy_version,
                            row.void_at,
                            row.frozen_group,
                        ) =>
                {
                    last.server.1 = row.server.1;
                    last.media.1 = row.media.1;
                    last.ms += row.ms;
                }
                _ => joined.push(row),
            }
        }
        for row in joined.iter().filter(|row| row.ms > 0) {
            self.out.intervals.push(serde_json::json!({
                "learner": person.name,
                "lesson": self.names[&row.lesson.0],
                "state": row.state.as_str(),
                "day": row.day.to_string(),
                "media_from": row.media.0,
                "media_to": row.media.1,
                "server_from": row.server.0,
                "server_to": row.server.1,
                "ms": row.ms,
                "policy_version": row.policy_version,
            }));
        }
    }

    fn totals(&mut self, person: &Person, rows: &[Earned]) {
        let sums = |of: &dyn Fn(&&Earned) -> bool| {
            let mut row = serde_json::Map::new();
            for state in TimeState::ALL {
                let ms: i64 = rows
                    .iter()
                    .filter(of)
                    .filter(|e| e.state == state)
                    .map(|e| e.ms)
                    .sum();
                row.insert(state.as_str().to_owned(), ms.into());
            }
            row
        };
        for (name, (credit_scope, spec)) in &self.lessons {
            let seen = person.hours.has_opened(*credit_scope, spec.lesson);
            if !seen {
                continue;
            }
            let mut row = sums(&|e| e.lesson == spec.lesson);
            row.insert("learner".into(), person.name.clone().into());
            row.insert("lesson".into(), name.clone().into());
            row.insert(
                "furthest_ms".into(),
                person.hours.progress(*credit_scope, spec.lesson).0.into(),
            );
            self.out.lessons.push(row.into());
        }
        let mut days: Vec<LocalDay> = rows.iter().filter(|e| e.ms > 0).map(|e| e.day).collect();
        days.sort_unstable();
        days.dedup();
        for day in &days {
            let mut row = sums(&|e| e.day == *day);
            row.insert("learner".into(), person.name.clone().into());
            row.insert("day".into(), day.to_string().into());
            self.out.days.push(row.into());
        }
        for credit_scope in person.hours.credit_scopes() {
            let minutes = self
                .policies
                .get(&credit_scope)
                .map_or(45, |policy| policy.minutes_per_hour);
            let verified = |day: Option<LocalDay>| -> i64 {
                let in_scope = rows
                    .iter()
                    .filter(|e| e.credit_scope == credit_scope && e.state == TimeState::Verified);
                in_scope
                    .filter(|e| day.is_none_or(|day| e.day == day))
                    .map(|e| e.ms)
                    .sum()
            };
            let floor = |ms| CreditHours::floor(ms, minutes).hundredths();
            let mut running = 0;
            let mut hours = Vec::new();
            for day in days.iter().copied().filter(|day| verified(Some(*day)) > 0) {
                let before = floor(running);
                running += verified(Some(day));
                let centi = floor(running) - before;
                hours.push(serde_json::json!({ "day": day.to_string(), "centi": centi }));
            }
            self.out.hours.push(serde_json::json!({
                "learner": person.name,
                "scope": self.names[&credit_scope.to_uuid()],
                "verified_ms": verified(None),
                "centi": floor(verified(None)),
                "rows": hours,
            }));
        }
    }
}
