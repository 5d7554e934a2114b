//! Staff: who they are, what they may do, what they see, and what is kept of it.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod access;
mod approvals;
mod attacks;
mod audit;
mod login;
mod login_sessions;
mod reveal;
mod scope;
