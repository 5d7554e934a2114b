//! Dangerous acts: one person asks, another one decides, and what is approved is done at once.

use uuid::Uuid;
use zhipei_domain::{
    Actor, Approval, ApprovalId, ApprovalState, DangerousAct, Rejection, StaffId, StaffState,
    UnixMs,
};
use zhipei_storage::{Txn, approvals, staff_accounts};
use zhipei_vault::KeyRing;

use crate::Result;
use crate::audit::done;
use crate::login::LoginToken;
use crate::staff::{self, Link, NewStaff};

/// Asks for a dangerous act. What could not be done in any case is refused now.
pub async fn ask(
    txn: &Txn,
    by: StaffId,
    act: DangerousAct,
    reason: &str,
    now: UnixMs,
) -> Result<Approval> {
    let reason = reason.trim();
    if !(2..=200).contains(&reason.chars().count()) || reason.chars().any(char::is_control) {
        return Err(Rejection::Reason.into());
    }
    match &act {
        DangerousAct::AddStaff {
            login_name,
            duties,
            ranges,
            expires_at,
            ..
        } => {
            staff::check_limits(ranges, *expires_at, now)?;
            staff::check_charge(txn, duties).await?;
            match staff_accounts::by_login_name(txn, login_name).await {
                Err(zhipei_storage::Error::NotFound) => {}
                found => {
                    found?;
                    return Err(Rejection::LoginNameTaken.into());
                }
            }
        }
        DangerousAct::ChangeDuties { staff, duties } => {
            staff_accounts::get(txn, *staff).await?;
            staff::check_charge(txn, duties).await?;
        }
        DangerousAct::LimitStaff {
            staff,
            ranges,
            expires_at,
        } => {
            staff::check_limits(ranges, *expires_at, now)?;
            staff_accounts::get(txn, *staff).await?;
        }
        DangerousAct::DisableStaff { staff } | DangerousAct::ResetAccess { staff } => {
            staff_accounts::get(txn, *staff).await?;
        }
    }
    let approval = Approval {
        id: ApprovalId(Uuid::now_v7()),
        act,
        reason: reason.to_owned(),
        asked_by: by,
        asked_at: now,
        state: ApprovalState::Waiting,
    };
    approvals::insert(txn, &approval).await?;
    note(txn, by, "approval.ask", &approval, now).await?;
    Ok(approval)
}

/// Approves, and does what was asked for. A link that comes of it has `token` as its secret: whoever
/// approves hands it over, not whoever asked.
pub async fn approve(
    txn: &Txn,
    ring: &KeyRing,
    by: StaffId,
    id: ApprovalId,
    token: &LoginToken,
    now: UnixMs,
) -> Result<(Approval, Option<Link>)> {
    let mut approval = approvals::get_to_change(txn, id).await?;
    approval.decide(by, true, now)?;
    let asker = staff_accounts::get(txn, approval.asked_by).await?;
    if asker.state(now) != StaffState::Active {
        return Err(Rejection::AskerGone.into());
    }
    approvals::update(txn, &approval).await?;
    let actor = Actor::Staff(by);
    let link = match approval.act.clone() {
        DangerousAct::AddStaff {
            login_name,
            name,
            duties,
            ranges,
            expires_at,
        } => {
            let new = NewStaff {
                login_name,
                name,
                duties,
                ranges,
                expires_at,
            };
            Some(staff::add(txn, &actor, ring, now, new, token).await?)
        }
        DangerousAct::ChangeDuties { staff, duties } => {
            staff::change_duties(txn, &actor, now, staff, duties).await?;
            None
        }
        DangerousAct::DisableStaff { staff } => {
            staff::disable(txn, &actor, now, staff).await?;
            None
        }
        DangerousAct::LimitStaff {
            staff,
            ranges,
            expires_at,
        } => {
            staff::limit(txn, &actor, now, staff, ranges, expires_at).await?;
            None
        }
        DangerousAct::ResetAccess { staff } => {
            Some(staff::reset_access(txn, &actor, ring, now, staff, token).await?)
        }
    };
    note(txn, by, "approval.approve", &approval, now).await?;
    Ok((approval, link))
}

/// Refuses, or takes back what one asked for.
pub async fn refuse(txn: &Txn, by: StaffId, id: ApprovalId, now: UnixMs) -> Result<Approval> {
    let mut approval = approvals::get_to_change(txn, id).await?;
    approval.decide(by, false, now)?;
    approvals::update(txn, &approval).await?;
    note(txn, by, "approval.refuse", &approval, now).await?;
    Ok(approval)
}

async fn note(
    txn: &Txn,
    by: StaffId,
    action: &'static str,
    approval: &Approval,
    now: UnixMs,
) -> Result<()> {
    let by = Actor::Staff(by);
    let detail = format!("{}：{}", approval.act.kind(), approval.reason);
    done(txn, &by, now, action, "approval", approval.id, &detail).await
}
