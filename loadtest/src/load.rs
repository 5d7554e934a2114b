//! One run: connect, open, warm up, measure, report.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::Result;
use crate::accounts::Account;
use crate::learner::{Fault, Learner, Peer};
use crate::process::{cpu_seconds, rss_kb};
use crate::tally::{Checks, Errors, Latency, Tally};

/// So many handshakes, and later so many `open`s, are under way at once.
const AT_ONCE: usize = 64;

/// Whom the learners talk to.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    address: SocketAddr,
    /// Origin and accounts; an echo has none.
    platform: Option<(String, Arc<[Account]>)>,
}

impl Target {
    /// The platform at `url`, without TLS.
    pub(crate) fn platform(url: &str, accounts: Vec<Account>) -> Result<Self> {
        let origin = url.trim_end_matches('/');
        let host = origin
            .strip_prefix("http://")
            .filter(|host| !host.contains('/'));
        let host = host.ok_or_else(|| format!("{url} is not like http://127.0.0.1:8080"))?;
        let with_port = if host.contains(':') {
            host.to_owned()
        } else {
            format!("{host}:80")
        };
        let address = with_port.to_socket_addrs()?.next();
        Ok(Self {
            address: address.ok_or_else(|| format!("{host} has no address"))?,
            platform: Some((origin.to_owned(), accounts.into())),
        })
    }

    /// An echo server of this machine.
    pub(crate) fn echo(port: u16) -> Self {
        Self {
            address: ([127, 0, 0, 1], port).into(),
            platform: None,
        }
    }

    fn peer(&self, index: usize) -> Peer {
        match &self.platform {
            Some((origin, accounts)) => Peer::Platform {
                origin: origin.clone(),
                account: accounts[index].clone(),
            },
            None => Peer::Echo,
        }
    }
}

/// When heartbeats are sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// Each learner's so far apart, all learners' evenly spread.
    Every(Duration),
    /// So many outstanding in total, the learners in turn.
    Outstanding(usize),
}

/// A run to be made.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    pub(crate) target: Target,
    pub(crate) learners: usize,
    pub(crate) seconds: Duration,
    pub(crate) pace: Pace,
    pub(crate) seed: u64,
    pub(crate) pids: Vec<u32>,
}

/// What a run showed.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    scenario: &'static str,
    mode: &'static str,
    seed: u64,
    learners: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outstanding: Option<usize>,
    seconds: f64,
    connects_per_s: f64,
    opens_per_s: f64,
    /// Inside the measured seconds.
    messages: u64,
    messages_per_s: f64,
    /// From the intended sending to the acknowledgement, of what was intended in the measured seconds.
    latency_ms: Latency,
    /// Over the whole run.
    sent: u64,
    acknowledged: u64,
    bytes_sent: u64,
    bytes_received: u64,
    checks: Checks,
    go_backs: u64,
    played_s: f64,
    credited_s: f64,
    errors: Errors,
    server: Cost,
    client: Cost,
}

/// What a run cost, inside the measured seconds.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Cost {
    cpu_s: f64,
    /// Of one core, in per cent.
    cpu_percent: f64,
    messages_per_cpu_s: f64,
    rss_kb: u64,
    /// How much memory grew from before the first connection to the end of the measuring.
    rss_growth_kb_per_learner: f64,
}

impl Report {
    /// An error when anything went wrong.
    pub(crate) fn check(&self) -> Result<()> {
        match self.errors.total {
            0 => Ok(()),
            total => Err(format!("{total} errors").into()),
        }
    }

    /// Messages that the server handled per CPU-second.
    pub(crate) fn per_cpu_second(&self) -> f64 {
        self.server.messages_per_cpu_s
    }

    /// Messages, and the server's CPU-seconds for them.
    pub(crate) fn work(&self) -> (u64, f64) {
        (self.messages, self.server.cpu_s)
    }
}

/// CPU time and memory of the server and of this process at one moment.
struct Reading {
    cpu_s: [f64; 2],
    rss_kb: [u64; 2],
}

