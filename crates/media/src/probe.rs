use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use crate::ffmpeg::{self, run};
use crate::{Error, Result};

/// What a source may be at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long it may play.
    pub max_duration_ms: i64,
    /// Pixels of the longer side.
    pub max_side: u32,
    /// How long looking at it may take.
    pub patience: Duration,
}

impl Default for Limits {
    /// Six hours of 4K.
    fn default() -> Self {
        Self {
            max_duration_ms: 6 * 60 * 60 * 1000,
            max_side: 4096,
            patience: Duration::from_secs(30),
        }
    }
}

/// What a source is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Probed {
    /// How long it plays.
    pub duration_ms: i64,
    /// As shown: turned and with square pixels.
    pub width: u32,
    /// As shown: turned and with square pixels.
    pub height: u32,
    /// Pictures a second, when it says so.
    pub frames_per_second: Option<f64>,
    /// Is there sound?
    pub audio: bool,
    /// Which of its streams is the picture.
    pub(crate) video_stream: u32,
}

/// Looks at a source, and refuses what is no video or is over the limits.
pub async fn probe(source: &Path, limits: &Limits) -> Result<Probed> {
    let source = tokio::fs::canonicalize(source).await?;
    drop(tokio::fs::File::open(&source).await?);
    let mut arguments: Vec<OsString> = ["-v", "error", "-of", "json", "-show_entries", ENTRIES]
        .map(OsString::from)
        .into();
    arguments.extend(ffmpeg::input(&source));
    let mut json = String::new();
    run("ffprobe", arguments, limits.patience, |line| {
        json.push_str(line);
    })
    .await
    .map_err(|error| match error {
        Error::Failed { .. } => Error::NotAVideo,
        other => other,
    })?;
    judge(&json, limits)
}

fn judge(json: &str, limits: &Limits) -> Result<Probed> {
    let report: Report = serde_json::from_str(json).map_err(|_| Error::NotAVideo)?;
    let video = report
        .streams
        .iter()
        .find(|stream| stream.codec_type == "video" && stream.disposition.attached_pic == 0)
        .ok_or(Error::NotAVideo)?;
    let (width, height) = video.shown_size().ok_or(Error::NotAVideo)?;
    if width.max(height) > limits.max_side || width.min(height) < MIN_SIDE {
        return Err(Error::BadSize {
            width,
            height,
            max_side: limits.max_side,
        });
    }
    let duration_ms = [&report.format.duration, &video.duration]
        .into_iter()
        .find_map(|text| text.as_ref()?.parse::<f64>().ok())
        .map(|seconds| (seconds * 1000.0) as i64)
        .filter(|ms| *ms > 0)
        .ok_or(Error::NoDuration)?;
    if duration_ms > limits.max_duration_ms {
        return Err(Error::TooLong {
            duration_ms,
            max_ms: limits.max_duration_ms,
        });
    }
    Ok(Probed {
        duration_ms,
        width,
        height,
        frames_per_second: video
            .avg_frame_rate
            .as_deref()
            .and_then(|text| ratio(text, '/')),
        audio: report
            .streams
            .iter()
            .any(|stream| stream.codec_type == "audio"),
        video_stream: video.index,
    })
}

impl Stream {
    fn shown_size(&self) -> Option<(u32, u32)> {
        let pixel = self
            .sample_aspect_ratio
            .as_deref()
            .and_then(|text| ratio(text, ':'))
            .unwrap_or(1.0);
        let width = (f64::from(self.width?) * pixel).round() as u32;
        let height = self.height?;
        let turned = self
            .side_data_list
            .iter()
            .filter_map(|side| side.rotation)
            .any(|degrees| degrees.rem_euclid(180.0).round() as i64 == 90);
        Some(if turned {
            (height, width)
        } else {
            (width, height)
        })
    }
}

/// `30000/1001` or `4:3`; none for `0/0` and the like.
fn ratio(text: &str, between: char) -> Option<f64> {
    let (above, below) = text.split_once(between)?;
    let ratio = above.parse::<f64>().ok()? / below.parse::<f64>().ok()?;
    (ratio.is_finite() && ratio > 0.0).then_some(ratio)
}

#[derive(Deserialize)]
struct Report {
    #[serde(default)]
    streams: Vec<Stream>,
    #[serde(default)]
    format: Format,
}

#[derive(Default, Deserialize)]
struct Format {
    duration: Option<String>,
}

