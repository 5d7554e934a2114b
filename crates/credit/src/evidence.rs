//! The heartbeats that an interval rests on, in compact form.

use serde::{Deserialize, Serialize};
use zhipei_domain::{Beat, PlayState};

/// Beats of one clock in order of their numbers, each written as its difference from the one before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Evidence {
    #[serde(with = "serde_bytes")]
    bytes: Vec<u8>,
    last: Option<Beat>,
}

/// A longer trail is put into the ledger at once, so that a learner's row stays small. Five minutes
/// of ordinary heartbeats take 360 bytes.
const FULL_BYTES: usize = 512;

impl Evidence {
    /// A trail that begins with `first`, the beat before those to come.
    pub(crate) fn after(first: Option<Beat>) -> Self {
        let mut trail = Self::default();
        if let Some(beat) = first {
            trail.push(beat);
        }
        trail
    }

    pub(crate) fn push(&mut self, beat: Beat) {
        let before = self.last.as_ref().map(fields).unwrap_or_default();
        for (value, was) in fields(&beat).iter().zip(before) {
            put(&mut self.bytes, value - was);
        }
        self.bytes.push(code(beat.state));
        self.last = Some(beat);
    }

    pub(crate) fn is_full(&self) -> bool {
        self.bytes.len() >= FULL_BYTES
    }

    pub(crate) fn last(&self) -> Option<Beat> {
        self.last
    }

    /// Hands the trail over; the next begins with the beat that ended this one.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        let next = Self::after(self.last);
        std::mem::replace(self, next).bytes
    }
}

fn fields(beat: &Beat) -> [i64; 5] {
    [
        beat.seq as i64,
        beat.arrived_at,
        beat.client_ms,
        beat.position_ms,
        beat.rate_thousandths,
    ]
}

/// Reads a trail back. `None` when the bytes are not one.
pub fn beats(bytes: &[u8]) -> Option<Vec<Beat>> {
    let mut rest = bytes;
    let mut last = [0_i64; 5];
    let mut found = Vec::new();
    while !rest.is_empty() {
        for field in &mut last {
            *field = field.checked_add(get(&mut rest)?)?;
        }
        let (&state, after) = rest.split_first()?;
        rest = after;
        found.push(Beat {
            seq: u64::try_from(last[0]).ok()?,
            arrived_at: last[1],
            client_ms: last[2],
            position_ms: last[3],
            rate_thousandths: last[4],
            state: state_of(state)?,
        });
    }
    Some(found)
}

const STATES: [PlayState; 4] = [
    PlayState::Playing,
    PlayState::Paused,
    PlayState::Hidden,
    PlayState::Ended,
];

fn code(state: PlayState) -> u8 {
    STATES
        .iter()
        .position(|known| *known == state)
        .expect("all states are listed") as u8
}

fn state_of(code: u8) -> Option<PlayState> {
    STATES.get(usize::from(code)).copied()
}

/// Zigzag variable-length integer.
fn put(bytes: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}

fn get(bytes: &mut &[u8]) -> Option<i64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some((value >> 1) as i64 ^ -((value & 1) as i64));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_trail_reads_back_as_it_was_written(
            raw in prop::collection::vec((1_u64..1 << 40, 0_i64..1 << 45, 0_i64..1 << 45, 0_i64..1 << 40, 0_u8..4, 0_i64..20_000), 0..50)
        ) {
            let beats_in: Vec<Beat> = raw
                .into_iter()
                .map(|(seq, arrived_at, client_ms, position_ms, state, rate)| Beat {
                    seq, arrived_at, client_ms, position_ms,
                    state: state_of(state).unwrap(),
                    rate_thousandths: rate,
                })
                .collect();
            let mut trail = Evidence::default();
            for beat in &beats_in {
                trail.push(*beat);
            }
            prop_assert_eq!(beats(&trail.bytes), Some(beats_in));
        }

        #[test]
        fn bytes_that_are_no_trail_are_refused_or_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = beats(&bytes);
        }
    }

    #[test]
    fn an_ordinary_heartbeat_takes_at_most_twelve_bytes() {
        let mut trail = Evidence::default();
        let beat = |n: i64| Beat {
            seq: n as u64,
            arrived_at: 1_772_416_800_040 + n * 10_003,
            client_ms: 5_000 + n * 10_000,
            position_ms: n * 9_998,
            state: PlayState::Playing,
            rate_thousandths: 1_000,
        };
        trail.push(beat(1));
        let before = trail.bytes.len();
        trail.push(beat(2));
        assert!(trail.bytes.len() - before <= 12);
    }
}
