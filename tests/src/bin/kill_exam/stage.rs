//! What the exam is played on: a fresh database, a class, learners who are logged in.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use uuid::Uuid;
use zhipei_actions::{course, training_class};
use zhipei_credit::LessonSpec;
use zhipei_domain::{
    Actor, Chapter, ChapterId, ClassId, Course, CourseId, CourseKind, CreditScope, LearnerId,
    Lesson, LessonId, LoginName, MediaAsset, MediaAssetId, Scope, Title, UnixMs,
};
use zhipei_storage::{Db, courses, learners};

use crate::Result;
use crate::server::Server;

/// Lessons beside the long one, short enough to be watched to their ends.
const SHORT_LESSONS_MS: [i64; 3] = [15_000, 25_000, 40_000];
/// Checks come this often while time is earned, and must be answered within this.
const CHECKS: [&str; 8] = [
    "--check",
    "presence",
    "--check-min-s",
    "10",
    "--check-max-s",
    "20",
    "--answer-within-s",
    "10",
];

/// Where the data lies.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// A SQLite file in the server's folder.
    Sqlite(PathBuf),
    /// A database of its own on a PostgreSQL server.
    Postgres {
        admin: String,
        name: String,
        url: String,
    },
}

impl Place {
    /// A fresh one: `server` is the address of a PostgreSQL server; without it a file in `folder`.
    pub(crate) async fn fresh(server: Option<&str>, folder: &Path) -> Result<Self> {
        let Some(server) = server else {
            return Ok(Self::Sqlite(folder.join("zhipei.db")));
        };
        let name = format!("kill_{}", Uuid::new_v4().simple());
        let (address, options) = server.split_once('?').unwrap_or((server, ""));
        let (host, _) = address
            .rsplit_once('/')
            .ok_or("the address of the PostgreSQL server names no database")?;
        let url = format!("{host}/{name}?{options}");
        let place = Self::Postgres {
            admin: server.to_owned(),
            url: url.trim_end_matches('?').to_owned(),
            name: name.clone(),
        };
        place
            .tell_server(&format!("create database {name}"))
            .await?;
        Ok(place)
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::Sqlite(file) => format!("sqlite://{}", file.display()),
            Self::Postgres { url, .. } => url.clone(),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres { .. } => "postgres",
        }
    }

    /// Opens what a dead server left behind, without mending anything for the next one: of SQLite a
    /// copy, so that the hot write-ahead log stays for the server to recover from. What PostgreSQL
    /// still works at for the dead process is waited for: it may be a commit.
    pub(crate) async fn open_dead(&self, copies: &Path) -> Result<Db> {
        let url = match self {
            Self::Sqlite(file) => {
                let copy = copies.join("copy.db");
                for end in ["", "-wal", "-shm"] {
                    let to = copies.join(format!("copy.db{end}"));
                    let _ = std::fs::remove_file(&to);
                    let mut from = file.clone().into_os_string();
                    from.push(end);
                    // The shared memory is an index of the log, made again by whoever opens it.
                    if end != "-shm" && Path::new(&from).exists() {
                        std::fs::copy(from, to)?;
                    }
                }
                format!("sqlite://{}", copy.display())
            }
            Self::Postgres { .. } => {
                self.wait_for_the_dead().await?;
                self.url()
            }
        };
        Ok(Db::connect(&url, 2).await?)
    }

    async fn wait_for_the_dead(&self) -> Result<()> {
        let Self::Postgres { admin, name, .. } = self else {
            return Ok(());
        };
        let admin = Database::connect(admin).await?;
        let sql = format!(
            "select count(*) as n from pg_stat_activity \
             where datname = '{name}' and backend_type = 'client backend'"
        );
        for _ in 0..3_000 {
            if number(&admin, &sql, "n").await? == 0 {
                return Ok(admin.close().await?);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Err("PostgreSQL still works for the dead server after 30 s".into())
    }

    /// Removes a database on a server; a file goes with its folder.
    pub(crate) async fn remove(&self) -> Result<()> {
        if let Self::Postgres { name, .. } = self {
            self.tell_server(&format!("drop database {name} with (force)"))
                .await?;
        }
        Ok(())
    }

    async fn tell_server(&self, sql: &str) -> Result<()> {
        if let Self::Postgres { admin, .. } = self {
            let admin = Database::connect(admin).await?;
            admin.execute_unprepared(sql).await?;
            admin.close().await?;
        }
        Ok(())
    }
}

/// A learner who is logged in.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) learner: LearnerId,
    pub(crate) cookie: String,
}

