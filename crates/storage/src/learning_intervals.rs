//! Learning intervals (学时区间): what was earned, and what became of it.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
};
use zhipei_credit::{Earned, LearnerHours};
use zhipei_domain::{
    ChallengeId, ClockId, CourseId, CreditScope, IntervalId, LearnerId, LearningInterval, LessonId,
    LocalDay, Scope, TimeState, UnixMs,
};

use crate::entity::learning_interval::{ActiveModel, Column, Entity, Model};
use crate::scope::Unscoped;
use crate::{Error, Result, Txn, enrolments, learning_states};

impl Unscoped for Entity {}

/// Rows in one statement: SQLite takes at most 32,766 values.
const ROWS: usize = 1_000;

/// All intervals of a learner in a class or on the platform, by time, the ones that still grow
/// included. [`Error::NotFound`] when the learner is outside the caller's scope.
pub async fn list(
    db: &impl ConnectionTrait,
    scope: &Scope,
    learner: LearnerId,
    credit_scope: CreditScope,
) -> Result<Vec<LearningInterval>> {
    enrolments::visible(db, scope, learner, credit_scope).await?;
    let (stored, mut rows) = load(db, learner).await?;
    if let Some(Loaded { hours, .. }) = stored {
        rows.extend(hours.open_intervals().iter().map(|earned| {
            let device = hours.clock_place(earned.clock).map_or("", |place| place.0);
            earned.of_learner(learner, device, None)
        }));
    }
    rows.retain(|row| row.credit_scope == credit_scope);
    Ok(rows)
}

/// Furthest point and last position in each lesson that the learner has played.
pub async fn progress(
    db: &impl ConnectionTrait,
    scope: &Scope,
    learner: LearnerId,
    credit_scope: CreditScope,
) -> Result<Vec<(LessonId, i64, i64)>> {
    enrolments::visible(db, scope, learner, credit_scope).await?;
    let (stored, _) = load(db, learner).await?;
    Ok(stored.map_or_else(Vec::new, |stored| {
        stored.hours.all_progress(credit_scope).collect()
    }))
}

/// The engine as stored.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The engine.
    pub hours: LearnerHours,
    /// The version that the next write replaces.
    pub version: i64,
    /// When it was last written.
    pub updated_at: UnixMs,
}

/// The engine as stored, and the rows of all intervals by time.
pub async fn load(
    db: &impl ConnectionTrait,
    learner: LearnerId,
) -> Result<(Option<Loaded>, Vec<LearningInterval>)> {
    // The state first: rows written after it was read belong to a newer version, and the engine
    // that starts from the older one is refused when it writes.
    let state = learning_states::get(db, learner).await?;
    let rows = rows_of(db, learner).await?;
    let Some(state) = state else {
        return Ok((None, rows));
    };
    let earned: Vec<Earned> = rows.iter().map(Earned::from).collect();
    let hours = LearnerHours::restore(&state.hot, &state.cold, &earned)
        .map_err(|_| Error::Corrupt("learning_state"))?;
    let loaded = Loaded {
        hours,
        version: state.version,
        updated_at: state.updated_at,
    };
    Ok((Some(loaded), rows))
}

/// The rows of all intervals of a learner, by time.
pub async fn rows_of(
    db: &impl ConnectionTrait,
    learner: LearnerId,
) -> Result<Vec<LearningInterval>> {
    let rows = Entity::rows()
        .filter(Column::LearnerId.eq(learner.0))
        .order_by_asc(Column::ServerFrom)
        .order_by_asc(Column::MediaFrom)
        .all(db)
        .await?;
    rows.into_iter().map(LearningInterval::try_from).collect()
}

/// When the learner last learnt anything, in a class or not.
pub async fn last_at(db: &impl ConnectionTrait, learner: LearnerId) -> Result<Option<UnixMs>> {
    let row = Entity::rows()
        .filter(Column::LearnerId.eq(learner.0))
        .order_by_desc(Column::ServerTo)
        .one(db)
        .await?;
    Ok(row.map(|row| row.server_to))
}

/// Adds intervals.
pub async fn insert_all(txn: &Txn, intervals: &[LearningInterval], now: UnixMs) -> Result<()> {
    for some in intervals.chunks(ROWS) {
        let rows = some.iter().map(|interval| ActiveModel {
            id: Set(interval.id.0),
            learner_id: Set(interval.learner.0),
            credit_scope: Set(interval.credit_scope.to_uuid()),
            course_id: Set(interval.course.0),
            lesson_id: Set(interval.lesson.0),
            state: Set(interval.state.as_str().to_owned()),
            day: Set(interval.day.0),
            media_from: Set(interval.media_from),
            media_to: Set(interval.media_to),
            server_from: Set(interval.server_from),
            server_to: Set(interval.server_to),
            ms: Set(interval.ms),
            policy_version: Set(interval.policy_version as i32),
            device_id: Set(interval.device_id.clone()),
            clock_id: Set(interval.clock.0),
            frozen_group: Set(interval.frozen_group.map(|group| group as i32)),
            void_at: Set(interval.void_at),
            challenge_id: Set(interval.challenge.map(|challenge| challenge.0)),
            created_at: Set(now),
        });
        Entity::insert_many(rows)
            .exec_without_returning(txn)
            .await?;
    }
    Ok(())
}

/// What a settlement makes of intervals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// What they become.
    pub state: TimeState,
    /// The frozen time they belong to.
    pub frozen_group: Option<u32>,
    /// When they became void.
    pub void_at: Option<UnixMs>,
    /// The check that settled them; `None` keeps the one that froze them.
    pub challenge: Option<ChallengeId>,
}

/// Settles intervals.
pub async fn settle(txn: &Txn, ids: &[IntervalId], settled: Settled) -> Result<()> {
    for some in ids.chunks(ROWS) {
        let mut update = Entity::update_many()
            .set(ActiveModel {
                state: Set(settled.state.as_str().to_owned()),
                frozen_group: Set(settled.frozen_group.map(|group| group as i32)),
                void_at: Set(settled.void_at),
                ..Default::default()
            })
            .filter(Column::Id.is_in(some.iter().map(|id| id.0)));
        if let Some(challenge) = settled.challenge {
            update = update.col_expr(Column::ChallengeId, challenge.0.into());
        }
        let done = update.exec(txn).await?;
        if done.rows_affected != some.len() as u64 {
            return Err(Error::Corrupt("learning_interval"));
        }
    }
    Ok(())
}

impl TryFrom<Model> for LearningInterval {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        Ok(Self {
            id: IntervalId(row.id),
            learner: LearnerId(row.learner_id),
            credit_scope: CreditScope::from_uuid(row.credit_scope),
            course: CourseId(row.course_id),
            lesson: LessonId(row.lesson_id),
            state: TimeState::parse(&row.state).ok_or(Error::Corrupt("learning_interval.state"))?,
            day: LocalDay(row.day),
            media_from: row.media_from,
            media_to: row.media_to,
            server_from: row.server_from,
            server_to: row.server_to,
            ms: row.ms,
            policy_version: row.policy_version.unsigned_abs(),
            device_id: row.device_id,
            clock: ClockId(row.clock_id),
            frozen_group: row.frozen_group.map(i32::unsigned_abs),
            void_at: row.void_at,
            challenge: row.challenge_id.map(ChallengeId),
        })
    }
}
