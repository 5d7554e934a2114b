//! The heartbeats that credited time rests on, as compact text that a person can still read.
//!
//! One heartbeat after another, parted by `;`: a letter for the state (`p` playing, `u` paused, `h`
//! hidden, `e` ended), `#n` when its number is not the one before plus one but plus `n`, `@n` when
//! the rate (in thousandths, at first 1000) changed, a `:` after any of these two, then arrival,
//! client time and position, parted by `,`. These three are written as the change of their change: the first heartbeat has them
//! whole, the second its difference from the first, and each later one by how much its difference
//! differs from the difference before. Heartbeats 10 s apart are so close to `p0,0,0`.

use std::fmt::Write as _;

use zhipei_domain::{Beat, PlayState};

fn letter(state: PlayState) -> char {
    match state {
        PlayState::Playing => 'p',
        PlayState::Paused => 'u',
        PlayState::Hidden => 'h',
        PlayState::Ended => 'e',
    }
}

fn state_of(wanted: char) -> Option<PlayState> {
    [
        PlayState::Playing,
        PlayState::Paused,
        PlayState::Hidden,
        PlayState::Ended,
    ]
    .into_iter()
    .find(|state| letter(*state) == wanted)
}

/// Writes heartbeats of one clock in order of their numbers.
pub fn encode(beats: &[Beat]) -> String {
    let mut text = String::with_capacity(beats.len() * 12 + 32);
    let mut trend = Trend::default();
    for (index, beat) in beats.iter().enumerate() {
        if index > 0 {
            text.push(';');
        }
        trend.write(beat, &mut text);
    }
    text
}

/// Reads them back. `None` for any text that [`encode`] would not have written.
pub fn decode(text: &str) -> Option<Vec<Beat>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let mut trend = Trend::default();
    let beats: Option<Vec<Beat>> = text.split(';').map(|item| trend.read(item)).collect();
    beats.filter(|beats| encode(beats) == text)
}

/// The last heartbeat and how its three times differed from the one before.
struct Trend {
    seq: u64,
    rate: i64,
    last: [i64; 3],
    step: [i64; 3],
    steady: bool,
}

impl Default for Trend {
    fn default() -> Self {
        Self {
            seq: 0,
            rate: 1_000,
            last: [0; 3],
            step: [0; 3],
            steady: false,
        }
    }
}

