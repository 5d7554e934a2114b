//! Personal data at rest: a key a person, authenticated encryption, blind indexes.
//!
//! Pure: it opens no file, asks no database, and draws randomness only where the caller's source
//! gives it. See the README for the stored forms.

mod blind_index;
mod error;
mod key_ring;
mod person_key;
mod sealed;
mod suite;

pub use blind_index::IndexKey;
pub use error::{Error, Result};
pub use key_ring::{KeyRing, MasterKey, Random};
pub use person_key::PersonKey;
pub use sealed::{Place, Sealed};
pub use suite::Suite;
