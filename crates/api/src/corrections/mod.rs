//! Corrections of name, document and phone: asked for by learners, decided by reviewers of their scope.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;
use zhipei_actions::correction::{self, Decision, Wanted};
use zhipei_actions::look;
use zhipei_actions::sms_code::{self, GivenCode};
use zhipei_api_types::{Moment, Page, Problem};
use zhipei_domain::{
    CodePurpose, Correction, CorrectionField, CorrectionId, DocumentKind, IdDocument, Permission,
    PersonName, Phone, Rejection,
};
use zhipei_storage::corrections;

use crate::access::{Access, Allowed, Routes, rights};
use crate::body::{Ask, Body, Place, ReasonIn};
use crate::supervision::cut;
use crate::{ApiError, ApiResult, AppState, Caller};

pub(crate) fn router() -> Routes {
    let review = Access::Needs(Permission::ReviewCorrections);
    Routes::new()
        .add(Access::Learner, routes!(list_own_corrections))
        .add(Access::Learner, routes!(ask_correction))
        .add(Access::Public, routes!(report_lost_phone))
        .add(review, routes!(list_corrections))
        .add(review, routes!(get_correction))
        .add(review, routes!(comment_on_correction))
        .add(review, routes!(approve_correction))
        .add(review, routes!(refuse_correction))
}

/// Items of one answer at most.
const MOST: u64 = 100;

#[derive(Serialize, ToSchema)]
pub(crate) struct CorrectionOut {
    id: Uuid,
    /// `name`, `document` or `phone`.
    field: String,
    /// `pending`, `approved` or `refused`.
    state: String,
    /// The reviewer's, for the learner to read.
    #[schema(required)]
    reason: Option<String>,
    created_at: Moment,
    #[schema(required)]
    decided_at: Option<Moment>,
    /// It is approved, and is done then unless the holder of the current phone logs in before.
    #[schema(required)]
    takes_effect_at: Option<Moment>,
}

impl From<Correction> for CorrectionOut {
    fn from(correction: Correction) -> Self {
        Self {
            id: correction.id.0,
            field: correction.field.as_str().to_owned(),
            state: correction.state.as_str().to_owned(),
            reason: correction.reason,
            created_at: Moment(correction.created_at),
            decided_at: correction.decided_at.map(Moment),
            takes_effect_at: correction.takes_effect_at.map(Moment),
        }
    }
}

