use zhipei_domain::{LearnerId, UnixMs};

use crate::entry::{authenticate, digest, genesis};
use crate::{AuthKey, Body, Entry, Hash, Mac};

/// The head of one learner's chain: enough to append.
///
/// Whoever appends holds the learner's row against other writers; two entries under one number
/// would be a fork, which the primary key refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Whose chain.
    pub learner: LearnerId,
    /// Number of the last entry; 0 when there is none.
    pub seq: u64,
    /// MAC of the last entry; the genesis value when there is none.
    pub mac: Mac,
    /// Running digest up to the last entry, see [`digest`]; the genesis value when there is none.
    pub digest: Hash,
}

impl Chain {
    /// A chain without entries.
    pub fn new(learner: LearnerId) -> Self {
        let genesis = genesis(learner);
        Self {
            learner,
            seq: 0,
            mac: genesis,
            digest: Hash(genesis.0),
        }
    }

    /// The next entry; the head moves onto it.
    pub fn append(&mut self, key: &AuthKey, at: UnixMs, body: &Body) -> Entry {
        let mut entry = Entry {
            learner: self.learner,
            seq: self.seq + 1,
            kind: body.kind(),
            at,
            body: body.to_json(),
            mac: self.mac,
        };
        entry.mac = authenticate(key, self.learner, entry.seq, &entry.row(), self.mac);
        self.seq = entry.seq;
        self.digest = digest(self.digest, &entry.row());
        self.mac = entry.mac;
        entry
    }
}
