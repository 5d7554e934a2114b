//! The devices from which an account was used, to notice a new one. Only hashes are kept.

use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;
use zhipei_domain::{Account, UnixMs};

use crate::entity::known_device::{ActiveModel, Column, Entity};
use crate::scope::Unscoped;
use crate::{Result, Txn};

impl Unscoped for Entity {}

/// Notes that the account was used from this device. Is it new, while others were known? The first
/// device of an account surprises nobody.
pub async fn note(txn: &Txn, account: Account, device_hash: &str, now: UnixMs) -> Result<bool> {
    let known = Entity::rows().filter(of(account)).all(txn).await?;
    if let Some(row) = known.iter().find(|row| row.device_hash == device_hash) {
        Entity::update_many()
            .col_expr(Column::LastSeenAt, Expr::value(now))
            .filter(Column::Id.eq(row.id))
            .exec(txn)
            .await?;
        return Ok(false);
    }
    let (learner_id, staff_id) = match account {
        Account::Learner(learner) => (Some(learner.0), None),
        Account::Staff(staff) => (None, Some(staff.0)),
    };
    let row = ActiveModel {
        id: Set(Uuid::now_v7()),
        learner_id: Set(learner_id),
        staff_id: Set(staff_id),
        device_hash: Set(device_hash.to_owned()),
        first_seen_at: Set(now),
        last_seen_at: Set(now),
    };
    row.insert(txn).await?;
    Ok(!known.is_empty())
}

/// Forgets the account's devices.
pub async fn delete(txn: &Txn, account: Account) -> Result<()> {
    Entity::delete_many().filter(of(account)).exec(txn).await?;
    Ok(())
}

fn of(account: Account) -> SimpleExpr {
    match account {
        Account::Learner(learner) => Column::LearnerId.eq(learner.0),
        Account::Staff(staff) => Column::StaffId.eq(staff.0),
    }
}
