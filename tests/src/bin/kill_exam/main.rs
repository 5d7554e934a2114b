//! The exam Kill -9: kills the real server again and again under learners who talk to it over the
//! real protocol in real time, and holds what it acknowledged against what it stored.
//!
//! After a kill, and before the next process starts, the database is read directly and for every
//! learner: acknowledged ≤ stored ≤ admissible. Half of the kills fall between commit and
//! acknowledgement (see `line`). After each, learners send again what is stored already, and the
//! server must answer as if they had not. Some kills are followed by the next process at once, with
//! no look in between: it may then meet what the database still does for the dead one.

mod book;
mod examine;
mod learner;
mod line;
mod player;
mod server;
mod stage;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use clap::Parser;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;
use zhipei_server::Keys;
use zhipei_vault::Suite;

use crate::book::{Book, Counts};
use crate::examine::{Examiner, Sums};
use crate::learner::{Learner, World};
use crate::line::Network;
use crate::server::Server;
use crate::stage::Place;

type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T, E = Error> = std::result::Result<T, E>;

/// Traffic before a kill.
const TRAFFIC_MS: std::ops::RangeInclusive<u64> = 300..=3_000;
/// How long learners hear nothing before half of the kills.
const DEAF_MS: std::ops::RangeInclusive<u64> = 20..=600;
/// How often the next process starts at once.
const HURRIED: f64 = 0.3;
/// By then every heartbeat must be acknowledged, once nothing kills any more.
const SETTLED_WITHIN: Duration = Duration::from_mins(1);

