//! Logging in by face: the account first, then the camera. A stranger is asked alike, and never gets in.

use axum::Json;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::HeaderMap;
use axum_extra::extract::CookieJar;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::UtoipaMethodRouterExt as _;
use utoipa_axum::routes;
use uuid::Uuid;
use zhipei_actions::face;
use zhipei_actions::login::{Attempt, LoginToken, Outcome, account};
use zhipei_api_types::Problem;
use zhipei_domain::FaceCheckId;

use super::look::{Asked, FRAMES_LIMIT, Frames, engine, look, pretend};
use super::{FaceChallengeOut, give_back};
use crate::access::{Access, Routes};
use crate::attempts::may_try;
use crate::body::{Body, Place};
use crate::caller::{ClientAddress, cookie};
use crate::login::user_agent;
use crate::me::MeOut;
use crate::{ApiError, ApiResult, AppState};

pub(super) fn router() -> Routes {
    let limit = DefaultBodyLimit::max(FRAMES_LIMIT);
    Routes::new()
        .add(Access::Public, routes!(ask_to_log_in_by_face))
        .add(Access::Public, routes!(log_in_by_face).layer(limit))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FaceLoginIn {
    /// A phone, the number of a document, or a login name.
    #[schema(max_length = 64)]
    account: String,
    /// Of the picture that was read; needed after `captcha_required`.
    captcha_id: Option<Uuid>,
    /// What was read.
    #[schema(max_length = 16)]
    captcha: Option<String>,
}

/// Ask what to do before the camera, to log in by face.
#[utoipa::path(post, path = "/api/login/face", operation_id = "ask_to_log_in_by_face", tag = "login", request_body = FaceLoginIn, responses(
    (status = 200, body = FaceChallengeOut),
    (status = 422, description = "`captcha_required`, `captcha_wrong`", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`too_many_attempts`", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "`face_unavailable`", body = Problem, content_type = "application/problem+json"),
))]
async fn ask_to_log_in_by_face(
    State(app): State<AppState>,
    ClientAddress(from): ClientAddress,
    Body(input): Body<FaceLoginIn>,
) -> ApiResult<Json<FaceChallengeOut>> {
    engine(&app)?;
    let now = app.clock.now();
    let captcha = input.captcha_id.zip(input.captcha.as_deref());
    may_try(&app, from, captcha, now).await?;
    // Each question is work for the engine: one address has only so many.
    app.attempts().note(from, now);
    let whose = account(app.db.read(), &app.keys.vault, &input.account).await?;
    let random = [(app.random)(), (app.random)()];
    let challenge = app
        .db
        .write(async |txn| face::ask_to_log_in(txn, whose, random, now).await)
        .await?;
    Ok(Json(FaceChallengeOut::new(&challenge, now)))
}

/// Log in by the frames of a challenge; the answer sets the session cookie.
#[utoipa::path(post, path = "/api/login/face/{id}/frames", operation_id = "log_in_by_face", tag = "login", params(("id" = Uuid, Path)), request_body(content = Vec<u8>, content_type = "multipart/form-data"), responses(
    (status = 200, body = MeOut),
    (status = 401, description = "`login_failed`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`face_challenge_used`", body = Problem, content_type = "application/problem+json"),
    (status = 410, description = "`face_challenge_over`", body = Problem, content_type = "application/problem+json"),
    (status = 423, description = "`account_locked`", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "`face_postponed`", body = Problem, content_type = "application/problem+json"),
))]
async fn log_in_by_face(
    State(app): State<AppState>,
    ClientAddress(from): ClientAddress,
    headers: HeaderMap,
    jar: CookieJar,
    Place(id): Place<FaceCheckId>,
    frames: Frames,
) -> ApiResult<(CookieJar, Json<MeOut>)> {
    let now = app.clock.now();
    let challenge = app
        .db
        .write(async |txn| face::take(txn, id, None, now).await)
        .await?;
    let looked = match challenge.learner {
        None => pretend(&app, &challenge, frames).await.map(|()| None),
        Some(learner) => {
            let asked = Asked {
                id,
                learner,
                purpose: challenge.purpose,
                login: None,
                lesson: None,
                actions: &challenge.actions,
            };
            look(&app, asked, frames, now).await.map(Some)
        }
    };
    let check = match looked {
        Ok(looked) => looked.map(|looked| looked.check),
        Err(error) => {
            give_back(&app, id).await?;
            return Err(error);
        }
    };
    let token = LoginToken::from_random((app.random)());
    let ip = from.to_string();
    let attempt = Attempt {
        // A stranger's failures are counted by the question, which names nobody.
        login_name: &id.to_string(),
        password: "",
        token: &token,
        user_agent: user_agent(&headers),
        ip: &ip,
        now,
    };
    let (db, vault) = (&app.db, &app.keys.vault);
    match app
        .gate
        .log_in_by_face(db, vault, check.as_ref(), attempt)
        .await?
    {
        Outcome::Done(learner) => {
            let jar = jar.add(cookie(&app.settings, token.reveal()));
            Ok((jar, Json(MeOut::load(&app, learner).await?)))
        }
        Outcome::Failed => Err(ApiError::LoginFailed),
        Outcome::Locked { until } => Err(ApiError::locked(until, now)),
    }
}
