//! All that the hour rules know of one learner.
//!
//! What happens to a learner is in `opening`, `counting` and `checking`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zhipei_domain::{
    ChallengeId, ClockId, CourseId, CreditScope, IntervalId, LessonId, LocalDay, Policy, TimeState,
    UnixMs,
};

use crate::challenge_plan::{Challenge, Plan};
use crate::clock::Clock;
use crate::coverage::RangeSet;
use crate::day::Day;
use crate::evidence::Evidence;
use crate::happening::{Earned, Happening};

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
}
