//! Joining a class: by invitation code, by roster, or by a request that the institution decides on.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;
use zhipei_actions::class_invitation::{self, Joined, NewInvitation};
use zhipei_actions::look;
use zhipei_api_types::{Moment, Page, Problem};
use zhipei_domain::{
    ClassId, ClassInvitation, IdDocument, InvitationId, JoinRequest, JoinRequestId, LearnerId,
    PLEDGE, PLEDGE_VERSION, Permission, Phone, RosterEntryId, Scope, TrainingClass,
};
use zhipei_storage::{
    class_invitations, enrolments, identities, institutions, rosters, training_classes,
};

use crate::access::{Access, Allowed, Routes, rights};
use crate::body::{Ask, Body, Place, ReasonIn};
use crate::caller::ClientAddress;
use crate::supervision::cut;
use crate::{ApiError, ApiResult, AppState, Caller};

pub(crate) fn router() -> Routes {
    let admit = Access::Needs(Permission::AdmitLearners);
    Routes::new()
        .add(Access::Public, routes!(get_pledge))
        .add(Access::Learner, routes!(get_class_invitation))
        .add(Access::Learner, routes!(join_by_code))
        .add(Access::Learner, routes!(list_roster_places))
        .add(Access::Learner, routes!(join_by_roster))
        .add(Access::Learner, routes!(list_own_join_requests))
        .add(admit, routes!(list_class_invitations))
        .add(admit, routes!(create_class_invitation))
        .add(admit, routes!(revoke_class_invitation))
        .add(admit, routes!(list_join_requests))
        .add(admit, routes!(approve_join_request))
        .add(admit, routes!(refuse_join_request))
}

#[derive(Serialize, ToSchema)]
struct PledgeOut {
    version: u32,
    /// Plain paragraphs.
    body: String,
}

/// The pledge (承诺书) that is signed by whoever joins a class.
#[utoipa::path(get, path = "/api/pledge", operation_id = "get_pledge", tag = "class_invitations", responses((status = 200, body = PledgeOut)))]
async fn get_pledge() -> Json<PledgeOut> {
    Json(PledgeOut {
        version: PLEDGE_VERSION,
        body: PLEDGE.to_owned(),
    })
}

#[derive(Serialize, ToSchema)]
struct JoinableClassOut {
    class_id: Uuid,
    title: String,
    code: String,
    institution: String,
    occupation: String,
    level: String,
    starts_on: String,
    ends_on: String,
}

async fn joinable(app: &AppState, class: TrainingClass) -> ApiResult<JoinableClassOut> {
    let institution = institutions::get(app.db.read(), class.institution).await?;
    Ok(JoinableClassOut {
        class_id: class.id.0,
        title: class.title.into_string(),
        code: class.code.into_string(),
        institution: institution.name.into_string(),
        occupation: class.occupation,
        level: class.level,
        starts_on: class.window.first().to_string(),
        ends_on: class.window.last().to_string(),
    })
}

#[derive(Serialize, ToSchema)]
struct InvitationViewOut {
    class: JoinableClassOut,
    /// The institution decides on each who comes.
    approval: bool,
}

