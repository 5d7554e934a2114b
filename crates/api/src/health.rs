//! Is it alive, is it ready: for balancers and supervisors.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;

use crate::{ApiError, ApiResult, AppState};

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/healthz", get(async || StatusCode::NO_CONTENT))
        .route("/readyz", get(ready))
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
