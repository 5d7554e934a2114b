//! The notices centre of a learner.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;
use zhipei_actions::notice;
use zhipei_api_types::{Moment, Page};
use zhipei_domain::{Notice, NoticeId};
use zhipei_storage::notices;

use crate::access::{Access, Routes};
use crate::body::{Ask, Place};
use crate::{ApiResult, AppState, Caller};

pub(crate) fn router() -> Routes {
    Routes::new()
        .add(Access::Learner, routes!(list_notices))
        .add(Access::Learner, routes!(get_unread_notices))
        .add(Access::Learner, routes!(read_notice))
        .add(Access::Learner, routes!(read_all_notices))
}

/// Items of one answer at most.
const MOST: u64 = 50;

#[derive(Serialize, ToSchema)]
pub(crate) struct NoticeOut {
    id: Uuid,
    /// As `correction_decided`.
    kind: String,
    title: String,
    body: String,
    created_at: Moment,
    #[schema(required)]
    read_at: Option<Moment>,
}

impl From<Notice> for NoticeOut {
    fn from(notice: Notice) -> Self {
        Self {
            id: notice.id.0,
            kind: notice.kind.as_str().to_owned(),
            title: notice.kind.title().to_owned(),
            body: notice.body,
            created_at: Moment(notice.created_at),
            read_at: notice.read_at.map(Moment),
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct NoticesAsk {
    /// The `next` of the part before.
    before: Option<Uuid>,
}

/// The learner's notices, the newest first.
#[utoipa::path(get, path = "/api/notices", operation_id = "list_notices", tag = "notices", params(NoticesAsk), responses((status = 200, body = Page<NoticeOut>)))]
async fn list_notices(
    State(app): State<AppState>,
    caller: Caller,
    Ask(ask): Ask<NoticesAsk>,
) -> ApiResult<Json<Page<NoticeOut>>> {
    let before = ask.before.map(NoticeId);
    let (db, scope) = (app.db.read(), caller.scope());
    let mut found = notices::of_learner(db, &scope, caller.learner(), before, MOST + 1).await?;
    let more = found.len() as u64 > MOST;
    found.truncate(MOST as usize);
    let next = found
        .last()
        .filter(|_| more)
        .map(|notice| notice.id.to_string());
    let items = found.into_iter().map(NoticeOut::from).collect();
    Ok(Json(Page { items, next }))
}

#[derive(Serialize, ToSchema)]
struct UnreadOut {
    unread: u64,
}

/// How many notices the learner has not read.
#[utoipa::path(get, path = "/api/notices/unread", operation_id = "get_unread_notices", tag = "notices", responses((status = 200, body = UnreadOut)))]
async fn get_unread_notices(
    State(app): State<AppState>,
    caller: Caller,
) -> ApiResult<Json<UnreadOut>> {
    let unread = notices::unread(app.db.read(), caller.learner()).await?;
    Ok(Json(UnreadOut { unread }))
}

/// Mark one as read.
#[utoipa::path(post, path = "/api/notices/{id}/read", operation_id = "read_notice", tag = "notices", params(("id" = Uuid, Path)), responses((status = 200, body = UnreadOut)))]
async fn read_notice(
    State(app): State<AppState>,
    caller: Caller,
    Place(id): Place<NoticeId>,
) -> ApiResult<Json<UnreadOut>> {
    read(&app, &caller, Some(id)).await
}

/// Mark all as read.
#[utoipa::path(post, path = "/api/notices/read", operation_id = "read_all_notices", tag = "notices", responses((status = 200, body = UnreadOut)))]
async fn read_all_notices(
    State(app): State<AppState>,
    caller: Caller,
) -> ApiResult<Json<UnreadOut>> {
    read(&app, &caller, None).await
}

async fn read(
    app: &AppState,
    caller: &Caller,
    one: Option<NoticeId>,
) -> ApiResult<Json<UnreadOut>> {
    let (learner, now) = (caller.learner(), app.clock.now());
    app.db
        .write(async |txn| notice::read(txn, learner, one, now).await)
        .await?;
    let unread = notices::unread(app.db.read(), learner).await?;
    Ok(Json(UnreadOut { unread }))
}
