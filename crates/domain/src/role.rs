//! Roles of staff (平台人员), what each may do, and which of them one account may hold together.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{InstitutionId, Permission, RegionCode, Rejection, Scope};

/// What a member of staff is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 培训机构管理员: opens training classes of one institution and follows them.
    InstitutionManager,
    /// 课程管理员: authors courses.
    ContentEditor,
    /// 监管账号: sees the learners of one region and everything under it.
    Supervisor,
    /// 客服: answers learners.
    HelpDeskAgent,
    /// 系统管理员: accounts and settings.
    SystemAdministrator,
    /// 安全管理员: rights, keys, retention.
    SecurityAdministrator,
    /// 审计管理员: reads the audit trail, and nothing else.
    AuditAdministrator,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 7] = [
        Self::InstitutionManager,
        Self::ContentEditor,
        Self::Supervisor,
        Self::HelpDeskAgent,
        Self::SystemAdministrator,
        Self::SecurityAdministrator,
        Self::AuditAdministrator,
    ];

    /// The stored form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InstitutionManager => "institution_manager",
            Self::ContentEditor => "content_editor",
            Self::Supervisor => "supervisor",
            Self::HelpDeskAgent => "help_desk_agent",
            Self::SystemAdministrator => "system_administrator",
            Self::SecurityAdministrator => "security_administrator",
            Self::AuditAdministrator => "audit_administrator",
        }
    }

    /// The opposite of [`Role::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// The word on screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::InstitutionManager => "培训机构管理员",
            Self::ContentEditor => "课程管理员",
            Self::Supervisor => "监管账号",
            Self::HelpDeskAgent => "客服",
            Self::SystemAdministrator => "系统管理员",
            Self::SecurityAdministrator => "安全管理员",
            Self::AuditAdministrator => "审计管理员",
        }
    }

    /// May the role do this?
    pub fn may(self, permission: Permission) -> bool {
        permission.roles().contains(&self)
    }

    /// One of the three duties that are kept apart (三员分立).
    pub fn is_administrator(self) -> bool {
        matches!(
            self,
            Self::SystemAdministrator | Self::SecurityAdministrator | Self::AuditAdministrator
        )
    }
}

/// Of what an account is in charge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Charge {
    /// The platform as a whole.
    Platform,
    /// A region and everything under it.
    Region(RegionCode),
    /// One institution.
    Institution(InstitutionId),
}

/// The roles of an account and what it is in charge of: they fit, and the three duties are apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Duties {
    roles: BTreeSet<Role>,
    charge: Charge,
}

impl Duties {
    /// Refuses an account without a role, one that holds two of the three administrators' duties or one
    /// of them beside another role (GB/T 22239-2019, level 2, 访问控制 d), and roles that do not fit the
    /// charge: a supervisor has a region, an institution manager an institution, an administrator and
    /// the help desk the platform; a content editor works for the platform or for an institution.
    pub fn new(roles: impl IntoIterator<Item = Role>, charge: Charge) -> Result<Self, Rejection> {
        let roles: BTreeSet<Role> = roles.into_iter().collect();
        if roles.is_empty() {
            return Err(Rejection::RoleMissing);
        }
        if roles.len() > 1 && roles.iter().any(|role| role.is_administrator()) {
            return Err(Rejection::DutiesApart);
        }
        let fits = |role: &Role| match role {
            Role::Supervisor => matches!(charge, Charge::Region(_)),
            Role::InstitutionManager => matches!(charge, Charge::Institution(_)),
            Role::ContentEditor => matches!(charge, Charge::Platform | Charge::Institution(_)),
            Role::HelpDeskAgent
            | Role::SystemAdministrator
            | Role::SecurityAdministrator
            | Role::AuditAdministrator => charge == Charge::Platform,
        };
        if !roles.iter().all(fits) {
            return Err(Rejection::ChargeUnfit);
        }
        Ok(Self { roles, charge })
    }

