//! Connections and transactions.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    IsolationLevel, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use zhipei_domain::UnixMs;
use zhipei_ledger::AuthKey;
use zhipei_migrations::{Migrator, MigratorTrait};

use crate::{Error, Result, audit};

/// An open transaction: what every action takes.
pub type Txn = DatabaseTransaction;

/// SQLite or PostgreSQL.
#[derive(Clone, Debug)]
pub struct Db {
    read: DatabaseConnection,
    /// On SQLite a pool of one connection: writers wait in a fair queue here instead of
    /// polling for the file's lock. On PostgreSQL the same pool as `read`.
    write: DatabaseConnection,
    /// Authenticates the rows of the audit trail.
    audit_key: Option<Arc<AuthKey>>,
}

impl Db {
    /// Connects to `sqlite:///path/to/file.db` (made when missing) or `postgres://…`.
    pub async fn connect(url: &str, max_connections: u32) -> Result<Self> {
        let sqlite = url.starts_with("sqlite:");
        let read = Database::connect(options(url, max_connections)).await?;
        let write = if sqlite {
            Database::connect(options(url, 1)).await?
        } else {
            read.clone()
        };
        Ok(Self {
            read,
            write,
            audit_key: None,
        })
    }

    /// The same database, whose audit rows are authenticated by this key. Without one they carry no MAC,
    /// and verification names them.
    #[must_use]
    pub fn with_audit_key(mut self, key: AuthKey) -> Self {
        self.audit_key = Some(Arc::new(key));
        self
    }

    /// The pool, for reads.
    pub fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// Which of the two databases it is.
    pub fn backend(&self) -> DbBackend {
        self.read.get_database_backend()
    }

    /// Runs `work` in one transaction: commits on `Ok`, rolls back on `Err`.
    pub async fn write<T, E>(&self, work: impl AsyncFnOnce(&Txn) -> Result<T, E>) -> Result<T, E>
    where
        E: From<Error>,
    {
        let options = TransactionOptions {
            // A deferred SQLite transaction that later writes can fail with SQLITE_BUSY.
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        let txn = self
            .write
            .begin_with_options(options)
            .await
            .map_err(Error::from)?;
        let written = audit::written();
        match audit::KEY.scope(self.audit_key.clone(), work(&txn)).await {
            Ok(done) => {
                txn.commit().await.map_err(Error::from)?;
                Ok(done)
            }
            Err(error) => {
                // The reason to roll back is the one to report.
                let _ = txn.rollback().await;
                audit::take_back_to(written);
                Err(error)
            }
        }
    }

    /// Runs `work` on one unchanging view of the data, whatever is written meanwhile.
    pub async fn snapshot<T, E>(&self, work: impl AsyncFnOnce(&Txn) -> Result<T, E>) -> Result<T, E>
    where
        E: From<Error>,
    {
        let isolation = match self.backend() {
            DbBackend::Postgres => Some(IsolationLevel::RepeatableRead),
            _ => None,
        };
        let txn = self
            .read
            .begin_with_config(isolation, None)
            .await
            .map_err(Error::from)?;
        let done = work(&txn).await?;
        txn.commit().await.map_err(Error::from)?;
        Ok(done)
    }

    /// Brings the tables up to date.
    pub async fn migrate(&self) -> Result<()> {
        Ok(Migrator::up(&self.write, None).await?)
    }

    /// Undoes all migrations.
    pub async fn unmigrate(&self) -> Result<()> {
        Ok(Migrator::down(&self.write, None).await?)
    }

    /// Names the migrations that are still to be run.
    pub async fn pending_migrations(&self) -> Result<Vec<String>> {
        let pending = Migrator::get_pending_migrations_read_only(&self.read).await?;
        Ok(pending.iter().map(|m| m.name().to_owned()).collect())
    }

    /// The database's own clock.
    pub async fn server_time(&self) -> Result<UnixMs> {
        let backend = self.backend();
        let sql = match backend {
            DbBackend::Sqlite => "select cast(unixepoch('subsec') * 1000 as integer) as at",
            _ => "select cast(extract(epoch from clock_timestamp()) * 1000 as bigint) as at",
        };
        let row = self
            .read
            .query_one_raw(Statement::from_string(backend, sql))
            .await?
            .ok_or(Error::NotFound)?;
        Ok(row.try_get("", "at")?)
    }

    /// Closes all connections; on SQLite the write-ahead log goes into the file.
    pub async fn close(self) -> Result<()> {
        if self.backend() == DbBackend::Sqlite {
            self.write.close().await?;
        }
        Ok(self.read.close().await?)
    }
}

fn options(url: &str, max_connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(max_connections)
        .acquire_timeout(Duration::from_secs(10))
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                // NORMAL does not fsync at commit: not for promises.
                .synchronous(SqliteSynchronous::Full)
                // Hot rows are written again and again: the longer the log, the fewer times each of
                // their pages goes into the file. 32 MiB.
                .pragma("wal_autocheckpoint", "8192")
                .busy_timeout(Duration::from_secs(5))
                .foreign_keys(true)
                // What is deleted or emptied is overwritten, also in the free parts of the file.
                .pragma("secure_delete", "ON")
        });
    options
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;

    #[tokio::test]
    async fn migrations_run_up_and_down_and_up_again_and_bring_no_account() {
        let test = TestDb::empty().await;
        assert!(!test.db.pending_migrations().await.unwrap().is_empty());
        test.db.migrate().await.unwrap();
        test.db.unmigrate().await.unwrap();
        test.db.migrate().await.unwrap();
        assert_eq!(test.db.pending_migrations().await.unwrap(), [""; 0]);
        for table in ["learner", "credential"] {
            let sql = format!("select count(*) as n from {table}");
            let counted = Statement::from_string(test.db.backend(), sql);
            let row = test
                .db
                .read()
                .query_one_raw(counted)
                .await
                .unwrap()
                .unwrap();
            assert_eq!(row.try_get::<i64>("", "n").unwrap(), 0, "MLPS-05: {table}");
        }
    }

    #[tokio::test]
    async fn a_refused_transaction_leaves_nothing_behind() {
        let test = TestDb::new().await;
        let region = |txn_sql: &str| Statement::from_string(test.db.backend(), txn_sql);
        let refused: Result<()> = test
            .db
            .write(async |txn| {
                txn.execute_raw(region("update region set name = 'x'"))
                    .await?;
                Err(Error::NotFound)
            })
            .await;
        assert!(matches!(refused, Err(Error::NotFound)));
        let count = region("select count(*) as n from region where name = 'x'");
        let row = test.db.read().query_one_raw(count).await.unwrap().unwrap();
        assert_eq!(row.try_get::<i64>("", "n").unwrap(), 0);
    }

    #[tokio::test]
    async fn two_hundred_writers_at_once_all_get_their_turn() {
        let test = TestDb::new().await;
        let before = test.db.server_time().await.unwrap();
        let mut writers = tokio::task::JoinSet::new();
        for _ in 0..200 {
            let db = test.db.clone();
            writers.spawn(async move {
                db.write(async |txn| {
                    let sql = "update region set name = name || 'x' where code = '469002'";
                    txn.execute_raw(Statement::from_string(db.backend(), sql))
                        .await?;
                    Ok::<_, Error>(())
                })
                .await
            });
        }
        while let Some(done) = writers.join_next().await {
            done.unwrap().unwrap();
        }
        assert!(test.db.server_time().await.unwrap() >= before);
    }
}
