//! The keys of persons, wrapped. A person is a learner or an entry of a roster.

use std::collections::HashMap;

use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;
use zhipei_domain::UnixMs;
use zhipei_vault::{KeyRing, PersonKey, Sealed};

use crate::entity::person_key::{ActiveModel, Column, Entity};
use crate::scope::Unscoped;
use crate::{Error, Result, Txn};

impl Unscoped for Entity {}

/// Draws and keeps a key for a person who has none.
pub(crate) async fn draw(
    txn: &Txn,
    vault: &KeyRing,
    person: Uuid,
    now: UnixMs,
) -> Result<PersonKey> {
    let (key, wrapped) = vault.draw(person);
    let row = ActiveModel {
        person_id: Set(person),
        wrapped: Set(Some(wrapped.as_str().to_owned())),
        created_at: Set(now),
        destroyed_at: Set(None),
    };
    row.insert(txn).await?;
    Ok(key)
}

/// The person's key; [`zhipei_vault::Error::Erased`] where it was destroyed.
pub(crate) async fn get(
    db: &impl ConnectionTrait,
    vault: &KeyRing,
    person: Uuid,
) -> Result<PersonKey> {
    let row = Entity::rows()
        .filter(Column::PersonId.eq(person))
        .one(db)
        .await?
        .ok_or(Error::NotFound)?;
    let wrapped = row.wrapped.as_deref().map(Sealed::parse).transpose()?;
    Ok(vault.unwrap(person, wrapped.as_ref())?)
}

/// The keys of these persons; who was erased has none.
pub(crate) async fn many(
    db: &impl ConnectionTrait,
    vault: &KeyRing,
    persons: &[Uuid],
) -> Result<HashMap<Uuid, PersonKey>> {
    let rows = Entity::rows()
        .filter(Column::PersonId.is_in(persons.iter().copied()))
        .filter(Column::Wrapped.is_not_null())
        .all(db)
        .await?;
    let mut keys = HashMap::new();
    for row in rows {
        let wrapped = row.wrapped.as_deref().map(Sealed::parse).transpose()?;
        keys.insert(
            row.person_id,
            vault.unwrap(row.person_id, wrapped.as_ref())?,
        );
    }
    Ok(keys)
}

/// The persons of whom something can still be read.
pub(crate) fn readable() -> SelectStatement {
    Query::select()
        .column(Column::PersonId)
        .from(Entity)
        .and_where(Column::Wrapped.is_not_null())
        .take()
}

/// Destroys the person's key. What it sealed is noise from here on, in every copy of the database that is
/// made later.
pub(crate) async fn destroy(txn: &Txn, person: Uuid, now: UnixMs) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Wrapped, Expr::value(Option::<String>::None))
        .col_expr(Column::DestroyedAt, Expr::value(now))
        .filter(Column::PersonId.eq(person))
        .filter(Column::DestroyedAt.is_null())
        .exec(txn)
        .await?;
    Ok(())
}

/// Wraps up to `count` keys after `after` by the newest master key. Returns the last one looked at, and
/// how many were wrapped anew; `None` when there are no more.
pub async fn rewrap(
    txn: &Txn,
    vault: &KeyRing,
    after: Uuid,
    count: u64,
) -> Result<Option<(Uuid, u64)>> {
    let rows = Entity::rows()
        .filter(Column::PersonId.gt(after))
        .order_by_asc(Column::PersonId)
        .limit(count)
        .all(txn)
        .await?;
    let Some(last) = rows.last().map(|row| row.person_id) else {
        return Ok(None);
    };
    let mut done = 0;
    for row in rows {
        let Some(wrapped) = &row.wrapped else {
            continue;
        };
        if let Some(fresh) = vault.rewrap(row.person_id, &Sealed::parse(wrapped)?)? {
            Entity::update_many()
                .col_expr(Column::Wrapped, Expr::value(fresh.as_str()))
                .filter(Column::PersonId.eq(row.person_id))
                // Whoever was erased meanwhile stays erased.
                .filter(Column::Wrapped.eq(wrapped))
                .exec(txn)
                .await?;
            done += 1;
        }
    }
    Ok(Some((last, done)))
}

/// How many persons' keys are wrapped by this master key.
pub async fn wrapped_by(db: &impl ConnectionTrait, key_id: &str) -> Result<u64> {
    let by = |suite: &str| Expr::col(Column::Wrapped).like(format!("{suite}:{key_id}:%"));
    Ok(Entity::rows()
        .filter(by("intl").or(by("gm")))
        .count(db)
        .await?)
}

/// Is there any person at all?
pub async fn any(db: &impl ConnectionTrait) -> Result<bool> {
    Ok(Entity::rows().one(db).await?.is_some())
}
