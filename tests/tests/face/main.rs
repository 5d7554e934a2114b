//! Faces against the running server, with its real models: from consent to a check while learning, and what does
//! not get through.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod attacks;
mod camera;
mod checks;
mod enrolment;
mod frozen;
mod login;
#[path = "../people/person.rs"]
#[expect(dead_code, reason = "these tests need some of it")]
mod person;
#[path = "../learning/player.rs"]
#[expect(dead_code, reason = "these tests need some of it")]
mod player;
#[path = "../../../crates/face/tests/support/mod.rs"]
mod support;
