use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use tokio::sync::Notify;
use zhipei_actions::Keys;
use zhipei_actions::login::Gate;
use zhipei_face::Engine;
use zhipei_learning::Desk;
use zhipei_media::Store;
use zhipei_storage::{Clock, Db};

use crate::attempts::Attempts;

/// Pictures that one address may have drawn in 15 minutes: two for each seat of a large training room.
const PICTURES_PER_ADDRESS: usize = 200;

/// What every handler can reach. Cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<App>);

/// The parts that the process puts together.
pub struct Parts {
    /// The database.
    pub db: Db,
    /// Server time.
    pub clock: Clock,
    /// Seal secrets, open what is personal, and put on record what is changed of it.
    pub keys: Keys,
    /// Passwords.
    pub gate: Gate,
    /// Live learning sessions.
    pub desk: Desk,
    /// Compares faces, where the installation has what that needs.
    pub faces: Option<Arc<Engine>>,
    /// Videos.
    pub media: Store,
    /// Signs media addresses.
    pub media_key: [u8; 32],
    /// Fills 32 bytes from the operating system's generator.
    pub random: fn() -> [u8; 32],
    /// Told when something was put into the outbox.
    pub errands: Arc<Notify>,
    /// What the operator set.
    pub settings: Settings,
}

/// What the operator set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where learners find us: `https://zhipei.example`. Decides `Secure` cookies and HSTS.
    pub public_url: String,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Failed logins that one address may have in 15 minutes before a picture is to be read, and ten times as many
    /// before it waits. A training room shares one address. As many invitation codes may be guessed wrong.
    pub failed_logins_per_address: usize,
    /// Is there a provider of SMS?
    pub sms: bool,
    /// SMS that the platform may send in 24 hours.
    pub sms_a_day: usize,
}

impl Settings {
    pub(crate) fn https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

pub(crate) struct App {
    parts: Parts,
    pub(crate) attempts: Attempts,
    pictures: Attempts,
    invitations: Attempts,
}

impl AppState {
    /// Shares the parts among all handlers.
    pub fn new(parts: Parts) -> Self {
        let attempts = Attempts::new(parts.settings.failed_logins_per_address);
        let invitations = Attempts::new(parts.settings.failed_logins_per_address);
        let pictures = Attempts::new(PICTURES_PER_ADDRESS);
        Self(Arc::new(App {
            parts,
            attempts,
            pictures,
            invitations,
        }))
    }

    pub(crate) fn attempts(&self) -> &Attempts {
        &self.0.attempts
    }

    /// Invitation codes that were guessed wrong: apart from logins, which they must not shut out.
    pub(crate) fn invitations(&self) -> &Attempts {
        &self.0.invitations
    }

    pub(crate) fn pictures(&self) -> &Attempts {
        &self.0.pictures
    }
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}
