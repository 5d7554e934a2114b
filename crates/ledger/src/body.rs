//! What entries say. A body is compact JSON with its fields in the order of the type; a field, once
//! published, keeps its name and meaning.

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zhipei_domain::{
    ChallengeId, CheckKind, ClockId, CourseId, CreditScope, IntervalId, LessonId, LocalDay,
    RegionCode, TimeState, UnixMs,
};

use crate::{EntryKind, Mac};

/// The body of an entry, by its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A lesson was opened.
    Session(SessionBody),
    /// Time was credited.
    Credit(CreditBody),
    /// A random check ended.
    Settlement(SettlementBody),
    /// A person decided on frozen time.
    Decision(DecisionBody),
    /// Rows of the audit trail, in the audit trail's own chain.
    Audit(AuditBody),
    /// The learner registered.
    Registration(RegistrationBody),
    /// Who the learner is was confirmed or changed.
    Identity(IdentityBody),
}

impl Body {
    /// The kind of entry that it belongs to.
    pub fn kind(&self) -> EntryKind {
        match self {
            Self::Session(_) => EntryKind::Session,
            Self::Credit(_) => EntryKind::Credit,
            Self::Settlement(_) => EntryKind::Settlement,
            Self::Decision(_) => EntryKind::Decision,
            Self::Audit(_) => EntryKind::Audit,
            Self::Registration(_) => EntryKind::Registration,
            Self::Identity(_) => EntryKind::Identity,
        }
    }

    /// The canonical text.
    pub fn to_json(&self) -> String {
        match self {
            Self::Session(body) => serde_json::to_string(body),
            Self::Credit(body) => serde_json::to_string(body),
            Self::Settlement(body) => serde_json::to_string(body),
            Self::Decision(body) => serde_json::to_string(body),
            Self::Audit(body) => serde_json::to_string(body),
            Self::Registration(body) => serde_json::to_string(body),
            Self::Identity(body) => serde_json::to_string(body),
        }
        .expect("bodies have text keys and finite numbers only")
    }

    /// Reads a stored body. `None` when it is not one of `kind`.
    pub fn parse(kind: EntryKind, json: impl AsRef<[u8]>) -> Option<Self> {
        let json = json.as_ref();
        match kind {
            EntryKind::Session => serde_json::from_slice(json).map(Self::Session),
            EntryKind::Credit => serde_json::from_slice(json).map(Self::Credit),
            EntryKind::Settlement => serde_json::from_slice(json).map(Self::Settlement),
            EntryKind::Decision => serde_json::from_slice(json).map(Self::Decision),
            EntryKind::Audit => serde_json::from_slice(json).map(Self::Audit),
            EntryKind::Registration => serde_json::from_slice(json).map(Self::Registration),
            EntryKind::Identity => serde_json::from_slice(json).map(Self::Identity),
        }
        .ok()
    }
}

impl From<SessionBody> for Body {
    fn from(body: SessionBody) -> Self {
        Self::Session(body)
    }
}

impl From<CreditBody> for Body {
    fn from(body: CreditBody) -> Self {
        Self::Credit(body)
    }
}

impl From<SettlementBody> for Body {
    fn from(body: SettlementBody) -> Self {
        Self::Settlement(body)
    }
}

impl From<DecisionBody> for Body {
    fn from(body: DecisionBody) -> Self {
        Self::Decision(body)
    }
}

impl From<RegistrationBody> for Body {
    fn from(body: RegistrationBody) -> Self {
        Self::Registration(body)
    }
}

impl From<IdentityBody> for Body {
    fn from(body: IdentityBody) -> Self {
        Self::Identity(body)
    }
}

impl From<AuditBody> for Body {
    fn from(body: AuditBody) -> Self {
        Self::Audit(body)
    }
}

/// A lesson was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionBody {
    /// The client's fresh clock.
    pub clock_id: ClockId,
    /// The lesson.
    pub lesson: LessonId,
    /// The class, or the platform.
    pub credit_scope: CreditScope,
    /// The device, as the client names it.
    pub device_id: String,
    /// The learner's epoch from here on.
    pub epoch: u64,
    /// The policy version that the session is bound to.
    pub policy_version: u32,
    /// The address that it came from.
    pub ip: Option<String>,
}

/// Time was credited: intervals, and the heartbeats that they rest on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreditBody {
    /// The class, or the platform.
    pub credit_scope: CreditScope,
    /// The lesson watched.
    pub lesson: LessonId,
    /// Its course.
    pub course: CourseId,
    /// The client clock on which it was earned.
    pub clock_id: ClockId,
    /// The device, as the client named it.
    pub device_id: String,
    /// The session's epoch.
    pub epoch: u64,
    /// The policy version under which it was earned.
    pub policy_version: u32,
    /// What was credited.
    pub intervals: Vec<CreditedInterval>,
    /// The heartbeats, see [`crate::pairs`].
    pub pairs: String,
}

