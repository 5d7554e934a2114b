//! Persistence. The only crate that knows SQL; it speaks domain types at its edge.
//!
//! Every read of personal rows takes a [`Scope`](zhipei_domain::Scope); the entities are private, so
//! that no query can skip it.

mod clock;
mod db;
mod entity;
mod error;
mod scope;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use clock::Clock;
pub use db::{Db, Txn};
pub use error::{Error, Result};