/// The learner's own, the newest first.
#[utoipa::path(get, path = "/api/me/corrections", operation_id = "list_own_corrections", tag = "corrections", responses((status = 200, body = Page<CorrectionOut>)))]
async fn list_own_corrections(
    State(app): State<AppState>,
    caller: Caller,
) -> ApiResult<Json<Page<CorrectionOut>>> {
    let (db, scope) = (app.db.read(), caller.scope());
    let found = corrections::of_learner(db, &scope, caller.learner()).await?;
    let items = found.into_iter().map(CorrectionOut::from).collect();
    Ok(Json(Page::whole(items)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CorrectionIn {
    /// `name` or `document`; a phone is changed by a code.
    field: String,
    /// What is to stand there.
    #[schema(max_length = 64)]
    value: String,
    /// As in `/api/document-kinds`; for a document.
    document_kind: Option<String>,
    /// Why, and what shows it: 5 to 1,000 characters.
    #[schema(min_length = 5, max_length = 1000)]
    evidence: String,
}

/// Ask for a correction of one's own name or document.
#[utoipa::path(post, path = "/api/me/corrections", operation_id = "ask_correction", tag = "corrections", request_body = CorrectionIn, responses(
    (status = 201, body = CorrectionOut),
    (status = 409, description = "`correction_pending`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`name_invalid`, `document_invalid`, `evidence_invalid`", body = Problem, content_type = "application/problem+json"),
))]
async fn ask_correction(
    State(app): State<AppState>,
    caller: Caller,
    Body(input): Body<CorrectionIn>,
) -> ApiResult<(StatusCode, Json<CorrectionOut>)> {
    let invalid = |field: &str| ApiError::Invalid(Some(field.to_owned()));
    let wanted = match CorrectionField::parse(&input.field) {
        Some(CorrectionField::Name) => {
            Wanted::Name(PersonName::parse(&input.value).map_err(Rejection::from)?)
        }
        Some(CorrectionField::Document) => {
            let kind = input.document_kind.as_deref().and_then(DocumentKind::parse);
            let kind = kind.ok_or_else(|| invalid("document_kind"))?;
            Wanted::Document(IdDocument::parse(kind, &input.value).map_err(Rejection::from)?)
        }
        Some(CorrectionField::Phone) | None => return Err(invalid("field")),
    };
    let (learner, now) = (caller.learner(), app.clock.now());
    let asked = app
        .db
        .write(async |txn| {
            correction::ask(txn, &app.keys, now, learner, &wanted, &input.evidence).await
        })
        .await?;
    app.errands.notify_one();
    Ok((StatusCode::CREATED, Json(asked.into())))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LostPhoneIn {
    #[schema(max_length = 64)]
    name: String,
    /// As in `/api/document-kinds`.
    document_kind: String,
    #[schema(max_length = 32)]
    document_number: String,
    /// The new one.
    #[schema(max_length = 32)]
    phone: String,
    ticket: Uuid,
    /// From the new phone.
    #[schema(max_length = 16)]
    code: String,
    /// Why, and what shows it: 5 to 1,000 characters.
    #[schema(min_length = 5, max_length = 1000)]
    evidence: String,
}

/// Report that the phone of an account is lost; a reviewer decides. Answered alike whether there is such an
/// account or not.
#[utoipa::path(post, path = "/api/lost-phones", operation_id = "report_lost_phone", tag = "corrections", request_body = LostPhoneIn, responses(
    (status = 202),
    (status = 422, description = "`code_wrong` and others, with the field", body = Problem, content_type = "application/problem+json"),
))]
async fn report_lost_phone(
    State(app): State<AppState>,
    Body(input): Body<LostPhoneIn>,
) -> ApiResult<StatusCode> {
    let invalid = || ApiError::Invalid(Some("document_kind".to_owned()));
    let kind = DocumentKind::parse(&input.document_kind).ok_or_else(invalid)?;
    let name = PersonName::parse(&input.name).map_err(Rejection::from)?;
    let document = IdDocument::parse(kind, &input.document_number).map_err(Rejection::from)?;
    let phone = Phone::parse(&input.phone).map_err(Rejection::from)?;
    let now = app.clock.now();
    let right = app
        .db
        .write(async |txn| {
            let given = GivenCode {
                purpose: CodePurpose::NewPhone,
                phone: &phone,
                ticket: input.ticket,
                code: &input.code,
            };
            if !sms_code::redeem(txn, &app.keys.vault, given, now).await? {
                return Ok(false);
            }
            let (keys, phone) = (&app.keys, phone.clone());
            let why = &input.evidence;
            correction::ask_after_loss(txn, keys, now, &name, &document, phone, why).await?;
            Ok::<_, zhipei_actions::Error>(true)
        })
        .await?;
    app.errands.notify_one();
    if right {
        Ok(StatusCode::ACCEPTED)
    } else {
        Err(ApiError::Rejected(Rejection::CodeWrong))
    }
}

#[derive(Serialize, ToSchema)]
struct ReviewOut {
    #[serde(flatten)]
    correction: CorrectionOut,
    learner: Uuid,
}

