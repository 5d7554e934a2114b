//! The loop of one connection, over anything that carries text.

use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use tokio::sync::mpsc::unbounded_channel;
use tracing::warn;
use zhipei_api_types::learning::ServerMessage;

use crate::desk::{Caller, Desk};
use crate::message;

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

/// Serves one connection until it ends.
pub async fn run<S, R, E>(desk: Desk, caller: Caller, mut sink: S, mut stream: R)
where
    S: Sink<Outgoing> + Unpin,
    R: Stream<Item = Result<Incoming, E>> + Unpin,
{
    let connection = desk.new_connection();
    let (link, mut outgoing) = unbounded_channel();
    let mut seat = None;
    loop {
        tokio::select! {
            biased;
            what = outgoing.recv() => {
                let Some(what) = what else { break };
                let is_end = matches!(what, Outgoing::Close(_));
                if sink.feed(what).await.is_err() || is_end {
                    break;
                }
                while let Ok(more) = outgoing.try_recv() {
                    let is_end = matches!(more, Outgoing::Close(_));
                    if sink.feed(more).await.is_err() || is_end {
                        break;
                    }
                }
                if sink.flush().await.is_err() {
                    break;
                }
            }
            what = stream.next() => {
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
                if let Err(error) = desk.take(&caller, connection, &link, &mut seat, message, None).await {
                    warn!(learner.id = %caller.learner, %error, "a learning message was not taken; the client comes again");
                    let _ = link.send(Outgoing::message(&ServerMessage::Restarting { retry_after_ms: 2_000 }));
                    let _ = link.send(Outgoing::Close(CloseCode::Restart));
                }
            }
        }
    }
    let _ = sink.close().await;
    desk.leave(caller.learner, connection);
}
