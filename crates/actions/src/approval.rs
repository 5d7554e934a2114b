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

/// Approves, and does what was asked for. A new way in that comes of it is for whoever asked, by
/// [`make_link`]: neither of the two comes in alone.
pub async fn approve(
    txn: &Txn,
    ring: &KeyRing,
    by: StaffId,
    id: ApprovalId,
    now: UnixMs,
) -> Result<Approval> {
    let mut approval = approvals::get_to_change(txn, id).await?;
    approval.decide(by, true, now)?;
    let asker = staff_accounts::get(txn, approval.asked_by).await?;
    if asker.state(now) != StaffState::Active {
        return Err(Rejection::AskerGone.into());
    }
    approvals::update(txn, &approval).await?;
    let actor = Actor::Staff(by);
    match approval.act.clone() {
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
            staff::add(txn, &actor, ring, now, new).await?;
        }
        DangerousAct::ChangeDuties { staff, duties } => {
            staff::change_duties(txn, &actor, now, staff, duties).await?;
        }
        DangerousAct::DisableStaff { staff } => {
            staff::disable(txn, &actor, now, staff).await?;
        }
        DangerousAct::LimitStaff {
            staff,
            ranges,
            expires_at,
        } => {
            staff::limit(txn, &actor, now, staff, ranges, expires_at).await?;
        }
        DangerousAct::ResetAccess { staff } => {
            staff::reset_access(txn, &actor, now, staff).await?;
        }
    }
    note(txn, by, "approval.approve", &approval, now).await?;
    Ok(approval)
}

/// Makes the one-time link, whose secret is `token`, of an account that was approved, for who asked for it. As
/// often as needed until the account is set up; a former link dies.
pub async fn make_link(
    txn: &Txn,
    ring: &KeyRing,
    by: StaffId,
    id: ApprovalId,
    token: &LoginToken,
    now: UnixMs,
) -> Result<Link> {
    let approval = approvals::get_to_change(txn, id).await?;
    if approval.asked_by != by {
        return Err(Rejection::AskerOnly.into());
    }
    let staff = match (&approval.act, approval.state) {
        (DangerousAct::AddStaff { login_name, .. }, ApprovalState::Approved { .. }) => {
            staff_accounts::by_login_name(txn, login_name).await?.id
        }
        (DangerousAct::ResetAccess { staff }, ApprovalState::Approved { .. }) => *staff,
        _ => return Err(Rejection::LinkNotDue.into()),
    };
    // Who asked for the account long ago gets no way in that somebody else asked for since.
    if approvals::newest_reset(txn, staff, &approval).await? != approval.id {
        return Err(Rejection::LinkNotDue.into());
    }
    staff::make_link(txn, &Actor::Staff(by), ring, now, staff, token).await
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
