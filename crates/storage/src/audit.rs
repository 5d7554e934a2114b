//! The audit trail. Rows are added and read, never changed.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ConnectionTrait, QueryOrder};
use uuid::Uuid;
use zhipei_domain::{Actor, AuditEvent, UnixMs};

use crate::entity::audit_event::{ActiveModel, Column, Entity};
use crate::scope::Unscoped;
use crate::{Result, Txn};

impl Unscoped for Entity {}

/// A row as read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// When.
    pub at: UnixMs,
    /// `anonymous`, `learner`, `operator` or `system`.
    pub actor_kind: String,
    /// Who, where one is known.
    pub actor_id: Option<String>,
    /// What.
    pub action: String,
    /// To which thing.
    pub object_id: Option<String>,
    /// `ok`, `refused` or `failed`.
    pub result: String,
    /// What else a reader needs.
    pub detail: Option<String>,
    /// From where.
    pub ip: Option<String>,
}

/// The whole trail, in order. For the audit administrator and for tests: it reads everything.
pub async fn list(db: &impl ConnectionTrait) -> Result<Vec<AuditRow>> {
    let rows = Entity::rows()
        .order_by_asc(Column::At)
        .order_by_asc(Column::Id)
        .all(db)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| AuditRow {
            at: row.at,
            actor_kind: row.actor_kind,
            actor_id: row.actor_id,
            action: row.action,
            object_id: row.object_id,
            result: row.result,
            detail: row.detail,
            ip: row.ip,
        })
        .collect())
}

/// Adds a row.
pub async fn insert(txn: &Txn, event: &AuditEvent) -> Result<()> {
    let (actor_kind, actor_id) = match &event.actor {
        Actor::Anonymous => ("anonymous", None),
        Actor::Learner(id) => ("learner", Some(id.to_string())),
        Actor::Operator(name) => ("operator", Some(name.clone())),
        Actor::System => ("system", None),
    };
    let (object_kind, object_id) = event.object.clone().unzip();
    let row = ActiveModel {
        id: Set(Uuid::now_v7()),
        at: Set(event.at),
        actor_kind: Set(actor_kind.to_owned()),
        actor_id: Set(actor_id),
        action: Set(event.action.to_owned()),
        object_kind: Set(object_kind.map(str::to_owned)),
        object_id: Set(object_id),
        result: Set(event.result.as_str().to_owned()),
        detail: Set(event.detail.clone()),
        ip: Set(event.ip.clone()),
    };
    row.insert(txn).await?;
    Ok(())
}
