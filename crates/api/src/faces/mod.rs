//! Faces: enrolling one, the check before a lesson, logging in by it, and who vouches for it.

mod login;
mod look;
mod staff;

use axum::Json;
use axum::extract::{DefaultBodyLimit, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::UtoipaMethodRouterExt as _;
use utoipa_axum::routes;
use uuid::Uuid;
use zhipei_actions::face::{self, FaceAsked, FaceRequest};
use zhipei_actions::login::Outcome;
use zhipei_api_types::{Moment, Problem};
use zhipei_domain::{
    Actor, FACE_FRAMES, FaceChallenge, FaceCheckId, FaceOutcome, FacePurpose, FaceStanding,
    LessonId, Rejection,
};
use zhipei_face::{ID_CARD_SIMILARITY, Limits, QualityLimits};
use zhipei_storage::faces;

use crate::access::{Access, Routes};
use crate::body::{Body, Place};
use crate::{ApiError, ApiResult, AppState, Caller};

pub(crate) use look::{Asked, FRAMES_LIMIT, FaceVerdictOut, Frames, look};

pub(crate) fn router() -> Routes {
    let limit = || DefaultBodyLimit::max(FRAMES_LIMIT);
    Routes::new()
        .add(Access::Learner, routes!(get_my_face))
        .add(Access::Learner, routes!(create_face_challenge))
        .add(
            Access::Learner,
            routes!(answer_face_challenge).layer(limit()),
        )
        .add(Access::Learner, routes!(get_face_hint).layer(limit()))
        .add(Access::Learner, routes!(match_id_card).layer(limit()))
        .merge(login::router())
        .merge(staff::router())
}

#[derive(Serialize, ToSchema)]
struct FaceOut {
    /// This installation compares faces.
    available: bool,
    /// It also looks for prints and screens.
    anti_spoofing: bool,
    #[schema(required)]
    enrolled: Option<EnrolledFaceOut>,
    /// After too many failures the face waits until then.
    #[schema(required)]
    paused_until: Option<Moment>,
}

#[derive(Serialize, ToSchema)]
struct EnrolledFaceOut {
    standing: FaceStandingOut,
    enrolled_at: Moment,
    #[schema(required)]
    bound_at: Option<Moment>,
    /// By the model that compares now; if not, it is to be taken again.
    current: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum FaceStandingOut {
    Provisional,
    IdCard,
    Institution,
}

impl From<FaceStanding> for FaceStandingOut {
    fn from(standing: FaceStanding) -> Self {
        match standing {
            FaceStanding::Provisional => Self::Provisional,
            FaceStanding::IdCard => Self::IdCard,
            FaceStanding::Institution => Self::Institution,
        }
    }
}

/// What there is of the learner's face.
#[utoipa::path(get, path = "/api/me/face", operation_id = "get_my_face", tag = "faces", responses((status = 200, body = FaceOut)))]
async fn get_my_face(State(app): State<AppState>, caller: Caller) -> ApiResult<Json<FaceOut>> {
    face_out(&app, &caller).await
}

async fn face_out(app: &AppState, caller: &Caller) -> ApiResult<Json<FaceOut>> {
    let (learner, now) = (caller.learner(), app.clock.now());
    let enrolled = faces::get(app.db.read(), &caller.scope(), learner).await?;
    let paused_until = face::paused(app.db.read(), learner, now).await?;
    let versions = app.faces.as_ref().map(|engine| engine.versions());
    Ok(Json(FaceOut {
        available: versions.is_some(),
        anti_spoofing: versions.is_some_and(|versions| versions.spoof.is_some()),
        enrolled: enrolled.map(|face| EnrolledFaceOut {
            current: versions.is_some_and(|v| v.embedder.to_string() == face.model),
            standing: face.standing.into(),
            enrolled_at: Moment(face.enrolled_at),
            bound_at: face.bound_at.map(Moment),
        }),
        paused_until: paused_until.map(Moment),
    }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FaceChallengeIn {
    purpose: FacePurposeIn,
    /// The lesson that is to start.
    lesson: Option<Uuid>,
    /// To take the place of a face that is enrolled.
    #[schema(max_length = 512)]
    password: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum FacePurposeIn {
    Enrolment,
    LessonStart,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct FaceChallengeOut {
    id: Uuid,
    /// What to do, in order: `blink`, `open_mouth`, `turn_left`, `turn_right`. The first frame comes before.
    actions: Vec<String>,
    /// Frames at most.
    frames: usize,
    expires_in_ms: i64,
}

impl FaceChallengeOut {
    fn new(challenge: &FaceChallenge, now: i64) -> Self {
        let actions = challenge.actions.iter();
        Self {
            id: challenge.id.0,
            actions: actions.map(|a| a.as_str().to_owned()).collect(),
            frames: FACE_FRAMES,
            expires_in_ms: challenge.expires_at - now,
        }
    }
}

/// Ask what to do before the camera. Good once, for a minute.
#[utoipa::path(post, path = "/api/face/challenges", operation_id = "create_face_challenge", tag = "faces", request_body = FaceChallengeIn, responses(
    (status = 200, body = FaceChallengeOut),
    (status = 409, description = "`face_consent_needed`, `face_not_enrolled`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`password_needed`", body = Problem, content_type = "application/problem+json"),
    (status = 423, description = "`face_paused`, `account_locked`", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "`face_unavailable`", body = Problem, content_type = "application/problem+json"),
))]
async fn create_face_challenge(
    State(app): State<AppState>,
    caller: Caller,
    Body(input): Body<FaceChallengeIn>,
) -> ApiResult<Json<FaceChallengeOut>> {
    look::engine(&app)?;
    let (learner, now) = (caller.learner(), app.clock.now());
    let (purpose, lesson) = match input.purpose {
        FacePurposeIn::Enrolment => {
            let enrolled = faces::get(app.db.read(), &caller.scope(), learner).await?;
            if enrolled.is_some() {
                confirm_password(&app, &caller, input.password.as_deref()).await?;
            }
            (FacePurpose::Enrolment, None)
        }
        FacePurposeIn::LessonStart => {
            let missing = || ApiError::Invalid(Some("lesson".to_owned()));
            let lesson = input.lesson.ok_or_else(missing)?;
            (FacePurpose::LessonStart, Some(LessonId(lesson)))
        }
    };
    let request = FaceRequest {
        learner,
        purpose,
        login: caller.session.id,
        lesson,
    };
    let random = [(app.random)(), (app.random)()];
    let asked = app
        .db
        .write(async |txn| face::ask(txn, request, random, now).await)
        .await?;
    match asked {
        FaceAsked::Asked(challenge) => Ok(Json(FaceChallengeOut::new(&challenge, now))),
        FaceAsked::Paused { until } => Err(ApiError::FacePaused {
            left_ms: until - now,
        }),
    }
}

/// Another face in place of the enrolled one needs the password again. Source: ASVS 5.0, 7.5.1.
async fn confirm_password(
    app: &AppState,
    caller: &Caller,
    password: Option<&str>,
) -> ApiResult<()> {
    let now = app.clock.now();
    let password = password.ok_or(ApiError::PasswordNeeded)?;
    let (db, learner) = (&app.db, caller.learner());
    match app
        .gate
        .confirm_password(db, learner, password, now)
        .await?
    {
        Outcome::Done(()) => Ok(()),
        Outcome::Failed => Err(ApiError::LoginFailed),
        Outcome::Locked { until } => Err(ApiError::locked(until, now)),
    }
}

/// Send the frames of a challenge: a form with 1 to 8 parts named `frame`, JPEG, PNG or WebP of at most one
/// megabyte, the first taken before anything was asked. It is used up by them.
#[utoipa::path(post, path = "/api/face/challenges/{id}/frames", operation_id = "answer_face_challenge", tag = "faces", params(("id" = Uuid, Path)), request_body(content = Vec<u8>, content_type = "multipart/form-data"), responses(
    (status = 200, body = FaceVerdictOut),
    (status = 409, description = "`face_challenge_used`, `face_not_enrolled`, `face_consent_needed`", body = Problem, content_type = "application/problem+json"),
    (status = 410, description = "`face_challenge_over`", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "`face_postponed`: nobody has failed, and the challenge stands", body = Problem, content_type = "application/problem+json"),
))]
async fn answer_face_challenge(
    State(app): State<AppState>,
    caller: Caller,
    Place(id): Place<FaceCheckId>,
    frames: Frames,
) -> ApiResult<Json<FaceVerdictOut>> {
    let (learner, now) = (caller.learner(), app.clock.now());
    let login = Some(caller.session.id);
    let challenge = app
        .db
        .write(async |txn| face::take(txn, id, login, now).await)
        .await?;
    let asked = Asked {
        id,
        learner,
        purpose: challenge.purpose,
        login,
        lesson: challenge.lesson,
        actions: &challenge.actions,
    };
    let neutral = frames.0[0].clone();
    let looked = match look(&app, asked, frames, now).await {
        Ok(looked) => looked,
        Err(error) => {
            give_back(&app, id).await?;
            return Err(error);
        }
    };
    if challenge.purpose != FacePurpose::Enrolment || looked.check.outcome != FaceOutcome::Passed {
        keep(&app, &looked.check).await?;
        return Ok(Json(looked.told));
    }
    let portrait = match look::portrait(&app, learner, neutral, QualityLimits::CAMERA).await {
        Ok(portrait) => portrait,
        Err(error) => {
            give_back(&app, id).await?;
            return Err(error);
        }
    };
    enrol(&app, looked, portrait).await
}

async fn enrol(
    app: &AppState,
    mut looked: look::Looked,
    portrait: Result<zhipei_face::Template, look::FailureOut>,
) -> ApiResult<Json<FaceVerdictOut>> {
    let template = match portrait {
        Ok(template) => template,
        Err(failure) => {
            looked.refuse(failure);
            keep(app, &looked.check).await?;
            return Ok(Json(looked.told));
        }
    };
    let (model, kept) = (template.model().to_string(), look::stored(&template));
    let check = &looked.check;
    app.db
        .write(async |txn| {
            face::decide(txn, &app.keys.vault, check, None).await?;
            face::enrol(txn, &app.keys, check, &model, &kept).await
        })
        .await?;
    Ok(Json(looked.told))
}

async fn keep(app: &AppState, check: &zhipei_domain::FaceCheck) -> ApiResult<()> {
    app.db
        .write(async |txn| face::decide(txn, &app.keys.vault, check, None).await)
        .await?;
    Ok(())
}

async fn give_back(app: &AppState, id: FaceCheckId) -> ApiResult<()> {
    app.db
        .write(async |txn| face::give_back(txn, id).await)
        .await?;
    Ok(())
}

#[derive(Serialize, ToSchema)]
struct FaceHintOut {
    /// As `come_closer`; none: hold on, this is good.
    #[schema(required)]
    code: Option<String>,
    /// What to do.
    #[schema(required)]
    words: Option<String>,
    /// Left, top, width and height of the face, as shares of the picture.
    #[schema(required)]
    face: Option<[f32; 4]>,
}

/// How a frame of the camera could be better, while the learner finds the place. Nothing of it is kept.
#[utoipa::path(post, path = "/api/face/hints", operation_id = "get_face_hint", tag = "faces", request_body(content = Vec<u8>, content_type = "multipart/form-data"), responses(
    (status = 200, body = FaceHintOut),
    (status = 409, description = "`face_consent_needed`", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "`face_postponed`", body = Problem, content_type = "application/problem+json"),
))]
async fn get_face_hint(
    State(app): State<AppState>,
    caller: Caller,
    frames: Frames,
) -> ApiResult<Json<FaceHintOut>> {
    let learner = caller.learner();
    if !face::agreed(app.db.read(), learner).await? {
        return Err(Rejection::FaceConsentNeeded.into());
    }
    let frame = look::only(frames, &Limits::FRAME)?;
    let hint = look::engine(&app)?.hint(look::caller(learner), frame, QualityLimits::CAMERA);
    let hint = hint.await.map_err(look::of_engine)?.value;
    Ok(Json(FaceHintOut {
        code: hint.advice.map(|advice| advice.code().to_owned()),
        words: hint.advice.map(|advice| advice.words().to_owned()),
        face: hint.face,
    }))
}

