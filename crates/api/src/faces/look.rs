//! Frames in, a decision out: between the request and the crate that looks.

use axum::extract::multipart::Multipart;
use axum::extract::{FromRequest, Request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;
use zhipei_domain::{
    FACE_FRAMES, FaceAction, FaceChallenge, FaceCheck, FaceCheckId, FaceOutcome, FacePurpose,
    FramePrint, LearnerId, LessonId, LoginSessionId, Rejection, UnixMs, is_replayed,
};
use zhipei_face::{
    Action, CallerKey, Check, Engine, Error, Limits, QualityLimits, Template, Thresholds,
};
use zhipei_storage::faces;

use crate::{ApiError, ApiResult, AppState};

/// All parts of one request together: eight frames of one megabyte, and their heads.
pub(crate) const FRAMES_LIMIT: usize = FACE_FRAMES * 1_000_000 + 16 * 1024;

/// 1 to 8 pictures of a form, named `frame`, in their order. Kept in memory only, and wiped.
pub(crate) struct Frames(pub(crate) Vec<Zeroizing<Vec<u8>>>);

impl FromRequest<AppState> for Frames {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, ApiError> {
        let invalid = || ApiError::Invalid(Some("frame".to_owned()));
        let mut form = Multipart::from_request(request, app)
            .await
            .map_err(|_| invalid())?;
        let mut frames = Vec::new();
        while let Some(part) = form.next_field().await.map_err(|e| of_form(&e))? {
            if part.name() != Some("frame") || frames.len() == FACE_FRAMES {
                return Err(invalid());
            }
            let bytes = part.bytes().await.map_err(|e| of_form(&e))?;
            frames.push(Zeroizing::new(bytes.to_vec()));
        }
        if frames.is_empty() {
            return Err(invalid());
        }
        Ok(Self(frames))
    }
}

fn of_form(error: &axum::extract::multipart::MultipartError) -> ApiError {
    if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        ApiError::TooLarge
    } else {
        ApiError::Invalid(Some("frame".to_owned()))
    }
}

/// What frames were sent for.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) id: FaceCheckId,
    pub(crate) learner: LearnerId,
    pub(crate) purpose: FacePurpose,
    pub(crate) login: Option<LoginSessionId>,
    pub(crate) lesson: Option<LessonId>,
    pub(crate) actions: &'a [FaceAction],
}

