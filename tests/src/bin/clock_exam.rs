//! The exam of the wall clock: under the real server, in real time, the machine's clock jumps an hour
//! ahead, back, and an hour behind. The learner's credit must not notice, no session may open while
//! the clock is off, and the ledger must verify afterwards.
//!
//! The jumps are libfaketime's, which moves the wall clock of one process and leaves its monotonic
//! clock alone, as a jump of the machine's clock does.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use clap::Parser;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use uuid::Uuid;

type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T, E = Error> = std::result::Result<T, E>;

/// How the wall clock stands against the true time, one phase after the other.
const PHASES: [&str; 5] = ["+0", "+1h", "+0", "-1h", "+0"];
/// A phase is longer than the server takes to look at the database's clock (10 s).
const PHASE: Duration = Duration::from_secs(13);
const BEAT: Duration = Duration::from_secs(1);
/// An honest learner may lose so much of the whole, to the network and to rounding.
const LOST_MS: i64 = 1_000;

/// Moves the wall clock under the server while a learner learns.
#[derive(Debug, Parser)]
struct Arguments {
    /// The server's binary.
    #[arg(long)]
    binary: PathBuf,
    /// libfaketime.so.1
    #[arg(long)]
    faketime: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(summary) => {
            println!("{summary}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("VIOLATION: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let server = Server::new(arguments, folder.path()).await?;
    server.command(&["migrate"]).await?;
    let accounts = server
        .command(&["load-accounts", "--learners", "2"])
        .await?;
    let accounts: Vec<Value> = accounts
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    let [honest, other] = &accounts[..] else {
        return Err("two accounts were asked for".into());
    };
    let process = server.start().await?;
    let mut learner = Learner::open(&server, honest).await?;
    let mut refused = Vec::new();
    let mut most_off_ms = 0;
    for wall in PHASES {
        server.set_wall_clock(wall)?;
        let (credited_before, played_before) = (learner.credited_ms, learner.played_ms);
        let began = Instant::now();
        while began.elapsed() < PHASE {
            learner.play_on().await?;
        }
        let played = learner.played_ms - played_before;
        let off = (learner.credited_ms - credited_before - played).abs();
        most_off_ms = most_off_ms.max(off);
        if off > LOST_MS {
            return Err(format!("at {wall}, {played} ms played, credited {off} ms off").into());
        }
        let opens = Learner::open(&server, other).await;
        match (wall, opens) {
            ("+0", Ok(_)) => {}
            ("+0", Err(error)) => return Err(format!("at {wall} nothing opens: {error}").into()),
            (_, Ok(_)) => return Err(format!("at {wall} a session opened").into()),
            (_, Err(error)) => refused.push(error.to_string()),
        }
    }
    let played = learner.played_ms;
    if learner.credited_ms > played || learner.voided {
        return Err(format!("{played} ms played, {learner:?}").into());
    }
    drop(process);
    server.set_wall_clock("+0")?;
    server.command(&["verify"]).await?;
    Ok(json!({
        "played_ms": played,
        "credited_ms": learner.credited_ms,
        "most_off_in_a_phase_ms": most_off_ms,
        "sessions_refused": refused,
    }))
}

/// The real binary under a wall clock of our own.
struct Server {
    binary: PathBuf,
    faketime: PathBuf,
    folder: PathBuf,
    address: SocketAddr,
}

impl Server {
    async fn new(arguments: &Arguments, folder: &Path) -> Result<Self> {
        let server = Self {
            binary: std::fs::canonicalize(&arguments.binary)?,
            faketime: std::fs::canonicalize(&arguments.faketime)?,
            folder: folder.to_owned(),
            address: TcpListener::bind("127.0.0.1:0").await?.local_addr()?,
        };
        server.set_wall_clock("+0")?;
        Ok(server)
    }

    fn set_wall_clock(&self, offset: &str) -> Result<()> {
        Ok(std::fs::write(self.folder.join("wall-clock"), offset)?)
    }

    fn child(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env("LD_PRELOAD", &self.faketime)
            .env("FAKETIME_TIMESTAMP_FILE", self.folder.join("wall-clock"))
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("DONT_FAKE_MONOTONIC", "1")
            .env("ZHIPEI_DATA__FOLDER", self.folder.join("data"))
            .env("ZHIPEI_SERVER__LISTEN", self.address.to_string())
            .env("ZHIPEI_LOG__LEVEL", "warn")
            .env_remove("ZHIPEI_CONFIG")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    async fn command(&self, arguments: &[&str]) -> Result<String> {
        let output = self.child(arguments).output().await?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let printed = String::from_utf8_lossy(&output.stdout);
            return Err(format!("zhipei {}: {said}{printed}", arguments.join(" ")).into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    async fn start(&self) -> Result<Child> {
        let child = self.child(&["serve"]).stdout(Stdio::null()).spawn()?;
        let began = Instant::now();
        while TcpStream::connect(self.address).await.is_err() {
            if began.elapsed() > Duration::from_secs(30) {
                return Err("the server does not listen".into());
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(child)
    }
}

/// One who plays without a pause from the start.
#[derive(Debug)]
struct Learner {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    clock_id: Uuid,
    zero: Instant,
    seq: u64,
    /// Up to the last acknowledged heartbeat.
    played_ms: i64,
    credited_ms: i64,
    voided: bool,
}

impl Learner {
    async fn open(server: &Server, account: &Value) -> Result<Self> {
        let mut request =
            format!("ws://{}/api/learning/sessions", server.address).into_client_request()?;
        let cookie = account["cookie"]
            .as_str()
            .ok_or("an account has a cookie")?;
        let headers = request.headers_mut();
        headers.insert("cookie", cookie.parse()?);
        headers.insert("origin", format!("http://{}", server.address).parse()?);
        let (socket, _) = connect_async(request).await?;
        let mut learner = Self {
            socket,
            clock_id: Uuid::new_v4(),
            zero: Instant::now(),
            seq: 0,
            played_ms: 0,
            credited_ms: 0,
            voided: false,
        };
        let open = json!({
            "type": "open", "protocol": 1, "device_id": "exam", "device": "pc",
            "class": account["class"], "lesson": account["lesson"],
            "clock_id": learner.clock_id, "client_ms": 0,
        });
        learner.say(&open).await?;
        let answer = learner.hear().await?;
        match answer["type"].as_str() {
            Some("opened") => Ok(learner),
            _ => Err(answer["code"].as_str().unwrap_or("no code").into()),
        }
    }

    /// Sends a heartbeat, waits for its acknowledgement and then for the next to be due. A check is
    /// answered meanwhile; the film does not wait for it here, so its time is watched for nothing.
    async fn play_on(&mut self) -> Result<()> {
        self.seq += 1;
        let at = self.zero.elapsed().as_millis() as i64;
        let item = json!({
            "seq": self.seq, "state": "playing", "position_ms": at, "rate": 1.0, "client_ms": at,
        });
        let beat = json!({ "type": "heartbeats", "clock_id": self.clock_id, "items": [item] });
        self.say(&beat).await?;
        loop {
            let message = self.hear().await?;
            match message["type"].as_str() {
                Some("ack") if message["seq"] == self.seq => {
                    let sum = |name: &str| message[name].as_i64().unwrap_or_default();
                    self.played_ms = at;
                    self.credited_ms = sum("verified_ms") + sum("pending_ms");
                    break;
                }
                Some("challenge") => {
                    let answer = json!({
                        "type": "challenge_answer", "id": message["id"],
                        "answer": message["prompt"]["ask"],
                    });
                    self.say(&answer).await?;
                }
                Some("void") => self.voided = true,
                Some("end" | "restarting" | "taken_over") => {
                    return Err(format!("the session ended: {message}").into());
                }
                _ => {}
            }
        }
        sleep(BEAT).await;
        Ok(())
    }

    async fn say(&mut self, message: &Value) -> Result<()> {
        Ok(self.socket.send(Message::text(message.to_string())).await?)
    }

    async fn hear(&mut self) -> Result<Value> {
        loop {
            let next = timeout(Duration::from_secs(10), self.socket.next()).await?;
            match next.ok_or("the server hung up")?? {
                Message::Text(text) => return Ok(serde_json::from_str(&text)?),
                Message::Close(_) => return Err("the server closed the connection".into()),
                _ => {}
            }
        }
    }
}
