use std::net::SocketAddr;

use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use zhipei_domain::UnixMs;
use zhipei_learning::Desk;
use zhipei_server::{Config, Keys, Sms, SmsProvider};
use zhipei_storage::testing::TestDb;
use zhipei_storage::{Clock, Db};

use crate::{Client, Phones};

/// A running server.
pub struct TestApp {
    /// The server's clock: it stands until it is moved.
    pub clock: Clock,
    /// The server's live sessions.
    pub desk: Desk,
    /// Its keys.
    pub keys: Keys,
    /// Its settings.
    pub config: Config,
    /// Where SMS arrive.
    pub phones: Phones,
    database: TestDb,
    folder: TempDir,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<zhipei_server::Result<()>>>,
}

/// 2026-11-24 09:29:30 in Hainan, a Tuesday.
const START: UnixMs = 1_795_483_770_000;

impl TestApp {
    /// A server with default settings and an empty database.
    pub async fn spawn() -> Self {
        Self::spawn_with(|_| {}).await
    }

    /// A server whose settings `change` has changed.
    pub async fn spawn_with(change: impl FnOnce(&mut Config)) -> Self {
        let database = TestDb::new().await;
        let folder = TempDir::new().expect("the temporary folder is writable");
        let mut config = Config::default();
        config.data.folder = folder.path().to_owned();
        config.database.url = Some(database.url.clone());
        config.database.max_connections = Some(4);
        let phones = Phones::on().await;
        config.sms = Sms {
            provider: SmsProvider::Aliyun,
            endpoint: Some(phones.endpoint()),
            key_id: "key-1".to_owned(),
            key_secret: "secret-1".into(),
            sign_name: "职培".to_owned(),
            template_code: "SMS_1".to_owned(),
            template_notice: "SMS_2".to_owned(),
            ..Sms::default()
        };
        change(&mut config);
        Self::start(config, Clock::set(START), database, folder, phones).await
    }

    async fn start(
        config: Config,
        clock: Clock,
        database: TestDb,
        folder: TempDir,
        phones: Phones,
    ) -> Self {
        let app = zhipei_server::app(&config, Some(clock.clone()))
            .await
            .expect("the server starts");
        let (desk, keys) = (app.desk.clone(), app.parts.keys.clone());
        // What a test does beside the server is written as the server itself writes it.
        let mut database = database;
        database.db = database.db.with_audit_key(keys.ledger_mac.clone());
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(app.serve(listener, async move {
            let _ = stopped.await;
        }));
        Self {
            clock,
            desk,
            keys,
            config,
            phones,
            database,
            folder,
            address,
            stop: Some(stop),
            serving: Some(serving),
        }
    }

    /// Stops the server and starts another one on the same data, at the same time.
    pub async fn restart(mut self) -> Self {
        self.stop.take().map(|stop| stop.send(()));
        if let Some(serving) = self.serving.take() {
            serving
                .await
                .expect("the server does not panic")
                .expect("the server stops cleanly");
        }
        Self::start(
            self.config,
            self.clock,
            self.database,
            self.folder,
            self.phones,
        )
        .await
    }

    /// The database, beside the server.
    pub fn db(&self) -> &Db {
        &self.database.db
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A browser that nobody is logged in to.
    pub fn client(&self) -> Client {
        Client::new(self.address)
    }
}
