//! What supervisors and institutions see of the learners and classes of their scope. Every look at a
//! learner leaves a row in the audit trail.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;
use zhipei_actions::look;
use zhipei_actions::reveal::{self, Revealed};
use zhipei_api_types::{Moment, Page, Problem};
use zhipei_domain::{
    ClassId, EnrolmentState, IdDocument, Identity, Learner, LearnerId, LoginName, Permission,
    Phone, RegionCode, RegionTree, TrainingClass,
};
use zhipei_storage::learners::LearnerFilter;
use zhipei_storage::{enrolments, identities, institutions, learners, regions, training_classes};

use crate::access::{Access, Allowed, Routes, rights};
use crate::body::{Ask, Body, Place};
use crate::hours::{HoursOut, hours_of};
use crate::{ApiError, ApiResult, AppState};

pub(crate) fn router() -> Routes {
    let sees_learners = Access::Needs(Permission::SuperviseLearners);
    Routes::new()
        .add(
            Access::Needs(Permission::SuperviseClasses),
            routes!(list_supervised_classes),
        )
        .add(sees_learners, routes!(list_supervised_learners))
        .add(sees_learners, routes!(get_supervised_learner))
        .add(sees_learners, routes!(list_supervised_hours))
        .add(
            Access::Needs(Permission::RevealLearners),
            routes!(reveal_supervised_learner),
        )
}

/// Items of one answer at most.
const MOST: u64 = 100;

