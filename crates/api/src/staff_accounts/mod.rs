//! Accounts of staff: the list, and what the system administrator may do alone.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;
use zhipei_actions::staff;
use zhipei_api_types::{Moment, Page, Problem};
use zhipei_domain::{AddressRange, LocalDay, StaffAccount, StaffId, UnixMs};
use zhipei_storage::staff_accounts;

use crate::access::{Access, Allowed, Routes, rights};
use crate::body::{Body, Place};
use crate::staff::{ChargeOut, RoleOut, roles_out};
use crate::{ApiError, ApiResult, AppState};
use zhipei_domain::Permission;

pub(crate) fn router() -> Routes {
    Routes::new()
        .add(
            Access::Needs(Permission::ListStaff),
            routes!(list_staff_accounts),
        )
        .add(
            Access::Needs(Permission::LimitStaff),
            routes!(disable_staff_account),
        )
        .add(
            Access::Needs(Permission::LimitStaff),
            routes!(enable_staff_account),
        )
        .add(
            Access::Needs(Permission::LimitStaff),
            routes!(limit_staff_account),
        )
}

#[derive(Serialize, ToSchema)]
struct StaffAccountOut {
    id: Uuid,
    login_name: String,
    name: String,
    roles: Vec<RoleOut>,
    charge: ChargeOut,
    /// `active`, `disabled`, `expired` or `dormant`.
    state: String,
    /// From where it may be used; from anywhere when empty.
    ranges: Vec<String>,
    created_at: Moment,
    #[schema(required)]
    last_login_at: Option<Moment>,
    #[schema(required)]
    expires_at: Option<Moment>,
    /// When it is disabled if nobody logs in; warn 15 days before.
    dormant_at: Moment,
}

impl StaffAccountOut {
    fn new(account: StaffAccount, now: UnixMs) -> Self {
        Self {
            id: account.id.0,
            roles: roles_out(&account.duties),
            charge: account.duties.charge().into(),
            state: account.state(now).as_str().to_owned(),
            ranges: account.ranges.iter().map(AddressRange::to_string).collect(),
            created_at: Moment(account.created_at),
            last_login_at: account.last_login_at.map(Moment),
            expires_at: account.expires_at.map(Moment),
            dormant_at: Moment(account.dormant_at()),
            login_name: account.login_name.to_string(),
            name: account.name.into_string(),
        }
    }
}

/// All accounts of staff, by login name.
#[utoipa::path(get, path = "/api/staff/accounts", operation_id = "list_staff_accounts", tag = "staff", responses((status = 200, body = Page<StaffAccountOut>)))]
async fn list_staff_accounts(
    State(app): State<AppState>,
    _: Allowed<rights::ListStaff>,
) -> ApiResult<Json<Page<StaffAccountOut>>> {
    let now = app.clock.now();
    let accounts = staff_accounts::list(app.db.read()).await?;
    let items = accounts
        .into_iter()
        .map(|account| StaffAccountOut::new(account, now));
    Ok(Json(Page::whole(items.collect())))
}

/// Disable an account; its logins end at once. For an administrator's, ask for an approval.
#[utoipa::path(post, path = "/api/staff/accounts/{id}/disable", operation_id = "disable_staff_account", tag = "staff", params(("id" = Uuid, Path)), responses(
    (status = 200, body = StaffAccountOut),
    (status = 409, description = "`own_account`, `approval_needed`", body = Problem, content_type = "application/problem+json"),
))]
async fn disable_staff_account(
    State(app): State<AppState>,
    by: Allowed<rights::LimitStaff>,
    Place(id): Place<StaffId>,
) -> ApiResult<Json<StaffAccountOut>> {
    set_enabled(&app, by.account.id, id, false).await
}

/// Enable an account again, also one that nobody used for 90 days.
#[utoipa::path(post, path = "/api/staff/accounts/{id}/enable", operation_id = "enable_staff_account", tag = "staff", params(("id" = Uuid, Path)), responses((status = 200, body = StaffAccountOut)))]
async fn enable_staff_account(
    State(app): State<AppState>,
    by: Allowed<rights::LimitStaff>,
    Place(id): Place<StaffId>,
) -> ApiResult<Json<StaffAccountOut>> {
    set_enabled(&app, by.account.id, id, true).await
}

async fn set_enabled(
    app: &AppState,
    by: StaffId,
    id: StaffId,
    enabled: bool,
) -> ApiResult<Json<StaffAccountOut>> {
    let now = app.clock.now();
    let changed = app
        .db
        .write(async |txn| staff::set_enabled(txn, by, now, id, enabled).await)
        .await?;
    Ok(Json(StaffAccountOut::new(changed, now)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StaffLimitsIn {
    /// As `10.20.0.0/16`, at most 20; from anywhere when empty.
    #[schema(max_items = 20)]
    ranges: Vec<String>,
    /// The last day, as `2027-01-31`; `null`: without end.
    #[schema(required)]
    last_day: Option<String>,
}

/// Set from where an account may be used and until when. For an administrator's, ask for an approval.
#[utoipa::path(post, path = "/api/staff/accounts/{id}/limits", operation_id = "limit_staff_account", tag = "staff", params(("id" = Uuid, Path)), request_body = StaffLimitsIn, responses(
    (status = 200, body = StaffAccountOut),
    (status = 409, description = "`own_account`, `approval_needed`, `expiry_past`", body = Problem, content_type = "application/problem+json"),
))]
async fn limit_staff_account(
    State(app): State<AppState>,
    by: Allowed<rights::LimitStaff>,
    Place(id): Place<StaffId>,
    Body(input): Body<StaffLimitsIn>,
) -> ApiResult<Json<StaffAccountOut>> {
    let now = app.clock.now();
    let ranges = ranges(&input.ranges)?;
    let expires_at = last_day(input.last_day.as_deref())?;
    let by = by.account.id;
    let changed = app
        .db
        .write(async |txn| staff::set_limits(txn, by, now, id, ranges.clone(), expires_at).await)
        .await?;
    Ok(Json(StaffAccountOut::new(changed, now)))
}

pub(crate) fn ranges(given: &[String]) -> ApiResult<Vec<AddressRange>> {
    let ranges: Result<_, zhipei_domain::Rejection> =
        given.iter().map(|text| text.parse()).collect();
    ranges.map_err(ApiError::Rejected)
}

/// The end of the day.
pub(crate) fn last_day(given: Option<&str>) -> ApiResult<Option<UnixMs>> {
    let day = given.map(str::parse::<LocalDay>).transpose();
    let day = day.map_err(|_| ApiError::Invalid(Some("last_day".to_owned())))?;
    Ok(day.map(LocalDay::end_ms))
}
