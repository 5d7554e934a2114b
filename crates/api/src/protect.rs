//! What stands before and behind every handler: where a request comes from, and what a browser may
//! do with the answer.

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use crate::{ApiError, AppState};

/// Style attributes are allowed, style elements are not: Element Plus sets sizes by attribute.
/// Videos play out of `blob:` addresses, in whose worker hls.js repacks them.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; \
     style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; \
     media-src 'self' blob:; worker-src 'self' blob:; connect-src 'self'; object-src 'none'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const FIXED: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(self), microphone=(), geolocation=(), payment=(), usb=(), display-capture=()",
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// Adds the headers that every answer carries, errors and static files included.
pub(crate) async fn add_headers(
    State(app): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let api = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    if api {
        headers
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
    }
    if app.settings.https() {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    response
}

/// The content security policy of a page with style and script of its own.
pub(crate) fn policy_with_nonce(nonce: &str) -> HeaderValue {
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).expect("a nonce is hexadecimal")
}

/// Gives the request a number, and logs how it went. Addresses are logged as their pattern: the real
/// ones hold tokens.
pub(crate) async fn log(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    let id = Uuid::now_v7();
    let number = HeaderValue::try_from(id.to_string()).expect("a UUID is ASCII");
    request.headers_mut().insert("x-request-id", number.clone());
    let method = request.method().clone();
    let pattern = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "-".to_owned(), |path| path.as_str().to_owned());
    let began = app.clock.now();
    let mut response = next.run(request).await;
    let status = response.status().as_u16();
    let duration_ms = app.clock.now() - began;
    tracing::info!(
        request.id = %id, %method, path = %pattern, status, duration_ms,
        "{method} {pattern} answered {status} in {duration_ms} ms"
    );
    response.headers_mut().insert("x-request-id", number);
    response
}

/// Refuses what another site sent with our learner's cookie: changes of state, and WebSockets, which
/// no other rule of the browser stops.
pub(crate) async fn same_origin(
    State(app): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let changes = !matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    let upgrades = request.headers().contains_key(header::UPGRADE);
    if changes || upgrades {
        let verdict = match origin(request.headers(), &app.settings.public_url) {
            Origin::Ours => Ok(()),
            Origin::Other => Err(ApiError::OtherOrigin),
            // Not a browser, or one from long ago, which can send forms but no JSON to another site.
            Origin::Unsaid if upgrades || is_json(request.headers()) => Ok(()),
            Origin::Unsaid => Err(ApiError::NotJson),
        };
        if let Err(error) = verdict {
            return error.into_response();
        }
    }
    next.run(request).await
}

#[derive(Debug, PartialEq, Eq)]
enum Origin {
    Ours,
    Other,
    Unsaid,
}

fn origin(headers: &HeaderMap, public_url: &str) -> Origin {
    if let Some(site) = headers.get("sec-fetch-site") {
        // `none` is the address bar, which neither posts nor upgrades.
        return match site.as_bytes() {
            b"same-origin" => Origin::Ours,
            _ => Origin::Other,
        };
    }
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Origin::Unsaid;
    };
    let authority = |text: &str| text.split_once("://").map(|(_, rest)| rest.to_owned());
    let named = origin.to_str().ok().and_then(authority);
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .map(str::to_owned);
    let public = authority(public_url.trim_end_matches('/'));
    if named.is_some() && (named == host || named == public) {
        Origin::Ours
    } else {
        Origin::Other
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .and_then(|kind| kind.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn asvs_17_only_our_own_pages_are_of_our_origin() {
        let url = "https://zhipei.example";
        for (sent, expected) in [
            (vec![("sec-fetch-site", "same-origin")], Origin::Ours),
            (vec![("sec-fetch-site", "cross-site")], Origin::Other),
            (vec![("sec-fetch-site", "same-site")], Origin::Other),
            (vec![("sec-fetch-site", "none")], Origin::Other),
            (vec![("origin", "https://zhipei.example")], Origin::Ours),
            (
                vec![
                    ("origin", "http://10.1.1.1:8080"),
                    ("host", "10.1.1.1:8080"),
                ],
                Origin::Ours,
            ),
            (
                vec![
                    ("origin", "https://evil.example"),
                    ("host", "zhipei.example"),
                ],
                Origin::Other,
            ),
            (
                vec![("origin", "https://zhipei.example.evil")],
                Origin::Other,
            ),
            (vec![("origin", "null")], Origin::Other),
            (vec![("origin", "")], Origin::Other),
            (vec![], Origin::Unsaid),
        ] {
            assert_eq!(origin(&headers(&sent), url), expected, "{sent:?}");
        }
    }
}
