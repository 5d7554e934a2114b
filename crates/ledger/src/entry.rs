use zhipei_domain::{LearnerId, UnixMs};

use crate::{AuthKey, Hash, Mac};

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// A lesson was opened.
    Session,
    /// Time was credited.
    Credit,
    /// A random check ended and settled pending time.
    Settlement,
    /// A person decided on frozen time.
    Decision,
    /// Rows of the audit trail joined its chain.
    Audit,
    /// The learner registered.
    Registration,
    /// Who the learner is was confirmed or changed.
    Identity,
}

impl EntryKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Session,
        Self::Credit,
        Self::Settlement,
        Self::Decision,
        Self::Audit,
        Self::Registration,
        Self::Identity,
    ];

    /// The stored form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Credit => "credit",
            Self::Settlement => "settlement",
            Self::Decision => "decision",
            Self::Audit => "audit",
            Self::Registration => "registration",
            Self::Identity => "identity",
        }
    }

    /// The opposite of [`EntryKind::as_str`].
    pub fn parse(text: impl AsRef<[u8]>) -> Option<Self> {
        let text = text.as_ref();
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str().as_bytes() == text)
    }
}

/// One entry of a learner's chain. Made by [`Chain::append`](crate::Chain::append), never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whose chain.
    pub learner: LearnerId,
    /// From 1, without gaps.
    pub seq: u64,
    /// What it is about.
    pub kind: EntryKind,
    /// When it was written.
    pub at: UnixMs,
    /// Canonical JSON: compact, fields in the order of the type.
    pub body: String,
    /// Authenticates all of the above and, through the one before, the whole chain up to here.
    pub mac: Mac,
}

impl Entry {
    /// As a verifier reads it.
    pub fn row(&self) -> EntryRow<'_> {
        EntryRow {
            seq: self.seq,
            kind: self.kind.as_str().as_bytes(),
            at: self.at,
            body: self.body.as_bytes(),
            mac: Some(self.mac),
        }
    }
}

/// An entry as it is stored, which may be anything: a verifier believes nothing.
///
/// Texts are bytes, since a flipped byte need not be UTF-8 any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryRow<'a> {
    /// Number in the chain.
    pub seq: u64,
    /// Stored form of the kind.
    pub kind: &'a [u8],
    /// When it was written.
    pub at: UnixMs,
    /// The body.
    pub body: &'a [u8],
    /// The stored MAC; `None` when the text is not one.
    pub mac: Option<Mac>,
}

/// What a MAC is computed over, in this order; all integers big-endian.
///
/// `"zhipei.ledger.entry"`, version `0x01`, learner (16 bytes), seq (u64), at (i64), length of kind
/// (u32), kind, length of body (u64), body, MAC of the entry before (32 bytes; the genesis value
/// before entry 1).
pub(crate) fn authenticate(
    key: &AuthKey,
    learner: LearnerId,
    seq: u64,
    row: &EntryRow<'_>,
    previous: Mac,
) -> Mac {
    key.authenticate(&[
        b"zhipei.ledger.entry",
        &[1],
        learner.0.as_bytes(),
        &seq.to_be_bytes(),
        &row.at.to_be_bytes(),
        &(row.kind.len() as u32).to_be_bytes(),
        row.kind,
        &(row.body.len() as u64).to_be_bytes(),
        row.body,
        &previous.0,
    ])
}

/// The running digest of a chain after an entry: what anybody can recompute from the entries alone,
/// without the key that authenticates them. All integers big-endian.
///
/// SHA-256 of `"zhipei.ledger.digest"`, version `0x01`, digest before (32 bytes; the genesis value
/// before entry 1), seq (u64), at (i64), length of kind (u32), kind, length of body (u64), body, MAC
/// (32 bytes; zero when the stored text is none).
pub fn digest(previous: Hash, row: &EntryRow<'_>) -> Hash {
    Hash::of(&[
        b"zhipei.ledger.digest",
        &[1],
        &previous.0,
        &row.seq.to_be_bytes(),
        &row.at.to_be_bytes(),
        &(row.kind.len() as u32).to_be_bytes(),
        row.kind,
        &(row.body.len() as u64).to_be_bytes(),
        row.body,
        &row.mac.map_or([0; 32], |mac| mac.0),
    ])
}

/// What stands before a learner's first entry: SHA-256 of `"zhipei.ledger.genesis"`, `0x01`, learner.
pub(crate) fn genesis(learner: LearnerId) -> Mac {
    Mac(Hash::of(&[b"zhipei.ledger.genesis", &[1], learner.0.as_bytes()]).0)
}
