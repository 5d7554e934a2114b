//! `zhipei export`: hours in a form that anybody can check with `zhipei-verify`. It names nobody.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Write;

use zhipei_domain::{CreditScope, LearnerId, LearningInterval, LessonId, UnixMs};
use zhipei_ledger::{SealedHead, SealedHeadRow, SealedTree};
use zhipei_storage::{Db, Txn, courses, learning_intervals, ledger, policies};
use zhipei_verify::{EntryLine, IntervalLine, Line, SealLine, VERSION};

use crate::{Keys, Result};

/// Writes the ledger and the hours of these learners as they are at one moment.
pub async fn export(
    db: &Db,
    keys: &Keys,
    learners: &[LearnerId],
    now: UnixMs,
    out: &mut impl Write,
) -> Result<()> {
    db.snapshot(async |txn| export_at(txn, keys, learners, now, out).await)
        .await
}

async fn export_at(
    db: &Txn,
    keys: &Keys,
    learners: &[LearnerId],
    now: UnixMs,
    out: &mut impl Write,
) -> Result<()> {
    let mut write = |line: &Line| -> Result<()> {
        serde_json::to_writer(&mut *out, line).map_err(std::io::Error::from)?;
        Ok(out.write_all(b"\n")?)
    };
    write(&Line::Export {
        version: VERSION,
        at: now,
    })?;
    let key = keys.ledger_signing.verifying_key();
    write(&Line::Key {
        key_id: key.key_id().to_owned(),
        ed25519: key.to_hex(),
    })?;
    let mut newest: HashMap<LearnerId, i64> = HashMap::new();
    for seal in ledger::seals(db).await? {
        for head in ledger::sealed_heads(db, seal.number).await? {
            newest.insert(head.learner, seal.number);
        }
        write(&Line::Seal(SealLine {
            number: seal.number.unsigned_abs(),
            at: seal.at,
            root: seal.root,
            entries: seal.entries.unsigned_abs(),
            previous: seal.previous,
            key_id: seal.key_id,
            signature: seal.signature,
        }))?;
    }
    let mut rows: BTreeMap<LearnerId, Vec<LearningInterval>> = BTreeMap::new();
    for learner in learners {
        let of_learner = learning_intervals::rows_of(db, *learner).await?;
        rows.insert(*learner, of_learner);
    }
    for line in terms(db, rows.values().flatten()).await? {
        write(&line)?;
    }
    let mut trees = Trees::default();
    for (learner, intervals) in &rows {
        write(&Line::Learner { id: *learner })?;
        if let Some(number) = newest.get(learner)
            && let Some(line) = trees.line(db, *number, *learner).await?
        {
            write(&line)?;
        }
        for entry in ledger::entries(db, *learner).await? {
            write(&Line::Entry(EntryLine {
                seq: entry.seq.unsigned_abs(),
                kind: entry.kind,
                at: entry.at,
                body: entry.body,
                mac: entry.mac,
            }))?;
        }
        for interval in intervals {
            write(&Line::Interval(IntervalLine::from(interval)))?;
        }
    }
    Ok(())
}

/// Lengths of the lessons and caps of the policies that the intervals name.
async fn terms(db: &Txn, intervals: impl Iterator<Item = &LearningInterval>) -> Result<Vec<Line>> {
    let mut lessons: BTreeSet<LessonId> = BTreeSet::new();
    let mut named: BTreeSet<(CreditScope, u32)> = BTreeSet::new();
    for interval in intervals {
        lessons.insert(interval.lesson);
        named.insert((interval.credit_scope, interval.policy_version));
    }
    let mut lines = Vec::new();
    for id in lessons {
        let (_, lesson) = courses::lesson(db, id).await?;
        lines.push(Line::Lesson {
            id,
            length_ms: lesson.length_ms,
        });
    }
    for (credit_scope, version) in named {
        if let Some(policy) = policies::version(db, credit_scope, version).await? {
            lines.push(Line::Policy {
                credit_scope,
                version,
                cap_min: policy.cap_min,
                checks: policy.checks(),
            });
        }
    }
    Ok(lines)
}

/// The trees of the seals that were asked for.
#[derive(Default)]
struct Trees(HashMap<i64, SealedTree>);

impl Trees {
    async fn line(&mut self, db: &Txn, number: i64, learner: LearnerId) -> Result<Option<Line>> {
        let tree = match self.0.entry(number) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let rows = ledger::sealed_heads(db, number).await?;
                let head = |row: &SealedHeadRow| {
                    Some(SealedHead {
                        number: number.unsigned_abs(),
                        learner: row.learner,
                        seq: row.seq,
                        mac: row.mac?,
                        digest: row.digest?,
                    })
                };
                place.insert(SealedTree::new(rows.iter().filter_map(head).collect()))
            }
        };
        Ok(tree
            .find(learner)
            .map(|(head, index, path)| Line::SealedHead {
                number: head.number,
                seq: head.seq,
                mac: head.mac.to_string(),
                digest: head.digest.to_string(),
                index,
                count: tree.count(),
                path: path.iter().map(ToString::to_string).collect(),
            }))
    }
}
