//! Every change of state, one function each, with its audit row. Doors and jobs all come through here.
//!
//! An action takes a transaction and the time; it never touches the network.

pub mod approval;
mod audit;
pub mod course;
pub mod credit;
pub mod enrolment;
mod error;
pub mod institution;
pub mod learner;
pub mod ledger;
pub mod login;
pub mod login_session;
pub mod look;
mod password_hash;
pub mod policy;
mod recovery_codes;
pub mod region;
pub mod staff;
pub mod staff_login;
mod totp;
pub mod training_class;

use error::Conflicts;
pub use error::{Error, Result};
pub use password_hash::Hasher;
