//! Learners from registration to erasure, over HTTP.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod codes;
mod corrections;
mod joining;
mod login;
mod person;
mod privacy;
mod registration;
