//! Holds the database against the books: acknowledged ≤ stored ≤ admissible.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use zhipei_api_types::learning::State;
use zhipei_credit::{CHALLENGE_LIFE_MS, LearnerHours};
use zhipei_domain::{Beat, CreditScope, LearnerId, LearningInterval, PlayState, TimeState};
use zhipei_ledger::{Body, EntryKind, pairs};
use zhipei_server::Keys;
use zhipei_storage::{Db, learning_intervals, ledger};

use crate::Result;
use crate::book::{Book, ClockBook, Stored};
use crate::stage::{Place, Stage};

/// The engine forgets ended clocks beyond so many.
const CLOCKS_REMEMBERED: usize = 64;

/// Looks into the database while no server runs.
#[derive(Clone)]
pub(crate) struct Examiner {
    pub(crate) stage: Stage,
    pub(crate) place: Place,
    pub(crate) keys: Keys,
    pub(crate) books: Vec<Arc<Mutex<Book>>>,
    /// Where copies may lie.
    pub(crate) copies: PathBuf,
}

/// Sums over all learners.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sums {
    pub(crate) heartbeats: u64,
    pub(crate) acknowledged: u64,
    pub(crate) stored: u64,
    pub(crate) acknowledged_ms: i64,
    pub(crate) stored_ms: i64,
    pub(crate) admissible_ms: i64,
    pub(crate) verified_ms: i64,
    pub(crate) pending_ms: i64,
    pub(crate) void_ms: i64,
    pub(crate) ledger_entries: u64,
}

impl Sums {
    pub(crate) fn to_json(self) -> Value {
        json!({
            "heartbeats_made": self.heartbeats,
            "heartbeats_acknowledged": self.acknowledged,
            "heartbeats_stored": self.stored,
            "acknowledged_ms": self.acknowledged_ms,
            "stored_ms": self.stored_ms,
            "admissible_ms": self.admissible_ms,
            "verified_ms": self.verified_ms,
            "pending_ms": self.pending_ms,
            "void_ms": self.void_ms,
            "ledger_entries": self.ledger_entries,
        })
    }
}

impl Examiner {
    /// Examines every learner, and leaves in its book what is stored. Fails at a violation.
    pub(crate) async fn examine(&self) -> Result<Sums> {
        let db = self.place.open_dead(&self.copies).await?;
        let now = db.server_time().await?;
        let mut sums = Sums::default();
        for (account, book) in self.stage.accounts.iter().zip(&self.books) {
            let learner = account.learner;
            let (state, rows) = learning_intervals::load(db.read(), learner)
                .await
                .map_err(|error| format!("learner {learner} cannot be restored: {error}"))?;
            let hours = state.map(|stored| stored.hours).unwrap_or_default();
            let mut book = book.lock().expect("no learner panics while it writes");
            let case = Case {
                learner,
                scope: CreditScope::Class(self.stage.class),
                stage: &self.stage,
                hours: &hours,
                intervals: all_intervals(learner, &hours, rows),
            };
            case.examine(&book, &mut sums)?;
            book.stored = case.stored(&book, now);
        }
        let report = zhipei_server::verify(&db, &self.keys, None, None).await?;
        if let Some(finding) = report.findings.first() {
            let more = report.findings.len() - 1;
            return Err(format!("the ledger does not verify: {finding} (and {more} more)").into());
        }
        sums.ledger_entries = report.entries as u64;
        self.examine_ledger(&db).await?;
        db.close().await?;
        Ok(sums)
    }

    /// In the ledger, each heartbeat stands behind credited time as it was sent, and only once.
    async fn examine_ledger(&self, db: &Db) -> Result<()> {
        for (account, book) in self.stage.accounts.iter().zip(&self.books) {
            let learner = account.learner;
            let entries = ledger::entries(db.read(), learner).await?;
            let book = book.lock().expect("no learner panics while it writes");
            let mut ends: BTreeMap<usize, Beat> = BTreeMap::new();
            for entry in entries.iter().filter(|entry| entry.kind == "credit") {
                let Some(Body::Credit(body)) = Body::parse(EntryKind::Credit, &entry.body) else {
                    return Err(
                        format!("learner {learner}: entry {} cannot be read", entry.seq).into(),
                    );
                };
                let trail = pairs::decode(&body.pairs).unwrap_or_default();
                let clock = book.find(body.clock_id);
                let sound = clock.is_some_and(|clock| {
                    let before = ends.get(&clock).copied();
                    let last = trail.last().copied();
                    last.is_some_and(|last| {
                        ends.insert(clock, last);
                        is_as_sent(&book.clocks[clock], &trail) && follows(before, &trail)
                    })
                });
                if !sound {
                    return Err(format!(
                        "learner {learner}: the heartbeats of ledger entry {} are not those sent, \
                         or stand there twice",
                        entry.seq
                    )
                    .into());
                }
            }
        }
        Ok(())
    }
}

