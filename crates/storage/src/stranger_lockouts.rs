//! Failed logins of names and phones that are nobody's, so that a lock tells nobody which exist. Of a name
//! only a blind index is kept.

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
};
use zhipei_domain::{Lockout, UnixMs};

use crate::entity::stranger_lockout::{ActiveModel, Column, Entity, Model};
use crate::scope::Unscoped;
use crate::{Result, Txn};

impl Unscoped for Entity {}

/// What is remembered of the name.
pub async fn get(db: &impl ConnectionTrait, name_index: &str) -> Result<Lockout> {
    let row = Entity::rows()
        .filter(Column::NameIndex.eq(name_index))
        .one(db)
        .await?;
    Ok(row.map(Lockout::from).unwrap_or_default())
}

/// The same, to be changed: tries that come together are counted one by one.
pub async fn get_to_change(txn: &Txn, name_index: &str, now: UnixMs) -> Result<Lockout> {
    // Taking the row also where it is new, so that two first failures cannot both see none.
    let take = OnConflict::column(Column::NameIndex)
        .update_column(Column::UpdatedAt)
        .to_owned();
    Entity::insert(row(name_index, Lockout::default(), now))
        .on_conflict(take)
        .exec_without_returning(txn)
        .await?;
    get(txn, name_index).await
}

/// Keeps what [`get_to_change`] has given.
pub async fn update(txn: &Txn, name_index: &str, lockout: Lockout, now: UnixMs) -> Result<()> {
    row(name_index, lockout, now).update(txn).await?;
    Ok(())
}

/// Forgets names that were not tried since `before`.
pub async fn delete_old(txn: &Txn, before: UnixMs) -> Result<()> {
    Entity::delete_many()
        .filter(Expr::col(Column::UpdatedAt).lte(before))
        .exec(txn)
        .await?;
    Ok(())
}

fn row(name_index: &str, lockout: Lockout, now: UnixMs) -> ActiveModel {
    ActiveModel {
        name_index: Set(name_index.to_owned()),
        failed_count: Set(lockout.failed_count as i32),
        first_failed_at: Set(lockout.first_failed_at),
        locked_until: Set(lockout.locked_until),
        lock_level: Set(lockout.level as i32),
        updated_at: Set(now),
    }
}

impl From<Model> for Lockout {
    fn from(row: Model) -> Self {
        Self {
            failed_count: row.failed_count.unsigned_abs(),
            first_failed_at: row.first_failed_at,
            locked_until: row.locked_until,
            level: row.lock_level.unsigned_abs(),
        }
    }
}
