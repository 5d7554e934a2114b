//! All that the hour rules know of one learner, and what happens to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zhipei_domain::{
    Beat, ChallengeId, ClockId, CourseId, CreditScope, IntervalId, LearnerId, LearningInterval,
    LessonId, LocalDay, PlayState, Policy, SessionRule, TimeState, UnixMs,
};

use crate::assess::{CHALLENGE_LIFE_MS, LATE_AFTER_MS, LATE_DAY_MS, LATE_STRETCH_MS, Pair, Piece};
use crate::challenge_plan::{Challenge, Phase, Plan};
use crate::clock::{Clock, Hand, Heartbeat, Placed, Run};
use crate::coverage::RangeSet;
use crate::day::Day;
use crate::evidence::Evidence;

/// A node whose clock is off by this much opens no sessions (rule 13).
const MAX_DRIFT_MS: i64 = 2_000;
/// "The older stays": another device may open when the older lost its connection longer ago (C12).
const OLDER_LOST_MS: i64 = 30_000;
/// A run may start so far beyond the furthest point (C11).
const START_AHEAD_MS: i64 = 2_000;
/// A lesson with less than this left is not counted as still to be earned (C18).
const NOT_WORTH_MS: i64 = 2_000;
/// The second round comes so long after the first ended (C27).
const REPEAT_AFTER_MS: i64 = 60_000;
/// The open interval is written after so much time.
const OPEN_INTERVAL_MS: i64 = 300_000;

/// Where the rules get what they must not make themselves.
pub trait Chance {
    /// A number in `low..=high` that the learner cannot foresee.
    fn draw(&mut self, credit_scope: CreditScope, low: i64, high: i64) -> i64;
    /// A fresh identity for an interval.
    fn interval_id(&mut self) -> IntervalId;
    /// A fresh identity for a challenge.
    fn challenge_id(&mut self) -> ChallengeId;
}

/// A lesson as the rules see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LessonSpec {
    /// Which lesson.
    pub lesson: LessonId,
    /// Its course.
    pub course: CourseId,
    /// Its length in milliseconds of media.
    pub length_ms: i64,
}

/// A request to open a lesson.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// The client's fresh clock (C3).
    pub clock: ClockId,
    /// The device, as the client names it.
    pub device: String,
    /// The class, or the platform.
    pub credit_scope: CreditScope,
    /// The lesson to open.
    pub lesson: LessonSpec,
    /// The client's monotonic time.
    pub client_ms: i64,
    /// The scope's newest policy.
    pub policy: Policy,
    /// How far this node's clock is from the database's.
    pub drift_ms: i64,
    /// When the class's window ends: time after it does not count.
    pub ends_at: Option<UnixMs>,
    /// Credit that finishes the class, in milliseconds; 0 = only watching all of it does.
    pub required_ms: i64,
}

/// A lesson is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The learner's new epoch.
    pub epoch: u64,
    /// The clock that lost its place, when there was one.
    pub took_over: Option<ClockId>,
}

/// Why a session does not open or resume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// This node's clock is off.
    #[error("服务器时钟正在校准，请稍后再试")]
    Drift,
    /// The clock was used before.
    #[error("这次学习已经开始过，请刷新页面")]
    ClockUsed,
    /// The class's policy lets the older session stay.
    #[error("您正在另一台设备上学习，请先在那里暂停并退出")]
    OlderStays,
    /// A newer session took over, or the clock is unknown.
    #[error("这次学习已经结束，请重新打开课程")]
    ClockEnded,
}

impl Refusal {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Drift => "drift",
            Self::ClockUsed => "clock_used",
            Self::OlderStays => "older_stays",
            Self::ClockEnded => "clock_ended",
        }
    }
}

/// What came back for a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// Present, and who they should be.
    Pass,
    /// Not recognised as present; uses a try.
    Fail,
    /// Another person's face; uses a try (C22).
    Mismatch,
}

/// A person's word on frozen time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decision {
    /// It counts.
    Restore,
    /// It does not.
    Void,
}

/// A stretch of learning time before it has a row of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earned {
    /// Its identity, given when it begins.
    pub id: IntervalId,
    /// The class, or the platform.
    pub credit_scope: CreditScope,
    /// The course.
    pub course: CourseId,
    /// The lesson.
    pub lesson: LessonId,
    /// What became of it so far.
    pub state: TimeState,
    /// The local day.
    pub day: LocalDay,
    /// Media from and to, in milliseconds.
    pub media: (i64, i64),
    /// Server time from and to.
    pub server: (UnixMs, UnixMs),
    /// Milliseconds that it is worth.
    pub ms: i64,
    /// The policy version under which it was earned.
    pub policy_version: u32,
    /// The client clock on which it was earned.
    pub clock: ClockId,
    /// The frozen time it belongs to.
    pub frozen_group: Option<u32>,
    /// When it became void.
    pub void_at: Option<UnixMs>,
}

impl Earned {
    /// The interval as a record of its learner.
    pub fn of_learner(
        &self,
        learner: LearnerId,
        device_id: &str,
        challenge: Option<ChallengeId>,
    ) -> LearningInterval {
        LearningInterval {
            id: self.id,
            learner,
            credit_scope: self.credit_scope,
            course: self.course,
            lesson: self.lesson,
            state: self.state,
            day: self.day,
            media_from: self.media.0,
            media_to: self.media.1,
            server_from: self.server.0,
            server_to: self.server.1,
            ms: self.ms,
            policy_version: self.policy_version,
            device_id: device_id.to_owned(),
            clock: self.clock,
            frozen_group: self.frozen_group,
            void_at: self.void_at,
            challenge,
        }
    }
}

