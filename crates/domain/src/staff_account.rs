//! Accounts of staff (平台人员): who they are, and when they may come in.

use std::net::IpAddr;

use crate::{AddressRange, Duties, LoginName, StaffId, Title, UnixMs};

const DAY_MS: i64 = 86_400_000;

/// An account of a member of staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffAccount {
    /// Its identity.
    pub id: StaffId,
    /// What they log in with; unique among staff.
    pub login_name: LoginName,
    /// The person's name.
    pub name: Title,
    /// Roles, and what they are in charge of.
    pub duties: Duties,
    /// From where the account may be used; from anywhere when empty.
    pub ranges: Vec<AddressRange>,
    /// When it was made.
    pub created_at: UnixMs,
    /// When it was last enabled: at first when it was made.
    pub enabled_at: UnixMs,
    /// When somebody disabled it.
    pub disabled_at: Option<UnixMs>,
    /// From when on it is of no use any more.
    pub expires_at: Option<UnixMs>,
    /// The last time that somebody logged in with it.
    pub last_login_at: Option<UnixMs>,
}

/// May an account be used?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaffState {
    /// Yes.
    Active,
    /// Somebody disabled it.
    Disabled,
    /// Its time is over.
    Expired,
    /// Nobody has used it for too long.
    Dormant,
}

impl StaffState {
    /// The form in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Expired => "expired",
            Self::Dormant => "dormant",
        }
    }
}

impl StaffAccount {
    /// Without a login for so long, the account is disabled.
    /// Source: GB/T 22239-2019, level 2, 访问控制 c).
    pub const DORMANT_AFTER_MS: i64 = 90 * DAY_MS;
    /// A password is good for so long. Source: the same, 身份鉴别 a).
    pub const PASSWORD_AGE_MS: i64 = 90 * DAY_MS;
    /// So many of the last passwords, the one in use included, are not taken again.
    pub const PASSWORDS_KEPT: usize = 5;

    /// May it be used at `now`?
    pub fn state(&self, now: UnixMs) -> StaffState {
        if self.disabled_at.is_some() {
            StaffState::Disabled
        } else if self.expires_at.is_some_and(|at| at <= now) {
            StaffState::Expired
        } else if self.dormant_at() < now {
            StaffState::Dormant
        } else {
            StaffState::Active
        }
    }

    /// When it falls dormant if nobody logs in.
    pub fn dormant_at(&self) -> UnixMs {
        self.enabled_at
            .max(self.last_login_at.unwrap_or(self.enabled_at))
            + Self::DORMANT_AFTER_MS
    }

    /// May it be used from this address?
    pub fn allows(&self, from: IpAddr) -> bool {
        self.ranges.is_empty() || self.ranges.iter().any(|range| range.contains(from))
    }

    /// Is a password of that age to be changed before anything else?
    pub fn must_change(password_changed_at: UnixMs, now: UnixMs) -> bool {
        now - password_changed_at > Self::PASSWORD_AGE_MS
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{Charge, Role};

    fn account() -> StaffAccount {
        StaffAccount {
            id: StaffId(Uuid::nil()),
            login_name: LoginName::parse("chenjing").unwrap(),
            name: Title::parse("陈静").unwrap(),
            duties: Duties::new([Role::SystemAdministrator], Charge::Platform).unwrap(),
            ranges: Vec::new(),
            created_at: 0,
            enabled_at: 0,
            disabled_at: None,
            expires_at: None,
            last_login_at: None,
        }
    }

    #[test]
    fn mlps_06_an_account_falls_dormant_ninety_days_after_its_last_login() {
        let mut account = account();
        assert_eq!(account.state(90 * DAY_MS), StaffState::Active);
        assert_eq!(account.state(90 * DAY_MS + 1), StaffState::Dormant);
        account.last_login_at = Some(10 * DAY_MS);
        assert_eq!(account.state(100 * DAY_MS), StaffState::Active);
        assert_eq!(account.state(100 * DAY_MS + 1), StaffState::Dormant);
        account.enabled_at = 200 * DAY_MS;
        assert_eq!(account.state(290 * DAY_MS), StaffState::Active);
    }

    #[test]
    fn mlps_06_an_expired_or_disabled_account_is_of_no_use() {
        let mut account = account();
        account.expires_at = Some(1_000);
        assert_eq!(account.state(999), StaffState::Active);
        assert_eq!(account.state(1_000), StaffState::Expired);
        account.disabled_at = Some(1);
        assert_eq!(account.state(999), StaffState::Disabled);
    }

    #[test]
    fn mlps_01_a_password_is_good_for_ninety_days() {
        assert!(!StaffAccount::must_change(5, 5 + 90 * DAY_MS));
        assert!(StaffAccount::must_change(5, 6 + 90 * DAY_MS));
    }

    #[test]
    fn mlps_12_an_account_without_ranges_may_be_used_from_anywhere() {
        let mut account = account();
        let [office, home] = ["10.1.2.3", "203.0.113.9"].map(|ip| ip.parse().unwrap());
        assert!(account.allows(home));
        account.ranges = vec!["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()];
        assert!(account.allows(office) && !account.allows(home));
    }
}
