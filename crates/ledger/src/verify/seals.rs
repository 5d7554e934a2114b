use std::collections::BTreeMap;

use zhipei_domain::LearnerId;

use crate::seal::{SealRow, SealedHead, SealedHeadRow, root};
use crate::{Finding, Hash, VerifyingKeys};

/// Checks the seals in order of their numbers, each with the heads sealed under its number.
#[derive(Debug)]
pub struct SealVerifier<'k> {
    keys: &'k VerifyingKeys,
    last_number: u64,
    /// Hash of the seal before and entries by its heads; `None` when that seal is missing or unreadable.
    previous: Option<Hash>,
    entries: Option<u64>,
    heads: BTreeMap<LearnerId, SealedHead>,
    outside: BTreeMap<u64, Hash>,
    findings: Vec<Finding>,
}

impl<'k> SealVerifier<'k> {
    /// Knows no seal yet.
    pub fn new(keys: &'k VerifyingKeys) -> Self {
        Self {
            keys,
            last_number: 0,
            previous: Some(Hash::ZERO),
            entries: Some(0),
            heads: BTreeMap::new(),
            outside: BTreeMap::new(),
            findings: Vec::new(),
        }
    }

    /// A copy kept outside, by an authority or on paper: seal `number` must have this hash.
    #[must_use]
    pub fn with_outside_copy(mut self, number: u64, hash: Hash) -> Self {
        self.outside.insert(number, hash);
        self
    }

    /// The next seal, with all sealed heads under its number in any order.
    pub fn check(&mut self, row: &SealRow<'_>, heads: &[SealedHeadRow]) {
        self.check_with(row, Some(heads));
    }

    /// The next seal, whose heads are not at hand: its root and its count of entries are believed.
    pub fn check_alone(&mut self, row: &SealRow<'_>) {
        self.check_with(row, None);
    }

    fn check_with(&mut self, row: &SealRow<'_>, heads: Option<&[SealedHeadRow]>) {
        let number = row.number;
        if number <= self.last_number {
            self.findings.push(Finding::SealOutOfOrder { number });
            return;
        }
        if number > self.last_number + 1 {
            self.findings.push(Finding::SealsMissing {
                from: self.last_number + 1,
                to: number - 1,
            });
            self.previous = None;
            self.entries = None;
        }
        self.last_number = number;
        let heads = heads.map(|heads| self.take_heads(number, heads));
        if heads.is_none() {
            self.entries = None;
        }
        let Some(seal) = row.parse() else {
            self.findings.push(Finding::SealUnreadable { number });
            self.outside.remove(&number);
            self.previous = None;
            self.entries = None;
            return;
        };
        match self.keys.named(&seal.key_id) {
            None => self.findings.push(Finding::SealKeyUnknown {
                number,
                key_id: seal.key_id.clone(),
            }),
            Some(key) if !seal.is_signed_by(key) => {
                self.findings.push(Finding::SealSignatureWrong { number });
            }
            Some(_) => {}
        }
        if heads.is_some_and(|heads| heads.is_none_or(|heads| root(&heads) != seal.root)) {
            self.findings.push(Finding::SealRootWrong { number });
        }
        if self
            .previous
            .is_some_and(|previous| previous != seal.previous)
        {
            self.findings.push(Finding::SealChainBroken { number });
        }
        if self.entries.is_some_and(|entries| entries != seal.entries) {
            self.findings.push(Finding::SealEntriesWrong { number });
        }
        let hash = seal.hash();
        if self
            .outside
            .remove(&number)
            .is_some_and(|copy| copy != hash)
        {
            self.findings.push(Finding::OutsideSealDiffers { number });
        }
        self.previous = Some(hash);
    }

    /// Each learner's newest sealed head so far.
    pub fn heads(&self) -> &BTreeMap<LearnerId, SealedHead> {
        &self.heads
    }

    /// The number and hash of the newest seal, when it could be read.
    pub fn newest(&self) -> Option<(u64, Hash)> {
        self.previous
            .filter(|_| self.last_number > 0)
            .map(|hash| (self.last_number, hash))
    }

    /// All seals are fed.
    pub fn finish(mut self) -> (Vec<Finding>, BTreeMap<LearnerId, SealedHead>) {
        let missing = self.outside.keys();
        self.findings
            .extend(missing.map(|&number| Finding::OutsideSealMissing { number }));
        (self.findings, self.heads)
    }

    /// Sorts the heads and moves the newest ones onto them. `None` when one cannot be read.
    fn take_heads(&mut self, number: u64, rows: &[SealedHeadRow]) -> Option<Vec<SealedHead>> {
        let mut heads = Vec::with_capacity(rows.len());
        for row in rows {
            let (Some(mac), Some(digest)) = (row.mac, row.digest) else {
                continue;
            };
            let head = SealedHead {
                number,
                learner: row.learner,
                seq: row.seq,
                mac,
                digest,
            };
            heads.push(head);
            let before = self
                .heads
                .insert(row.learner, head)
                .map_or(0, |head| head.seq);
            if row.seq <= before {
                self.findings.push(Finding::SealedHeadWentBack {
                    number,
                    learner: row.learner,
                });
            }
            self.entries = self
                .entries
                .and_then(|entries| entries.checked_add(row.seq)?.checked_sub(before));
        }
        heads.sort_unstable_by_key(|head| head.learner);
        (heads.len() == rows.len()).then_some(heads)
    }
}
