//! What a live session asks beside clicks: frames for a random check, and the code that starts a lesson where no
//! face does.

use axum::Json;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::UtoipaMethodRouterExt as _;
use utoipa_axum::routes;
use uuid::Uuid;
use zhipei_actions::login_session;
use zhipei_actions::sms_code::GivenCode;
use zhipei_api_types::Problem;
use zhipei_domain::{CodePurpose, FaceCheckId, FacePurpose, Phone, Rejection};
use zhipei_learning::{FaceAnswer, FaceRefusal};
use zhipei_storage::identities;

use crate::access::{Access, Routes};
use crate::body::{Body, Place};
use crate::caller::ClientAddress;
use crate::faces::{Asked, FRAMES_LIMIT, FaceVerdictOut, Frames, look};
use crate::sms_codes::{CodeSentOut, send_to};
use crate::{ApiError, ApiResult, AppState, Caller};

pub(super) fn router() -> Routes {
    let limit = DefaultBodyLimit::max(FRAMES_LIMIT);
    Routes::new()
        .add(Access::Learner, routes!(answer_face_check).layer(limit))
        .add(Access::Learner, routes!(send_start_code))
        .add(Access::Learner, routes!(confirm_start_code))
}

/// Send the frames of a random check that is on screen, as for a challenge. `nonce` is the prompt's; it is used up.
/// The verdict also comes over the session.
#[utoipa::path(post, path = "/api/learning/checks/{nonce}/frames", operation_id = "answer_face_check", tag = "learning", params(("nonce" = Uuid, Path)), request_body(content = Vec<u8>, content_type = "multipart/form-data"), responses(
    (status = 200, body = FaceVerdictOut),
    (status = 409, description = "`face_challenge_used`", body = Problem, content_type = "application/problem+json"),
    (status = 410, description = "`face_challenge_over`", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "`face_postponed`: nobody has failed, the check comes again", body = Problem, content_type = "application/problem+json"),
))]
async fn answer_face_check(
    State(app): State<AppState>,
    caller: Caller,
    Place(id): Place<FaceCheckId>,
    frames: Frames,
) -> ApiResult<Json<FaceVerdictOut>> {
    let (learner, now) = (caller.learner(), app.clock.now());
    let question = app
        .desk
        .take_face(learner, id)
        .map_err(|refusal| match refusal {
            FaceRefusal::NotAsked => ApiError::NotFound,
            FaceRefusal::Used => ApiError::Rejected(Rejection::FaceChallengeUsed),
            FaceRefusal::Over => ApiError::Rejected(Rejection::FaceChallengeOver),
        })?;
    let asked = Asked {
        id,
        learner,
        purpose: FacePurpose::RandomCheck,
        login: Some(caller.session.id),
        lesson: None,
        actions: &question.actions,
    };
    let (answer, told) = match look(&app, asked, frames, now).await {
        Ok(looked) => (
            FaceAnswer::Decided(Box::new(looked.check)),
            Ok(Json(looked.told)),
        ),
        // Whatever went wrong, it was not the learner.
        Err(error) => (FaceAnswer::Postponed, Err(error)),
    };
    app.desk.answer_face(learner, id, answer).await?;
    told
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StartCodeAsk {
    /// Of the picture that was read; needed after `captcha_required`.
    captcha_id: Option<Uuid>,
    /// What was read.
    #[schema(max_length = 16)]
    captcha: Option<String>,
}

/// Send a code to the learner's own phone, to start lessons with this login where no face does.
#[utoipa::path(post, path = "/api/learning/start-codes", operation_id = "send_start_code", tag = "learning", request_body = StartCodeAsk, responses(
    (status = 200, body = CodeSentOut),
    (status = 422, description = "`captcha_required`, `captcha_wrong`", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`too_many_codes`", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "`sms_unavailable`", body = Problem, content_type = "application/problem+json"),
))]
async fn send_start_code(
    State(app): State<AppState>,
    caller: Caller,
    from: ClientAddress,
    Body(input): Body<StartCodeAsk>,
) -> ApiResult<Json<CodeSentOut>> {
    let phone = phone(&app, &caller).await?;
    let captcha = input.captcha_id.zip(input.captcha);
    send_to(&app, CodePurpose::LessonStart, from, &phone, captcha).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StartCodeIn {
    ticket: Uuid,
    #[schema(max_length = 16)]
    code: String,
}

/// Give the code back: from here on this login starts lessons.
#[utoipa::path(post, path = "/api/learning/start-codes/confirm", operation_id = "confirm_start_code", tag = "learning", request_body = StartCodeIn, responses(
    (status = 204),
    (status = 422, description = "`code_wrong`", body = Problem, content_type = "application/problem+json"),
))]
async fn confirm_start_code(
    State(app): State<AppState>,
    caller: Caller,
    Body(input): Body<StartCodeIn>,
) -> ApiResult<StatusCode> {
    let (phone, now) = (phone(&app, &caller).await?, app.clock.now());
    let code = GivenCode {
        purpose: CodePurpose::LessonStart,
        phone: &phone,
        ticket: input.ticket,
        code: &input.code,
    };
    let vault = &app.keys.vault;
    let is_right = app
        .db
        .write(async |txn| login_session::prove(txn, vault, &caller.session, code, now).await)
        .await?;
    if is_right {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Rejection::CodeWrong.into())
    }
}

async fn phone(app: &AppState, caller: &Caller) -> ApiResult<Phone> {
    let (db, vault) = (app.db.read(), &app.keys.vault);
    let who = identities::get(db, &caller.scope(), vault, caller.learner()).await?;
    who.phone.ok_or(ApiError::SmsUnavailable)
}
