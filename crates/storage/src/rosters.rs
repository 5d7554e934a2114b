//! Rosters (名单): whom institutions expect, sealed under a key of each entry's own.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait,
    QueryFilter, QueryOrder,
};
use zhipei_domain::{
    ClassId, IdDocument, LearnerId, PersonName, Phone, RosterEntry, RosterEntryId, UnixMs,
};
use zhipei_vault::{KeyRing, Place};

use crate::entity::roster_entry::{ActiveModel, Column, Entity, Model};
use crate::identities::{document_index, document_of, open, phone_index};
use crate::scope::Unscoped;
use crate::{Error, Result, Txn, person_keys};

impl Unscoped for Entity {}

const NAME: Place = Place::new("roster_entry", "name");
const DOCUMENT: Place = Place::new("roster_entry", "document");
const PHONE: Place = Place::new("roster_entry", "phone");

/// Adds one; [`Error::Conflict`] when the document is on the roster of the class.
pub async fn insert(txn: &Txn, vault: &KeyRing, entry: &RosterEntry) -> Result<()> {
    let key = person_keys::draw(txn, vault, entry.id.0, entry.created_at).await?;
    let seal = |place, text: &str| Some(key.seal(place, text).as_str().to_owned());
    let row = ActiveModel {
        id: Set(entry.id.0),
        class_id: Set(entry.class.0),
        name: Set(seal(NAME, entry.name.as_str())),
        document: Set(seal(DOCUMENT, &entry.document.key())),
        phone: Set(seal(PHONE, entry.phone.as_str())),
        phone_index: Set(Some(phone_index(vault, &entry.phone))),
        document_index: Set(Some(document_index(vault, &entry.document))),
        learner_id: Set(entry.learner.map(|learner| learner.0)),
        created_at: Set(entry.created_at),
    };
    row.insert(txn).await?;
    Ok(())
}

/// All entries with this phone, the newest first. For who has proved that the phone is theirs.
pub async fn by_phone(
    db: &impl ConnectionTrait,
    vault: &KeyRing,
    phone: &Phone,
) -> Result<Vec<RosterEntry>> {
    by_index(db, vault, Column::PhoneIndex, phone_index(vault, phone)).await
}

/// All entries with this document, the newest first.
pub async fn by_document(
    db: &impl ConnectionTrait,
    vault: &KeyRing,
    document: &IdDocument,
) -> Result<Vec<RosterEntry>> {
    let index = document_index(vault, document);
    by_index(db, vault, Column::DocumentIndex, index).await
}

/// All entries that were found to be this learner, the newest first.
pub async fn of_learner(
    db: &impl ConnectionTrait,
    vault: &KeyRing,
    learner: LearnerId,
) -> Result<Vec<RosterEntry>> {
    let rows = Entity::rows()
        .filter(Column::LearnerId.eq(learner.0))
        .order_by_desc(Column::CreatedAt)
        .all(db)
        .await?;
    opened(db, vault, rows).await
}

/// Notes that the entry is this learner.
pub async fn link(txn: &Txn, entry: RosterEntryId, learner: LearnerId) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::LearnerId, Expr::value(learner.0))
        .filter(Column::Id.eq(entry.0))
        .exec(txn)
        .await?;
    Ok(())
}

/// Destroys the keys of all entries that are this learner, or that have this document, and empties their rows.
pub async fn erase(
    txn: &Txn,
    vault: &KeyRing,
    learner: LearnerId,
    document: Option<&IdDocument>,
    now: UnixMs,
) -> Result<()> {
    let mut theirs = Condition::any().add(Column::LearnerId.eq(learner.0));
    if let Some(document) = document {
        theirs = theirs.add(Column::DocumentIndex.eq(document_index(vault, document)));
    }
    let rows = Entity::rows().filter(theirs).all(txn).await?;
    for row in rows {
        person_keys::destroy(txn, row.id, now).await?;
        let mut emptied: ActiveModel = row.into();
        emptied.name = Set(None);
        emptied.document = Set(None);
        emptied.phone = Set(None);
        emptied.phone_index = Set(None);
        emptied.document_index = Set(None);
        emptied.update(txn).await?;
    }
    Ok(())
}

async fn by_index(
    db: &impl ConnectionTrait,
    vault: &KeyRing,
    column: Column,
    index: String,
) -> Result<Vec<RosterEntry>> {
    let rows = Entity::rows()
        .filter(column.eq(index))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .all(db)
        .await?;
    opened(db, vault, rows).await
}

async fn opened(
    db: &impl ConnectionTrait,
    vault: &KeyRing,
    rows: Vec<Model>,
) -> Result<Vec<RosterEntry>> {
    let mut entries = Vec::new();
    for row in rows {
        let key = match person_keys::get(db, vault, row.id).await {
            Err(Error::Vault(zhipei_vault::Error::Erased)) => continue,
            key => key?,
        };
        let whole = |text: Option<String>| text.ok_or(Error::Corrupt("roster_entry"));
        let name = whole(open(&key, NAME, row.name)?)?;
        let phone = whole(open(&key, PHONE, row.phone)?)?;
        entries.push(RosterEntry {
            id: RosterEntryId(row.id),
            class: ClassId(row.class_id),
            name: PersonName::parse(&name).map_err(|_| Error::Corrupt("roster_entry.name"))?,
            document: document_of(&whole(open(&key, DOCUMENT, row.document)?)?)?,
            phone: Phone::parse(&phone).map_err(|_| Error::Corrupt("roster_entry.phone"))?,
            learner: row.learner_id.map(LearnerId),
            created_at: row.created_at,
        });
    }
    Ok(entries)
}
