//! Is it alive, is it ready: for balancers and supervisors.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;

use crate::access::{Access, Routes};
use crate::{ApiError, ApiResult, AppState};

pub(crate) fn router() -> Routes {
    let alive = get(async || StatusCode::NO_CONTENT);
    Routes::new()
        .add_plain(Access::Public, "/healthz", alive)
        .add_plain(Access::Public, "/readyz", get(ready))
}

/// Ready when the database answers and has all tables.
async fn ready(State(app): State<AppState>) -> ApiResult<StatusCode> {
    match app.db.pending_migrations().await {
        Ok(pending) if pending.is_empty() => Ok(StatusCode::NO_CONTENT),
        Ok(pending) => {
            tracing::warn!(count = pending.len(), "not ready: migrations are to be run");
            Err(ApiError::Unavailable)
        }
        Err(error) => {
            tracing::warn!(%error, "not ready: the database does not answer");
            Err(ApiError::Unavailable)
        }
    }
}
