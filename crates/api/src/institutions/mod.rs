//! Institutions, for the forms of staff that name one: by part of the name, within the scope.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;
use zhipei_api_types::Page;
use zhipei_domain::{Institution, InstitutionId, Permission};
use zhipei_storage::institutions::{self, InstitutionFilter};

use crate::access::{Access, Allowed, Routes, rights};
use crate::body::Ask;
use crate::supervision::cut;
use crate::{ApiError, ApiResult, AppState};

pub(crate) fn router() -> Routes {
    Routes::new().add(
        Access::Needs(Permission::ListInstitutions),
        routes!(list_institutions),
    )
}

/// Items of one answer at most.
const MOST: u64 = 50;
/// No name is longer.
const LONGEST: usize = 100;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct InstitutionsAsk {
    /// Part of the name.
    #[param(max_length = 100)]
    name: Option<String>,
    /// Only this one.
    id: Option<Uuid>,
    /// The `next` of the part before.
    after: Option<Uuid>,
}

#[derive(Serialize, ToSchema)]
struct InstitutionOut {
    id: Uuid,
    name: String,
    /// Where it is registered.
    region: String,
}

/// Institutions of the scope, the newest first: those registered in the region or running a class filed there,
/// or the own one.
#[utoipa::path(get, path = "/api/institutions", operation_id = "list_institutions", tag = "institutions", params(InstitutionsAsk), responses((status = 200, body = Page<InstitutionOut>)))]
async fn list_institutions(
    State(app): State<AppState>,
    by: Allowed<rights::ListInstitutions>,
    Ask(ask): Ask<InstitutionsAsk>,
) -> ApiResult<Json<Page<InstitutionOut>>> {
    let name = ask.name.unwrap_or_default().trim().to_owned();
    if name.chars().count() > LONGEST {
        return Err(ApiError::Invalid(Some("name".to_owned())));
    }
    let filter = InstitutionFilter {
        name: Some(name).filter(|name| !name.is_empty()),
        id: ask.id.map(InstitutionId),
        after: ask.after.map(InstitutionId),
    };
    let found = institutions::page(app.db.read(), &by.scope(), &filter, MOST + 1).await?;
    let items = found.into_iter().map(InstitutionOut::from).collect();
    Ok(Json(cut(items, MOST, |institution| institution.id)))
}

impl From<Institution> for InstitutionOut {
    fn from(institution: Institution) -> Self {
        Self {
            id: institution.id.0,
            name: institution.name.into_string(),
            region: institution.region.to_string(),
        }
    }
}
