use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Phone;

/// One SMS. Providers take no free text: they fill a template that they have approved.
#[derive(Clone)]
pub struct SmsMessage {
    /// The same on each try, so that the provider's records show a repetition.
    pub id: Uuid,
    /// To whom.
    pub phone: Phone,
    /// What it says.
    pub words: SmsWords,
}

/// What an SMS says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmsWords {
    /// A code.
    Code(String),
    /// Something happened that is to be read in the app; its heading.
    Notice(String),
}

impl fmt::Debug for SmsMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmsMessage({}, redacted)", self.id)
    }
}

impl fmt::Debug for SmsWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Code(_) => "Code(redacted)",
            Self::Notice(_) => "Notice(..)",
        })
    }
}
