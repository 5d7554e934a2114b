use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ClassId;

/// Where hours are earned (学时范围): in a training class, or on the platform at large (free study).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "Uuid", into = "Uuid")]
pub enum CreditScope {
    /// General courses and free study, under the platform's own policy.
    Platform,
    /// One training class, under its policy.
    Class(ClassId),
}

impl CreditScope {
    /// The column form: the platform is the nil UUID.
    pub fn to_uuid(self) -> Uuid {
        match self {
            Self::Platform => Uuid::nil(),
            Self::Class(class) => class.0,
        }
    }

    /// The opposite of [`CreditScope::to_uuid`].
    pub fn from_uuid(id: Uuid) -> Self {
        if id.is_nil() {
            Self::Platform
        } else {
            Self::Class(ClassId(id))
        }
    }
}

impl From<Uuid> for CreditScope {
    fn from(id: Uuid) -> Self {
        Self::from_uuid(id)
    }
}

impl From<CreditScope> for Uuid {
    fn from(scope: CreditScope) -> Self {
        scope.to_uuid()
    }
}
