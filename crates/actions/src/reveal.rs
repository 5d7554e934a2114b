//! Revealing (查看完整信息): a learner's name, document and phone without masks, to one member of staff, for a
//! reason and so many times a day.

use zhipei_domain::{
    Actor, AuditEvent, AuditResult, Identity, LearnerId, Scope, StaffId, UnixMs, check_reason,
};
use zhipei_storage::{Txn, audit, identities, staff_accounts};
use zhipei_vault::KeyRing;

use crate::Result;
use crate::audit::done;

/// So many times within [`WINDOW_MS`] a member of staff is shown a learner. Source: GB/T 22239-2019, level 2,
/// 个人信息保护 b); the number is the platform's.
const MOST: u64 = 200;
const WINDOW_MS: i64 = 24 * 3_600_000;
const ACTION: &str = "learner.reveal";

/// What came of it.
#[derive(Debug)]
pub enum Revealed {
    /// In full.
    Learner(Identity),
    /// It was too often.
    TooMany {
        /// From when on there is another one.
        until: UnixMs,
    },
}

/// Shows `by` a learner of their scope without masks. The audit trail keeps for whom and why, and counts: what
/// is beyond the limit is a security event.
pub async fn reveal(
    txn: &Txn,
    vault: &KeyRing,
    (by, scope): (StaffId, &Scope),
    learner: LearnerId,
    reason: &str,
    now: UnixMs,
) -> Result<Revealed> {
    let reason = check_reason(reason)?;
    // Held to the end, so that requests that come together are counted one by one.
    staff_accounts::get_to_change(txn, by).await?;
    let mut found = identities::many(txn, scope, vault, [learner]).await?;
    // Outside the scope, or erased.
    let identity = found.remove(&learner);
    let identity = identity.ok_or(zhipei_storage::Error::NotFound)?;
    let (actor, since) = (Actor::Staff(by), now - WINDOW_MS);
    if let Some(at) = audit::nth_newest(txn, &actor, ACTION, since, MOST).await? {
        let row = AuditEvent {
            at: now,
            actor,
            action: "learner.reveal_limit",
            object: Some(("learner", learner.to_string())),
            result: AuditResult::Refused,
            detail: Some(reason.to_owned()),
            ip: None,
        };
        audit::insert(txn, &row).await?;
        return Ok(Revealed::TooMany {
            until: at + WINDOW_MS,
        });
    }
    done(txn, &actor, now, ACTION, "learner", learner, reason).await?;
    Ok(Revealed::Learner(identity))
}
