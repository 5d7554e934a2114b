//! What staff logs in with: passwords and recovery codes as hashes, the authenticator's secret sealed.

use std::collections::HashSet;

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use uuid::Uuid;
use zhipei_domain::{Lockout, StaffAccount, StaffId, UnixMs};

use crate::entity::staff_credential::{ActiveModel, Column, Entity, Model};
use crate::entity::{staff_password, staff_recovery_code};
use crate::scope::Unscoped;
use crate::{Error, Result, Txn};

impl Unscoped for Entity {}
impl Unscoped for staff_password::Entity {}
impl Unscoped for staff_recovery_code::Entity {}

/// What a member of staff logs in with.
#[derive(Clone)]
pub struct StaffCredential {
    /// Whose.
    pub staff: StaffId,
    /// The hash, with its parameters and salt (PHC string).
    pub password_hash: String,
    /// When the password was set.
    pub changed_at: UnixMs,
    /// The authenticator's secret, sealed by the vault.
    pub totp_secret: String,
    /// The last step of the authenticator that was used: this one and earlier ones are over.
    pub totp_step: Option<i64>,
    /// Failed logins.
    pub lockout: Lockout,
}

impl std::fmt::Debug for StaffCredential {
    /// Without hash and secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StaffCredential")
            .field("staff", &self.staff)
            .field("lockout", &self.lockout)
            .finish_non_exhaustive()
    }
}

/// What the account is logged in with; [`Error::NotFound`] before its holder has come in once.
pub async fn get(db: &impl ConnectionTrait, staff: StaffId) -> Result<StaffCredential> {
    let row = Entity::rows()
        .filter(Column::StaffId.eq(staff.0))
        .one(db)
        .await?;
    row.map(StaffCredential::from).ok_or(Error::NotFound)
}

/// The accounts that are set up: their holders came in by a link.
pub async fn set_up(db: &impl ConnectionTrait) -> Result<HashSet<StaffId>> {
    let rows = Entity::rows()
        .select_only()
        .column(Column::StaffId)
        .into_tuple::<Uuid>()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(StaffId).collect())
}

/// The same, to be changed: tries that come together are counted one by one.
pub async fn get_to_change(txn: &Txn, staff: StaffId) -> Result<StaffCredential> {
    let row = Entity::rows()
        .filter(Column::StaffId.eq(staff.0))
        .lock_exclusive()
        .one(txn)
        .await?;
    row.map(StaffCredential::from).ok_or(Error::NotFound)
}

/// Puts a credential there, in place of any that was.
pub async fn put(txn: &Txn, credential: &StaffCredential) -> Result<()> {
    Entity::delete_many()
        .filter(Column::StaffId.eq(credential.staff.0))
        .exec(txn)
        .await?;
    ActiveModel::from(credential).insert(txn).await?;
    Ok(())
}

/// Takes it away: nobody logs in with the account until a new one is put there.
pub async fn delete(txn: &Txn, staff: StaffId) -> Result<()> {
    Entity::delete_many()
        .filter(Column::StaffId.eq(staff.0))
        .exec(txn)
        .await?;
    staff_recovery_code::Entity::delete_many()
        .filter(staff_recovery_code::Column::StaffId.eq(staff.0))
        .exec(txn)
        .await?;
    Ok(())
}

/// Keeps a changed one.
pub async fn update(txn: &Txn, credential: &StaffCredential) -> Result<()> {
    ActiveModel::from(credential).update(txn).await?;
    Ok(())
}

/// The hashes of the last passwords, the one in use included, the newest first.
pub async fn last_passwords(db: &impl ConnectionTrait, staff: StaffId) -> Result<Vec<String>> {
    let rows = staff_password::Entity::rows()
        .filter(staff_password::Column::StaffId.eq(staff.0))
        .order_by_desc(staff_password::Column::Number)
        .limit(StaffAccount::PASSWORDS_KEPT as u64)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| row.password_hash).collect())
}

/// Remembers a password's hash and forgets those that are older than the last five.
pub async fn remember_password(txn: &Txn, staff: StaffId, password_hash: &str) -> Result<()> {
    let newest = staff_password::Entity::rows()
        .filter(staff_password::Column::StaffId.eq(staff.0))
        .order_by_desc(staff_password::Column::Number)
        .one(txn)
        .await?;
    let number = newest.map_or(1, |row| row.number + 1);
    let row = staff_password::ActiveModel {
        staff_id: Set(staff.0),
        number: Set(number),
        password_hash: Set(password_hash.to_owned()),
    };
    row.insert(txn).await?;
    staff_password::Entity::delete_many()
        .filter(staff_password::Column::StaffId.eq(staff.0))
        .filter(staff_password::Column::Number.lte(number - StaffAccount::PASSWORDS_KEPT as i32))
        .exec(txn)
        .await?;
    Ok(())
}

/// Puts new recovery codes in the place of the old ones.
pub async fn put_recovery_codes(txn: &Txn, staff: StaffId, hashes: &[String]) -> Result<()> {
    staff_recovery_code::Entity::delete_many()
        .filter(staff_recovery_code::Column::StaffId.eq(staff.0))
        .exec(txn)
        .await?;
    let rows = hashes.iter().map(|hash| staff_recovery_code::ActiveModel {
        staff_id: Set(staff.0),
        code_hash: Set(hash.clone()),
        used_at: Set(None),
    });
    staff_recovery_code::Entity::insert_many(rows)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(txn)
        .await?;
    Ok(())
}

/// Uses up a recovery code. Was it one that was not used yet?
pub async fn use_recovery_code(txn: &Txn, staff: StaffId, hash: &str, now: UnixMs) -> Result<bool> {
    let done = staff_recovery_code::Entity::update_many()
        .col_expr(staff_recovery_code::Column::UsedAt, Expr::value(now))
        .filter(staff_recovery_code::Column::StaffId.eq(staff.0))
        .filter(staff_recovery_code::Column::CodeHash.eq(hash))
        .filter(staff_recovery_code::Column::UsedAt.is_null())
        .exec(txn)
        .await?;
    Ok(done.rows_affected == 1)
}

/// How many recovery codes are left.
pub async fn recovery_codes_left(db: &impl ConnectionTrait, staff: StaffId) -> Result<usize> {
    let rows = staff_recovery_code::Entity::rows()
        .filter(staff_recovery_code::Column::StaffId.eq(staff.0))
        .filter(staff_recovery_code::Column::UsedAt.is_null())
        .all(db)
        .await?;
    Ok(rows.len())
}

impl From<Model> for StaffCredential {
    fn from(row: Model) -> Self {
        Self {
            staff: StaffId(row.staff_id),
            password_hash: row.password_hash,
            changed_at: row.changed_at,
            totp_secret: row.totp_secret,
            totp_step: row.totp_step,
            lockout: Lockout {
                failed_count: row.failed_count.unsigned_abs(),
                first_failed_at: row.first_failed_at,
                locked_until: row.locked_until,
                level: row.lock_level.unsigned_abs(),
            },
        }
    }
}

impl From<&StaffCredential> for ActiveModel {
    fn from(credential: &StaffCredential) -> Self {
        let lockout = credential.lockout;
        Self {
            staff_id: Set(credential.staff.0),
            password_hash: Set(credential.password_hash.clone()),
            changed_at: Set(credential.changed_at),
            totp_secret: Set(credential.totp_secret.clone()),
            totp_step: Set(credential.totp_step),
            failed_count: Set(lockout.failed_count as i32),
            first_failed_at: Set(lockout.first_failed_at),
            locked_until: Set(lockout.locked_until),
            lock_level: Set(lockout.level as i32),
        }
    }
}
