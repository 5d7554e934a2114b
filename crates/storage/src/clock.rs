//! Server time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use zhipei_domain::UnixMs;

use crate::{Db, Result};

/// Server time: the database's at start, plus what has passed since on the monotonic clock, so that
/// nodes agree and a jump of the wall clock changes nothing.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Source>);

#[derive(Debug)]
enum Source {
    Running { base: UnixMs, since: Instant },
    Set { at: AtomicI64, drift: AtomicI64 },
}

impl Clock {
    /// A clock that runs from the database's time.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one home of the monotonic clock"
    )]
    pub async fn start(db: &Db) -> Result<Self> {
        let since = Instant::now();
        let base = db.server_time().await?;
        Ok(Self(Arc::new(Source::Running { base, since })))
    }

    /// A clock that stands at `now` until it is moved, for tests.
    pub fn set(now: UnixMs) -> Self {
        Self(Arc::new(Source::Set {
            at: AtomicI64::new(now),
            drift: AtomicI64::new(0),
        }))
    }

    /// The time.
    pub fn now(&self) -> UnixMs {
        match &*self.0 {
            Source::Running { base, since } => base + since.elapsed().as_millis() as i64,
            Source::Set { at, .. } => at.load(Ordering::SeqCst),
        }
    }

    /// Moves a standing clock on; a running one goes its own way.
    pub fn advance(&self, ms: i64) {
        if let Source::Set { at, .. } = &*self.0 {
            at.fetch_add(ms, Ordering::SeqCst);
        }
    }

    /// How far this clock is from the database's, in milliseconds; ahead is positive.
    pub async fn drift(&self, db: &Db) -> Result<i64> {
        match &*self.0 {
            Source::Running { .. } => {
                // How long the database took to answer is not drift.
                let before = self.now();
                let theirs = db.server_time().await?;
                let after = self.now();
                Ok((after - theirs).min(0) + (before - theirs).max(0))
            }
            Source::Set { drift, .. } => Ok(drift.load(Ordering::SeqCst)),
        }
    }

    /// Says how far a standing clock is from the database's; a running one measures.
    pub fn set_drift(&self, ms: i64) {
        if let Source::Set { drift, .. } = &*self.0 {
            drift.store(ms, Ordering::SeqCst);
        }
    }
}
