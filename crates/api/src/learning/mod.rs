//! Live learning sessions: the WebSocket, the same messages by POST, and the keys of videos.

mod checks;

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use utoipa_axum::routes;
use uuid::Uuid;
use zhipei_actions::login_session;
use zhipei_api_types::learning::{MAX_FRAME_BYTES, PostAnswer, Posted};
use zhipei_domain::MediaAssetId;
use zhipei_learning::{Incoming, Outgoing, PostError};
use zhipei_storage::{courses, login_sessions, media_assets};

use crate::access::{Access, Routes};
use crate::body::{Body, Place};
use crate::caller::ClientAddress;
use crate::{ApiError, ApiResult, AppState, Caller};

/// How often a connection proves that its login still lives. Learning is activity, an open page is not
/// (MLPS-02).
const LOGIN_CHECK: Duration = Duration::from_mins(5);
const LOGIN_CHECK_MS: i64 = 5 * 60_000;
/// How long a connection may take to hear that its login is over.
const LAST_WORDS: Duration = Duration::from_secs(5);

pub(crate) fn router() -> Routes {
    Routes::new()
        .add(Access::Learner, routes!(post_heartbeats))
        .add(Access::Learner, routes!(get_key))
        .merge(checks::router())
        // The document has no words for a WebSocket.
        .add_plain(Access::Learner, "/api/learning/sessions", get(connect))
}

async fn connect(
    State(app): State<AppState>,
    caller: Caller,
    ClientAddress(from): ClientAddress,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade
        // The default buffer of 128 KiB a connection halves what a machine can hold.
        .read_buffer_size(4_096)
        .write_buffer_size(0)
        .max_message_size(MAX_FRAME_BYTES)
        .max_frame_size(MAX_FRAME_BYTES)
        .on_upgrade(async move |socket| {
            let at_desk = at_desk(&caller, from.to_string());
            tokio::select! {
                () = serve(&app, at_desk, socket) => {}
                () = login_ended(&app, &caller) => {}
            }
        })
}

async fn serve(app: &AppState, caller: zhipei_learning::Caller, socket: WebSocket) {
    zhipei_learning::run(app.desk.clone(), caller, Frames(socket)).await;
}

type Sent = Result<(), axum::Error>;

/// A WebSocket in the words of the learning protocol.
struct Frames(WebSocket);

impl Stream for Frames {
    type Item = Result<Incoming<Utf8Bytes>, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.0.poll_next_unpin(context);
        next.map_ok(|message| match message {
            Message::Text(text) => Incoming::Text(text),
            Message::Binary(_) => Incoming::Foreign,
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => Incoming::Alive,
        })
    }
}

impl Sink<Outgoing> for Frames {
    type Error = axum::Error;

    fn poll_ready(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Sent> {
        self.0.poll_ready_unpin(context)
    }

    fn start_send(mut self: Pin<&mut Self>, what: Outgoing) -> Sent {
        self.0.start_send_unpin(match what {
            Outgoing::Text(text) => Message::text(text),
            Outgoing::Close(code) => Message::Close(Some(CloseFrame {
                code: code.number(),
                reason: "".into(),
            })),
        })
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Sent> {
        self.0.poll_flush_unpin(context)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Sent> {
        self.0.poll_close_unpin(context)
    }
}

/// Returns when the login is over; until then learning keeps it alive.
async fn login_ended(app: &AppState, caller: &Caller) {
    loop {
        let now = app.clock.now();
        match login_sessions::get(app.db.read(), caller.session.id).await {
            Ok(session) if session.is_live(now) => {
                let played_at = app.desk.played_at(caller.learner());
                let is_learning = played_at.is_some_and(|at| now - at <= LOGIN_CHECK_MS);
                if is_learning
                    && let Err(error) = login_session::touch(&app.db, &session, now).await
                {
                    tracing::warn!(%error, "a login could not be kept alive");
                }
            }
            Ok(_) | Err(zhipei_storage::Error::NotFound) => {
                let this = caller.session.id;
                app.desk.log_out(caller.learner(), |login| login == this);
                // The closing frame gets its time.
                tokio::time::sleep(LAST_WORDS).await;
                return;
            }
            Err(error) => tracing::warn!(%error, "a login could not be checked"),
        }
        tokio::time::sleep(LOGIN_CHECK).await;
    }
}

fn at_desk(caller: &Caller, from: String) -> zhipei_learning::Caller {
    zhipei_learning::Caller {
        learner: caller.learner(),
        login: caller.session.id,
        ip: Some(from),
    }
}

/// The messages of a learning session, where a proxy blocks WebSockets.
#[utoipa::path(
    post, path = "/api/learning/heartbeats", operation_id = "post_heartbeats", tag = "learning",
    params(("x-device-connection" = Uuid, Header, description = "The client's own name for the connection")),
    request_body = Posted,
    responses((status = 200, body = PostAnswer))
)]
async fn post_heartbeats(
    State(app): State<AppState>,
    caller: Caller,
    ClientAddress(from): ClientAddress,
    headers: HeaderMap,
    Body(posted): Body<Posted>,
) -> ApiResult<Json<PostAnswer>> {
    let invalid = || ApiError::Invalid(Some("x-device-connection".to_owned()));
    let connection = headers
        .get("x-device-connection")
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<Uuid>().ok())
        .ok_or_else(invalid)?;
    let at_desk = at_desk(&caller, from.to_string());
    match app.desk.post(&at_desk, connection, posted).await {
        Ok(answer) => Ok(Json(answer)),
        Err(PostError::Protocol) => Err(ApiError::Invalid(Some("messages".to_owned()))),
        Err(PostError::Storage(error)) => Err(error.into()),
    }
}

/// The key of a video, while the learner has it open. A hurdle, not a lock: see the README.
#[utoipa::path(
    get, path = "/api/learning/keys/{asset}", operation_id = "get_media_key", tag = "learning",
    params(("asset" = Uuid, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"))
)]
async fn get_key(
    State(app): State<AppState>,
    caller: Caller,
    Place(asset): Place<MediaAssetId>,
) -> ApiResult<Response> {
    let lesson = app
        .desk
        .live_lesson(caller.learner())
        .await?
        .ok_or(ApiError::NoLiveSession)?;
    let (_, lesson) = courses::lesson(app.db.read(), lesson).await?;
    if lesson.media != Some(asset) {
        return Err(ApiError::NoLiveSession);
    }
    let asset = media_assets::get(app.db.read(), asset).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, asset.key.to_vec()).into_response())
}
