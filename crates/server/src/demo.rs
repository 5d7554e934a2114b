//! A demonstration: sample courses, two classes and ten invented learners, in a folder of their own.
//!
//! The only place that makes accounts by itself. Their passwords are drawn for each installation and
//! kept beside its data, to be shown again at the next start.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use tokio::net::TcpListener;
use uuid::Uuid;
use zhipei_actions::learner::NewLearner;
use zhipei_actions::{enrolment, institution, learner, training_class};
use zhipei_domain::{
    Actor, CheckPolicy, ClassId, Course, CourseKind, Identity, IdentityLevel, Institution, Learner,
    LocalDay, LoginName, PersonName, Policy, RegionCode, Rejection, Scope, Title, TrainingClass,
    Window,
};
use zhipei_storage::{institutions, learners, training_classes};

use crate::app::{Parted, app, open};
use crate::config::{Config, SmsProvider};
use crate::import::import;
use crate::keys::random;
use crate::{Error, Result};

/// Where the demonstration lives.
#[derive(Args)]
pub(crate) struct Demo {
    /// 数据文件夹
    #[arg(long)]
    data: PathBuf,
    /// 示例课程的文件夹（courses.json 和视频）
    #[arg(long)]
    clips: PathBuf,
    /// 人脸核验的模型（deploy/models 准备的文件夹）；不给就不核验人脸
    #[arg(long)]
    models: Option<PathBuf>,
    /// 端口
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// 只导入，不启动服务
    #[arg(long)]
    prepare_only: bool,
}

const QIONGHAI: &str = "469002";
const INSTITUTION: &str = "琼海海平职业培训学校";

/// Login name and name; nobody real.
const LEARNERS: [(&str, &str); 10] = [
    ("demo01", "符秀英"),
    ("demo02", "王海波"),
    ("demo03", "陈小妹"),
    ("demo04", "林志强"),
    ("demo05", "吴丽萍"),
    ("demo06", "黎亚妹"),
    ("demo07", "周文斌"),
    ("demo08", "郑月娥"),
    ("demo09", "黄国栋"),
    ("demo10", "蔡春燕"),
];

impl Demo {
    /// The settings of a demonstration: this machine only, whatever else is configured.
    pub(crate) fn config(&self, file: Option<&Path>) -> Result<Config> {
        let mut config = Config::load(file)?;
        config.data.folder.clone_from(&self.data);
        config.server.listen = ([127, 0, 0, 1], self.port).into();
        config.server.public_url = format!("http://127.0.0.1:{}", self.port);
        if self.models.is_some() {
            config.face.models.clone_from(&self.models);
        }
        // A visitor registers too: the code is read in the log.
        config.sms.provider = SmsProvider::Log;
        config.check()?;
        Ok(config)
    }
}

pub(crate) async fn run(
    given: &Demo,
    config: &Config,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let parts = open(config, None).await?;
    parts.db.migrate().await?;
    let courses = import(&parts, &Actor::System, &given.clips).await?;
    let institution = find_or_add_institution(&parts).await?;
    let passwords = Passwords::in_folder(&given.data)?;
    let mut people = Vec::new();
    for (login_name, name) in LEARNERS {
        people.push(find_or_add_learner(&parts, &passwords, login_name, name).await?);
    }
    for class in classes(&courses, &institution, parts.clock.now())? {
        create_class(&parts, class, &people).await?;
    }
    parts.db.close().await?;
    if given.prepare_only {
        return Ok(());
    }

    let app = app(config, None).await?;
    let listener = TcpListener::bind(config.server.listen).await?;
    println!("{}", passwords.table(&config.server.public_url));
    app.serve(listener, stop).await
}

struct DemoClass {
    class: TrainingClass,
    courses: Vec<Course>,
}

/// The short one first: the newest stands on top of a learner's list.
fn classes(courses: &[Course], institution: &Institution, now: i64) -> Result<Vec<DemoClass>> {
    let for_classes = || courses.iter().filter(|c| c.kind == CourseKind::Class);
    let shortest = for_classes()
        .filter(|course| course.lessons().count() == 1)
        .min_by_key(|course| length_ms(course))
        .ok_or_else(|| Error::Missing("只有一节的示例课程".to_owned()))?;
    let today = LocalDay::of(now);
    let window = Window::new(LocalDay(today.0 - 21), LocalDay(today.0 + 120))?;
    let class = |code: &str, title: &str, job: [&str; 3], filing: &str, courses: Vec<Course>| {
        let length: i64 = courses.iter().map(length_ms).sum();
        let class = TrainingClass {
            id: ClassId(Uuid::now_v7()),
            institution: institution.id,
            code: Title::parse(code)?,
            title: Title::parse(title)?,
            filing_number: filing.to_owned(),
            occupation: job[0].to_owned(),
            occupation_code: job[1].to_owned(),
            level: job[2].to_owned(),
            region: institution.region.clone(),
            window,
            // Whole hundredths of an hour: what is printed can be reached.
            required_ms: length / HUNDREDTH_MS * HUNDREDTH_MS,
            high_risk: false,
            created_at: now,
        };
        Ok::<_, Error>(DemoClass { class, courses })
    };
    Ok(vec![
        class(
            "QH-2026-0901",
            "消防安全入门（演示班）",
            ["消防安全", "演示", "入门"],
            "演示〔2026〕1 号",
            vec![shortest.clone()],
        )?,
        class(
            "QH-2026-0317",
            "电工（五级）2026 年第 3 期",
            ["电工", "6-31-01-03", "五级 / 初级工"],
            "演示〔2026〕86 号",
            for_classes().cloned().collect(),
        )?,
    ])
}

