//! The loop of one connection, over anything that carries text.

use std::collections::VecDeque;
use std::ops::Deref;
use std::task::Poll;
use std::time::Duration;

use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use tracing::warn;
use zhipei_api_types::learning::ServerMessage;
use zhipei_domain::LearnerId;

use crate::desk::{Caller, Desk};
use crate::message;
use crate::outbox::Outbox;
use crate::session::ConnectionId;

/// What comes from a client; `T` is how the connection holds text.
#[derive(Debug)]
pub enum Incoming<T> {
    /// A text frame.
    Text(T),
    /// Anything else that shows that the client lives.
    Alive,
    /// A frame that the protocol has no use for.
    Foreign,
}

/// What goes to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// A message, as JSON.
    Text(String),
    /// The end of the connection.
    Close(CloseCode),
}

impl Outgoing {
    pub(crate) fn message(message: &ServerMessage) -> Self {
        let text =
            serde_json::to_string(message).expect("messages have text keys and finite numbers");
        Self::Text(text)
    }
}

/// Why a socket is closed, as WebSocket codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseCode {
    /// 4401: logged out.
    LoggedOut,
    /// 4409: a newer session took over.
    TakenOver,
    /// 4400: the session is over or the protocol was broken.
    Over,
    /// 1012: the server restarts.
    Restart,
}

impl CloseCode {
    /// The number on the wire.
    pub fn number(self) -> u16 {
        match self {
            Self::LoggedOut => 4401,
            Self::TakenOver => 4409,
            Self::Over => 4400,
            Self::Restart => 1012,
        }
    }
}

/// Serves one connection until it ends. The next message is read when what came of the last one is
/// committed: a client that floods waits for itself.
pub async fn run<C, T, E>(desk: Desk, caller: Caller, mut connection: C)
where
    C: Stream<Item = Result<Incoming<T>, E>> + Sink<Outgoing> + Unpin,
    T: Deref<Target = str>,
{
    let outbox = Outbox::new();
    let id = desk.enter(&caller, &outbox);
    let _leaving = Leaving {
        desk: desk.clone(),
        learner: caller.learner,
        connection: id,
    };
    let mut seat = None;
    let mut waiting = VecDeque::new();
    loop {
        match next(&outbox, &mut waiting, &mut connection).await {
            Event::Outgoing => {
                let sending = send(&mut connection, &mut waiting);
                // A client that does not read is gone.
                match tokio::time::timeout(SEND_TIMEOUT, sending).await {
                    Ok(Ok(Sent::More)) => {}
                    Ok(Ok(Sent::Last) | Err(Gone)) | Err(_) => break,
                }
            }
            Event::Incoming(Some(Ok(Incoming::Alive))) => {}
            Event::Incoming(Some(Ok(Incoming::Text(text)))) => {
                let Some(message) = message::read(&text) else {
                    end_of_protocol(&outbox);
                    continue;
                };
                if let Err(error) = desk.take(&caller, id, &outbox, &mut seat, message).await {
                    warn!(learner.id = %caller.learner, %error, "a learning message was not taken; the client comes again");
                    outbox.restart(2_000);
                }
            }
            Event::Incoming(Some(Ok(Incoming::Foreign))) => end_of_protocol(&outbox),
            Event::Incoming(Some(Err(_)) | None) => break,
        }
    }
    let _ = tokio::time::timeout(SEND_TIMEOUT, connection.close()).await;
}

fn end_of_protocol(outbox: &Outbox) {
    outbox.send(Outgoing::message(&ServerMessage::End {
        reason: "protocol".to_owned(),
    }));
    outbox.send(Outgoing::Close(CloseCode::Over));
}

enum Event<I> {
    /// Something waits to be sent.
    Outgoing,
    /// Something came, or the connection ended.
    Incoming(I),
}

/// What happens next: something to send first, and only when all is committed something to read.
async fn next<C: Stream + Unpin>(
    outbox: &Outbox,
    waiting: &mut VecDeque<Outgoing>,
    connection: &mut C,
) -> Event<Option<C::Item>> {
    std::future::poll_fn(|context| {
        outbox.register(context);
        let is_committed = outbox.drain(waiting);
        if !waiting.is_empty() {
            return Poll::Ready(Event::Outgoing);
        }
        if !is_committed {
            return Poll::Pending;
        }
        connection.poll_next_unpin(context).map(Event::Incoming)
    })
    .await
}

/// How long a client may take to read what it is sent.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);

enum Sent {
    More,
    Last,
}

struct Gone;

/// Sends what waits, up to a close.
async fn send<S: Sink<Outgoing> + Unpin>(
    sink: &mut S,
    waiting: &mut VecDeque<Outgoing>,
) -> Result<Sent, Gone> {
    let mut sent = Sent::More;
    while let Some(what) = waiting.pop_front() {
        let is_last = matches!(what, Outgoing::Close(_));
        sink.feed(what).await.map_err(|_| Gone)?;
        if is_last {
            sent = Sent::Last;
            break;
        }
    }
    sink.flush().await.map_err(|_| Gone)?;
    Ok(sent)
}

/// Leaves the desk however the connection ends, also when its task is dropped.
struct Leaving {
    desk: Desk,
    learner: LearnerId,
    connection: ConnectionId,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.desk.leave(self.learner, self.connection);
    }
}
