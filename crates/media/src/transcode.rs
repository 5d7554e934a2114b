use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use zhipei_domain::MediaAssetId;

use crate::address::key_path;
use crate::ffmpeg::{self, run};
use crate::file_name::{CAPTIONS, MASTER, POSTER};
use crate::ladder::{Rendition, ladder};
use crate::probe::{Limits, Probed, probe};
use crate::store::{HalfMade, Store};
use crate::{Error, Result, playlist};

/// What an asset is made of.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// A video in any of the accepted containers.
    pub video: &'a Path,
    /// `WebVTT`, when there is one.
    pub captions: Option<&'a Path>,
}

/// What was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// How long it plays: a player gets this far.
    pub duration_ms: i64,
    /// Of the largest rendition.
    pub width: u32,
    /// Of the largest rendition.
    pub height: u32,
    /// Are there captions?
    pub captions: bool,
}

/// Makes an asset: HLS renditions whose segments `key` encrypts (AES-128), a poster and captions.
///
/// It shows in the store all at once, when it is whole. `progress` is told how many milliseconds of
/// the video are done.
pub async fn transcode(
    store: &Store,
    asset: MediaAssetId,
    source: Source<'_>,
    key: &[u8; 16],
    limits: &Limits,
    progress: impl FnMut(i64),
) -> Result<Made> {
    let video = tokio::fs::canonicalize(source.video).await?;
    let found = probe(&video, limits).await?;
    let renditions = ladder(found.width, found.height);
    let folder = store.begin(asset).await?;
    if let Some(captions) = source.captions {
        copy_captions(captions, &folder.path().join(CAPTIONS)).await?;
    }
    make_renditions(&video, &found, &renditions, asset, key, &folder, progress).await?;
    make_poster(&video, &found, renditions[0], &folder.path().join(POSTER)).await?;
    let seconds = write_master(&folder, &renditions, &found)?;
    store.finish(asset, folder).await?;
    let largest = renditions[renditions.len() - 1];
    Ok(Made {
        duration_ms: (seconds * 1000.0) as i64,
        width: largest.width,
        height: largest.height,
        captions: source.captions.is_some(),
    })
}

async fn make_renditions(
    video: &Path,
    found: &Probed,
    renditions: &[Rendition],
    asset: MediaAssetId,
    key: &[u8; 16],
    folder: &HalfMade,
    mut progress: impl FnMut(i64),
) -> Result<()> {
    let keys = tempfile::Builder::new()
        .prefix(".key-")
        .tempdir_in(folder.path())?;
    let key_file = keys.path().join("key");
    let key_info = keys.path().join("info");
    tokio::fs::write(&key_file, key).await?;
    let info = format!("{}\n{}\n", key_path(asset), key_file.display());
    tokio::fs::write(&key_info, info).await?;

    let arguments = rendition_arguments(video, found, renditions, &key_info, folder.path());
    let patience = Duration::from_mins(1) + 10 * Duration::from_millis(found.duration_ms as u64);
    run("ffmpeg", arguments, patience, |line| {
        if let Some(done) = line
            .strip_prefix("out_time_us=")
            .and_then(|us| us.parse::<i64>().ok())
        {
            progress((done / 1000).clamp(0, found.duration_ms));
        }
    })
    .await?;
    keys.close()?;
    Ok(())
}

