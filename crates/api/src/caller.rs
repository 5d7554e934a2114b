//! Who asks: from the cookie to a live login.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use zhipei_actions::login::LoginToken;
use zhipei_domain::{Actor, LearnerId, LoginSession, Scope, StaffAccount};

use crate::{ApiError, AppState, Settings};

/// A learner who is logged in. Asking for one counts as activity.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Their login.
    pub session: LoginSession,
    learner: LearnerId,
}

impl Caller {
    pub(crate) fn new(session: LoginSession, learner: LearnerId) -> Self {
        Self { session, learner }
    }

    /// Who it is.
    pub fn learner(&self) -> LearnerId {
        self.learner
    }

    /// What they may see: their own.
    pub fn scope(&self) -> Scope {
        Scope::Learner(self.learner)
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = ApiError;

    /// The guard has put them there, or the address is not for learners.
    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, ApiError> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or(ApiError::NotLoggedIn)
    }
}

/// A member of staff who is logged in. Asking for one counts as activity.
#[derive(Clone, Debug)]
pub struct Staff {
    /// Their login.
    pub session: LoginSession,
    /// Their account.
    pub account: StaffAccount,
    /// The password is too old to do anything else.
    pub must_change: bool,
}

impl Staff {
    /// Who acts.
    pub fn actor(&self) -> Actor {
        Actor::Staff(self.account.id)
    }

    /// What they may see, where a permission lets them see personal rows at all.
    pub fn scope(&self) -> Scope {
        self.account.duties.scope()
    }
}

impl FromRequestParts<AppState> for Staff {
    type Rejection = ApiError;

    /// The guard has put them there, or the address is not for staff.
    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, ApiError> {
        let staff = parts.extensions.get::<Self>().cloned();
        staff.ok_or(ApiError::NotLoggedIn)
    }
}

/// The secret in the cookie.
pub(crate) fn token(headers: &HeaderMap, settings: &Settings) -> Option<LoginToken> {
    let jar = CookieJar::from_headers(headers);
    LoginToken::parse(jar.get(cookie_name(settings))?.value())
}

/// Where the request comes from: the peer, or what a trusted proxy says of it.
pub(crate) struct ClientAddress(pub(crate) IpAddr);

impl FromRequestParts<AppState> for ClientAddress {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        Ok(Self(client_address(parts, &app.settings)))
    }
}

/// See [`ClientAddress`].
pub(crate) fn client_address(parts: &Parts, settings: &Settings) -> IpAddr {
    let peer = parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip());
    forwarded_address(
        peer.to_canonical(),
        &parts.headers,
        &settings.trusted_proxies,
    )
}

/// The last address in `X-Forwarded-For` that is not a trusted proxy; anyone can forge the rest.
fn forwarded_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    if !trusted.contains(&peer) {
        return peer;
    }
    let forwarded = headers.get_all("x-forwarded-for");
    let mut hops: Vec<&str> = forwarded
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    while let Some(hop) = hops.pop() {
        match hop.trim().parse::<IpAddr>() {
            Ok(address) if trusted.contains(&address.to_canonical()) => {}
            Ok(address) => return address.to_canonical(),
            Err(_) => break,
        }
    }
    peer
}

/// `__Host-` binds the cookie to this very host, and browsers take it over https only.
fn cookie_name(settings: &Settings) -> &'static str {
    if settings.https() {
        "__Host-zhipei_session"
    } else {
        "zhipei_session"
    }
}

/// The cookie of a login. It has no age: closing the browser of a shared computer drops it.
pub(crate) fn cookie(settings: &Settings, value: String) -> Cookie<'static> {
    Cookie::build((cookie_name(settings), value))
        .path("/")
        .http_only(true)
        .secure(settings.https())
        .same_site(SameSite::Lax)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forged_forwarding_header_from_a_stranger_changes_nothing() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(
            "x-forwarded-for",
            "1.2.3.4, 9.9.9.9, 10.0.0.2".parse().unwrap(),
        );
        let proxies = [ip("10.0.0.1"), ip("10.0.0.2")];
        assert_eq!(
            forwarded_address(ip("8.8.8.8"), &headers, &proxies),
            ip("8.8.8.8")
        );
        assert_eq!(
            forwarded_address(ip("10.0.0.1"), &headers, &proxies),
            ip("9.9.9.9")
        );
        headers.insert("x-forwarded-for", "1.2.3.4, nonsense".parse().unwrap());
        assert_eq!(
            forwarded_address(ip("10.0.0.1"), &headers, &proxies),
            ip("10.0.0.1")
        );
    }
}