    /// The roles, in a fixed order.
    pub fn roles(&self) -> impl Iterator<Item = Role> {
        self.roles.iter().copied()
    }

    /// Of what the account is in charge.
    pub fn charge(&self) -> &Charge {
        &self.charge
    }

    /// Is it one of the three duties that are kept apart?
    pub fn is_administrator(&self) -> bool {
        self.roles().any(Role::is_administrator)
    }

    /// Does any of the roles allow this?
    pub fn may(&self, permission: Permission) -> bool {
        self.roles().any(|role| role.may(permission))
    }

    /// The rows that such an account may see, where a permission lets it see personal rows at all.
    pub fn scope(&self) -> Scope {
        match &self.charge {
            Charge::Platform => Scope::Platform,
            Charge::Region(region) => Scope::Region(region.clone()),
            Charge::Institution(institution) => Scope::Institution(*institution),
        }
    }
}

impl<'de> Deserialize<'de> for Duties {
    /// What was written fits only while the rules say so.
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Written {
            roles: Vec<Role>,
            charge: Charge,
        }
        let written = Written::deserialize(from)?;
        Self::new(written.roles, written.charge).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn region() -> Charge {
        Charge::Region(RegionCode::parse("460200").unwrap())
    }

    #[test]
    fn mlps_07_no_account_holds_two_of_the_three_duties_nor_one_beside_another_role() {
        let administrators = Role::ALL.into_iter().filter(|role| role.is_administrator());
        for administrator in administrators {
            assert!(Duties::new([administrator], Charge::Platform).is_ok());
            for other in Role::ALL {
                let both = Duties::new([administrator, other], Charge::Platform);
                assert_eq!(
                    both.is_ok(),
                    administrator == other,
                    "{administrator:?} {other:?}"
                );
            }
        }
        let written =
            r#"{"roles":["system_administrator","audit_administrator"],"charge":"platform"}"#;
        assert!(serde_json::from_str::<Duties>(written).is_err());
    }

    #[test]
    fn mlps_07_the_audit_administrator_reads_the_trail_and_nothing_else() {
        for permission in Permission::ALL {
            let reads = permission == Permission::ReadAudit;
            assert_eq!(
                Role::AuditAdministrator.may(permission),
                reads,
                "{permission:?}"
            );
            assert!(!(Role::SystemAdministrator.may(permission) && reads));
            assert!(!(Role::SecurityAdministrator.may(permission) && reads));
        }
    }

    #[test]
    fn a_role_has_the_charge_that_it_needs() {
        let school = Charge::Institution(InstitutionId(Uuid::nil()));
        for (roles, charge, fits) in [
            (vec![Role::Supervisor], region(), true),
            (vec![Role::Supervisor], Charge::Platform, false),
            (vec![Role::Supervisor], school.clone(), false),
            (vec![Role::InstitutionManager], school.clone(), true),
            (vec![Role::InstitutionManager], Charge::Platform, false),
            (
                vec![Role::InstitutionManager, Role::ContentEditor],
                school.clone(),
                true,
            ),
            (
                vec![Role::ContentEditor, Role::HelpDeskAgent],
                Charge::Platform,
                true,
            ),
            (vec![Role::ContentEditor], region(), false),
            (vec![Role::HelpDeskAgent], school, false),
            (vec![Role::AuditAdministrator], region(), false),
        ] {
            assert_eq!(
                Duties::new(roles.clone(), charge).is_ok(),
                fits,
                "{roles:?}"
            );
        }
        assert_eq!(
            Duties::new([], Charge::Platform),
            Err(Rejection::RoleMissing)
        );
    }

    #[test]
    fn duties_are_read_back_as_they_were_written() {
        let duties = Duties::new([Role::Supervisor], region()).unwrap();
        let text = serde_json::to_string(&duties).unwrap();
        assert_eq!(serde_json::from_str::<Duties>(&text).unwrap(), duties);
    }
}
