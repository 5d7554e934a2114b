//! Append-only proof: canonical bytes, a hash chain a learner, signed seals over all heads, verification.
//!
//! No IO, no clock, no randomness; where rows are kept and when seals are made is not decided here.
//! The published rule, byte by byte, is in this crate's `README.md`.

mod audit;
mod body;
mod chain;
mod entry;
mod hash;
mod key;
pub mod pairs;
mod seal;
mod verify;

pub use audit::{AUDIT_CHAIN, AuditRow, AuditVerifier};
pub use body::{
    AuditBody, AuditedRow, Body, CheckResult, ConsentGiven, CreditBody, CreditedInterval,
    DecisionBody, DecisionKind, IdentityBody, IdentityChange, RegistrationBody, SessionBody,
    SettlementBody,
};
pub use chain::Chain;
pub use entry::{Entry, EntryKind, EntryRow, digest};
pub use hash::{Hash, Mac};
pub use key::{AuthKey, AuthKeys, KeyError, SigningKey, VerifyingKey, VerifyingKeys};
pub use seal::{Seal, SealRow, SealedHead, SealedHeadRow, SealedTree, root_by};
pub use verify::{ChainVerifier, Finding, IntervalsAudit, SealVerifier};
