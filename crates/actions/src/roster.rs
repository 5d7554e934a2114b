//! Rosters (名单): adding whom an institution expects.

use uuid::Uuid;
use zhipei_domain::{
    AccountState, Actor, ClassId, IdDocument, IdentityLevel, PersonName, Phone, Rejection,
    RosterEntry, RosterEntryId, Scope, UnixMs,
};
use zhipei_storage::{Error, Txn, identities, learners, rosters};

use crate::audit::done;
use crate::{Conflicts, Keys, Result, identity};

/// Whom an institution expects.
#[derive(Clone, Debug)]
pub struct Expected {
    /// As the institution has it.
    pub name: PersonName,
    /// As the institution has it.
    pub document: IdDocument,
    /// As the institution has it.
    pub phone: Phone,
}

/// Puts a person on the roster of a class. An account with the same name, document and phone is theirs and is
/// confirmed by it; none is ever made or merged.
pub async fn add(
    txn: &Txn,
    keys: &Keys,
    by: &Actor,
    now: UnixMs,
    class: ClassId,
    expected: Expected,
) -> Result<RosterEntry> {
    let mut entry = RosterEntry {
        id: RosterEntryId(Uuid::now_v7()),
        class,
        name: expected.name,
        document: expected.document,
        phone: expected.phone,
        learner: None,
        created_at: now,
    };
    match identities::by_document(txn, &keys.vault, &entry.document).await {
        Err(Error::NotFound) => {}
        found => {
            let id = found?;
            let scope = Scope::Learner(id);
            let learner = learners::get_to_change(txn, &scope, id).await?;
            let known = identities::get(txn, &scope, &keys.vault, id).await?;
            let same = entry.agrees(&known.name, &entry.document)
                && known.phone.as_ref() == Some(&entry.phone)
                && learner.state == AccountState::Active;
            if same {
                entry.learner = Some(id);
                if learner.identity_level == IdentityLevel::Claimed {
                    identity::confirm(txn, keys, by, now, id).await?;
                }
            }
        }
    }
    rosters::insert(txn, &keys.vault, &entry)
        .await
        .or_rejected(Rejection::OnRoster)?;
    done(
        txn,
        by,
        now,
        "roster.add",
        "roster_entry",
        entry.id,
        &class.to_string(),
    )
    .await?;
    Ok(entry)
}
