//! Security events, for the security administrator: the part of the audit trail that asks for somebody to
//! act. Looking leaves a row.

use axum::Json;
use axum::extract::State;
use utoipa_axum::routes;
use zhipei_actions::look;
use zhipei_api_types::Page;
use zhipei_domain::{Permission, SECURITY_EVENTS};
use zhipei_storage::audit;

use crate::access::{Access, Allowed, Routes, rights};
use crate::audit_events::{AuditEventOut, out, staff_names};
use crate::{ApiResult, AppState};

pub(crate) fn router() -> Routes {
    Routes::new().add(
        Access::Needs(Permission::ReadSecurityEvents),
        routes!(list_security_events),
    )
}

/// So many are listed; older ones are in the audit trail.
const LISTED: u64 = 200;

/// The newest 200: who reached the limit of revealed learners, who went where they may not.
#[utoipa::path(get, path = "/api/security-events", operation_id = "list_security_events", tag = "audit", responses((status = 200, body = Page<AuditEventOut>)))]
async fn list_security_events(
    State(app): State<AppState>,
    by: Allowed<rights::ReadSecurityEvents>,
) -> ApiResult<Json<Page<AuditEventOut>>> {
    let now = app.clock.now();
    let names = staff_names(&app).await?;
    let rows = audit::newest_of(app.db.read(), &SECURITY_EVENTS, LISTED).await?;
    app.db
        .write(async |txn| look::at_security_events(txn, &by.actor(), now).await)
        .await?;
    let items = rows.into_iter().map(|row| out(row, &names)).collect();
    Ok(Json(Page::whole(items)))
}
