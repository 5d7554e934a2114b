//! Staff: coming in by a link, logging in with two steps, the own account.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum_extra::extract::CookieJar;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;
use zhipei_actions::login::{Attempt, LoginToken, Outcome};
use zhipei_actions::login_session;
use zhipei_actions::staff::{self, Acceptance};
use zhipei_actions::staff_login::{FirstStep, SecondFactor};
use zhipei_api_types::{Moment, Problem};
use zhipei_domain::{Charge, Duties, Permission, Role, StaffAccount};
use zhipei_storage::staff_credentials;

use crate::access::{Access, Routes};
use crate::attempts::may_try;
use crate::body::Body;
use crate::caller::{ClientAddress, cookie};
use crate::login::user_agent;
use crate::{ApiError, ApiResult, AppState, Staff};

pub(crate) fn router() -> Routes {
    Routes::new()
        .add(Access::Public, routes!(open_link))
        .add(Access::Public, routes!(accept_link))
        .add(Access::Public, routes!(log_in_staff))
        .add(Access::CodeDue, routes!(give_code))
        .add(Access::StaffSelf, routes!(log_out_staff))
        .add(Access::StaffSelf, routes!(get_staff_me))
        .add(Access::StaffSelf, routes!(change_staff_password))
        .add(Access::Staff, routes!(renew_recovery_codes))
}

/// Longer than any password that is taken.
const LONGEST_PASSWORD_BYTES: usize = 512;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StaffLinkIn {
    /// What stands behind `#` in the link.
    #[schema(min_length = 64, max_length = 64)]
    token: String,
}

#[derive(Serialize, ToSchema)]
struct StaffLinkOut {
    login_name: String,
    name: String,
    roles: Vec<RoleOut>,
    /// For typing into an authenticator.
    totp_secret: String,
    /// For a QR code: `otpauth://totp/…`.
    totp_url: String,
    expires_at: Moment,
}