#[derive(Deserialize)]
struct Stream {
    index: u32,
    #[serde(default)]
    codec_type: String,
    width: Option<u32>,
    height: Option<u32>,
    sample_aspect_ratio: Option<String>,
    avg_frame_rate: Option<String>,
    duration: Option<String>,
    #[serde(default)]
    disposition: Disposition,
    #[serde(default)]
    side_data_list: Vec<SideData>,
}

#[derive(Default, Deserialize)]
struct Disposition {
    #[serde(default)]
    attached_pic: u8,
}

#[derive(Deserialize)]
struct SideData {
    rotation: Option<f64>,
}

const ENTRIES: &str = "format=duration\
    :stream=index,codec_type,width,height,sample_aspect_ratio,avg_frame_rate,duration\
    :stream_disposition=attached_pic:stream_side_data=rotation";
const MIN_SIDE: u32 = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clips::{Clip, clip};

    async fn probed(what: Clip<'_>) -> Result<Probed> {
        let home = tempfile::tempdir().unwrap();
        probe(&clip(home.path(), &what), &Limits::default()).await
    }

    #[tokio::test]
    async fn a_video_tells_its_size_length_and_sound() {
        let found = probed(Clip::default()).await.unwrap();
        assert_eq!((found.width, found.height, found.audio), (320, 180, true));
        assert!((2_950..=3_100).contains(&found.duration_ms), "{found:?}");
        assert_eq!(found.frames_per_second, Some(25.0));
    }

    #[tokio::test]
    async fn a_name_that_looks_like_an_option_or_an_address_is_only_a_name() {
        let name = "-i http:50% 课 '1'.mp4";
        assert!(
            probed(Clip {
                name,
                ..Clip::default()
            })
            .await
            .is_ok()
        );
    }

    #[tokio::test]
    async fn sound_without_a_picture_is_not_a_video() {
        let answer = probed(Clip {
            picture: "",
            name: "a.m4a",
            ..Clip::default()
        })
        .await;
        assert!(matches!(answer, Err(Error::NotAVideo)));
    }

    #[tokio::test]
    async fn text_images_and_playlists_are_not_videos() {
        let home = tempfile::tempdir().unwrap();
        let inner = clip(home.path(), &Clip::default());
        let playlist = format!("#EXTM3U\n#EXTINF:3,\n{}\n#EXT-X-ENDLIST\n", inner.display());
        let pixel = b"P6 32 32 255\n"
            .iter()
            .copied()
            .chain([9; 32 * 32 * 3])
            .collect();
        for content in [
            vec![],
            b"not a video".to_vec(),
            playlist.into_bytes(),
            pixel,
        ] {
            let path = home.path().join("source.mp4");
            std::fs::write(&path, content).unwrap();
            let answer = probe(&path, &Limits::default()).await;
            assert!(matches!(answer, Err(Error::NotAVideo)), "{answer:?}");
        }
    }

    #[tokio::test]
    async fn a_recording_without_a_length_is_refused() {
        let answer = probed(Clip {
            name: "live.webm",
            ..Clip::default()
        })
        .await;
        assert!(matches!(answer, Err(Error::NoDuration)), "{answer:?}");
    }

    #[tokio::test]
    async fn what_is_over_the_limits_is_refused_with_both_figures() {
        let home = tempfile::tempdir().unwrap();
        let path = clip(home.path(), &Clip::default());
        let short = Limits {
            max_duration_ms: 2_000,
            ..Limits::default()
        };
        assert!(matches!(
            probe(&path, &short).await,
            Err(Error::TooLong {
                duration_ms: 2_950..=3_100,
                max_ms: 2_000
            })
        ));
        let small = Limits {
            max_side: 319,
            ..Limits::default()
        };
        assert!(matches!(
            probe(&path, &small).await,
            Err(Error::BadSize {
                width: 320,
                height: 180,
                max_side: 319
            })
        ));
    }

    #[tokio::test]
    async fn a_missing_file_is_an_error_of_the_disk() {
        let answer = probe(Path::new("/no/such/file.mp4"), &Limits::default()).await;
        assert!(matches!(answer, Err(Error::Io(_))));
    }

    #[test]
    fn a_turned_picture_and_wide_pixels_are_measured_as_shown() {
        let json = r#"{"streams":[{"index":1,"codec_type":"video","width":720,"height":576,
            "sample_aspect_ratio":"16:15","avg_frame_rate":"0/0","side_data_list":[{},{"rotation":-90}]}],
            "format":{"duration":"1.5"}}"#;
        let found = judge(json, &Limits::default()).unwrap();
        assert_eq!((found.width, found.height), (576, 768));
        assert_eq!(found.frames_per_second, None);
        assert_eq!((found.duration_ms, found.video_stream), (1_500, 1));
    }
}
