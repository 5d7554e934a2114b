use std::collections::BTreeMap;

use zhipei_domain::{LearnerId, LearningInterval, TimeState};
use zhipei_ledger::{
    Body, Chain, EntryKind, Hash, IntervalsAudit, Mac, SealVerifier, SealedHead, VerifyingKey,
    VerifyingKeys, digest, root_by,
};

use crate::credit::{CreditAudit, Terms};
use crate::fault::Fault;
use crate::line::{EntryLine, Line, SealLine, VERSION};

/// What was checked, and everything that is wrong.
#[derive(Debug, Default)]
pub struct Report {
    /// Learners.
    pub learners: usize,
    /// Their entries.
    pub entries: usize,
    /// Entries that came after the newest seal over their chain: nothing proves these yet.
    pub unsealed: usize,
    /// Intervals.
    pub intervals: usize,
    /// Seals.
    pub seals: usize,
    /// The newest seal's number and hash.
    pub newest_seal: Option<(u64, Hash)>,
    /// Milliseconds by state, over all learners.
    pub totals: BTreeMap<&'static str, i64>,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

/// Takes an export line by line.
#[derive(Debug, Default)]
pub struct Verifier {
    lines: usize,
    outside: Option<(u64, Hash)>,
    keys: Vec<VerifyingKey>,
    seals: Vec<SealLine>,
    roots: BTreeMap<u64, Hash>,
    terms: Terms,
    learner: Option<Learner>,
    report: Report,
}

#[derive(Debug)]
struct Learner {
    id: LearnerId,
    sealed: Option<(SealedHead, usize, usize, Vec<Hash>)>,
    entries: Vec<EntryLine>,
    intervals: Vec<LearningInterval>,
}

impl Verifier {
    /// `outside`: a seal's number and hash, from a copy kept elsewhere. Without it whoever holds the
    /// platform's signing key could have signed everything anew.
    pub fn new(outside: Option<(u64, Hash)>) -> Self {
        Self {
            outside,
            ..Self::default()
        }
    }

    /// The next line, as text.
    pub fn feed(&mut self, text: &str) {
        self.lines += 1;
        match serde_json::from_str(text) {
            Ok(line) => {
                if let Err(why) = self.take(line) {
                    self.misformed(why);
                }
            }
            Err(error) => self.misformed(error.to_string()),
        }
    }

    /// All lines are fed.
    pub fn finish(mut self) -> Report {
        if self.lines == 0 {
            self.misformed("文件是空的".to_owned());
        }
        self.close_learner();
        let keys = VerifyingKeys::new(std::mem::take(&mut self.keys));
        let mut seals = SealVerifier::new(&keys);
        if let Some((number, hash)) = self.outside {
            seals = seals.with_outside_copy(number, hash);
        }
        for seal in &self.seals {
            seals.check_alone(&seal.row());
        }
        self.report.seals = self.seals.len();
        self.report.newest_seal = seals.newest();
        let (findings, _) = seals.finish();
        self.report
            .faults
            .extend(findings.into_iter().map(Fault::from));
        self.report
    }

    fn take(&mut self, line: Line) -> Result<(), String> {
        let is_first = self.lines == 1;
        match line {
            Line::Export { version, .. } => match (is_first, version) {
                (true, VERSION) => Ok(()),
                (true, other) => Err(format!("格式版本为 {other}，本程序只读 {VERSION}")),
                (false, _) => Err("export 行只能在开头".to_owned()),
            },
            _ if is_first => Err("第一行应为 export".to_owned()),
            Line::Key { key_id, ed25519 } => {
                let key = VerifyingKey::from_hex(key_id, &ed25519).map_err(|e| e.to_string())?;
                self.keys.push(key);
                Ok(())
            }
            Line::Seal(seal) => {
                if let Some(root) = Hash::parse(&seal.root) {
                    self.roots.insert(seal.number, root);
                }
                self.seals.push(seal);
                Ok(())
            }
            Line::Lesson { id, length_ms } => {
                self.terms.lessons.insert(id, length_ms);
                Ok(())
            }
            Line::Policy {
                credit_scope,
                version,
                cap_min,
                checks,
            } => {
                let terms = (cap_min, checks);
                self.terms.policies.insert((credit_scope, version), terms);
                Ok(())
            }
            Line::Learner { id } => {
                self.close_learner();
                self.learner = Some(Learner {
                    id,
                    sealed: None,
                    entries: Vec::new(),
                    intervals: Vec::new(),
                });
                Ok(())
            }
            of_learner => self.take_of_learner(of_learner),
        }
    }