/// Follow a one-time link: what the authenticator needs. The link stays good until it is accepted.
#[utoipa::path(post, path = "/api/staff/links/open", operation_id = "open_staff_link", tag = "staff", request_body = StaffLinkIn, responses(
    (status = 200, body = StaffLinkOut),
    (status = 410, description = "`invitation_over`", body = Problem, content_type = "application/problem+json"),
))]
async fn open_link(
    State(app): State<AppState>,
    Body(input): Body<StaffLinkIn>,
) -> ApiResult<Json<StaffLinkOut>> {
    let token = link_token(&input.token)?;
    let welcome = staff::open_link(&app.db, &app.keys.vault, &token, app.clock.now()).await?;
    Ok(Json(StaffLinkOut {
        login_name: welcome.account.login_name.to_string(),
        name: welcome.account.name.as_str().to_owned(),
        roles: roles_out(&welcome.account.duties),
        totp_secret: welcome.totp_secret.to_string(),
        totp_url: welcome.totp_url.to_string(),
        expires_at: Moment(welcome.expires_at),
    }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AcceptLinkIn {
    /// What stands behind `#` in the link.
    #[schema(min_length = 64, max_length = 64)]
    token: String,
    /// At least 12 characters of three of four kinds.
    #[schema(min_length = 12, max_length = 128)]
    password: String,
    /// Six digits of the authenticator.
    #[schema(min_length = 6, max_length = 6)]
    code: String,
}

#[derive(Serialize, ToSchema)]
struct RecoveryCodesOut {
    /// Ten, each good once. They are never shown again.
    recovery_codes: Vec<String>,
}

/// Accept a one-time link: sets password and authenticator. Then log in.
#[utoipa::path(post, path = "/api/staff/links/accept", operation_id = "accept_staff_link", tag = "staff", request_body = AcceptLinkIn, responses(
    (status = 200, body = RecoveryCodesOut),
    (status = 410, description = "`invitation_over`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`weak_password`, `totp_wrong`", body = Problem, content_type = "application/problem+json"),
))]
async fn accept_link(
    State(app): State<AppState>,
    ClientAddress(from): ClientAddress,
    Body(input): Body<AcceptLinkIn>,
) -> ApiResult<Json<RecoveryCodesOut>> {
    short_enough(&input.password, "password")?;
    let given = Acceptance {
        token: &link_token(&input.token)?,
        password: &input.password,
        code: &input.code,
        from,
    };
    let recovery_codes = app
        .gate
        .accept_link(&app.db, &app.keys.vault, given, app.clock.now())
        .await?;
    Ok(Json(RecoveryCodesOut { recovery_codes }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StaffLoginIn {
    #[schema(max_length = 64)]
    login_name: String,
    #[schema(max_length = 512)]
    password: String,
    /// Of the picture that was read; needed after `captcha_required`.
    captcha_id: Option<Uuid>,
    /// What was read.
    #[schema(max_length = 16)]
    captcha: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct FirstStepOut {
    /// What is to be given next.
    next: NextStepOut,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum NextStepOut {
    Code,
}

/// Log in as staff, first step. The cookie it sets is good for the second step alone, for five minutes.
#[utoipa::path(post, path = "/api/staff/login", operation_id = "log_in_staff", tag = "staff", request_body = StaffLoginIn, responses(
    (status = 200, body = FirstStepOut),
    (status = 401, description = "`login_failed`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`account_closed`, `address_not_allowed`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`captcha_required`, `captcha_wrong`", body = Problem, content_type = "application/problem+json"),
    (status = 423, description = "`account_locked`", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`too_many_attempts`", body = Problem, content_type = "application/problem+json"),
))]
async fn log_in_staff(
    State(app): State<AppState>,
    ClientAddress(from): ClientAddress,
    headers: HeaderMap,
    jar: CookieJar,
    Body(input): Body<StaffLoginIn>,
) -> ApiResult<(CookieJar, Json<FirstStepOut>)> {
    let now = app.clock.now();
    short_enough(&input.password, "password")?;
    let captcha = input.captcha_id.zip(input.captcha.as_deref());
    may_try(&app, from, captcha, now).await?;
    let token = LoginToken::from_random((app.random)());
    let attempt = Attempt {
        login_name: &input.login_name,
        password: &input.password,
        token: &token,
        user_agent: user_agent(&headers),
        ip: &from.to_string(),
        now,
    };
    match app
        .gate
        .log_in_staff(&app.db, &app.keys.vault, attempt, from)
        .await?
    {
        Outcome::Done(FirstStep::CodeDue) => {
            let jar = jar.add(cookie(&app.settings, token.reveal()));
            let next = NextStepOut::Code;
            Ok((jar, Json(FirstStepOut { next })))
        }
        Outcome::Done(FirstStep::Closed) => Err(ApiError::AccountClosed),
        Outcome::Done(FirstStep::AddressNotAllowed) => Err(ApiError::AddressNotAllowed),
        Outcome::Failed => {
            app.attempts().note(from, now);
            Err(ApiError::LoginFailed)
        }
        Outcome::Locked { until } => Err(ApiError::locked(until, now)),
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StaffCodeIn {
    /// Six digits of the authenticator.
    #[serde(default)]
    #[schema(max_length = 16)]
    code: Option<String>,
    /// Or a recovery code, which is used up.
    #[serde(default)]
    #[schema(max_length = 64)]
    recovery_code: Option<String>,
}

/// Log in as staff, second step. The cookie is a fresh one; an older login of the account ends.
#[utoipa::path(post, path = "/api/staff/login/code", operation_id = "give_staff_code", tag = "staff", request_body = StaffCodeIn, responses(
    (status = 200, body = StaffMeOut),
    (status = 401, description = "`login_failed`", body = Problem, content_type = "application/problem+json"),
    (status = 423, description = "`account_locked`", body = Problem, content_type = "application/problem+json"),
))]
async fn give_code(
    State(app): State<AppState>,
    staff: Staff,
    jar: CookieJar,
    Body(input): Body<StaffCodeIn>,
) -> ApiResult<(CookieJar, Json<StaffMeOut>)> {
    let now = app.clock.now();
    let factor = match (&input.code, &input.recovery_code) {
        (Some(code), None) if code.len() <= 16 => SecondFactor::Totp(code),
        (None, Some(code)) if code.len() <= 64 => SecondFactor::Recovery(code),
        _ => return Err(ApiError::Invalid(Some("code".to_owned()))),
    };
    let token = LoginToken::from_random((app.random)());
    let outcome = app
        .gate
        .give_code(
            &app.db,
            &app.keys.vault,
            &staff.session,
            factor,
            &token,
            now,
        )
        .await?;
    match outcome {
        Outcome::Done(()) => {
            let jar = jar.add(cookie(&app.settings, token.reveal()));
            Ok((jar, Json(me(&app, &staff).await?)))
        }
        Outcome::Failed => Err(ApiError::LoginFailed),
        Outcome::Locked { until } => Err(ApiError::locked(until, now)),
    }
}

/// Log out.
#[utoipa::path(post, path = "/api/staff/logout", operation_id = "log_out_staff", tag = "staff", responses((status = 204)))]
async fn log_out_staff(
    State(app): State<AppState>,
    staff: Staff,
    jar: CookieJar,
) -> ApiResult<(CookieJar, StatusCode)> {
    let now = app.clock.now();
    app.db
        .write(async |txn| login_session::log_out(txn, &staff.session, now).await)
        .await?;
    let gone = cookie(&app.settings, String::new());
    Ok((jar.remove(gone), StatusCode::NO_CONTENT))
}

#[derive(Serialize, ToSchema)]
struct StaffMeOut {
    id: Uuid,
    login_name: String,
    name: String,
    roles: Vec<RoleOut>,
    /// What the roles allow: the menu follows it.
    permissions: Vec<String>,
    charge: ChargeOut,
    /// The password is to be changed before anything else.
    must_change: bool,
    recovery_codes_left: usize,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RoleOut {
    /// As `supervisor`.
    role: String,
    /// As 监管账号.
    word: String,
}

pub(crate) fn roles_out(duties: &Duties) -> Vec<RoleOut> {
    let out = |role: Role| RoleOut {
        role: role.as_str().to_owned(),
        word: role.word().to_owned(),
    };
    duties.roles().map(out).collect()
}

/// Of what an account is in charge; both `null`: of the platform.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChargeOut {
    #[schema(required)]
    region: Option<String>,
    #[schema(required)]
    institution_id: Option<Uuid>,
}

impl From<&Charge> for ChargeOut {
    fn from(charge: &Charge) -> Self {
        let (region, institution_id) = match charge {
            Charge::Platform => (None, None),
            Charge::Region(region) => (Some(region.to_string()), None),
            Charge::Institution(institution) => (None, Some(institution.0)),
        };
        Self {
            region,
            institution_id,
        }
    }
}

/// Who is logged in.
#[utoipa::path(get, path = "/api/staff/me", operation_id = "get_staff_me", tag = "staff", responses((status = 200, body = StaffMeOut)))]
async fn get_staff_me(State(app): State<AppState>, staff: Staff) -> ApiResult<Json<StaffMeOut>> {
    Ok(Json(me(&app, &staff).await?))
}

async fn me(app: &AppState, staff: &Staff) -> ApiResult<StaffMeOut> {
    let StaffAccount {
        id,
        login_name,
        name,
        duties,
        ..
    } = &staff.account;
    let may = |permission: &Permission| duties.may(*permission);
    let permissions = Permission::ALL.into_iter().filter(may);
    Ok(StaffMeOut {
        id: id.0,
        login_name: login_name.to_string(),
        name: name.as_str().to_owned(),
        roles: roles_out(duties),
        permissions: permissions.map(|p| p.as_str().to_owned()).collect(),
        charge: duties.charge().into(),
        must_change: staff.must_change,
        recovery_codes_left: staff_credentials::recovery_codes_left(app.db.read(), *id).await?,
    })
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StaffPasswordIn {
    #[schema(max_length = 512)]
    current: String,
    /// At least 12 characters of three of four kinds, none of the last five.
    #[schema(min_length = 12, max_length = 128)]
    new: String,
}

/// Set a new password.
#[utoipa::path(post, path = "/api/staff/me/password", operation_id = "change_staff_password", tag = "staff", request_body = StaffPasswordIn, responses(
    (status = 204),
    (status = 401, description = "`login_failed`: the current password is wrong", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`weak_password`", body = Problem, content_type = "application/problem+json"),
    (status = 423, description = "`account_locked`", body = Problem, content_type = "application/problem+json"),
))]
async fn change_staff_password(
    State(app): State<AppState>,
    staff: Staff,
    Body(input): Body<StaffPasswordIn>,
) -> ApiResult<StatusCode> {
    let now = app.clock.now();
    short_enough(&input.current, "current")?;
    short_enough(&input.new, "new")?;
    let (session, account) = (&staff.session, &staff.account);
    let outcome = app
        .gate
        .change_staff_password(&app.db, session, account, &input.current, &input.new, now)
        .await?;
    match outcome {
        Outcome::Done(()) => Ok(StatusCode::NO_CONTENT),
        Outcome::Failed => Err(ApiError::LoginFailed),
        Outcome::Locked { until } => Err(ApiError::locked(until, now)),
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RenewCodesIn {
    /// Six digits of the authenticator.
    #[schema(min_length = 6, max_length = 6)]
    code: String,
}

/// Draw new recovery codes; the old ones are void.
#[utoipa::path(post, path = "/api/staff/me/recovery-codes", operation_id = "renew_recovery_codes", tag = "staff", request_body = RenewCodesIn, responses(
    (status = 200, body = RecoveryCodesOut),
    (status = 401, description = "`login_failed`: the code is wrong", body = Problem, content_type = "application/problem+json"),
    (status = 423, description = "`account_locked`", body = Problem, content_type = "application/problem+json"),
))]
async fn renew_recovery_codes(
    State(app): State<AppState>,
    staff: Staff,
    Body(input): Body<RenewCodesIn>,
) -> ApiResult<Json<RecoveryCodesOut>> {
    let now = app.clock.now();
    let (session, id) = (&staff.session, staff.account.id);
    let outcome = app
        .gate
        .renew_recovery_codes(&app.db, &app.keys.vault, session, id, &input.code, now)
        .await?;
    match outcome {
        Outcome::Done(recovery_codes) => Ok(Json(RecoveryCodesOut { recovery_codes })),
        Outcome::Failed => Err(ApiError::LoginFailed),
        Outcome::Locked { until } => Err(ApiError::locked(until, now)),
    }
}

/// What is no token was never the secret of a link.
fn link_token(text: &str) -> ApiResult<LoginToken> {
    let token = LoginToken::parse(text);
    token.ok_or(ApiError::Rejected(zhipei_domain::Rejection::InvitationOver))
}

fn short_enough(password: &str, field: &str) -> ApiResult<()> {
    if password.len() > LONGEST_PASSWORD_BYTES {
        return Err(ApiError::Invalid(Some(field.to_owned())));
    }
    Ok(())
}
