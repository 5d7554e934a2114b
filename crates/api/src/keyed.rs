//! Requests that carry an `Idempotency-Key`: sent again, they are answered again and not done again.

use axum::body::Bytes;
use axum::extract::{FromRequest, MatchedPath, Request};
use axum::http::header;
use serde::de::DeserializeOwned;
use uuid::Uuid;
use zhipei_actions::idempotency::RequestKey;

use crate::{ApiError, AppState, Caller};

/// A JSON body with the key of its request, if it has one.
pub(crate) struct Keyed<T> {
    pub(crate) body: T,
    pub(crate) key: Option<RequestKey>,
}

impl<T: DeserializeOwned> FromRequest<AppState> for Keyed<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, ApiError> {
        let headers = request.headers();
        let json = headers
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .and_then(|kind| kind.split(';').next())
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
        if !json {
            return Err(ApiError::NotJson);
        }
        let wrong = || ApiError::Invalid(Some("Idempotency-Key".to_owned()));
        let key = match headers.get("idempotency-key") {
            None => None,
            Some(key) => {
                let key = key.to_str().ok().and_then(|key| key.parse::<Uuid>().ok());
                Some(key.ok_or_else(wrong)?)
            }
        };
        let caller = request.extensions().get::<Caller>().map_or_else(
            || "anonymous".to_owned(),
            |caller| caller.learner().to_string(),
        );
        let route = request
            .extensions()
            .get::<MatchedPath>()
            .map_or_else(String::new, |path| path.as_str().to_owned());
        let bytes = Bytes::from_request(request, app)
            .await
            .map_err(|_| ApiError::TooLarge)?;
        let body = serde_json::from_slice(&bytes).map_err(|error| {
            let text = error.to_string();
            let name = text.split('`').nth(1).map(str::to_owned);
            ApiError::Invalid(name.filter(|name| name.len() <= 40))
        })?;
        let key = key.map(|key| RequestKey::new(&app.keys.vault, &caller, key, &route, &bytes));
        Ok(Self { body, key })
    }
}