/// What an invitation code opens. Wrong codes count like failed logins of the address.
#[utoipa::path(get, path = "/api/class-invitations/{code}", operation_id = "get_class_invitation", tag = "class_invitations", params(("code" = String, Path)), responses(
    (status = 200, body = InvitationViewOut),
    (status = 422, description = "`class_invitation_over`", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`too_many_attempts`", body = Problem, content_type = "application/problem+json"),
))]
async fn get_class_invitation(
    State(app): State<AppState>,
    _caller: Caller,
    from: ClientAddress,
    Place(code): Place<String>,
) -> ApiResult<Json<InvitationViewOut>> {
    let now = app.clock.now();
    let found = guarded(&app, &from, async || {
        let looked_up = app
            .db
            .snapshot(async |txn| class_invitation::look_up(txn, &code, now).await)
            .await;
        Ok(looked_up?)
    })
    .await?;
    let (invitation, class) = found;
    Ok(Json(InvitationViewOut {
        class: joinable(&app, class).await?,
        approval: invitation.approval,
    }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct JoinIn {
    /// Of the pledge that was shown and agreed to.
    pledge_version: u32,
}

#[derive(Serialize, ToSchema)]
struct JoinedOut {
    class_id: Uuid,
    /// `enrolled`, or `requested`: then the institution decides.
    state: String,
}

/// Join by an invitation code.
#[utoipa::path(post, path = "/api/class-invitations/{code}/join", operation_id = "join_by_code", tag = "class_invitations", params(("code" = String, Path)), request_body = JoinIn, responses(
    (status = 200, body = JoinedOut),
    (status = 409, description = "`already_enrolled`, `join_pending`, `class_over`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`class_invitation_over`, `pledge_required`", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`too_many_attempts`", body = Problem, content_type = "application/problem+json"),
))]
async fn join_by_code(
    State(app): State<AppState>,
    caller: Caller,
    from: ClientAddress,
    Place(code): Place<String>,
    Body(input): Body<JoinIn>,
) -> ApiResult<Json<JoinedOut>> {
    let (learner, now) = (caller.learner(), app.clock.now());
    let joined = guarded(&app, &from, async || {
        let (vault, pledge) = (&app.keys.vault, input.pledge_version);
        let joined = app
            .db
            .write(async |txn| {
                class_invitation::join_by_code(txn, vault, now, learner, &code, pledge).await
            })
            .await;
        Ok(joined?)
    })
    .await?;
    app.errands.notify_one();
    Ok(Json(match joined {
        Joined::Enrolled(enrolment) => JoinedOut {
            class_id: enrolment.class.0,
            state: "enrolled".to_owned(),
        },
        Joined::Requested(request) => JoinedOut {
            class_id: request.class.0,
            state: "requested".to_owned(),
        },
    }))
}

/// Codes are not guessed: what does not open counts for the address, apart from its logins.
async fn guarded<T>(
    app: &AppState,
    from: &ClientAddress,
    work: impl AsyncFnOnce() -> ApiResult<T>,
) -> ApiResult<T> {
    let now = app.clock.now();
    if let Some(until) = app.invitations().wait_until(from.0, now) {
        let left_ms = until - now;
        return Err(ApiError::TooManyAttempts { left_ms });
    }
    let done = work().await;
    let over = zhipei_domain::Rejection::ClassInvitationOver;
    if matches!(&done, Err(ApiError::Rejected(why)) if *why == over) {
        app.invitations().note(from.0, now);
    }
    done
}

#[derive(Serialize, ToSchema)]
struct RosterPlaceView {
    id: Uuid,
    class: JoinableClassOut,
}

/// Classes on whose rosters the learner was found, without those already joined.
#[utoipa::path(get, path = "/api/me/roster-places", operation_id = "list_roster_places", tag = "class_invitations", responses((status = 200, body = Page<RosterPlaceView>)))]
async fn list_roster_places(
    State(app): State<AppState>,
    caller: Caller,
) -> ApiResult<Json<Page<RosterPlaceView>>> {
    let (db, scope, learner) = (app.db.read(), caller.scope(), caller.learner());
    let joined = enrolments::of_learner(db, &scope, learner).await?;
    let mut items = Vec::new();
    for place in rosters::of_learner(db, &app.keys.vault, learner).await? {
        if joined.iter().any(|(_, class)| class.id == place.class) {
            continue;
        }
        let class = training_classes::get(db, place.class).await?;
        items.push(RosterPlaceView {
            id: place.id.0,
            class: joinable(&app, class).await?,
        });
    }
    Ok(Json(Page::whole(items)))
}

/// Join a class by its roster.
#[utoipa::path(post, path = "/api/me/roster-places/{id}/join", operation_id = "join_by_roster", tag = "class_invitations", params(("id" = Uuid, Path)), request_body = JoinIn, responses(
    (status = 200, body = JoinedOut),
    (status = 409, description = "`already_enrolled`, `class_over`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`pledge_required`", body = Problem, content_type = "application/problem+json"),
))]
async fn join_by_roster(
    State(app): State<AppState>,
    caller: Caller,
    Place(id): Place<RosterEntryId>,
    Body(input): Body<JoinIn>,
) -> ApiResult<Json<JoinedOut>> {
    let (learner, now) = (caller.learner(), app.clock.now());
    let (vault, pledge) = (&app.keys.vault, input.pledge_version);
    let enrolment = app
        .db
        .write(async |txn| {
            class_invitation::join_by_roster(txn, vault, now, learner, id, pledge).await
        })
        .await?;
    Ok(Json(JoinedOut {
        class_id: enrolment.class.0,
        state: "enrolled".to_owned(),
    }))
}

#[derive(Serialize, ToSchema)]
struct OwnJoinRequestOut {
    id: Uuid,
    class_id: Uuid,
    class_title: String,
    /// `pending`, `approved` or `refused`.
    state: String,
    #[schema(required)]
    reason: Option<String>,
    created_at: Moment,
    #[schema(required)]
    decided_at: Option<Moment>,
}