/// The class, its lessons (the long one first) and its learners.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    pub(crate) class: ClassId,
    pub(crate) lessons: Arc<[LessonSpec]>,
    pub(crate) accounts: Vec<Account>,
}

/// Sets everything up with the binary; the short lessons have no command of their own.
pub(crate) async fn prepare(server: &Server, place: &Place, learners: u32) -> Result<Stage> {
    server.run(&["migrate"]).await?;
    let wanted = learners.to_string();
    let lines = server
        .run(&["load-accounts", "--learners", &wanted])
        .await?;
    let policy = ["policy", "set", "--class", "LOAD-1"];
    server.run(&[&policy[..], &CHECKS[..]].concat()).await?;

    let db = Db::connect(&place.url(), 2).await?;
    is_durable(&db).await?;
    let mut accounts = Vec::new();
    let mut class = None;
    for (number, line) in lines.lines().enumerate() {
        let line: serde_json::Value = serde_json::from_str(line)?;
        class = Some(serde_json::from_value::<ClassId>(line["class"].clone())?);
        let login_name = LoginName::parse(&format!("load{number:05}"))?;
        let learner = learners::by_login_name(db.read(), &Scope::Platform, &login_name).await?;
        accounts.push(Account {
            learner: learner.id,
            cookie: serde_json::from_value(line["cookie"].clone())?,
        });
    }
    let class = class.ok_or("no accounts were made")?;
    add_short_lessons(&db, class).await?;
    let mut lessons = courses::curriculum(db.read(), CreditScope::Class(class)).await?;
    lessons.sort_by_key(|lesson| -lesson.length_ms);
    db.close().await?;
    Ok(Stage {
        class,
        lessons: lessons.into(),
        accounts,
    })
}

async fn add_short_lessons(db: &Db, class: ClassId) -> Result<()> {
    let now = db.server_time().await?;
    let by = &Actor::System;
    let videos: Vec<MediaAsset> = SHORT_LESSONS_MS.map(|ms| video(ms, now)).into();
    let lesson = |(number, video): (u32, &MediaAsset)| {
        Ok::<_, crate::Error>(Lesson {
            id: LessonId(Uuid::now_v7()),
            number,
            title: Title::parse(&format!("第 {number} 节"))?,
            length_ms: video.duration_ms,
            media: Some(video.id),
        })
    };
    let course = Course {
        id: CourseId(Uuid::now_v7()),
        title: Title::parse("短课")?,
        kind: CourseKind::Class,
        chapters: vec![Chapter {
            id: ChapterId(Uuid::now_v7()),
            number: 1,
            title: Title::parse("第一章")?,
            lessons: (1..).zip(&videos).map(lesson).collect::<Result<_>>()?,
        }],
        created_at: now,
    };
    db.write(async |txn| {
        for video in &videos {
            course::add_video(txn, by, now, video).await?;
        }
        course::add(txn, by, now, &course).await?;
        training_class::add_course(txn, by, now, class, course.id, true).await
    })
    .await?;
    Ok(())
}

fn video(duration_ms: i64, now: UnixMs) -> MediaAsset {
    MediaAsset {
        id: MediaAssetId(Uuid::now_v7()),
        duration_ms,
        width: 1_280,
        height: 720,
        key: [0; 16],
        captions: false,
        created_at: now,
    }
}

/// A promise is worth nothing where a commit does not reach the disk.
async fn is_durable(db: &Db) -> Result<()> {
    if db.backend() == DbBackend::Sqlite {
        let full = number(db.read(), "pragma synchronous", "synchronous").await?;
        if full < 2 {
            return Err("SQLite does not force commits to the disk".into());
        }
        return Ok(());
    }
    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        let show = Statement::from_string(DbBackend::Postgres, format!("show {setting}"));
        let row = db.read().query_one_raw(show).await?;
        let value: Option<String> = row.map(|row| row.try_get("", setting)).transpose()?;
        if value.as_deref() != Some("on") {
            return Err(
                format!("PostgreSQL runs with {setting} = {value:?}; start it durably").into(),
            );
        }
    }
    Ok(())
}

async fn number(db: &DatabaseConnection, sql: &str, column: &str) -> Result<i64> {
    let statement = Statement::from_string(db.get_database_backend(), sql.to_owned());
    let row = db.query_one_raw(statement).await?;
    let row = row.ok_or("the database does not answer")?;
    // SQLite's pragmas are narrower integers.
    Ok(match row.try_get::<i64>("", column) {
        Ok(number) => number,
        Err(_) => i64::from(row.try_get::<i32>("", column)?),
    })
}
