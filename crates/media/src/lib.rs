//! Video: bytes in a store, HLS renditions, and addresses that only their session can use.
//!
//! It knows files, `ffmpeg` and keys. Who may watch, and which hours that earns, is for others to say.

pub mod address;
#[cfg(test)]
mod clips;
mod error;
mod ffmpeg;
mod file_name;
mod ladder;
mod playlist;
mod probe;
mod store;
mod transcode;

pub use error::{Error, Result};
pub use probe::{Limits, Probed, probe};
pub use store::{MediaFile, Store};
pub use transcode::{Made, Source, transcode};
