//! Consents: the texts, those that a learner gave, giving and withdrawing.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;
use zhipei_actions::consent;
use zhipei_api_types::{Moment, Page, Problem};
use zhipei_domain::ConsentPurpose;
use zhipei_storage::consents;

use crate::access::{Access, Routes};
use crate::body::{Body, Place};
use crate::registrations::ConsentIn;
use crate::{ApiError, ApiResult, AppState, Caller};

pub(crate) fn router() -> Routes {
    Routes::new()
        .add(Access::Public, routes!(list_consent_texts))
        .add(Access::Learner, routes!(list_consents))
        .add(Access::Learner, routes!(give_consent))
        .add(Access::Learner, routes!(withdraw_consent))
}

#[derive(Serialize, ToSchema)]
struct ConsentTextOut {
    purpose: String,
    version: u32,
    title: String,
    /// Plain paragraphs.
    body: String,
    /// Nobody registers without it, and it is withdrawn with the account.
    required: bool,
    /// It is asked before a face is taken, not when somebody registers.
    about_faces: bool,
}

/// The texts that hold now, one for each purpose.
#[utoipa::path(get, path = "/api/consent-texts", operation_id = "list_consent_texts", tag = "consents", responses((status = 200, body = Page<ConsentTextOut>)))]
async fn list_consent_texts() -> Json<Page<ConsentTextOut>> {
    let items = ConsentPurpose::ALL.map(|purpose| {
        let text = purpose.text();
        ConsentTextOut {
            purpose: purpose.as_str().to_owned(),
            version: text.version,
            title: text.title.to_owned(),
            body: text.body.to_owned(),
            required: purpose.required(),
            about_faces: purpose.is_about_faces(),
        }
    });
    Json(Page::whole(items.into()))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ConsentOut {
    purpose: String,
    version: u32,
    /// SHA-256 of the text.
    text_hash: String,
    given_at: Moment,
    #[schema(required)]
    withdrawn_at: Option<Moment>,
    /// It holds, for the text that holds now.
    live: bool,
}

impl From<zhipei_domain::Consent> for ConsentOut {
    fn from(consent: zhipei_domain::Consent) -> Self {
        Self {
            live: consent.is_live(),
            purpose: consent.purpose.as_str().to_owned(),
            version: consent.version,
            text_hash: consent.text_hash,
            given_at: Moment(consent.given_at),
            withdrawn_at: consent.withdrawn_at.map(Moment),
        }
    }
}

/// All that the learner ever gave, oldest first.
#[utoipa::path(get, path = "/api/me/consents", operation_id = "list_consents", tag = "consents", responses((status = 200, body = Page<ConsentOut>)))]
async fn list_consents(
    State(app): State<AppState>,
    caller: Caller,
) -> ApiResult<Json<Page<ConsentOut>>> {
    let given = consents::of_learner(app.db.read(), &caller.scope(), caller.learner()).await?;
    let items = given.into_iter().map(ConsentOut::from).collect();
    Ok(Json(Page::whole(items)))
}

/// Give a consent to a text that was shown.
#[utoipa::path(post, path = "/api/me/consents", operation_id = "give_consent", tag = "consents", request_body = ConsentIn, responses(
    (status = 204),
    (status = 422, description = "`consent_outdated`", body = Problem, content_type = "application/problem+json"),
))]
async fn give_consent(
    State(app): State<AppState>,
    caller: Caller,
    Body(input): Body<ConsentIn>,
) -> ApiResult<StatusCode> {
    let invalid = || ApiError::Invalid(Some("purpose".to_owned()));
    let purpose = ConsentPurpose::parse(&input.purpose).ok_or_else(invalid)?;
    let (learner, now) = (caller.learner(), app.clock.now());
    app.db
        .write(async |txn| consent::give(txn, learner, purpose, input.version, now).await)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Withdraw a consent. As easy as giving it, save for those without which there is no account.
#[utoipa::path(post, path = "/api/me/consents/{purpose}/withdraw", operation_id = "withdraw_consent", tag = "consents", params(("purpose" = String, Path)), responses(
    (status = 204),
    (status = 409, description = "`consent_needed`: close the account instead", body = Problem, content_type = "application/problem+json"),
))]
async fn withdraw_consent(
    State(app): State<AppState>,
    caller: Caller,
    Place(purpose): Place<String>,
) -> ApiResult<StatusCode> {
    let purpose = ConsentPurpose::parse(&purpose).ok_or(ApiError::NotFound)?;
    let (learner, now) = (caller.learner(), app.clock.now());
    app.db
        .write(async |txn| consent::withdraw(txn, learner, purpose, now).await)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
