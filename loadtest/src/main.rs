//! Many learners at once over the real protocol, and a bare echo to hold the platform against.
//!
//! How to run it and what it measures: `README.md` beside it.

mod accounts;
mod compare;
mod echo;
mod learner;
mod load;
mod player;
mod process;
mod tally;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use serde::Serialize;
use tokio::runtime::Builder;

use crate::load::{Load, Pace, Target};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Simulated learners, and a bare echo as the yardstick. The report goes to standard output as JSON.
#[derive(Parser)]
#[command(name = "zhipei-loadtest", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Learners who open a lesson, send heartbeats and answer presence checks.
    Learn {
        #[command(flatten)]
        platform: PlatformArgs,
        #[command(flatten)]
        load: LoadArgs,
        /// Process whose CPU time and memory are counted; more than one with a database server.
        #[arg(long, value_delimiter = ',')]
        server_pid: Vec<u32>,
    },
    /// A bare WebSocket echo server on 127.0.0.1.
    Echo {
        /// 0 takes a free one and prints it.
        #[arg(long, default_value_t = 0)]
        port: u16,
    },
    /// The same heartbeats, sent to an echo server.
    EchoLoad {
        /// Where the echo server listens.
        #[arg(long)]
        port: u16,
        #[command(flatten)]
        load: LoadArgs,
        /// Process whose CPU time and memory are counted.
        #[arg(long, value_delimiter = ',')]
        server_pid: Vec<u32>,
    },
    /// Echo and platform in turn, and the ratio of their messages per CPU-second.
    Compare {
        #[command(flatten)]
        platform: PlatformArgs,
        #[command(flatten)]
        load: LoadArgs,
        /// Process of the platform; more than one with a database server.
        #[arg(long, value_delimiter = ',', required = true)]
        server_pid: Vec<u32>,
        /// How many times both are measured.
        #[arg(long, default_value_t = 3)]
        rounds: u32,
    },
}

#[derive(Args)]
struct PlatformArgs {
    /// Address of the platform, as `http://127.0.0.1:8080`.
    #[arg(long)]
    url: String,
    /// Logged-in learners, one JSON object a line.
    #[arg(long)]
    accounts: PathBuf,
}

impl PlatformArgs {
    fn target(&self, load: &LoadArgs) -> Result<Target> {
        let accounts = accounts::read(&self.accounts, load.learners)?;
        Target::platform(&self.url, accounts)
    }
}

#[derive(Args)]
struct LoadArgs {
    /// How many learners.
    #[arg(long)]
    learners: usize,
    /// Seconds that are measured, after a warm-up of one interval.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Seconds between two heartbeats of a learner.
    #[arg(long, default_value_t = 10.0)]
    interval: f64,
    /// Keeps so many heartbeats outstanding in total instead of pacing them.
    #[arg(long)]
    saturate: Option<usize>,
    /// Draws how long learners think before they answer a check.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl LoadArgs {
    fn load(&self, target: Target, pids: Vec<u32>) -> Load {
        let pace = match self.saturate {
            Some(outstanding) => Pace::Outstanding(outstanding),
            None => Pace::Every(Duration::from_secs_f64(self.interval)),
        };
        Load {
            target,
            learners: self.learners,
            seconds: Duration::from_secs(self.seconds),
            pace,
            seed: self.seed,
            pids,
        }
    }
}

fn main() -> ExitCode {
    let command = Cli::parse().command;
    let mut runtime = match command {
        // The echo has as many threads as the platform has.
        Command::Echo { .. } => Builder::new_multi_thread(),
        // What the learners cost must not be taken from the server beside them.
        _ => Builder::new_current_thread(),
    };
    let runtime = runtime.enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(run(command)),
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<()> {
    match command {
        Command::Learn {
            platform,
            load,
            server_pid,
        } => {
            let target = platform.target(&load)?;
            let report = load.load(target, server_pid).run().await?;
            print(&report)?;
            report.check()
        }
        Command::Echo { port } => echo::serve(port).await,
        Command::EchoLoad {
            port,
            load,
            server_pid,
        } => {
            let report = load.load(Target::echo(port), server_pid).run().await?;
            print(&report)?;
            report.check()
        }
        Command::Compare {
            platform,
            load,
            server_pid,
            rounds,
        } => {
            let target = platform.target(&load)?;
            let comparison = compare::run(rounds, load.load(target, server_pid)).await?;
            print(&comparison)?;
            comparison.check()
        }
    }
}

fn print(report: &impl Serialize) -> Result<()> {
    println!("{}", serde_json::to_string_pretty(report)?);
    Ok(())
}
