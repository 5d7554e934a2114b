//! Dangerous acts: one person asks, another one with the right decides (双人复核).

use serde::{Deserialize, Serialize};

use crate::{AddressRange, ApprovalId, Duties, LoginName, Rejection, StaffId, Title, UnixMs};

/// An act that one person alone must not do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DangerousAct {
    /// A new account of staff, with its roles.
    AddStaff {
        /// What they will log in with.
        login_name: LoginName,
        /// The person's name.
        name: Title,
        /// Roles and charge.
        duties: Duties,
        /// From where the account may be used; from anywhere when empty.
        ranges: Vec<AddressRange>,
        /// From when on it is of no use any more.
        expires_at: Option<UnixMs>,
    },
    /// Other roles or another charge for an account.
    ChangeDuties {
        /// Whose.
        staff: StaffId,
        /// The new ones.
        duties: Duties,
    },
    /// The end of an administrator's account, until it is enabled again.
    DisableStaff {
        /// Whose.
        staff: StaffId,
    },
    /// From where, and until when, an administrator's account may be used.
    LimitStaff {
        /// Whose.
        staff: StaffId,
        /// From where it may be used; from anywhere when empty.
        ranges: Vec<AddressRange>,
        /// From when on it is of no use any more.
        expires_at: Option<UnixMs>,
    },
    /// A new way into an account whose holder lost the password, the authenticator or both.
    ResetAccess {
        /// Whose.
        staff: StaffId,
    },
}

impl DangerousAct {
    /// The stored form of what kind it is.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::AddStaff { .. } => "add_staff",
            Self::ChangeDuties { .. } => "change_duties",
            Self::DisableStaff { .. } => "disable_staff",
            Self::LimitStaff { .. } => "limit_staff",
            Self::ResetAccess { .. } => "reset_access",
        }
    }

    /// The account that it is about, if it exists already.
    pub fn staff(&self) -> Option<StaffId> {
        match self {
            Self::AddStaff { .. } => None,
            Self::ChangeDuties { staff, .. }
            | Self::DisableStaff { staff }
            | Self::LimitStaff { staff, .. }
            | Self::ResetAccess { staff } => Some(*staff),
        }
    }
}

/// What became of what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApprovalState {
    /// Nobody has decided.
    Waiting,
    /// It was approved, and done.
    Approved {
        /// By whom.
        by: StaffId,
        /// When.
        at: UnixMs,
    },
    /// It was refused.
    Refused {
        /// By whom.
        by: StaffId,
        /// When.
        at: UnixMs,
    },
}

/// A dangerous act that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Its identity.
    pub id: ApprovalId,
    /// What is asked for.
    pub act: DangerousAct,
    /// Why, in the asker's words.
    pub reason: String,
    /// Who asks.
    pub asked_by: StaffId,
    /// When.
    pub asked_at: UnixMs,
    /// What became of it.
    pub state: ApprovalState,
}

impl Approval {
    /// So long can it be decided.
    pub const GOOD_FOR_MS: i64 = 24 * 3_600_000;

    /// From when on it cannot be decided any more.
    pub fn expires_at(&self) -> UnixMs {
        self.asked_at + Self::GOOD_FOR_MS
    }

    /// Decides. Nobody approves what they asked for, nor what is about their own account; to refuse
    /// (that is, to take back) one's own is harmless.
    pub fn decide(&mut self, by: StaffId, approves: bool, now: UnixMs) -> Result<(), Rejection> {
        if self.state != ApprovalState::Waiting {
            return Err(Rejection::ApprovalDecided);
        }
        if now >= self.expires_at() {
            return Err(Rejection::ApprovalExpired);
        }
        if approves && (by == self.asked_by || self.act.staff() == Some(by)) {
            return Err(Rejection::OwnApproval);
        }
        self.state = if approves {
            ApprovalState::Approved { by, at: now }
        } else {
            ApprovalState::Refused { by, at: now }
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const ASKER: StaffId = StaffId(Uuid::from_u128(1));
    const OTHER: StaffId = StaffId(Uuid::from_u128(2));
    const SUBJECT: StaffId = StaffId(Uuid::from_u128(3));

    fn approval() -> Approval {
        Approval {
            id: ApprovalId(Uuid::nil()),
            act: DangerousAct::ResetAccess { staff: SUBJECT },
            reason: "手机丢失".to_owned(),
            asked_by: ASKER,
            asked_at: 1_000,
            state: ApprovalState::Waiting,
        }
    }

    #[test]
    fn another_one_approves_and_neither_the_asker_nor_whom_it_is_about() {
        assert_eq!(
            approval().decide(ASKER, true, 2_000),
            Err(Rejection::OwnApproval)
        );
        assert_eq!(
            approval().decide(SUBJECT, true, 2_000),
            Err(Rejection::OwnApproval)
        );
        let mut approved = approval();
        approved.decide(OTHER, true, 2_000).unwrap();
        assert_eq!(
            approved.state,
            ApprovalState::Approved {
                by: OTHER,
                at: 2_000
            }
        );
        assert_eq!(
            approved.decide(OTHER, false, 2_001),
            Err(Rejection::ApprovalDecided)
        );
        assert_eq!(approval().decide(ASKER, false, 2_000), Ok(()));
    }

    #[test]
    fn what_nobody_decides_in_a_day_is_over() {
        let day = 1_000 + Approval::GOOD_FOR_MS;
        assert_eq!(approval().decide(OTHER, true, day - 1), Ok(()));
        assert_eq!(
            approval().decide(OTHER, true, day),
            Err(Rejection::ApprovalExpired)
        );
    }
}
