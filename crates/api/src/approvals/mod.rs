//! Dangerous acts: asked for by one person, decided by another (双人复核).

use std::collections::{HashMap, HashSet};

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;
use zhipei_actions::approval;
use zhipei_actions::login::LoginToken;
use zhipei_api_types::{Moment, Page, Problem};
use zhipei_domain::{
    Approval, ApprovalId, ApprovalState, Charge, DangerousAct, Duties, InstitutionId, LoginName,
    Permission, RegionCode, Rejection, Role, StaffAccount, StaffId, Title, UnixMs,
};
use zhipei_storage::{approvals, staff_accounts, staff_credentials};

use crate::access::{Access, Allowed, Routes, rights};
use crate::body::{Body, Place};
use crate::staff::{ChargeOut, RoleOut, roles_out};
use crate::staff_accounts::{last_day, ranges};
use crate::{ApiError, ApiResult, AppState};

pub(crate) fn router() -> Routes {
    let asks = Access::Needs(Permission::AskForStaffChange);
    let decides = Access::Needs(Permission::DecideApprovals);
    Routes::new()
        .add(asks, routes!(ask_for_approval))
        .add(decides, routes!(list_approvals))
        .add(decides, routes!(approve))
        .add(decides, routes!(refuse))
        .add(asks, routes!(make_link))
}

/// So many are listed; older ones are in the audit trail.
const LISTED: u64 = 200;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ApprovalIn {
    /// Why, 2 to 200 characters.
    #[schema(min_length = 2, max_length = 200)]
    reason: String,
    act: ActIn,
}

/// What is asked for.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum ActIn {
    /// A new account; whoever asks gets its one-time link once it is approved.
    AddStaff {
        login_name: String,
        name: String,
        duties: DutiesIn,
        /// From where it may be used; from anywhere when empty.
        #[serde(default)]
        ranges: Vec<String>,
        /// The last day, as `2027-01-31`.
        #[serde(default)]
        last_day: Option<String>,
    },
    /// Other roles.
    ChangeDuties { staff_id: Uuid, duties: DutiesIn },
    /// The end of an administrator's account; of others', `/api/staff/accounts/{id}/disable` does at once.
    DisableStaff { staff_id: Uuid },
    /// From where and until when an administrator's account may be used.
    LimitStaff {
        staff_id: Uuid,
        /// As `10.20.0.0/16`, at most 20; from anywhere when empty.
        ranges: Vec<String>,
        /// The last day, as `2027-01-31`; without end when absent.
        #[serde(default)]
        last_day: Option<String>,
    },
    /// A new way in; whoever asks gets the one-time link once it is approved.
    ResetAccess { staff_id: Uuid },
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DutiesIn {
    roles: Vec<String>,
    /// The region of a supervisor.
    #[serde(default)]
    region: Option<String>,
    /// The institution of a manager.
    #[serde(default)]
    institution_id: Option<Uuid>,
}

impl DutiesIn {
    fn parse(&self) -> ApiResult<Duties> {
        let invalid = |field: &str| ApiError::Invalid(Some(field.to_owned()));
        let roles: Option<Vec<Role>> = self.roles.iter().map(|text| Role::parse(text)).collect();
        let roles = roles.ok_or_else(|| invalid("roles"))?;
        let charge = match (&self.region, self.institution_id) {
            (None, None) => Charge::Platform,
            (Some(region), None) => {
                Charge::Region(RegionCode::parse(region).map_err(|_| invalid("region"))?)
            }
            (None, Some(institution)) => Charge::Institution(InstitutionId(institution)),
            (Some(_), Some(_)) => return Err(Rejection::ChargeUnfit.into()),
        };
        Ok(Duties::new(roles, charge)?)
    }
}

impl ActIn {
    fn parse(&self) -> ApiResult<DangerousAct> {
        Ok(match self {
            Self::AddStaff {
                login_name,
                name,
                duties,
                ranges: given,
                last_day: day,
            } => DangerousAct::AddStaff {
                login_name: LoginName::parse(login_name)?,
                name: Title::parse(name)?,
                duties: duties.parse()?,
                ranges: ranges(given)?,
                expires_at: last_day(day.as_deref())?,
            },
            Self::ChangeDuties { staff_id, duties } => DangerousAct::ChangeDuties {
                staff: StaffId(*staff_id),
                duties: duties.parse()?,
            },
            Self::DisableStaff { staff_id } => DangerousAct::DisableStaff {
                staff: StaffId(*staff_id),
            },
            Self::LimitStaff {
                staff_id,
                ranges: given,
                last_day: day,
            } => DangerousAct::LimitStaff {
                staff: StaffId(*staff_id),
                ranges: ranges(given)?,
                expires_at: last_day(day.as_deref())?,
            },
            Self::ResetAccess { staff_id } => DangerousAct::ResetAccess {
                staff: StaffId(*staff_id),
            },
        })
    }
}

