//! Carrying out what lies in the outbox, and dropping what is over.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use zhipei_actions::{Keys, correction, erasure, face, idempotency, login, outbox, sms_code};
use zhipei_learning::Desk;
use zhipei_sms::Provider;
use zhipei_storage::outbox::Errand;
use zhipei_storage::{Clock, Db};

use crate::{Result, keys};

/// Errands of other nodes, and repetitions, are looked for so often.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// What is over is dropped so often.
const TIDY_EVERY: Duration = Duration::from_mins(10);

/// What the job works with.
#[derive(Clone)]
pub(crate) struct Errands {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) keys: Keys,
    pub(crate) provider: Provider,
}

/// Carries out errands as they come.
pub(crate) fn run(errands: Errands, wake: Arc<Notify>) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            match errands.carry_out().await {
                // As many as it takes: there may be more.
                Ok(some) if some > 0 => continue,
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "the outbox cannot be worked on"),
            }
            tokio::select! {
                () = wake.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    })
}

/// Changes phones whose day of waiting is over, and drops what is over, again and again.
pub(crate) fn tidy_again(db: Db, clock: Clock, keys: Keys, desk: Desk) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(TIDY_EVERY).await;
            match correction::carry_out_due(&db, &keys, clock.now()).await {
                Ok(changed) => changed
                    .into_iter()
                    .for_each(|learner| desk.log_out(learner, |_| true)),
                Err(error) => tracing::error!(%error, "phones could not be changed"),
            }
            if let Err(error) = tidy(&db, &clock, &keys).await {
                tracing::error!(%error, "what is over could not be dropped");
            }
        }
    })
}

/// Drops codes, pictures, old answers and ended errands, and destroys the keys of those whose time has come.
/// Returns how many of these there were.
pub async fn tidy(db: &Db, clock: &Clock, keys: &Keys) -> Result<usize> {
    let now = clock.now();
    db.write(async |txn| {
        sms_code::tidy(txn, now).await?;
        login::tidy(txn, now).await?;
        face::tidy(txn, now).await?;
        idempotency::tidy(txn, now).await?;
        outbox::tidy(txn, now).await
    })
    .await?;
    let mut erased = 0;
    loop {
        let some = db
            .write(async |txn| erasure::erase_due(txn, keys, now).await)
            .await?;
        if some == 0 {
            return Ok(erased);
        }
        erased += some;
    }
}

impl Errands {
    async fn carry_out(&self) -> Result<usize> {
        let now = self.clock.now();
        let taken = self
            .db
            .write(async |txn| outbox::take(txn, now).await)
            .await?;
        for errand in &taken {
            self.one(errand).await?;
        }
        Ok(taken.len())
    }

    async fn one(&self, errand: &Errand) -> Result<()> {
        let now = self.clock.now();
        let outcome = match outbox::sms(&self.keys.vault, errand) {
            Ok(None) => Ok(()),
            Ok(Some(_)) if errand.expires_at.is_some_and(|until| now >= until) => {
                Err(("expired".to_owned(), false))
            }
            Ok(Some(message)) => {
                let [nonce, ..] = keys::random().as_chunks::<16>().0[..] else {
                    unreachable!("32 bytes are two times 16");
                };
                let sent = self.provider.send(&message, now, &nonce).await;
                sent.map_err(|error| (error.to_string(), error.is_temporary()))
            }
            Err(error) => Err((error.to_string(), false)),
        };
        match outcome {
            Ok(()) => {
                self.db
                    .write(async |txn| outbox::done(txn, errand, now).await)
                    .await?;
            }
            Err((error, temporary)) => {
                let dead = self
                    .db
                    .write(async |txn| outbox::failed(txn, errand, now, &error, temporary).await)
                    .await?;
                let (id, attempts) = (errand.id, errand.attempts);
                if dead {
                    tracing::error!(
                        errand.id = %id, attempts, error,
                        "an errand is given up after {attempts} tries: {error}"
                    );
                } else {
                    tracing::warn!(
                        errand.id = %id, attempts, error,
                        "an errand failed and is tried again: {error}"
                    );
                }
            }
        }
        Ok(())
    }
}
