//! The heartbeats that an interval rests on, in compact form.

use zhipei_domain::{Beat, PlayState};

/// Beats of one clock in order of their numbers, in few bytes.
///
/// Each beat is a byte of its state and of what is not as expected, then differences: arrival to the
/// beat before; client time and position to what that arrival lets expect; rate and number only when
/// they are not the same and the next. Five minutes of ordinary heartbeats take 180 bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Evidence {
    bytes: Vec<u8>,
    last: Option<Beat>,
}

/// A longer trail is put into the ledger at once, so that a learner's row stays small.
const FULL_BYTES: usize = 320;

/// What the first byte of a beat says.
const STATE_BITS: u8 = 0b11;
const OTHER_SEQ: u8 = 0b100;
const OTHER_RATE: u8 = 0b1000;

impl Evidence {
    /// A trail that begins with `first`, the beat before those to come.
    pub(crate) fn after(first: Option<Beat>) -> Self {
        let mut trail = Self::default();
        if let Some(beat) = first {
            trail.push(beat);
        }
        trail
    }

    /// A trail as [`Evidence::bytes`] gave it away; `None` when the bytes are not one.
    pub(crate) fn of(bytes: Vec<u8>) -> Option<Self> {
        let last = beats(&bytes)?.pop();
        Some(Self { bytes, last })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn push(&mut self, beat: Beat) {
        let before = self.last.unwrap_or(ORIGIN);
        let mut head = code(beat.state);
        let expects_seq = beat.seq == before.seq + 1;
        let expects_rate = beat.rate_thousandths == before.rate_thousandths;
        head |= if expects_seq { 0 } else { OTHER_SEQ };
        head |= if expects_rate { 0 } else { OTHER_RATE };
        self.bytes.push(head);
        let passed = beat.arrived_at - before.arrived_at;
        put(&mut self.bytes, passed);
        put(&mut self.bytes, beat.client_ms - before.client_ms - passed);
        put(
            &mut self.bytes,
            beat.position_ms - before.position_ms - passed,
        );
        if !expects_seq {
            put(&mut self.bytes, beat.seq as i64);
        }
        if !expects_rate {
            put(&mut self.bytes, beat.rate_thousandths);
        }
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

/// What the first beat of a trail differs from.
const ORIGIN: Beat = Beat {
    seq: 0,
    arrived_at: 0,
    client_ms: 0,
    position_ms: 0,
    state: PlayState::Playing,
    rate_thousandths: 1_000,
};

/// Reads a trail back. `None` when the bytes are not one.
pub fn beats(bytes: &[u8]) -> Option<Vec<Beat>> {
    let mut rest = bytes;
    let mut last = ORIGIN;
    let mut found = Vec::new();
    while let Some((&head, after)) = rest.split_first() {
        rest = after;
        let passed = get(&mut rest)?;
        let moved = |was: i64, more: i64| was.checked_add(passed)?.checked_add(more);
        last.client_ms = moved(last.client_ms, get(&mut rest)?)?;
        last.position_ms = moved(last.position_ms, get(&mut rest)?)?;
        last.arrived_at = last.arrived_at.checked_add(passed)?;
        last.seq = match head & OTHER_SEQ {
            0 => last.seq.checked_add(1)?,
            _ => u64::try_from(get(&mut rest)?).ok()?,
        };
        if head & OTHER_RATE != 0 {
            last.rate_thousandths = get(&mut rest)?;
        }
        if head & !(STATE_BITS | OTHER_SEQ | OTHER_RATE) != 0 {
            return None;
        }
        last.state = STATES[usize::from(head & STATE_BITS)];
        found.push(last);
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
    match state {
        PlayState::Playing => 0,
        PlayState::Paused => 1,
        PlayState::Hidden => 2,
        PlayState::Ended => 3,
    }
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
                    state: STATES[usize::from(state)],
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
    fn an_ordinary_heartbeat_takes_at_most_six_bytes() {
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
        assert!(trail.bytes.len() - before <= 6);
    }
}
