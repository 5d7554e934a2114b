//! The devices from which an account was used, to notice a new one. Only hashes are kept.

use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder,
};
use uuid::Uuid;
use zhipei_domain::{Account, UnixMs};

use crate::entity::known_device::{ActiveModel, Column, Entity};
use crate::scope::Unscoped;
use crate::{Result, Txn};

impl Unscoped for Entity {}

/// So many devices of an account are remembered; of more, those that were seen last.
const REMEMBERED: usize = 50;

/// Notes that the account was used from this device. Is it new, while others were known? The first
/// device of an account surprises nobody.
pub async fn note(txn: &Txn, account: Account, device_hash: &str, now: UnixMs) -> Result<bool> {
    let known = Entity::rows()
        .filter(of(account))
        .order_by_desc(Column::LastSeenAt)
        .order_by_desc(Column::Id)
        .all(txn)
        .await?;
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
    let forgotten = known.iter().skip(REMEMBERED - 1).map(|row| row.id);
    Entity::delete_many()
        .filter(Column::Id.is_in(forgotten))
        .exec(txn)
        .await?;
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

#[cfg(test)]
mod tests {
    use zhipei_domain::{Charge, Duties, LoginName, Role, StaffAccount, StaffId, Title};

    use super::*;
    use crate::staff_accounts;
    use crate::testing::TestDb;

    #[tokio::test]
    async fn the_fifty_devices_seen_last_are_known_and_the_first_surprises_nobody() {
        let test = TestDb::new().await;
        let staff = StaffAccount {
            id: StaffId(Uuid::now_v7()),
            login_name: LoginName::parse("chenjing").unwrap(),
            name: Title::parse("陈静").unwrap(),
            duties: Duties::new([Role::HelpDeskAgent], Charge::Platform).unwrap(),
            ranges: Vec::new(),
            created_at: 0,
            enabled_at: 0,
            disabled_at: None,
            expires_at: None,
            last_login_at: None,
        };
        let account = Account::Staff(staff.id);
        test.db
            .write(async |txn| staff_accounts::insert(txn, &staff, "none").await)
            .await
            .unwrap();
        let is_new = async |device: i64, now: UnixMs| {
            let hash = device.to_string();
            let noted = test
                .db
                .write(async |txn| note(txn, account, &hash, now).await);
            noted.await.unwrap()
        };
        assert!(!is_new(0, 0).await, "the first");
        for device in 1..50 {
            assert!(is_new(device, device).await);
        }
        assert!(!is_new(0, 50).await, "fifty are known");
        assert!(is_new(50, 51).await);
        assert!(!is_new(0, 52).await && !is_new(2, 53).await);
        assert!(
            is_new(1, 54).await,
            "of fifty-one the one seen longest ago is forgotten"
        );
    }
}
