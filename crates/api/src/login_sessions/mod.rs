//! Where an account is logged in, and ending it there: for learners and for staff.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;
use zhipei_actions::login_session;
use zhipei_api_types::{Moment, Page};
use zhipei_domain::{LoginSession, LoginSessionId};
use zhipei_storage::login_sessions;

use crate::access::{Access, Routes};
use crate::body::Place;
use crate::{ApiResult, AppState, Caller, Staff};

pub(crate) fn router() -> Routes {
    Routes::new()
        .add(Access::Learner, routes!(list_login_sessions))
        .add(Access::Learner, routes!(revoke_login_session))
        .add(Access::Learner, routes!(revoke_other_login_sessions))
        .add(Access::Staff, routes!(list_staff_login_sessions))
        .add(Access::Staff, routes!(revoke_staff_login_session))
}

#[derive(Serialize, ToSchema)]
struct LoginSessionOut {
    id: Uuid,
    /// The one that asks.
    current: bool,
    created_at: Moment,
    last_seen_at: Moment,
    expires_at: Moment,
    /// From a device that the account had not been used from.
    new_device: bool,
    user_agent: String,
    ip: String,
}

async fn list(app: &AppState, own: &LoginSession) -> ApiResult<Json<Page<LoginSessionOut>>> {
    let logins = login_sessions::list(app.db.read(), own.account, app.clock.now()).await?;
    let items = logins.into_iter().map(|login| LoginSessionOut {
        id: login.id.0,
        current: login.id == own.id,
        created_at: Moment(login.created_at),
        last_seen_at: Moment(login.last_seen_at),
        expires_at: Moment(login.expires_at),
        new_device: login.new_device,
        user_agent: login.user_agent,
        ip: login.ip,
    });
    Ok(Json(Page::whole(items.collect())))
}

/// Where the learner is logged in, the newest first.
#[utoipa::path(get, path = "/api/me/login-sessions", operation_id = "list_login_sessions", tag = "login_sessions", responses((status = 200, body = Page<LoginSessionOut>)))]
async fn list_login_sessions(
    State(app): State<AppState>,
    caller: Caller,
) -> ApiResult<Json<Page<LoginSessionOut>>> {
    list(&app, &caller.session).await
}

/// End a login on another device, or this one.
#[utoipa::path(post, path = "/api/me/login-sessions/{id}/revoke", operation_id = "revoke_login_session", tag = "login_sessions", params(("id" = Uuid, Path)), responses((status = 204)))]
async fn revoke_login_session(
    State(app): State<AppState>,
    caller: Caller,
    Place(id): Place<LoginSessionId>,
) -> ApiResult<StatusCode> {
    let now = app.clock.now();
    app.db
        .write(async |txn| login_session::revoke(txn, &caller.session, id, now).await)
        .await?;
    app.desk.log_out(caller.learner(), |login| login == id);
    Ok(StatusCode::NO_CONTENT)
}

/// End all logins but this one.
#[utoipa::path(post, path = "/api/me/login-sessions/revoke-others", operation_id = "revoke_other_login_sessions", tag = "login_sessions", responses((status = 204)))]
async fn revoke_other_login_sessions(
    State(app): State<AppState>,
    caller: Caller,
) -> ApiResult<StatusCode> {
    let now = app.clock.now();
    app.db
        .write(async |txn| login_session::revoke_others(txn, &caller.session, now).await)
        .await?;
    let this = caller.session.id;
    app.desk.log_out(caller.learner(), |login| login != this);
    Ok(StatusCode::NO_CONTENT)
}

/// Where the member of staff is logged in.
#[utoipa::path(get, path = "/api/staff/me/login-sessions", operation_id = "list_staff_login_sessions", tag = "login_sessions", responses((status = 200, body = Page<LoginSessionOut>)))]
async fn list_staff_login_sessions(
    State(app): State<AppState>,
    staff: Staff,
) -> ApiResult<Json<Page<LoginSessionOut>>> {
    list(&app, &staff.session).await
}

/// End a login of the own account.
#[utoipa::path(post, path = "/api/staff/me/login-sessions/{id}/revoke", operation_id = "revoke_staff_login_session", tag = "login_sessions", params(("id" = Uuid, Path)), responses((status = 204)))]
async fn revoke_staff_login_session(
    State(app): State<AppState>,
    staff: Staff,
    Place(id): Place<LoginSessionId>,
) -> ApiResult<StatusCode> {
    let now = app.clock.now();
    app.db
        .write(async |txn| login_session::revoke(txn, &staff.session, id, now).await)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
