//! The learner's own account.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use zhipei_actions::login::Outcome;
use zhipei_api_types::Problem;
use zhipei_domain::{IdDocument, Identity, IdentityLevel, Learner, Phone, Scope};
use zhipei_storage::{identities, learners};

use crate::access::{Access, Routes};
use crate::body::Body;
use crate::{ApiError, ApiResult, AppState, Caller};

pub(crate) fn router() -> Routes {
    Routes::new()
        .add(Access::Learner, routes!(get_me))
        .add(Access::Learner, routes!(change_password))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct MeOut {
    #[schema(value_type = uuid::Uuid)]
    id: String,
    name: String,
    login_name: String,
    identity_level: IdentityLevelOut,
    /// Who confirmed it.
    #[schema(required)]
    identity_source: Option<String>,
    /// As `138****5678`; none where the account was made without a phone.
    #[schema(required)]
    phone: Option<String>,
    /// As `110***********002X`.
    #[schema(required)]
    document_number: Option<String>,
    /// As 居民身份证.
    #[schema(required)]
    document_kind: Option<String>,
    /// Codes of the categories of trainees.
    categories: Vec<String>,
    /// Code of the region.
    region: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum IdentityLevelOut {
    Claimed,
    Confirmed,
}

impl MeOut {
    /// Opens who the learner is, for the learner.
    pub(crate) async fn load(app: &AppState, learner: Learner) -> ApiResult<Self> {
        let scope = Scope::Learner(learner.id);
        let identity = identities::get(app.db.read(), &scope, &app.keys.vault, learner.id).await?;
        Ok(Self::new(&learner, &identity))
    }

    fn new(learner: &Learner, identity: &Identity) -> Self {
        let (identity_level, identity_source) = match learner.identity_level {
            IdentityLevel::Claimed => (IdentityLevelOut::Claimed, None),
            IdentityLevel::Confirmed => {
                (IdentityLevelOut::Confirmed, Some("培训机构名单".to_owned()))
            }
        };
        Self {
            id: learner.id.to_string(),
            name: identity.name.as_str().to_owned(),
            login_name: learner.login_name.to_string(),
            identity_level,
            identity_source,
            phone: identity.phone.as_ref().map(Phone::masked),
            document_number: identity.document.as_ref().map(IdDocument::masked),
            document_kind: identity
                .document
                .as_ref()
                .map(|document| document.kind().word().to_owned()),
            categories: learner
                .categories
                .iter()
                .map(|category| category.code().to_owned())
                .collect(),
            region: learner.region.to_string(),
        }
    }
}

/// Who is logged in.
#[utoipa::path(get, path = "/api/me", operation_id = "get_me", tag = "me", responses((status = 200, body = MeOut)))]
async fn get_me(State(app): State<AppState>, caller: Caller) -> ApiResult<Json<MeOut>> {
    let learner = learners::get(app.db.read(), &caller.scope(), caller.learner()).await?;
    Ok(Json(MeOut::load(&app, learner).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordIn {
    current: String,
    /// At least 8 characters of any script, at most 128.
    #[schema(min_length = 8, max_length = 128)]
    new: String,
}

/// Set a new password; all other logins end.
#[utoipa::path(post, path = "/api/me/password", operation_id = "change_password", tag = "me", request_body = PasswordIn, responses(
    (status = 204),
    (status = 401, description = "`login_failed`: the current password is wrong", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`weak_password`", body = Problem, content_type = "application/problem+json"),
    (status = 423, description = "`account_locked`", body = Problem, content_type = "application/problem+json"),
))]
async fn change_password(
    State(app): State<AppState>,
    caller: Caller,
    Body(input): Body<PasswordIn>,
) -> ApiResult<StatusCode> {
    let now = app.clock.now();
    if input.current.len() > 512 {
        return Err(ApiError::Invalid(Some("current".to_owned())));
    }
    let outcome = app
        .gate
        .change_password(
            &app.db,
            caller.learner(),
            &caller.session,
            &input.current,
            &input.new,
            now,
        )
        .await?;
    match outcome {
        Outcome::Done(()) => {
            let this = caller.session.id;
            app.desk.log_out(caller.learner(), |login| login != this);
            Ok(StatusCode::NO_CONTENT)
        }
        Outcome::Failed => Err(ApiError::LoginFailed),
        Outcome::Locked { until } => Err(ApiError::locked(until, now)),
    }
}
