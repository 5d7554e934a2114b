//! What a learner sent, and what was promised to it. The examiner holds the database against it.

use std::collections::BTreeMap;

use tokio::time::Instant;
use zhipei_api_types::learning::{Heartbeat, State};
use zhipei_domain::{ClockId, LessonId};

/// A pair of heartbeats further apart earns nothing (rule 2).
const LONGEST_PAIR_MS: i64 = 30_000;

/// The book of one learner.
#[derive(Debug, Default)]
pub(crate) struct Book {
    /// Its clocks, in the order in which it asked for them.
    pub(crate) clocks: Vec<ClockBook>,
    /// What acknowledgements promised of each lesson.
    pub(crate) promises: BTreeMap<LessonId, Promise>,
    /// What the database held while the server was down, for the learner's next connection.
    pub(crate) stored: Option<Stored>,
    /// When it first asked for a lesson.
    pub(crate) began: Option<Instant>,
    /// What happened to it.
    pub(crate) counts: Counts,
}

/// One clock.
#[derive(Debug)]
pub(crate) struct ClockBook {
    pub(crate) id: ClockId,
    pub(crate) lesson: LessonId,
    /// The epoch, once the server said that the lesson is open.
    pub(crate) epoch: Option<u64>,
    /// All heartbeats; number 1 is the first.
    pub(crate) beats: Vec<Heartbeat>,
    /// The highest number that was acknowledged.
    pub(crate) acknowledged: u64,
}

/// What acknowledgements promised of a lesson; neither ever falls.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_field_names, reason = "names carry their unit")]
pub(crate) struct Promise {
    /// Verified, pending, and what the learner was told is void.
    pub(crate) recorded_ms: i64,
    /// Verified.
    pub(crate) verified_ms: i64,
    /// What the learner was told is void.
    void_ms: i64,
}

/// What the database held of a learner while no server ran.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stored {
    /// The last heartbeat of each clock.
    pub(crate) last_seq: BTreeMap<ClockId, u64>,
    /// Verified and pending time of each lesson.
    pub(crate) lesson_ms: BTreeMap<LessonId, i64>,
}

/// What happened to a learner.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// Heartbeats that went onto the wire, each time that they did.
    pub(crate) sent: u64,
    /// Heartbeats sent again although they were stored, with nothing changed by it.
    pub(crate) repeated: u64,
    /// Lessons opened, and clocks that went on after a lost connection.
    pub(crate) opened: u64,
    pub(crate) resumed: u64,
    /// Ends of checks.
    pub(crate) passed: u64,
    pub(crate) missed: u64,
    /// Connections that the server asked to come again.
    pub(crate) evicted: u64,
}

impl Book {
    /// The clock with this identity, and its place.
    pub(crate) fn find(&self, id: ClockId) -> Option<usize> {
        self.clocks.iter().position(|clock| clock.id == id)
    }

    /// Notes an acknowledgement's sums; voids told before it were recorded before it.
    pub(crate) fn promise(&mut self, lesson: LessonId, verified_ms: i64, pending_ms: i64) {
        let promise = self.promises.entry(lesson).or_default();
        let recorded_ms = verified_ms + pending_ms + promise.void_ms;
        promise.recorded_ms = promise.recorded_ms.max(recorded_ms);
        promise.verified_ms = promise.verified_ms.max(verified_ms);
    }

    /// Notes time that the learner was told is void.
    pub(crate) fn void(&mut self, lesson: LessonId, ms: i64) {
        self.promises.entry(lesson).or_default().void_ms += ms;
    }

    /// Has every heartbeat been acknowledged?
    pub(crate) fn is_settled(&self) -> bool {
        self.clocks
            .iter()
            .all(|clock| clock.acknowledged == clock.made())
    }
}

impl ClockBook {
    pub(crate) fn new(id: ClockId, lesson: LessonId) -> Self {
        Self {
            id,
            lesson,
            epoch: None,
            beats: Vec::new(),
            acknowledged: 0,
        }
    }

    /// How many heartbeats there are.
    pub(crate) fn made(&self) -> u64 {
        self.beats.len() as u64
    }

    /// The heartbeats with these numbers.
    pub(crate) fn numbered(&self, from: u64, to: u64) -> &[Heartbeat] {
        let to = to.min(self.made()) as usize;
        &self.beats[(from.max(1) as usize - 1).min(to)..to]
    }

    /// The most that the heartbeats up to `last` can have earned: the time for which they said
    /// that the lesson played, on the learner's own monotonic clock.
    pub(crate) fn admissible_ms(&self, last: u64) -> i64 {
        self.numbered(1, last)
            .windows(2)
            .filter(|pair| pair[0].state == State::Playing)
            .map(|pair| pair[1].client_ms - pair[0].client_ms)
            .filter(|elapsed| *elapsed <= LONGEST_PAIR_MS)
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn clock(beats: &[(State, i64)]) -> ClockBook {
        let mut clock = ClockBook::new(ClockId(Uuid::nil()), LessonId(Uuid::nil()));
        clock.beats = (1..)
            .zip(beats)
            .map(|(seq, (state, client_ms))| Heartbeat {
                seq,
                state: *state,
                position_ms: 0,
                rate: 1.0,
                client_ms: *client_ms,
            })
            .collect();
        clock
    }

    #[test]
    fn only_time_that_was_said_to_play_and_was_sent_is_admissible() {
        let clock = clock(&[
            (State::Playing, 0),
            (State::Playing, 200),
            (State::Paused, 500),
            (State::Playing, 5_000),
            (State::Ended, 35_001),
        ]);
        assert_eq!(clock.admissible_ms(0), 0);
        assert_eq!(clock.admissible_ms(1), 0);
        assert_eq!(clock.admissible_ms(2), 200);
        assert_eq!(clock.admissible_ms(5), 500);
    }

    #[test]
    fn what_became_void_stays_promised_as_recorded() {
        let mut book = Book::default();
        let lesson = LessonId(Uuid::nil());
        book.promise(lesson, 0, 700);
        book.void(lesson, 700);
        book.promise(lesson, 0, 100);
        assert_eq!(book.promises[&lesson].recorded_ms, 800);
    }
}
