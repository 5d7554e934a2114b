//! Small videos for the tests, made by `ffmpeg`.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What the video is to be.
pub(crate) struct Clip<'a> {
    /// A source of pictures in `ffmpeg`'s words, or nothing.
    pub(crate) picture: &'a str,
    pub(crate) sound: bool,
    pub(crate) seconds: u32,
    /// Its ending names the container.
    pub(crate) name: &'a str,
}

impl Default for Clip<'_> {
    fn default() -> Self {
        Self {
            picture: "testsrc2=size=320x180:rate=25",
            sound: true,
            seconds: 3,
            name: "clip.mp4",
        }
    }
}

/// Makes it in the folder.
pub(crate) fn clip(folder: &Path, clip: &Clip<'_>) -> PathBuf {
    let path = folder.join(clip.name);
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error", "-y"]);
    if !clip.picture.is_empty() {
        command.args(["-f", "lavfi", "-i", clip.picture]);
    }
    if clip.sound {
        command.args(["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100"]);
    }
    command.args(["-t", &clip.seconds.to_string()]);
    if clip.name.starts_with("live.") {
        // Written as it comes, as a browser's recorder does: the length is not known at the front.
        let output = command
            .args([
                "-live", "1", "-f", "webm", "-c:v", "vp8", "-c:a", "libopus", "pipe:1",
            ])
            .output();
        std::fs::write(&path, output.expect("ffmpeg runs").stdout).expect("the folder is there");
    } else {
        let mut address = std::ffi::OsString::from("file:");
        address.push(&path);
        command.args(match path.extension().and_then(|ending| ending.to_str()) {
            Some("mkv") => &["-c:v", "ffv1"][..],
            _ => &["-preset", "ultrafast", "-pix_fmt", "yuv420p"],
        });
        let status = command.arg(address).status();
        assert!(status.expect("ffmpeg runs").success());
    }
    path
}
