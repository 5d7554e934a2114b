//! Heartbeats: from their arrival to intervals of earned time.

use zhipei_domain::{Beat, ClockId, IntervalId, LocalDay, PlayState, TimeState, UnixMs};

use crate::assess::{LATE_AFTER_MS, LATE_DAY_MS, LATE_STRETCH_MS, Pair, Piece};
use crate::clock::{Heartbeat, Placed, Run};
use crate::coverage::RangeSet;
use crate::evidence::Evidence;
use crate::happening::{Earned, Happening};
use crate::learner::{Chance, LearnerHours};

/// A run may start so far beyond the furthest point (C11).
const START_AHEAD_MS: i64 = 2_000;
/// The open interval is written after so much time.
const OPEN_INTERVAL_MS: i64 = 300_000;

impl LearnerHours {
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
    pub(crate) fn flush(&mut self) {
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
}
