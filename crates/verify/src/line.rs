use serde::{Deserialize, Serialize};
use zhipei_domain::{
    ChallengeId, ClockId, CourseId, CreditScope, IntervalId, LearnerId, LearningInterval, LessonId,
    LocalDay, TimeState, UnixMs,
};
use zhipei_ledger::{EntryRow, Mac, SealRow};

/// The version of the form. A reader refuses another one.
pub const VERSION: u32 = 1;

/// One line of an export: a JSON object with its `type`. In this order: `export`; the `key`s; the
/// `seal`s by number; `lesson`s and `policy`s; then each `learner` with the newest `sealed_head`, the
/// `entry`s by number and the `interval`s as they stand.
///
/// Times are milliseconds since 1970 (UTC), lengths milliseconds, hashes lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Line {
    /// The first line.
    Export {
        /// The form, [`VERSION`].
        version: u32,
        /// When it was made.
        at: UnixMs,
    },
    /// A public key that signs seals.
    Key {
        /// Its name.
        key_id: String,
        /// 32 bytes.
        ed25519: String,
    },
    /// A signed statement about all chains of the platform, see the ledger's rule.
    Seal(SealLine),
    /// A lesson that time was earned in.
    Lesson {
        /// Which.
        id: LessonId,
        /// Its length now; a lesson is never shortened under hours that it earned.
        length_ms: i64,
    },
    /// A policy under which time was earned.
    Policy {
        /// The class, or the platform.
        credit_scope: CreditScope,
        /// Its version there.
        version: u32,
        /// Minutes that a local day can credit; 0 = no cap.
        cap_min: i64,
        /// Does time wait for a check before it is verified?
        checks: bool,
    },
    /// What follows is this learner's. An export names nobody.
    Learner {
        /// Who.
        id: LearnerId,
    },
    /// The learner's newest sealed head, and the way from it to its seal's root.
    SealedHead {
        /// The seal.
        number: u64,
        /// The learner's last entry then.
        seq: u64,
        /// MAC of that entry.
        mac: String,
        /// Digest of the chain up to it.
        digest: String,
        /// Which leaf of the seal's tree, from 0.
        index: usize,
        /// How many leaves.
        count: usize,
        /// The siblings from the leaf up.
        path: Vec<String>,
    },
    /// An entry of the ledger.
    Entry(EntryLine),
    /// A stretch of learning time as it stands.
    Interval(IntervalLine),
}

/// A signed statement about all chains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealLine {
    /// From 1, without gaps.
    pub number: u64,
    /// When.
    pub at: UnixMs,
    /// Over the heads that moved.
    pub root: String,
    /// Entries in all chains.
    pub entries: u64,
    /// Hash of the seal before.
    pub previous: String,
    /// The key that signed.
    pub key_id: String,
    /// Ed25519.
    pub signature: String,
}

impl SealLine {
    pub(crate) fn row(&self) -> SealRow<'_> {
        SealRow {
            number: self.number,
            at: self.at,
            root: self.root.as_bytes(),
            entries: self.entries,
            previous: self.previous.as_bytes(),
            key_id: self.key_id.as_bytes(),
            signature: self.signature.as_bytes(),
        }
    }
}

/// An entry of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryLine {
    /// Number in the learner's chain.
    pub seq: u64,
    /// What it is about.
    pub kind: String,
    /// When it was written.
    pub at: UnixMs,
    /// Its canonical JSON, as text.
    pub body: String,
    /// Its MAC. Only the platform can check it; the digest covers it.
    pub mac: String,
}

impl EntryLine {
    pub(crate) fn row(&self) -> EntryRow<'_> {
        EntryRow {
            seq: self.seq,
            kind: self.kind.as_bytes(),
            at: self.at,
            body: self.body.as_bytes(),
            mac: Mac::parse(&self.mac),
        }
    }
}

/// A stretch of learning time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntervalLine {
    /// Its identity, also in the entries.
    pub id: IntervalId,
    /// The class, or the platform.
    pub credit_scope: CreditScope,
    /// The course.
    pub course: CourseId,
    /// The lesson.
    pub lesson: LessonId,
    /// What became of it.
    pub state: TimeState,
    /// The local day.
    pub day: LocalDay,
    /// Media position from and to.
    pub media: [i64; 2],
    /// Server time from and to.
    pub server: [UnixMs; 2],
    /// What it is worth.
    pub ms: i64,
    /// The policy under which it was earned.
    pub policy_version: u32,
    /// The device.
    pub device_id: String,
    /// The client clock.
    pub clock_id: ClockId,
    /// The frozen time it belongs to.
    pub frozen_group: Option<u32>,
    /// When it became void.
    pub void_at: Option<UnixMs>,
    /// The check that settled it.
    pub challenge: Option<ChallengeId>,
}

impl From<&LearningInterval> for IntervalLine {
    fn from(row: &LearningInterval) -> Self {
        Self {
            id: row.id,
            credit_scope: row.credit_scope,
            course: row.course,
            lesson: row.lesson,
            state: row.state,
            day: row.day,
            media: [row.media_from, row.media_to],
            server: [row.server_from, row.server_to],
            ms: row.ms,
            policy_version: row.policy_version,
            device_id: row.device_id.clone(),
            clock_id: row.clock,
            frozen_group: row.frozen_group,
            void_at: row.void_at,
            challenge: row.challenge,
        }
    }
}

impl IntervalLine {
    pub(crate) fn of(self, learner: LearnerId) -> LearningInterval {
        LearningInterval {
            id: self.id,
            learner,
            credit_scope: self.credit_scope,
            course: self.course,
            lesson: self.lesson,
            state: self.state,
            day: self.day,
            media_from: self.media[0],
            media_to: self.media[1],
            server_from: self.server[0],
            server_to: self.server[1],
            ms: self.ms,
            policy_version: self.policy_version,
            device_id: self.device_id,
            clock: self.clock_id,
            frozen_group: self.frozen_group,
            void_at: self.void_at,
            challenge: self.challenge,
        }
    }
}