#[derive(Serialize, ToSchema)]
struct SupervisedClassOut {
    id: Uuid,
    code: String,
    title: String,
    institution: String,
    filing_number: String,
    occupation: String,
    level: String,
    region: String,
    region_name: String,
    starts_on: String,
    ends_on: String,
    required_ms: i64,
    /// Learners who have a place in it, whether in the scope or not.
    learners: u64,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ClassesAsk {
    /// The `next` of the part before.
    after: Option<Uuid>,
}

/// The classes that are filed in the region, or that the institution runs; the newest first.
#[utoipa::path(get, path = "/api/supervision/classes", operation_id = "list_supervised_classes", tag = "supervision", params(ClassesAsk), responses((status = 200, body = Page<SupervisedClassOut>)))]
async fn list_supervised_classes(
    State(app): State<AppState>,
    by: Allowed<rights::SuperviseClasses>,
    Ask(ask): Ask<ClassesAsk>,
) -> ApiResult<Json<Page<SupervisedClassOut>>> {
    let db = app.db.read();
    let after = ask.after.map(ClassId);
    let classes = training_classes::list(db, &by.scope(), after, MOST + 1).await?;
    let tree = regions::tree(db).await?;
    let counts = enrolments::count_by_class(db, classes.iter().map(|class| class.id)).await?;
    let mut items = Vec::new();
    for class in classes {
        let institution = institutions::get(db, class.institution).await?;
        let learners = counts.get(&class.id).copied().unwrap_or(0);
        items.push(class_out(
            class,
            institution.name.into_string(),
            &tree,
            learners,
        ));
    }
    Ok(Json(cut(items, MOST, |class| class.id)))
}

fn class_out(
    class: TrainingClass,
    institution: String,
    tree: &RegionTree,
    learners: u64,
) -> SupervisedClassOut {
    SupervisedClassOut {
        id: class.id.0,
        code: class.code.into_string(),
        title: class.title.into_string(),
        institution,
        filing_number: class.filing_number,
        occupation: class.occupation,
        level: class.level,
        region_name: name(tree, &class.region),
        region: class.region.to_string(),
        starts_on: class.window.first().to_string(),
        ends_on: class.window.last().to_string(),
        required_ms: class.required_ms,
        learners,
    }
}

#[derive(Serialize, ToSchema)]
struct SupervisedLearnerOut {
    id: Uuid,
    login_name: String,
    /// As `符**`; empty once the learner was erased.
    name: String,
    /// As `138****5678`.
    #[schema(required)]
    phone: Option<String>,
    /// As `110***********002X`.
    #[schema(required)]
    document_number: Option<String>,
    /// `claimed` or `confirmed`.
    identity_level: String,
    region: String,
    region_name: String,
    created_at: Moment,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LearnersAsk {
    /// Only who has a place in this class.
    class: Option<Uuid>,
    /// Only who logs in with exactly this name.
    login_name: Option<String>,
    /// The `next` of the part before.
    after: Option<Uuid>,
}

/// The learners of the region or institution, the newest first.
#[utoipa::path(get, path = "/api/supervision/learners", operation_id = "list_supervised_learners", tag = "supervision", params(LearnersAsk), responses((status = 200, body = Page<SupervisedLearnerOut>)))]
async fn list_supervised_learners(
    State(app): State<AppState>,
    by: Allowed<rights::SuperviseLearners>,
    Ask(ask): Ask<LearnersAsk>,
) -> ApiResult<Json<Page<SupervisedLearnerOut>>> {
    let now = app.clock.now();
    let login_name = match ask.login_name.as_deref().map(LoginName::parse) {
        // Nobody is called so.
        Some(Err(_)) => return Ok(Json(Page::whole(Vec::new()))),
        Some(Ok(name)) => Some(name),
        None => None,
    };
    let filter = LearnerFilter {
        class: ask.class.map(ClassId),
        login_name,
        after: ask.after.map(LearnerId),
    };
    let found = learners::page(app.db.read(), &by.scope(), &filter, MOST + 1).await?;
    let tree = regions::tree(app.db.read()).await?;
    let ids = found.iter().map(|learner| learner.id);
    let who = identities::many(app.db.read(), &by.scope(), &app.keys.vault, ids).await?;
    let items: Vec<_> = found
        .into_iter()
        .map(|learner| learner_out(&learner, who.get(&learner.id), &tree))
        .collect();
    let page = cut(items, MOST, |learner| learner.id);
    let shown: Vec<_> = page.items.iter().map(|it| LearnerId(it.id)).collect();
    app.db
        .write(async |txn| look::at_learners(txn, &by.actor(), &shown, now).await)
        .await?;
    Ok(Json(page))
}

fn learner_out(
    learner: &Learner,
    who: Option<&Identity>,
    tree: &RegionTree,
) -> SupervisedLearnerOut {
    SupervisedLearnerOut {
        id: learner.id.0,
        login_name: learner.login_name.to_string(),
        name: who.map_or_else(String::new, |who| who.name.masked()),
        phone: who.and_then(|who| who.phone.as_ref().map(Phone::masked)),
        document_number: who.and_then(|who| who.document.as_ref().map(IdDocument::masked)),
        identity_level: learner.identity_level.as_str().to_owned(),
        region_name: name(tree, &learner.region),
        region: learner.region.to_string(),
        created_at: Moment(learner.created_at),
    }
}

#[derive(Serialize, ToSchema)]
struct SupervisedLearnerDetailOut {
    #[serde(flatten)]
    learner: SupervisedLearnerOut,
    /// The classes of the learner that are in the scope.
    classes: Vec<SupervisedEnrolmentOut>,
}

#[derive(Serialize, ToSchema)]
struct SupervisedEnrolmentOut {
    class_id: Uuid,
    code: String,
    title: String,
    /// `active`, `completed` or `withdrawn`.
    state: String,
    enrolled_at: Moment,
}

/// One learner of the scope.
#[utoipa::path(get, path = "/api/supervision/learners/{id}", operation_id = "get_supervised_learner", tag = "supervision", params(("id" = Uuid, Path)), responses((status = 200, body = SupervisedLearnerDetailOut)))]
async fn get_supervised_learner(
    State(app): State<AppState>,
    by: Allowed<rights::SuperviseLearners>,
    Place(id): Place<LearnerId>,
) -> ApiResult<Json<SupervisedLearnerDetailOut>> {
    let (db, now) = (app.db.read(), app.clock.now());
    let learner = learners::get(db, &by.scope(), id).await?;
    let places = enrolments::of_learner(db, &by.scope(), id).await?;
    let who = identities::many(db, &by.scope(), &app.keys.vault, [id]).await?;
    let tree = regions::tree(db).await?;
    app.db
        .write(async |txn| look::at_learner(txn, &by.actor(), id, now).await)
        .await?;
    let classes = places
        .into_iter()
        .map(|(enrolment, class)| SupervisedEnrolmentOut {
            class_id: class.id.0,
            code: class.code.into_string(),
            title: class.title.into_string(),
            state: match enrolment.state {
                EnrolmentState::Active => "active",
                EnrolmentState::Completed { .. } => "completed",
                EnrolmentState::Withdrawn => "withdrawn",
            }
            .to_owned(),
            enrolled_at: Moment(enrolment.created_at),
        });
    Ok(Json(SupervisedLearnerDetailOut {
        classes: classes.collect(),
        learner: learner_out(&learner, who.get(&id), &tree),
    }))
}

/// The hours of a learner of the scope in one class.
#[utoipa::path(get, path = "/api/supervision/learners/{id}/classes/{class_id}/hours", operation_id = "list_supervised_hours", tag = "supervision", params(("id" = Uuid, Path), ("class_id" = Uuid, Path)), responses((status = 200, body = HoursOut)))]
async fn list_supervised_hours(
    State(app): State<AppState>,
    by: Allowed<rights::SuperviseLearners>,
    Place((id, class)): Place<(LearnerId, ClassId)>,
) -> ApiResult<Json<HoursOut>> {
    let now = app.clock.now();
    let hours = hours_of(&app, &by.scope(), id, class).await?;
    app.db
        .write(async |txn| look::at_hours(txn, &by.actor(), id, now).await)
        .await?;
    Ok(Json(hours))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RevealIn {
    /// Why, 2 to 200 characters; it is kept.
    #[schema(min_length = 2, max_length = 200)]
    reason: String,
}

#[derive(Serialize, ToSchema)]
struct RevealedLearnerOut {
    name: String,
    #[schema(required)]
    phone: Option<String>,
    /// As `resident_id`.
    #[schema(required)]
    document_kind: Option<String>,
    #[schema(required)]
    document_number: Option<String>,
}

/// Show name, document and phone of a learner of the scope without masks, at most 200 times in 24 hours.
#[utoipa::path(post, path = "/api/supervision/learners/{id}/reveal", operation_id = "reveal_supervised_learner", tag = "supervision", params(("id" = Uuid, Path)), request_body = RevealIn, responses(
    (status = 200, body = RevealedLearnerOut),
    (status = 422, description = "`reason_invalid`", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`too_many_reveals`", body = Problem, content_type = "application/problem+json"),
))]
async fn reveal_supervised_learner(
    State(app): State<AppState>,
    by: Allowed<rights::RevealLearners>,
    Place(id): Place<LearnerId>,
    Body(input): Body<RevealIn>,
) -> ApiResult<Json<RevealedLearnerOut>> {
    let now = app.clock.now();
    let (vault, scope) = (&app.keys.vault, by.scope());
    let by = (by.account.id, &scope);
    let shown = app
        .db
        .write(async |txn| reveal::reveal(txn, vault, by, id, &input.reason, now).await)
        .await?;
    match shown {
        Revealed::Learner(who) => Ok(Json(who.into())),
        Revealed::TooMany { until } => Err(ApiError::TooManyReveals {
            left_ms: until - now,
        }),
    }
}

impl From<Identity> for RevealedLearnerOut {
    fn from(who: Identity) -> Self {
        let document = who.document.as_ref();
        Self {
            name: who.name.as_str().to_owned(),
            phone: who.phone.as_ref().map(|phone| phone.as_str().to_owned()),
            document_kind: document.map(|it| it.kind().as_str().to_owned()),
            document_number: document.map(|it| it.number().to_owned()),
        }
    }
}

/// What fits in one answer; the last item of it says where the next part begins.
pub(crate) fn cut<T>(mut items: Vec<T>, most: u64, id: impl Fn(&T) -> Uuid) -> Page<T> {
    let more = items.len() as u64 > most;
    items.truncate(most as usize);
    let next = items
        .last()
        .filter(|_| more)
        .map(|item| id(item).to_string());
    Page { items, next }
}

fn name(tree: &RegionTree, code: &RegionCode) -> String {
    tree.get(code)
        .map_or_else(String::new, |region| region.name.clone())
}
