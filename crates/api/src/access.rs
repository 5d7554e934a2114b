//! Who may call what. Each address is registered with its access beside its handler; one guard stands
//! before all of them and lets nobody else in. An address without access cannot be written.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::MethodRouter;
use sha2::{Digest, Sha256};
use utoipa::openapi::path::PathItem;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use zhipei_actions::login_session;
use zhipei_domain::{
    Account, AccountState, LoginEnd, LoginStage, Permission, Role, Scope, StaffAccount, StaffState,
};
use zhipei_storage::audit::{self, Origin};
use zhipei_storage::{learners, login_sessions, staff_accounts, staff_credentials};

use crate::caller::{client_address, token};
use crate::{ApiError, AppState, Caller, Staff};

/// Who may call an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Learners.
    Learner,
    /// Learners; whoever is logged out is led to the login, since it is a page in a tab of its own.
    LearnerPage,
    /// Staff who gave the password and owe the second factor.
    CodeDue,
    /// Staff, even with a password that is to be changed first.
    StaffSelf,
    /// Staff of any role.
    Staff,
    /// Staff whose roles allow this.
    Needs(Permission),
}

impl Access {
    /// May a member of staff with this role, who has done all that a login asks for?
    pub fn admits(self, role: Role) -> bool {
        match self {
            Self::Public | Self::StaffSelf | Self::Staff => true,
            Self::Learner | Self::LearnerPage | Self::CodeDue => false,
            Self::Needs(permission) => role.may(permission),
        }
    }

    /// May a learner?
    pub fn admits_learners(self) -> bool {
        matches!(self, Self::Public | Self::Learner | Self::LearnerPage)
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "public",
            Self::Learner | Self::LearnerPage => "learner",
            Self::CodeDue => "staff:code_due",
            Self::StaffSelf => "staff:self",
            Self::Staff => "staff",
            Self::Needs(permission) => permission.as_str(),
        })
    }
}

/// The addresses of a feature, each with its access.
pub(crate) struct Routes {
    described: OpenApiRouter<AppState>,
    plain: Router<AppState>,
    table: BTreeMap<(String, String), Access>,
}

impl Routes {
    pub(crate) fn new() -> Self {
        Self::with_document(OpenApiRouter::new())
    }

    pub(crate) fn with_document(described: OpenApiRouter<AppState>) -> Self {
        Self {
            described,
            plain: Router::new(),
            table: BTreeMap::new(),
        }
    }

    /// An address that the OpenAPI document describes.
    pub(crate) fn add(mut self, access: Access, routes: UtoipaMethodRouter<AppState>) -> Self {
        for (path, item) in &routes.1.paths {
            for (method, _) in operations(item) {
                self.enter(method, path, access);
            }
        }
        self.described = self.described.routes(routes);
        self
    }

    /// An address outside the document, which is only read.
    pub(crate) fn add_plain(
        mut self,
        access: Access,
        path: &str,
        get: MethodRouter<AppState>,
    ) -> Self {
        self.enter("GET", path, access);
        self.plain = self.plain.route(path, get);
        self
    }

    pub(crate) fn merge(mut self, other: Self) -> Self {
        for ((path, method), access) in other.table {
            self.enter(&method, &path, access);
        }
        self.described = self.described.merge(other.described);
        self.plain = self.plain.merge(other.plain);
        self
    }

    fn enter(&mut self, method: &str, path: &str, access: Access) {
        let twice = self
            .table
            .insert((path.to_owned(), method.to_owned()), access);
        assert!(twice.is_none(), "{method} {path} is registered twice");
    }

    /// The document's router, the other router, and the table of both.
    pub(crate) fn into_parts(self) -> (OpenApiRouter<AppState>, Router<AppState>, AccessTable) {
        (
            self.described,
            self.plain,
            AccessTable(Arc::new(self.table)),
        )
    }
}

/// Every address with its access, by path and method.
#[derive(Clone, Debug)]
pub struct AccessTable(Arc<BTreeMap<(String, String), Access>>);

impl AccessTable {
    /// Path, method, access.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, Access)> {
        let lines = self.0.iter();
        lines.map(|((path, method), access)| (path.as_str(), method.as_str(), *access))
    }

    /// The access of an address.
    pub fn get(&self, method: &str, path: &str) -> Option<Access> {
        self.0.get(&(path.to_owned(), method.to_owned())).copied()
    }

    /// The matrix of addresses and roles, as it is checked in.
    pub fn matrix(&self) -> String {
        let mut text = String::from(
            "# Who may call what\n\nMade by `zhipei access-matrix`; a test holds it against the running server.\n\n\
             | method | address | access | anonymous | learner |",
        );
        for role in Role::ALL {
            text.push(' ');
            text.push_str(&role.as_str().replace('_', " "));
            text.push_str(" |");
        }
        text.push_str("\n| --- | --- | --- |");
        text.push_str(&" --- |".repeat(2 + Role::ALL.len()));
        let mark = |admitted| if admitted { " yes |" } else { " – |" };
        for (path, method, access) in self.iter() {
            let line = format!("\n| {method} | `{path}` | {access} |");
            text.push_str(&line);
            text.push_str(mark(access == Access::Public));
            text.push_str(mark(access.admits_learners()));
            for role in Role::ALL {
                text.push_str(mark(access.admits(role)));
            }
        }
        text.push('\n');
        text
    }
}

