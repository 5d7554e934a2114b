//! What a learner has earned in one class, read once for a whole answer.

use std::collections::HashMap;

use zhipei_domain::{
    CheckOutcome, ClassId, CourseId, CreditScope, EndedChallenge, Hours, LearnerId, LessonId,
    LocalDay, Policy, Scope,
};
use zhipei_storage::{Db, Txn, challenges, learning_intervals, policies};

use crate::ApiResult;

pub(crate) struct Record {
    pub(crate) policy: Policy,
    pub(crate) hours: Hours,
    checks: Vec<EndedChallenge>,
    progress: HashMap<LessonId, Progress>,
}

/// Where a learner stands in a lesson, in milliseconds of the medium.
#[derive(Clone, Copy, Default)]
pub(crate) struct Progress {
    pub(crate) furthest_ms: i64,
    pub(crate) position_ms: i64,
}

/// Random checks that were passed, and all that have ended.
#[derive(Clone, Copy, Default)]
pub(crate) struct Checks {
    pub(crate) passed: usize,
    pub(crate) total: usize,
}

impl Record {
    /// What the learner has earned, as far as the scope reaches.
    pub(crate) async fn load(
        db: &Db,
        scope: &Scope,
        learner: LearnerId,
        class: ClassId,
    ) -> ApiResult<Self> {
        // Of one moment: an interval that gets its row meanwhile must not count twice.
        db.snapshot(async |txn| Self::load_at(txn, scope, learner, class).await)
            .await
    }

    async fn load_at(
        db: &Txn,
        scope: &Scope,
        learner: LearnerId,
        class: ClassId,
    ) -> ApiResult<Self> {
        let credit_scope = CreditScope::Class(class);
        let progress = learning_intervals::progress(db, scope, learner, credit_scope).await?;
        let intervals = learning_intervals::list(db, scope, learner, credit_scope).await?;
        Ok(Self {
            policy: policies::newest(db, credit_scope).await?,
            hours: Hours::new(intervals),
            checks: challenges::list(db, scope, learner, credit_scope).await?,
            progress: progress
                .into_iter()
                .map(|(lesson, furthest_ms, position_ms)| {
                    let progress = Progress {
                        furthest_ms,
                        position_ms,
                    };
                    (lesson, progress)
                })
                .collect(),
        })
    }

    pub(crate) fn minutes_per_hour(&self) -> i64 {
        self.policy.minutes_per_hour
    }

    pub(crate) fn progress(&self, lesson: LessonId) -> Progress {
        self.progress.get(&lesson).copied().unwrap_or_default()
    }

    pub(crate) fn checks_of_day(&self, day: LocalDay) -> Checks {
        count(
            self.checks
                .iter()
                .filter(|c| LocalDay::of(c.ended_at) == day),
        )
    }

    pub(crate) fn checks_of_course(&self, course: CourseId) -> Checks {
        count(
            self.checks
                .iter()
                .filter(|c| self.course_of(c) == Some(course)),
        )
    }

    /// A check belongs to the course that was on when it fell due.
    fn course_of(&self, check: &EndedChallenge) -> Option<CourseId> {
        let began = |i: &&zhipei_domain::LearningInterval| i.server_from <= check.due_at;
        let before = self.hours.intervals().iter().rev().find(began);
        before.map(|interval| interval.course)
    }
}

fn count<'a>(checks: impl Iterator<Item = &'a EndedChallenge>) -> Checks {
    checks.fold(Checks::default(), |sum, check| Checks {
        passed: sum.passed + usize::from(check.outcome == CheckOutcome::Passed),
        total: sum.total + 1,
    })
}