/// One interval as it was first written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreditedInterval {
    /// Its identity.
    pub id: IntervalId,
    /// Verified, pending or over the cap.
    pub state: TimeState,
    /// The local day.
    pub day: LocalDay,
    /// Media position from and to, in milliseconds.
    pub media: [i64; 2],
    /// Server time from and to.
    pub server: [UnixMs; 2],
    /// What it is worth, in milliseconds.
    pub ms: i64,
}

/// A random check ended, and with it the waiting of the time it was about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettlementBody {
    /// The check.
    pub challenge: ChallengeId,
    /// The class, or the platform.
    pub credit_scope: CreditScope,
    /// How presence was to be proved.
    pub kind: CheckKind,
    /// Asked because nothing more could be earned.
    pub closing: bool,
    /// How it ended.
    pub result: CheckResult,
    /// Rounds it took.
    pub rounds: u32,
    /// The frozen time that it made, from 1 for each learner and scope; only when frozen.
    pub group: Option<u32>,
    /// When it ended, which may be before the entry was written.
    pub at: UnixMs,
    /// What the intervals are worth together, in milliseconds.
    pub ms: i64,
    /// The intervals settled.
    pub intervals: Vec<IntervalId>,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckResult {
    /// Passed: the time is verified.
    Passed,
    /// Missed: the time is void.
    Missed,
    /// A face did not match: the time is frozen until a person decides.
    Frozen,
}

impl CheckResult {
    /// What the pending time becomes.
    pub fn effect(self) -> TimeState {
        match self {
            Self::Passed => TimeState::Verified,
            Self::Missed => TimeState::Void,
            Self::Frozen => TimeState::Frozen,
        }
    }
}

/// A person decided on frozen time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionBody {
    /// The class, or the platform.
    pub credit_scope: CreditScope,
    /// Which frozen time.
    pub group: u32,
    /// The word.
    pub decision: DecisionKind,
    /// Who decided.
    pub decided_by: String,
    /// Why, in words that the learner understands.
    pub reason: String,
    /// When.
    pub at: UnixMs,
    /// What the intervals are worth together, in milliseconds.
    pub ms: i64,
    /// The intervals decided on.
    pub intervals: Vec<IntervalId>,
}

/// Rows of the audit trail, in the order in which they joined the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditBody {
    /// The rows.
    pub rows: Vec<AuditedRow>,
}

/// One row of the audit trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditedRow {
    /// Its id.
    pub id: Uuid,
    /// Its MAC.
    pub mac: Mac,
}

/// A person's word on frozen time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionKind {
    /// It counts.
    Restore,
    /// It does not.
    Void,
}

impl DecisionKind {
    /// What the frozen time becomes.
    pub fn effect(self) -> TimeState {
        match self {
            Self::Restore => TimeState::Verified,
            Self::Void => TimeState::Void,
        }
    }
}

/// The learner registered. What is personal is sealed under the learner's key, which may be destroyed:
/// the entry still verifies, and nobody can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrationBody {
    /// Sealed.
    pub name: String,
    /// Sealed.
    pub document: String,
    /// Sealed.
    pub phone: String,
    /// The address, sealed.
    pub from: String,
    /// How well it was known who they are.
    pub identity_level: String,
    /// Where they belong.
    pub region: RegionCode,
    /// What kinds of trainees they are.
    pub categories: Vec<String>,
    /// What they agreed to.
    pub consents: Vec<ConsentGiven>,
}

/// A consent as it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentGiven {
    /// What for.
    pub purpose: String,
    /// Of the text.
    pub version: u32,
    /// SHA-256 of the text.
    pub text_hash: String,
}

/// Who the learner is was confirmed or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityBody {
    /// What happened.
    pub change: IdentityChange,
    /// What stands there now, sealed; only where something else stood there.
    pub new_value: Option<String>,
}

impl IdentityBody {
    /// A change that brings no new value.
    pub fn new(change: IdentityChange) -> Self {
        Self {
            change,
            new_value: None,
        }
    }
}

/// What happened to an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityChange {
    /// An institution's roster agrees.
    Confirmed,
    /// Another was found to be the true holder of the document.
    SetAside,
    /// Another name.
    Name,
    /// Another document.
    Document,
    /// Another phone.
    Phone,
    /// The key was destroyed.
    Erased,
}
