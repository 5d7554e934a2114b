//! A player of one lesson: state and position over the learner's monotonic time. Pure.

use zhipei_api_types::learning::State;

/// At rate 1 from the last change on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Player {
    length_ms: i64,
    state: State,
    since_ms: i64,
    position_ms: i64,
}

impl Player {
    /// Plays on at `position_ms`; from the start when nothing is left to play there.
    pub(crate) fn playing(length_ms: i64, position_ms: i64, client_ms: i64) -> Self {
        Self {
            length_ms,
            state: State::Playing,
            since_ms: client_ms,
            position_ms: if position_ms < length_ms {
                position_ms
            } else {
                0
            },
        }
    }

    /// State and position now.
    pub(crate) fn at(&self, client_ms: i64) -> (State, i64) {
        if self.state != State::Playing {
            return (self.state, self.position_ms);
        }
        let position = self.position_ms + client_ms - self.since_ms;
        if position < self.length_ms {
            (State::Playing, position)
        } else {
            (State::Ended, self.length_ms)
        }
    }

    /// Goes into another state where it is.
    pub(crate) fn turn(&mut self, state: State, client_ms: i64) {
        let (_, position) = self.at(client_ms);
        self.seek(position, client_ms);
        self.state = state;
    }

    /// Goes on elsewhere.
    pub(crate) fn seek(&mut self, position_ms: i64, client_ms: i64) {
        (self.state, _) = self.at(client_ms);
        self.position_ms = position_ms.clamp(0, self.length_ms);
        self.since_ms = client_ms;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_plays_stops_and_ends() {
        let mut player = Player::playing(10_000, 2_000, 500);
        assert_eq!(player.at(1_500), (State::Playing, 3_000));
        player.turn(State::Hidden, 1_500);
        assert_eq!(player.at(60_000), (State::Hidden, 3_000));
        player.turn(State::Playing, 60_000);
        player.seek(1_000, 61_000);
        assert_eq!(player.at(62_000), (State::Playing, 2_000));
        assert_eq!(player.at(90_000), (State::Ended, 10_000));
        assert_eq!(
            Player::playing(10_000, 10_000, 0).at(0),
            (State::Playing, 0)
        );
    }
}
