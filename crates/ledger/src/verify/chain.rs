use std::collections::VecDeque;

use zhipei_domain::LearnerId;

use crate::entry::{EntryRow, authenticate, digest};
use crate::{AuthKeys, Chain, Finding, Hash, Mac, SealedHead};

/// So many deleted rows are recognised behind renumbered ones.
const MAX_RENUMBERED: u64 = 8;

/// Checks one learner's chain, entry by entry.
#[derive(Debug)]
pub struct ChainVerifier<'k> {
    learner: LearnerId,
    keys: &'k AuthKeys,
    /// Which key the last good entry was written with: the next is most likely of the same.
    key_in_use: usize,
    /// Heads sealed beyond the entries fed so far, by their numbers.
    sealed: VecDeque<SealedHead>,
    /// The first entry that no agreeing seal covers.
    unsealed_from: u64,
    /// Stored number and MAC of the entry before.
    last_seq: u64,
    last_mac: Mac,
    /// Running digest of the entries as they are stored.
    digest: Hash,
    /// The last entry that verified: the number it was written under, and its MAC.
    good: (u64, Mac),
    /// How far rows are renumbered: number written under = stored number + shift.
    shift: i64,
    failing: Option<Failing>,
    findings: Vec<Finding>,
}

/// A run of entries that do not verify.
#[derive(Debug)]
struct Failing {
    from: u64,
    /// What the last one's MAC would be if only its MAC column were wrong.
    computed: Mac,
}

impl<'k> ChainVerifier<'k> {
    /// `sealed`: all sealed heads of the learner, or at least the newest, in any order.
    pub fn new(
        learner: LearnerId,
        keys: &'k AuthKeys,
        sealed: impl IntoIterator<Item = SealedHead>,
    ) -> Self {
        let mut sealed: Vec<SealedHead> = sealed.into_iter().collect();
        sealed.sort_unstable_by_key(|head| (head.seq, head.number));
        let start = Chain::new(learner);
        Self {
            learner,
            keys,
            key_in_use: 0,
            sealed: sealed.into(),
            unsealed_from: 1,
            last_seq: 0,
            last_mac: start.mac,
            digest: start.digest,
            good: (0, start.mac),
            shift: 0,
            failing: None,
            findings: Vec::new(),
        }
    }

    /// The next entry, in order of the numbers.
    pub fn check(&mut self, row: &EntryRow<'_>) {
        if row.seq <= self.last_seq {
            self.findings.push(Finding::EntryOutOfOrder {
                learner: self.learner,
                seq: row.seq,
            });
            return;
        }
        if row.seq > self.last_seq + 1 {
            self.close_failing();
            let (from, to) = (self.last_seq + 1, row.seq - 1);
            self.missing(
                from.saturating_add_signed(self.shift),
                to.saturating_add_signed(self.shift),
            );
            self.accept(row, row.mac.unwrap_or(self.last_mac));
        } else {
            self.check_next(row);
        }
        self.last_seq = row.seq;
        self.digest = digest(self.digest, row);
        self.compare_sealed(row);
    }

    /// All entries are fed. `row`: the stored head of the chain, when there is one.
    pub fn finish(mut self, row: Option<&Chain>) -> Vec<Finding> {
        let (learner, last) = (self.learner, self.last_seq);
        if let Some(failing) = &self.failing
            && row.is_some_and(|row| row.seq == failing.from - 1 && row.mac == self.good.1)
        {
            let from = failing.from;
            self.findings.push(Finding::EntriesInserted {
                learner,
                from,
                to: last,
            });
        } else {
            self.close_failing();
        }
        if let Some(head) = self.sealed.back() {
            self.findings.push(Finding::TailMissing {
                learner,
                last,
                sealed: head.seq,
                number: head.number,
            });
        }
        let agrees = match row {
            Some(row) => {
                row.seq == last && row.mac == self.last_mac && self.fits_digest(row.digest)
            }
            None => last == 0,
        };
        if !agrees {
            self.findings.push(Finding::ChainRowDiffers {
                learner,
                last,
                row: row.map_or(0, |row| row.seq),
            });
        }
        self.findings
    }