    fn take_of_learner(&mut self, line: Line) -> Result<(), String> {
        let learner = self.learner.as_mut().ok_or("前面没有 learner 行")?;
        match line {
            Line::SealedHead {
                number,
                seq,
                mac,
                digest,
                index,
                count,
                path,
            } => {
                let no_hash = || "散列值须为 64 位小写十六进制数字".to_owned();
                let head = SealedHead {
                    number,
                    learner: learner.id,
                    seq,
                    mac: Mac::parse(&mac).ok_or_else(no_hash)?,
                    digest: Hash::parse(&digest).ok_or_else(no_hash)?,
                };
                let path: Option<Vec<Hash>> = path.iter().map(Hash::parse).collect();
                learner.sealed = Some((head, index, count, path.ok_or_else(no_hash)?));
            }
            Line::Entry(entry) => learner.entries.push(entry),
            Line::Interval(interval) => learner.intervals.push(interval.of(learner.id)),
            _ => return Err("这一行不属于学员".to_owned()),
        }
        Ok(())
    }

    fn misformed(&mut self, why: String) {
        self.report.faults.push(Fault::Form {
            line: self.lines,
            why,
        });
    }

    fn close_learner(&mut self) {
        let Some(learner) = self.learner.take() else {
            return;
        };
        let report = &mut self.report;
        report.learners += 1;
        report.entries += learner.entries.len();
        report.intervals += learner.intervals.len();
        let sealed_to = follow(&learner, &self.roots, &mut report.faults);
        report.unsealed += learner
            .entries
            .iter()
            .filter(|entry| entry.seq > sealed_to)
            .count();
        let mut intervals = IntervalsAudit::new(learner.id);
        let mut credit = CreditAudit::new(learner.id, &self.terms);
        for entry in &learner.entries {
            intervals.replay(&entry.row());
            let body =
                EntryKind::parse(&entry.kind).and_then(|kind| Body::parse(kind, &entry.body));
            if let Some(body) = body {
                credit.replay(&body);
            }
        }
        let findings = intervals.finish(&learner.intervals);
        report.faults.extend(findings.into_iter().map(Fault::from));
        report.faults.extend(credit.finish(&learner.intervals));
        for state in TimeState::ALL {
            let of_state = learner.intervals.iter().filter(|one| one.state == state);
            *report.totals.entry(state.as_str()).or_default() +=
                of_state.map(|one| one.ms).sum::<i64>();
        }
    }
}

/// Follows the chain of entries to the seal over it; returns the last entry that the seal covers.
fn follow(learner: &Learner, roots: &BTreeMap<u64, Hash>, faults: &mut Vec<Fault>) -> u64 {
    let Some((head, index, count, path)) = &learner.sealed else {
        if !learner.entries.is_empty() {
            faults.push(Fault::NotSealed {
                learner: learner.id,
            });
        }
        return 0;
    };
    let mut running = Chain::new(learner.id).digest;
    let mut at_head = None;
    let mut is_whole = true;
    for (expected, entry) in (1..).zip(&learner.entries) {
        is_whole &= entry.seq == expected;
        running = digest(running, &entry.row());
        if entry.seq == head.seq {
            at_head = Some((running, entry.row().mac));
        }
    }
    let is_of_its_seal = roots
        .get(&head.number)
        .is_some_and(|root| root_by(head, *index, *count, path) == Some(*root));
    if !is_whole || at_head != Some((head.digest, Some(head.mac))) || !is_of_its_seal {
        faults.push(Fault::SealBroken {
            learner: learner.id,
            seq: head.seq,
            number: head.number,
        });
    }
    head.seq
}