/// Hold the photograph side of the ID card against the enrolled face. Nothing of it is kept.
#[utoipa::path(post, path = "/api/me/face/id-card", operation_id = "match_id_card", tag = "faces", request_body(content = Vec<u8>, content_type = "multipart/form-data"), responses(
    (status = 200, body = FaceOut),
    (status = 409, description = "`face_not_enrolled`, `face_consent_needed`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`id_card_mismatch`", body = Problem, content_type = "application/problem+json"),
    (status = 423, description = "`face_paused`", body = Problem, content_type = "application/problem+json"),
))]
async fn match_id_card(
    State(app): State<AppState>,
    caller: Caller,
    frames: Frames,
) -> ApiResult<Json<FaceOut>> {
    let (learner, now) = (caller.learner(), app.clock.now());
    if !face::agreed(app.db.read(), learner).await? {
        return Err(Rejection::FaceConsentNeeded.into());
    }
    if let Some(until) = face::paused(app.db.read(), learner, now).await? {
        let left_ms = until - now;
        return Err(ApiError::FacePaused { left_ms });
    }
    let enrolled = look::template(&app, learner).await?;
    let photograph = look::only(frames, &Limits::PHOTOGRAPH)?;
    let portrait = look::portrait(&app, learner, photograph, QualityLimits::PHOTOGRAPH).await?;
    let alike = portrait
        .ok()
        .and_then(|card| enrolled.similarity(&card).ok());
    if alike.is_none_or(|alike| alike < ID_CARD_SIMILARITY) {
        return Err(Rejection::IdCardMismatch.into());
    }
    let (by, scope) = (Actor::Learner(learner), caller.scope());
    app.db
        .write(async |txn| {
            let standing = FaceStanding::IdCard;
            face::bind(txn, &app.keys, &by, &scope, now, learner, standing).await
        })
        .await?;
    face_out(&app, &caller).await
}
