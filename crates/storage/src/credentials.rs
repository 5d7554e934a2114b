//! Passwords, as hashes, and what is remembered of failed logins.

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
    QuerySelect,
};
use zhipei_domain::{LearnerId, Lockout, UnixMs};

use crate::entity::credential::{ActiveModel, Column, Entity, Model};
use crate::scope::Unscoped;
use crate::{Error, Result, Txn};

impl Unscoped for Entity {}

/// What a learner logs in with.
#[derive(Clone)]
pub struct Credential {
    /// Whose.
    pub learner: LearnerId,
    /// The hash, with its parameters and salt (PHC string).
    pub password_hash: String,
    /// When the password was set.
    pub changed_at: UnixMs,
    /// Failed logins.
    pub lockout: Lockout,
}

impl std::fmt::Debug for Credential {
    /// Without the hash.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential")
            .field("learner", &self.learner)
            .field("lockout", &self.lockout)
            .finish_non_exhaustive()
    }
}

/// What the learner logs in with.
pub async fn get(db: &impl ConnectionTrait, learner: LearnerId) -> Result<Credential> {
    let row = Entity::rows()
        .filter(Column::LearnerId.eq(learner.0))
        .one(db)
        .await?;
    row.map(Credential::from).ok_or(Error::NotFound)
}

/// The same, to be changed: until the transaction ends nobody else can change it, so that tries that
/// come together are counted one by one. On SQLite writing transactions stand in a row anyway.
pub async fn get_to_change(txn: &Txn, learner: LearnerId) -> Result<Credential> {
    let row = Entity::rows()
        .filter(Column::LearnerId.eq(learner.0))
        .lock_exclusive()
        .one(txn)
        .await?;
    row.map(Credential::from).ok_or(Error::NotFound)
}

/// The first password of a learner.
pub async fn insert(txn: &Txn, credential: &Credential) -> Result<()> {
    ActiveModel::from(credential).insert(txn).await?;
    Ok(())
}

/// Keeps a new hash or a new count of failures.
pub async fn update(txn: &Txn, credential: &Credential) -> Result<()> {
    ActiveModel::from(credential).update(txn).await?;
    Ok(())
}

/// Nobody logs in with a password any more.
pub async fn delete(txn: &Txn, learner: LearnerId) -> Result<()> {
    Entity::delete_by_id(learner.0).exec(txn).await?;
    Ok(())
}

impl From<Model> for Credential {
    fn from(row: Model) -> Self {
        Self {
            learner: LearnerId(row.learner_id),
            password_hash: row.password_hash,
            changed_at: row.changed_at,
            lockout: Lockout {
                failed_count: row.failed_count.unsigned_abs(),
                first_failed_at: row.first_failed_at,
                locked_until: row.locked_until,
                level: row.lock_level.unsigned_abs(),
            },
        }
    }
}

impl From<&Credential> for ActiveModel {
    fn from(credential: &Credential) -> Self {
        let lockout = credential.lockout;
        Self {
            learner_id: Set(credential.learner.0),
            password_hash: Set(credential.password_hash.clone()),
            changed_at: Set(credential.changed_at),
            failed_count: Set(lockout.failed_count as i32),
            first_failed_at: Set(lockout.first_failed_at),
            locked_until: Set(lockout.locked_until),
            lock_level: Set(lockout.level as i32),
        }
    }
}