fn rendition_arguments(
    video: &Path,
    found: &Probed,
    renditions: &[Rendition],
    key_info: &Path,
    folder: &Path,
) -> Vec<OsString> {
    let frame_rate = frame_rate(found);
    let mut arguments: Vec<OsString> = words("-nostdin -v error -nostats -progress pipe:1");
    arguments.extend(ffmpeg::input(video));
    arguments.push("-filter_complex".into());
    arguments.push(filters(found, renditions, frame_rate).into());
    for (index, rendition) in renditions.iter().enumerate() {
        let kbps = rendition.max_kbps;
        arguments.extend(words(&format!(
            "-map [v{index}] -maxrate:v:{index} {kbps}k -bufsize:v:{index} {}k",
            2 * kbps
        )));
        if found.audio {
            arguments.extend(words("-map 0:a:0"));
        }
    }
    // The forced keyframes come first in any case: `-g` only must not add others.
    // Without B-frames, and with the encoder's priming before the sound, both begin at nought: a player would
    // jump over anything later, and what it jumps over is never learned.
    let frames = 2 * (SEGMENT_SECONDS * frame_rate).ceil() as u32;
    arguments.extend(words(&format!(
        "-c:v libx264 -preset veryfast -crf 23 -bf 0 -profile:v main -level:v 4.0 -pix_fmt yuv420p \
         -g {frames} -sc_threshold 0 -force_key_frames expr:gte(t,n_forced*{SEGMENT_SECONDS}) \
         -map_metadata -1 -map_chapters -1 -sn -dn -max_muxing_queue_size 4096"
    )));
    if found.audio {
        arguments.extend(words(
            "-c:a aac -b:a 96k -ac 2 -ar 44100 -af aresample=async=1:first_pts=1024",
        ));
    }
    arguments.extend(words(&format!(
        "-f hls -hls_time {SEGMENT_SECONDS} -hls_playlist_type vod -hls_list_size 0 \
         -hls_flags independent_segments -hls_segment_type mpegts"
    )));
    let streams: Vec<String> = renditions
        .iter()
        .enumerate()
        .map(|(index, rendition)| {
            let audio = if found.audio {
                format!(",a:{index}")
            } else {
                String::new()
            };
            format!("v:{index}{audio},name:{}", rendition.name)
        })
        .collect();
    arguments.extend([
        "-var_stream_map".into(),
        streams.join(" ").into(),
        "-hls_key_info_file".into(),
        key_info.into(),
        "-hls_segment_filename".into(),
        folder.join("%v_%05d.ts").into(),
        folder.join("%v.m3u8").into(),
    ]);
    arguments
}

fn filters(found: &Probed, renditions: &[Rendition], frame_rate: f64) -> String {
    let outputs = renditions.iter().enumerate();
    let (split, scales): (Vec<_>, Vec<_>) = outputs
        .map(|(index, size)| {
            (
                format!("[s{index}]"),
                format!(
                    ";[s{index}]scale={}:{},setsar=1[v{index}]",
                    size.width, size.height
                ),
            )
        })
        .unzip();
    format!(
        "[0:{}]fps={frame_rate},split={}{}{}",
        found.video_stream,
        split.len(),
        split.concat(),
        scales.concat()
    )
}

/// The source's, between 10 and 30 pictures a second; 25 where it does not say.
fn frame_rate(found: &Probed) -> f64 {
    found.frames_per_second.unwrap_or(25.0).clamp(10.0, 30.0)
}

async fn make_poster(video: &Path, found: &Probed, size: Rendition, poster: &Path) -> Result<()> {
    let at = (found.duration_ms / 10).min(10_000) as f64 / 1000.0;
    let mut arguments = words(&format!("-nostdin -v error -ss {at}"));
    arguments.extend(ffmpeg::input(video));
    arguments.extend(words(&format!(
        "-map 0:{} -frames:v 1 -vf scale={}:{},setsar=1 -q:v 3 -map_metadata -1 -f image2 -update 1",
        found.video_stream, size.width, size.height
    )));
    arguments.push(poster.into());
    run("ffmpeg", arguments, Duration::from_mins(1), |_| {}).await
}

async fn copy_captions(from: &Path, to: &Path) -> Result<()> {
    if tokio::fs::metadata(from).await?.len() > MAX_CAPTIONS {
        return Err(Error::BadCaptions);
    }
    let bytes = tokio::fs::read(from).await?;
    let text = String::from_utf8(bytes).map_err(|_| Error::BadCaptions)?;
    if !text.trim_start_matches('\u{feff}').starts_with("WEBVTT") {
        return Err(Error::BadCaptions);
    }
    tokio::fs::write(to, text).await?;
    Ok(())
}

fn write_master(folder: &HalfMade, renditions: &[Rendition], found: &Probed) -> Result<f64> {
    let measured = renditions
        .iter()
        .map(|rendition| Ok((*rendition, playlist::measure(folder.path(), rendition)?)))
        .collect::<Result<Vec<_>>>()?;
    let text = playlist::master(&measured, frame_rate(found), found.audio);
    std::fs::write(folder.path().join(MASTER), text)?;
    Ok(measured[0].1.seconds)
}

fn words(text: &str) -> Vec<OsString> {
    text.split_whitespace().map(OsString::from).collect()
}

