use std::path::PathBuf;
use std::time::Duration;

use crate::template::Incomparable;

/// Why there is no answer. A face that does not match is an answer, not an error.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A picture was refused before anything was looked for in it.
    #[error("picture {index}: {reason}")]
    Picture {
        /// Which of the pictures given, from 0.
        index: usize,
        /// What is wrong with it.
        reason: PictureError,
    },
    /// More or fewer frames or actions than a check takes; see [`crate::MAX_FRAMES`] and [`crate::MAX_ACTIONS`].
    #[error("a check takes 1 to {max_frames} frames and at most {max_actions} actions")]
    BadCheck {
        /// At most this many frames.
        max_frames: usize,
        /// At most this many actions.
        max_actions: usize,
    },
    /// Templates of different models; the person has to be enrolled again.
    #[error(transparent)]
    Incomparable(#[from] Incomparable),
    /// Not looked at, through no fault of the person: to be asked again later, never counted as a failure.
    #[error("postponed: {reason}; try again in {} s", retry_after.as_secs())]
    Postponed {
        /// Why.
        reason: Postponement,
        /// When it is worth trying again; at least a second.
        retry_after: Duration,
    },
    /// A file of models is missing or cannot be read.
    #[error("the model file {} cannot be read: {source}", path.display())]
    NoModel {
        /// Where it was looked for.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file of models is not the one that was written down; nothing may be decided with it.
    #[error("the model file {} is not the expected one (SHA-256 {found})", path.display())]
    Tampered {
        /// The file.
        path: PathBuf,
        /// Its SHA-256 in hexadecimal.
        found: String,
    },
    /// ONNX Runtime could not be loaded, or did not load or run a model.
    #[error("ONNX Runtime, {what}: {complaint}")]
    Runtime {
        /// What was being done.
        what: &'static str,
        /// What it said.
        complaint: String,
    },
    /// The work on these pictures ended in a defect of ours or of a decoder; the next is not affected.
    #[error("the work on this picture broke off")]
    Broken,
}

/// Why a picture is refused. The code is stable; the words are for the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// More bytes than [`crate::Limits`] allow.
    #[error("more bytes than allowed")]
    TooManyBytes,
    /// Neither JPEG nor PNG nor WebP, whatever its name says.
    #[error("not a JPEG, PNG or WebP")]
    UnknownFormat,
    /// A side or the area is larger than [`crate::Limits`] allow. Told from the header, before memory is taken.
    #[error("more pixels than allowed")]
    TooManyPixels,
    /// A side is shorter than 32 pixels: nothing can be seen.
    #[error("fewer pixels than needed")]
    TooFewPixels,
    /// A progressive JPEG that would take too long to decode.
    #[error("more work to decode than allowed")]
    TooMuchWork,
    /// Damaged, or cut short.
    #[error("damaged")]
    Damaged,
}

impl PictureError {
    /// A stable code for clients.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooManyBytes => "picture_too_many_bytes",
            Self::UnknownFormat => "picture_unknown_format",
            Self::TooManyPixels => "picture_too_many_pixels",
            Self::TooFewPixels => "picture_too_few_pixels",
            Self::TooMuchWork => "picture_too_much_work",
            Self::Damaged => "picture_damaged",
        }
    }

    /// What to tell the person.
    pub const fn words(self) -> &'static str {
        match self {
            Self::TooManyBytes => "图片文件太大",
            Self::UnknownFormat => "图片格式不支持，请使用 JPEG、PNG 或 WebP",
            Self::TooManyPixels | Self::TooMuchWork => "图片尺寸太大",
            Self::TooFewPixels => "图片尺寸太小",
            Self::Damaged => "图片已损坏，请重新拍摄",
        }
    }
}

/// Why something was postponed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Postponement {
    /// As many wait as may wait.
    #[error("too many are waiting")]
    QueueFull,
    /// This caller has as many waiting as one caller may have.
    #[error("this caller is waiting already")]
    CallerWaits,
    /// Its time ran out before it was done.
    #[error("there was not enough time")]
    Deadline,
    /// The engine is ending.
    #[error("the engine is stopping")]
    Stopping,
}

/// The crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;
