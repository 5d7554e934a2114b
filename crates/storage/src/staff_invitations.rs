//! One-time links by which staff comes in for the first time, or again after a loss. Only the hash of a
//! link's secret is kept.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
};
use zhipei_domain::{StaffId, UnixMs};

use crate::entity::staff_invitation::{ActiveModel, Column, Entity};
use crate::scope::Unscoped;
use crate::{Error, Result, Txn};

impl Unscoped for Entity {}

/// A link that can still be used.
#[derive(Clone)]
pub struct StaffInvitation {
    /// For whom.
    pub staff: StaffId,
    /// From when on it is over.
    pub expires_at: UnixMs,
    /// The secret that the authenticator will get, sealed by the vault.
    pub totp_secret: String,
}

impl std::fmt::Debug for StaffInvitation {
    /// Without the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StaffInvitation")
            .field("staff", &self.staff)
            .finish_non_exhaustive()
    }
}

/// The link with this hash, if it is neither used nor over at `now`; else [`Error::NotFound`].
pub async fn open(
    db: &impl ConnectionTrait,
    token_hash: &str,
    now: UnixMs,
) -> Result<StaffInvitation> {
    let row = Entity::rows()
        .filter(Column::TokenHash.eq(token_hash))
        .filter(Column::UsedAt.is_null())
        .filter(Expr::col(Column::ExpiresAt).gt(now))
        .one(db)
        .await?
        .ok_or(Error::NotFound)?;
    Ok(StaffInvitation {
        staff: StaffId(row.staff_id),
        expires_at: row.expires_at,
        totp_secret: row.totp_secret,
    })
}

/// Adds one in place of all others of the account.
pub async fn put(
    txn: &Txn,
    token_hash: &str,
    invitation: &StaffInvitation,
    now: UnixMs,
) -> Result<()> {
    delete(txn, invitation.staff).await?;
    let row = ActiveModel {
        token_hash: Set(token_hash.to_owned()),
        staff_id: Set(invitation.staff.0),
        created_at: Set(now),
        expires_at: Set(invitation.expires_at),
        used_at: Set(None),
        totp_secret: Set(invitation.totp_secret.clone()),
    };
    row.insert(txn).await?;
    Ok(())
}

/// Forgets the account's link.
pub async fn delete(txn: &Txn, staff: StaffId) -> Result<()> {
    Entity::delete_many()
        .filter(Column::StaffId.eq(staff.0))
        .exec(txn)
        .await?;
    Ok(())
}

/// Uses it up. Of two at once one succeeds; the other, and whoever comes later, gets
/// [`Error::NotFound`].
pub async fn use_up(txn: &Txn, token_hash: &str, now: UnixMs) -> Result<()> {
    let done = Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(now))
        .filter(Column::TokenHash.eq(token_hash))
        .filter(Column::UsedAt.is_null())
        .filter(Expr::col(Column::ExpiresAt).gt(now))
        .exec(txn)
        .await?;
    if done.rows_affected == 0 {
        return Err(Error::NotFound);
    }
    Ok(())
}
