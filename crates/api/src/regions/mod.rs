//! The tree of regions, for whoever chooses one.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;
use zhipei_api_types::Page;
use zhipei_storage::regions;

use crate::access::{Access, Routes};
use crate::{ApiResult, AppState};

pub(crate) fn router() -> Routes {
    Routes::new().add(Access::Public, routes!(list_regions))
}

#[derive(Serialize, ToSchema)]
struct RegionOut {
    code: String,
    /// The node above; `null` at a root.
    #[schema(required)]
    parent: Option<String>,
    name: String,
}

/// All regions, by code. The code says nothing about the place in the tree; `parent` does.
#[utoipa::path(get, path = "/api/regions", operation_id = "list_regions", tag = "regions", responses((status = 200, body = Page<RegionOut>)))]
async fn list_regions(State(app): State<AppState>) -> ApiResult<Json<Page<RegionOut>>> {
    let tree = regions::tree(app.db.read()).await?;
    let mut items: Vec<RegionOut> = tree
        .iter()
        .map(|region| RegionOut {
            code: region.code.to_string(),
            parent: region.parent.as_ref().map(ToString::to_string),
            name: region.name.clone(),
        })
        .collect();
    items.sort_unstable_by(|a, b| a.code.cmp(&b.code));
    Ok(Json(Page::whole(items)))
}
