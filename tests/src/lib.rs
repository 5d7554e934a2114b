//! The whole server on a database of its own, and learners who talk to it over HTTP.
//!
//! SQLite by default; a fresh schema of PostgreSQL where `TEST_DATABASE_URL` names a server. The
//! clock stands until a test moves it.

mod app;
mod client;
mod scene;
mod sms;
mod staff;

pub use app::TestApp;
pub use client::{Answer, Client, Socket};
pub use scene::{PASSWORD, TestClass, TestLearner};
pub use sms::{ArrivedSms, Phones};
pub use staff::{STAFF_PASSWORD, TestStaff, code};
