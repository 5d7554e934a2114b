//! The roster (名单) of a class: whom an institution expects.

use crate::{ClassId, IdDocument, LearnerId, PersonName, Phone, RosterEntryId, UnixMs};

/// A person on a roster, who may not have an account yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RosterEntry {
    /// Its identity, and the name of its key in the vault.
    pub id: RosterEntryId,
    /// Of which class.
    pub class: ClassId,
    /// As the institution has it.
    pub name: PersonName,
    /// As the institution has it.
    pub document: IdDocument,
    /// As the institution has it.
    pub phone: Phone,
    /// The learner who was found to be this person.
    pub learner: Option<LearnerId>,
    /// When it was added.
    pub created_at: UnixMs,
}

impl RosterEntry {
    /// Is this the same person? Name and document must both agree: a phone alone says nothing.
    pub fn agrees(&self, name: &PersonName, document: &IdDocument) -> bool {
        self.name == *name && self.document == *document
    }
}
