//! The client's clocks: heartbeats, their numbers, and where they are placed in server time.

use serde::{Deserialize, Serialize};

use zhipei_domain::{Beat, CourseId, CreditScope, LessonId, PlayState, Policy, UnixMs};

/// One report of the player (心跳).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// Its number on its clock, from 1 without gaps (C3).
    pub seq: u64,
    /// What the player does from here on.
    pub state: PlayState,
    /// Media position, in milliseconds.
    pub position_ms: i64,
    /// Playback rate, in thousandths.
    pub rate_thousandths: i64,
    /// The client's monotonic time, in milliseconds.
    pub client_ms: i64,
}

/// A heartbeat that has its place in server time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Placed {
    pub(crate) at: UnixMs,
    /// Clamped to the lesson (C9).
    pub(crate) position: i64,
    pub(crate) rate_thousandths: i64,
}

/// Consecutive playing heartbeats that hang together (rule 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Run {
    /// Media that accepted pairs advanced, in milliseconds.
    pub(crate) media: i64,
    /// What they may have advanced: the sum of rate in thousandths × elapsed milliseconds.
    pub(crate) allowed: i64,
    /// Elapsed time of the pieces that counted (E).
    pub(crate) elapsed: i64,
    /// Media of the pieces that counted (A).
    pub(crate) advanced: i64,
    /// New media among it (N).
    pub(crate) fresh: i64,
    /// What the run was paid so far.
    pub(crate) paid: i64,
}

/// The part of a clock that every heartbeat changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hand {
    /// The last heartbeat applied; 0 before the first.
    pub(crate) last_seq: u64,
    /// The smallest arrival − `client_ms` so far (C6).
    pub(crate) offset: i64,
    /// No heartbeat is placed before its predecessor.
    pub(crate) placed_to: UnixMs,
    /// The last heartbeat, while a run is open.
    pub(crate) last: Option<Placed>,
    pub(crate) run: Run,
    /// Late time used since the last punctual heartbeat (C7).
    pub(crate) late_stretch: i64,
}

/// One opening of a lesson: a client clock and the connection it lives on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Clock {
    pub(crate) device: String,
    pub(crate) credit_scope: CreditScope,
    pub(crate) course: CourseId,
    pub(crate) lesson: LessonId,
    pub(crate) length_ms: i64,
    /// The policy that its `open` bound.
    pub(crate) policy: Policy,
    pub(crate) epoch: u64,
    /// When the learner opened again: time after it does not count on this clock (C5).
    pub(crate) ended_at: Option<UnixMs>,
    /// When the class's window ends: time after it does not count.
    pub(crate) ends_at: Option<UnixMs>,
    /// Credit that finishes the class, in milliseconds; 0 = only watching all of it does.
    pub(crate) required_ms: i64,
    /// When its connection was lost, while it is.
    pub(crate) lost_at: Option<UnixMs>,
    pub(crate) closed: bool,
    /// The last heartbeat of an ended clock: its backlog goes on from there.
    pub(crate) last_beat: Option<Beat>,
    pub(crate) hand: Hand,
}

impl Clock {
    /// Places a heartbeat that arrives at `now` (C6).
    pub(crate) fn place(&mut self, now: UnixMs, client_ms: i64) -> UnixMs {
        let hand = &mut self.hand;
        hand.offset = hand.offset.min(now.saturating_sub(client_ms));
        hand.placed_to = hand.placed_to.max(client_ms.saturating_add(hand.offset));
        hand.placed_to
    }

    /// The moment from which nothing counts on this clock.
    pub(crate) fn end(&self) -> Option<UnixMs> {
        self.ended_at.into_iter().chain(self.ends_at).min()
    }

    pub(crate) fn is_over(&self, at: UnixMs) -> bool {
        self.end().is_some_and(|end| at >= end)
    }
}
