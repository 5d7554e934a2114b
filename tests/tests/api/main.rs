//! The HTTP API against the whole server.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod classes;
mod hours;
mod login;
mod media;
mod requests;
