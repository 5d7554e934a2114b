//! What staff may do: one permission for each thing that an address does.

use crate::Role;

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal for $($role:ident)|+;)+) => {
        /// A thing that some roles may do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission {
            $($(#[$doc])* $name,)+
        }

        impl Permission {
            /// Every permission.
            pub const ALL: [Self; [$(Self::$name),+].len()] = [$(Self::$name),+];

            /// The form in answers and in the matrix.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }

            /// Who may do it: the one table of rights. What stands in no line, nobody may.
            pub const fn roles(self) -> &'static [Role] {
                match self {
                    $(Self::$name => &[$(Role::$role),+],)+
                }
            }
        }
    };
}

permissions! {
    /// See the accounts of staff.
    ListStaff = "staff.list" for SystemAdministrator | SecurityAdministrator;
    /// Ask for an account of staff, for other roles, or for a new way in; another one decides.
    AskForStaffChange = "staff.ask_for_change" for SystemAdministrator | SecurityAdministrator;
    /// Disable an account of staff, or enable it again; set its end and its addresses.
    LimitStaff = "staff.limit" for SystemAdministrator;
    /// Find institutions by name, to name one in a form.
    ListInstitutions = "institutions.list"
        for SystemAdministrator | SecurityAdministrator | Supervisor | InstitutionManager;
    /// Decide on what another one asked for.
    DecideApprovals = "approvals.decide" for SystemAdministrator | SecurityAdministrator;
    /// Search the audit trail.
    ReadAudit = "audit.read" for AuditAdministrator;
    /// See what in the audit trail is a matter of security.
    ReadSecurityEvents = "security_events.read" for SecurityAdministrator;
    /// See the learners of the region or institution, with masked personal data, and their hours.
    SuperviseLearners = "supervision.learners" for Supervisor | InstitutionManager;
    /// See a learner's name, document and phone in full, one learner at a time and with a reason.
    RevealLearners = "supervision.reveal" for Supervisor | InstitutionManager;
    /// See the training classes of the region or institution.
    SuperviseClasses = "supervision.classes" for Supervisor | InstitutionManager;
    /// Decide on corrections of learners' names, documents and phones in the region or institution.
    ReviewCorrections = "corrections.review" for Supervisor | InstitutionManager;
    /// Vouch that an enrolled face is that of the person, whom one has seen.
    BindFaces = "faces.bind" for InstitutionManager;
    /// Decide on time that a face froze, for learners of the region.
    DecideFrozenTime = "frozen_times.decide" for Supervisor;
    /// See how face verification is doing.
    SeeFaceState = "faces.state" for SystemAdministrator;
    /// Invite learners to the classes of the region or institution, and decide who asks to join.
    AdmitLearners = "classes.admit" for InstitutionManager;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_has_one_name_and_at_least_one_role() {
        let mut names: Vec<_> = Permission::ALL
            .into_iter()
            .map(Permission::as_str)
            .collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Permission::ALL.len());
        assert!(Permission::ALL.into_iter().all(|p| !p.roles().is_empty()));
    }
}
