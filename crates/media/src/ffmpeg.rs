//! Running `ffmpeg` and `ffprobe`: fixed arguments, no shell, no network, and an end to all waiting.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::Command;

use crate::{Error, Result};

/// Runs a tool to its end and hands over what it prints, line by line.
pub(crate) async fn run(
    tool: &'static str,
    arguments: Vec<OsString>,
    limit: Duration,
    line: impl FnMut(&str),
) -> Result<()> {
    let mut child = Command::new(tool)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Error::NoTool(tool),
            _ => error.into(),
        })?;
    let stdout = child.stdout.take().expect("stdout is a pipe");
    let stderr = child.stderr.take().expect("stderr is a pipe");
    let work = async {
        let (printed, complaint) = tokio::join!(each_line(stdout, line), tail(stderr));
        printed?;
        io::Result::Ok((child.wait().await?, complaint?))
    };
    let (status, complaint) = tokio::time::timeout(limit, work)
        .await
        .map_err(|_| Error::TimedOut { tool, limit })??;
    if status.success() {
        Ok(())
    } else {
        Err(Error::Failed { tool, complaint })
    }
}

/// The arguments that open a file as one of the accepted containers and nothing else: neither a
/// playlist nor a list of images can then make the tool open another file or an address.
pub(crate) fn input(source: &Path) -> Vec<OsString> {
    let mut address = OsString::from("file:");
    address.push(source);
    vec![
        "-protocol_whitelist".into(),
        "file".into(),
        "-format_whitelist".into(),
        "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf".into(),
        "-i".into(),
        address,
    ]
}

async fn each_line(pipe: impl AsyncRead + Unpin, mut line: impl FnMut(&str)) -> io::Result<()> {
    let mut lines = BufReader::new(pipe).lines();
    while let Some(text) = lines.next_line().await? {
        line(&text);
    }
    Ok(())
}

async fn tail(mut pipe: impl AsyncRead + Unpin) -> io::Result<String> {
    let mut kept = Vec::new();
    let mut piece = [0; 1024];
    loop {
        let read = pipe.read(&mut piece).await?;
        if read == 0 {
            return Ok(String::from_utf8_lossy(&kept).trim().to_owned());
        }
        kept.extend_from_slice(&piece[..read]);
        if kept.len() > TAIL {
            kept.drain(..kept.len() - TAIL);
        }
    }
}

const TAIL: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_tool_that_is_missing_is_named() {
        let answer = run("no-such-tool", vec![], Duration::from_secs(5), |_| {}).await;
        assert!(matches!(answer, Err(Error::NoTool("no-such-tool"))));
    }

    #[tokio::test]
    async fn a_tool_that_hangs_is_ended() {
        let limit = Duration::from_millis(50);
        let answer = run("sleep", vec!["60".into()], limit, |_| {}).await;
        assert!(matches!(answer, Err(Error::TimedOut { tool: "sleep", .. })));
    }

    #[tokio::test]
    async fn the_end_of_a_complaint_is_kept() {
        let script = "yes complaint | head -c 100000 >&2; echo last words >&2; exit 3";
        let arguments = vec!["-c".into(), script.into()];
        let Err(Error::Failed { complaint, .. }) =
            run("sh", arguments, Duration::from_secs(20), |_| {}).await
        else {
            panic!("exit code 3 is a failure")
        };
        assert!(complaint.ends_with("last words"));
        assert!(complaint.len() <= TAIL);
    }
}
