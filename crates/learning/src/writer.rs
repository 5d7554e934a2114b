//! The group commit: the heartbeats of all sessions of the node go into one transaction, and only
//! then is anybody told.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tracing::{error, warn};
use zhipei_actions::credit::{LearnerWrite, commit_all, commit_current};
use zhipei_actions::{Error, Keys};
use zhipei_domain::LearnerId;
use zhipei_storage::learning_states::StateWrite;
use zhipei_storage::{Clock, Db, Error as StorageError};

use crate::desk::Seat;
use crate::driver::Outgoing;
use crate::outbox::Outbox;

/// How long the writer waits for more before it commits: a few milliseconds cost nobody anything,
/// and one commit then carries many heartbeats.
const GAP: Duration = Duration::from_millis(5);
/// So many learners' parts may fail alone before the database counts as away.
const MOST_FAILURES: usize = 3;
/// The most steps of one commit.
const MOST: usize = 8_192;

/// A step to be committed, and what to say then.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) seat: Arc<Seat>,
    /// May steps of its session still be stored? Not after one of them was refused.
    pub(crate) standing: Arc<AtomicBool>,
    pub(crate) write: LearnerWrite,
    /// The connection whose message it was.
    pub(crate) link: Option<Outbox>,
    /// What that connection is told.
    pub(crate) answers: Vec<Outgoing>,
    /// What others are told.
    pub(crate) others: Vec<(Outbox, Outgoing)>,
}

/// Steps on their way to the writer, in order.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    waiting: Mutex<Waiting>,
    comes: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    jobs: Vec<Job>,
    is_closed: bool,
}

impl Jobs {
    /// Once closed, the connection is told that its step is not coming back.
    pub(crate) fn push(&self, job: Job) {
        let mut waiting = self.lock();
        if waiting.is_closed {
            drop(waiting);
            job.refuse();
            return;
        }
        waiting.jobs.push(job);
        if waiting.jobs.len() == 1 {
            self.comes.notify_one();
        }
    }

    /// The writer stops when it has written what is there.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.comes.notify_one();
    }

    /// Waits for steps and for those that come right behind them; `false` when there will be none.
    async fn take(&self, batch: &mut Vec<Job>) -> bool {
        loop {
            let (is_empty, is_closed) = {
                let waiting = self.lock();
                (waiting.jobs.is_empty(), waiting.is_closed)
            };
            match (is_empty, is_closed) {
                (true, true) => return false,
                (true, false) => self.comes.notified().await,
                (false, _) => break,
            }
        }
        tokio::time::sleep(GAP).await;
        std::mem::swap(batch, &mut self.lock().jobs);
        true
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Job {
    /// Nothing to store but the time, and nothing to tell.
    pub(crate) fn is_idle(&self) -> bool {
        self.write.state.cold.is_none()
            && self.write.records.is_empty()
            && self.answers.is_empty()
            && self.others.is_empty()
    }

    fn refuse(self) {
        if let Some(link) = self.link {
            link.settle([]);
        }
    }

    fn tell(self) {
        for (to, what) in self.others {
            to.send(what);
        }
        if let Some(link) = self.link {
            link.settle(self.answers);
        }
    }
}

/// What the writer needs.
pub(crate) struct Writer {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) keys: Keys,
}

impl Writer {
    /// Commits until the jobs are closed and everything is written.
    pub(crate) async fn run(self, jobs: Arc<Jobs>) {
        let mut batch = Vec::new();
        while jobs.take(&mut batch).await {
            while !batch.is_empty() {
                let rest = batch.split_off(batch.len().min(MOST));
                self.commit(std::mem::replace(&mut batch, rest)).await;
            }
        }
    }

    async fn commit(&self, batch: Vec<Job>) {
        // A step that follows a refused one rests on what was never stored.
        let (mut batch, fallen): (Vec<Job>, Vec<Job>) = batch
            .into_iter()
            .partition(|job| job.standing.load(Ordering::SeqCst));
        fallen.into_iter().for_each(Job::refuse);
        let writes = merged(&mut batch);
        let refused = self.store(&writes).await;
        for job in batch {
            let learner = job.write.state.learner;
            if refused.is_empty() || !refused.contains(&learner) {
                job.tell();
            } else {
                if job.seat.evict(&job.standing) {
                    warn!(learner.id = %learner, "the learner's step was not stored; the session starts over");
                }
                job.refuse();
            }
        }
    }

    /// Stores all of a batch at once; when that fails, each learner's part alone, so that one bad
    /// row stops nobody else. Whose part is not stored?
    async fn store(&self, writes: &[LearnerWrite]) -> HashSet<LearnerId> {
        match self.transact(writes).await {
            Ok(refused) => return refused,
            // What was stored is read again before anybody goes on, so no outcome is guessed.
            Err(error) => {
                error!(learners = writes.len(), %error, "a batch of learning time was not committed");
            }
        }
        let mut refused: HashSet<_> = writes.iter().map(|write| write.state.learner).collect();
        let mut failures = 0;
        for write in writes.iter().take_while(|_| writes.len() > 1) {
            match self.transact(std::slice::from_ref(write)).await {
                Ok(none) if none.is_empty() => {
                    refused.remove(&write.state.learner);
                }
                Ok(_) => {}
                Err(error) => {
                    error!(learner.id = %write.state.learner, %error, "a learner's time was not committed");
                    failures += 1;
                }
            }
            // The database is away, not a row bad.
            if failures >= MOST_FAILURES {
                break;
            }
        }
        refused
    }

    async fn transact(
        &self,
        writes: &[LearnerWrite],
    ) -> zhipei_actions::Result<HashSet<LearnerId>> {
        let now = self.clock.now();
        let (db, keys) = (&self.db, &self.keys);
        let all = db
            .write(async |txn| commit_all(txn, keys, now, writes).await)
            .await;
        match all {
            Ok(()) => Ok(HashSet::new()),
            // Another node was there before: now it matters who.
            Err(Error::Storage(StorageError::Stale)) => {
                db.write(async |txn| commit_current(txn, keys, now, writes).await)
                    .await
            }
            Err(error) => Err(error),
        }
    }
}

/// One write a learner: the first version that is replaced, the last state, all records in order.
fn merged(batch: &mut [Job]) -> Vec<LearnerWrite> {
    // The same order in every transaction: two nodes cannot wait for one another.
    let mut order: Vec<(LearnerId, usize)> = batch
        .iter()
        .enumerate()
        .map(|(n, job)| (job.write.state.learner, n))
        .collect();
    order.sort_unstable();
    let mut writes: Vec<LearnerWrite> = Vec::with_capacity(batch.len());
    for (learner, n) in order {
        let next = taken(&mut batch[n].write);
        match writes
            .last_mut()
            .filter(|last| last.state.learner == learner)
        {
            None => writes.push(next),
            Some(last) => {
                debug_assert_eq!(last.state.to_version, next.state.from_version);
                last.state.to_version = next.state.to_version;
                last.state.epoch = next.state.epoch;
                last.state.hot = next.state.hot;
                last.state.cold = next.state.cold.or_else(|| last.state.cold.take());
                last.records.extend(next.records);
            }
        }
    }
    writes
}

/// All of a write but what says whose it is.
fn taken(write: &mut LearnerWrite) -> LearnerWrite {
    LearnerWrite {
        state: StateWrite {
            hot: std::mem::take(&mut write.state.hot),
            cold: write.state.cold.take(),
            ..write.state
        },
        records: std::mem::take(&mut write.records),
    }
}
