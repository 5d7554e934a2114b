//! What waits to be sent on one connection, and how many of its messages are still at the writer.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use zhipei_api_types::learning::ServerMessage;

use crate::driver::{CloseCode, Outgoing};

/// So much may wait for a client; one that does not read for so long is gone.
const MOST: usize = 256;

/// The way to one connection. All that is put in goes out in that order.
#[derive(Clone, Debug)]
pub(crate) struct Outbox(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    waiting: Mutex<Waiting>,
    waker: AtomicWaker,
}

#[derive(Debug, Default)]
struct Waiting {
    messages: VecDeque<Outgoing>,
    /// Messages of the client whose steps are not committed yet.
    uncommitted: usize,
}

impl Outbox {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// Puts a message in. Behind too many, the connection is closed instead.
    pub(crate) fn send(&self, what: Outgoing) {
        put(&mut self.lock().messages, what);
        self.0.waker.wake();
    }

    /// Tells the client to come again, and closes.
    pub(crate) fn restart(&self, retry_after_ms: i64) {
        let again = ServerMessage::Restarting { retry_after_ms };
        self.send(Outgoing::message(&again));
        self.send(Outgoing::Close(CloseCode::Restart));
    }

    /// A message of the client goes to the writer.
    pub(crate) fn begin(&self) {
        self.lock().uncommitted += 1;
    }

    /// What a message of the client led to is committed, or refused: `answers` go out.
    pub(crate) fn settle(&self, answers: impl IntoIterator<Item = Outgoing>) {
        let mut waiting = self.lock();
        waiting.uncommitted = waiting.uncommitted.saturating_sub(1);
        for what in answers {
            put(&mut waiting.messages, what);
        }
        drop(waiting);
        self.0.waker.wake();
    }

    /// Moves what waits into `into`. Is everything that the client said committed?
    pub(crate) fn drain(&self, into: &mut VecDeque<Outgoing>) -> bool {
        let mut waiting = self.lock();
        into.append(&mut waiting.messages);
        waiting.uncommitted == 0
    }

    /// The task is woken when something is put in or committed.
    pub(crate) fn register(&self, context: &Context<'_>) {
        self.0.waker.register(context.waker());
    }

    /// Waits until everything that the client said is committed.
    pub(crate) async fn committed(&self) {
        std::future::poll_fn(|context| {
            self.register(context);
            match self.lock().uncommitted {
                0 => Poll::Ready(()),
                _ => Poll::Pending,
            }
        })
        .await;
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn put(messages: &mut VecDeque<Outgoing>, what: Outgoing) {
    match messages.len() {
        // What is thrown away is not lost: the client asks again when it comes back.
        MOST => messages.push_back(Outgoing::Close(CloseCode::Restart)),
        0..MOST => messages.push_back(what),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(n: usize) -> Outgoing {
        Outgoing::Text(n.to_string())
    }

    fn drained(outbox: &Outbox) -> (Vec<Outgoing>, bool) {
        let mut into = VecDeque::new();
        let is_committed = outbox.drain(&mut into);
        (into.into(), is_committed)
    }

    #[test]
    fn answers_and_other_messages_go_out_in_the_order_of_their_commits() {
        let outbox = Outbox::new();
        outbox.begin();
        assert_eq!(drained(&outbox), (vec![], false));
        outbox.send(text(1));
        outbox.settle([text(2), text(3)]);
        outbox.send(text(4));
        let all = (1..=4).map(text).collect();
        assert_eq!(drained(&outbox), (all, true));
    }

    #[test]
    fn a_client_that_leaves_256_messages_unread_is_kept_and_one_more_closes_its_connection() {
        let outbox = Outbox::new();
        (0..MOST).for_each(|n| outbox.send(text(n)));
        assert_eq!(drained(&outbox), ((0..MOST).map(text).collect(), true));
        (0..MOST + 5).for_each(|n| outbox.send(text(n)));
        let (messages, _) = drained(&outbox);
        assert_eq!(messages.len(), MOST + 1);
        assert_eq!(messages.last(), Some(&Outgoing::Close(CloseCode::Restart)));
    }

    #[tokio::test]
    async fn a_post_waits_until_all_that_it_brought_is_committed() {
        let outbox = Outbox::new();
        outbox.begin();
        outbox.begin();
        let waits = tokio::spawn({
            let outbox = outbox.clone();
            async move { outbox.committed().await }
        });
        outbox.settle([text(1)]);
        tokio::task::yield_now().await;
        assert!(!waits.is_finished());
        outbox.settle([]);
        waits.await.unwrap();
    }
}
