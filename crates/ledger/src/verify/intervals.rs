use std::collections::HashMap;

use zhipei_domain::{
    ChallengeId, CreditScope, IntervalId, LearnerId, LearningInterval, TimeState, UnixMs,
};

use crate::body::{CreditBody, DecisionBody, SettlementBody};
use crate::{Body, EntryKind, EntryRow, Finding};

/// Replays a learner's entries to the intervals that they imply, and compares these with the rows.
///
/// A credit entry makes intervals; a settlement makes those it names, which must be pending, verified,
/// void or frozen; a decision makes those it names, which must be frozen in its group, verified or
/// void. A void keeps its moment, a settled interval the check that settled it, a frozen one its group.
#[derive(Debug)]
pub struct IntervalsAudit {
    learner: LearnerId,
    intervals: HashMap<IntervalId, LearningInterval>,
    findings: Vec<Finding>,
}

/// What a settlement or a decision does.
struct Change<'a> {
    seq: u64,
    credit_scope: CreditScope,
    from: (TimeState, Option<u32>),
    to: TimeState,
    frozen_group: Option<u32>,
    challenge: Option<ChallengeId>,
    at: UnixMs,
    ms: i64,
    intervals: &'a [IntervalId],
}

impl IntervalsAudit {
    /// Knows no entry yet.
    pub fn new(learner: LearnerId) -> Self {
        Self {
            learner,
            intervals: HashMap::new(),
            findings: Vec::new(),
        }
    }

    /// The next entry, in order.
    pub fn replay(&mut self, row: &EntryRow<'_>) {
        let body = EntryKind::parse(row.kind).and_then(|kind| Body::parse(kind, row.body));
        match body {
            Some(Body::Session(_) | Body::Registration(_) | Body::Identity(_)) => {}
            Some(Body::Credit(body)) => self.credit(row.seq, &body),
            Some(Body::Settlement(body)) => self.settle(row.seq, &body),
            Some(Body::Decision(body)) => self.decide(row.seq, &body),
            // The audit trail has a chain of its own; in a learner's its rows are out of place.
            Some(Body::Audit(_)) | None => self.findings.push(Finding::BodyUnreadable {
                learner: self.learner,
                seq: row.seq,
            }),
        }
    }

    /// What the ledger implies so far.
    pub fn implied(&self) -> impl Iterator<Item = &LearningInterval> {
        self.intervals.values()
    }

    /// All entries are fed: compares with all `rows` of the learner.
    pub fn finish(mut self, rows: &[LearningInterval]) -> Vec<Finding> {
        let learner = self.learner;
        for row in rows {
            match self.intervals.remove(&row.id) {
                Some(implied) => self.findings.extend(compare(&implied, row)),
                None => self.findings.push(Finding::IntervalExtra {
                    learner,
                    interval: row.id,
                }),
            }
        }
        let mut missing: Vec<IntervalId> = self.intervals.into_keys().collect();
        missing.sort_unstable();
        self.findings.extend(
            missing
                .into_iter()
                .map(|interval| Finding::IntervalMissing { learner, interval }),
        );
        self.findings
    }

    fn credit(&mut self, seq: u64, body: &CreditBody) {
        for credited in &body.intervals {
            let interval = LearningInterval {
                id: credited.id,
                learner: self.learner,
                credit_scope: body.credit_scope,
                course: body.course,
                lesson: body.lesson,
                state: credited.state,
                day: credited.day,
                media_from: credited.media[0],
                media_to: credited.media[1],
                server_from: credited.server[0],
                server_to: credited.server[1],
                ms: credited.ms,
                policy_version: body.policy_version,
                device_id: body.device_id.clone(),
                clock: body.clock_id,
                frozen_group: None,
                void_at: None,
                challenge: None,
            };
            if self.intervals.insert(credited.id, interval).is_some() {
                self.unfounded(seq, credited.id);
            }
        }
    }

    fn settle(&mut self, seq: u64, body: &SettlementBody) {
        self.change(&Change {
            seq,
            credit_scope: body.credit_scope,
            from: (TimeState::Pending, None),
            to: body.result.effect(),
            frozen_group: body.group,
            challenge: Some(body.challenge),
            at: body.at,
            ms: body.ms,
            intervals: &body.intervals,
        });
    }

    fn decide(&mut self, seq: u64, body: &DecisionBody) {
        self.change(&Change {
            seq,
            credit_scope: body.credit_scope,
            from: (TimeState::Frozen, Some(body.group)),
            to: body.decision.effect(),
            frozen_group: Some(body.group),
            challenge: None,
            at: body.at,
            ms: body.ms,
            intervals: &body.intervals,
        });
    }

    fn change(&mut self, change: &Change<'_>) {
        let mut found_ms = 0;
        for &id in change.intervals {
            let waiting = self.intervals.get_mut(&id).filter(|interval| {
                (interval.state, interval.frozen_group) == change.from
                    && interval.credit_scope == change.credit_scope
            });
            let Some(interval) = waiting else {
                self.unfounded(change.seq, id);
                continue;
            };
            interval.state = change.to;
            interval.frozen_group = change.frozen_group;
            interval.challenge = change.challenge.or(interval.challenge);
            interval.void_at = (change.to == TimeState::Void).then_some(change.at);
            found_ms += interval.ms;
        }
        if found_ms != change.ms {
            self.findings.push(Finding::SumDiffers {
                learner: self.learner,
                seq: change.seq,
                stated_ms: change.ms,
                found_ms,
            });
        }
    }

    fn unfounded(&mut self, seq: u64, interval: IntervalId) {
        self.findings.push(Finding::EntryUnfounded {
            learner: self.learner,
            seq,
            interval,
        });
    }
}

fn compare(ledger: &LearningInterval, row: &LearningInterval) -> Vec<Finding> {
    if ledger == row {
        return Vec::new();
    }
    columns(ledger)
        .into_iter()
        .zip(columns(row))
        .filter(|(implied, stored)| implied != stored)
        .map(
            |((field, ledger_says), (_, row_says))| Finding::IntervalChanged {
                learner: ledger.learner,
                interval: ledger.id,
                field,
                ledger: ledger_says,
                row: row_says,
            },
        )
        .collect()
}

/// The columns of an interval's row, as they are read by a person.
fn columns(interval: &LearningInterval) -> [(&'static str, String); 17] {
    fn or_none(value: Option<impl ToString>) -> String {
        value.map_or_else(|| "—".to_owned(), |value| value.to_string())
    }
    [
        ("learner_id", interval.learner.to_string()),
        ("credit_scope", interval.credit_scope.to_uuid().to_string()),
        ("course_id", interval.course.to_string()),
        ("lesson_id", interval.lesson.to_string()),
        ("state", interval.state.as_str().to_owned()),
        ("day", interval.day.to_string()),
        ("media_from", interval.media_from.to_string()),
        ("media_to", interval.media_to.to_string()),
        ("server_from", interval.server_from.to_string()),
        ("server_to", interval.server_to.to_string()),
        ("ms", interval.ms.to_string()),
        ("policy_version", interval.policy_version.to_string()),
        ("device_id", interval.device_id.clone()),
        ("clock_id", interval.clock.to_string()),
        ("frozen_group", or_none(interval.frozen_group)),
        ("void_at", or_none(interval.void_at)),
        ("challenge_id", or_none(interval.challenge)),
    ]
}