    fn check_next(&mut self, row: &EntryRow<'_>) {
        let seq = row.seq.saturating_add_signed(self.shift);
        if self.fits(row, seq, self.last_mac) {
            self.close_failing();
            return self.accept_good(row, seq);
        }
        let previous_failed = self
            .failing
            .as_ref()
            .map(|failing| (failing.from, failing.computed));
        if let Some((from, computed)) = previous_failed {
            if self.fits(row, seq, computed) {
                self.close_failing();
                return self.accept_good(row, seq);
            }
            let (good_seq, good_mac) = self.good;
            if self.fits(row, good_seq + 1, good_mac) {
                self.failing = None;
                self.findings.push(Finding::EntriesInserted {
                    learner: self.learner,
                    from,
                    to: row.seq - 1,
                });
                self.shift = (good_seq + 1).cast_signed() - row.seq.cast_signed();
                return self.accept_good(row, good_seq + 1);
            }
            // The row before stood behind deleted ones: it could not verify, this one can.
            let deleted = (1..=MAX_RENUMBERED).find(|deleted| {
                from + 1 == row.seq && self.fits(row, seq + deleted, self.last_mac)
            });
            if let Some(deleted) = deleted {
                self.failing = None;
                self.missing(seq - 1, seq + deleted - 2);
                self.shift += deleted.cast_signed();
                return self.accept_good(row, seq + deleted);
            }
        }
        let key = self
            .keys
            .iter()
            .nth(self.key_in_use)
            .unwrap_or(self.keys.newest());
        let computed = authenticate(key, self.learner, seq, row, self.last_mac);
        let from = previous_failed.map_or(row.seq, |(from, _)| from);
        self.failing = Some(Failing { from, computed });
        self.last_mac = row.mac.unwrap_or(computed);
    }

    /// Is this the entry number `seq` after the one with the MAC `previous`?
    fn fits(&mut self, row: &EntryRow<'_>, seq: u64, previous: Mac) -> bool {
        let Some(mac) = row.mac else { return false };
        let learner = self.learner;
        let made_by = |key| authenticate(key, learner, seq, row, previous) == mac;
        if self.keys.iter().nth(self.key_in_use).is_some_and(made_by) {
            return true;
        }
        let found = self.keys.iter().position(made_by);
        if let Some(index) = found {
            self.key_in_use = index;
        }
        found.is_some()
    }

    fn accept_good(&mut self, row: &EntryRow<'_>, seq: u64) {
        let mac = row.mac.expect("an entry without a MAC fits nowhere");
        self.accept(row, mac);
        self.good.0 = seq;
    }

    fn accept(&mut self, row: &EntryRow<'_>, mac: Mac) {
        self.last_mac = mac;
        self.good = (row.seq.saturating_add_signed(self.shift), mac);
    }

    fn close_failing(&mut self) {
        let Some(failing) = self.failing.take() else {
            return;
        };
        let (learner, from, to) = (self.learner, failing.from, self.last_seq);
        self.findings.push(if from == to {
            Finding::EntryAltered { learner, seq: from }
        } else {
            Finding::EntriesRewritten { learner, from, to }
        });
    }

    fn missing(&mut self, from: u64, to: u64) {
        self.findings.push(Finding::EntriesMissing {
            learner: self.learner,
            from,
            to,
        });
    }

    /// Is this the digest of the entries so far? What is wrong before has been named, and changes it.
    fn fits_digest(&self, digest: Hash) -> bool {
        let is_clean = self.findings.is_empty() && self.failing.is_none();
        !is_clean || digest == self.digest
    }

    fn compare_sealed(&mut self, row: &EntryRow<'_>) {
        while let Some(head) = self.sealed.front().filter(|head| head.seq <= row.seq) {
            let head = *head;
            self.sealed.pop_front();
            if head.seq < row.seq {
                continue; // Its entry is missing, which has been said.
            }
            if row.mac == Some(head.mac) && self.fits_digest(head.digest) {
                self.unsealed_from = row.seq + 1;
            } else {
                self.findings.push(Finding::SealedHeadDiffers {
                    learner: self.learner,
                    from: self.unsealed_from.min(row.seq),
                    seq: row.seq,
                    number: head.number,
                });
            }
        }
    }
}
