//! What the hour engine keeps of each learner, so that any node can go on.
//!
//! The one statement of the hot path lives here, in raw SQL: it moves the rows of a whole batch of
//! heartbeats, each only from the version that its writer had before it, and says which moved. What
//! heartbeats do not change has a table of its own, so that the rows they rewrite stay short.

use std::collections::HashSet;
use std::fmt::Write as _;

use sea_orm::sea_query::{ArrayType, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, Statement,
    Value,
};
use uuid::Uuid;
use zhipei_domain::{LearnerId, UnixMs};

use crate::entity::learning_state::{ActiveModel, Column, Entity};
use crate::entity::learning_state_rest as rest;
use crate::scope::Unscoped;
use crate::{Error, Result, Txn};

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
    // One statement, so that both parts are of one moment.
    let found = Entity::rows()
        .filter(Column::LearnerId.eq(learner.0))
        .find_also_related(rest::Entity)
        .one(db)
        .await?;
    let Some((row, rest)) = found else {
        return Ok(None);
    };
    Ok(Some(LearningState {
        version: row.version,
        epoch: row.epoch.unsigned_abs(),
        hot: row.hot,
        cold: rest.ok_or(Error::Corrupt("learning_state_rest"))?.cold,
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
        updated_at: Set(now),
    };
    let once = OnConflict::column(Column::LearnerId)
        .do_nothing()
        .to_owned();
    Entity::insert(row)
        .on_conflict(once)
        .exec_without_returning(txn)
        .await?;
    let row = rest::ActiveModel {
        learner_id: Set(learner.0),
        cold: Set(cold),
    };
    let once = OnConflict::column(rest::Column::LearnerId)
        .do_nothing()
        .to_owned();
    rest::Entity::insert(row)
        .on_conflict(once)
        .exec_without_returning(txn)
        .await?;
    Ok(())
}

/// Moves the states of a batch, at most one a learner. [`Error::Stale`] when a version is not as
/// expected: then the transaction is to be rolled back, for others of the batch have moved.
pub async fn move_all(txn: &Txn, writes: &[&StateWrite], now: UnixMs) -> Result<()> {
    let mut moved = 0;
    for part in writes.chunks(AT_ONCE) {
        moved += txn
            .execute_raw(statement(txn.get_database_backend(), part, now, ""))
            .await?
            .rows_affected();
    }
    if moved != writes.len() as u64 {
        return Err(Error::Stale);
    }
    write_rest(txn, writes.iter().copied()).await
}

/// Moves those states of a batch whose version is as expected, and names the learners of the others,
/// of whom nothing was written. To be asked when [`move_all`] found that there are some.
pub async fn move_current(
    txn: &Txn,
    writes: &[&StateWrite],
    now: UnixMs,
) -> Result<HashSet<LearnerId>> {
    let mut refused: HashSet<LearnerId> = writes.iter().map(|write| write.learner).collect();
    for part in writes.chunks(AT_ONCE) {
        let naming = " returning learning_state.learner_id";
        let statement = statement(txn.get_database_backend(), part, now, naming);
        for row in txn.query_all_raw(statement).await? {
            refused.remove(&LearnerId(row.try_get::<Uuid>("", "learner_id")?));
        }
    }
    let moved = writes
        .iter()
        .filter(|write| !refused.contains(&write.learner));
    write_rest(txn, moved.copied()).await?;
    Ok(refused)
}

async fn write_rest(txn: &Txn, writes: impl Iterator<Item = &StateWrite>) -> Result<()> {
    for write in writes {
        if let Some(cold) = &write.cold {
            rest::Entity::update_many()
                .col_expr(rest::Column::Cold, cold.as_str().into())
                .filter(rest::Column::LearnerId.eq(write.learner.0))
                .exec(txn)
                .await?;
        }
    }
    Ok(())
}

/// So many rows go in one statement: what it carries stays small enough for the processor's cache.
const AT_ONCE: usize = 256;

fn statement(backend: DbBackend, writes: &[&StateWrite], now: UnixMs, end: &str) -> Statement {
    match backend {
        DbBackend::Sqlite => sqlite(writes, now, end),
        _ => postgres(writes, now, end),
    }
}

/// All rows as one JSON array of texts with parts of fixed width: the fastest way into SQLite, which
/// then reads each row once. No text in it needs escaping.
fn sqlite(writes: &[&StateWrite], now: UnixMs, end: &str) -> Statement {
    const LEARNER: usize = 32;
    const NUMBER: usize = 16;
    let each = LEARNER + 3 * NUMBER + 3;
    let mut json = String::with_capacity(writes.iter().map(|w| w.hot.len() + each).sum());
    json.push('[');
    for (n, write) in writes.iter().enumerate() {
        let comma = if n == 0 { "" } else { "," };
        let _ = write!(
            json,
            "{comma}\"{}{:016}{:016}{:016}{}\"",
            write.learner.0.simple(),
            write.from_version,
            write.to_version,
            write.epoch,
            write.hot,
        );
    }
    json.push(']');
    // Nothing can fail between two rows, so no journal of the statement is wanted.
    let sql = format!(
        "update or rollback learning_state set version = cast(substr(n.value, 49, 16) as integer), \
         epoch = cast(substr(n.value, 65, 16) as integer), hot = substr(n.value, 81), \
         updated_at = $2 \
         from json_each($1) as n \
         where learning_state.learner_id = unhex(substr(n.value, 1, 32)) \
         and learning_state.version = cast(substr(n.value, 33, 16) as integer) \
         and learning_state.epoch <= cast(substr(n.value, 65, 16) as integer){end}"
    );
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, [json.into(), now.into()])
}