const SEGMENT_SECONDS: f64 = 4.0;
const MAX_CAPTIONS: u64 = 1024 * 1024;

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::process::Command;

    use tempfile::TempDir;
    use uuid::Uuid;

    use super::*;
    use crate::clips::{Clip, clip};

    const KEY: [u8; 16] = *b"0123456789abcdef";

    fn asset() -> MediaAssetId {
        MediaAssetId(Uuid::from_u128(9))
    }

    struct Home {
        folder: TempDir,
        store: Store,
    }

    impl Home {
        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::in_folder(folder.path().join("store")).await.unwrap();
            Self { folder, store }
        }

        async fn transcode(&self, video: &Path, captions: Option<&Path>) -> Result<Made> {
            let source = Source { video, captions };
            transcode(
                &self.store,
                asset(),
                source,
                &KEY,
                &Limits::default(),
                |_| {},
            )
            .await
        }

        async fn made(&self, what: Clip<'_>) -> Made {
            self.transcode(&clip(self.folder.path(), &what), None)
                .await
                .unwrap()
        }

        fn asset_folder(&self) -> PathBuf {
            self.folder.path().join("store").join(asset().to_string())
        }

        fn text(&self, name: &str) -> String {
            std::fs::read_to_string(self.asset_folder().join(name)).unwrap()
        }

        fn names(&self) -> Vec<String> {
            let mut names: Vec<_> = std::fs::read_dir(self.asset_folder())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        }

        /// What `ffprobe` says of a rendition once it has the key.
        fn watch(&self, playlist: &str, entries: &str) -> Vec<String> {
            let key = self.folder.path().join("key");
            std::fs::write(&key, KEY).unwrap();
            let text = self
                .text(playlist)
                .replace(&key_path(asset()), key.to_str().unwrap());
            let copy = self.asset_folder().join("watched.m3u8");
            std::fs::write(&copy, text).unwrap();
            let output = Command::new("ffprobe")
                .args([
                    "-v",
                    "error",
                    "-protocol_whitelist",
                    "file,crypto",
                    "-allowed_extensions",
                ])
                .args(["ALL", "-of", "csv=p=0", "-show_entries", entries])
                .arg(&copy)
                .output()
                .unwrap();
            std::fs::remove_file(copy).unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            let mut lines: Vec<_> = text.lines().filter(|line| !line.is_empty()).collect();
            lines.sort_unstable();
            lines.dedup();
            lines.into_iter().map(str::to_owned).collect()
        }
    }

    #[tokio::test]
    async fn a_video_becomes_two_encrypted_renditions_with_a_poster() {
        let home = Home::new().await;
        let picture = "testsrc2=size=1280x720:rate=10";
        let made = home
            .made(Clip {
                picture,
                ..Clip::default()
            })
            .await;
        assert_eq!((made.width, made.height, made.captions), (1280, 720, false));
        assert!((2_950..=3_100).contains(&made.duration_ms), "{made:?}");
        assert_eq!(
            home.names(),
            [
                "360p.m3u8",
                "360p_00000.ts",
                "720p.m3u8",
                "720p_00000.ts",
                "master.m3u8",
                "poster.jpg"
            ]
        );
        let master = home.text("master.m3u8");
        for part in [
            "RESOLUTION=640x360",
            "RESOLUTION=1280x720",
            "mp4a.40.2",
            "\n360p.m3u8\n",
        ] {
            assert!(master.contains(part), "{part} in {master}");
        }
        let playlist = home.text("720p.m3u8");
        assert!(playlist.contains(&format!(
            "#EXT-X-KEY:METHOD=AES-128,URI=\"{}\"",
            key_path(asset())
        )));
        assert!(playlist.contains("#EXT-X-ENDLIST"));
        let segment = std::fs::read(home.asset_folder().join("720p_00000.ts")).unwrap();
        assert!(
            segment.iter().step_by(188).any(|byte| *byte != 0x47),
            "it is encrypted"
        );
        let poster = std::fs::read(home.asset_folder().join("poster.jpg")).unwrap();
        assert_eq!(poster[..3], [0xff, 0xd8, 0xff]);
        assert_eq!(
            home.watch("720p.m3u8", "stream=codec_name,profile,width,height,level"),
            ["aac,LC", "h264,Main,1280,720,40"]
        );
    }

    #[tokio::test]
    async fn both_renditions_begin_a_segment_at_the_same_keyframe_every_four_seconds() {
        let home = Home::new().await;
        let picture = "testsrc2=size=640x480:rate=30000/1001";
        home.made(Clip {
            picture,
            seconds: 9,
            ..Clip::default()
        })
        .await;
        let lengths = |name| -> Vec<String> {
            let text = home.text(name);
            text.lines()
                .filter(|line| line.starts_with("#EXTINF"))
                .map(str::to_owned)
                .collect()
        };
        assert_eq!(lengths("360p.m3u8").len(), 3);
        assert_eq!(lengths("360p.m3u8"), lengths("720p.m3u8"));
        let keyframes = |name| -> Vec<String> {
            home.watch(name, "packet=codec_type,pts,flags")
                .into_iter()
                .filter(|line| line.starts_with("video") && line.contains(",K"))
                .collect()
        };
        assert_eq!(keyframes("360p.m3u8").len(), 3, "and none between");
        assert_eq!(keyframes("360p.m3u8"), keyframes("720p.m3u8"));
    }

    #[tokio::test]
    async fn picture_and_sound_begin_together() {
        let home = Home::new().await;
        home.made(Clip {
            picture: "testsrc2=size=1280x720:rate=15",
            ..Clip::default()
        })
        .await;
        let begins = home.watch("720p.m3u8", "stream=codec_type,start_time");
        let of = |kind: &str| {
            let line = begins.iter().find_map(|line| line.strip_prefix(kind));
            line.unwrap().trim_matches(',').to_owned()
        };
        assert_eq!(of("video"), of("audio"), "{begins:?}");
    }

    #[tokio::test]
    async fn a_silent_upright_video_with_odd_sides_keeps_its_shape() {
        let home = Home::new().await;
        let picture = "testsrc2=size=401x635:rate=60,format=yuv444p";
        let made = home
            .made(Clip {
                picture,
                sound: false,
                name: "clip.mkv",
                ..Clip::default()
            })
            .await;
        assert_eq!((made.width, made.height), (400, 634));
        assert!(!home.text("master.m3u8").contains("mp4a"));
        assert!(home.text("master.m3u8").contains("FRAME-RATE=30.000"));
        assert_eq!(
            home.watch(
                "360p.m3u8",
                "stream=codec_name,width,height,sample_aspect_ratio"
            ),
            ["h264,360,570,1:1"]
        );
    }

    #[tokio::test]
    async fn captions_are_copied_when_they_are_webvtt() {
        let home = Home::new().await;
        let video = clip(home.folder.path(), &Clip::default());
        let captions = home.folder.path().join("captions.vtt");
        std::fs::write(&captions, "1\n00:00:00,000 --> 00:00:01,000\n字幕\n").unwrap();
        let answer = home.transcode(&video, Some(&captions)).await;
        assert!(matches!(answer, Err(Error::BadCaptions)));
        std::fs::write(&captions, "WEBVTT\n\n00:00.000 --> 00:01.000\n先切断电源\n").unwrap();
        assert!(
            home.transcode(&video, Some(&captions))
                .await
                .unwrap()
                .captions
        );
        let file = home.store.open(asset(), "captions.vtt").await.unwrap();
        assert_eq!(file.content_type, "text/vtt; charset=utf-8");
    }

    #[tokio::test]
    async fn a_broken_video_leaves_nothing_behind() {
        let home = Home::new().await;
        let video = clip(home.folder.path(), &Clip::default());
        let mut bytes = std::fs::read(&video).unwrap();
        let picture = bytes.windows(4).position(|name| name == b"mdat").unwrap() + 8;
        let index = bytes.windows(4).position(|name| name == b"moov").unwrap();
        bytes[picture..index - 4].fill(0xff);
        std::fs::write(&video, bytes).unwrap();
        assert!(home.transcode(&video, None).await.is_err());
        assert!(!home.store.has(asset()).await.unwrap());
        let left = std::fs::read_dir(home.folder.path().join("store"))
            .unwrap()
            .count();
        assert_eq!(left, 0);
    }

    #[tokio::test]
    async fn progress_runs_to_the_end_of_the_video() {
        let home = Home::new().await;
        let video = clip(home.folder.path(), &Clip::default());
        let source = Source {
            video: &video,
            captions: None,
        };
        let mut told = Vec::new();
        transcode(
            &home.store,
            asset(),
            source,
            &KEY,
            &Limits::default(),
            |ms| told.push(ms),
        )
        .await
        .unwrap();
        assert!(told.is_sorted());
        assert!(told.last().is_some_and(|ms| *ms >= 2_900), "{told:?}");
    }
}