impl Trend {
    // Arithmetic wraps, so that any values, sensible or not, read back as they were.
    fn write(&mut self, beat: &Beat, text: &mut String) {
        text.push(letter(beat.state));
        let seq_step = beat.seq.wrapping_sub(self.seq);
        if seq_step != 1 {
            write!(text, "#{seq_step}").expect("a String takes all");
        }
        if beat.rate_thousandths != self.rate {
            write!(text, "@{}", beat.rate_thousandths).expect("a String takes all");
        }
        if seq_step != 1 || beat.rate_thousandths != self.rate {
            text.push(':');
        }
        let now = [beat.arrived_at, beat.client_ms, beat.position_ms];
        for (index, value) in now.into_iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            let change = value
                .wrapping_sub(self.last[index])
                .wrapping_sub(self.step[index]);
            write!(text, "{change}").expect("a String takes all");
        }
        self.advance(beat.seq, beat.rate_thousandths, now);
    }

    fn read(&mut self, item: &str) -> Option<Beat> {
        let mut letters = item.chars();
        let state = state_of(letters.next()?)?;
        let rest = letters.as_str();
        let (marks, times) = rest.split_once(':').unwrap_or(("", rest));
        let (seq_step, rate) = match marks.split_once('@') {
            Some((seq_step, rate)) => (seq_step, rate.parse().ok()?),
            None => (marks, self.rate),
        };
        let seq_step = match seq_step.strip_prefix('#') {
            Some(step) => step.parse().ok()?,
            None => 1,
        };
        let mut now = [0; 3];
        let mut parts = times.split(',');
        for (index, value) in now.iter_mut().enumerate() {
            let change: i64 = parts.next()?.parse().ok()?;
            *value = change
                .wrapping_add(self.step[index])
                .wrapping_add(self.last[index]);
        }
        let seq = self.seq.wrapping_add(seq_step);
        self.advance(seq, rate, now);
        Some(Beat {
            seq,
            arrived_at: now[0],
            client_ms: now[1],
            position_ms: now[2],
            state,
            rate_thousandths: rate,
        })
    }

    fn advance(&mut self, seq: u64, rate: i64, now: [i64; 3]) {
        if self.steady {
            for ((step, value), last) in self.step.iter_mut().zip(now).zip(self.last) {
                *step = value.wrapping_sub(last);
            }
        }
        self.steady = true;
        self.seq = seq;
        self.rate = rate;
        self.last = now;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn state() -> impl Strategy<Value = PlayState> {
        prop_oneof![
            Just(PlayState::Playing),
            Just(PlayState::Paused),
            Just(PlayState::Hidden),
            Just(PlayState::Ended)
        ]
    }

    prop_compose! {
        fn any_beat()(
            seq in any::<u64>(), arrived_at in any::<i64>(), client_ms in any::<i64>(),
            position_ms in any::<i64>(), rate_thousandths in any::<i64>(), state in state(),
        ) -> Beat {
            Beat { seq, arrived_at, client_ms, position_ms, state, rate_thousandths }
        }
    }

    proptest! {
        #[test]
        fn heartbeats_read_back_as_they_were(beats in prop::collection::vec(any_beat(), 0..40)) {
            prop_assert_eq!(decode(&encode(&beats)), Some(beats));
        }

        #[test]
        fn one_list_of_heartbeats_has_one_text(text in "[puhe#@:0-9,;+-]{0,40}") {
            if let Some(beats) = decode(&text) {
                prop_assert_eq!(encode(&beats), text);
            }
        }

        #[test]
        fn ordinary_heartbeats_take_at_most_sixteen_bytes_each(
            jitter in prop::collection::vec((-60_i64..60, -8_i64..8, -20_i64..20), 30..200)
        ) {
            let mut beat = Beat {
                seq: 0,
                arrived_at: 1_772_416_800_000,
                client_ms: 5_000,
                position_ms: 0,
                state: PlayState::Playing,
                rate_thousandths: 1_000,
            };
            let mut beats = Vec::new();
            for (arrival, client, position) in jitter {
                beat.seq += 1;
                beat.client_ms += 10_000 + client;
                beat.position_ms += 10_000 + position;
                beat.arrived_at += 10_000;
                beats.push(Beat { arrived_at: beat.arrived_at + arrival, ..beat });
            }
            let text = encode(&beats);
            prop_assert!(text.len() <= beats.len() * 16, "{} for {}", text.len(), beats.len());
        }
    }

    #[test]
    fn a_person_can_read_the_text() {
        let beat = |seq, arrived_at, client_ms, position_ms, state| Beat {
            seq,
            arrived_at,
            client_ms,
            position_ms,
            state,
            rate_thousandths: 1_000,
        };
        let mut beats = [
            beat(1, 1_772_416_800_040, 5_000, 0, PlayState::Playing),
            beat(2, 1_772_416_810_043, 15_000, 9_998, PlayState::Playing),
            beat(3, 1_772_416_820_041, 25_001, 19_997, PlayState::Playing),
            beat(5, 1_772_416_823_041, 28_001, 22_997, PlayState::Paused),
        ];
        beats[3].rate_thousandths = 1_500;
        assert_eq!(
            encode(&beats),
            "p1772416800040,5000,0;p10003,10000,9998;p-5,1,1;u#2@1500:-6998,-7001,-6999"
        );
    }

    #[test]
    fn text_that_nobody_wrote_is_refused() {
        for text in [
            "p",
            "p1,2",
            "p01,2,3",
            "p1,2,3,4",
            "x1,2,3",
            "p+1,2,3",
            "p1,2,3;",
            "p#1:1,2,3",
            ";",
        ] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
