//! The loop of one connection, over anything that carries text.

use std::time::Duration;

use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;
use tracing::warn;
use zhipei_api_types::learning::ServerMessage;
use zhipei_domain::LearnerId;

use crate::desk::{Caller, Desk};
use crate::message;
use crate::session::ConnectionId;

/// What comes from a client.
#[derive(Debug)]
pub enum Incoming {
    /// A text frame.
    Text(String),
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
pub async fn run<S, R, E>(desk: Desk, caller: Caller, mut sink: S, mut stream: R)
where
    S: Sink<Outgoing> + Unpin,
    R: Stream<Item = Result<Incoming, E>> + Unpin,
{
    let (link, mut outgoing) = unbounded_channel();
    let connection = desk.enter(&caller, &link);
    let _leaving = Leaving {
        desk: desk.clone(),
        learner: caller.learner,
        connection,
    };
    let mut seat = None;
    let mut committed: Option<oneshot::Receiver<()>> = None;
    loop {
        tokio::select! {
            biased;
            what = outgoing.recv() => {
                let Some(what) = what else { break };
                let sending = send(&mut sink, what, &mut outgoing);
                // A client that does not read is gone.
                match tokio::time::timeout(SEND_TIMEOUT, sending).await {
                    Ok(Ok(Sent::More)) => {}
                    Ok(Ok(Sent::Last) | Err(Gone)) | Err(_) => break,
                }
            }
            _ = async { committed.as_mut().expect("polled only when there").await }, if committed.is_some() => {
                committed = None;
            }
            what = stream.next(), if committed.is_none() => {
                let text = match what {
                    Some(Ok(Incoming::Text(text))) => text,
                    Some(Ok(Incoming::Alive)) => continue,
                    Some(Ok(Incoming::Foreign)) => String::new(),
                    Some(Err(_)) | None => break,
                };
                let Some(message) = message::read(&text) else {
                    let end = ServerMessage::End { reason: "protocol".to_owned() };
                    let _ = link.send(Outgoing::message(&end));
                    let _ = link.send(Outgoing::Close(CloseCode::Over));
                    continue;
                };
                let (done, waiting) = oneshot::channel();
                let taken = desk.take(&caller, connection, &link, &mut seat, message, Some(done));
                match taken.await {
                    Ok(()) => committed = Some(waiting),
                    Err(error) => {
                        warn!(learner.id = %caller.learner, %error, "a learning message was not taken; the client comes again");
                        let again = ServerMessage::Restarting { retry_after_ms: 2_000 };
                        let _ = link.send(Outgoing::message(&again));
                        let _ = link.send(Outgoing::Close(CloseCode::Restart));
                    }
                }
            }
        }
    }
    let _ = tokio::time::timeout(SEND_TIMEOUT, sink.close()).await;
}

/// How long a client may take to read what it is sent.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);

enum Sent {
    More,
    Last,
}

struct Gone;

/// Sends `first` and whatever waits behind it.
async fn send<S: Sink<Outgoing> + Unpin>(
    sink: &mut S,
    first: Outgoing,
    outgoing: &mut UnboundedReceiver<Outgoing>,
) -> Result<Sent, Gone> {
    let mut next = Some(first);
    let mut sent = Sent::More;
    while let Some(what) = next {
        let is_last = matches!(what, Outgoing::Close(_));
        sink.feed(what).await.map_err(|_| Gone)?;
        if is_last {
            sent = Sent::Last;
            break;
        }
        next = outgoing.try_recv().ok();
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
