//! The real binary, as a child that can be killed.

use std::ffi::OsStr;
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::Instant;

use crate::Result;

/// A process that does not listen by then does not come back at all.
const COMES_BACK_WITHIN: Duration = Duration::from_secs(30);

/// Where the server lives; the process comes and goes.
#[derive(Debug)]
pub(crate) struct Server {
    binary: PathBuf,
    folder: PathBuf,
    database_url: String,
    address: SocketAddr,
    child: Option<Child>,
}

impl Server {
    /// A server that keeps its data in `folder`; it does not run yet.
    pub(crate) async fn new(binary: &Path, folder: &Path, database_url: &str) -> Result<Self> {
        // Free a moment ago, and asked for again by each process.
        let address = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
        Ok(Self {
            binary: binary.to_owned(),
            folder: folder.to_owned(),
            database_url: database_url.to_owned(),
            address,
            child: None,
        })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Runs a command of the binary to its end and returns what it printed.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Result<String> {
        let output = self.command(arguments).output().await?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let printed = String::from_utf8_lossy(&output.stdout);
            return Err(format!("zhipei {}: {said}{printed}", arguments.join(" ")).into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Starts the process; returns how long it took until it listened.
    pub(crate) async fn start(&mut self) -> Result<Duration> {
        let began = Instant::now();
        let log = File::options().create(true).append(true).open(self.log())?;
        let mut child = self
            .command(&["serve"])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        loop {
            if TcpStream::connect(self.address).await.is_ok() {
                self.child = Some(child);
                return Ok(began.elapsed());
            }
            let is_late = began.elapsed() > COMES_BACK_WITHIN;
            if let Some(status) = child.try_wait()? {
                return Err(self.does_not_come_back(&status.to_string()));
            } else if is_late {
                return Err(self.does_not_come_back("it does not listen"));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// SIGKILL; returns when the process is gone.
    pub(crate) async fn kill(&mut self) -> Result<()> {
        let mut child = self.child.take().ok_or("the server does not run")?;
        if let Some(status) = child.try_wait()? {
            return Err(self.does_not_come_back(&format!("it ended by itself, {status}")));
        }
        Ok(child.kill().await?)
    }

    fn command(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(arguments)
            // No settings file but what is said here.
            .current_dir(&self.folder)
            .env("ZHIPEI_DATA__FOLDER", &self.folder)
            .env("ZHIPEI_DATABASE__URL", &self.database_url)
            .env("ZHIPEI_SERVER__LISTEN", self.address.to_string())
            .env(
                "ZHIPEI_SERVER__PUBLIC_URL",
                format!("http://{}", self.address),
            )
            .env("ZHIPEI_LOG__LEVEL", "warn")
            .env_remove("ZHIPEI_CONFIG")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    fn does_not_come_back(&self, why: &str) -> crate::Error {
        let log = std::fs::read_to_string(self.log()).unwrap_or_default();
        let tail: Vec<&str> = log.lines().rev().take(20).collect();
        let tail: Vec<&str> = tail.into_iter().rev().collect();
        format!("the server does not run: {why}\n{}", tail.join("\n")).into()
    }
}
