//! What the hour engine keeps of each learner, so that any node can go on.
//!
//! The one statement of the hot path lives here, in raw SQL: it moves the rows of a whole batch of
//! heartbeats, each only from the version that its writer had before it, and says which moved.

use std::fmt::Write as _;

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, Statement,
    Value,
};
use uuid::Uuid;
use zhipei_domain::{LearnerId, UnixMs};

use crate::entity::learning_state::{ActiveModel, Column, Entity};
use crate::scope::Unscoped;
use crate::{Result, Txn};

impl Unscoped for Entity {}

/// A learner's stored state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LearningState {
    /// Rises with each write; who writes must know it.
    pub version: i64,
    /// The learner's epoch.
    pub epoch: u64,
    /// What every heartbeat changes.
    pub hot: String,
    /// The rest.
    pub cold: String,
    /// When it was last written.
    pub updated_at: UnixMs,
}

/// One learner's part of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateWrite {
    /// Who.
    pub learner: LearnerId,
    /// The version that is replaced; with any other one the write is refused.
    pub from_version: i64,
    /// The version that it becomes.
    pub to_version: i64,
    /// The learner's epoch.
    pub epoch: u64,
    /// What every heartbeat changes.
    pub hot: String,
    /// The rest, when it changed.
    pub cold: Option<String>,
}

/// The stored state; the engine's own door, which is why it takes no scope.
pub async fn get(db: &impl ConnectionTrait, learner: LearnerId) -> Result<Option<LearningState>> {
    let row = Entity::rows()
        .filter(Column::LearnerId.eq(learner.0))
        .one(db)
        .await?;
    Ok(row.map(|row| LearningState {
        version: row.version,
        epoch: row.epoch.unsigned_abs(),
        hot: row.hot,
        cold: row.cold,
        updated_at: row.updated_at,
    }))
}

/// Gives a learner the first state, version 0; nothing when there is one.
pub async fn create(
    txn: &Txn,
    learner: LearnerId,
    hot: String,
    cold: String,
    now: UnixMs,
) -> Result<()> {
    let row = ActiveModel {
        learner_id: Set(learner.0),
        version: Set(0),
        epoch: Set(0),
        hot: Set(hot),
        cold: Set(cold),
        updated_at: Set(now),
    };
    let once = OnConflict::column(Column::LearnerId)
        .do_nothing()
        .to_owned();
    Entity::insert(row)
        .on_conflict(once)
        .exec_without_returning(txn)
        .await?;
    Ok(())
}

/// Moves the states of a batch, at most one a learner. Returns the learners whose version was as
/// expected; nothing of the others was written.
pub async fn write_batch(txn: &Txn, writes: &[StateWrite], now: UnixMs) -> Result<Vec<LearnerId>> {
    let statement = match txn.get_database_backend() {
        DbBackend::Sqlite => sqlite(writes, now),
        _ => postgres(writes, now),
    };
    let rows = txn.query_all_raw(statement).await?;
    rows.iter()
        .map(|row| Ok(LearnerId(row.try_get::<Uuid>("", "learner_id")?)))
        .collect()
}

/// All rows as one JSON text: the fastest way into SQLite. No text in it needs escaping.
fn sqlite(writes: &[StateWrite], now: UnixMs) -> Statement {
    let mut json = String::with_capacity(writes.iter().map(|w| w.hot.len() + 96).sum());
    json.push('[');
    for (n, write) in writes.iter().enumerate() {
        let comma = if n == 0 { "" } else { "," };
        let _ = write!(
            json,
            "{comma}[\"{}\",{},{},{},\"{}\"",
            write.learner.0.simple(),
            write.from_version,
            write.to_version,
            write.epoch,
            write.hot,
        );
        match &write.cold {
            Some(cold) => {
                let _ = write!(json, ",\"{cold}\"]");
            }
            None => json.push_str(",null]"),
        }
    }
    json.push(']');
    Statement::from_sql_and_values(
        DbBackend::Sqlite,
        "update learning_state set version = n.value ->> 2, epoch = n.value ->> 3, \
         hot = n.value ->> 4, cold = coalesce(n.value ->> 5, cold), updated_at = $2 \
         from json_each($1) as n \
         where learning_state.learner_id = unhex(n.value ->> 0) \
         and learning_state.version = n.value ->> 1 \
         returning learning_state.learner_id",
        [json.into(), now.into()],
    )
}

fn postgres(writes: &[StateWrite], now: UnixMs) -> Statement {
    fn array<T: Into<Value>>(
        values: impl Iterator<Item = T>,
        of: sea_orm::sea_query::ArrayType,
    ) -> Value {
        Value::Array(of, Some(Box::new(values.map(Into::into).collect())))
    }
    use sea_orm::sea_query::ArrayType;
    Statement::from_sql_and_values(
        DbBackend::Postgres,
        "update learning_state s set version = n.to_version, epoch = n.epoch, hot = n.hot, \
         cold = coalesce(n.cold, s.cold), updated_at = $7 \
         from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[]) \
         as n(learner_id, from_version, to_version, epoch, hot, cold) \
         where s.learner_id = n.learner_id and s.version = n.from_version \
         returning s.learner_id",
        [
            array(writes.iter().map(|w| w.learner.0), ArrayType::Uuid),
            array(writes.iter().map(|w| w.from_version), ArrayType::BigInt),
            array(writes.iter().map(|w| w.to_version), ArrayType::BigInt),
            array(writes.iter().map(|w| w.epoch as i64), ArrayType::BigInt),
            array(writes.iter().map(|w| w.hot.clone()), ArrayType::String),
            array(writes.iter().map(|w| w.cold.clone()), ArrayType::String),
            now.into(),
        ],
    )
}
