//! Hours that a stranger can check: the form of an export, and what is checked of it with nothing else
//! at hand. No database, no network, no secret key.
//!
//! The program of the same name reads an export and names what is wrong; [`Line`] is one line of it.

mod credit;
mod fault;
mod line;
mod verifier;

pub use fault::Fault;
pub use line::{EntryLine, IntervalLine, Line, SealLine, VERSION};
pub use verifier::{Report, Verifier};
