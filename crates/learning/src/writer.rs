//! The group commit: the heartbeats of all sessions of the node go into one transaction, and only
//! then is anybody told.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;
use tracing::{error, warn};
use zhipei_actions::credit::{LearnerWrite, commit_batch};
use zhipei_domain::LearnerId;
use zhipei_ledger::AuthKey;
use zhipei_storage::{Clock, Db};

use crate::desk::Seat;
use crate::driver::Outgoing;

/// How long the writer waits for more before it commits: a few milliseconds cost nobody anything,
/// and one commit then carries many heartbeats.
const GAP: Duration = Duration::from_millis(5);
/// So many learners' parts may fail alone before the database counts as away.
const MOST_FAILURES: usize = 3;
/// The most steps of one commit.
const MOST: usize = 8_192;

/// A step to be committed, and what to do then.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) seat: Arc<Seat>,
    /// May steps of its session still be stored? Not after one of them was refused.
    pub(crate) standing: Arc<AtomicBool>,
    pub(crate) write: LearnerWrite,
    pub(crate) sends: Vec<(UnboundedSender<Outgoing>, Outgoing)>,
    pub(crate) done: Option<oneshot::Sender<()>>,
}

/// What the writer needs.
pub(crate) struct Writer {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) key: Arc<AuthKey>,
}

impl Writer {
    /// Commits until all senders are gone and everything is written.
    pub(crate) async fn run(self, mut jobs: UnboundedReceiver<Job>) {
        let mut batch = Vec::new();
        while jobs.recv_many(&mut batch, MOST).await > 0 {
            tokio::time::sleep(GAP).await;
            while batch.len() < MOST
                && let Ok(job) = jobs.try_recv()
            {
                batch.push(job);
            }
            self.commit(&mut batch).await;
        }
    }

    async fn commit(&self, batch: &mut Vec<Job>) {
        // A step that follows a refused one rests on what was never stored.
        batch.retain(|job| job.standing.load(Ordering::SeqCst));
        let writes = merged(batch);
        let moved = self.store(&writes).await;
        for job in batch.drain(..) {
            let learner = job.write.state.learner;
            if moved.contains(&learner) {
                for (to, what) in job.sends {
                    // A connection that is gone needs no answer: what it would say is stored.
                    let _ = to.send(what);
                }
            } else if job.seat.evict(&job.standing) {
                warn!(learner.id = %learner, "the learner's step was not stored; the session starts over");
            }
            if let Some(done) = job.done {
                let _ = done.send(());
            }
        }
    }

    /// Stores all of a batch at once; when that fails, each learner's part alone, so that one bad
    /// row stops nobody else. Whose part is stored?
    async fn store(&self, writes: &[LearnerWrite]) -> HashSet<LearnerId> {
        match self.transact(writes).await {
            Ok(moved) => return moved,
            // What was stored is read again before anybody goes on, so no outcome is guessed.
            Err(error) => {
                error!(learners = writes.len(), %error, "a batch of learning time was not committed");
            }
        }
        let mut moved = HashSet::new();
        let mut failures = 0;
        for write in writes.iter().take_while(|_| writes.len() > 1) {
            match self.transact(std::slice::from_ref(write)).await {
                Ok(one) => moved.extend(one),
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
        moved
    }

    async fn transact(
        &self,
        writes: &[LearnerWrite],
    ) -> zhipei_actions::Result<HashSet<LearnerId>> {
        let now = self.clock.now();
        self.db
            .write(async |txn| commit_batch(txn, &self.key, now, writes).await)
            .await
    }
}

/// One write a learner: the first version that is replaced, the last state, all records in order.
fn merged(batch: &mut [Job]) -> Vec<LearnerWrite> {
    let mut places: HashMap<LearnerId, usize> = HashMap::with_capacity(batch.len());
    let mut writes: Vec<LearnerWrite> = Vec::with_capacity(batch.len());
    for job in batch {
        let learner = job.write.state.learner;
        let records = std::mem::take(&mut job.write.records);
        let hot = std::mem::take(&mut job.write.state.hot);
        let cold = job.write.state.cold.take();
        if let Some(&place) = places.get(&learner) {
            let write = &mut writes[place];
            debug_assert_eq!(write.state.to_version, job.write.state.from_version);
            write.state.to_version = job.write.state.to_version;
            write.state.epoch = job.write.state.epoch;
            write.state.hot = hot;
            write.state.cold = cold.or_else(|| write.state.cold.take());
            write.records.extend(records);
        } else {
            places.insert(learner, writes.len());
            let mut state = job.write.state.clone();
            state.hot = hot;
            state.cold = cold;
            writes.push(LearnerWrite { state, records });
        }
    }
    // The same order in every transaction: two nodes cannot wait for one another.
    writes.sort_unstable_by_key(|write| write.state.learner);
    writes
}