fn all_intervals(
    learner: LearnerId,
    hours: &LearnerHours,
    mut rows: Vec<LearningInterval>,
) -> Vec<LearningInterval> {
    let open = hours.open_intervals().iter();
    rows.extend(open.map(|earned| earned.of_learner(learner, "", None)));
    rows
}

/// A trail may begin with the heartbeat that ended the one before; otherwise all are newer.
fn follows(before: Option<Beat>, trail: &[Beat]) -> bool {
    let starts = match (before, trail.first()) {
        (Some(before), Some(first)) => {
            first.seq > before.seq || first.seq == before.seq && *first == before
        }
        _ => true,
    };
    let goes_on = trail
        .windows(2)
        .all(|two| two[1].seq == two[0].seq + 1 && two[1].arrived_at >= two[0].arrived_at);
    starts && goes_on
}

fn is_as_sent(clock: &ClockBook, trail: &[Beat]) -> bool {
    trail.iter().all(|beat| {
        clock
            .numbered(beat.seq, beat.seq)
            .first()
            .is_some_and(|sent| {
                let state = match sent.state {
                    State::Playing => PlayState::Playing,
                    State::Paused => PlayState::Paused,
                    State::Hidden => PlayState::Hidden,
                    State::Ended => PlayState::Ended,
                };
                beat.state == state
                    && beat.client_ms == sent.client_ms
                    && beat.position_ms == sent.position_ms
            })
    })
}

/// One learner.
struct Case<'e> {
    learner: LearnerId,
    scope: CreditScope,
    stage: &'e Stage,
    hours: &'e LearnerHours,
    intervals: Vec<LearningInterval>,
}

