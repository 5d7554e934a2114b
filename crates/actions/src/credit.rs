//! Learning time: what a batch of heartbeats changes, for all its learners at once.

use std::collections::{HashMap, HashSet};

use zhipei_credit::{Earned, Settlement};
use zhipei_domain::{CheckOutcome, EndedChallenge, LearnerId, LearningInterval, TimeState, UnixMs};
use zhipei_ledger::{
    AuthKey, Body, Chain, CheckResult, CreditBody, CreditedInterval, Entry, SessionBody,
    SettlementBody, pairs,
};
use zhipei_storage::learning_intervals::Settled;
use zhipei_storage::learning_states::StateWrite;
use zhipei_storage::{Txn, challenges, learning_intervals, learning_states, ledger};

use crate::Result;

/// Something that becomes rows and an entry of the learner's ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// A lesson was opened.
    Opened(SessionBody),
    /// Intervals are complete.
    Earned {
        /// All of one clock, in order.
        intervals: Vec<Earned>,
        /// The device, as the client names it.
        device_id: String,
        /// The session's epoch.
        epoch: u64,
        /// The heartbeats they rest on, see [`zhipei_credit::beats`].
        trail: Vec<u8>,
    },
    /// A check ended and settled intervals.
    Settled(Settlement),
}

/// One learner's part of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LearnerWrite {
    /// The engine's state, and the version that it replaces.
    pub state: StateWrite,
    /// What came of it, in order.
    pub records: Vec<Record>,
}

/// Commits a batch, at most one write a learner. Refused whole with
/// [`Stale`](zhipei_storage::Error::Stale) when one of the states is not as its writer knew it; then
/// [`commit_current`] says which.
pub async fn commit_all(
    txn: &Txn,
    key: &AuthKey,
    now: UnixMs,
    writes: &[LearnerWrite],
) -> Result<()> {
    let states: Vec<&StateWrite> = writes.iter().map(|write| &write.state).collect();
    learning_states::move_all(txn, &states, now).await?;
    record(txn, key, now, writes.iter()).await
}

/// Commits what of a batch is still current, and returns the other learners: of them nothing is
/// written, and nothing may be acknowledged.
pub async fn commit_current(
    txn: &Txn,
    key: &AuthKey,
    now: UnixMs,
    writes: &[LearnerWrite],
) -> Result<HashSet<LearnerId>> {
    let states: Vec<&StateWrite> = writes.iter().map(|write| &write.state).collect();
    let refused = learning_states::move_current(txn, &states, now).await?;
    let moved = writes
        .iter()
        .filter(|write| !refused.contains(&write.state.learner));
    record(txn, key, now, moved).await?;
    Ok(refused)
}

/// The rows and ledger entries of writes whose states moved.
async fn record(
    txn: &Txn,
    key: &AuthKey,
    now: UnixMs,
    writes: impl Iterator<Item = &LearnerWrite>,
) -> Result<()> {
    let recorded: Vec<&LearnerWrite> = writes.filter(|write| !write.records.is_empty()).collect();
    if recorded.is_empty() {
        return Ok(());
    }
    let learners = recorded.iter().map(|write| write.state.learner);
    let mut chains = ledger::chains(txn, learners).await?;
    // The rows of all learners in one go, before what settles some of them.
    let rows: Vec<LearningInterval> = recorded.iter().flat_map(|write| rows_of(write)).collect();
    learning_intervals::insert_all(txn, &rows, now).await?;
    let mut entries = Vec::new();
    for write in recorded {
        let learner = write.state.learner;
        let chain = chains
            .get_mut(&learner)
            .expect("a chain was asked for each learner");
        for record in &write.records {
            let body = keep(txn, learner, record).await?;
            entries.push(chain.append(key, now, &body));
        }
    }
    append(txn, &entries, chains).await
}

