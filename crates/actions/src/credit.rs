//! Learning time: what a batch of heartbeats changes, for all its learners at once.

use std::collections::{HashMap, HashSet};

use zhipei_credit::{Earned, Settlement};
use zhipei_domain::{
    Actor, ChallengeId, CheckOutcome, EndedChallenge, FaceCheck, FrozenDecision, FrozenTime,
    LearnerId, LearningInterval, NoticeKind, SMS_WITHIN_S, Scope, SmsWords, StaffId, TimeState,
    UnixMs,
};
use zhipei_ledger::{
    Body, Chain, CheckResult, CreditBody, CreditedInterval, DecisionBody, DecisionKind, Entry,
    SessionBody, SettlementBody, pairs,
};
use zhipei_storage::learning_intervals::Settled;
use zhipei_storage::learning_states::StateWrite;
use zhipei_storage::{
    Txn, challenges, frozen_times, identities, learning_intervals, learning_states, ledger,
    sms_codes,
};

use crate::{Keys, Result, audit, face, notice, outbox};

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
    /// A face was looked at for a check, which may have left the screen meanwhile.
    FaceChecked(Box<FaceCheck>, Option<ChallengeId>),
    /// A code is to be sent for a check.
    Code(SmsWords),
    /// A person decided on frozen time, and settled it.
    Decided(Settlement, Decided),
}

/// A person's word on frozen time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The word.
    pub decision: DecisionKind,
    /// Who decided.
    pub by: StaffId,
    /// Why, in words that the learner understands.
    pub reason: String,
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
    keys: &Keys,
    now: UnixMs,
    writes: &[LearnerWrite],
) -> Result<()> {
    let states: Vec<&StateWrite> = writes.iter().map(|write| &write.state).collect();
    learning_states::move_all(txn, &states, now).await?;
    record(txn, keys, now, writes.iter()).await
}

/// Commits what of a batch is still current, and returns the other learners: of them nothing is
/// written, and nothing may be acknowledged.
pub async fn commit_current(
    txn: &Txn,
    keys: &Keys,
    now: UnixMs,
    writes: &[LearnerWrite],
) -> Result<HashSet<LearnerId>> {
    let states: Vec<&StateWrite> = writes.iter().map(|write| &write.state).collect();
    let refused = learning_states::move_current(txn, &states, now).await?;
    let moved = writes
        .iter()
        .filter(|write| !refused.contains(&write.state.learner));
    record(txn, keys, now, moved).await?;
    Ok(refused)
}

/// The rows and ledger entries of writes whose states moved.
async fn record(
    txn: &Txn,
    keys: &Keys,
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
            if let Some(body) = keep(txn, keys, now, learner, record).await? {
                entries.push(chain.append(&keys.ledger, now, &body));
            }
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

/// What the ledger says of a record; some also change other rows, or only those.
async fn keep(
    txn: &Txn,
    keys: &Keys,
    now: UnixMs,
    learner: LearnerId,
    record: &Record,
) -> Result<Option<Body>> {
    Ok(match record {
        Record::Opened(body) => Some(body.clone().into()),
        Record::Earned {
            intervals,
            device_id,
            epoch,
            trail,
        } => Some(credited(intervals, device_id, *epoch, trail)?.into()),
        Record::Settled(settlement) => Some(settle(txn, learner, settlement).await?),
        Record::FaceChecked(check, challenge) => {
            face::decide(txn, &keys.vault, check, *challenge).await?;
            None
        }
        Record::Code(words) => {
            send_code(txn, keys, now, learner, words).await?;
            None
        }
        Record::Decided(settlement, decided) => {
            Some(redecide(txn, keys, learner, settlement, decided).await?)
        }
    })
}

/// Sends a code for a check to the learner's phone; who has lost it meanwhile gets none, and misses the check.
async fn send_code(
    txn: &Txn,
    keys: &Keys,
    now: UnixMs,
    learner: LearnerId,
    words: &SmsWords,
) -> Result<()> {
    let who = identities::get(txn, &Scope::Learner(learner), &keys.vault, learner).await?;
    let Some(phone) = who.phone else {
        return Ok(());
    };
    let until = Some(now + SMS_WITHIN_S * 1_000);
    outbox::queue_sms(txn, &keys.vault, now, &phone, words, until).await?;
    Ok(sms_codes::count(txn, "all", now).await?)
}

async fn redecide(
    txn: &Txn,
    keys: &Keys,
    learner: LearnerId,
    settlement: &Settlement,
    decided: &Decided,
) -> Result<Body> {
    let ids: Vec<_> = settlement
        .intervals
        .iter()
        .map(|earned| earned.id)
        .collect();
    let at = settlement.at;
    let settled = Settled {
        state: settlement.to,
        frozen_group: settlement.frozen_group,
        void_at: (settlement.to == TimeState::Void).then_some(at),
        challenge: None,
    };
    learning_intervals::settle(txn, &ids, settled).await?;
    let group = settlement.frozen_group.unwrap_or_default();
    let restored = decided.decision == DecisionKind::Restore;
    let decision = FrozenDecision {
        restored,
        by: decided.by,
        reason: decided.reason.clone(),
        at,
    };
    let which = (settlement.credit_scope, group);
    let time = frozen_times::decide(txn, &keys.vault, learner, which, &decision).await?;
    let by = Actor::Staff(decided.by);
    let (action, word) = ("frozen_time.decide", decided.decision.effect().as_str());
    audit::done(txn, &by, at, action, "challenge", time, word).await?;
    let body = if restored {
        "经人工复核，待复核的学时已计入。详情见学时页。"
    } else {
        "经人工复核，待复核的学时不计入，可以重新学习。理由见学时页。"
    };
    let kind = NoticeKind::FrozenDecided;
    notice::send(txn, &keys.vault, at, learner, kind, body).await?;
    Ok(DecisionBody {
        credit_scope: settlement.credit_scope,
        group,
        decision: decided.decision,
        decided_by: decided.by.to_string(),
        reason: decided.reason.clone(),
        at,
        ms: settlement.intervals.iter().map(|earned| earned.ms).sum(),
        intervals: ids,
    }
    .into())
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
    if let (TimeState::Frozen, Some(group)) = (settlement.to, settlement.frozen_group) {
        let time = FrozenTime {
            challenge: challenge.id,
            learner,
            credit_scope: settlement.credit_scope,
            group,
            ms,
            frozen_at: settlement.at,
            appeal: None,
            decision: None,
        };
        frozen_times::insert(txn, &time).await?;
    }
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