/// How the learner is told that it ended. Scores never leave the server.
#[derive(Serialize, ToSchema)]
pub(crate) struct FaceVerdictOut {
    passed: bool,
    /// Why not.
    failures: Vec<FailureOut>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct FailureOut {
    /// As `come_closer`.
    code: String,
    /// What to do.
    words: String,
}

impl FailureOut {
    pub(crate) fn new(code: &str, words: &str) -> Self {
        Self {
            code: code.to_owned(),
            words: words.to_owned(),
        }
    }
}

/// A decision, and how it is told.
pub(crate) struct Looked {
    pub(crate) check: FaceCheck,
    pub(crate) told: FaceVerdictOut,
}

impl Looked {
    /// What passed does not do after all.
    pub(crate) fn refuse(&mut self, failure: FailureOut) {
        self.check.outcome = FaceOutcome::Failed;
        self.check.failures.push(failure.code.clone());
        self.told.passed = false;
        self.told.failures.push(failure);
    }
}

/// Looks at frames that came for a question. [`ApiError::FacePostponed`] is no decision.
pub(crate) async fn look(
    app: &AppState,
    asked: Asked<'_>,
    Frames(frames): Frames,
    now: UnixMs,
) -> ApiResult<Looked> {
    let engine = engine(app)?;
    let reference = match asked.purpose {
        FacePurpose::Enrolment => None,
        _ => Some(template(app, asked.learner).await?),
    };
    let check = Check {
        frames,
        asked: asked.actions.iter().map(|action| of(*action)).collect(),
        reference,
        thresholds: match asked.purpose {
            FacePurpose::Login | FacePurpose::Enrolment => Thresholds::login(),
            FacePurpose::LessonStart | FacePurpose::RandomCheck => Thresholds::random_check(),
        },
    };
    let verdict = match engine.check(caller(asked.learner), check).await {
        Ok(done) => done.value,
        Err(Error::Picture { reason, .. }) => {
            let failure = FailureOut::new(reason.code(), reason.words());
            return Ok(decided(
                asked,
                now,
                FaceOutcome::Failed,
                vec![failure],
                "{}",
                vec![],
            ));
        }
        Err(error) => return Err(of_engine(error)),
    };
    let prints: Vec<FramePrint> = verdict
        .frames
        .iter()
        .map(|frame| FramePrint {
            sha256: frame.hash.sha256,
            perceptual: frame.hash.perceptual,
        })
        .collect();
    let known = faces::frames(app.db.read(), asked.learner).await?;
    let mut failures: Vec<FailureOut> = verdict
        .failures
        .iter()
        .map(|failure| FailureOut::new(failure.code(), failure.words()))
        .collect();
    let replayed = is_replayed(&prints, &known);
    if replayed {
        failures.push(FailureOut::new(
            "replayed",
            "核验未通过，请本人面对摄像头重试",
        ));
    }
    let outcome = FaceOutcome::of(verdict.passed(), verdict.mismatched(), replayed);
    let evidence = serde_json::to_string(&verdict).expect("a verdict is numbers and names");
    Ok(decided(asked, now, outcome, failures, &evidence, prints))
}

/// Looks at the frames of a stranger with the same care, and forgets them: that there is no account must not show
/// in the time it takes.
pub(crate) async fn pretend(
    app: &AppState,
    challenge: &FaceChallenge,
    Frames(frames): Frames,
) -> ApiResult<()> {
    let check = Check {
        frames,
        asked: challenge.actions.iter().map(|action| of(*action)).collect(),
        reference: None,
        thresholds: Thresholds::login(),
    };
    let caller = CallerKey(challenge.id.0.as_u128());
    match engine(app)?.check(caller, check).await {
        Ok(_) | Err(Error::Picture { .. }) => Ok(()),
        Err(error) => Err(of_engine(error)),
    }
}

fn decided(
    asked: Asked<'_>,
    now: UnixMs,
    outcome: FaceOutcome,
    failures: Vec<FailureOut>,
    evidence: &str,
    frames: Vec<FramePrint>,
) -> Looked {
    let mut codes: Vec<String> = failures
        .iter()
        .map(|failure| failure.code.clone())
        .collect();
    codes.dedup();
    Looked {
        check: FaceCheck {
            id: asked.id,
            learner: asked.learner,
            purpose: asked.purpose,
            login: asked.login,
            lesson: asked.lesson,
            at: now,
            outcome,
            failures: codes,
            evidence: evidence.to_owned(),
            frames,
        },
        told: FaceVerdictOut {
            passed: outcome == FaceOutcome::Passed,
            failures: told(failures),
        },
    }
}

/// Each sentence once.
fn told(failures: Vec<FailureOut>) -> Vec<FailureOut> {
    let mut seen = std::collections::HashSet::new();
    failures
        .into_iter()
        .filter(|failure| seen.insert(failure.words.clone()))
        .collect()
}

/// What a photograph of one person comes to: its template, or what to do better.
pub(crate) async fn portrait(
    app: &AppState,
    learner: LearnerId,
    photograph: Zeroizing<Vec<u8>>,
    limits: QualityLimits,
) -> ApiResult<Result<Template, FailureOut>> {
    let answer = engine(app)?.portrait(caller(learner), photograph, limits);
    let portrait = match answer.await {
        Ok(done) => done.value,
        Err(Error::Picture { reason, .. }) => {
            return Ok(Err(FailureOut::new(reason.code(), reason.words())));
        }
        Err(error) => return Err(of_engine(error)),
    };
    Ok(match (portrait.template, portrait.advice) {
        (Some(template), None) => Ok(template),
        (_, Some(advice)) => Err(FailureOut::new(advice.code(), advice.words())),
        (None, None) => Err(FailureOut::new("nobody_seen", "没有看到人脸")),
    })
}

/// The learner's template, by the model that compares now; one of an older model is as good as none.
pub(crate) async fn template(app: &AppState, learner: LearnerId) -> ApiResult<Template> {
    let missing = || ApiError::Rejected(Rejection::FaceNotEnrolled);
    let kept = faces::template(app.db.read(), &app.keys.vault, learner).await?;
    let kept = kept.ok_or_else(missing)?;
    let corrupt = || ApiError::Internal("a stored template does not parse".into());
    let bytes = Zeroizing::new(STANDARD.decode(kept.as_bytes()).map_err(|_| corrupt())?);
    let template = Template::from_bytes(&bytes).map_err(|_| corrupt())?;
    if *template.model() != engine(app)?.versions().embedder {
        return Err(missing());
    }
    Ok(template)
}

/// The stored form of a template.
pub(crate) fn stored(template: &Template) -> Zeroizing<String> {
    Zeroizing::new(STANDARD.encode(template.to_bytes().as_slice()))
}

pub(crate) fn engine(app: &AppState) -> ApiResult<&Engine> {
    app.faces.as_deref().ok_or(ApiError::FaceUnavailable)
}

pub(crate) fn caller(learner: LearnerId) -> CallerKey {
    CallerKey(learner.0.as_u128())
}

pub(crate) fn of_engine(error: Error) -> ApiError {
    match error {
        Error::Postponed { retry_after, .. } => ApiError::FacePostponed {
            left_ms: retry_after.as_millis() as i64,
        },
        Error::Picture { .. } => ApiError::Invalid(Some("frame".to_owned())),
        Error::Incomparable(_) => ApiError::Rejected(Rejection::FaceNotEnrolled),
        error => ApiError::Internal(error.into()),
    }
}

fn of(action: FaceAction) -> Action {
    match action {
        FaceAction::Blink => Action::Blink,
        FaceAction::OpenMouth => Action::OpenMouth,
        FaceAction::TurnLeft => Action::TurnLeft,
        FaceAction::TurnRight => Action::TurnRight,
    }
}

/// One frame, for hints and photographs.
pub(crate) fn only(Frames(mut frames): Frames, limit: &Limits) -> ApiResult<Zeroizing<Vec<u8>>> {
    let invalid = || ApiError::Invalid(Some("frame".to_owned()));
    let frame = frames.pop().ok_or_else(invalid)?;
    if !frames.is_empty() || frame.len() > limit.bytes {
        return Err(invalid());
    }
    Ok(frame)
}