/// Kills the server again and again and holds what it acknowledged against what it stored.
#[derive(Debug, Parser)]
struct Arguments {
    /// The server's binary.
    #[arg(long)]
    binary: PathBuf,
    /// A PostgreSQL server, as `postgres://user@host:port/postgres`; SQLite without it.
    #[arg(long)]
    postgres: Option<String>,
    /// How often the server is killed under traffic; once more when all is acknowledged.
    #[arg(long, default_value_t = 50)]
    kills: u32,
    /// What the moments and the learners' doings are drawn from; any when it is not given.
    #[arg(long)]
    seed: Option<u64>,
    /// How many learners.
    #[arg(long, default_value_t = 50)]
    learners: u32,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let seed = arguments
        .seed
        .unwrap_or_else(|| u64::from(Uuid::new_v4().as_fields().0));
    eprintln!("seed {seed}");
    match run(&arguments, seed).await {
        Ok(summary) => {
            println!("{summary}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("VIOLATION (seed {seed}): {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments, seed: u64) -> Result<Value> {
    let binary = std::fs::canonicalize(&arguments.binary)?;
    let folder = tempfile::Builder::new().prefix("zhipei-kill.").tempdir()?;
    let data = folder.path().join("data");
    let copies = folder.path().join("copies");
    std::fs::create_dir(&data)?;
    std::fs::create_dir(&copies)?;
    let place = Place::fresh(arguments.postgres.as_deref(), &data).await?;
    let exam = Exam::prepare(arguments, seed, &binary, &data, copies, &place).await?;
    let outcome = exam.play().await;
    match outcome {
        Ok(summary) => {
            place.remove().await?;
            Ok(summary)
        }
        Err(error) => {
            let kept = folder.keep();
            Err(format!("{error}\nkept: {} and {}", kept.display(), place.url()).into())
        }
    }
}

struct Exam {
    seed: u64,
    kills: u32,
    rng: StdRng,
    server: Server,
    examiner: Examiner,
    network: Network,
    violations: mpsc::UnboundedReceiver<String>,
    is_over: watch::Sender<bool>,
    learners: JoinSet<()>,
    deaf: u32,
    hurried: u32,
    unheard: u64,
    slowest_start: Duration,
}

impl Exam {
    async fn prepare(
        arguments: &Arguments,
        seed: u64,
        binary: &Path,
        data: &Path,
        copies: PathBuf,
        place: &Place,
    ) -> Result<Self> {
        let server = Server::new(binary, data, &place.url()).await?;
        let stage = stage::prepare(&server, place, arguments.learners).await?;
        let books: Vec<Arc<Mutex<Book>>> = stage.accounts.iter().map(|_| Arc::default()).collect();
        let (violation, violations) = mpsc::unbounded_channel();
        let (is_over, over) = watch::channel(false);
        let network = Network::default();
        let world = World {
            address: server.address(),
            network: network.clone(),
            is_over: over,
            violations: violation,
        };
        let mut learners = JoinSet::new();
        for (index, book) in books.iter().enumerate() {
            let learner = Learner::new(index, seed, &stage, world.clone(), book.clone());
            learners.spawn(learner.learn());
        }
        Ok(Self {
            seed,
            kills: arguments.kills,
            rng: StdRng::seed_from_u64(seed),
            server,
            examiner: Examiner {
                stage,
                place: place.clone(),
                keys: Keys::in_folder(&data.join("keys"), Suite::Intl)?,
                books,
                copies,
            },
            network,
            violations,
            is_over,
            learners,
            deaf: 0,
            hurried: 0,
            unheard: 0,
            slowest_start: Duration::ZERO,
        })
    }

    async fn play(mut self) -> Result<Value> {
        let began = Instant::now();
        for kill in 1..=self.kills {
            self.start().await?;
            let traffic = self.rng.random_range(TRAFFIC_MS);
            let deaf = self.rng.random_bool(0.5);
            let deaf_ms = self.rng.random_range(DEAF_MS).min(traffic);
            let hurried = self.rng.random_bool(HURRIED);
            if deaf {
                self.deaf += 1;
                self.wait(traffic - deaf_ms).await?;
                self.network.deafen();
                self.wait(deaf_ms).await?;
            } else {
                self.wait(traffic).await?;
            }
            self.kill().await?;
            if hurried {
                self.hurried += 1;
            } else {
                let sums = self.examine().await?;
                self.unheard += sums.stored - sums.acknowledged;
            }
            eprint!("\r{kill} of {} kills", self.kills);
        }
        eprintln!();
        self.start().await?;
        self.settle().await?;
        self.kill().await?;
        let sums = self.examine().await?;
        if sums.acknowledged != sums.heartbeats || sums.stored != sums.heartbeats {
            return Err(format!("not every heartbeat came through: {sums:?}").into());
        }
        self.server.run(&["verify"]).await?;
        let summary = self.summary(sums, began);
        // A long run that misses what it is for has proved nothing.
        let is_small = self.examiner.books.len() < 50;
        let is_telling = sums.acknowledged_ms > 0
            && summary["heartbeats_repeated_without_effect"] != 0
            && (self.unheard > 0 || self.kills < 20 || is_small)
            && (sums.verified_ms > 0 && sums.void_ms > 0 || self.kills < 50 || is_small);
        if !is_telling {
            return Err(format!("too little happened to prove anything: {summary}").into());
        }
        Ok(summary)
    }

    async fn start(&mut self) -> Result<()> {
        self.network.next_process();
        let took = self.server.start().await?;
        self.slowest_start = self.slowest_start.max(took);
        Ok(())
    }

    /// SIGKILL. What an earlier look found does not hold for what comes.
    async fn kill(&mut self) -> Result<()> {
        self.server.kill().await?;
        for book in &self.examiner.books {
            lock(book).stored = None;
        }
        self.heard_of_none()
    }

    async fn examine(&mut self) -> Result<Sums> {
        let sums = self.examiner.examine().await?;
        self.heard_of_none()?;
        Ok(sums)
    }

    /// Time passes, unless a learner finds a violation.
    async fn wait(&mut self, ms: u64) -> Result<()> {
        tokio::select! {
            violation = self.violations.recv() => match violation {
                Some(violation) => Err(violation.into()),
                None => Err("all learners are gone".into()),
            },
            () = tokio::time::sleep(Duration::from_millis(ms)) => Ok(()),
        }
    }

    fn heard_of_none(&mut self) -> Result<()> {
        match self.violations.try_recv() {
            Ok(violation) => Err(violation.into()),
            Err(_) => Ok(()),
        }
    }

    /// Learners stop learning, send the rest and hear all acknowledgements.
    async fn settle(&mut self) -> Result<()> {
        self.is_over.send(true)?;
        let all = async {
            while let Some(ended) = self.learners.join_next().await {
                ended?;
            }
            Ok::<_, Error>(())
        };
        let settled = tokio::time::timeout(SETTLED_WITHIN, all).await;
        self.heard_of_none()?;
        settled.map_err(|_| "heartbeats are not acknowledged a minute after the last kill")?
    }

    fn summary(&self, sums: Sums, began: Instant) -> Value {
        let mut counts = Counts::default();
        for book in &self.examiner.books {
            let of = lock(book).counts;
            counts.sent += of.sent;
            counts.repeated += of.repeated;
            counts.opened += of.opened;
            counts.resumed += of.resumed;
            counts.passed += of.passed;
            counts.missed += of.missed;
            counts.evicted += of.evicted;
        }
        let mut summary = json!({
            "exam": "kill",
            "database": self.examiner.place.name(),
            "seed": self.seed,
            "kills": self.kills,
            "kills_between_commit_and_ack": self.deaf,
            "kills_examined": self.kills - self.hurried,
            "learners": self.examiner.books.len(),
            "heartbeats_sent": counts.sent,
            "heartbeats_committed_unheard": self.unheard,
            "heartbeats_repeated_without_effect": counts.repeated,
            "opened": counts.opened,
            "resumed": counts.resumed,
            "checks_passed": counts.passed,
            "checks_missed": counts.missed,
            "evicted": counts.evicted,
            "slowest_start_ms": self.slowest_start.as_millis() as u64,
            "seconds": began.elapsed().as_secs(),
            "violations": 0,
        });
        if let (Value::Object(summary), Value::Object(sums)) = (&mut summary, sums.to_json()) {
            summary.extend(sums);
        }
        summary
    }
}

fn lock(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().expect("no learner panics while it writes")
}
