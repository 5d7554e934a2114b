//! The audit trail, for the audit administrator. Looking is itself an act that leaves a row.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;
use zhipei_actions::look;
use zhipei_api_types::{Moment, Page};
use zhipei_domain::{LocalDay, LoginName, Permission, Scope, StaffAccount, UnixMs};
use zhipei_storage::audit::{self, AuditFilter, AuditRow};
use zhipei_storage::{learners, staff_accounts};

use crate::access::{Access, Allowed, Routes, rights};
use crate::body::Ask;
use crate::{ApiError, ApiResult, AppState};

pub(crate) fn router() -> Routes {
    Routes::new().add(
        Access::Needs(Permission::ReadAudit),
        routes!(list_audit_events),
    )
}

/// Rows of one answer at most.
const MOST: u64 = 200;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AuditAsk {
    /// From the beginning of this day, as `2026-11-01`.
    from: Option<String>,
    /// To the end of this day.
    to: Option<String>,
    /// Who: the id, or the login name of a member of staff.
    actor: Option<String>,
    /// What, as `login`, which also finds `login.new_device`.
    action: Option<String>,
    /// To which thing: its id, or the login name of a learner.
    object: Option<String>,
    /// `ok`, `refused` or `failed`.
    result: Option<String>,
    /// The `next` of the part before.
    after: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AuditEventOut {
    id: Uuid,
    at: Moment,
    /// `anonymous`, `learner`, `staff`, `operator` or `system`.
    actor_kind: String,
    #[schema(required)]
    actor_id: Option<String>,
    /// The login name, of a member of staff.
    #[schema(required)]
    actor_name: Option<String>,
    /// Under which roles, of a member of staff.
    #[schema(required)]
    actor_roles: Option<String>,
    action: String,
    #[schema(required)]
    object_kind: Option<String>,
    #[schema(required)]
    object_id: Option<String>,
    /// `ok`, `refused` or `failed`.
    result: String,
    #[schema(required)]
    detail: Option<String>,
    #[schema(required)]
    ip: Option<String>,
    /// The hash of what the browser calls itself.
    #[schema(required)]
    agent_hash: Option<String>,
    /// As in the log.
    #[schema(required)]
    request_id: Option<String>,
}

/// Search the audit trail, the newest first.
#[utoipa::path(get, path = "/api/audit-events", operation_id = "list_audit_events", tag = "audit", params(AuditAsk), responses((status = 200, body = Page<AuditEventOut>)))]
async fn list_audit_events(
    State(app): State<AppState>,
    by: Allowed<rights::ReadAudit>,
    Ask(ask): Ask<AuditAsk>,
) -> ApiResult<Json<Page<AuditEventOut>>> {
    let now = app.clock.now();
    let names = staff_names(&app).await?;
    let filter = AuditFilter {
        from: day(ask.from.as_deref(), "from")?.map(LocalDay::start_ms),
        until: day(ask.to.as_deref(), "to")?.map(LocalDay::end_ms),
        actor_id: ask.actor.map(|actor| {
            let known = names.iter().find(|(_, name)| **name == actor);
            known.map_or(actor.clone(), |(id, _)| id.clone())
        }),
        action: ask.action,
        object_id: match ask.object {
            Some(object) => Some(object_id(&app, object).await?),
            None => None,
        },
        result: ask.result,
    };
    let after = ask.after.as_deref().map(cursor).transpose()?;
    let mut rows = audit::search(app.db.read(), &filter, after, MOST + 1).await?;
    let more = rows.len() as u64 > MOST;
    rows.truncate(MOST as usize);
    let next = rows
        .last()
        .filter(|_| more)
        .map(|row| format!("{}.{}", row.at, row.id));
    let object = filter.object_id.as_deref();
    app.db
        .write(async |txn| look::at_audit_trail(txn, &by.actor(), object, now).await)
        .await?;
    let items = rows.into_iter().map(|row| out(row, &names)).collect();
    Ok(Json(Page { items, next }))
}

/// The login names of staff by their ids.
pub(crate) async fn staff_names(app: &AppState) -> ApiResult<HashMap<String, String>> {
    let accounts = staff_accounts::list(app.db.read()).await?;
    let named = |account: StaffAccount| (account.id.to_string(), account.login_name.to_string());
    Ok(accounts.into_iter().map(named).collect())
}

pub(crate) fn out(row: AuditRow, names: &HashMap<String, String>) -> AuditEventOut {
    AuditEventOut {
        id: row.id,
        at: Moment(row.at),
        actor_name: row.actor_id.as_ref().and_then(|id| names.get(id).cloned()),
        actor_kind: row.actor_kind,
        actor_id: row.actor_id,
        actor_roles: row.actor_role,
        action: row.action,
        object_kind: row.object_kind,
        object_id: row.object_id,
        result: row.result,
        detail: row.detail,
        ip: row.ip,
        agent_hash: row.agent_hash,
        request_id: row.request_id,
    }
}

/// An id as it is; the login name of a learner stands for the learner.
async fn object_id(app: &AppState, given: String) -> ApiResult<String> {
    let Ok(name) = LoginName::parse(&given) else {
        return Ok(given);
    };
    match learners::by_login_name(app.db.read(), &Scope::Platform, &name).await {
        Ok(learner) => Ok(learner.id.to_string()),
        Err(zhipei_storage::Error::NotFound) => Ok(given),
        Err(error) => Err(error.into()),
    }
}

fn day(given: Option<&str>, field: &str) -> ApiResult<Option<LocalDay>> {
    let day = given.map(str::parse).transpose();
    day.map_err(|_| ApiError::Invalid(Some(field.to_owned())))
}

fn cursor(text: &str) -> ApiResult<(UnixMs, Uuid)> {
    let parts = text.split_once('.');
    let read = parts.and_then(|(at, id)| Some((at.parse().ok()?, id.parse().ok()?)));
    read.ok_or_else(|| ApiError::Invalid(Some("after".to_owned())))
}