#[derive(Serialize, ToSchema)]
struct ApprovalOut {
    id: Uuid,
    /// `add_staff`, `change_duties`, `disable_staff`, `limit_staff` or `reset_access`.
    kind: String,
    /// The account that it is about: its login name, of a new one too.
    login_name: String,
    /// The roles that it would have.
    #[schema(required)]
    roles: Option<Vec<RoleOut>>,
    #[schema(required)]
    charge: Option<ChargeOut>,
    /// The person's name, of a new account.
    #[schema(required)]
    name: Option<String>,
    /// From where it could be used, where the act says so; from anywhere when empty.
    #[schema(required)]
    ranges: Option<Vec<String>>,
    /// When the account would be over, where the act says so.
    #[schema(required)]
    account_expires_at: Option<Moment>,
    reason: String,
    asked_by: String,
    asked_at: Moment,
    expires_at: Moment,
    /// `waiting`, `expired`, `approved` or `refused`.
    state: String,
    #[schema(required)]
    decided_by: Option<String>,
    #[schema(required)]
    decided_at: Option<Moment>,
    /// Who asked may get the one-time link: the account is approved and not set up.
    link_due: bool,
}

struct Names {
    login_names: HashMap<StaffId, String>,
    set_up: HashSet<StaffId>,
}

impl Names {
    async fn load(app: &AppState) -> ApiResult<Self> {
        let accounts = staff_accounts::list(app.db.read()).await?;
        let named = |account: StaffAccount| (account.id, account.login_name.to_string());
        Ok(Self {
            login_names: accounts.into_iter().map(named).collect(),
            set_up: staff_credentials::set_up(app.db.read()).await?,
        })
    }

    fn link_due(&self, approval: &Approval) -> bool {
        let due = |id: &StaffId| !self.set_up.contains(id);
        match (&approval.act, approval.state) {
            (DangerousAct::AddStaff { login_name, .. }, ApprovalState::Approved { .. }) => {
                let mut accounts = self.login_names.iter();
                accounts.any(|(id, name)| name == login_name.as_str() && due(id))
            }
            (DangerousAct::ResetAccess { staff }, ApprovalState::Approved { .. }) => due(staff),
            _ => false,
        }
    }

    fn of(&self, staff: StaffId) -> String {
        self.login_names.get(&staff).cloned().unwrap_or_default()
    }

    fn out(&self, approval: &Approval, now: UnixMs) -> ApprovalOut {
        let expires_at = approval.expires_at();
        let (state, decided) = match approval.state {
            ApprovalState::Waiting if now >= expires_at => ("expired", None),
            ApprovalState::Waiting => ("waiting", None),
            ApprovalState::Approved { by, at } => ("approved", Some((by, at))),
            ApprovalState::Refused { by, at } => ("refused", Some((by, at))),
        };
        let (login_name, duties) = match &approval.act {
            DangerousAct::AddStaff {
                login_name, duties, ..
            } => (login_name.to_string(), Some(duties)),
            DangerousAct::ChangeDuties { staff, duties } => (self.of(*staff), Some(duties)),
            DangerousAct::DisableStaff { staff }
            | DangerousAct::LimitStaff { staff, .. }
            | DangerousAct::ResetAccess { staff } => (self.of(*staff), None),
        };
        let name = match &approval.act {
            DangerousAct::AddStaff { name, .. } => Some(name.as_str().to_owned()),
            _ => None,
        };
        let limits = match &approval.act {
            DangerousAct::AddStaff {
                ranges, expires_at, ..
            }
            | DangerousAct::LimitStaff {
                ranges, expires_at, ..
            } => Some((ranges, *expires_at)),
            _ => None,
        };
        ApprovalOut {
            id: approval.id.0,
            kind: approval.act.kind().to_owned(),
            login_name,
            roles: duties.map(roles_out),
            charge: duties.map(|duties| duties.charge().into()),
            name,
            ranges: limits.map(|(ranges, _)| ranges.iter().map(ToString::to_string).collect()),
            account_expires_at: limits.and_then(|(_, at)| at).map(Moment),
            reason: approval.reason.clone(),
            asked_by: self.of(approval.asked_by),
            asked_at: Moment(approval.asked_at),
            expires_at: Moment(expires_at),
            state: state.to_owned(),
            decided_by: decided.map(|(by, _)| self.of(by)),
            decided_at: decided.map(|(_, at)| Moment(at)),
            link_due: self.link_due(approval),
        }
    }
}

