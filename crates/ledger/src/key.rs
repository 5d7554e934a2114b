//! Keys of the ledger. Each has a name (`key_id`) and is kept outside the database and its backups.

use std::fmt;

use ed25519_dalek::Signer;
use hmac::{Hmac, KeyInit, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::Mac;
use crate::hash::read_hex;

/// A key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not 64 lower-case hexadecimal digits.
    #[error("a key is written as 64 lower-case hexadecimal digits")]
    Text,
    /// Not a point of the curve.
    #[error("not a verifying key")]
    Point,
    /// A ring of keys is empty.
    #[error("at least one authentication key is needed")]
    None,
}

/// The key that authenticates entries. Wiped from memory when dropped, never shown.
#[derive(Clone)]
pub struct AuthKey {
    key_id: String,
    key: Zeroizing<[u8; 32]>,
}

impl AuthKey {
    /// From 32 random bytes.
    pub fn from_bytes(key_id: impl Into<String>, key: [u8; 32]) -> Self {
        Self {
            key_id: key_id.into(),
            key: Zeroizing::new(key),
        }
    }

    /// From 64 hexadecimal digits, as in a key file.
    pub fn from_hex(key_id: impl Into<String>, text: &str) -> Result<Self, KeyError> {
        let key = read_hex(text.trim().as_bytes()).ok_or(KeyError::Text)?;
        Ok(Self::from_bytes(key_id, key))
    }

    /// The key's name.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    pub(crate) fn authenticate(&self, parts: &[&[u8]]) -> Mac {
        let mut hmac = Hmac::<Sha256>::new_from_slice(self.key.as_slice())
            .expect("HMAC takes a key of any length");
        for part in parts {
            hmac.update(part);
        }
        Mac(hmac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for AuthKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthKey({}, redacted)", self.key_id)
    }
}

/// The authentication keys, newest first: the first one writes, all of them verify.
#[derive(Clone, Debug)]
pub struct AuthKeys(Vec<AuthKey>);

impl AuthKeys {
    /// `keys` newest first.
    pub fn new(keys: Vec<AuthKey>) -> Result<Self, KeyError> {
        if keys.is_empty() {
            return Err(KeyError::None);
        }
        Ok(Self(keys))
    }

    /// The key that writes.
    pub fn newest(&self) -> &AuthKey {
        &self.0[0]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &AuthKey> {
        self.0.iter()
    }
}

impl From<AuthKey> for AuthKeys {
    fn from(key: AuthKey) -> Self {
        Self(vec![key])
    }
}

/// The key that signs seals (Ed25519). Wiped from memory when dropped, never shown.
#[derive(Clone)]
pub struct SigningKey {
    key_id: String,
    key: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// From 32 random bytes.
    pub fn from_bytes(key_id: impl Into<String>, seed: &[u8; 32]) -> Self {
        Self {
            key_id: key_id.into(),
            key: ed25519_dalek::SigningKey::from_bytes(seed),
        }
    }

    /// From 64 hexadecimal digits, as in a key file.
    pub fn from_hex(key_id: impl Into<String>, text: &str) -> Result<Self, KeyError> {
        let seed = Zeroizing::new(read_hex(text.trim().as_bytes()).ok_or(KeyError::Text)?);
        Ok(Self::from_bytes(key_id, &seed))
    }

    /// The key's name.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The half that may be published.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey {
            key_id: self.key_id.clone(),
            key: self.key.verifying_key(),
        }
    }

    pub(crate) fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.key.sign(bytes).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, redacted)", self.key_id)
    }
}

/// The published half of a [`SigningKey`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyingKey {
    key_id: String,
    key: ed25519_dalek::VerifyingKey,
}

impl VerifyingKey {
    /// From 64 hexadecimal digits.
    pub fn from_hex(key_id: impl Into<String>, text: &str) -> Result<Self, KeyError> {
        let bytes = read_hex(text.trim().as_bytes()).ok_or(KeyError::Text)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::Point)?;
        Ok(Self {
            key_id: key_id.into(),
            key,
        })
    }

    /// As 64 hexadecimal digits.
    pub fn to_hex(&self) -> String {
        hex::encode(self.key.as_bytes())
    }

    /// The key's name.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    pub(crate) fn verifies(&self, bytes: &[u8], signature: &[u8; 64]) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        self.key.verify_strict(bytes, &signature).is_ok()
    }
}

/// The verifying keys of all seals, found by name.
#[derive(Clone, Debug, Default)]
pub struct VerifyingKeys(Vec<VerifyingKey>);

impl VerifyingKeys {
    /// In any order.
    pub fn new(keys: Vec<VerifyingKey>) -> Self {
        Self(keys)
    }

    pub(crate) fn named(&self, key_id: &str) -> Option<&VerifyingKey> {
        self.0.iter().find(|key| key.key_id == key_id)
    }
}

impl From<VerifyingKey> for VerifyingKeys {
    fn from(key: VerifyingKey) -> Self {
        Self(vec![key])
    }
}
