//! Policies: a row a version. A record keeps the version under which it was earned.

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder,
};
use zhipei_domain::{CreditScope, Policy, UnixMs};

use crate::entity::policy::{ActiveModel, Column, Entity};
use crate::scope::Unscoped;
use crate::{Error, Result, Txn};

impl Unscoped for Entity {}

/// The newest version of the scope's policy; a class without one has the platform's, and the
/// platform without one the default.
pub async fn newest(db: &impl ConnectionTrait, scope: CreditScope) -> Result<Policy> {
    for scope in [scope, CreditScope::Platform] {
        let row = Entity::rows()
            .filter(Column::CreditScope.eq(scope.to_uuid()))
            .order_by_desc(Column::Version)
            .one(db)
            .await?;
        if let Some(row) = row {
            return serde_json::from_str(&row.body).map_err(|_| Error::Corrupt("policy.body"));
        }
    }
    Ok(Policy::default())
}

/// The version of the policy that a scope's record names: the class's own, else the platform's, else
/// the default.
pub async fn version(
    db: &impl ConnectionTrait,
    scope: CreditScope,
    version: u32,
) -> Result<Option<Policy>> {
    for scope in [scope, CreditScope::Platform] {
        let row = Entity::rows()
            .filter(Column::CreditScope.eq(scope.to_uuid()))
            .filter(Column::Version.eq(version as i32))
            .one(db)
            .await?;
        if let Some(row) = row {
            return serde_json::from_str(&row.body).map_err(|_| Error::Corrupt("policy.body"));
        }
    }
    Ok(Some(Policy::default()).filter(|policy| policy.version == version))
}

/// The newest version of the scope's own policy; 0 when it has none.
pub async fn newest_version(db: &impl ConnectionTrait, scope: CreditScope) -> Result<u32> {
    let row = Entity::rows()
        .filter(Column::CreditScope.eq(scope.to_uuid()))
        .order_by_desc(Column::Version)
        .one(db)
        .await?;
    Ok(row.map_or(0, |row| row.version.unsigned_abs()))
}

/// Adds a version; [`Error::Conflict`] when it exists.
pub async fn insert(txn: &Txn, scope: CreditScope, policy: &Policy, now: UnixMs) -> Result<()> {
    let body = serde_json::to_string(policy).map_err(|_| Error::Corrupt("policy.body"))?;
    let row = ActiveModel {
        credit_scope: Set(scope.to_uuid()),
        version: Set(policy.version as i32),
        body: Set(body),
        created_at: Set(now),
    };
    row.insert(txn).await?;
    Ok(())
}
