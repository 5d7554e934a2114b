//! Echo and platform in one run: the machine's mood is the same for both, so the ratio holds.

use std::process::Stdio;

use serde::Serialize;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::Result;
use crate::load::{Load, Report, Target};

/// What came out.
#[derive(Debug, Serialize)]
pub(crate) struct Comparison {
    /// Platform heartbeats per CPU-second over echo messages per CPU-second, all rounds together.
    ratio: f64,
    echo_messages_per_cpu_s: f64,
    platform_heartbeats_per_cpu_s: f64,
    rounds: Vec<Round>,
}

#[derive(Debug, Serialize)]
struct Round {
    ratio: f64,
    echo: Report,
    platform: Report,
}

impl Comparison {
    /// An error when any run had one.
    pub(crate) fn check(&self) -> Result<()> {
        for round in &self.rounds {
            round.echo.check()?;
            round.platform.check()?;
        }
        Ok(())
    }
}

/// Measures the echo and the platform in turn, `rounds` times.
pub(crate) async fn run(rounds: u32, platform: Load) -> Result<Comparison> {
    let (mut echo_server, port) = start_echo().await?;
    let pid = echo_server.id().ok_or("the echo server ended")?;
    let echo = Load {
        target: Target::echo(port),
        pids: vec![pid],
        ..platform.clone()
    };
    let mut done = Vec::new();
    for _ in 0..rounds.max(1) {
        let echo = echo.run().await?;
        let platform = platform.run().await?;
        done.push(Round {
            ratio: platform.per_cpu_second() / echo.per_cpu_second(),
            echo,
            platform,
        });
    }
    echo_server.kill().await?;
    let echo_rate = together(done.iter().map(|round| &round.echo));
    let platform_rate = together(done.iter().map(|round| &round.platform));
    Ok(Comparison {
        ratio: platform_rate / echo_rate,
        echo_messages_per_cpu_s: echo_rate,
        platform_heartbeats_per_cpu_s: platform_rate,
        rounds: done,
    })
}

/// Messages per CPU-second over several runs.
fn together<'a>(reports: impl Iterator<Item = &'a Report>) -> f64 {
    let (messages, cpu) = reports.fold((0, 0.0), |(messages, cpu), report| {
        let (more, longer) = report.work();
        (messages + more, cpu + longer)
    });
    messages as f64 / cpu
}

/// Starts this program as an echo server of its own process; it dies with the handle.
async fn start_echo() -> Result<(Child, u16)> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["echo", "--port", "0"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let output = child.stdout.take().expect("standard output is piped");
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).await?;
    Ok((child, line.trim().parse()?))
}
