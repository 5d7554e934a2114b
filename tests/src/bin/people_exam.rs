//! The exam of people: many persons are registered, their keys are wrapped by a new master key, and one of them
//! is erased. Afterwards their name, document and phone are in no byte of the database's files, of a backup, of
//! an export or of the log, and neither is their key. A backup from before is restored and the erasure replayed.
//!
//! Everything is done by the binary that an operator runs; the exam reads files, and holds what it reads against
//! the vault.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use clap::Parser;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep};
use zhipei_domain::{Identity, LearnerId, LoginName, Scope};
use zhipei_server::{Keys, load_person};
use zhipei_storage::{Db, identities, learners};
use zhipei_vault::Suite;

type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T, E = Error> = std::result::Result<T, E>;

/// Erases one of many and looks for them everywhere.
#[derive(Debug, Parser)]
struct Arguments {
    /// The server's binary.
    #[arg(long)]
    binary: PathBuf,
    /// How many are registered; 300,000 at most.
    #[arg(long, default_value_t = 100_000)]
    people: u32,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(summary) => {
            println!("{summary:#}");
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
    let mut exam = Exam {
        binary: fs::canonicalize(&arguments.binary)?,
        folder: folder.path().to_owned(),
        data: folder.path().join("data"),
        address: TcpListener::bind("127.0.0.1:0")?.local_addr()?,
        seconds: Map::new(),
    };
    let number = arguments.people / 2;
    let person = Person::new(number)?;
    exam.register(arguments.people, number, &person).await?;
    let restored = exam.folder.join("restored");
    fs::create_dir(&restored)?;
    fs::copy(exam.data.join("zhipei.db"), restored.join("zhipei.db"))?;

    let (mut words, list) = exam.erase(&person).await?;
    let backup = exam.folder.join("backup.db");
    exam.back_up(&backup).await?;
    let export = exam.folder.join("export.jsonl");
    let exported = exam.command("export", &["export", "--class", "LOAD-1"])?;
    fs::write(&export, exported)?;
    let mut places = files_of(&exam.data)?;
    places.retain(|path| !path.starts_with(exam.data.join("keys")));
    places.extend([backup, export, exam.log()]);
    let began = Instant::now();
    let (searched_bytes, found) = search(&places, &words)?;
    exam.note("search", began);
    let (of_id, personal): (Vec<_>, Vec<_>) = found.iter().partition(|it| it.starts_with(ID));
    if !personal.is_empty() {
        return Err(format!("{personal:?}").into());
    }
    // The search is not blind: it finds the id, which stays.
    if of_id.len() < 2 {
        return Err(format!("the search is blind: {of_id:?}").into());
    }

    words.retain(|(what, _)| *what != ID);
    exam.restore(restored, &person, &list, &words).await?;
    Ok(json!({
        "people": arguments.people,
        "files_searched": places.len(),
        "bytes_searched": searched_bytes,
        "log_bytes": fs::metadata(exam.log())?.len(),
        "seconds": exam.seconds,
        "id_found_in": of_id.len(),
    }))
}

/// What is looked for, with what it is.
type Words = Vec<(&'static str, Vec<u8>)>;

const ID: &str = "id";

/// How many bytes the files have, and what of the words is in which of them.
fn search(places: &[PathBuf], words: &Words) -> Result<(usize, Vec<String>)> {
    let (mut searched, mut found) = (0, Vec::new());
    for place in places {
        let bytes = fs::read(place)?;
        searched += bytes.len();
        for (what, word) in words {
            if memchr::memmem::find(&bytes, word).is_some() {
                found.push(format!("{what} in {}", place.display()));
            }
        }
    }
    Ok((searched, found))
}

/// Who is erased.
struct Person {
    login_name: LoginName,
    identity: Identity,
    document: String,
    phone: String,
}

impl Person {
    fn new(number: u32) -> Result<Self> {
        let identity = load_person(number);
        let document = identity.document.as_ref().ok_or("no document")?;
        let phone = identity.phone.as_ref().ok_or("no phone")?;
        Ok(Self {
            login_name: LoginName::parse(&format!("load{number:05}"))?,
            document: document.number().to_owned(),
            phone: phone.as_str().to_owned(),
            identity,
        })
    }

    fn roster_line(&self) -> String {
        let name = self.identity.name.as_str();
        format!("{name},{},{}\n", self.document, self.phone)
    }

    fn words(&self) -> Words {
        let name = self.identity.name.as_str();
        let utf16: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        vec![
            ("name", name.as_bytes().to_vec()),
            ("name in UTF-16", utf16),
            ("document", self.document.as_bytes().to_vec()),
            ("phone", self.phone.as_bytes().to_vec()),
        ]
    }
}

/// What the database of a folder has of a person who can be read.
struct Opened {
    learner: LearnerId,
    wrapped: String,
}

struct Exam {
    binary: PathBuf,
    folder: PathBuf,
    data: PathBuf,
    address: SocketAddr,
    seconds: Map<String, Value>,
}

impl Exam {
    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    fn note(&mut self, what: &str, began: Instant) {
        let seconds = (began.elapsed().as_secs_f64() * 10.0).round() / 10.0;
        eprintln!("{what}: {seconds} s");
        self.seconds.insert(what.to_owned(), json!(seconds));
    }

    fn child(&self, arguments: &[&str]) -> Result<Command> {
        let log = File::options().create(true).append(true).open(self.log())?;
        let mut command = Command::new(&self.binary);
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env("ZHIPEI_DATA__FOLDER", &self.data)
            .env("ZHIPEI_SERVER__LISTEN", self.address.to_string())
            .env("ZHIPEI_LOG__LEVEL", "debug")
            .stderr(log);
        Ok(command)
    }

    /// Runs a verb of the command line, timed; returns what it prints.
    fn command(&mut self, what: &str, arguments: &[&str]) -> Result<String> {
        let began = Instant::now();
        let output = self.child(arguments)?.output()?;
        let printed = String::from_utf8(output.stdout)?;
        if !output.status.success() {
            let log = fs::read_to_string(self.log())?;
            let last: Vec<_> = log.lines().rev().take(5).collect();
            return Err(format!("{what}: {printed}{last:?}").into());
        }
        self.note(what, began);
        Ok(printed)
    }

    /// The person is seen at work by the server: known by the cookie, mistyping the password by phone.
    async fn visit(&self, person: &Person, cookie: &str) -> Result<()> {
        let mut serving = self.child(&["serve"])?.stdout(Stdio::null()).spawn()?;
        let seen = self.ask_all(person, cookie).await;
        stop(&mut serving)?;
        seen
    }

    async fn ask_all(&self, person: &Person, cookie: &str) -> Result<()> {
        let began = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            if began.elapsed() > Duration::from_mins(1) {
                return Err("the server does not listen".into());
            }
            sleep(Duration::from_millis(50)).await;
        }
        let me = self.ask("GET", "/api/me", &format!("cookie: {cookie}\r\n"), "")?;
        if !me.contains(" 200 ") {
            return Err(format!("the person is not logged in: {me}").into());
        }
        let login = json!({ "login_name": person.phone, "password": person.document }).to_string();
        let refused = self.ask(
            "POST",
            "/api/login",
            "sec-fetch-site: same-origin\r\n",
            &login,
        )?;
        if !refused.contains(" 401 ") {
            return Err(format!("a wrong password: {refused}").into());
        }
        Ok(())
    }

    fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Result<String> {
        use std::io::{Read as _, Write as _};
        let mut stream = TcpStream::connect(self.address)?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n{headers}\r\n{body}",
            self.address,
            body.len(),
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// Registers the people, puts the person on a roster, and lets the server see them at work.
    async fn register(&mut self, people: u32, number: u32, person: &Person) -> Result<()> {
        let people = people.to_string();
        self.command("migrate", &["migrate"])?;
        let accounts = self.command("register", &["load-accounts", "--learners", &people])?;
        let account = accounts.lines().nth(number as usize);
        let account: Value = serde_json::from_str(account.ok_or("fewer accounts than people")?)?;
        let roster = self.folder.join("roster.csv");
        fs::write(&roster, person.roster_line())?;
        let roster = roster.to_string_lossy().into_owned();
        self.command("roster", &["class", "roster", "--class", "LOAD-1", &roster])?;
        let cookie = account["cookie"].as_str().ok_or("no cookie")?;
        self.visit(person, cookie).await
    }

    /// Rotates the master key and erases the person. Returns what must be nowhere from now on, and the list of
    /// the erased.
    async fn erase(&mut self, person: &Person) -> Result<(Words, String)> {
        let first_key = self.opened(&self.data, person).await?;
        self.command("rotate", &["vault", "rotate"])?;
        let second_key = self.opened(&self.data, person).await?;
        if first_key.wrapped == second_key.wrapped {
            return Err("the rotation left the key as it was".into());
        }
        let login_name = person.login_name.as_str();
        let reason = "本人要求，考核";
        let erase = [
            "erase",
            "--login-name",
            login_name,
            "--now",
            "--reason",
            reason,
        ];
        self.command("erase", &erase)?;
        let list = self.command("list_erased", &["erase", "--list"])?;
        self.command("verify", &["verify"])?;
        if self.opened(&self.data, person).await.is_ok() {
            return Err("the erased person is read".into());
        }
        let mut words = person.words();
        words.push((ID, second_key.learner.0.as_bytes().to_vec()));
        words.push(("first key", first_key.wrapped.into_bytes()));
        words.push(("second key", second_key.wrapped.into_bytes()));
        Ok((words, list))
    }

    /// Starts from a backup that is older than the erasure: it has the person's key as long as its master key is
    /// there, until the erasure is replayed.
    async fn restore(
        &mut self,
        restored: PathBuf,
        person: &Person,
        list: &str,
        words: &Words,
    ) -> Result<()> {
        copy_folder(&self.data.join("keys"), &restored.join("keys"))?;
        self.data = restored;
        self.opened(&self.data, person).await?;
        let erased = self.folder.join("erased.txt");
        fs::write(&erased, list)?;
        let erased = erased.to_string_lossy().into_owned();
        let said = self.command("replay", &["erase", "--replay", &erased])?;
        let read = self.opened(&self.data, person).await.is_ok();
        if read || !said.contains("重新销毁了 1 人") {
            return Err(format!("the replay did not erase: {said}").into());
        }
        self.command("verify_restored", &["verify"])?;
        let (_, found) = search(&files_of(&self.data)?, words)?;
        if !found.is_empty() {
            return Err(format!("after the replay: {found:?}").into());
        }
        Ok(())
    }

    async fn database(&self, data: &Path) -> Result<Db> {
        let url = format!("sqlite://{}", data.join("zhipei.db").display());
        Ok(Db::connect(&url, 1).await?)
    }

    /// Reads the person with the keys of the folder; an error where that cannot be done any more.
    async fn opened(&self, data: &Path, person: &Person) -> Result<Opened> {
        let db = self.database(data).await?;
        let opened = read(&db, data, person).await;
        db.close().await?;
        opened
    }

    async fn back_up(&mut self, to: &Path) -> Result<()> {
        let began = Instant::now();
        let db = self.database(&self.data).await?;
        let sql = format!("vacuum into '{}'", to.display());
        let statement = Statement::from_string(db.backend(), sql);
        db.read().execute_raw(statement).await?;
        db.close().await?;
        self.note("backup", began);
        Ok(())
    }
}

async fn read(db: &Db, data: &Path, person: &Person) -> Result<Opened> {
    let keys = Keys::in_folder(&data.join("keys"), Suite::Intl)?;
    let scope = Scope::Platform;
    let learner = learners::by_login_name(db.read(), &scope, &person.login_name).await?;
    let identity = identities::get(db.read(), &scope, &keys.vault, learner.id).await?;
    if identity != person.identity {
        return Err("somebody else is read".into());
    }
    let literal = learner.id.0.simple();
    let sql = format!("select wrapped from person_key where person_id = x'{literal}'");
    let statement = Statement::from_string(db.backend(), sql);
    let row = db.read().query_one_raw(statement).await?;
    Ok(Opened {
        learner: learner.id,
        wrapped: row.ok_or("no key")?.try_get("", "wrapped")?,
    })
}

fn stop(serving: &mut Child) -> Result<()> {
    Command::new("kill")
        .arg(serving.id().to_string())
        .status()?;
    serving.wait()?;
    Ok(())
}

fn files_of(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_of(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for file in files_of(from)? {
        let name = file.file_name().ok_or("a file has a name")?;
        fs::copy(&file, to.join(name))?;
    }
    Ok(())
}