#[derive(Serialize, ToSchema)]
struct ReviewDetailOut {
    #[serde(flatten)]
    review: ReviewOut,
    /// In full: a reviewer holds it against the evidence. The look leaves a row.
    #[schema(required)]
    old_value: Option<String>,
    new_value: String,
    evidence: String,
    /// What the institution says to it.
    #[schema(required)]
    comment: Option<String>,
    /// Others that wait for the same field of the same learner: of phones there may be several, and at most one
    /// of them is right.
    others: Vec<Uuid>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CorrectionsAsk {
    /// The `next` of the part before.
    after: Option<Uuid>,
}

/// The corrections of the scope that wait, the oldest first.
#[utoipa::path(get, path = "/api/corrections", operation_id = "list_corrections", tag = "corrections", params(CorrectionsAsk), responses((status = 200, body = Page<ReviewOut>)))]
async fn list_corrections(
    State(app): State<AppState>,
    by: Allowed<rights::ReviewCorrections>,
    Ask(ask): Ask<CorrectionsAsk>,
) -> ApiResult<Json<Page<ReviewOut>>> {
    let after = ask.after.map(CorrectionId);
    let waiting = corrections::waiting(app.db.read(), &by.scope(), after, MOST + 1).await?;
    let items = waiting.into_iter().map(|correction| ReviewOut {
        learner: correction.learner.0,
        correction: correction.into(),
    });
    let page = cut(items.collect(), MOST, |review| review.correction.id);
    Ok(Json(page))
}

/// One correction, with what stands there, what is to stand there, and the evidence.
#[utoipa::path(get, path = "/api/corrections/{id}", operation_id = "get_correction", tag = "corrections", params(("id" = Uuid, Path)), responses((status = 200, body = ReviewDetailOut)))]
async fn get_correction(
    State(app): State<AppState>,
    by: Allowed<rights::ReviewCorrections>,
    Place(id): Place<CorrectionId>,
) -> ApiResult<Json<ReviewDetailOut>> {
    let now = app.clock.now();
    let (db, scope) = (app.db.read(), by.scope());
    let (correction, asked) = corrections::get(db, &scope, &app.keys.vault, id).await?;
    let learner = correction.learner;
    let undecided = corrections::undecided(db, &scope, learner, correction.field).await?;
    let others = undecided.into_iter().map(|(other, _)| other);
    app.db
        .write(async |txn| look::at_correction(txn, &by.actor(), learner, id, now).await)
        .await?;
    Ok(Json(ReviewDetailOut {
        review: ReviewOut {
            learner: learner.0,
            correction: correction.into(),
        },
        old_value: asked.old_value,
        new_value: asked.new_value,
        evidence: asked.evidence,
        comment: asked.comment,
        others: others.filter(|other| *other != id).map(|it| it.0).collect(),
    }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CommentIn {
    /// For who decides to read: 2 to 200 characters.
    #[schema(min_length = 2, max_length = 200)]
    comment: String,
}

/// Say something to a correction that waits: an institution knows the learner, and does not decide on a phone or
/// a document. A later one takes the place of an earlier.
#[utoipa::path(post, path = "/api/corrections/{id}/comment", operation_id = "comment_on_correction", tag = "corrections", params(("id" = Uuid, Path)), request_body = CommentIn, responses(
    (status = 204),
    (status = 409, description = "`correction_decided`", body = Problem, content_type = "application/problem+json"),
))]
async fn comment_on_correction(
    State(app): State<AppState>,
    by: Allowed<rights::ReviewCorrections>,
    Place(id): Place<CorrectionId>,
    Body(input): Body<CommentIn>,
) -> ApiResult<StatusCode> {
    let now = app.clock.now();
    let (actor, scope, said) = (by.actor(), by.scope(), &input.comment);
    app.db
        .write(async |txn| correction::comment(txn, &app.keys, &actor, &scope, now, id, said).await)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make the correction. A new phone takes effect after 24 hours.
#[utoipa::path(post, path = "/api/corrections/{id}/approve", operation_id = "approve_correction", tag = "corrections", params(("id" = Uuid, Path)), request_body = ReasonIn, responses(
    (status = 204),
    (status = 403, description = "`supervisor_needed`: a phone or a document is not the institution's to decide on", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`correction_decided`, `already_registered`", body = Problem, content_type = "application/problem+json"),
))]
async fn approve_correction(
    State(app): State<AppState>,
    by: Allowed<rights::ReviewCorrections>,
    Place(id): Place<CorrectionId>,
    Body(input): Body<ReasonIn>,
) -> ApiResult<StatusCode> {
    decide(&app, &by, id, true, &input.reason).await
}

/// Do not make it.
#[utoipa::path(post, path = "/api/corrections/{id}/refuse", operation_id = "refuse_correction", tag = "corrections", params(("id" = Uuid, Path)), request_body = ReasonIn, responses(
    (status = 204),
    (status = 403, description = "`supervisor_needed`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`correction_decided`", body = Problem, content_type = "application/problem+json"),
))]
async fn refuse_correction(
    State(app): State<AppState>,
    by: Allowed<rights::ReviewCorrections>,
    Place(id): Place<CorrectionId>,
    Body(input): Body<ReasonIn>,
) -> ApiResult<StatusCode> {
    decide(&app, &by, id, false, &input.reason).await
}

async fn decide(
    app: &AppState,
    by: &Allowed<rights::ReviewCorrections>,
    id: CorrectionId,
    approved: bool,
    reason: &str,
) -> ApiResult<StatusCode> {
    let now = app.clock.now();
    let decision = Decision {
        id,
        approved,
        reason,
    };
    let (actor, scope) = (by.actor(), by.scope());
    let decided = app
        .db
        .write(async |txn| correction::decide(txn, &app.keys, &actor, &scope, now, decision).await)
        .await?;
    if let Some(other) = decided.set_aside {
        app.desk.log_out(other, |_| true);
    }
    app.errands.notify_one();
    Ok(StatusCode::NO_CONTENT)
}
