//! The audit row of an act that was done.

use std::fmt::Display;

use zhipei_domain::{Actor, AuditEvent, AuditResult, UnixMs};
use zhipei_storage::{Txn, audit};

use crate::Result;

pub(crate) async fn done(
    txn: &Txn,
    by: &Actor,
    now: UnixMs,
    action: &'static str,
    object_kind: &'static str,
    object_id: impl Display,
    detail: &str,
) -> Result<()> {
    let row = AuditEvent {
        at: now,
        actor: by.clone(),
        action,
        object: Some((object_kind, object_id.to_string())),
        result: AuditResult::Ok,
        detail: Some(detail.to_owned()),
        ip: None,
    };
    Ok(audit::insert(txn, &row).await?)
}
