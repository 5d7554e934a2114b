//! `zhipei verify`: believes nothing that is stored, recomputes all of it.

use std::collections::HashMap;

use zhipei_domain::LearnerId;
use zhipei_ledger::{
    AUDIT_CHAIN, AuditVerifier, AuthKeys, ChainVerifier, EntryRow, Finding, Hash, IntervalsAudit,
    Mac, SealRow, SealVerifier, SealedHead, VerifyingKeys,
};
use zhipei_storage::{Db, Txn, audit, learning_intervals, ledger};

use crate::{Keys, Result};

/// What a verification found.
#[derive(Debug, Default)]
pub struct Report {
    /// Learners whose chains were recomputed.
    pub learners: usize,
    /// Entries in these chains.
    pub entries: usize,
    /// Rows of the audit trail that were checked.
    pub audit_rows: usize,
    /// Seals that were checked.
    pub seals: usize,
    /// The newest seal: its number and hash, for comparison with a copy kept outside.
    pub newest_seal: Option<(u64, Hash)>,
    /// Everything that is not as the ledger wrote it.
    pub findings: Vec<Finding>,
}

/// Verifies one learner, or all, as they are at this moment; learning may go on meanwhile.
/// `outside`: a seal's number and hash, from a copy kept elsewhere.
pub async fn verify(
    db: &Db,
    keys: &Keys,
    learner: Option<LearnerId>,
    outside: Option<(u64, Hash)>,
) -> Result<Report> {
    db.snapshot(async |txn| verify_at(txn, keys, learner, outside).await)
        .await
}

async fn verify_at(
    db: &Txn,
    keys: &Keys,
    learner: Option<LearnerId>,
    outside: Option<(u64, Hash)>,
) -> Result<Report> {
    let mut report = Report::default();
    let verifying = VerifyingKeys::from(keys.ledger_signing.verifying_key());
    let mut seals = SealVerifier::new(&verifying);
    if let Some((number, hash)) = outside {
        seals = seals.with_outside_copy(number, hash);
    }
    let mut sealed: Vec<SealedHead> = Vec::new();
    for stored in ledger::seals(db).await? {
        let heads = ledger::sealed_heads(db, stored.number).await?;
        seals.check(&seal_row(&stored), &heads);
        sealed.extend(heads.iter().filter_map(|head| {
            Some(SealedHead {
                number: stored.number.unsigned_abs(),
                learner: head.learner,
                seq: head.seq,
                mac: head.mac?,
                digest: head.digest?,
            })
        }));
        report.seals += 1;
    }
    report.newest_seal = seals.newest();
    let (findings, _) = seals.finish();
    report.findings = findings;

    let mut learners = match learner {
        Some(learner) => vec![learner],
        None => ledger::learners(db).await?,
    };
    if learner.is_none() {
        // Whoever was sealed and has no row left at all is found by the seal alone.
        learners.extend(sealed.iter().map(|head| head.learner));
        learners.sort_unstable();
        learners.dedup();
    }
    let auth = AuthKeys::from(keys.ledger_mac.clone());
    let mut by_learner: HashMap<LearnerId, Vec<SealedHead>> = HashMap::new();
    for head in sealed {
        by_learner.entry(head.learner).or_default().push(head);
    }
    if learner.is_none() {
        let mine = by_learner.remove(&AUDIT_CHAIN).unwrap_or_default();
        report.audit_rows = verify_audit(db, &auth, mine, &mut report.findings).await?;
    }
    for learner in learners.into_iter().filter(|id| *id != AUDIT_CHAIN) {
        let mine = by_learner.remove(&learner).unwrap_or_default();
        report.entries += verify_learner(db, &auth, learner, mine, &mut report.findings).await?;
        report.learners += 1;
    }
    Ok(report)
}

/// Holds the rows of the audit trail against their chain, page by page: both are long.
async fn verify_audit(
    db: &Txn,
    keys: &AuthKeys,
    sealed: Vec<SealedHead>,
    findings: &mut Vec<Finding>,
) -> Result<usize> {
    const PAGE: u64 = 1_000;
    let mut chain = ChainVerifier::new(AUDIT_CHAIN, keys, sealed);
    let mut trail = AuditVerifier::new(keys);
    let mut seq = 0;
    loop {
        let entries = ledger::entries_after(db, AUDIT_CHAIN, seq, PAGE).await?;
        for entry in &entries {
            let row = entry_row(entry);
            chain.check(&row);
            trail.replay(&row);
        }
        match entries.last() {
            Some(last) => seq = last.seq,
            None => break,
        }
    }
    findings.extend(chain.finish(ledger::head(db, AUDIT_CHAIN).await?.as_ref()));
    let (mut after, mut count) = (None, 0);
    loop {
        let rows = audit::page(db, after, PAGE).await?;
        for row in &rows {
            row.proved(|proved| trail.check(proved, Mac::parse(&row.mac)));
        }
        count += rows.len();
        match rows.last() {
            Some(last) => after = Some(last.id),
            None => break,
        }
    }
    findings.extend(trail.finish());
    Ok(count)
}

async fn verify_learner(
    db: &Txn,
    keys: &AuthKeys,
    learner: LearnerId,
    sealed: Vec<SealedHead>,
    findings: &mut Vec<Finding>,
) -> Result<usize> {
    let entries = ledger::entries(db, learner).await?;
    let mut chain = ChainVerifier::new(learner, keys, sealed);
    let mut intervals = IntervalsAudit::new(learner);
    for entry in &entries {
        let row = entry_row(entry);
        chain.check(&row);
        intervals.replay(&row);
    }
    let head = ledger::head(db, learner).await?;
    findings.extend(chain.finish(head.as_ref()));
    let rows = learning_intervals::rows_of(db, learner).await?;
    findings.extend(intervals.finish(&rows));
    Ok(entries.len())
}

fn entry_row(entry: &ledger::StoredEntry) -> EntryRow<'_> {
    EntryRow {
        seq: entry.seq.unsigned_abs(),
        kind: entry.kind.as_bytes(),
        at: entry.at,
        body: entry.body.as_bytes(),
        mac: Mac::parse(&entry.mac),
    }
}

fn seal_row(stored: &ledger::StoredSeal) -> SealRow<'_> {
    SealRow {
        number: stored.number.unsigned_abs(),
        at: stored.at,
        root: stored.root.as_bytes(),
        entries: stored.entries.unsigned_abs(),
        previous: stored.previous.as_bytes(),
        key_id: stored.key_id.as_bytes(),
        signature: stored.signature.as_bytes(),
    }
}
