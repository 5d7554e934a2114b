//! What of a learner's state must be stored so that another process can go on.
//!
//! Two texts: the short one changes with every heartbeat, the long one with every other event. What
//! the rows of intervals say is not said again; it is read from them.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zhipei_domain::{ClockId, CreditScope, IntervalId, LessonId, LocalDay, TimeState, UnixMs};

use crate::challenge_plan::Plan;
use crate::clock::{Clock, Hand, Placed};
use crate::evidence::Evidence;
use crate::happening::Earned;
use crate::learner::{Block, LearnerHours, Progress};

/// The form of the two texts; another number is refused.
const FORM: u8 = 2;
/// Ended clocks are remembered so long; a backlog that comes later is not acknowledged.
const KEEP_CLOCK_MS: i64 = 7 * 86_400_000;
/// At most so many ended clocks are remembered, the latest.
const KEEP_CLOCKS: usize = 64;

/// The stored state of a learner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The learner's epoch.
    pub epoch: u64,
    /// What every heartbeat changes.
    pub hot: String,
    /// The rest; `None` when it has not changed since the last snapshot.
    pub cold: Option<String>,
}

/// A stored state cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Not base64.
    #[error("the stored learning state is not base64: {0}")]
    Base64(#[from] base64::DecodeError),
    /// The heartbeats since the last interval are not some.
    #[error("the stored trail of heartbeats is damaged")]
    Trail,
    /// Not the fields that were written.
    #[error("the stored learning state is damaged: {0}")]
    Damaged(#[from] postcard::Error),
    /// Written by another version of the platform.
    #[error("the stored learning state has form {0}, this program reads form {FORM}")]
    Form(u8),
}

#[derive(Serialize, Deserialize)]
struct Hot {
    form: u8,
    hand: Option<FoldedHand>,
    progress: Progress,
    countdown: Option<i64>,
    open: Vec<Growing>,
    #[serde(with = "serde_bytes")]
    trail: Vec<u8>,
}

/// The clock's hand with its times as so long before `placed_to`: small numbers take few bytes.
#[derive(Serialize, Deserialize)]
struct FoldedHand(Hand);

impl FoldedHand {
    fn fold(hand: Hand) -> Self {
        Self(Hand {
            offset: hand.placed_to - hand.offset,
            last: hand.last.map(|last| Placed {
                at: hand.placed_to - last.at,
                ..last
            }),
            ..hand
        })
    }

    fn unfold(self) -> Hand {
        Self::fold(self.0).0
    }
}

/// An open interval; the rest of it is known from the current clock.
#[derive(Serialize, Deserialize)]
struct Growing {
    id: IntervalId,
    state: TimeState,
    day: LocalDay,
    media: (i64, i64),
    /// So long before the hand's `placed_to`.
    server: (i64, i64),
    ms: i64,
}

#[derive(Serialize, Deserialize)]
struct Cold {
    form: u8,
    epoch: u64,
    current: Option<ClockId>,
    clocks: BTreeMap<ClockId, Clock>,
    plans: BTreeMap<CreditScope, Plan>,
    progress: Vec<((CreditScope, LessonId), Progress)>,
    finished: BTreeSet<CreditScope>,
    late_days: BTreeMap<LocalDay, i64>,
    blocks: Vec<Block>,
    voids: Vec<UnixMs>,
}

impl LearnerHours {
    /// The state to store, after its flushed and settled intervals. The long text is there only
    /// when it changed since the last call.
    pub fn snapshot(&mut self) -> Snapshot {
        let hot = encode(&self.hot());
        let cold = std::mem::take(&mut self.cold_changed).then(|| encode(&self.cold()));
        Snapshot {
            epoch: self.epoch,
            hot,
            cold,
        }
    }

    /// The state to store of a learner who has never learned: both texts.
    pub fn first_snapshot(&mut self) -> Snapshot {
        self.cold_changed = true;
        self.snapshot()
    }

    fn hot(&self) -> Hot {
        let clock = self.current.and_then(|id| self.clocks.get(&id));
        let placed_to = clock.map_or(0, |clock| clock.hand.placed_to);
        let growing = |earned: &Earned| Growing {
            id: earned.id,
            state: earned.state,
            day: earned.day,
            media: earned.media,
            server: (placed_to - earned.server.0, placed_to - earned.server.1),
            ms: earned.ms,
        };
        Hot {
            form: FORM,
            hand: clock.map(|clock| FoldedHand::fold(clock.hand)),
            progress: clock
                .and_then(|clock| self.progress.get(&(clock.credit_scope, clock.lesson)))
                .copied()
                .unwrap_or_default(),
            countdown: clock
                .and_then(|clock| self.plans.get(&clock.credit_scope))
                .and_then(|plan| plan.countdown),
            open: self.open.iter().map(growing).collect(),
            trail: self.trail.bytes().to_vec(),
        }
    }

    fn cold(&self) -> Cold {
        Cold {
            form: FORM,
            epoch: self.epoch,
            current: self.current,
            clocks: self.clocks.clone(),
            plans: self.plans.clone(),
            progress: self
                .progress
                .iter()
                .map(|(place, progress)| (*place, *progress))
                .collect(),
            finished: self.finished.clone(),
            late_days: self.late_days.clone(),
            blocks: self.blocks.clone(),
            voids: self.voids.clone(),
        }
    }

    /// The learner as stored: both texts, and the rows of all intervals. Lessons are given anew with
    /// [`LearnerHours::set_curriculum`].
    pub fn restore<'a>(
        hot: &str,
        cold: &str,
        rows: impl IntoIterator<Item = &'a Earned>,
    ) -> Result<Self, SnapshotError> {
        let cold: Cold = decode(cold)?;
        let hot: Hot = decode(hot)?;
        let mut hours = Self {
            epoch: cold.epoch,
            current: cold.current,
            clocks: cold.clocks,
            plans: cold.plans,
            progress: cold.progress.into_iter().collect(),
            finished: cold.finished,
            late_days: cold.late_days,
            blocks: cold.blocks,
            voids: cold.voids,
            trail: Evidence::of(hot.trail).ok_or(SnapshotError::Trail)?,
            ..Self::default()
        };
        if let Some((id, hand)) = hours.current.zip(hot.hand) {
            let hand = hand.unfold();
            hours.lay_over(id, hand, hot.progress, hot.countdown);
            let clock = &hours.clocks[&id];
            let whole = |growing: Growing| Earned {
                id: growing.id,
                credit_scope: clock.credit_scope,
                course: clock.course,
                lesson: clock.lesson,
                state: growing.state,
                day: growing.day,
                media: growing.media,
                server: (
                    hand.placed_to - growing.server.0,
                    hand.placed_to - growing.server.1,
                ),
                ms: growing.ms,
                policy_version: clock.policy.version,
                clock: id,
                frozen_group: None,
                void_at: None,
            };
            hours.open = hot.open.into_iter().map(whole).collect();
        }
        for earned in rows {
            hours.recall(earned);
            if matches!(earned.state, TimeState::Pending | TimeState::Frozen) {
                hours.unsettled.push(earned.clone());
            }
        }
        for earned in hours.open.clone() {
            hours.recall(&earned);
        }
        Ok(hours)
    }

    fn lay_over(&mut self, id: ClockId, hand: Hand, progress: Progress, countdown: Option<i64>) {
        let Some(clock) = self.clocks.get_mut(&id) else {
            return;
        };
        clock.hand = hand;
        let place = (clock.credit_scope, clock.lesson);
        if hand.last_seq > 0 {
            self.progress.insert(place, progress);
        }
        if let Some(plan) = self.plans.get_mut(&place.0) {
            plan.countdown = countdown;
        }
    }

    /// Takes an interval into coverage, its day, and what its lesson has verified.
    fn recall(&mut self, earned: &Earned) {
        let day = self.days.entry(earned.day).or_default();
        if earned.state.is_earned() {
            day.earned += earned.ms;
            let place = (earned.credit_scope, earned.lesson);
            if earned.state == TimeState::Verified {
                *self.verified.entry(place).or_default() += earned.ms;
            }
            self.covered
                .entry(place)
                .or_default()
                .insert(earned.media.0, earned.media.1);
        } else if let Some(void_at) = earned.void_at {
            day.voids.push((void_at, earned.ms));
        }
    }

    /// Forgets what no heartbeat can ask for any more.
    pub(crate) fn forget(&mut self, now: UnixMs) {
        let mut ended: Vec<(UnixMs, ClockId)> = self
            .clocks
            .iter()
            .filter_map(|(id, clock)| Some((clock.ended_at?, *id)))
            .collect();
        ended.sort_unstable();
        let kept = ended.len().saturating_sub(KEEP_CLOCKS);
        for (n, (ended_at, id)) in ended.into_iter().enumerate() {
            if n < kept || now - ended_at > KEEP_CLOCK_MS {
                self.clocks.remove(&id);
            }
        }
        let oldest = self
            .clocks
            .values()
            .map(|clock| clock.hand.placed_to)
            .min()
            .unwrap_or(now);
        self.blocks
            .retain(|block| block.to.is_none_or(|to| to > oldest));
        self.voids.retain(|at| *at > oldest);
        let first_day = LocalDay::of(oldest);
        self.late_days.retain(|day, _| *day >= first_day);
    }
}

fn encode<T: Serialize>(value: &T) -> String {
    let room = Vec::with_capacity(512);
    let bytes =
        postcard::to_extend(value, room).expect("the state has no form that cannot be written");
    STANDARD_NO_PAD.encode(bytes)
}

fn decode<T: DeserializeOwned>(text: &str) -> Result<T, SnapshotError> {
    let bytes = STANDARD_NO_PAD.decode(text)?;
    match bytes.first() {
        Some(&FORM) => Ok(postcard::from_bytes(&bytes)?),
        form => Err(SnapshotError::Form(form.copied().unwrap_or_default())),
    }
}
