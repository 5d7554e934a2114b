use std::any::Any;

use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse, Response};
use axum::{Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi as _;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, ResponseBuilder};
use utoipa_axum::router::OpenApiRouter;
use zhipei_api_types::Problem;

use crate::access::{self, Access, AccessTable, Guard, Routes};
use crate::{
    ApiError, AppState, approvals, audit_events, class_invitations, classes, consents, corrections,
    erasures, exports, faces, frozen_times, health, hour_lists, hours, institutions, learning,
    login, login_sessions, me, media, notices, password_resets, pc_app, protect, regions,
    registrations, security_events, sms_codes, staff, staff_accounts, supervision,
};

/// No request is larger: videos come another way.
const BODY_LIMIT: usize = 256 * 1024;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "职培 Zhipei",
        description = "First-party HTTP API",
        version = "1"
    ),
    components(schemas(Problem))
)]
struct Document;

/// All addresses of the process.
pub fn router(app: AppState) -> Router {
    let (described, plain, table) = routes().into_parts();
    let (described, _) = described.split_for_parts();
    let app_for = || app.clone();
    let guard = Guard {
        app: app_for(),
        table,
    };
    described
        .merge(plain)
        // Inside the guard, so that a change that panicked leaves a row as well.
        .route_layer(CatchPanicLayer::custom(panicked))
        .route_layer(middleware::from_fn_with_state(guard, access::guard))
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .fallback(pc_app::serve)
        .with_state(app_for())
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(
            app_for(),
            protect::same_origin,
        ))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(app_for(), protect::log))
        .layer(middleware::from_fn_with_state(app, protect::add_headers))
}

/// The OpenAPI document, with the answers that every operation shares.
pub fn openapi() -> OpenApi {
    let (described, _, table) = routes().into_parts();
    let (_, mut document) = described.split_for_parts();
    for (path, item) in &mut document.paths.paths {
        let operations = [
            ("GET", &mut item.get),
            ("POST", &mut item.post),
            ("PUT", &mut item.put),
            ("PATCH", &mut item.patch),
            ("DELETE", &mut item.delete),
        ];
        for (method, operation) in operations {
            let Some(operation) = operation else { continue };
            let access = table.get(method, path).unwrap_or(Access::Public);
            let open = access == Access::Public;
            let named = Extensions::builder().add("x-access", access.to_string());
            operation.extensions = Some(named.build());
            let shared = [
                ("401", "`not_logged_in`", !open),
                ("403", "`not_allowed`", !open),
                ("404", "`not_found`", path.contains('{')),
                ("default", "Any other problem", true),
            ];
            for (status, description, given) in shared {
                if given {
                    let responses = &mut operation.responses.responses;
                    responses
                        .entry(status.to_owned())
                        .or_insert_with(|| problem(description).into());
                }
            }
        }
    }
    document
}

/// Every address with who may call it.
pub fn access_table() -> AccessTable {
    routes().into_parts().2
}

fn routes() -> Routes {
    Routes::with_document(OpenApiRouter::with_openapi(Document::openapi()))
        .merge(login::router())
        .merge(me::router())
        .merge(sms_codes::router())
        .merge(registrations::router())
        .merge(password_resets::router())
        .merge(consents::router())
        .merge(corrections::router())
        .merge(notices::router())
        .merge(exports::router())
        .merge(erasures::router())
        .merge(faces::router())
        .merge(frozen_times::router())
        .merge(class_invitations::router())
        .merge(login_sessions::router())
        .merge(staff::router())
        .merge(staff_accounts::router())
        .merge(approvals::router())
        .merge(audit_events::router())
        .merge(security_events::router())
        .merge(regions::router())
        .merge(institutions::router())
        .merge(supervision::router())
        .merge(classes::router())
        .merge(hours::router())
        .merge(learning::router())
        .merge(media::router())
        .merge(hour_lists::router())
        .merge(health::router())
}

fn problem(description: &str) -> utoipa::openapi::Response {
    let schema = Ref::from_schema_name("Problem");
    ResponseBuilder::new()
        .description(description)
        .content(
            "application/problem+json",
            ContentBuilder::new().schema(Some(schema)).build(),
        )
        .build()
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    ApiError::Internal(format!("a handler panicked: {text}").into()).into_response()
}