impl From<&LearningInterval> for Earned {
    fn from(row: &LearningInterval) -> Self {
        Self {
            id: row.id,
            credit_scope: row.credit_scope,
            course: row.course,
            lesson: row.lesson,
            state: row.state,
            day: row.day,
            media: (row.media_from, row.media_to),
            server: (row.server_from, row.server_to),
            ms: row.ms,
            policy_version: row.policy_version,
            clock: row.clock,
            frozen_group: row.frozen_group,
            void_at: row.void_at,
        }
    }
}

/// The end of a challenge, or of frozen time, and the intervals it settles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// Where.
    pub credit_scope: CreditScope,
    /// What the intervals become.
    pub to: TimeState,
    /// When.
    pub at: UnixMs,
    /// The challenge that ended; `None` when a person decided on frozen time.
    pub challenge: Option<Challenge>,
    /// The frozen time, when it is made or decided.
    pub frozen_group: Option<u32>,
    /// What was settled.
    pub intervals: Vec<Earned>,
}

/// How a challenge moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Fell due by the countdown, or because nothing more can be earned.
    Due {
        /// Asked because nothing more can be earned.
        closing: bool,
    },
    /// Put off without blame.
    Postponed,
    /// A try was used; the round goes on.
    TryAgain,
    /// The first round ended; the second follows.
    Repeat,
    /// Passed.
    Verified,
    /// Missed.
    Void,
    /// A face did not match; a person decides.
    Frozen,
    /// A person gave frozen time back.
    Restored,
    /// A person voided frozen time.
    Voided,
}

/// Something that came of an event, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A challenge moved.
    Challenge {
        /// Where.
        credit_scope: CreditScope,
        /// How.
        outcome: Outcome,
    },
    /// A jump ahead is forbidden: go back to `position_ms`.
    GoBack {
        /// The heartbeat that tried.
        seq: u64,
        /// The furthest point.
        position_ms: i64,
    },
    /// Intervals are complete and want their rows and their ledger entry.
    Flushed {
        /// The intervals, all of one clock, in order.
        intervals: Vec<Earned>,
        /// The heartbeats they rest on, see [`crate::beats`].
        trail: Vec<u8>,
    },
    /// Intervals changed their state together.
    Settled(Settlement),
    /// The daily cap took (a part of) what was watched.
    OverCap,
}

/// How far a learner is in a lesson.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) furthest: i64,
    pub(crate) position: i64,
}

/// Time in which nothing of the learner earns (C15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Block {
    pub(crate) from: UnixMs,
    pub(crate) to: Option<UnixMs>,
    pub(crate) credit_scope: CreditScope,
}

pub(crate) type Place = (CreditScope, LessonId);

/// The hours of one learner: clocks, plans, coverage and days.
///
/// Times given to its methods never go back. What a method caused is taken with
/// [`LearnerHours::take_happenings`]; what must be stored is [`LearnerHours::snapshot`] and the
/// flushed and settled intervals.
#[derive(Clone, Debug, Default)]
pub struct LearnerHours {
    pub(crate) epoch: u64,
    pub(crate) current: Option<ClockId>,
    pub(crate) clocks: BTreeMap<ClockId, Clock>,
    pub(crate) plans: BTreeMap<CreditScope, Plan>,
    pub(crate) progress: BTreeMap<Place, Progress>,
    /// Scopes in which nothing more can be earned: hours reached, window ended or learner withdrawn.
    pub(crate) finished: BTreeSet<CreditScope>,
    pub(crate) late_days: BTreeMap<LocalDay, i64>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) voids: Vec<UnixMs>,
    /// Intervals of the current clock that have no row yet, the last still growing, and the
    /// heartbeats they rest on.
    pub(crate) open: Vec<Earned>,
    pub(crate) trail: Evidence,
    /// Did anything change that the short row of a heartbeat does not hold?
    pub(crate) cold_changed: bool,
    // What the rows of intervals say, kept in step with them:
    pub(crate) covered: BTreeMap<Place, RangeSet>,
    pub(crate) days: BTreeMap<LocalDay, Day>,
    pub(crate) verified: BTreeMap<Place, i64>,
    /// Pending and frozen intervals that have rows.
    pub(crate) unsettled: Vec<Earned>,
    pub(crate) curricula: BTreeMap<CreditScope, Arc<[LessonSpec]>>,
    pub(crate) happenings: Vec<Happening>,
}

impl LearnerHours {
    /// The lessons of a class, or of the platform: what can be earned there.
    pub fn set_curriculum(&mut self, credit_scope: CreditScope, lessons: Arc<[LessonSpec]>) {
        self.curricula.insert(credit_scope, lessons);
    }

    /// The scopes in which the learner has learned or finished.
    pub fn credit_scopes(&self) -> BTreeSet<CreditScope> {
        self.plans.keys().chain(&self.finished).copied().collect()
    }

    /// What came of the events since the last call, in order.
    pub fn take_happenings(&mut self) -> Vec<Happening> {
        std::mem::take(&mut self.happenings)
    }

    /// The learner's epoch: raised by each `open`.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The clock of the live session.
    pub fn current(&self) -> Option<ClockId> {
        self.current
    }

    /// The device, scope and lesson of a clock.
    pub fn clock_place(&self, clock: ClockId) -> Option<(&str, CreditScope, CourseId, LessonId)> {
        let clock = self.clocks.get(&clock)?;
        Some((
            &clock.device,
            clock.credit_scope,
            clock.course,
            clock.lesson,
        ))
    }

    /// The lesson of the current clock, unless its connection is lost or it was closed.
    pub fn live_lesson(&self) -> Option<LessonId> {
        let clock = self.clocks.get(&self.current?)?;
        (clock.lost_at.is_none() && !clock.closed).then_some(clock.lesson)
    }

    /// When the window of a clock's class ends, and the credit that finishes it.
    pub fn clock_limits(&self, clock: ClockId) -> Option<(Option<UnixMs>, i64)> {
        self.clocks
            .get(&clock)
            .map(|clock| (clock.ends_at, clock.required_ms))
    }

