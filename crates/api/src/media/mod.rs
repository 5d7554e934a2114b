//! Videos: playlists, segments, posters and captions, to the login that an address was made for.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;
use utoipa::ToSchema;
use zhipei_domain::{LoginSession, MediaAsset, MediaAssetId};
use zhipei_media::address::{self, AddressError, MediaToken};

use crate::access::{Access, Routes};
use crate::body::Place;
use crate::{ApiError, ApiResult, AppState, Caller};

pub(crate) fn router() -> Routes {
    let path = "/media/{token}/{asset}/{file}";
    Routes::new().add_plain(Access::Learner, path, get(get_media_file))
}

/// Where a player finds a video.
#[expect(clippy::struct_field_names, reason = "the names of the answer")]
#[derive(Serialize, ToSchema)]
pub(crate) struct MediaOut {
    playlist_url: String,
    poster_url: String,
    #[schema(required)]
    captions_url: Option<String>,
}

impl MediaOut {
    /// The addresses hold until the login ends, and are the same whenever they are asked for.
    pub(crate) fn new(app: &AppState, session: &LoginSession, asset: &MediaAsset) -> Self {
        let path = |file| file_url(app, session, asset.id, file);
        Self {
            playlist_url: path("master.m3u8"),
            poster_url: path("poster.jpg"),
            captions_url: asset.captions.then(|| path("captions.vtt")),
        }
    }
}

pub(crate) fn poster_url(app: &AppState, session: &LoginSession, asset: MediaAssetId) -> String {
    file_url(app, session, asset, "poster.jpg")
}

fn file_url(app: &AppState, session: &LoginSession, asset: MediaAssetId, file: &str) -> String {
    let token = MediaToken {
        login_session: session.id,
        asset,
        expires_at: session.expires_at,
    };
    address::path(&app.media_key, &token, file)
}

async fn get_media_file(
    State(app): State<AppState>,
    caller: Caller,
    Place((token, asset, file)): Place<(String, MediaAssetId, String)>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let token =
        address::verify(&app.media_key, &token, app.clock.now()).map_err(|error| match error {
            AddressError::Forged => ApiError::NotFound,
            AddressError::Expired => ApiError::MediaAddressExpired,
        })?;
    if token.asset != asset || token.login_session != caller.session.id {
        return Err(ApiError::NotFound);
    }
    let file = app.media.open(asset, &file).await?;
    let whole = file.len;
    let wanted = headers
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| parse_range(text, whole));
    let (status, range) = match wanted {
        None => (StatusCode::OK, 0..whole),
        Some(Ok(range)) => (StatusCode::PARTIAL_CONTENT, range),
        Some(Err(NotThere)) => return Err(ApiError::RangeNotSatisfiable),
    };
    let content_type = file.content_type;
    let mut response = Response::new(Body::from_stream(file.stream(range.clone())));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CONTENT_LENGTH, (range.end - range.start).into());
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    // Assets never change; the address is this login's own.
    let caching = HeaderValue::from_static("private, max-age=43200, immutable");
    headers.insert(header::CACHE_CONTROL, caching);
    if status == StatusCode::PARTIAL_CONTENT {
        let text = format!("bytes {}-{}/{whole}", range.start, range.end - 1);
        let text = HeaderValue::try_from(text).expect("numbers are ASCII");
        headers.insert(header::CONTENT_RANGE, text);
    }
    Ok(response)
}

struct NotThere;

/// One range of bytes; a header that asks for several or for something else is ignored, as RFC 9110 allows.
fn parse_range(text: &str, len: u64) -> Option<Result<std::ops::Range<u64>, NotThere>> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    let range = if first.is_empty() {
        let suffix: u64 = last.parse().ok()?;
        len.saturating_sub(suffix)..len
    } else {
        let first: u64 = first.parse().ok()?;
        let end = if last.is_empty() {
            len
        } else {
            last.parse::<u64>().ok()?.saturating_add(1).min(len)
        };
        first..end
    };
    Some(if range.start < range.end {
        Ok(range)
    } else {
        Err(NotThere)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_inside_the_file_or_refused_or_ignored() {
        let parse = |text| parse_range(text, 100).map(Result::ok);
        assert_eq!(parse("bytes=0-9"), Some(Some(0..10)));
        assert_eq!(parse("bytes=90-"), Some(Some(90..100)));
        assert_eq!(parse("bytes=90-999"), Some(Some(90..100)));
        assert_eq!(parse("bytes=-10"), Some(Some(90..100)));
        assert_eq!(parse("bytes=-999"), Some(Some(0..100)));
        assert_eq!(parse("bytes=100-"), Some(None));
        assert_eq!(parse("bytes=9-5"), Some(None));
        assert_eq!(parse("bytes=-0"), Some(None));
        for ignored in ["bytes=0-1,5-6", "items=0-1", "bytes=a-b", "bytes=", ""] {
            assert_eq!(parse(ignored), None, "{ignored}");
        }
    }
}
