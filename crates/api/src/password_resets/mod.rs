//! What a code sent to the phone opens beside registration: a login, a new password, another phone.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum_extra::extract::CookieJar;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;
use zhipei_actions::login::{Attempt, LoginToken, Outcome, TypedCode};
use zhipei_api_types::Problem;
use zhipei_domain::{Phone, Rejection, UnixMs};

use crate::access::{Access, Routes};
use crate::attempts::may_try;
use crate::body::Body;
use crate::caller::{ClientAddress, cookie};
use crate::login::user_agent;
use crate::me::MeOut;
use crate::{ApiError, ApiResult, AppState, Caller};

pub(crate) fn router() -> Routes {
    Routes::new()
        .add(Access::Public, routes!(log_in_by_code))
        .add(Access::Public, routes!(create_password_reset))
        .add(Access::Learner, routes!(change_phone))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CodeLoginIn {
    #[schema(max_length = 32)]
    phone: String,
    ticket: Uuid,
    #[schema(max_length = 16)]
    code: String,
    /// Of the picture that was read; needed after `captcha_required`.
    captcha_id: Option<Uuid>,
    /// What was read.
    #[schema(max_length = 16)]
    captcha: Option<String>,
}

/// Log in by a code; the answer sets the session cookie.
#[utoipa::path(post, path = "/api/login/code", operation_id = "log_in_by_code", tag = "login", request_body = CodeLoginIn, responses(
    (status = 200, body = MeOut),
    (status = 401, description = "`login_failed`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`captcha_required`, `captcha_wrong`", body = Problem, content_type = "application/problem+json"),
    (status = 423, description = "`account_locked`", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`too_many_attempts`", body = Problem, content_type = "application/problem+json"),
))]
async fn log_in_by_code(
    State(app): State<AppState>,
    from: ClientAddress,
    headers: HeaderMap,
    jar: CookieJar,
    Body(input): Body<CodeLoginIn>,
) -> ApiResult<(CookieJar, Json<MeOut>)> {
    let now = app.clock.now();
    let phone = Phone::parse(&input.phone).map_err(Rejection::from)?;
    let token = LoginToken::from_random((app.random)());
    let code = TypedCode {
        phone: &phone,
        ticket: input.ticket,
        code: &input.code,
    };
    let captcha = input.captcha_id.zip(input.captcha.as_deref());
    may_try(&app, from.0, captcha, now).await?;
    let ip = from.0.to_string();
    let attempt = attempt(&phone, &token, &headers, &ip, now);
    let outcome = app
        .gate
        .log_in_by_code(&app.db, &app.keys.vault, code, attempt)
        .await?;
    let learner = opened(&app, &from, outcome, now)?;
    let jar = jar.add(cookie(&app.settings, token.reveal()));
    Ok((jar, Json(MeOut::load(&app, learner).await?)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordResetIn {
    #[schema(max_length = 32)]
    phone: String,
    ticket: Uuid,
    #[schema(max_length = 16)]
    code: String,
    /// At least 8 characters of any script, at most 128.
    #[schema(min_length = 8, max_length = 128)]
    new: String,
    /// Of the picture that was read; needed after `captcha_required`.
    captcha_id: Option<Uuid>,
    /// What was read.
    #[schema(max_length = 16)]
    captcha: Option<String>,
}

/// Set a new password by a code; all logins end.
#[utoipa::path(post, path = "/api/password-resets", operation_id = "create_password_reset", tag = "login", request_body = PasswordResetIn, responses(
    (status = 204),
    (status = 401, description = "`login_failed`: the code is wrong", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`weak_password`, `captcha_required`, `captcha_wrong`", body = Problem, content_type = "application/problem+json"),
    (status = 423, description = "`account_locked`", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`too_many_attempts`", body = Problem, content_type = "application/problem+json"),
))]
async fn create_password_reset(
    State(app): State<AppState>,
    from: ClientAddress,
    headers: HeaderMap,
    Body(input): Body<PasswordResetIn>,
) -> ApiResult<StatusCode> {
    let now = app.clock.now();
    let phone = Phone::parse(&input.phone).map_err(Rejection::from)?;
    let token = LoginToken::from_random((app.random)());
    let code = TypedCode {
        phone: &phone,
        ticket: input.ticket,
        code: &input.code,
    };
    let captcha = input.captcha_id.zip(input.captcha.as_deref());
    may_try(&app, from.0, captcha, now).await?;
    let ip = from.0.to_string();
    let attempt = attempt(&phone, &token, &headers, &ip, now);
    let outcome = app
        .gate
        .reset_password(&app.db, &app.keys, code, &input.new, attempt)
        .await?;
    let learner = opened(&app, &from, outcome, now)?;
    app.desk.log_out(learner.id, |_| true);
    app.errands.notify_one();
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PhoneIn {
    /// The new one.
    #[schema(max_length = 32)]
    phone: String,
    ticket: Uuid,
    #[schema(max_length = 16)]
    code: String,
    /// The password, once more.
    #[schema(max_length = 512)]
    password: String,
}

/// Make another phone the learner's.
#[utoipa::path(post, path = "/api/me/phone", operation_id = "change_phone", tag = "me", request_body = PhoneIn, responses(
    (status = 204),
    (status = 401, description = "`login_failed`: the password is wrong", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`already_registered`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`code_wrong`", body = Problem, content_type = "application/problem+json"),
    (status = 423, description = "`account_locked`", body = Problem, content_type = "application/problem+json"),
))]
async fn change_phone(
    State(app): State<AppState>,
    caller: Caller,
    Body(input): Body<PhoneIn>,
) -> ApiResult<StatusCode> {
    let now = app.clock.now();
    let phone = Phone::parse(&input.phone).map_err(Rejection::from)?;
    if input.password.len() > 512 {
        return Err(ApiError::Invalid(Some("password".to_owned())));
    }
    let code = TypedCode {
        phone: &phone,
        ticket: input.ticket,
        code: &input.code,
    };
    let (learner, password) = (caller.learner(), &input.password);
    let outcome = app
        .gate
        .change_phone(&app.db, &app.keys, learner, password, code, now)
        .await?;
    match outcome {
        Outcome::Done(true) => {
            app.errands.notify_one();
            Ok(StatusCode::NO_CONTENT)
        }
        Outcome::Done(false) => Err(ApiError::Rejected(Rejection::CodeWrong)),
        Outcome::Failed => Err(ApiError::LoginFailed),
        Outcome::Locked { until } => Err(ApiError::locked(until, now)),
    }
}

fn attempt<'a>(
    phone: &'a Phone,
    token: &'a LoginToken,
    headers: &'a HeaderMap,
    ip: &'a str,
    now: UnixMs,
) -> Attempt<'a> {
    Attempt {
        login_name: phone.as_str(),
        password: "",
        token,
        user_agent: user_agent(headers),
        ip,
        now,
    }
}

fn opened<T>(
    app: &AppState,
    from: &ClientAddress,
    outcome: Outcome<T>,
    now: UnixMs,
) -> ApiResult<T> {
    match outcome {
        Outcome::Done(done) => Ok(done),
        Outcome::Failed => {
            app.attempts().note(from.0, now);
            Err(ApiError::LoginFailed)
        }
        Outcome::Locked { until } => {
            app.attempts().note(from.0, now);
            Err(ApiError::locked(until, now))
        }
    }
}
