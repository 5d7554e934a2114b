//! Dangerous acts that one person asked for and another one decides on (双人复核).

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use zhipei_domain::{Approval, ApprovalId, ApprovalState, DangerousAct, StaffId};

use crate::entity::approval::{ActiveModel, Column, Entity, Model};
use crate::scope::Unscoped;
use crate::{Error, Result, Txn};

impl Unscoped for Entity {}

/// The newest ones, at most `limit`.
pub async fn list(db: &impl ConnectionTrait, limit: u64) -> Result<Vec<Approval>> {
    let rows = Entity::rows()
        .order_by_desc(Column::AskedAt)
        .order_by_desc(Column::Id)
        .limit(limit)
        .all(db)
        .await?;
    rows.into_iter().map(Approval::try_from).collect()
}

/// The one with this id, to be decided: until the transaction ends nobody else can.
pub async fn get_to_change(txn: &Txn, id: ApprovalId) -> Result<Approval> {
    let row = Entity::rows()
        .filter(Column::Id.eq(id.0))
        .lock_exclusive()
        .one(txn)
        .await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// The approved reset of the account that was decided last after `since`; else `since` itself.
pub async fn newest_reset(txn: &Txn, staff: StaffId, since: &Approval) -> Result<ApprovalId> {
    let ApprovalState::Approved { at, .. } = since.state else {
        return Ok(since.id);
    };
    let rows = Entity::rows()
        .filter(Column::Kind.eq(DangerousAct::ResetAccess { staff }.kind()))
        .filter(Column::State.eq("approved"))
        .filter(Column::DecidedAt.gte(at))
        .order_by_desc(Column::DecidedAt)
        .order_by_desc(Column::Id)
        .all(txn)
        .await?;
    for row in rows {
        let reset = Approval::try_from(row)?;
        if reset.act.staff() == Some(staff) {
            return Ok(reset.id);
        }
    }
    Ok(since.id)
}

/// Adds one.
pub async fn insert(txn: &Txn, approval: &Approval) -> Result<()> {
    row(approval).insert(txn).await?;
    Ok(())
}

/// Keeps a decided one.
pub async fn update(txn: &Txn, approval: &Approval) -> Result<()> {
    row(approval).update(txn).await?;
    Ok(())
}

fn row(approval: &Approval) -> ActiveModel {
    let (state, decided) = match approval.state {
        ApprovalState::Waiting => ("waiting", None),
        ApprovalState::Approved { by, at } => ("approved", Some((by, at))),
        ApprovalState::Refused { by, at } => ("refused", Some((by, at))),
    };
    ActiveModel {
        id: Set(approval.id.0),
        kind: Set(approval.act.kind().to_owned()),
        act: Set(serde_json::to_string(&approval.act).expect("an act is plain data")),
        reason: Set(approval.reason.clone()),
        asked_by: Set(approval.asked_by.0),
        asked_at: Set(approval.asked_at),
        state: Set(state.to_owned()),
        decided_by: Set(decided.map(|(by, _)| by.0)),
        decided_at: Set(decided.map(|(_, at)| at)),
    }
}

impl TryFrom<Model> for Approval {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        let decided = row.decided_by.map(StaffId).zip(row.decided_at);
        let state = match (row.state.as_str(), decided) {
            ("waiting", None) => ApprovalState::Waiting,
            ("approved", Some((by, at))) => ApprovalState::Approved { by, at },
            ("refused", Some((by, at))) => ApprovalState::Refused { by, at },
            _ => return Err(Error::Corrupt("approval.state")),
        };
        Ok(Self {
            id: ApprovalId(row.id),
            act: serde_json::from_str(&row.act).map_err(|_| Error::Corrupt("approval.act"))?,
            reason: row.reason,
            asked_by: StaffId(row.asked_by),
            asked_at: row.asked_at,
            state,
        })
    }
}
