//! The same messages by POST, where a proxy blocks the `WebSocket`.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;
use zhipei_api_types::learning::{PostAnswer, Posted, ServerMessage};
use zhipei_domain::{LearnerId, UnixMs};

use crate::desk::{Caller, Desk};
use crate::driver::Outgoing;
use crate::message;
use crate::outbox::Outbox;
use crate::session::{ConnectionId, SILENCE_MS};

/// The most messages in one POST.
const MAX_MESSAGES: usize = 16;

/// Why a POST was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// A message is not of the protocol, or there are too many.
    #[error("the message is not of the protocol")]
    Protocol,
    /// Storage is away.
    #[error(transparent)]
    Storage(#[from] zhipei_storage::Error),
}

/// What waits for clients that come by POST.
#[derive(Debug, Default)]
pub(crate) struct Mailboxes(Mutex<HashMap<(LearnerId, Uuid), Arc<Mailbox>>>);

#[derive(Debug)]
struct Mailbox {
    connection: ConnectionId,
    outbox: Outbox,
    /// One POST of a connection after another, so that each gets its own answers.
    turn: tokio::sync::Mutex<()>,
    seen_at: Mutex<UnixMs>,
}

impl Mailboxes {
    fn get(&self, desk: &Desk, caller: &Caller, device_connection: Uuid) -> Arc<Mailbox> {
        let mut boxes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mailbox = boxes
            .entry((caller.learner, device_connection))
            .or_insert_with(|| {
                let outbox = Outbox::new();
                Arc::new(Mailbox {
                    connection: desk.enter(caller, &outbox),
                    outbox,
                    turn: tokio::sync::Mutex::default(),
                    seen_at: Mutex::new(desk.now()),
                })
            });
        *mailbox
            .seen_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = desk.now();
        mailbox.clone()
    }

    /// Forgets clients that have not come for a while, and names them.
    pub(crate) fn sweep(&self, now: UnixMs) -> Vec<(LearnerId, ConnectionId)> {
        let mut boxes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = boxes.extract_if(|_, mailbox| {
            let seen_at = *mailbox
                .seen_at
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            now - seen_at >= 2 * SILENCE_MS
        });
        gone.map(|((learner, _), mailbox)| (learner, mailbox.connection))
            .collect()
    }
}

impl Desk {
    /// Takes the messages of a client that comes by POST; answers what came of them, once it is
    /// committed, and what has waited since it came last. `device_connection` is the client's own
    /// name for the connection.
    pub async fn post(
        &self,
        caller: &Caller,
        device_connection: Uuid,
        posted: Posted,
    ) -> Result<PostAnswer, PostError> {
        let is_fine = |posted: &Posted| {
            posted.messages.len() <= MAX_MESSAGES
                && posted.messages.iter().all(message::is_within_limits)
        };
        if !is_fine(&posted) {
            return Err(PostError::Protocol);
        }
        let mailbox = self.mailboxes().get(self, caller, device_connection);
        let _turn = mailbox.turn.lock().await;
        let mut seat = None;
        for message in posted.messages {
            self.take(
                caller,
                mailbox.connection,
                &mailbox.outbox,
                &mut seat,
                message,
            )
            .await?;
        }
        mailbox.outbox.committed().await;
        let mut waiting = VecDeque::new();
        mailbox.outbox.drain(&mut waiting);
        let mut messages = Vec::new();
        for what in waiting {
            if let Outgoing::Text(text) = what {
                let message: Result<ServerMessage, _> = serde_json::from_str(&text);
                messages.extend(message);
            }
        }
        Ok(PostAnswer { messages })
    }
}
