use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{Error, Random, Result, Suite};

const NONCE: usize = 12;
const TAG: usize = 16;

/// Where a sealed value stands. It is authenticated with the value: moved elsewhere, it does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    table: &'static str,
    column: &'static str,
}

impl Place {
    /// A column of a table, or a field of a document.
    pub const fn new(table: &'static str, column: &'static str) -> Self {
        Self { table, column }
    }

    /// `table|column|person`.
    fn aad(self, person: Uuid) -> Vec<u8> {
        format!("{}|{}|{person}", self.table, self.column).into_bytes()
    }
}

/// A sealed value as it is stored: `suite:key_id:base64url(nonce, ciphertext, tag)`.
///
/// The length of the plain text shows, its content does not.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Sealed(String);

impl Sealed {
    /// Of a stored text; whether it opens is seen when it is opened.
    pub fn parse(text: &str) -> Result<Self> {
        let sealed = Self(text.to_owned());
        sealed.parts()?;
        Ok(sealed)
    }

    /// The stored text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the key that sealed it.
    pub fn key_id(&self) -> &str {
        self.0.split(':').nth(1).unwrap_or_default()
    }

    pub(crate) fn new(
        suite: Suite,
        key_id: &str,
        key: &[u8; 32],
        random: Random,
        (place, person): (Place, Uuid),
        plain: &[u8],
    ) -> Self {
        let mut nonce = [0; NONCE];
        nonce.copy_from_slice(&random()[..NONCE]);
        let mut bytes = nonce.to_vec();
        bytes.extend(suite.encrypt(key, nonce, &place.aad(person), plain));
        let text = URL_SAFE_NO_PAD.encode(bytes);
        Self(format!("{}:{key_id}:{text}", suite.as_str()))
    }

    pub(crate) fn open(
        &self,
        key: &[u8; 32],
        place: Place,
        person: Uuid,
    ) -> Result<Zeroizing<Vec<u8>>> {
        let (suite, _, bytes) = self.parts()?;
        let (nonce, sealed) = bytes.split_first_chunk().ok_or(Error::Malformed)?;
        suite
            .decrypt(key, *nonce, &place.aad(person), sealed)
            .ok_or(Error::Tampered)
    }

    pub(crate) fn suite(&self) -> Result<Suite> {
        Ok(self.parts()?.0)
    }

    fn parts(&self) -> Result<(Suite, &str, Vec<u8>)> {
        let mut parts = self.0.splitn(3, ':');
        let mut next = || parts.next().ok_or(Error::Malformed);
        let suite = Suite::parse(next()?).ok_or(Error::Malformed)?;
        let key_id = next()?;
        let bytes = URL_SAFE_NO_PAD
            .decode(next()?)
            .map_err(|_| Error::Malformed)?;
        if key_id.is_empty() || bytes.len() < NONCE + TAG {
            return Err(Error::Malformed);
        }
        Ok((suite, key_id, bytes))
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({})", self.key_id())
    }
}
