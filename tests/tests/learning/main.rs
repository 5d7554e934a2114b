//! Live learning sessions against the running server: what honest learners earn, what forgers do not.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod export;
mod forging;
mod honest;
mod player;
mod tamper;
