//! A database of its own for each test: a SQLite file, or a fresh schema where `TEST_DATABASE_URL`
//! names a PostgreSQL server.

use sea_orm::{ConnectionTrait, Database};
use tempfile::TempDir;
use uuid::Uuid;
use zhipei_vault::{IndexKey, KeyRing, MasterKey, Suite};

use crate::Db;

/// A database that is thrown away.
#[derive(Debug)]
pub struct TestDb {
    /// The connections.
    pub db: Db,
    /// Where it is, to connect once more, as after a restart.
    pub url: String,
    _folder: TempDir,
}

impl TestDb {
    /// One with all tables.
    pub async fn new() -> Self {
        let test = Self::empty().await;
        test.db.migrate().await.expect("the migrations run");
        test
    }

    /// One without any table.
    #[expect(
        clippy::disallowed_methods,
        reason = "tests are told by the environment which database to take"
    )]
    pub async fn empty() -> Self {
        let folder = TempDir::new().expect("the temporary folder is writable");
        let url = match std::env::var("TEST_DATABASE_URL") {
            Ok(server) => fresh_schema(&server).await,
            Err(_) => format!("sqlite://{}", folder.path().join("test.db").display()),
        };
        let db = Db::connect(&url, 4)
            .await
            .expect("the test database answers");
        Self {
            db,
            url,
            _folder: folder,
        }
    }
}

async fn fresh_schema(server: &str) -> String {
    let schema = format!("test_{}", Uuid::now_v7().simple());
    let admin = Database::connect(server)
        .await
        .expect("the test server answers");
    admin
        .execute_unprepared(&format!("create schema {schema}"))
        .await
        .expect("the test user may create schemas");
    admin.close().await.expect("the connection closes");
    let joint = if server.contains('?') { '&' } else { '?' };
    format!("{server}{joint}options[search_path]={schema}")
}

/// A vault whose keys everybody knows.
pub fn vault() -> KeyRing {
    let index = IndexKey::from_bytes(Suite::Intl, [2; 32]);
    KeyRing::new(Suite::Intl, vec![master()], index, random).expect("one key of one name")
}

/// The master key of [`vault`].
pub fn master() -> MasterKey {
    MasterKey::from_bytes("master-1", [1; 32])
}

/// Random enough for a test: a few bits of a UUID are always the same.
fn random() -> [u8; 32] {
    let halves = [Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()];
    let mut bytes = [0; 32];
    bytes.copy_from_slice(halves.as_flattened());
    bytes
}