impl Case<'_> {
    fn examine(&self, book: &Book, sums: &mut Sums) -> Result<()> {
        self.every_interval_is_sound(book)?;
        self.no_time_counts_twice()?;
        self.clocks(book, sums)?;
        self.lessons(book, sums)?;
        let recorded = self.sum(|_| true);
        let elapsed = book
            .began
            .map_or(0, |began| began.elapsed().as_millis() as i64);
        if recorded > elapsed {
            return self.violation(&format!("{recorded} ms recorded in {elapsed} ms"));
        }
        sums.stored_ms += recorded;
        sums.verified_ms += self.sum(|row| row.state == TimeState::Verified);
        sums.pending_ms += self.sum(|row| row.state == TimeState::Pending);
        sums.void_ms += self.sum(|row| row.state == TimeState::Void);
        Ok(())
    }

    fn every_interval_is_sound(&self, book: &Book) -> Result<()> {
        let ids: BTreeSet<_> = self.intervals.iter().map(|row| row.id).collect();
        if ids.len() != self.intervals.len() {
            return self.violation("an interval is there twice");
        }
        for row in &self.intervals {
            let clock = book.find(row.clock).map(|clock| &book.clocks[clock]);
            let length = self
                .stage
                .lessons
                .iter()
                .find(|spec| spec.lesson == row.lesson);
            let is_sound = clock.is_some_and(|clock| clock.lesson == row.lesson)
                && row.credit_scope == self.scope
                && (0..=row.server_to - row.server_from).contains(&row.ms)
                && 0 <= row.media_from
                && row.media_from <= row.media_to
                && length.is_some_and(|spec| row.media_to <= spec.length_ms);
            if !is_sound {
                return self.violation(&format!("an interval that cannot be: {row:?}"));
            }
        }
        Ok(())
    }

    /// Neither server time, in whatever state, nor media that still counts.
    fn no_time_counts_twice(&self) -> Result<()> {
        let mut times: Vec<_> = self
            .intervals
            .iter()
            .map(|row| (row.server_from, row.server_to))
            .filter(|(from, to)| from < to)
            .collect();
        times.sort_unstable();
        if let Some(two) = times.windows(2).find(|two| two[1].0 < two[0].1) {
            return self.violation(&format!("server time counts twice: {two:?}"));
        }
        let mut media: Vec<_> = self
            .intervals
            .iter()
            .filter(|row| !matches!(row.state, TimeState::Void | TimeState::OverCap))
            .map(|row| (row.lesson, row.media_from, row.media_to))
            .filter(|(_, from, to)| from < to)
            .collect();
        media.sort_unstable();
        let twice = media
            .windows(2)
            .find(|two| two[0].0 == two[1].0 && two[1].1 < two[0].2);
        match twice {
            Some(two) => self.violation(&format!("media counts twice: {two:?}")),
            None => Ok(()),
        }
    }

    fn clocks(&self, book: &Book, sums: &mut Sums) -> Result<()> {
        for (n, clock) in book.clocks.iter().enumerate() {
            let (acknowledged, made) = (clock.acknowledged, clock.made());
            let is_forgotten = book.clocks.len() - n > CLOCKS_REMEMBERED;
            let stored = match self.hours.last_seq(clock.id) {
                Some(stored) => stored,
                None if is_forgotten => acknowledged,
                None if acknowledged > 0 || clock.epoch.is_some() => {
                    return self.violation(&format!("clock {} is lost", clock.id));
                }
                None => 0,
            };
            if !(acknowledged..=made).contains(&stored) {
                return self.violation(&format!(
                    "clock {}: acknowledged {acknowledged}, stored {stored}, made {made}",
                    clock.id
                ));
            }
            let recorded = self.sum(|row| row.clock == clock.id);
            let admissible = clock.admissible_ms(stored);
            if recorded > admissible {
                return self.violation(&format!(
                    "clock {}: {recorded} ms recorded, {admissible} ms are admissible up to \
                     heartbeat {stored}",
                    clock.id
                ));
            }
            sums.heartbeats += made;
            sums.acknowledged += acknowledged;
            sums.stored += stored;
            sums.admissible_ms += admissible;
        }
        Ok(())
    }

    fn lessons(&self, book: &Book, sums: &mut Sums) -> Result<()> {
        for spec in self.stage.lessons.iter() {
            let of = |state| self.sum(|row| row.lesson == spec.lesson && row.state == state);
            let (verified, pending) = (of(TimeState::Verified), of(TimeState::Pending));
            let counted = verified + pending + of(TimeState::Frozen);
            let recorded = counted + of(TimeState::Void) + of(TimeState::OverCap);
            let promise = book.promises.get(&spec.lesson).copied().unwrap_or_default();
            if promise.recorded_ms > recorded || promise.verified_ms > verified {
                return self.violation(&format!(
                    "lesson {}: {promise:?} was promised; recorded are {recorded} ms, verified {verified}",
                    spec.lesson
                ));
            }
            if counted > spec.length_ms {
                return self.violation(&format!(
                    "lesson {}: {counted} ms of {}",
                    spec.lesson, spec.length_ms
                ));
            }
            let engine = self.hours.lesson_ms(self.scope, spec.lesson);
            if engine != (verified, pending) {
                return self.violation(&format!(
                    "lesson {}: the engine has {engine:?}, the rows {verified} and {pending}",
                    spec.lesson
                ));
            }
            sums.acknowledged_ms += promise.recorded_ms;
        }
        Ok(())
    }

    /// What the next process must tell; `None` when time alone may soon change it.
    fn stored(&self, book: &Book, now: i64) -> Option<Stored> {
        let challenge = self.hours.challenge(self.scope);
        let first = challenge.and_then(|challenge| challenge.first_delivered_at);
        if first.is_some_and(|first| now > first + CHALLENGE_LIFE_MS / 2) {
            return None;
        }
        let last_seq = book
            .clocks
            .iter()
            .filter_map(|clock| Some((clock.id, self.hours.last_seq(clock.id)?)));
        let lesson_ms = self.stage.lessons.iter().map(|spec| {
            let (verified, pending) = self.hours.lesson_ms(self.scope, spec.lesson);
            (spec.lesson, verified + pending)
        });
        Some(Stored {
            last_seq: last_seq.collect(),
            lesson_ms: lesson_ms.collect(),
        })
    }

    fn sum(&self, is_wanted: impl Fn(&LearningInterval) -> bool) -> i64 {
        let wanted = self.intervals.iter().filter(|row| is_wanted(row));
        wanted.map(|row| row.ms).sum()
    }

    fn violation(&self, what: &str) -> Result<()> {
        Err(format!("learner {}: {what}", self.learner).into())
    }
}