/// The learner's requests to join, the newest first.
#[utoipa::path(get, path = "/api/me/join-requests", operation_id = "list_own_join_requests", tag = "class_invitations", responses((status = 200, body = Page<OwnJoinRequestOut>)))]
async fn list_own_join_requests(
    State(app): State<AppState>,
    caller: Caller,
) -> ApiResult<Json<Page<OwnJoinRequestOut>>> {
    let (db, scope, learner) = (app.db.read(), caller.scope(), caller.learner());
    let mut items = Vec::new();
    for request in class_invitations::requests_of_learner(db, &scope, learner).await? {
        let class = training_classes::get(db, request.class).await?;
        items.push(OwnJoinRequestOut {
            id: request.id.0,
            class_id: request.class.0,
            class_title: class.title.into_string(),
            state: request.state.as_str().to_owned(),
            reason: request.reason,
            created_at: Moment(request.created_at),
            decided_at: request.decided_at.map(Moment),
        });
    }
    Ok(Json(Page::whole(items)))
}

#[derive(Serialize, ToSchema)]
struct ClassInvitationOut {
    id: Uuid,
    /// As `ABCDE-FGHJK`.
    code: String,
    approval: bool,
    expires_at: Moment,
    most_uses: u32,
    uses: u32,
    #[schema(required)]
    revoked_at: Option<Moment>,
    open: bool,
}

fn invitation_out(invitation: &ClassInvitation, now: i64) -> ClassInvitationOut {
    ClassInvitationOut {
        id: invitation.id.0,
        code: invitation.code.to_string(),
        approval: invitation.approval,
        expires_at: Moment(invitation.expires_at),
        most_uses: invitation.most_uses,
        uses: invitation.uses,
        revoked_at: invitation.revoked_at.map(Moment),
        open: invitation.is_open(now),
    }
}

/// The invitations of a class of the scope, the newest first.
#[utoipa::path(get, path = "/api/supervision/classes/{id}/invitations", operation_id = "list_class_invitations", tag = "class_invitations", params(("id" = Uuid, Path)), responses((status = 200, body = Page<ClassInvitationOut>)))]
async fn list_class_invitations(
    State(app): State<AppState>,
    by: Allowed<rights::AdmitLearners>,
    Place(id): Place<ClassId>,
) -> ApiResult<Json<Page<ClassInvitationOut>>> {
    let (db, now) = (app.db.read(), app.clock.now());
    training_classes::in_scope(db, &by.scope(), id).await?;
    let found = class_invitations::of_class(db, id).await?;
    let items = found.iter().map(|it| invitation_out(it, now)).collect();
    Ok(Json(Page::whole(items)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClassInvitationIn {
    /// The institution decides on each who comes.
    approval: bool,
    /// Good for so many days, 1 to 180.
    #[schema(minimum = 1, maximum = 180)]
    days: i64,
    /// For so many learners, 1 to 2,000.
    #[schema(minimum = 1, maximum = 2000)]
    most_uses: u32,
}

/// Make an invitation to a class of the scope.
#[utoipa::path(post, path = "/api/supervision/classes/{id}/invitations", operation_id = "create_class_invitation", tag = "class_invitations", params(("id" = Uuid, Path)), request_body = ClassInvitationIn, responses(
    (status = 201, body = ClassInvitationOut),
    (status = 409, description = "`invitation_limits`", body = Problem, content_type = "application/problem+json"),
))]
async fn create_class_invitation(
    State(app): State<AppState>,
    by: Allowed<rights::AdmitLearners>,
    Place(id): Place<ClassId>,
    Body(input): Body<ClassInvitationIn>,
) -> ApiResult<(StatusCode, Json<ClassInvitationOut>)> {
    let now = app.clock.now();
    training_classes::in_scope(app.db.read(), &by.scope(), id).await?;
    let new = NewInvitation {
        class: id,
        approval: input.approval,
        expires_at: now + input.days.clamp(0, 10_000) * 86_400_000,
        most_uses: input.most_uses,
    };
    let vault = &app.keys.vault;
    let made = app
        .db
        .write(async |txn| class_invitation::create(txn, vault, &by.actor(), now, new).await)
        .await?;
    Ok((StatusCode::CREATED, Json(invitation_out(&made, now))))
}