/// The operations of a path with their methods.
pub(crate) fn operations(
    item: &PathItem,
) -> impl Iterator<Item = (&'static str, &utoipa::openapi::path::Operation)> {
    [
        ("GET", &item.get),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

/// What the guard knows.
#[derive(Clone)]
pub(crate) struct Guard {
    pub(crate) app: AppState,
    pub(crate) table: AccessTable,
}

/// Stands before every address: lets in whom its access admits, hands the handler who it is, and sees
/// to it that a change that was refused leaves a row in the audit trail.
pub(crate) async fn guard(
    State(Guard { app, table }): State<Guard>,
    request: Request,
    next: Next,
) -> Response {
    let method = match *request.method() {
        Method::HEAD => Method::GET,
        ref method => method.clone(),
    };
    let Some(path) = request.extensions().get::<MatchedPath>().cloned() else {
        return ApiError::NotFound.into_response();
    };
    // Every address is in the table: a pair that is not there is a method that does not exist.
    let Some(access) = table.get(method.as_str(), path.as_str()) else {
        return ApiError::MethodNotAllowed.into_response();
    };
    let (mut parts, body) = request.into_parts();
    let from = client_address(&parts, &app.settings);
    let mut origin = origin(&parts.headers, from);
    let route = format!("{method} {}", path.as_str());
    let admitted = admit(&app, access, &parts.headers, from).await;
    let account = match admitted {
        Ok(Admitted::Anybody) => None,
        Ok(Admitted::Learner(caller)) => {
            let account = caller.session.account;
            parts.extensions.insert(caller);
            Some(account)
        }
        Ok(Admitted::Staff(staff)) => {
            let account = staff.session.account;
            let roles: Vec<_> = staff.account.duties.roles().map(Role::as_str).collect();
            origin.roles = Some(roles.join(" "));
            parts.extensions.insert(staff);
            Some(account)
        }
        Err((ApiError::NotLoggedIn, _)) if access == Access::LearnerPage => {
            return Redirect::to("/login").into_response();
        }
        Err((error, account)) => {
            // Who is logged in and goes where they may not is worth a row; strangers are not.
            if let Some(account) = account {
                let denied = note_refusal(&app, account, "access.denied", &route, false);
                audit::of_request(origin, denied).await;
            }
            return error.into_response();
        }
    };
    parts.extensions.insert(access);
    let changes = method != Method::GET && method != Method::OPTIONS;
    let answer = next.run(Request::from_parts(parts, body));
    let (response, written) = audit::of_request(origin.clone(), answer).await;
    let refused = response.status().is_client_error() || response.status().is_server_error();
    // What happens in a live session is in the ledger.
    let kept_elsewhere = path.as_str().starts_with("/api/learning/");
    if let Some(account) = account
        && changes
        && refused
        && written == 0
        && !kept_elsewhere
    {
        let broke = response.status().is_server_error();
        let row = note_refusal(&app, account, "request.refused", &route, broke);
        audit::of_request(origin, row).await;
    }
    response
}

async fn note_refusal(
    app: &AppState,
    account: Account,
    action: &'static str,
    route: &str,
    broke: bool,
) {
    let now = app.clock.now();
    let noted = app
        .db
        .write(async |txn| {
            login_session::note_refusal(txn, account, action, route, broke, now).await
        })
        .await;
    if let Err(error) = noted {
        tracing::error!(%error, "a refusal left no row in the audit trail");
    }
}

fn origin(headers: &HeaderMap, from: IpAddr) -> Origin {
    let agent = headers.get(header::USER_AGENT).map(Sha256::digest);
    let request_id = headers.get("x-request-id");
    Origin {
        ip: Some(from.to_string()),
        agent_hash: agent.map(hex::encode),
        request_id: request_id.and_then(|id| id.to_str().ok().map(str::to_owned)),
        roles: None,
    }
}

enum Admitted {
    Anybody,
    Learner(Caller),
    Staff(Staff),
}

/// Lets in, or says why not and who it was.
async fn admit(
    app: &AppState,
    access: Access,
    headers: &HeaderMap,
    from: IpAddr,
) -> Result<Admitted, (ApiError, Option<Account>)> {
    if access == Access::Public {
        return Ok(Admitted::Anybody);
    }
    let stranger = |error: ApiError| (error, None);
    let token = token(headers, &app.settings).ok_or((ApiError::NotLoggedIn, None))?;
    let session = match login_sessions::by_token_hash(app.db.read(), &token.hash()).await {
        Err(zhipei_storage::Error::NotFound) => return Err((ApiError::NotLoggedIn, None)),
        found => found.map_err(|error| stranger(error.into()))?,
    };
    let now = app.clock.now();
    match session.ended {
        Some(LoginEnd::TakenOver) => return Err(stranger(ApiError::LoginTakenOver)),
        Some(LoginEnd::Revoked) => return Err(stranger(ApiError::LoginRevoked)),
        None if !session.is_live(now) => return Err(stranger(ApiError::NotLoggedIn)),
        None => {}
    }
    let known = |error: ApiError| (error, Some(session.account));
    match (session.account, access) {
        (Account::Learner(learner), Access::Learner | Access::LearnerPage) => {
            let scope = Scope::Learner(learner);
            let account = learners::get(app.db.read(), &scope, learner)
                .await
                .map_err(|error| known(error.into()))?;
            if account.state != AccountState::Active {
                return Err(known(ApiError::NotLoggedIn));
            }
            login_session::touch(&app.db, &session, now)
                .await
                .map_err(|error| known(error.into()))?;
            Ok(Admitted::Learner(Caller::new(session, learner)))
        }
        (Account::Learner(_), _) | (_, Access::Learner | Access::LearnerPage) => {
            Err(known(ApiError::NotAllowed))
        }
        (Account::Staff(id), _) => {
            let account = staff_accounts::get(app.db.read(), id)
                .await
                .map_err(|error| known(error.into()))?;
            let credential = staff_credentials::get(app.db.read(), id)
                .await
                .map_err(|error| known(error.into()))?;
            let must_change = StaffAccount::must_change(credential.changed_at, now);
            admit_staff(&account, session.stage, must_change, access, from, now).map_err(known)?;
            login_session::touch(&app.db, &session, now)
                .await
                .map_err(|error| known(error.into()))?;
            Ok(Admitted::Staff(Staff {
                session,
                account,
                must_change,
            }))
        }
    }
}

fn admit_staff(
    account: &StaffAccount,
    stage: LoginStage,
    must_change: bool,
    access: Access,
    from: IpAddr,
    now: zhipei_domain::UnixMs,
) -> Result<(), ApiError> {
    if account.state(now) != StaffState::Active {
        return Err(ApiError::AccountClosed);
    }
    if !account.allows(from) {
        return Err(ApiError::AddressNotAllowed);
    }
    match (stage, access) {
        (LoginStage::CodeDue, Access::CodeDue) => return Ok(()),
        (LoginStage::CodeDue, _) => return Err(ApiError::CodeDue),
        (LoginStage::Complete, Access::CodeDue) => return Err(ApiError::NotAllowed),
        (LoginStage::Complete, _) => {}
    }
    match access {
        Access::StaffSelf => Ok(()),
        _ if must_change => Err(ApiError::MustChange),
        Access::Staff => Ok(()),
        Access::Needs(permission) if account.duties.may(permission) => Ok(()),
        _ => Err(ApiError::NotAllowed),
    }
}

/// A permission as a type, so that the signature of a handler tells who may call it.
pub(crate) trait Right {
    const PERMISSION: Permission;
}

macro_rules! rights {
    ($($name:ident),+ $(,)?) => {
        /// The permissions, as types.
        pub(crate) mod rights {
            $(
                /// The permission of this name.
                pub(crate) enum $name {}
                impl super::Right for $name {
                    const PERMISSION: super::Permission = super::Permission::$name;
                }
            )+
        }
    };
}

rights! {
    ListStaff, AskForStaffChange, LimitStaff, ListInstitutions, DecideApprovals,
    ReadAudit, ReadSecurityEvents, SuperviseLearners, RevealLearners, SuperviseClasses,
    ReviewCorrections, AdmitLearners, BindFaces, DecideFrozenTime, SeeFaceState,
}

/// A member of staff whose roles allow `R`.
pub(crate) struct Allowed<R> {
    staff: Staff,
    right: PhantomData<R>,
}

impl<R> Deref for Allowed<R> {
    type Target = Staff;

    fn deref(&self) -> &Staff {
        &self.staff
    }
}

impl<R: Right> FromRequestParts<AppState> for Allowed<R> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, ApiError> {
        // The guard has admitted them; the handler must not ask for less than what it was registered with.
        let registered = parts.extensions.get::<Access>() == Some(&Access::Needs(R::PERMISSION));
        let staff = parts.extensions.get::<Staff>().cloned();
        match staff {
            Some(staff) if registered => Ok(Self {
                staff,
                right: PhantomData,
            }),
            _ => Err(ApiError::Internal(
                "a handler asks for another permission than its address is registered with".into(),
            )),
        }
    }
}
