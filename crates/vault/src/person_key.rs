use std::fmt;

use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{Error, Place, Random, Result, Sealed, Suite};

/// One person's key. All that is personal of them opens with it, and with nothing else; destroy it,
/// and they are gone. Wiped from memory when dropped.
#[derive(Clone)]
pub struct PersonKey {
    pub(crate) person: Uuid,
    /// Eight hexadecimal digits, drawn with the secret: tells a value of an older key from a changed one.
    pub(crate) id: String,
    pub(crate) secret: Zeroizing<[u8; 32]>,
    /// What new values are sealed with; old ones open with what they name.
    pub(crate) suite: Suite,
    pub(crate) random: Random,
}

impl PersonKey {
    /// Whose.
    pub fn person(&self) -> Uuid {
        self.person
    }

    /// Seals a text for its place.
    pub fn seal(&self, place: Place, plain: &str) -> Sealed {
        Sealed::new(
            self.suite,
            &self.id,
            &self.data_key(self.suite),
            self.random,
            (place, self.person),
            plain.as_bytes(),
        )
    }

    /// Opens what was sealed for this place.
    pub fn open(&self, place: Place, sealed: &Sealed) -> Result<Zeroizing<String>> {
        if sealed.key_id() != self.id {
            return Err(Error::Tampered);
        }
        let key = self.data_key(sealed.suite()?);
        let plain = sealed.open(&key, place, self.person)?;
        let text = std::str::from_utf8(&plain).map_err(|_| Error::Tampered)?;
        Ok(Zeroizing::new(text.to_owned()))
    }

    fn data_key(&self, suite: Suite) -> Zeroizing<[u8; 32]> {
        suite.derive(&self.secret, b"person")
    }
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PersonKey({}, redacted)", self.person)
    }
}
