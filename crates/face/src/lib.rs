//! Is this the enrolled person, and is a living person there?
//!
//! Pictures in, scores and verdicts out, on this machine, with ONNX models behind one [`Engine`]. It compares one person
//! with one template and never searches among many; it estimates neither age nor sex nor mood. It stores nothing, knows
//! nothing of accounts, consent, nonces or attempts, and depends on no other crate of Zhipei.

mod actions;
mod align;
mod check;
mod clock;
mod decode;
mod detect;
mod embed;
mod engine;
mod error;
mod frame_hash;
mod landmarks;
mod line;
mod models;
mod net;
mod picture;
mod pipeline;
mod quality;
mod spoof;
mod template;

pub use actions::{Action, ActionThresholds};
pub use check::{
    Check, Failure, FrameReport, MAX_ACTIONS, MAX_FRAMES, Scored, Thresholds, Verdict,
};
pub use decode::{Limits, decode};
pub use detect::{DetectorSide, Face};
pub use engine::{Answer, CallerKey, Done, Engine, Settings, State};
pub use error::{Error, PictureError, Postponement, Result};
pub use frame_hash::FrameHash;
pub use landmarks::{Expression, Landmarks, Pose};
pub use models::{ModelVersion, Models, Versions};
pub use picture::Picture;
pub use pipeline::{Hint, Pipeline, Portrait};
pub use quality::{Advice, Quality, QualityLimits};
pub use template::{BadTemplate, ID_CARD_SIMILARITY, Incomparable, Template};
