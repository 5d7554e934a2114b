//! Proof for the audit trail: a MAC for each row as it is written, and a chain of the rows, so that a
//! changed, an added and a dropped one are all seen. The chain is one of the ledger, under the id of no
//! learner, and is sealed with the others.

use std::collections::HashMap;

use uuid::Uuid;
use zhipei_domain::{LearnerId, UnixMs};

use crate::{AuthKey, AuthKeys, Body, EntryKind, EntryRow, Finding, Mac};

/// The chain of the audit trail.
pub const AUDIT_CHAIN: LearnerId = LearnerId(Uuid::nil());

/// A row of the audit trail as it is stored, which may be anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditRow<'a> {
    /// Its id.
    pub id: Uuid,
    /// When.
    pub at: UnixMs,
    /// All its other columns, in a fixed order.
    pub columns: &'a [Option<&'a str>],
}

impl AuditRow<'_> {
    /// What authenticates the row. Computed over, all integers big-endian: `"zhipei.audit.row"`, version
    /// `0x01`, id (16 bytes), at (i64), number of columns (u32), and for each `0x00` where it is null,
    /// else `0x01`, its length (u64) and its bytes.
    pub fn authenticate(&self, key: &AuthKey) -> Mac {
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(&(self.columns.len() as u32).to_be_bytes());
        for column in self.columns {
            match column {
                None => bytes.push(0),
                Some(text) => {
                    bytes.push(1);
                    bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
                    bytes.extend_from_slice(text.as_bytes());
                }
            }
        }
        key.authenticate(&[
            b"zhipei.audit.row",
            &[1],
            self.id.as_bytes(),
            &self.at.to_be_bytes(),
            &bytes,
        ])
    }
}

/// Holds the rows of the trail against the entries of its chain.
#[derive(Debug)]
pub struct AuditVerifier<'k> {
    keys: &'k AuthKeys,
    /// The rows that the chain names and that were not met yet, with the entry that names each.
    chained: HashMap<Uuid, (Mac, u64)>,
    /// When the last entry was written.
    chained_until: UnixMs,
    findings: Vec<Finding>,
}

impl<'k> AuditVerifier<'k> {
    /// A row joins the chain within this time, or is counted as one that never will.
    pub const JOINS_WITHIN_MS: i64 = 10 * 60_000;

    /// Knows no entry yet.
    pub fn new(keys: &'k AuthKeys) -> Self {
        Self {
            keys,
            chained: HashMap::new(),
            chained_until: UnixMs::MIN,
            findings: Vec::new(),
        }
    }

    /// The next entry of the chain.
    pub fn replay(&mut self, row: &EntryRow<'_>) {
        let body = EntryKind::parse(row.kind).and_then(|kind| Body::parse(kind, row.body));
        let Some(Body::Audit(body)) = body else {
            self.findings
                .push(Finding::AuditEntryUnreadable { seq: row.seq });
            return;
        };
        self.chained_until = self.chained_until.max(row.at);
        for audited in body.rows {
            self.chained.insert(audited.id, (audited.mac, row.seq));
        }
    }

    /// A row of the trail, with its stored MAC; all entries have been fed.
    pub fn check(&mut self, row: &AuditRow<'_>, mac: Option<Mac>) {
        let written = |mac| self.keys.iter().any(|key| row.authenticate(key) == mac);
        let named = self.chained.remove(&row.id);
        let good =
            mac.is_some_and(|mac| written(mac) && named.is_none_or(|(chained, _)| chained == mac));
        if !good {
            self.findings.push(Finding::AuditRowWrong { id: row.id });
        } else if named.is_none()
            && row.at < self.chained_until.saturating_sub(Self::JOINS_WITHIN_MS)
        {
            self.findings
                .push(Finding::AuditRowUnchained { id: row.id });
        }
    }

    /// All rows have been fed.
    pub fn finish(mut self) -> Vec<Finding> {
        let mut missing: Vec<_> = self.chained.into_iter().collect();
        missing.sort_unstable_by_key(|(id, (_, seq))| (*seq, *id));
        let gone = missing
            .into_iter()
            .map(|(id, (_, seq))| Finding::AuditRowMissing { id, seq });
        self.findings.extend(gone);
        self.findings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AuditBody, AuditedRow, Chain};

    fn key() -> AuthKey {
        AuthKey::from_bytes("test", [7; 32])
    }

    #[test]
    fn mlps_10_the_bytes_that_authenticate_an_audit_row_never_change() {
        let row = AuditRow {
            id: Uuid::from_u128(1),
            at: 2,
            columns: &[Some("login"), None, Some("")],
        };
        let mac = row.authenticate(&key()).to_string();
        // Computed by another program, from the rule as it is published.
        let expected = "7af25fa9509014c8b155dd0c8e14f6d5f1a32c4ba47458521ed7550c8c711eec";
        assert_eq!(mac, expected);
        // What is null is not what is empty, and nothing moves from one column to the next.
        for columns in [
            [Some("login"), Some(""), Some("")],
            [Some("logi"), None, Some("n")],
            [None, Some("login"), Some("")],
        ] {
            let other = AuditRow {
                columns: &columns,
                ..row
            };
            assert_ne!(other.authenticate(&key()).to_string(), mac);
        }
    }

    #[test]
    fn mlps_10_a_changed_an_added_and_a_dropped_row_are_named() {
        let keys = AuthKeys::from(key());
        let row = |n: u128, at: UnixMs| AuditRow {
            id: Uuid::from_u128(n),
            at,
            columns: &[Some("login")],
        };
        let late = AuditVerifier::JOINS_WITHIN_MS + 10;
        let rows: Vec<_> = (1..=3)
            .map(|n| AuditedRow {
                id: Uuid::from_u128(n),
                mac: row(n, 1).authenticate(&key()),
            })
            .collect();
        let mut chain = Chain::new(AUDIT_CHAIN);
        let entry = chain.append(&key(), late, &AuditBody { rows }.into());
        let verify = |stored: &[(AuditRow<'_>, Mac)]| {
            let mut verifier = AuditVerifier::new(&keys);
            verifier.replay(&entry.row());
            for (row, mac) in stored {
                verifier.check(row, Some(*mac));
            }
            verifier.finish()
        };
        let good = |n, at| (row(n, at), row(n, at).authenticate(&key()));
        let all = [good(1, 1), good(2, 1), good(3, 1)];
        assert_eq!(verify(&all), []);
        let id = Uuid::from_u128;
        assert_eq!(
            verify(&[good(1, 1), good(3, 1)]),
            [Finding::AuditRowMissing { id: id(2), seq: 1 }]
        );
        // Changed, with the old MAC and with a new one from somebody who stole the key.
        let changed = AuditRow { at: 5, ..row(2, 1) };
        assert_eq!(
            verify(&[good(1, 1), (changed, good(2, 1).1), good(3, 1)]),
            [Finding::AuditRowWrong { id: id(2) }]
        );
        assert_eq!(
            verify(&[good(1, 1), good(2, 5), good(3, 1)]),
            [Finding::AuditRowWrong { id: id(2) }]
        );
        // Added: without the key, and long before the end of the chain with it. What is newer waits.
        let forged = (row(4, late), Mac([1; 32]));
        assert_eq!(
            verify(&[&all[..], &[forged]].concat()),
            [Finding::AuditRowWrong { id: id(4) }]
        );
        assert_eq!(
            verify(&[&all[..], &[good(4, 9)]].concat()),
            [Finding::AuditRowUnchained { id: id(4) }]
        );
        assert_eq!(verify(&[&all[..], &[good(4, 10)]].concat()), []);
    }
}