    /// The policy that a clock's `open` bound.
    pub fn clock_policy(&self, clock: ClockId) -> Option<&Policy> {
        self.clocks.get(&clock).map(|clock| &clock.policy)
    }

    /// The epoch that a clock's `open` raised.
    pub fn clock_epoch(&self, clock: ClockId) -> Option<u64> {
        self.clocks.get(&clock).map(|clock| clock.epoch)
    }

    /// Can nothing more be earned in the scope, by [`LearnerHours::finish`]?
    pub fn is_finished(&self, credit_scope: CreditScope) -> bool {
        self.finished.contains(&credit_scope)
    }

    /// Verified and pending milliseconds of a scope.
    pub fn scope_ms(&self, credit_scope: CreditScope) -> i64 {
        let verified = self
            .verified
            .iter()
            .filter(|((scope, _), _)| *scope == credit_scope);
        verified.map(|(_, ms)| ms).sum::<i64>() + self.pending_ms(credit_scope)
    }

    /// The number of the last heartbeat applied on a clock; `None` for an unknown clock.
    pub fn last_seq(&self, clock: ClockId) -> Option<u64> {
        self.clocks.get(&clock).map(|clock| clock.hand.last_seq)
    }

    /// Furthest point and last position in a lesson, in milliseconds.
    pub fn progress(&self, credit_scope: CreditScope, lesson: LessonId) -> (i64, i64) {
        let progress = self
            .progress
            .get(&(credit_scope, lesson))
            .copied()
            .unwrap_or_default();
        (progress.furthest, progress.position)
    }

    /// Has a heartbeat of this lesson come in this scope?
    pub fn has_opened(&self, credit_scope: CreditScope, lesson: LessonId) -> bool {
        self.progress.contains_key(&(credit_scope, lesson))
    }

    /// The open challenge of a scope.
    pub fn challenge(&self, credit_scope: CreditScope) -> Option<&Challenge> {
        self.plans.get(&credit_scope)?.challenge.as_ref()
    }

    /// Pending milliseconds of a scope, the open interval included.
    pub fn pending_ms(&self, credit_scope: CreditScope) -> i64 {
        self.growing(credit_scope, TimeState::Pending)
            .map(|earned| earned.ms)
            .sum()
    }

    /// Verified and pending milliseconds of a lesson, open intervals included.
    pub fn lesson_ms(&self, credit_scope: CreditScope, lesson: LessonId) -> (i64, i64) {
        let verified = self
            .verified
            .get(&(credit_scope, lesson))
            .copied()
            .unwrap_or_default();
        let pending = self.growing(credit_scope, TimeState::Pending);
        (
            verified,
            pending
                .filter(|earned| earned.lesson == lesson)
                .map(|earned| earned.ms)
                .sum(),
        )
    }

    /// What of a local day is earned: verified, pending and frozen milliseconds, everywhere.
    pub fn day_ms(&self, day: LocalDay) -> i64 {
        self.days.get(&day).map_or(0, |day| day.earned)
    }