async fn append(txn: &Txn, entries: &[Entry], chains: HashMap<LearnerId, Chain>) -> Result<()> {
    let mut heads: Vec<Chain> = chains.into_values().collect();
    heads.sort_unstable_by_key(|head| head.learner);
    Ok(ledger::append(txn, entries, &heads).await?)
}

fn rows_of(write: &LearnerWrite) -> impl Iterator<Item = LearningInterval> {
    let learner = write.state.learner;
    write.records.iter().flat_map(move |record| {
        let (intervals, device_id): (&[Earned], &str) = match record {
            Record::Earned {
                intervals,
                device_id,
                ..
            } => (intervals, device_id),
            _ => (&[], ""),
        };
        intervals
            .iter()
            .map(move |earned| earned.of_learner(learner, device_id, None))
    })
}

/// What the ledger says of a record; a settlement also changes its rows.
async fn keep(txn: &Txn, learner: LearnerId, record: &Record) -> Result<Body> {
    match record {
        Record::Opened(body) => Ok(body.clone().into()),
        Record::Earned {
            intervals,
            device_id,
            epoch,
            trail,
        } => Ok(credited(intervals, device_id, *epoch, trail)?.into()),
        Record::Settled(settlement) => settle(txn, learner, settlement).await,
    }
}

fn credited(intervals: &[Earned], device_id: &str, epoch: u64, trail: &[u8]) -> Result<CreditBody> {
    let damaged = zhipei_storage::Error::Corrupt("learning_state.trail");
    let (Some(first), Some(beats)) = (intervals.first(), zhipei_credit::beats(trail)) else {
        return Err(damaged.into());
    };
    Ok(CreditBody {
        credit_scope: first.credit_scope,
        lesson: first.lesson,
        course: first.course,
        clock_id: first.clock,
        device_id: device_id.to_owned(),
        epoch,
        policy_version: first.policy_version,
        intervals: intervals
            .iter()
            .map(|earned| CreditedInterval {
                id: earned.id,
                state: earned.state,
                day: earned.day,
                media: [earned.media.0, earned.media.1],
                server: [earned.server.0, earned.server.1],
                ms: earned.ms,
            })
            .collect(),
        pairs: pairs::encode(&beats),
    })
}

async fn settle(txn: &Txn, learner: LearnerId, settlement: &Settlement) -> Result<Body> {
    let challenge = settlement.challenge.expect("time is settled by a check");
    let (outcome, result) = match settlement.to {
        TimeState::Verified => (CheckOutcome::Passed, CheckResult::Passed),
        TimeState::Frozen => (CheckOutcome::Frozen, CheckResult::Frozen),
        _ => (CheckOutcome::Missed, CheckResult::Missed),
    };
    let ids: Vec<_> = settlement
        .intervals
        .iter()
        .map(|earned| earned.id)
        .collect();
    let ms = settlement.intervals.iter().map(|earned| earned.ms).sum();
    let void_at = (settlement.to == TimeState::Void).then_some(settlement.at);
    let settled = Settled {
        state: settlement.to,
        frozen_group: settlement.frozen_group,
        void_at,
        challenge: Some(challenge.id),
    };
    learning_intervals::settle(txn, &ids, settled).await?;
    let ended = EndedChallenge {
        id: challenge.id,
        learner,
        credit_scope: settlement.credit_scope,
        kind: challenge.kind,
        closing: challenge.closing,
        due_at: challenge.due_at,
        delivered_at: challenge.first_delivered_at,
        ended_at: settlement.at,
        outcome,
        rounds: u32::from(challenge.round),
        tries: challenge.attempt(),
        settled_ms: ms,
    };
    challenges::insert(txn, &ended).await?;
    Ok(SettlementBody {
        challenge: challenge.id,
        credit_scope: settlement.credit_scope,
        kind: challenge.kind,
        closing: challenge.closing,
        result,
        rounds: u32::from(challenge.round),
        group: settlement.frozen_group,
        at: settlement.at,
        ms,
        intervals: ids,
    }
    .into())
}
