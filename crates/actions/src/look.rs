//! Looks at personal data and at the audit trail: each leaves a row.

use zhipei_domain::{
    Actor, AuditEvent, AuditResult, CorrectionId, LearnerId, RosterEntryId, UnixMs,
};
use zhipei_storage::{Txn, audit};

use crate::Result;

/// Somebody searched the audit trail; for which thing, if for one.
pub async fn at_audit_trail(
    txn: &Txn,
    by: &Actor,
    object: Option<&str>,
    now: UnixMs,
) -> Result<()> {
    let object = object.map(|id| ("audited", id.to_owned()));
    note(txn, by, "audit.search", object, now).await
}

/// Somebody looked at what in the audit trail is a matter of security.
pub async fn at_security_events(txn: &Txn, by: &Actor, now: UnixMs) -> Result<()> {
    note(txn, by, "security_event.list", None, now).await
}

/// Somebody listed learners, with masked data. The row counts them and says who they were.
pub async fn at_learners(txn: &Txn, by: &Actor, shown: &[LearnerId], now: UnixMs) -> Result<()> {
    let ids: Vec<_> = shown.iter().map(LearnerId::to_string).collect();
    let row = AuditEvent {
        at: now,
        actor: by.clone(),
        action: "learner.list",
        object: Some(("learners", shown.len().to_string())),
        result: AuditResult::Ok,
        detail: Some(ids.join(" ")),
        ip: None,
    };
    Ok(audit::insert(txn, &row).await?)
}

/// Somebody who holds a phone was shown the name and the masked document of a roster's entry.
pub async fn at_roster_entry(txn: &Txn, entry: RosterEntryId, now: UnixMs) -> Result<()> {
    let object = Some(("roster_entry", entry.to_string()));
    note(txn, &Actor::Anonymous, "roster.prefill", object, now).await
}

/// Somebody looked at one learner, with masked data.
pub async fn at_learner(txn: &Txn, by: &Actor, learner: LearnerId, now: UnixMs) -> Result<()> {
    let object = Some(("learner", learner.to_string()));
    note(txn, by, "learner.view", object, now).await
}

/// Somebody looked at a learner's hours.
pub async fn at_hours(txn: &Txn, by: &Actor, learner: LearnerId, now: UnixMs) -> Result<()> {
    let object = Some(("learner", learner.to_string()));
    note(txn, by, "learner.view_hours", object, now).await
}

/// Somebody looked at a correction, with the data it is about in full.
pub async fn at_correction(
    txn: &Txn,
    by: &Actor,
    learner: LearnerId,
    correction: CorrectionId,
    now: UnixMs,
) -> Result<()> {
    let row = AuditEvent {
        at: now,
        actor: by.clone(),
        action: "correction.view",
        object: Some(("learner", learner.to_string())),
        result: AuditResult::Ok,
        detail: Some(correction.to_string()),
        ip: None,
    };
    Ok(audit::insert(txn, &row).await?)
}

/// A learner took out all that is kept of them.
pub async fn at_own_export(txn: &Txn, learner: LearnerId, now: UnixMs) -> Result<()> {
    let object = Some(("learner", learner.to_string()));
    note(txn, &Actor::Learner(learner), "export", object, now).await
}

async fn note(
    txn: &Txn,
    by: &Actor,
    action: &'static str,
    object: Option<(&'static str, String)>,
    now: UnixMs,
) -> Result<()> {
    let row = AuditEvent {
        at: now,
        actor: by.clone(),
        action,
        object,
        result: AuditResult::Ok,
        detail: None,
        ip: None,
    };
    Ok(audit::insert(txn, &row).await?)
}