    /// Furthest point and last position in every lesson of a scope that has been played.
    pub fn all_progress(
        &self,
        credit_scope: CreditScope,
    ) -> impl Iterator<Item = (LessonId, i64, i64)> + '_ {
        let in_scope = move |((scope, _), _): &(&Place, &Progress)| *scope == credit_scope;
        let flat = |((_, lesson), progress): (&Place, &Progress)| {
            (*lesson, progress.furthest, progress.position)
        };
        self.progress.iter().filter(in_scope).map(flat)
    }

    /// Pending time of a scope that was earned from `since` on.
    pub fn pending_since(&self, credit_scope: CreditScope, since: UnixMs) -> i64 {
        let pending = self.growing(credit_scope, TimeState::Pending);
        pending
            .map(|earned| earned.ms.min((earned.server.1 - since).max(0)))
            .sum()
    }

    /// Nobody knows whether the current clock's connection lives: a process that held it is gone.
    pub fn connection_unknown(&mut self, now: UnixMs) {
        if let Some(clock) = self.current.and_then(|id| self.clocks.get_mut(&id)) {
            clock.lost_at.get_or_insert(now);
            self.cold_changed = true;
        }
    }

    /// More can be earned again: a void took back hours that had been reached.
    pub fn reopen(&mut self, credit_scope: CreditScope) {
        self.cold_changed |= self.finished.remove(&credit_scope);
    }

    /// Is a challenge open in any scope?
    pub fn is_challenged(&self) -> bool {
        self.plans.values().any(|plan| plan.challenge.is_some())
    }

    /// The next moment at which time alone changes something.
    pub fn wake_at(&self) -> Option<UnixMs> {
        let challenges = self
            .plans
            .values()
            .filter_map(|plan| plan.challenge.as_ref());
        challenges.filter_map(Challenge::wake_at).min()
    }

    /// The intervals that have no row yet; the last still grows.
    pub fn open_intervals(&self) -> &[Earned] {
        &self.open
    }

    fn growing(
        &self,
        credit_scope: CreditScope,
        state: TimeState,
    ) -> impl Iterator<Item = &Earned> {
        let all = self.unsettled.iter().chain(&self.open);
        all.filter(move |earned| earned.credit_scope == credit_scope && earned.state == state)
    }

    /// Opens a lesson on a fresh clock: takes over, raises the epoch, draws, asks the closing check.
    pub fn open(
        &mut self,
        now: UnixMs,
        open: &Open,
        chance: &mut impl Chance,
    ) -> Result<Opened, Refusal> {
        self.expire(now, chance);
        if open.drift_ms.abs() >= MAX_DRIFT_MS {
            return Err(Refusal::Drift);
        }
        if self.clocks.contains_key(&open.clock) {
            return Err(Refusal::ClockUsed);
        }
        let older = self.current.and_then(|id| self.clocks.get(&id));
        if open.policy.sessions == SessionRule::Older
            && older.is_some_and(|older| {
                older.device != open.device
                    && !older.closed
                    && older.lost_at.is_none_or(|lost| now - lost <= OLDER_LOST_MS)
            })
        {
            return Err(Refusal::OlderStays);
        }
        self.cold_changed = true;
        let took_over = self.current;
        if let Some(clock) = took_over {
            if self.clocks[&clock].lost_at.is_none() {
                self.interrupt(now, chance);
            }
            self.flush();
            let older = self
                .clocks
                .get_mut(&clock)
                .expect("the current clock is kept");
            older.ended_at = Some(now);
            older.last_beat = self.trail.last();
        }
        self.forget(now);
        self.epoch += 1;
        self.current = Some(open.clock);
        let credit_scope = open.credit_scope;
        self.start_clock(now, open);
        let plan = self
            .plans
            .entry(credit_scope)
            .or_insert_with(|| Plan::new(open.policy, open.lesson.course));
        plan.policy = open.policy;
        plan.course = open.lesson.course;
        self.plan_at_open(credit_scope, chance);
        self.ask_closing(now, credit_scope, chance);
        Ok(Opened {
            epoch: self.epoch,
            took_over,
        })
    }

    fn start_clock(&mut self, now: UnixMs, open: &Open) {
        let clock = Clock {
            device: open.device.clone(),
            credit_scope: open.credit_scope,
            course: open.lesson.course,
            lesson: open.lesson.lesson,
            length_ms: open.lesson.length_ms,
            policy: open.policy,
            epoch: self.epoch,
            ended_at: None,
            ends_at: open.ends_at,
            required_ms: open.required_ms,
            lost_at: None,
            closed: false,
            last_beat: None,
            hand: Hand {
                last_seq: 0,
                offset: now - open.client_ms,
                placed_to: now,
                last: None,
                run: Run::default(),
                late_stretch: 0,
            },
        };
        self.clocks.insert(open.clock, clock);
        self.trail = Evidence::default();
    }

    /// The connection of the current clock is back; epoch, clock and policy stay (C3).
    pub fn reconnect(
        &mut self,
        now: UnixMs,
        clock: ClockId,
        chance: &mut impl Chance,
    ) -> Result<u64, Refusal> {
        self.expire(now, chance);
        if self.current != Some(clock) || self.clocks[&clock].closed {
            return Err(Refusal::ClockEnded);
        }
        let live = self
            .clocks
            .get_mut(&clock)
            .expect("the current clock is kept");
        live.lost_at = None;
        self.cold_changed = true;
        Ok(self.epoch)
    }

    /// The connection of a clock is lost.
    pub fn disconnect(&mut self, now: UnixMs, clock: ClockId, chance: &mut impl Chance) {
        self.leave(now, clock, false, chance);
    }

    /// The learner closes the lesson.
    pub fn close(&mut self, now: UnixMs, clock: ClockId, chance: &mut impl Chance) {
        self.leave(now, clock, true, chance);
    }

    fn leave(&mut self, now: UnixMs, clock: ClockId, closed: bool, chance: &mut impl Chance) {
        self.expire(now, chance);
        if self.current != Some(clock) {
            return;
        }
        self.cold_changed = true;
        let live = self
            .clocks
            .get_mut(&clock)
            .expect("the current clock is kept");
        let was_lost = live.lost_at.is_some();
        live.lost_at = Some(live.lost_at.unwrap_or(now));
        live.closed |= closed;
        let credit_scope = live.credit_scope;
        self.flush();
        if !was_lost {
            self.interrupt(now, chance);
        }
        self.ask_closing(now, credit_scope, chance);
    }

    /// A message of heartbeats arrives. Returns the highest number with everything up to it
    /// applied; `None` for an unknown clock.
    pub fn heartbeats(
        &mut self,
        now: UnixMs,
        clock: ClockId,
        beats: &[Heartbeat],
        chance: &mut impl Chance,
    ) -> Option<u64> {
        self.expire(now, chance);
        let last_beat = self.clocks.get(&clock)?.last_beat;
        if self.current == Some(clock) {
            self.apply(now, clock, beats, chance);
        } else {
            self.cold_changed = true;
            self.flush();
            let current = std::mem::replace(&mut self.trail, Evidence::after(last_beat));
            self.apply(now, clock, beats, chance);
            self.flush();
            let backlog = std::mem::replace(&mut self.trail, current);
            let ended = self
                .clocks
                .get_mut(&clock)
                .expect("it was there a moment ago");
            ended.last_beat = backlog.last();
        }
        self.last_seq(clock)
    }

    fn apply(
        &mut self,
        now: UnixMs,
        clock: ClockId,
        beats: &[Heartbeat],
        chance: &mut impl Chance,
    ) {
        if beats.is_sorted_by_key(|beat| beat.seq) {
            for beat in beats {
                self.heartbeat(now, clock, beat, chance);
            }
        } else {
            let mut sorted = beats.to_vec();
            sorted.sort_by_key(|beat| beat.seq);
            for beat in &sorted {
                self.heartbeat(now, clock, beat, chance);
            }
        }
    }

    /// One heartbeat: place, punctual or late, assess the pair, then start a run or close it (step 9).
    fn heartbeat(&mut self, now: UnixMs, id: ClockId, beat: &Heartbeat, chance: &mut impl Chance) {
        let is_current = self.current == Some(id);
        let clock = self
            .clocks
            .get_mut(&id)
            .expect("the caller looked the clock up");
        if beat.seq != clock.hand.last_seq + 1 {
            return;
        }
        clock.hand.last_seq = beat.seq;
        let at = clock.place(now, beat.client_ms);
        let is_late = now - at > LATE_AFTER_MS;
        if !is_late {
            clock.hand.late_stretch = 0;
        }
        let to = Placed {
            at,
            position: beat.position_ms.clamp(0, clock.length_ms),
            rate_thousandths: beat.rate_thousandths.max(0),
        };
        let place = (clock.credit_scope, clock.lesson);
        self.trail.push(Beat {
            seq: beat.seq,
            arrived_at: now,
            client_ms: beat.client_ms,
            position_ms: beat.position_ms,
            state: beat.state,
            rate_thousandths: beat.rate_thousandths,
        });
        let goes_on = self.assess(id, to, is_late, chance);
        self.progress.entry(place).or_default().position = to.position;
        let clock = self
            .clocks
            .get_mut(&id)
            .expect("the caller looked the clock up");
        if beat.state == PlayState::Playing && !clock.is_over(at) {
            if goes_on {
                clock.hand.last = Some(to);
            } else {
                self.start_run(id, beat.seq, to);
                self.flush();
            }
        } else {
            clock.hand.last = None;
            self.flush();
            if is_current && beat.state != PlayState::Playing {
                self.ask_closing(now, place.0, chance);
            }
        }
        let is_long = match (self.open.first(), self.open.last()) {
            (Some(first), Some(last)) => last.server.1 - first.server.0 >= OPEN_INTERVAL_MS,
            _ => false,
        };
        if is_long || self.trail.is_full() {
            self.flush();
        }
    }

    /// Starts a run at a playing heartbeat, or sends the player back (C11).
    fn start_run(&mut self, id: ClockId, seq: u64, at: Placed) {
        let clock = self
            .clocks
            .get_mut(&id)
            .expect("the caller looked the clock up");
        let furthest = self
            .progress
            .entry((clock.credit_scope, clock.lesson))
            .or_default()
            .furthest;
        if !clock.policy.seek_ahead && at.position > furthest + START_AHEAD_MS {
            clock.hand.last = None;
            self.happenings.push(Happening::GoBack {
                seq,
                position_ms: furthest,
            });
        } else {
            clock.hand.last = Some(at);
            clock.hand.run = Run::default();
        }
    }

    /// Assesses the pair that ends at `to`. Does the run go on?
    fn assess(&mut self, id: ClockId, to: Placed, is_late: bool, chance: &mut impl Chance) -> bool {
        let clock = self
            .clocks
            .get_mut(&id)
            .expect("the caller looked the clock up");
        let Some(from) = clock.hand.last else {
            return false;
        };
        let rate_thousandths = from.rate_thousandths.min(clock.policy.max_rate_thousandths);
        let pair = Pair {
            from,
            to,
            rate_thousandths,
        };
        let mut run = clock.hand.run;
        if !pair.accept(&mut run) {
            return false;
        }
        let place = (clock.credit_scope, clock.lesson);
        let mut stop = clock.end().map_or(to.at, |end| end.min(to.at)).max(from.at);
        for block in &self.blocks {
            if block.to.is_none_or(|end| from.at < end) && block.from < stop {
                stop = block.from.max(from.at);
            }
        }
        if is_late {
            stop = self.use_late(id, from.at, stop);
        }
        let empty = RangeSet::default();
        let covered = self.covered.get(&place).unwrap_or(&empty);
        let pieces = pair.pieces(stop, &self.voids, covered);
        let fresh: Vec<bool> = pieces
            .iter()
            .map(|piece| piece.media.1 > piece.media.0 && !covered.contains(piece.media.0))
            .collect();
        for (piece, is_new) in pieces.iter().zip(fresh) {
            let gain = run.pay(piece, is_new);
            if is_new {
                self.count(id, piece, gain, chance);
            }
        }
        let reach = pair.rate_thousandths * (stop - from.at) / 1_000;
        let progress = self.progress.entry(place).or_default();
        progress.furthest = progress
            .furthest
            .max(pair.media_at(stop).min(progress.furthest + reach));
        let clock = self
            .clocks
            .get_mut(&id)
            .expect("the caller looked the clock up");
        clock.hand.run = run;
        stop == to.at
    }

    /// Late time from `from` on is used up, at a stretch and in each local day (C7). Where does it end?
    fn use_late(&mut self, id: ClockId, from: UnixMs, stop: UnixMs) -> UnixMs {
        let hand = &mut self
            .clocks
            .get_mut(&id)
            .expect("the caller looked the clock up")
            .hand;
        let mut at = from;
        self.cold_changed = true;
        while at < stop {
            let day = LocalDay::of(at);
            let used = self.late_days.entry(day).or_default();
            let wanted = stop.min(day.end_ms()) - at;
            let given = wanted
                .min(LATE_STRETCH_MS - hand.late_stretch)
                .min(LATE_DAY_MS - *used);
            *used += given;
            hand.late_stretch += given;
            at += given;
            if given < wanted {
                break;
            }
        }
        at
    }

    /// A new piece counts up to the room of its day; the rest is over the cap (step 5).
    fn count(&mut self, id: ClockId, piece: &Piece, gain: i64, chance: &mut impl Chance) {
        let clock = &self.clocks[&id];
        let policy = clock.policy;
        let day = LocalDay::of(piece.server.0);
        let room = match policy.cap_min {
            0 => i64::MAX,
            minutes => {
                let filled = self
                    .days
                    .get(&day)
                    .map_or(0, |day| day.filled_at(piece.server.0));
                (minutes * 60_000 - filled).max(0)
            }
        };
        let earned = Earned {
            id: IntervalId(uuid::Uuid::nil()),
            credit_scope: clock.credit_scope,
            course: clock.course,
            lesson: clock.lesson,
            state: if policy.checks() {
                TimeState::Pending
            } else {
                TimeState::Verified
            },
            day,
            media: piece.media,
            server: piece.server,
            ms: gain,
            policy_version: policy.version,
            clock: id,
            frozen_group: None,
            void_at: None,
        };
        if room > 0 && gain <= room {
            self.earn(earned, chance);
            return;
        }
        let (u, v) = piece.server;
        let (m, n) = piece.media;
        let (cut, media_cut) = match gain {
            0 => (u, m),
            _ => (u + (v - u) * room / gain, m + (n - m) * room / gain),
        };
        if room > 0 {
            let first = Earned {
                server: (u, cut),
                media: (m, media_cut),
                ms: room,
                ..earned.clone()
            };
            self.earn(first, chance);
        }
        self.happenings.push(Happening::OverCap);
        self.keep(
            Earned {
                state: TimeState::OverCap,
                server: (cut, v),
                media: (media_cut, n),
                ms: gain - room.min(gain),
                ..earned
            },
            chance,
        );
    }

    /// Covers media, fills the day, and runs the countdown down (step 7).
    fn earn(&mut self, earned: Earned, chance: &mut impl Chance) {
        let place = (earned.credit_scope, earned.lesson);
        self.covered
            .entry(place)
            .or_default()
            .insert(earned.media.0, earned.media.1);
        self.days.entry(earned.day).or_default().earned += earned.ms;
        if earned.state == TimeState::Verified {
            *self.verified.entry(place).or_default() += earned.ms;
        }
        let (credit_scope, ms, at) = (earned.credit_scope, earned.ms, earned.server.1);
        let is_pending = earned.state == TimeState::Pending;
        self.keep(earned, chance);
        if !is_pending || ms == 0 {
            return;
        }
        let plan = &self.plans[&credit_scope];
        if plan.challenge.is_some() {
            return;
        }
        if plan.countdown.is_none() {
            self.draw(credit_scope, chance);
        }
        let remainder = self.remainder(credit_scope);
        let plan = self
            .plans
            .get_mut(&credit_scope)
            .expect("a plan is made at open");
        if let Some(left) = plan.countdown.as_mut() {
            *left -= ms;
            if *left <= 0 {
                self.fall_due(at, credit_scope, remainder == 0, chance);
            }
        }
    }

    /// Joins an interval to the one that still grows, or begins another.
    fn keep(&mut self, mut earned: Earned, chance: &mut impl Chance) {
        if let Some(open) = self.open.last_mut() {
            let joins = open.server.1 == earned.server.0
                && open.media.1 == earned.media.0
                && open.state == earned.state
                && open.day == earned.day;
            if joins {
                open.server.1 = earned.server.1;
                open.media.1 = earned.media.1;
                open.ms += earned.ms;
                return;
            }
            if open.day != earned.day {
                self.flush();
            }
        }
        earned.id = chance.interval_id();
        self.open.push(earned);
    }

    /// Hands the open intervals over for their rows; the trail goes with them.
    fn flush(&mut self) {
        let trail = self.trail.take();
        if self.open.is_empty() {
            return;
        }
        let intervals = std::mem::take(&mut self.open);
        let unsettled = intervals
            .iter()
            .filter(|earned| earned.state == TimeState::Pending);
        self.unsettled.extend(unsettled.cloned());
        self.happenings
            .push(Happening::Flushed { intervals, trail });
    }

    /// What can still be earned in a scope: uncovered media, small leftovers not counted (C18, C19).
    fn remainder(&self, credit_scope: CreditScope) -> i64 {
        let Some(plan) = self.plans.get(&credit_scope) else {
            return 0;
        };
        if self.finished.contains(&credit_scope) {
            return 0;
        }
        let Some(lessons) = self.curricula.get(&credit_scope) else {
            return i64::MAX;
        };
        let in_reach = |spec: &&LessonSpec| {
            credit_scope != CreditScope::Platform || spec.course == plan.course
        };
        lessons
            .iter()
            .filter(in_reach)
            .map(|spec| {
                let covered = self.covered.get(&(credit_scope, spec.lesson));
                spec.length_ms - covered.map_or(0, RangeSet::total)
            })
            .filter(|left| *left >= NOT_WORTH_MS)
            .sum()
    }

    /// Draws a countdown, again inside the remainder when it exceeds it (rule 8, step 7).
    fn draw(&mut self, credit_scope: CreditScope, chance: &mut impl Chance) {
        let remainder = self.remainder(credit_scope);
        let plan = self
            .plans
            .get_mut(&credit_scope)
            .expect("a plan is made at open");
        plan.countdown = None;
        if !plan.policy.checks() {
            return;
        }
        let check = plan.policy.check;
        plan.countdown = Some(chance.draw(credit_scope, check.min_ms, check.max_ms));
        self.redraw_inside(credit_scope, remainder, chance);
    }

    fn redraw_inside(
        &mut self,
        credit_scope: CreditScope,
        remainder: i64,
        chance: &mut impl Chance,
    ) {
        let plan = self
            .plans
            .get_mut(&credit_scope)
            .expect("a plan is made at open");
        if plan.countdown.is_some_and(|left| left > remainder) {
            plan.countdown = (remainder > 0).then(|| chance.draw(credit_scope, 1, remainder));
        }
    }

    fn plan_at_open(&mut self, credit_scope: CreditScope, chance: &mut impl Chance) {
        let plan = self
            .plans
            .get_mut(&credit_scope)
            .expect("a plan is made at open");
        if plan.challenge.is_some() {
            return;
        }
        if !plan.policy.checks() {
            plan.countdown = None;
            return;
        }
        let most = plan.policy.check.max_ms;
        match plan.countdown {
            None => self.draw(credit_scope, chance),
            Some(left) => {
                plan.countdown = Some(left.min(most));
                let remainder = self.remainder(credit_scope);
                self.redraw_inside(credit_scope, remainder, chance);
            }
        }
    }

    /// Asks the closing check when time is pending and nothing more can be earned (C18, C19).
    fn ask_closing(&mut self, now: UnixMs, credit_scope: CreditScope, chance: &mut impl Chance) {
        let Some(plan) = self.plans.get(&credit_scope) else {
            return;
        };
        let is_over = !plan.policy.checks() || self.remainder(credit_scope) == 0;
        if plan.challenge.is_none() && is_over && self.pending_ms(credit_scope) > 0 {
            self.fall_due(now, credit_scope, true, chance);
        }
    }

    fn fall_due(
        &mut self,
        at: UnixMs,
        credit_scope: CreditScope,
        closing: bool,
        chance: &mut impl Chance,
    ) {
        let plan = self
            .plans
            .get_mut(&credit_scope)
            .expect("a plan is made at open");
        plan.countdown = None;
        plan.challenge = Some(Challenge::due(
            chance.challenge_id(),
            closing,
            at,
            &plan.policy,
        ));
        self.cold_changed = true;
        self.tell(credit_scope, Outcome::Due { closing });
    }

    fn tell(&mut self, credit_scope: CreditScope, outcome: Outcome) {
        self.happenings.push(Happening::Challenge {
            credit_scope,
            outcome,
        });
    }

    /// The challenge of a scope is sent. `false` when none is to be sent.
    pub fn deliver(
        &mut self,
        now: UnixMs,
        credit_scope: CreditScope,
        chance: &mut impl Chance,
    ) -> bool {
        self.expire(now, chance);
        let Some(plan) = self.plans.get_mut(&credit_scope) else {
            return false;
        };
        let window = plan.policy.check.answer_within_s * 1_000;
        let tries = plan.policy.check.tries;
        let Some(challenge) = plan.challenge.as_mut() else {
            return false;
        };
        match challenge.phase {
            Phase::Delivered { .. } => return false,
            Phase::Due => {}
            Phase::Repeat { .. } => {
                challenge.round = 2;
                challenge.tries = tries;
                challenge.tries_left = tries;
                challenge.mismatch = false;
            }
        }
        challenge.phase = Phase::Delivered {
            deadline: now + window,
        };
        challenge.first_delivered_at.get_or_insert(now);
        self.cold_changed = true;
        let is_blocked = |block: &Block| block.credit_scope == credit_scope && block.to.is_none();
        if !self.blocks.iter().any(is_blocked) {
            self.blocks.push(Block {
                from: now,
                to: None,
                credit_scope,
            });
        }
        true
    }

    /// An answer to the challenge on screen; ignored when there is none, or after its deadline.
    pub fn answer(
        &mut self,
        now: UnixMs,
        credit_scope: CreditScope,
        answer: Answer,
        chance: &mut impl Chance,
    ) {
        self.expire(now, chance);
        let Some(challenge) = self.delivered(credit_scope) else {
            return;
        };
        let Phase::Delivered { deadline } = challenge.phase else {
            return;
        };
        if now > deadline {
            return;
        }
        challenge.disconnected = false;
        challenge.mismatch |= answer == Answer::Mismatch;
        self.cold_changed = true;
        if answer == Answer::Pass {
            self.settle(now, credit_scope, TimeState::Verified, chance);
            return;
        }
        let challenge = self
            .delivered(credit_scope)
            .expect("it was there a moment ago");
        challenge.tries_left = challenge.tries_left.saturating_sub(1);
        if challenge.tries_left == 0 {
            self.end_round(now, credit_scope, chance);
        } else {
            self.tell(credit_scope, Outcome::TryAgain);
        }
    }

    /// The answer window is over; ignored before its deadline.
    pub fn no_answer(&mut self, now: UnixMs, credit_scope: CreditScope, chance: &mut impl Chance) {
        self.expire(now, chance);
        let Some(challenge) = self.delivered(credit_scope) else {
            return;
        };
        if matches!(challenge.phase, Phase::Delivered { deadline } if now >= deadline) {
            self.end_round(now, credit_scope, chance);
        }
    }

    fn delivered(&mut self, credit_scope: CreditScope) -> Option<&mut Challenge> {
        let plan = self.plans.get_mut(&credit_scope)?;
        plan.challenge
            .as_mut()
            .filter(|challenge| challenge.is_delivered())
    }

    /// A round ended unpassed: frozen after a mismatch (C22), else a second round, else a miss (C27).
    fn end_round(&mut self, now: UnixMs, credit_scope: CreditScope, chance: &mut impl Chance) {
        let challenge = self.delivered(credit_scope).expect("the caller found it");
        if challenge.mismatch {
            self.settle(now, credit_scope, TimeState::Frozen, chance);
        } else if challenge.round == 1 {
            challenge.phase = Phase::Repeat {
                not_before: now + REPEAT_AFTER_MS,
            };
            challenge.left_screen_at = Some(now);
            challenge.disconnected = false;
            self.cold_changed = true;
            self.tell(credit_scope, Outcome::Repeat);
        } else {
            self.settle(now, credit_scope, TimeState::Void, chance);
        }
    }

    /// The server puts the challenge off: the face pool is busy (C17).
    pub fn postpone(&mut self, now: UnixMs, credit_scope: CreditScope, chance: &mut impl Chance) {
        self.expire(now, chance);
        self.excuse(now, credit_scope);
    }

    /// The server restarts: open challenges are put off.
    pub fn restart(&mut self, now: UnixMs, chance: &mut impl Chance) {
        self.expire(now, chance);
        for credit_scope in self.plans.keys().copied().collect::<Vec<_>>() {
            self.excuse(now, credit_scope);
        }
    }

    /// Puts a challenge off for the server's reasons: its ten minutes begin anew.
    fn excuse(&mut self, now: UnixMs, credit_scope: CreditScope) {
        if let Some(challenge) = self.delivered(credit_scope) {
            challenge.first_delivered_at = None;
            self.put_off(now, credit_scope);
            self.unblock(now, credit_scope);
        }
    }

    fn put_off(&mut self, now: UnixMs, credit_scope: CreditScope) {
        if let Some(challenge) = self.delivered(credit_scope) {
            challenge.phase = Phase::Due;
            challenge.left_screen_at = Some(now);
            self.cold_changed = true;
            self.tell(credit_scope, Outcome::Postponed);
        }
    }

    /// A disconnection, a reload or a take-over while a challenge is on screen: postponed once,
    /// the second in a row is a miss (C16).
    fn interrupt(&mut self, now: UnixMs, chance: &mut impl Chance) {
        for credit_scope in self.plans.keys().copied().collect::<Vec<_>>() {
            let Some(challenge) = self.delivered(credit_scope) else {
                continue;
            };
            if challenge.disconnected {
                let to = if challenge.mismatch {
                    TimeState::Frozen
                } else {
                    TimeState::Void
                };
                self.settle(now, credit_scope, to, chance);
            } else {
                challenge.disconnected = true;
                self.put_off(now, credit_scope);
            }
        }
    }

    /// Ends challenges that are not on screen when their ten minutes are over, or when they leave it
    /// later (C25).
    pub fn expire(&mut self, now: UnixMs, chance: &mut impl Chance) {
        let over = |(credit_scope, plan): (&CreditScope, &Plan)| {
            let challenge = plan.challenge.as_ref()?;
            let first = challenge.first_delivered_at?;
            let end = challenge.left_screen_at?.max(first + CHALLENGE_LIFE_MS);
            let is_over = !challenge.closing && !challenge.is_delivered() && now >= end;
            is_over.then_some((*credit_scope, end, challenge.mismatch))
        };
        let over: Vec<_> = self.plans.iter().filter_map(over).collect();
        for (credit_scope, at, mismatch) in over {
            let to = if mismatch {
                TimeState::Frozen
            } else {
                TimeState::Void
            };
            self.settle(at, credit_scope, to, chance);
        }
    }

    /// The challenge ends: what is pending in its scope becomes `to`, and a new countdown is drawn.
    fn settle(
        &mut self,
        now: UnixMs,
        credit_scope: CreditScope,
        to: TimeState,
        chance: &mut impl Chance,
    ) {
        self.flush();
        self.cold_changed = true;
        let plan = self
            .plans
            .get_mut(&credit_scope)
            .expect("the caller found it");
        let challenge = plan.challenge.take();
        let group = (to == TimeState::Frozen).then(|| {
            plan.frozen_groups += 1;
            plan.frozen_groups
        });
        self.unblock(now, credit_scope);
        let is_settled = |earned: &Earned| {
            earned.credit_scope == credit_scope && earned.state == TimeState::Pending
        };
        self.change(now, credit_scope, to, challenge, group, is_settled);
        let outcome = match to {
            TimeState::Verified => Outcome::Verified,
            TimeState::Frozen => Outcome::Frozen,
            _ => Outcome::Void,
        };
        self.tell(credit_scope, outcome);
        self.draw(credit_scope, chance);
    }

    /// A person decides on the `group`-th frozen time of a scope; the first decision stands (C23).
    pub fn decide(
        &mut self,
        now: UnixMs,
        credit_scope: CreditScope,
        group: u32,
        decision: Decision,
        chance: &mut impl Chance,
    ) {
        self.expire(now, chance);
        let is_settled = |earned: &Earned| {
            earned.credit_scope == credit_scope
                && earned.state == TimeState::Frozen
                && earned.frozen_group == Some(group)
        };
        if !self.unsettled.iter().any(is_settled) {
            return;
        }
        self.cold_changed = true;
        let (to, outcome) = match decision {
            Decision::Restore => (TimeState::Verified, Outcome::Restored),
            Decision::Void => (TimeState::Void, Outcome::Voided),
        };
        self.change(now, credit_scope, to, None, Some(group), is_settled);
        self.tell(credit_scope, outcome);
    }

    fn change(
        &mut self,
        now: UnixMs,
        credit_scope: CreditScope,
        to: TimeState,
        challenge: Option<Challenge>,
        group: Option<u32>,
        is_settled: impl Fn(&Earned) -> bool,
    ) {
        let mut settled: Vec<Earned> = self
            .unsettled
            .extract_if(.., |earned| is_settled(earned))
            .collect();
        for earned in &mut settled {
            earned.state = to;
            earned.frozen_group = group;
            let place = (earned.credit_scope, earned.lesson);
            if to == TimeState::Verified {
                *self.verified.entry(place).or_default() += earned.ms;
            }
            if to == TimeState::Void {
                earned.void_at = Some(now);
                self.covered
                    .entry(place)
                    .or_default()
                    .remove(earned.media.0, earned.media.1);
                let day = self.days.entry(earned.day).or_default();
                day.earned -= earned.ms;
                day.voids.push((now, earned.ms));
            }
        }
        if to == TimeState::Void {
            self.voids.push(now);
        }
        if to == TimeState::Frozen {
            self.unsettled.extend(settled.iter().cloned());
        }
        self.happenings.push(Happening::Settled(Settlement {
            credit_scope,
            to,
            at: now,
            challenge,
            frozen_group: group,
            intervals: settled,
        }));
    }

    fn unblock(&mut self, now: UnixMs, credit_scope: CreditScope) {
        for block in &mut self.blocks {
            if block.credit_scope == credit_scope && block.to.is_none() {
                block.to = Some(now);
            }
        }
        self.cold_changed = true;
    }

    /// Nothing more can be earned in a scope: hours reached, window ended or learner withdrawn.
    pub fn finish(&mut self, now: UnixMs, credit_scope: CreditScope, chance: &mut impl Chance) {
        self.expire(now, chance);
        self.finished.insert(credit_scope);
        self.cold_changed = true;
        self.ask_closing(now, credit_scope, chance);
    }
}
