use std::io;
use std::time::Duration;

/// What can be wrong with a video or with the store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such file, or a name that no asset has.
    #[error("there is no such media file")]
    NotFound,
    /// The asset exists; assets never change.
    #[error("this media asset has already been made")]
    AlreadyMade,
    /// Not one of the accepted containers, or one without a moving picture.
    #[error("the file is not a video")]
    NotAVideo,
    /// A video that does not say how long it plays.
    #[error("the video does not say how long it plays")]
    NoDuration,
    /// Longer than allowed.
    #[error("the video plays for {duration_ms} ms, more than the {max_ms} ms allowed")]
    TooLong {
        /// Of the video.
        duration_ms: i64,
        /// Of [`crate::Limits`].
        max_ms: i64,
    },
    /// More pixels a side than allowed, or none.
    #[error("the picture is {width}x{height}, which is not between 16 and {max_side} a side")]
    BadSize {
        /// Of the picture as shown.
        width: u32,
        /// Of the picture as shown.
        height: u32,
        /// Of [`crate::Limits`].
        max_side: u32,
    },
    /// Captions that are not `WebVTT`, or far too long.
    #[error("the captions are not a WebVTT file of at most 1 MiB")]
    BadCaptions,
    /// `ffmpeg` or `ffprobe` is not installed.
    #[error("{0} is not installed")]
    NoTool(&'static str),
    /// `ffmpeg` or `ffprobe` gave up.
    #[error("{tool} failed: {complaint}")]
    Failed {
        /// Which of the two.
        tool: &'static str,
        /// The end of what it wrote.
        complaint: String,
    },
    /// `ffmpeg` or `ffprobe` took too long and was ended.
    #[error("{tool} had not finished after {} s", limit.as_secs())]
    TimedOut {
        /// Which of the two.
        tool: &'static str,
        /// How long it was given.
        limit: Duration,
    },
    /// The disk.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;
