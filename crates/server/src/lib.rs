//! The process: settings, wiring, the command line. It alone names every other crate.

mod admin;
mod app;
mod cli;
mod config;
mod demo;
mod errands;
mod error;
mod export;
mod import;
mod jobs;
mod keys;
mod load_accounts;
mod log;
mod people;
mod vault;
mod verify;

pub use app::{App, Parted, app, open};
pub use cli::run;
pub use config::{
    Config, ConfigError, Data, Database, Log, LogFormat, Login, Server, Sms, SmsProvider, Vault,
    VaultSuite,
};
pub use errands::tidy;
pub use error::{Error, Result};
pub use export::export;
pub use import::import;
pub use keys::{Keys, KeysError};
pub use load_accounts::load_person;
pub use vault::rotate;
pub use verify::{Report, verify};