fn postgres(writes: &[&StateWrite], now: UnixMs, end: &str) -> Statement {
    fn array<T: Into<Value>>(values: impl Iterator<Item = T>, of: ArrayType) -> Value {
        Value::Array(of, Some(Box::new(values.map(Into::into).collect())))
    }
    // Rows are locked in one order in every transaction, so that no two wait for one another.
    let sql = format!(
        "with held as (select learner_id from learning_state where learner_id = any($1) \
         order by learner_id for update) \
         update learning_state set version = n.to_version, epoch = n.epoch, hot = n.hot, \
         updated_at = $6 \
         from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[]) \
         as n(learner_id, from_version, to_version, epoch, hot) \
         join held on held.learner_id = n.learner_id \
         where learning_state.learner_id = n.learner_id \
         and learning_state.version = n.from_version and learning_state.epoch <= n.epoch{end}"
    );
    Statement::from_sql_and_values(
        DbBackend::Postgres,
        sql,
        [
            array(writes.iter().map(|w| w.learner.0), ArrayType::Uuid),
            array(writes.iter().map(|w| w.from_version), ArrayType::BigInt),
            array(writes.iter().map(|w| w.to_version), ArrayType::BigInt),
            array(writes.iter().map(|w| w.epoch as i64), ArrayType::BigInt),
            array(writes.iter().map(|w| w.hot.clone()), ArrayType::String),
            now.into(),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;
    use zhipei_domain::{AccountState, IdentityLevel, Learner, LoginName, RegionCode};

    async fn learner(test: &TestDb) -> LearnerId {
        let id = LearnerId(Uuid::now_v7());
        let name = format!("l{}", &id.0.simple().to_string()[20..]);
        let learner = Learner {
            id,
            login_name: LoginName::parse(&name).unwrap(),
            identity_level: IdentityLevel::Claimed,
            region: RegionCode::parse("469002").unwrap(),
            categories: Vec::new(),
            state: AccountState::Active,
            created_at: 0,
        };
        test.db
            .write(async |txn| crate::learners::insert(txn, &learner).await)
            .await
            .unwrap();
        let state = ("hot".to_owned(), "cold".to_owned());
        test.db
            .write(async |txn| create(txn, id, state.0, state.1, 0).await)
            .await
            .unwrap();
        id
    }

    fn write(learner: LearnerId, from_version: i64, hot: &str, cold: Option<&str>) -> StateWrite {
        StateWrite {
            learner,
            from_version,
            to_version: from_version + 1,
            epoch: 7,
            hot: hot.to_owned(),
            cold: cold.map(str::to_owned),
        }
    }

    async fn batch(test: &TestDb, writes: &[StateWrite]) -> Result<()> {
        let writes: Vec<&StateWrite> = writes.iter().collect();
        test.db
            .write(async |txn| move_all(txn, &writes, 5).await)
            .await
    }

    async fn current(test: &TestDb, writes: &[StateWrite]) -> HashSet<LearnerId> {
        let writes: Vec<&StateWrite> = writes.iter().collect();
        test.db
            .write(async |txn| move_current(txn, &writes, 5).await)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_batch_moves_whole_or_not_at_all() {
        let test = TestDb::new().await;
        let (ana, bea) = (learner(&test).await, learner(&test).await);
        let bad = [
            write(ana, 0, "a1", Some("c1")),
            write(bea, 3, "b1", Some("x")),
        ];
        assert!(matches!(batch(&test, &bad).await, Err(Error::Stale)));
        let untouched = get(test.db.read(), ana).await.unwrap().unwrap();
        assert_eq!((untouched.version, untouched.hot.as_str()), (0, "hot"));
        let good = [write(ana, 0, "a1", None), write(bea, 0, "b1", Some("d1"))];
        batch(&test, &good).await.unwrap();
        let stored = get(test.db.read(), bea).await.unwrap().unwrap();
        assert_eq!((stored.version, stored.epoch, stored.updated_at), (1, 7, 5));
        assert_eq!((stored.hot.as_str(), stored.cold.as_str()), ("b1", "d1"));
    }

    #[tokio::test]
    async fn more_rows_than_one_statement_takes_move_together() {
        let test = TestDb::new().await;
        let mut writes = Vec::new();
        for _ in 0..=AT_ONCE {
            writes.push(write(learner(&test).await, 0, "h", None));
        }
        batch(&test, &writes).await.unwrap();
        let refused = current(&test, &writes).await;
        assert_eq!(refused.len(), AT_ONCE + 1);
    }

    #[tokio::test]
    async fn only_rows_that_are_as_their_writer_knew_them_move() {
        let test = TestDb::new().await;
        let (ana, bea) = (learner(&test).await, learner(&test).await);
        let writes = [
            write(ana, 0, "a1", Some("c1")),
            write(bea, 3, "b1", Some("x")),
        ];
        assert_eq!(current(&test, &writes).await, HashSet::from([bea]));
        let late = [write(ana, 0, "late", None)];
        assert_eq!(current(&test, &late).await, HashSet::from([ana]));
        let older = StateWrite {
            epoch: 6,
            ..write(ana, 1, "older", None)
        };
        assert_eq!(current(&test, &[older]).await, HashSet::from([ana]));
        let next = [write(ana, 1, "a2", None)];
        assert_eq!(current(&test, &next).await, HashSet::new());
        let stored = get(test.db.read(), ana).await.unwrap().unwrap();
        assert_eq!((stored.version, stored.epoch, stored.updated_at), (2, 7, 5));
        assert_eq!((stored.hot.as_str(), stored.cold.as_str()), ("a2", "c1"));
        let other = get(test.db.read(), bea).await.unwrap().unwrap();
        assert_eq!(
            (other.version, other.hot.as_str(), other.cold.as_str()),
            (0, "hot", "cold")
        );
    }
}
