//! Time that a face froze: the learner's appeal, and a person's word.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;
use zhipei_actions::{frozen_time, look};
use zhipei_api_types::{Moment, Page, Problem};
use zhipei_domain::{ChallengeId, CreditScope, FrozenTime, LearnerId, Permission, Rejection};
use zhipei_storage::{frozen_times, identities};

use crate::access::{Access, Allowed, Routes, rights};
use crate::body::{Ask, Body, Place};
use crate::supervision::cut;
use crate::{ApiError, ApiResult, AppState, Caller};

pub(crate) fn router() -> Routes {
    let decide = Access::Needs(Permission::DecideFrozenTime);
    Routes::new()
        .add(Access::Learner, routes!(list_own_frozen_times))
        .add(Access::Learner, routes!(appeal_frozen_time))
        .add(decide, routes!(list_frozen_times))
        .add(decide, routes!(decide_frozen_time))
}

/// Items of one answer at most.
const MOST: u64 = 100;

#[derive(Serialize, ToSchema)]
struct FrozenTimeOut {
    id: Uuid,
    /// The class; none for free study.
    #[schema(required)]
    class_id: Option<Uuid>,
    ms: i64,
    frozen_at: Moment,
    appeal_until: Moment,
    #[schema(required)]
    appeal: Option<String>,
    #[schema(required)]
    appealed_at: Option<Moment>,
    /// It counts; none until somebody has decided.
    #[schema(required)]
    restored: Option<bool>,
    /// Why, in words for the learner.
    #[schema(required)]
    reason: Option<String>,
    #[schema(required)]
    decided_at: Option<Moment>,
}

impl FrozenTimeOut {
    fn new(time: &FrozenTime) -> Self {
        let (appeal, decision) = (time.appeal.as_ref(), time.decision.as_ref());
        Self {
            id: time.challenge.0,
            class_id: match time.credit_scope {
                CreditScope::Class(class) => Some(class.0),
                CreditScope::Platform => None,
            },
            ms: time.ms,
            frozen_at: Moment(time.frozen_at),
            appeal_until: Moment(time.appeal_until()),
            appeal: appeal.map(|appeal| appeal.reason.clone()),
            appealed_at: appeal.map(|appeal| Moment(appeal.at)),
            restored: decision.map(|decision| decision.restored),
            reason: decision.map(|decision| decision.reason.clone()),
            decided_at: decision.map(|decision| Moment(decision.at)),
        }
    }
}

/// The learner's own, the newest first.
#[utoipa::path(get, path = "/api/me/frozen-times", operation_id = "list_own_frozen_times", tag = "frozen_times", responses((status = 200, body = Page<FrozenTimeOut>)))]
async fn list_own_frozen_times(
    State(app): State<AppState>,
    caller: Caller,
) -> ApiResult<Json<Page<FrozenTimeOut>>> {
    let (db, scope) = (app.db.read(), caller.scope());
    let found = frozen_times::of_learner(db, &scope, &app.keys.vault, caller.learner()).await?;
    Ok(Json(Page::whole(
        found.iter().map(FrozenTimeOut::new).collect(),
    )))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AppealIn {
    /// 5 to 1,000 characters.
    #[schema(max_length = 1000)]
    reason: String,
}

/// Say why the time counts: once, within seven days.
#[utoipa::path(post, path = "/api/me/frozen-times/{id}/appeal", operation_id = "appeal_frozen_time", tag = "frozen_times", params(("id" = Uuid, Path)), request_body = AppealIn, responses(
    (status = 204),
    (status = 409, description = "`frozen_decided`, `appeal_over`", body = Problem, content_type = "application/problem+json"),
))]
async fn appeal_frozen_time(
    State(app): State<AppState>,
    caller: Caller,
    Place(id): Place<ChallengeId>,
    Body(input): Body<AppealIn>,
) -> ApiResult<StatusCode> {
    let (learner, now) = (caller.learner(), app.clock.now());
    let vault = &app.keys.vault;
    app.db
        .write(async |txn| frozen_time::appeal(txn, vault, learner, id, &input.reason, now).await)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize, ToSchema)]
struct ReviewedTimeOut {
    #[serde(flatten)]
    time: FrozenTimeOut,
    learner_id: Uuid,
    /// As `符**`.
    name: String,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FrozenAsk {
    /// The `next` of the part before.
    after: Option<Uuid>,
}

/// What waits for a word in the region, the oldest first.
#[utoipa::path(get, path = "/api/frozen-times", operation_id = "list_frozen_times", tag = "frozen_times", params(FrozenAsk), responses((status = 200, body = Page<ReviewedTimeOut>)))]
async fn list_frozen_times(
    State(app): State<AppState>,
    by: Allowed<rights::DecideFrozenTime>,
    Ask(ask): Ask<FrozenAsk>,
) -> ApiResult<Json<Page<ReviewedTimeOut>>> {
    let (db, scope, now) = (app.db.read(), by.scope(), app.clock.now());
    let after = ask.after.map(ChallengeId);
    let vault = &app.keys.vault;
    let found = frozen_times::undecided(db, &scope, vault, after, MOST + 1).await?;
    let ids = found.iter().map(|time| time.learner);
    let who = identities::many(db, &scope, vault, ids).await?;
    let items: Vec<_> = found
        .iter()
        .map(|time| ReviewedTimeOut {
            time: FrozenTimeOut::new(time),
            learner_id: time.learner.0,
            name: who
                .get(&time.learner)
                .map_or_else(String::new, |who| who.name.masked()),
        })
        .collect();
    let page = cut(items, MOST, |it| it.time.id);
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

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FrozenDecisionIn {
    /// It counts; else it is void.
    restore: bool,
    /// For the learner to read: 2 to 200 characters.
    #[schema(max_length = 200)]
    reason: String,
}

/// Decide on frozen time. In the learner's favour at any time, against it once the appeal was heard or its seven
/// days are over; the first word stands.
#[utoipa::path(post, path = "/api/frozen-times/{id}/decide", operation_id = "decide_frozen_time", tag = "frozen_times", params(("id" = Uuid, Path)), request_body = FrozenDecisionIn, responses(
    (status = 204),
    (status = 409, description = "`frozen_decided`, `appeal_awaited`", body = Problem, content_type = "application/problem+json"),
))]
async fn decide_frozen_time(
    State(app): State<AppState>,
    by: Allowed<rights::DecideFrozenTime>,
    Place(id): Place<ChallengeId>,
    Body(input): Body<FrozenDecisionIn>,
) -> ApiResult<StatusCode> {
    let word = frozen_time::Word {
        by: by.account.id,
        restore: input.restore,
        reason: &input.reason,
    };
    let (db, now) = (app.db.read(), app.clock.now());
    let (time, decided) =
        frozen_time::decide(db, &app.keys.vault, &by.scope(), id, word, now).await?;
    let done = app
        .desk
        .decide(time.learner, time.credit_scope, time.group, decided)
        .await;
    match done {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        // Somebody else was quicker.
        Err(zhipei_storage::Error::NotFound | zhipei_storage::Error::Stale) => {
            Err(ApiError::Rejected(Rejection::FrozenDecided))
        }
        Err(error) => Err(error.into()),
    }
}
