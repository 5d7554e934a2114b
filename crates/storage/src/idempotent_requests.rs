//! Requests that were carried out, by the key that their clients gave them.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
};
use uuid::Uuid;
use zhipei_domain::UnixMs;

use crate::entity::idempotent_request::{ActiveModel, Column, Entity};
use crate::scope::Unscoped;
use crate::{Result, Txn};

impl Unscoped for Entity {}

/// What a request was, and what it was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// Keyed hash of the request, with its address.
    pub request_mac: String,
    /// The answer, without anything personal.
    pub response: String,
}

/// What was carried out under the key.
pub async fn get(db: &impl ConnectionTrait, caller: &str, key: Uuid) -> Result<Option<Carried>> {
    let row = Entity::rows()
        .filter(Column::Caller.eq(caller))
        .filter(Column::Key.eq(key.to_string()))
        .one(db)
        .await?;
    Ok(row.map(|row| Carried {
        request_mac: row.request_mac,
        response: row.response,
    }))
}

/// Keeps what was carried out, in its transaction; [`Error::Conflict`](crate::Error::Conflict) when the same
/// key came at the same time.
pub async fn insert(
    txn: &Txn,
    caller: &str,
    key: Uuid,
    carried: &Carried,
    now: UnixMs,
) -> Result<()> {
    let row = ActiveModel {
        caller: Set(caller.to_owned()),
        key: Set(key.to_string()),
        request_mac: Set(carried.request_mac.clone()),
        response: Set(carried.response.clone()),
        created_at: Set(now),
    };
    row.insert(txn).await?;
    Ok(())
}

/// Drops what is older than `before`.
pub async fn delete_old(txn: &Txn, before: UnixMs) -> Result<()> {
    Entity::delete_many()
        .filter(Expr::col(Column::CreatedAt).lt(before))
        .exec(txn)
        .await?;
    Ok(())
}
