//! For staff: who vouches for a face, and how face verification is doing.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;
use zhipei_actions::{face, look};
use zhipei_api_types::{Moment, Page, Problem};
use zhipei_domain::{FACES_TO_FILE, FaceOutcome, FaceStanding, IdDocument, LearnerId, Permission};
use zhipei_storage::{faces, identities};

use crate::access::{Access, Allowed, Routes, rights};
use crate::body::{Ask, Place};
use crate::supervision::cut;
use crate::{ApiResult, AppState};

pub(super) fn router() -> Routes {
    let bind = Access::Needs(Permission::BindFaces);
    let state = Access::Needs(Permission::SeeFaceState);
    Routes::new()
        .add(bind, routes!(list_provisional_faces))
        .add(bind, routes!(bind_face))
        .add(state, routes!(get_face_state))
}

/// Items of one answer at most.
const MOST: u64 = 100;
/// The state looks back so far.
const DAY_MS: i64 = 86_400_000;

#[derive(Serialize, ToSchema)]
struct ProvisionalFaceOut {
    learner_id: Uuid,
    /// As `符**`.
    name: String,
    /// As `110***********002X`.
    #[schema(required)]
    document_number: Option<String>,
    enrolled_at: Moment,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FacesAsk {
    /// The `next` of the part before.
    after: Option<Uuid>,
}

/// Learners of the institution whose enrolled face nobody has vouched for.
#[utoipa::path(get, path = "/api/faces", operation_id = "list_provisional_faces", tag = "faces", params(FacesAsk), responses((status = 200, body = Page<ProvisionalFaceOut>)))]
async fn list_provisional_faces(
    State(app): State<AppState>,
    by: Allowed<rights::BindFaces>,
    Ask(ask): Ask<FacesAsk>,
) -> ApiResult<Json<Page<ProvisionalFaceOut>>> {
    let (db, scope, now) = (app.db.read(), by.scope(), app.clock.now());
    let after = ask.after.map(LearnerId);
    let found = faces::provisional(db, &scope, after, MOST + 1).await?;
    let ids = found.iter().map(|face| face.learner);
    let who = identities::many(db, &scope, &app.keys.vault, ids).await?;
    let items: Vec<_> = found
        .into_iter()
        .filter_map(|face| {
            let who = who.get(&face.learner)?;
            Some(ProvisionalFaceOut {
                learner_id: face.learner.0,
                name: who.name.masked(),
                document_number: who.document.as_ref().map(IdDocument::masked),
                enrolled_at: Moment(face.enrolled_at),
            })
        })
        .collect();
    let page = cut(items, MOST, |face| face.learner_id);
    let shown: Vec<_> = page
        .items
        .iter()
        .map(|it| LearnerId(it.learner_id))
        .collect();
    app.db
        .write(async |txn| look::at_learners(txn, &by.actor(), &shown, now).await)
        .await?;
    Ok(Json(page))
}

/// Vouch that the enrolled face is that of the person, whom one has seen with their ID card.
#[utoipa::path(post, path = "/api/faces/{learner_id}/bind", operation_id = "bind_face", tag = "faces", params(("learner_id" = Uuid, Path)), responses(
    (status = 204),
    (status = 409, description = "`face_not_enrolled`", body = Problem, content_type = "application/problem+json"),
))]
async fn bind_face(
    State(app): State<AppState>,
    by: Allowed<rights::BindFaces>,
    Place(learner): Place<LearnerId>,
) -> ApiResult<StatusCode> {
    let (scope, now) = (by.scope(), app.clock.now());
    app.db
        .write(async |txn| {
            let standing = FaceStanding::Institution;
            face::bind(txn, &app.keys, &by.actor(), &scope, now, learner, standing).await
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize, ToSchema)]
struct FaceStateOut {
    /// This installation compares faces.
    available: bool,
    /// It also looks for prints and screens. Without it that one signal is missing.
    anti_spoofing: bool,
    /// What it works with.
    models: Vec<String>,
    workers: usize,
    working: usize,
    waiting: usize,
    /// Since the start of this node.
    done: u64,
    /// Put off because too many came, since the start of this node.
    postponed: u64,
    /// Broken off by a defect, since the start of this node.
    broken: u64,
    /// Persons of whom a template is kept.
    stored_faces: u64,
    /// From so many on the operator files with the provincial authority within 30 working days.
    filing_from: u64,
    /// How looks ended in the last 24 hours.
    last_day: Vec<FaceOutcomesOut>,
}

#[derive(Default, Serialize, ToSchema)]
struct FaceOutcomesOut {
    /// `enrolment`, `login`, `lesson_start` or `random_check`.
    purpose: String,
    passed: u64,
    failed: u64,
    mismatch: u64,
}

/// How face verification is doing.
#[utoipa::path(get, path = "/api/face/state", operation_id = "get_face_state", tag = "faces", responses((status = 200, body = FaceStateOut)))]
async fn get_face_state(
    State(app): State<AppState>,
    _by: Allowed<rights::SeeFaceState>,
) -> ApiResult<Json<FaceStateOut>> {
    let (db, now) = (app.db.read(), app.clock.now());
    let mut last_day: Vec<FaceOutcomesOut> = Vec::new();
    for (purpose, outcome, count) in faces::outcomes_since(db, now - DAY_MS).await? {
        let purpose = purpose.as_str();
        let known = last_day.iter().position(|row| row.purpose == purpose);
        let at = known.unwrap_or_else(|| {
            last_day.push(FaceOutcomesOut {
                purpose: purpose.to_owned(),
                ..FaceOutcomesOut::default()
            });
            last_day.len() - 1
        });
        let row = &mut last_day[at];
        *match outcome {
            FaceOutcome::Passed => &mut row.passed,
            FaceOutcome::Failed => &mut row.failed,
            FaceOutcome::Mismatch => &mut row.mismatch,
        } = count;
    }
    let stored_faces = faces::count(db).await?;
    let engine = app.faces.as_deref();
    let state = engine.map(zhipei_face::Engine::state);
    let versions = engine.map(zhipei_face::Engine::versions);
    let models = versions.into_iter().flat_map(|v| {
        let pair = v.spoof.iter().flatten();
        [&v.detector, &v.embedder, &v.landmarks, &v.blendshapes]
            .into_iter()
            .chain(pair)
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    });
    Ok(Json(FaceStateOut {
        available: engine.is_some(),
        anti_spoofing: versions.is_some_and(|versions| versions.spoof.is_some()),
        models: models.collect(),
        workers: state.map_or(0, |state| state.workers),
        working: state.map_or(0, |state| state.working),
        waiting: state.map_or(0, |state| state.waiting),
        done: state.map_or(0, |state| state.done),
        postponed: state.map_or(0, |state| state.postponed),
        broken: state.map_or(0, |state| state.broken),
        stored_faces,
        filing_from: FACES_TO_FILE,
        last_day,
    }))
}
