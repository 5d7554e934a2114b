//! Reading `ffmpeg`'s playlists and writing the one that names them all.

use std::fmt::Write;
use std::path::Path;

use crate::ladder::Rendition;
use crate::{Error, Result};

/// A rendition's segments, summed up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Measured {
    /// How long all segments play.
    pub(crate) seconds: f64,
    bits: f64,
    peak: f64,
}

/// Sums up a rendition from its playlist and the sizes of its segments.
pub(crate) fn measure(folder: &Path, rendition: &Rendition) -> Result<Measured> {
    let text = std::fs::read_to_string(folder.join(format!("{}.m3u8", rendition.name)))?;
    let mut sum = Measured::default();
    let mut seconds = None;
    for line in text.lines() {
        if let Some(length) = line.strip_prefix("#EXTINF:") {
            seconds = length.trim_end_matches(',').parse::<f64>().ok();
        } else if let Some(seconds) = seconds.take() {
            let bits = std::fs::metadata(folder.join(line))?.len() as f64 * 8.0;
            sum.seconds += seconds;
            sum.bits += bits;
            sum.peak = sum.peak.max(bits / seconds.max(1.0));
        }
    }
    if sum.seconds > 0.0 {
        Ok(sum)
    } else {
        Err(Error::Failed {
            tool: "ffmpeg",
            complaint: format!("{} has no segments", rendition.name),
        })
    }
}

/// The playlist that a player opens.
pub(crate) fn master(renditions: &[(Rendition, Measured)], frame_rate: f64, audio: bool) -> String {
    let mut text = String::from("#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    let codecs = if audio {
        "avc1.4d4028,mp4a.40.2"
    } else {
        "avc1.4d4028"
    };
    for (rendition, measured) in renditions {
        write!(
            text,
            "#EXT-X-STREAM-INF:BANDWIDTH={:.0},AVERAGE-BANDWIDTH={:.0},CODECS=\"{codecs}\",\
             RESOLUTION={}x{},FRAME-RATE={frame_rate:.3}\n{}.m3u8\n",
            measured.peak.ceil(),
            (measured.bits / measured.seconds).ceil(),
            rendition.width,
            rendition.height,
            rendition.name,
        )
        .expect("a string takes all that is written");
    }
    text
}
