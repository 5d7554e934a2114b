//! Verification, fed row by row: each verifier names what it finds wrong.
//!
//! All of it for all learners: feed every seal with its heads to a [`SealVerifier`]; for each learner
//! that has an entry or a sealed head, feed the entries in order to a [`ChainVerifier`] that knows the
//! learner's sealed heads, and the same entries with the learner's interval rows to an
//! [`IntervalsAudit`].

mod chain;
mod finding;
mod intervals;
mod seals;
#[cfg(test)]
mod tests;

pub use chain::ChainVerifier;
pub use finding::Finding;
pub use intervals::IntervalsAudit;
pub use seals::SealVerifier;
