//! The audit trail (审计): who did what to which thing, and how it ended.

use crate::{LearnerId, StaffId, UnixMs};

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Nobody known, such as a failed login; the detail says which name was tried.
    Anonymous,
    /// A learner.
    Learner(LearnerId),
    /// A member of staff.
    Staff(StaffId),
    /// An account of the operating system that runs the command line.
    Operator(String),
    /// The platform itself.
    System,
}

/// How an act ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditResult {
    /// Done.
    Ok,
    /// A rule said no.
    Refused,
    /// It broke.
    Failed,
}

impl AuditResult {
    /// The stored form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// The acts that are brought before the security administrator, who does not read the rest of the trail.
pub const SECURITY_EVENTS: [&str; 2] = ["learner.reveal_limit", "access.denied"];

/// One row of the trail. It names no password, no token and no content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// When.
    pub at: UnixMs,
    /// Who.
    pub actor: Actor,
    /// What, as `login`, `password.change`, `class.create`.
    pub action: &'static str,
    /// To which thing: its kind and id.
    pub object: Option<(&'static str, String)>,
    /// How it ended.
    pub result: AuditResult,
    /// What else a reader needs.
    pub detail: Option<String>,
    /// From where.
    pub ip: Option<String>,
}