/// A hundredth of a credit hour of 45 minutes.
const HUNDREDTH_MS: i64 = 27_000;

fn length_ms(course: &Course) -> i64 {
    course.lessons().map(|(_, lesson)| lesson.length_ms).sum()
}

/// Checks so often that a visitor meets one within two minutes.
fn demo_policy() -> Policy {
    let policy = Policy::default();
    Policy {
        check: CheckPolicy {
            min_ms: 60_000,
            max_ms: 120_000,
            ..policy.check
        },
        ..policy
    }
}

async fn create_class(parts: &Parted, new: DemoClass, people: &[Learner]) -> Result<()> {
    let code = new.class.code.as_str();
    match training_classes::by_code(parts.db.read(), code).await {
        Err(zhipei_storage::Error::NotFound) => {}
        found => return Ok(found.map(drop)?),
    }
    let (by, now) = (&Actor::System, parts.clock.now());
    let created: zhipei_actions::Result<()> = parts
        .db
        .write(async |txn| {
            training_class::create(txn, by, now, &new.class, demo_policy()).await?;
            for course in &new.courses {
                let class = new.class.id;
                training_class::add_course(txn, by, now, class, course.id, true).await?;
            }
            for learner in people {
                enrolment::enrol(txn, by, now, learner, new.class.id).await?;
            }
            Ok(())
        })
        .await;
    Ok(created?)
}

async fn find_or_add_institution(parts: &Parted) -> Result<Institution> {
    match institutions::by_name(parts.db.read(), INSTITUTION).await {
        Err(zhipei_storage::Error::NotFound) => {}
        found => return Ok(found?),
    }
    let (name, region) = (Title::parse(INSTITUTION)?, qionghai());
    let now = parts.clock.now();
    let added = parts
        .db
        .write(async |txn| institution::add(txn, &Actor::System, now, name, region).await)
        .await?;
    Ok(added)
}

async fn find_or_add_learner(
    parts: &Parted,
    passwords: &Passwords,
    login_name: &str,
    name: &str,
) -> Result<Learner> {
    let parsed = LoginName::parse(login_name)?;
    match learners::by_login_name(parts.db.read(), &Scope::Platform, &parsed).await {
        Err(zhipei_storage::Error::NotFound) => {}
        found => return Ok(found?),
    }
    let new = NewLearner {
        login_name: parsed,
        identity: Identity::named(PersonName::parse(name).map_err(Rejection::from)?),
        identity_level: IdentityLevel::Confirmed,
        region: qionghai(),
        categories: Vec::new(),
        password_hash: parts.hasher.hash(&passwords.0[login_name]).await?,
    };
    let now = parts.clock.now();
    let added = parts
        .db
        .write(async |txn| learner::add(txn, &parts.keys.vault, &Actor::System, now, new).await)
        .await?;
    Ok(added)
}

fn qionghai() -> RegionCode {
    RegionCode::parse(QIONGHAI).expect("it is six digits")
}

/// The passwords of the invented learners, by login name.
struct Passwords(BTreeMap<String, String>);

impl Passwords {
    /// Those of the folder, or fresh ones that are kept there before any account has one.
    fn in_folder(folder: &Path) -> Result<Self> {
        let file = folder.join("demo-accounts.json");
        if file.exists() {
            let kept = serde_json::from_str(&std::fs::read_to_string(&file)?);
            return kept
                .map(Self)
                .map_err(|error| Error::Course(format!("{} 的格式不对：{error}", file.display())));
        }
        let drawn: BTreeMap<String, String> = LEARNERS
            .iter()
            .map(|(login_name, _)| ((*login_name).to_owned(), password()))
            .collect();
        let mut kept = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&file)?;
        let text = serde_json::to_string_pretty(&drawn).map_err(std::io::Error::from)?;
        kept.write_all(text.as_bytes())?;
        kept.sync_all()?;
        Ok(Self(drawn))
    }

    fn table(&self, url: &str) -> String {
        use std::fmt::Write as _;

        let mut text =
            format!("\n职培演示已启动：{url}\n\n  登录名    密码                      姓名\n");
        for (login_name, name) in LEARNERS {
            let password = self
                .0
                .get(login_name)
                .map_or("（见首次启动）", String::as_str);
            writeln!(text, "  {login_name}    {password:<24}  {name}")
                .expect("a String takes everything");
        }
        text.push_str("\n姓名都是虚构的。按 Ctrl-C 停止；数据留在数据文件夹里，下次接着用。");
        text
    }
}

/// Four syllables and four digits, some 33 bits: easy to type, and more than a lock of accounts lets anyone try.
pub(crate) fn password() -> String {
    const SYLLABLES: [&str; 32] = [
        "hai", "feng", "lang", "ye", "lin", "sha", "tan", "dao", "shan", "yun", "yu", "chuan",
        "fan", "hua", "mu", "mian", "qin", "lan", "bei", "ke", "xing", "yue", "chao", "wan",
        "jiao", "gang", "deng", "ta", "quan", "xi", "zhu", "song",
    ];
    let bytes = random();
    let syllable = |at: usize| SYLLABLES[usize::from(bytes[at] % 32)];
    let digits = u16::from_be_bytes([bytes[8], bytes[9]]) % 10_000;
    format!(
        "{}-{}-{}-{}-{digits:04}",
        syllable(0),
        syllable(1),
        syllable(2),
        syllable(3)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawn_password_is_one_that_the_rules_take() {
        let name = LoginName::parse("demo01").unwrap();
        for _ in 0..1_000 {
            let password = password();
            assert_eq!(
                zhipei_domain::check_new_password(&password, &name),
                Ok(()),
                "{password}"
            );
        }
    }
}
