//! Opening, leaving and coming back to a lesson: clocks, epochs, take-over.

use zhipei_domain::{ClockId, CreditScope, Policy, SessionRule, UnixMs};

use crate::challenge_plan::Plan;
use crate::clock::{Clock, Hand, Run};
use crate::evidence::Evidence;
use crate::learner::{Chance, LearnerHours, LessonSpec};

/// A node whose clock is off by this much opens no sessions (rule 13).
const MAX_DRIFT_MS: i64 = 2_000;
/// "The older stays": another device may open when the older lost its connection longer ago (C12).
const OLDER_LOST_MS: i64 = 30_000;

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

impl LearnerHours {
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
}