/// Call an invitation off.
#[utoipa::path(post, path = "/api/supervision/classes/{id}/invitations/{invitation}/revoke", operation_id = "revoke_class_invitation", tag = "class_invitations", params(("id" = Uuid, Path), ("invitation" = Uuid, Path)), responses((status = 204)))]
async fn revoke_class_invitation(
    State(app): State<AppState>,
    by: Allowed<rights::AdmitLearners>,
    Place((id, invitation)): Place<(ClassId, InvitationId)>,
) -> ApiResult<StatusCode> {
    let (db, now) = (app.db.read(), app.clock.now());
    training_classes::in_scope(db, &by.scope(), id).await?;
    // Through its class: one of another class is not found.
    let mut own = class_invitations::of_class(db, id).await?.into_iter();
    if !own.any(|it| it.id == invitation) {
        return Err(ApiError::NotFound);
    }
    app.db
        .write(async |txn| class_invitation::revoke(txn, &by.actor(), now, invitation).await)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Items of one answer at most.
const MOST: u64 = 100;

#[derive(Serialize, ToSchema)]
struct JoinRequestOut {
    id: Uuid,
    learner: Uuid,
    /// As `符**`.
    name: String,
    /// As `138****5678`.
    #[schema(required)]
    phone: Option<String>,
    /// As `110***********002X`.
    #[schema(required)]
    document_number: Option<String>,
    created_at: Moment,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct JoinRequestsAsk {
    /// The `next` of the part before.
    after: Option<Uuid>,
}

/// Who asks for a place in a class of the scope, the oldest first.
#[utoipa::path(get, path = "/api/supervision/classes/{id}/join-requests", operation_id = "list_join_requests", tag = "class_invitations", params(("id" = Uuid, Path), JoinRequestsAsk), responses((status = 200, body = Page<JoinRequestOut>)))]
async fn list_join_requests(
    State(app): State<AppState>,
    by: Allowed<rights::AdmitLearners>,
    Place(id): Place<ClassId>,
    Ask(ask): Ask<JoinRequestsAsk>,
) -> ApiResult<Json<Page<JoinRequestOut>>> {
    let (db, now) = (app.db.read(), app.clock.now());
    training_classes::in_scope(db, &by.scope(), id).await?;
    let after = ask.after.map(JoinRequestId);
    let waiting = class_invitations::waiting(db, id, after, MOST + 1).await?;
    // Who asks shows themselves to the institution, and is in nobody's scope yet.
    let asking = waiting.iter().map(|request| request.learner);
    let who = identities::many(db, &Scope::Platform, &app.keys.vault, asking).await?;
    let items = waiting.into_iter().filter_map(|request| {
        let who = who.get(&request.learner)?;
        Some(JoinRequestOut {
            id: request.id.0,
            learner: request.learner.0,
            name: who.name.masked(),
            phone: who.phone.as_ref().map(Phone::masked),
            document_number: who.document.as_ref().map(IdDocument::masked),
            created_at: Moment(request.created_at),
        })
    });
    let page = cut(items.collect(), MOST, |request: &JoinRequestOut| request.id);
    let shown: Vec<_> = page.items.iter().map(|it| LearnerId(it.learner)).collect();
    app.db
        .write(async |txn| look::at_learners(txn, &by.actor(), &shown, now).await)
        .await?;
    Ok(Json(page))
}

/// Give who asks a place.
#[utoipa::path(post, path = "/api/join-requests/{id}/approve", operation_id = "approve_join_request", tag = "class_invitations", params(("id" = Uuid, Path)), responses(
    (status = 204),
    (status = 409, description = "`join_decided`, `already_enrolled`", body = Problem, content_type = "application/problem+json"),
))]
async fn approve_join_request(
    State(app): State<AppState>,
    by: Allowed<rights::AdmitLearners>,
    Place(id): Place<JoinRequestId>,
) -> ApiResult<StatusCode> {
    decide(&app, &by, id, None).await
}

/// Refuse a place.
#[utoipa::path(post, path = "/api/join-requests/{id}/refuse", operation_id = "refuse_join_request", tag = "class_invitations", params(("id" = Uuid, Path)), request_body = ReasonIn, responses(
    (status = 204),
    (status = 409, description = "`join_decided`", body = Problem, content_type = "application/problem+json"),
))]
async fn refuse_join_request(
    State(app): State<AppState>,
    by: Allowed<rights::AdmitLearners>,
    Place(id): Place<JoinRequestId>,
    Body(input): Body<ReasonIn>,
) -> ApiResult<StatusCode> {
    decide(&app, &by, id, Some(&input.reason)).await
}

async fn decide(
    app: &AppState,
    by: &Allowed<rights::AdmitLearners>,
    id: JoinRequestId,
    refusal: Option<&str>,
) -> ApiResult<StatusCode> {
    let (db, now) = (app.db.read(), app.clock.now());
    let request: JoinRequest = class_invitations::request(db, id).await?;
    training_classes::in_scope(db, &by.scope(), request.class).await?;
    let (actor, vault) = (by.actor(), &app.keys.vault);
    app.db
        .write(async |txn| class_invitation::decide(txn, vault, &actor, now, id, refusal).await)
        .await?;
    app.errands.notify_one();
    Ok(StatusCode::NO_CONTENT)
}
