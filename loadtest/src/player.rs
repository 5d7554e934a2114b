//! What a learner's player tells: where it is, in which state, under which number. Pure.

use zhipei_api_types::learning::{Heartbeat, State};

/// A player of one lesson on one clock. `client_ms` never goes back.
#[derive(Clone, Debug)]
pub(crate) struct Player {
    lesson_ms: i64,
    seq: u64,
    playing: bool,
    /// Client time and position when it last started, stopped or jumped.
    anchor: (i64, i64),
    /// Media played so far, for the report.
    played_ms: i64,
    ended: bool,
}

impl Player {
    /// Stopped at `position_ms`; at the start when nothing is left to play there.
    pub(crate) fn new(lesson_ms: i64, position_ms: i64) -> Self {
        let position = if position_ms < lesson_ms {
            position_ms.max(0)
        } else {
            0
        };
        Self {
            lesson_ms,
            seq: 0,
            playing: false,
            anchor: (0, position),
            played_ms: 0,
            ended: false,
        }
    }

    /// Number of the last heartbeat.
    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }

    /// Media played so far.
    pub(crate) fn played_ms(&self) -> i64 {
        self.played_ms
    }

    /// Plays on from where it is.
    pub(crate) fn play(&mut self, client_ms: i64) {
        self.settle(client_ms);
        self.playing = true;
    }

    /// Stops where it is.
    pub(crate) fn pause(&mut self, client_ms: i64) {
        self.settle(client_ms);
        self.playing = false;
    }

    /// The server wants it elsewhere.
    pub(crate) fn go_back(&mut self, client_ms: i64, position_ms: i64) {
        self.settle(client_ms);
        self.anchor.1 = position_ms.clamp(0, self.lesson_ms);
    }

    /// The next heartbeat. At the end of the lesson one says so, and the next starts over.
    pub(crate) fn beat(&mut self, client_ms: i64) -> Heartbeat {
        if self.ended && self.playing {
            self.ended = false;
            self.anchor = (client_ms, 0);
        }
        self.settle(client_ms);
        self.ended = self.anchor.1 >= self.lesson_ms;
        self.seq += 1;
        Heartbeat {
            seq: self.seq,
            state: match (self.ended, self.playing) {
                (true, _) => State::Ended,
                (false, true) => State::Playing,
                (false, false) => State::Paused,
            },
            position_ms: self.anchor.1,
            rate: 1.0,
            client_ms,
        }
    }

    fn settle(&mut self, client_ms: i64) {
        let (since, position) = self.anchor;
        let mut now = position;
        if self.playing && !self.ended {
            now = (position + client_ms - since).min(self.lesson_ms);
        }
        self.played_ms += now - position;
        self.anchor = (client_ms, now);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_plays_pauses_and_starts_over_at_the_end() {
        let mut player = Player::new(25_000, 1_000);
        player.play(50);
        let mut seen = Vec::new();
        let mut beat = |player: &mut Player, at| {
            let beat = player.beat(at);
            seen.push((beat.seq, beat.state, beat.position_ms));
        };
        beat(&mut player, 50);
        beat(&mut player, 10_050);
        player.pause(12_050);
        beat(&mut player, 12_050);
        beat(&mut player, 20_050);
        player.play(20_050);
        beat(&mut player, 30_050);
        beat(&mut player, 40_050);
        beat(&mut player, 50_050);
        beat(&mut player, 60_050);
        assert_eq!(
            seen,
            [
                (1, State::Playing, 1_000),
                (2, State::Playing, 11_000),
                (3, State::Paused, 13_000),
                (4, State::Paused, 13_000),
                (5, State::Playing, 23_000),
                (6, State::Ended, 25_000),
                (7, State::Playing, 0),
                (8, State::Playing, 10_000),
            ]
        );
        assert_eq!(player.played_ms(), 34_000);
    }

    proptest! {
        #[test]
        fn it_never_plays_faster_than_time_passes(steps in prop::collection::vec((0_i64..20_000, 0_u8..4), 1..60)) {
            let mut player = Player::new(40_000, 0);
            player.play(0);
            let mut now = 0;
            for (seq, (step, what)) in (1..).zip(steps) {
                now += step;
                match what {
                    0 => player.pause(now),
                    1 => player.play(now),
                    2 => player.go_back(now, step - 5_000),
                    _ => {}
                }
                let beat = player.beat(now);
                prop_assert_eq!(beat.seq, seq);
                prop_assert!((0..=40_000).contains(&beat.position_ms));
                prop_assert!(player.played_ms() <= now);
            }
        }
    }
}
