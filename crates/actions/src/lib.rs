//! Every change of state, one function each, with its audit row. Doors and jobs all come through here.
//!
//! An action takes a transaction and the time; it never touches the network.

pub mod approval;
mod audit;
pub mod class_invitation;
pub mod consent;
pub mod correction;
pub mod course;
pub mod credit;
pub mod enrolment;
pub mod erasure;
mod error;
pub mod face;
pub mod frozen_time;
pub mod idempotency;
mod identity;
pub mod institution;
mod keys;
pub mod learner;
pub mod ledger;
pub mod login;
pub mod login_session;
pub mod look;
pub mod notice;
pub mod outbox;
mod password_hash;
pub mod policy;
mod recovery_codes;
pub mod region;
pub mod registration;
pub mod reveal;
pub mod roster;
pub mod sms_code;
pub mod staff;
pub mod staff_login;
mod totp;
pub mod training_class;
pub mod vault;

use error::Conflicts;
pub use error::{Error, Result};
pub use keys::Keys;
pub use password_hash::Hasher;
