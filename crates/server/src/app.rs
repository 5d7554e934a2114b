//! The wiring: from settings to a process that answers.

use std::fs::DirBuilder;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use zhipei_actions::Hasher;
use zhipei_actions::login::Gate;
use zhipei_api::{AppState, Parts, Settings};
use zhipei_face::{Engine, Models};
use zhipei_learning::{Checks, Desk, DeskConfig, Dice};
use zhipei_media::Store;
use zhipei_sms::{Provider, Templates};
use zhipei_storage::{Clock, Db, ledger, person_keys};

use crate::config::{Config, Sms, SmsProvider};
use crate::errands::{self, Errands};
use crate::keys::{self, Keys};
use crate::{Error, Result, jobs};

/// At most so many password hashes at once: one for each core of a small machine.
const HASHES_AT_ONCE: usize = 2;
/// So long may open requests take after the process was asked to stop.
const LAST_REQUESTS: Duration = Duration::from_secs(10);

/// The opened parts that serving and the command line share.
pub struct Parted {
    /// The database.
    pub db: Db,
    /// Server time.
    pub clock: Clock,
    /// Videos.
    pub media: Store,
    /// The keys.
    pub keys: Keys,
    /// Hashes passwords.
    pub hasher: Hasher,
}

/// A process that is ready to serve.
pub struct App {
    /// What it stands on.
    pub parts: Parted,
    /// Live learning sessions.
    pub desk: Desk,
    router: Router,
    provider: Provider,
    wake: Arc<Notify>,
}

/// Opens folders, keys and database. Time runs from the database's clock, unless one is given.
pub async fn open(config: &Config, clock: Option<Clock>) -> Result<Parted> {
    // Its database holds personal data: nobody else on the machine reads it.
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&config.data.folder)?;
    let keys = Keys::in_folder(&config.key_folder(), config.vault.suite.into())?;
    let db = Db::connect(&config.database_url(), config.max_connections())
        .await?
        .with_audit_key(keys.ledger_mac.clone());
    if keys.fresh && is_written_to(&db).await? {
        return Err(Error::KeysLost);
    }
    let clock = match clock {
        Some(clock) => clock,
        None => Clock::start(&db).await?,
    };
    Ok(Parted {
        media: Store::in_folder(config.media_folder()).await?,
        hasher: Hasher::new(HASHES_AT_ONCE)?,
        db,
        clock,
        keys,
    })
}

/// Was anything written with keys? Not before the tables are there.
async fn is_written_to(db: &Db) -> Result<bool> {
    Ok(db.pending_migrations().await?.is_empty()
        && (ledger::has_entries(db.read()).await? || person_keys::any(db.read()).await?))
}

/// Puts everything together. Tests give a clock of their own.
pub async fn app(config: &Config, clock: Option<Clock>) -> Result<App> {
    let parts = open(config, clock).await?;
    if !parts.db.pending_migrations().await?.is_empty() {
        return Err(Error::NotMigrated);
    }
    let provider = sms_provider(&config.sms)?;
    let faces = face_engine(config)?;
    let desk = Desk::start(DeskConfig {
        db: parts.db.clone(),
        clock: parts.clock.clone(),
        keys: parts.keys.of_people(),
        checks: Checks {
            faces: faces.is_some(),
            sms: provider.is_on(),
        },
        dice: Dice::new(keys::random()),
    });
    let wake = Arc::new(Notify::new());
    let state = AppState::new(Parts {
        errands: Arc::clone(&wake),
        desk: desk.clone(),
        faces,
        db: parts.db.clone(),
        clock: parts.clock.clone(),
        keys: parts.keys.of_people(),
        gate: Gate::new(parts.hasher.clone()),
        media: parts.media.clone(),
        media_key: parts.keys.media,
        random: keys::random,
        settings: Settings {
            public_url: config.server.public_url.clone(),
            trusted_proxies: config.server.trusted_proxies.clone(),
            failed_logins_per_address: config.login.failed_per_address,
            sms: provider.is_on(),
            sms_a_day: config.sms.daily_limit,
        },
    });
    let router = zhipei_api::router(state);
    Ok(App {
        parts,
        desk,
        router,
        provider,
        wake,
    })
}

/// What compares faces, where the settings name a folder of models. Loads them: a second or two.
fn face_engine(config: &Config) -> Result<Option<Arc<Engine>>> {
    let Some(folder) = &config.face.models else {
        return Ok(None);
    };
    let models = Models::open(folder)?;
    if !models.has_spoof() {
        tracing::info!("face verification runs without the passive anti-spoofing models");
    }
    let engine = Engine::start(models, config.face.engine())?;
    Ok(Some(Arc::new(engine)))
}

/// Who sends SMS, as the settings have it.
fn sms_provider(sms: &Sms) -> Result<Provider> {
    let account = |endpoint: &str| {
        let key_secret = match &sms.key_secret_file {
            Some(file) => SecretString::from(keys::secret_text(file)?),
            None => sms.key_secret.clone(),
        };
        Ok::<_, Error>(zhipei_sms::Account {
            endpoint: sms.endpoint.clone().unwrap_or_else(|| endpoint.to_owned()),
            key_id: sms.key_id.clone(),
            key_secret,
            sign_name: sms.sign_name.clone(),
            app_id: sms.app_id.clone(),
            templates: Templates {
                code: sms.template_code.clone(),
                notice: sms.template_notice.clone(),
            },
        })
    };
    Ok(match sms.provider {
        SmsProvider::Off => Provider::Off,
        SmsProvider::Log => Provider::Log,
        SmsProvider::Aliyun => Provider::aliyun(account("https://dysmsapi.aliyuncs.com")?)?,
        SmsProvider::Tencent => Provider::tencent(account("https://sms.tencentcloudapi.com")?)?,
    })
}

impl App {
    /// Serves until `stop`, then lets open requests end.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<()> {
        // Acknowledgements are small: without this they would wait for more to send.
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "TCP_NODELAY could not be set");
            }
        });
        let service = self
            .router
            .into_make_service_with_connect_info::<SocketAddr>();
        let closing = self.desk.clone();
        let Parted {
            db, clock, keys, ..
        } = &self.parts;
        let sealing = jobs::seal_heads(db.clone(), clock.clone(), keys.clone());
        let joining = jobs::join_audit(db.clone(), clock.clone(), keys.ledger_mac.clone());
        let people = keys.of_people();
        let errands = Errands {
            db: db.clone(),
            clock: clock.clone(),
            keys: people.clone(),
            provider: self.provider.clone(),
        };
        let errands = errands::run(errands, Arc::clone(&self.wake));
        let tidying = errands::tidy_again(db.clone(), clock.clone(), people, self.desk.clone());
        let (asked, stopped) = tokio::sync::oneshot::channel();
        let serving = axum::serve(listener, service).with_graceful_shutdown(async move {
            stop.await;
            tracing::info!("stopping: open requests may end");
            closing.stop().await;
            let _ = asked.send(());
        });
        let too_late = async {
            // Without the message the server ended by itself, and this must not win.
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(LAST_REQUESTS).await;
        };
        tokio::select! {
            served = serving.into_future() => served?,
            () = too_late => tracing::warn!("stopped with requests still open"),
        }
        sealing.abort();
        errands.abort();
        tidying.abort();
        joining.abort();
        jobs::seal(&self.parts.db, &self.parts.clock, &self.parts.keys).await;
        self.parts.db.close().await?;
        Ok(())
    }
}