/// Ask for a dangerous act; another one decides within 24 hours.
#[utoipa::path(post, path = "/api/approvals", operation_id = "ask_for_approval", tag = "approvals", request_body = ApprovalIn, responses(
    (status = 200, body = ApprovalOut),
    (status = 409, description = "`login_name_taken`, `unknown_region`, `unknown_institution`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`duties_apart`, `charge_unfit`, `role_missing`, `reason_invalid`", body = Problem, content_type = "application/problem+json"),
))]
async fn ask_for_approval(
    State(app): State<AppState>,
    by: Allowed<rights::AskForStaffChange>,
    Body(input): Body<ApprovalIn>,
) -> ApiResult<Json<ApprovalOut>> {
    let now = app.clock.now();
    let act = input.act.parse()?;
    let by = by.account.id;
    let asked = app
        .db
        .write(async |txn| approval::ask(txn, by, act.clone(), &input.reason, now).await)
        .await?;
    Ok(Json(Names::load(&app).await?.out(&asked, now)))
}

/// The newest 200, waiting and decided.
#[utoipa::path(get, path = "/api/approvals", operation_id = "list_approvals", tag = "approvals", responses((status = 200, body = Page<ApprovalOut>)))]
async fn list_approvals(
    State(app): State<AppState>,
    _: Allowed<rights::DecideApprovals>,
) -> ApiResult<Json<Page<ApprovalOut>>> {
    let now = app.clock.now();
    let names = Names::load(&app).await?;
    let found = approvals::list(app.db.read(), LISTED).await?;
    let items = found.iter().map(|approval| names.out(approval, now));
    Ok(Json(Page::whole(items.collect())))
}

/// Approve: it is done at once. One's own and what is about one's own account is refused.
#[utoipa::path(post, path = "/api/approvals/{id}/approve", operation_id = "approve", tag = "approvals", params(("id" = Uuid, Path)), responses(
    (status = 200, body = ApprovalOut),
    (status = 403, description = "`own_approval`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`approval_decided`, `approval_expired`, `asker_gone`, `last_of_duty`", body = Problem, content_type = "application/problem+json"),
))]
async fn approve(
    State(app): State<AppState>,
    by: Allowed<rights::DecideApprovals>,
    Place(id): Place<ApprovalId>,
) -> ApiResult<Json<ApprovalOut>> {
    let now = app.clock.now();
    let by = by.account.id;
    let approved = app
        .db
        .write(async |txn| approval::approve(txn, &app.keys.vault, by, id, now).await)
        .await?;
    Ok(Json(Names::load(&app).await?.out(&approved, now)))
}

#[derive(Serialize, ToSchema)]
struct LinkOut {
    /// To be handed to the person; shown this once.
    url: String,
    expires_at: Moment,
}

/// Get the one-time link of an account that was approved, for who asked for it. Each one is fresh, the former
/// is over.
#[utoipa::path(post, path = "/api/approvals/{id}/link", operation_id = "make_link", tag = "approvals", params(("id" = Uuid, Path)), responses(
    (status = 200, body = LinkOut),
    (status = 403, description = "`asker_only`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`link_not_due`, `account_set_up`, `account_not_active`", body = Problem, content_type = "application/problem+json"),
))]
async fn make_link(
    State(app): State<AppState>,
    by: Allowed<rights::AskForStaffChange>,
    Place(id): Place<ApprovalId>,
) -> ApiResult<Json<LinkOut>> {
    let now = app.clock.now();
    let token = LoginToken::from_random((app.random)());
    let (ring, by) = (&app.keys.vault, by.account.id);
    let link = app
        .db
        .write(async |txn| approval::make_link(txn, ring, by, id, &token, now).await)
        .await?;
    Ok(Json(LinkOut {
        url: token.link(&app.settings.public_url),
        expires_at: Moment(link.expires_at),
    }))
}

/// Refuse, or take back what one asked for.
#[utoipa::path(post, path = "/api/approvals/{id}/refuse", operation_id = "refuse", tag = "approvals", params(("id" = Uuid, Path)), responses(
    (status = 200, body = ApprovalOut),
    (status = 409, description = "`approval_decided`, `approval_expired`", body = Problem, content_type = "application/problem+json"),
))]
async fn refuse(
    State(app): State<AppState>,
    by: Allowed<rights::DecideApprovals>,
    Place(id): Place<ApprovalId>,
) -> ApiResult<Json<ApprovalOut>> {
    let now = app.clock.now();
    let by = by.account.id;
    let refused = app
        .db
        .write(async |txn| approval::refuse(txn, by, id, now).await)
        .await?;
    Ok(Json(Names::load(&app).await?.out(&refused, now)))
}
