//! Addresses of media that only the login they were made for can use, for a few hours.
//!
//! An address is a hurdle against passing links on, not copy protection; the key of the segments is
//! handed out elsewhere, and only while a lesson is being learnt.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;
use zhipei_domain::{LoginSessionId, MediaAssetId, UnixMs};

/// The longest that an address may hold.
pub const MAX_LIFE_MS: i64 = 12 * 60 * 60 * 1000;

/// What an address grants: one asset to one login until a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaToken {
    /// Whose address it is.
    pub login_session: LoginSessionId,
    /// The asset it leads to.
    pub asset: MediaAssetId,
    /// From then on it leads nowhere; at most [`MAX_LIFE_MS`] away.
    pub expires_at: UnixMs,
}

/// Why an address leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It was not made here, or was changed.
    #[error("the media address was not made here")]
    Forged,
    /// Its time is over (or it claims more time than any address has).
    #[error("the media address has expired")]
    Expired,
}

/// The token as a path segment: base64url of the payload, a dot, base64url of its HMAC-SHA-256.
pub fn sign(key: &[u8; 32], token: &MediaToken) -> String {
    let mut payload = [0; PAYLOAD];
    payload[..16].copy_from_slice(token.login_session.0.as_bytes());
    payload[16..32].copy_from_slice(token.asset.0.as_bytes());
    payload[32..].copy_from_slice(&token.expires_at.to_be_bytes());
    let mac = mac(key, &payload).finalize().into_bytes();
    format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(payload),
        URL_SAFE_NO_PAD.encode(mac)
    )
}

/// The opposite of [`sign`], for a token that is genuine and still holds at `now`.
pub fn verify(key: &[u8; 32], text: &str, now: UnixMs) -> Result<MediaToken, AddressError> {
    let (payload, tag) = text.split_once('.').ok_or(AddressError::Forged)?;
    let payload: [u8; PAYLOAD] = decode(payload)?;
    let tag: [u8; 32] = decode(tag)?;
    mac(key, &payload)
        .verify_slice(&tag)
        .map_err(|_| AddressError::Forged)?;
    let expires_at = i64::from_be_bytes(part(&payload, 32));
    if expires_at <= now || expires_at - now > MAX_LIFE_MS {
        return Err(AddressError::Expired);
    }
    Ok(MediaToken {
        login_session: LoginSessionId(Uuid::from_bytes(part(&payload, 0))),
        asset: MediaAssetId(Uuid::from_bytes(part(&payload, 16))),
        expires_at,
    })
}

/// The address of a file: `/media/{token}/{asset}/{file}`. Playlists name their segments beside them,
/// so one token serves the whole asset.
pub fn path(key: &[u8; 32], token: &MediaToken, file: &str) -> String {
    format!("/media/{}/{}/{file}", sign(key, token), token.asset)
}

/// Where a player asks for the key of an asset's segments; playlists carry it.
pub fn key_path(asset: MediaAssetId) -> String {
    format!("/api/learning/keys/{asset}")
}

fn mac(key: &[u8; 32], payload: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key)
        .expect("HMAC takes keys of any length")
        .chain_update(b"zhipei media address 1")
        .chain_update(payload)
}

fn decode<const N: usize>(text: &str) -> Result<[u8; N], AddressError> {
    URL_SAFE_NO_PAD
        .decode(text)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(AddressError::Forged)
}

fn part<const N: usize>(payload: &[u8; PAYLOAD], from: usize) -> [u8; N] {
    payload[from..from + N]
        .try_into()
        .expect("the payload is as long as its parts")
}

const PAYLOAD: usize = 40;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: [u8; 32] = [5; 32];
    const NOW: UnixMs = 1_767_200_000_000;

    fn token(expires_at: UnixMs) -> MediaToken {
        MediaToken {
            login_session: LoginSessionId(Uuid::from_u128(1)),
            asset: MediaAssetId(Uuid::from_u128(2)),
            expires_at,
        }
    }

    #[test]
    fn a_token_holds_until_it_expires() {
        let text = sign(&KEY, &token(NOW + 1));
        assert_eq!(verify(&KEY, &text, NOW), Ok(token(NOW + 1)));
        assert_eq!(verify(&KEY, &text, NOW + 1), Err(AddressError::Expired));
    }

    #[test]
    fn no_token_holds_longer_than_twelve_hours() {
        let text = sign(&KEY, &token(NOW + MAX_LIFE_MS));
        assert!(verify(&KEY, &text, NOW).is_ok());
        assert_eq!(verify(&KEY, &text, NOW - 1), Err(AddressError::Expired));
    }

    #[test]
    fn another_key_makes_another_token() {
        let text = sign(&[6; 32], &token(NOW + 1));
        assert_eq!(verify(&KEY, &text, NOW), Err(AddressError::Forged));
    }

    #[test]
    fn an_address_names_the_asset_and_fits_a_path() {
        let path = path(&KEY, &token(NOW + 1), "master.m3u8");
        assert!(path.ends_with("/00000000-0000-0000-0000-000000000002/master.m3u8"));
        assert!(
            path.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte))
        );
    }

    proptest! {
        #[test]
        fn a_changed_token_is_never_taken(at in 0_usize..98, to in "[A-Za-z0-9_.-]") {
            let genuine = sign(&KEY, &token(NOW + 1));
            let mut changed = genuine.clone();
            changed.replace_range(at..=at, &to);
            prop_assume!(changed != genuine);
            prop_assert_eq!(verify(&KEY, &changed, NOW), Err(AddressError::Forged));
        }

        #[test]
        fn no_text_breaks_verify(text in "\\PC*") {
            prop_assert_eq!(verify(&KEY, &text, NOW), Err(AddressError::Forged));
        }
    }
}
