//! Persistence. The only crate that knows SQL; it speaks domain types at its edge.
//!
//! Every read of personal rows takes a [`Scope`](zhipei_domain::Scope); the entities are private, so
//! that no query can skip it.

pub mod approvals;
pub mod audit;
pub mod challenges;
pub mod class_invitations;
mod clock;
pub mod consents;
pub mod corrections;
pub mod courses;
pub mod credentials;
mod db;
pub mod enrolments;
mod entity;
pub mod erasures;
mod error;
pub mod faces;
pub mod frozen_times;
pub mod idempotent_requests;
pub mod identities;
pub mod institutions;
pub mod known_devices;
pub mod learners;
pub mod learning_intervals;
pub mod learning_states;
pub mod ledger;
pub mod login_sessions;
pub mod media_assets;
pub mod notices;
pub mod outbox;
pub mod person_keys;
pub mod policies;
pub mod regions;
pub mod rosters;
mod scope;
pub mod sms_codes;
pub mod staff_accounts;
pub mod staff_credentials;
pub mod staff_invitations;
pub mod stranger_lockouts;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod training_classes;

pub use clock::Clock;
pub use db::{Db, Txn};
pub use error::{Error, Result};
/// What reads can be asked of: a pool or a transaction.
pub use sea_orm::ConnectionTrait as Connection;
