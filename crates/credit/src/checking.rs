//! Checks: when one falls due, how its rounds go, what its end does to pending time.

use zhipei_domain::{CheckKind, CreditScope, TimeState, UnixMs};

use crate::assess::CHALLENGE_LIFE_MS;
use crate::challenge_plan::{Challenge, Phase, Plan};
use crate::coverage::RangeSet;
use crate::happening::{Answer, Decision, Earned, Happening, Outcome, Settlement};
use crate::learner::{Block, Chance, LearnerHours, LessonSpec};

/// A lesson with less than this left is not counted as still to be earned (C18).
const NOT_WORTH_MS: i64 = 2_000;
/// The second round comes so long after the first ended (C27).
const REPEAT_AFTER_MS: i64 = 60_000;

impl LearnerHours {
    /// What can still be earned in a scope: uncovered media, small leftovers not counted (C18, C19).
    pub(crate) fn remainder(&self, credit_scope: CreditScope) -> i64 {
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
    pub(crate) fn draw(&mut self, credit_scope: CreditScope, chance: &mut impl Chance) {
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

    pub(crate) fn plan_at_open(&mut self, credit_scope: CreditScope, chance: &mut impl Chance) {
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
    pub(crate) fn ask_closing(
        &mut self,
        now: UnixMs,
        credit_scope: CreditScope,
        chance: &mut impl Chance,
    ) {
        let Some(plan) = self.plans.get(&credit_scope) else {
            return;
        };
        let is_over = !plan.policy.checks() || self.remainder(credit_scope) == 0;
        if plan.challenge.is_none() && is_over && self.pending_ms(credit_scope) > 0 {
            self.fall_due(now, credit_scope, true, chance);
        }
    }

    pub(crate) fn fall_due(
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

    /// The learner takes another way to answer the challenge on screen, once; `within_ms` after its delivery it
    /// still counts. `false` when there is none, or it is that way already.
    pub fn other_way(
        &mut self,
        credit_scope: CreditScope,
        kind: CheckKind,
        within_ms: i64,
    ) -> bool {
        let Some(challenge) = self.delivered(credit_scope) else {
            return false;
        };
        let (Phase::Delivered { deadline }, Some(first)) =
            (challenge.phase, challenge.first_delivered_at)
        else {
            return false;
        };
        if challenge.kind == kind {
            return false;
        }
        challenge.kind = kind;
        challenge.phase = Phase::Delivered {
            deadline: deadline.max(first + within_ms),
        };
        self.cold_changed = true;
        true
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
    pub(crate) fn interrupt(&mut self, now: UnixMs, chance: &mut impl Chance) {
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
