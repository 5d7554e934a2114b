//! Logging in and out.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum_extra::extract::CookieJar;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;
use zhipei_actions::login::{Attempt, LoginToken, Outcome};
use zhipei_actions::login_session;
use zhipei_api_types::Problem;

use crate::access::{Access, Routes};
use crate::attempts::may_try;
use crate::body::Body;
use crate::caller::{ClientAddress, cookie};
use crate::me::MeOut;
use crate::{ApiError, ApiResult, AppState, Caller};

pub(crate) fn router() -> Routes {
    Routes::new()
        .add(Access::Public, routes!(log_in))
        .add(Access::Learner, routes!(log_out))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LoginIn {
    #[schema(max_length = 64)]
    login_name: String,
    #[schema(max_length = 512)]
    password: String,
    /// Of the picture that was read; needed after `captcha_required`.
    captcha_id: Option<Uuid>,
    /// What was read.
    #[schema(max_length = 16)]
    captcha: Option<String>,
}

/// Log in; the answer sets the session cookie.
#[utoipa::path(post, path = "/api/login", operation_id = "log_in", tag = "login", request_body = LoginIn, responses(
    (status = 200, body = MeOut),
    (status = 401, description = "`login_failed`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`captcha_required`, `captcha_wrong`", body = Problem, content_type = "application/problem+json"),
    (status = 423, description = "`account_locked`", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`too_many_attempts`", body = Problem, content_type = "application/problem+json"),
))]
async fn log_in(
    State(app): State<AppState>,
    ClientAddress(from): ClientAddress,
    headers: HeaderMap,
    jar: CookieJar,
    Body(input): Body<LoginIn>,
) -> ApiResult<(CookieJar, Json<MeOut>)> {
    let now = app.clock.now();
    if input.password.len() > 512 {
        return Err(ApiError::Invalid(Some("password".to_owned())));
    }
    let captcha = input.captcha_id.zip(input.captcha.as_deref());
    may_try(&app, from, captcha, now).await?;
    // Always a fresh one: a token planted before the login opens nothing after it.
    let token = LoginToken::from_random((app.random)());
    let attempt = Attempt {
        login_name: &input.login_name,
        password: &input.password,
        token: &token,
        user_agent: user_agent(&headers),
        ip: &from.to_string(),
        now,
    };
    match app.gate.log_in(&app.db, &app.keys.vault, attempt).await? {
        Outcome::Done(learner) => {
            let jar = jar.add(cookie(&app.settings, token.reveal()));
            Ok((jar, Json(MeOut::load(&app, learner).await?)))
        }
        Outcome::Failed => {
            app.attempts().note(from, now);
            Err(ApiError::LoginFailed)
        }
        Outcome::Locked { until } => Err(ApiError::locked(until, now)),
    }
}

/// Log out on this device.
#[utoipa::path(post, path = "/api/logout", operation_id = "log_out", tag = "login", responses((status = 204)))]
async fn log_out(
    State(app): State<AppState>,
    caller: Caller,
    jar: CookieJar,
) -> ApiResult<(CookieJar, StatusCode)> {
    let now = app.clock.now();
    app.db
        .write(async |txn| login_session::log_out(txn, &caller.session, now).await)
        .await?;
    let this = caller.session.id;
    app.desk.log_out(caller.learner(), |login| login == this);
    let gone = cookie(&app.settings, String::new());
    Ok((jar.remove(gone), StatusCode::NO_CONTENT))
}

pub(crate) fn user_agent(headers: &HeaderMap) -> &str {
    headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}