impl Load {
    /// Makes the run.
    pub(crate) async fn run(&self) -> Result<Report> {
        let tally = Arc::new(Mutex::new(Tally::default()));
        let before = self.read();

        let began = Instant::now();
        let learners = self.connect(&tally).await;
        let connects_per_s = learners.len() as f64 / began.elapsed().as_secs_f64();
        let began = Instant::now();
        let learners = open(learners, &tally).await;
        let opens_per_s = learners.len() as f64 / began.elapsed().as_secs_f64();
        if learners.is_empty() {
            let errors = lock(&tally).errors();
            return Err(format!("nobody could learn: {}", errors.examples.join("; ")).into());
        }

        let start = Instant::now() + Duration::from_millis(100);
        let from = start + self.warm_up();
        let until = from + self.seconds;
        lock(&tally).measure(from, until);
        let mut tasks = self.spawn(learners, start, until);
        tokio::time::sleep_until(from).await;
        let first = self.read();
        tokio::time::sleep_until(until).await;
        let last = self.read();
        while let Some(ended) = tasks.join_next().await {
            ended?;
        }

        let (tally, seconds) = (lock(&tally), self.seconds.as_secs_f64());
        let messages = tally.in_window;
        let cost = |who: usize| {
            let cpu_s = last.cpu_s[who] - first.cpu_s[who];
            let growth = last.rss_kb[who] as f64 - before.rss_kb[who] as f64;
            Cost {
                cpu_s,
                cpu_percent: cpu_s / seconds * 100.0,
                messages_per_cpu_s: if cpu_s > 0.0 {
                    messages as f64 / cpu_s
                } else {
                    0.0
                },
                rss_kb: last.rss_kb[who],
                rss_growth_kb_per_learner: growth / self.learners as f64,
            }
        };
        let (mode, interval_s, outstanding) = match self.pace {
            Pace::Every(interval) => ("paced", Some(interval.as_secs_f64()), None),
            Pace::Outstanding(outstanding) => ("saturated", None, Some(outstanding)),
        };
        Ok(Report {
            scenario: if self.target.platform.is_some() {
                "learn"
            } else {
                "echo"
            },
            mode,
            seed: self.seed,
            learners: self.learners,
            interval_s,
            outstanding,
            seconds,
            connects_per_s,
            opens_per_s,
            messages,
            messages_per_s: messages as f64 / seconds,
            latency_ms: tally.latency(),
            sent: tally.sent,
            acknowledged: tally.acknowledged,
            bytes_sent: tally.bytes_sent,
            bytes_received: tally.bytes_received,
            checks: tally.checks,
            go_backs: tally.go_backs,
            played_s: tally.played_ms as f64 / 1_000.0,
            credited_s: tally.credited_ms as f64 / 1_000.0,
            errors: tally.errors(),
            server: cost(0),
            client: cost(1),
        })
    }

    async fn connect(&self, tally: &Arc<Mutex<Tally>>) -> Vec<Learner> {
        let attempts = (0..self.learners).map(|index| {
            let peer = self.target.peer(index);
            Learner::connect(
                index,
                self.seed,
                self.target.address,
                peer,
                Arc::clone(tally),
            )
        });
        keep(
            stream::iter(attempts)
                .buffer_unordered(AT_ONCE)
                .collect()
                .await,
            tally,
        )
    }

    /// Paced learners have all begun after one interval; a saturated server needs a while to fill.
    fn warm_up(&self) -> Duration {
        match self.pace {
            Pace::Every(interval) => interval,
            Pace::Outstanding(_) => (self.seconds / 10).max(Duration::from_secs(1)),
        }
    }

    fn spawn(&self, learners: Vec<Learner>, start: Instant, until: Instant) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        match self.pace {
            Pace::Every(interval) => {
                let count = learners.len() as f64;
                for (index, learner) in learners.into_iter().enumerate() {
                    let first = start + interval.mul_f64(index as f64 / count);
                    tasks.spawn(learner.learn_paced(first, interval, until));
                }
            }
            Pace::Outstanding(outstanding) => {
                let permits = Arc::new(Semaphore::new(outstanding));
                for learner in learners {
                    tasks.spawn(learner.learn_saturated(Arc::clone(&permits), until));
                }
            }
        }
        tasks
    }

    fn read(&self) -> Reading {
        let own = [std::process::id()];
        Reading {
            cpu_s: [cpu_seconds(&self.pids), cpu_seconds(&own)],
            rss_kb: [rss_kb(&self.pids), rss_kb(&own)],
        }
    }
}

async fn open(learners: Vec<Learner>, tally: &Mutex<Tally>) -> Vec<Learner> {
    let attempts = learners.into_iter().map(async |mut learner| {
        learner.open().await?;
        Ok(learner)
    });
    keep(
        stream::iter(attempts)
            .buffer_unordered(AT_ONCE)
            .collect()
            .await,
        tally,
    )
}

fn keep(attempts: Vec<std::result::Result<Learner, Fault>>, tally: &Mutex<Tally>) -> Vec<Learner> {
    let mut learners = Vec::with_capacity(attempts.len());
    for attempt in attempts {
        match attempt {
            Ok(learner) => learners.push(learner),
            Err(fault) => lock(tally).error(fault.kind, || fault.detail),
        }
    }
    learners
}

fn lock(tally: &Mutex<Tally>) -> std::sync::MutexGuard<'_, Tally> {
    tally.lock().expect("no learner panics while it counts")
}

#[cfg(test)]
mod tests;
