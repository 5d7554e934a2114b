//! Who asks: from the cookie to a live login.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use zhipei_actions::login::{self, LoginToken};
use zhipei_domain::{LearnerId, LoginSession, Scope};
use zhipei_storage::login_sessions;

use crate::{ApiError, AppState, Settings};

/// A learner who is logged in. Asking for one counts as activity.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Their login.
    pub session: LoginSession,
}

impl Caller {
    /// Who it is.
    pub fn learner(&self) -> LearnerId {
        self.session.learner
    }

    /// What they may see: their own.
    pub fn scope(&self) -> Scope {
        Scope::Learner(self.session.learner)
    }

    pub(crate) async fn of(app: &AppState, headers: &HeaderMap) -> Result<Self, ApiError> {
        let jar = CookieJar::from_headers(headers);
        let token = jar
            .get(cookie_name(&app.settings))
            .and_then(|cookie| LoginToken::parse(cookie.value()))
            .ok_or(ApiError::NotLoggedIn)?;
        let session = match login_sessions::by_token_hash(app.db.read(), &token.hash()).await {
            Err(zhipei_storage::Error::NotFound) => return Err(ApiError::NotLoggedIn),
            found => found?,
        };
        let now = app.clock.now();
        if !session.is_live(now) {
            return Err(ApiError::NotLoggedIn);
        }
        login::touch(&app.db, &session, now).await?;
        Ok(Self { session })
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        Self::of(app, &parts.headers).await
    }
}

/// Where the request comes from: the peer, or what a trusted proxy says of it.
pub(crate) struct ClientAddress(pub(crate) IpAddr);

impl FromRequestParts<AppState> for ClientAddress {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip());
        Ok(Self(client_address(
            peer.to_canonical(),
            &parts.headers,
            &app.settings.trusted_proxies,
        )))
    }
}

/// The last address in `X-Forwarded-For` that is not a trusted proxy; anyone can forge the rest.
fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
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
            client_address(ip("8.8.8.8"), &headers, &proxies),
            ip("8.8.8.8")
        );
        assert_eq!(
            client_address(ip("10.0.0.1"), &headers, &proxies),
            ip("9.9.9.9")
        );
        headers.insert("x-forwarded-for", "1.2.3.4, nonsense".parse().unwrap());
        assert_eq!(
            client_address(ip("10.0.0.1"), &headers, &proxies),
            ip("10.0.0.1")
        );
    }
}
