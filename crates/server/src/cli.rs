//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use uuid::Uuid;
use zhipei_actions::learner::NewLearner;
use zhipei_actions::{enrolment, institution, learner, policy, training_class};
use zhipei_domain::{
    Actor, CheckKind, ClassId, CreditScope, Identity, IdentityLevel, LocalDay, LoginName,
    PersonName, Policy, RegionCode, Rejection, Scope, SessionRule, Title, TrainingClass, Window,
    check_new_password,
};
use zhipei_ledger::Hash;
use zhipei_storage::{courses, enrolments, institutions, learners, policies, training_classes};

use crate::admin::{self, AdminCommand, RegionsCommand};
use crate::app::{Parted, app, open};
use crate::config::{Config, operator};
use crate::demo::{self, Demo};
use crate::import::import;
use crate::load_accounts::{self, LoadAccounts};
use crate::people::{self, Erase, Invite, Roster};
use crate::vault::{self, VaultCommand};
use crate::{Error, Result, export, jobs, log, verify};

/// 职培：职业技能线上培训平台
#[derive(Parser)]
#[command(name = "zhipei", version)]
struct Cli {
    /// 配置文件（TOML）；不给时读当前文件夹的 zhipei.toml（可以没有）
    #[arg(long, global = true, env = "ZHIPEI_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// 启动服务
    Serve,
    /// 建立或升级数据库
    Migrate,
    /// 导入示例课程和班级，然后启动服务
    Demo(Demo),
    /// 平台人员
    #[command(subcommand)]
    Admin(AdminCommand),
    /// 行政区划
    #[command(subcommand)]
    Regions(RegionsCommand),
    /// 培训机构
    #[command(subcommand)]
    Institution(InstitutionCommand),
    /// 学员
    #[command(subcommand)]
    Learner(LearnerCommand),
    /// 课程
    #[command(subcommand)]
    Course(CourseCommand),
    /// 培训班
    #[command(subcommand)]
    Class(ClassCommand),
    /// 学习规则
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// 配置
    #[command(subcommand)]
    Config(ConfigCommand),
    /// 重算总账，找出任何改动
    Verify(Verify),
    /// 导出记录和学时（JSON 行），供任何人用 zhipei-verify 核对；不含个人信息
    Export(Export),
    /// 注销学员的账号
    Erase(Erase),
    /// 个人信息的密钥
    #[command(subcommand)]
    Vault(VaultCommand),
    /// 为压力测试准备已登录的学员（只用于空的数据库）
    LoadAccounts(LoadAccounts),
    /// 输出接口文档（OpenAPI）
    Openapi,
    /// 输出权限矩阵：每个地址谁能调用
    AccessMatrix,
}

#[derive(Args)]
struct Verify {
    /// 只核一名学员（登录名）
    #[arg(long)]
    learner: Option<String>,
    /// 另处保存的封存：编号:散列值
    #[arg(long, value_parser = outside_seal)]
    root: Option<(u64, Hash)>,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Export {
    /// 一名学员（登录名）
    #[arg(long)]
    learner: Option<String>,
    /// 一个班的全部学员（班期代码）
    #[arg(long)]
    class: Option<String>,
}

fn outside_seal(text: &str) -> Result<(u64, Hash), String> {
    let (number, hash) = text.split_once(':').ok_or("须写成 编号:散列值")?;
    let number = number.parse().map_err(|_| "编号不是整数")?;
    Ok((
        number,
        Hash::parse(hash).ok_or("散列值须为 64 位小写十六进制数字")?,
    ))
}

#[derive(Subcommand)]
enum InstitutionCommand {
    /// 添加
    Add {
        /// 全称
        #[arg(long)]
        name: String,
        /// 行政区划代码，如 469002
        #[arg(long)]
        region: RegionCode,
    },
}

#[derive(Subcommand)]
enum LearnerCommand {
    /// 添加；不给密码时生成一个，只显示这一次
    Add {
        /// 登录名
        #[arg(long)]
        login_name: String,
        /// 姓名
        #[arg(long)]
        name: String,
        /// 行政区划代码
        #[arg(long)]
        region: RegionCode,
        /// 机构名单已核实身份
        #[arg(long)]
        confirmed: bool,
        /// 从标准输入读密码
        #[arg(long)]
        password_stdin: bool,
    },
}

#[derive(Subcommand)]
enum CourseCommand {
    /// 导入一个文件夹：courses.json 和视频
    Import {
        /// 文件夹
        folder: PathBuf,
    },
}

#[derive(Subcommand)]
enum ClassCommand {
    /// 建班
    Create(NewClass),
    /// 加一门课程
    AddCourse {
        /// 班级编号
        #[arg(long)]
        class: String,
        /// 课程名称
        #[arg(long)]
        course: String,
        /// 选修（不给则为必修）
        #[arg(long)]
        elective: bool,
    },
    /// 生成邀请码
    Invite(Invite),
    /// 导入名单：名单上的人注册时自动确认身份
    Roster(Roster),
    /// 学员入班
    Enrol {
        /// 班级编号
        #[arg(long)]
        class: String,
        /// 登录名，可以给多个
        #[arg(long = "learner", required = true)]
        learners: Vec<String>,
    },
}

#[derive(Args)]
struct NewClass {
    /// 班级编号，如 QH-2026-0317
    #[arg(long)]
    code: String,
    /// 名称
    #[arg(long)]
    title: String,
    /// 培训机构全称
    #[arg(long)]
    institution: String,
    /// 行政区划代码；不给时同培训机构
    #[arg(long)]
    region: Option<RegionCode>,
    /// 第一天，如 2026-11-03
    #[arg(long)]
    starts_on: LocalDay,
    /// 最后一天
    #[arg(long)]
    ends_on: LocalDay,
    /// 线上应学分钟数（24 学时 × 45 分钟 = 1080）
    #[arg(long)]
    required_minutes: i64,
    /// 备案号
    #[arg(long, default_value = "")]
    filing_number: String,
    /// 职业（工种）
    #[arg(long, default_value = "")]
    occupation: String,
    /// 职业代码
    #[arg(long, default_value = "")]
    occupation_code: String,
    /// 等级
    #[arg(long, default_value = "")]
    level: String,
}

#[derive(Subcommand)]
enum PolicyCommand {
    /// 修改规则，只改给出的各项；下次打开课时起生效
    Set(PolicyChange),
}

#[derive(Args)]
struct PolicyChange {
    /// 班级编号
    #[arg(
        long,
        conflicts_with = "platform",
        required_unless_present = "platform"
    )]
    class: Option<String>,
    /// 平台的规则（自由学习）
    #[arg(long)]
    platform: bool,
    /// 随机抽查
    #[arg(long)]
    check: Option<CheckChoice>,
    /// 抽查间隔最短，秒
    #[arg(long)]
    check_min_s: Option<i64>,
    /// 抽查间隔最长，秒
    #[arg(long)]
    check_max_s: Option<i64>,
    /// 应答时限，秒
    #[arg(long)]
    answer_within_s: Option<i64>,
    /// 每轮可试次数
    #[arg(long)]
    tries: Option<u32>,
    /// 登录后先核验人脸
    #[arg(long)]
    face_at_login: Option<bool>,
    /// 每节开始前核验人脸
    #[arg(long)]
    face_at_lesson: Option<bool>,
    /// 可否跳到没看过的地方
    #[arg(long)]
    seek_ahead: Option<bool>,
    /// 最高倍速，千分之一（1000 即 1.0）
    #[arg(long)]
    max_rate_thousandths: Option<i64>,
    /// 每日上限，分钟，0 为不限
    #[arg(long)]
    cap_min: Option<i64>,
    /// 同时打开两处时留下哪一处
    #[arg(long)]
    sessions: Option<SessionChoice>,
    /// 每学时分钟数
    #[arg(long)]
    minutes_per_hour: Option<i64>,
}

#[derive(Clone, Copy, ValueEnum)]
enum CheckChoice {
    /// 不抽查
    Off,
    /// 点一下
    Presence,
    /// 看一下摄像头
    Face,
    /// 看摄像头做动作
    FaceAction,
    /// 短信验证码
    Sms,
}

#[derive(Clone, Copy, ValueEnum)]
enum SessionChoice {
    /// 后打开的接着学
    Newer,
    /// 先打开的留下
    Older,
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// 检查并说明配置
    Check,
}

/// Does what the command line says.
pub async fn run() -> Result<()> {
    let cli = Cli::parse();
    if let Command::Openapi = cli.command {
        println!("{}", openapi());
        return Ok(());
    }
    if let Command::AccessMatrix = cli.command {
        print!("{}", zhipei_api::access_table().matrix());
        return Ok(());
    }
    if let Command::Demo(given) = cli.command {
        let config = given.config(cli.config.as_deref())?;
        log::start(&config.log);
        return demo::run(&given, &config, stop()?).await;
    }
    let config = Config::load(cli.config.as_deref())?;
    log::start(&config.log);
    match cli.command {
        Command::Serve => serve(&config).await,
        Command::Config(ConfigCommand::Check) => {
            println!("{}\n\n配置没有问题。", config.explain());
            Ok(())
        }
        command => {
            let parts = open(&config, None).await?;
            if let Command::Migrate = command {
                return migrate(&parts).await;
            }
            if !parts.db.pending_migrations().await?.is_empty() {
                return Err(Error::NotMigrated);
            }
            let by = Actor::Operator(operator());
            let done = manage(&parts, &config, &by, command).await;
            jobs::join(&parts.db, &parts.clock, &parts.keys.ledger_mac).await;
            parts.db.close().await?;
            done
        }
    }
}

/// The OpenAPI document, as it is checked in.
pub(crate) fn openapi() -> String {
    zhipei_api::openapi()
        .to_pretty_json()
        .expect("the document is plain data")
}

async fn serve(config: &Config) -> Result<()> {
    let app = app(config, None).await?;
    let listener = TcpListener::bind(config.server.listen).await?;
    let address: SocketAddr = listener.local_addr()?;
    tracing::info!(%address, "listening on {address}");
    app.serve(listener, stop()?).await
}

async fn migrate(parts: &Parted) -> Result<()> {
    let pending = parts.db.pending_migrations().await?;
    parts.db.migrate().await?;
    println!("数据库已是最新，这次执行了 {} 个升级。", pending.len());
    Ok(())
}

async fn manage(parts: &Parted, config: &Config, by: &Actor, command: Command) -> Result<()> {
    match command {
        Command::Admin(AdminCommand::Create(new)) => {
            let (link, url) = admin::create(parts, config, by, &new).await?;
            println!(
                "已添加 {}（{}）。请把这个链接交给本人，24 小时内有效，只能用一次：",
                link.account.name.as_str(),
                link.account.login_name
            );
            println!("{url}");
        }
        Command::Regions(RegionsCommand::Import { file }) => {
            println!("{}", admin::import_regions(parts, by, &file).await?);
        }
        Command::Institution(InstitutionCommand::Add { name, region }) => {
            let name = Title::parse(&name)?;
            let now = parts.clock.now();
            let added = parts
                .db
                .write(async |txn| institution::add(txn, by, now, name, region).await)
                .await?;
            println!("已添加培训机构 {}", added.name.as_str());
        }
        Command::Learner(LearnerCommand::Add {
            login_name,
            name,
            region,
            confirmed,
            password_stdin,
        }) => {
            let login_name = LoginName::parse(&login_name)?;
            let given = password_stdin.then(read_password).transpose()?;
            let password = given.clone().unwrap_or_else(demo::password);
            check_new_password(&password, &login_name)?;
            let new = NewLearner {
                login_name,
                identity: Identity::named(PersonName::parse(&name).map_err(Rejection::from)?),
                identity_level: if confirmed {
                    IdentityLevel::Confirmed
                } else {
                    IdentityLevel::Claimed
                },
                region,
                categories: Vec::new(),
                password_hash: parts.hasher.hash(&password).await?,
            };
            let now = parts.clock.now();
            let added = parts
                .db
                .write(async |txn| learner::add(txn, &parts.keys.vault, by, now, new).await)
                .await?;
            println!("已添加学员 {}", added.login_name);
            if given.is_none() {
                println!("密码 {password}");
            }
        }
        Command::Course(CourseCommand::Import { folder }) => {
            for course in import(parts, by, &folder).await? {
                println!("{}　{} 节", course.title.as_str(), course.lessons().count());
            }
        }
        Command::Class(command) => manage_class(parts, by, command).await?,
        Command::Policy(PolicyCommand::Set(change)) => set_policy(parts, by, &change).await?,
        Command::Verify(what) => verify_ledger(parts, &what).await?,
        Command::Export(what) => export_hours(parts, &what).await?,
        Command::Erase(given) => people::erase(parts, by, &given).await?,
        Command::Vault(command) => vault::run(parts, config, by, &command).await?,
        Command::LoadAccounts(wanted) => {
            let mut out = std::io::BufWriter::new(std::io::stdout());
            load_accounts::run(parts, by, &wanted, &mut out).await?;
            std::io::Write::flush(&mut out)?;
        }
        Command::Serve
        | Command::Migrate
        | Command::Demo(_)
        | Command::Config(_)
        | Command::Openapi
        | Command::AccessMatrix => unreachable!("run() has dealt with these"),
    }
    Ok(())
}

/// Prints what was checked and everything that is wrong; an error when anything is.
async fn verify_ledger(parts: &Parted, what: &Verify) -> Result<()> {
    let learner = match &what.learner {
        None => None,
        Some(name) => {
            let login_name = LoginName::parse(name)?;
            let found =
                learners::by_login_name(parts.db.read(), &Scope::Platform, &login_name).await;
            Some(named(found, "学员", name)?.id)
        }
    };
    let report = verify(&parts.db, &parts.keys, learner, what.root).await?;
    println!(
        "已核 {} 名学员、{} 条记录、{} 条审计记录、{} 次封存",
        report.learners, report.entries, report.audit_rows, report.seals
    );
    if let Some((number, hash)) = report.newest_seal {
        println!("最新封存 {number}:{hash}");
    }
    if report.findings.is_empty() {
        println!("没有发现改动。");
        return Ok(());
    }
    for finding in &report.findings {
        println!("{finding}");
    }
    Err(Error::Tampered(report.findings.len()))
}

/// Writes the export to standard output.
async fn export_hours(parts: &Parted, what: &Export) -> Result<()> {
    let db = parts.db.read();
    let learners = if let Some(name) = &what.learner {
        let login_name = LoginName::parse(name)?;
        let found = learners::by_login_name(db, &Scope::Platform, &login_name).await;
        vec![named(found, "学员", name)?.id]
    } else {
        let code = what.class.as_deref().unwrap_or_default();
        let class = named(training_classes::by_code(db, code).await, "班期", code)?;
        let enrolled = enrolments::of_class(db, &Scope::Platform, class.id).await?;
        enrolled.iter().map(|enrolment| enrolment.learner).collect()
    };
    let mut out = std::io::BufWriter::new(std::io::stdout());
    let now = parts.clock.now();
    export(&parts.db, &parts.keys, &learners, now, &mut out).await?;
    Ok(std::io::Write::flush(&mut out)?)
}

async fn manage_class(parts: &Parted, by: &Actor, command: ClassCommand) -> Result<()> {
    let now = parts.clock.now();
    match command {
        ClassCommand::Create(new) => {
            let found = institutions::by_name(parts.db.read(), &new.institution).await;
            let institution = named(found, "培训机构", &new.institution)?;
            let class = TrainingClass {
                id: ClassId(Uuid::now_v7()),
                institution: institution.id,
                code: Title::parse(&new.code)?,
                title: Title::parse(&new.title)?,
                filing_number: new.filing_number,
                occupation: new.occupation,
                occupation_code: new.occupation_code,
                level: new.level,
                region: new.region.unwrap_or(institution.region),
                window: Window::new(new.starts_on, new.ends_on)?,
                required_ms: new.required_minutes.max(0) * 60_000,
                high_risk: false,
                created_at: now,
            };
            let rules = policies::newest(parts.db.read(), CreditScope::Platform).await?;
            parts
                .db
                .write(async |txn| training_class::create(txn, by, now, &class, rules).await)
                .await?;
            println!("已建班 {}（{}）", class.title.as_str(), class.code.as_str());
        }
        ClassCommand::AddCourse {
            class,
            course,
            elective,
        } => {
            let class = class_by_code(parts, &class).await?;
            let title = Title::parse(&course)?;
            let found = courses::by_title(parts.db.read(), &title).await;
            let course = named(found, "课程", &course)?;
            parts
                .db
                .write(async |txn| {
                    training_class::add_course(txn, by, now, class.id, course.id, !elective).await
                })
                .await?;
            println!(
                "已把 {} 加入 {}",
                course.title.as_str(),
                class.title.as_str()
            );
        }
        ClassCommand::Invite(given) => {
            let class = class_by_code(parts, &given.class).await?;
            people::invite(parts, by, class.id, &given).await?;
        }
        ClassCommand::Roster(given) => {
            let class = class_by_code(parts, &given.class).await?;
            people::roster(parts, by, class.id, given.file()).await?;
        }
        ClassCommand::Enrol {
            class,
            learners: names,
        } => {
            let class = class_by_code(parts, &class).await?;
            let mut joining = Vec::new();
            for name in &names {
                let login_name = LoginName::parse(name)?;
                let found =
                    learners::by_login_name(parts.db.read(), &Scope::Platform, &login_name).await;
                joining.push(named(found, "学员", name)?);
            }
            let enrolled: zhipei_actions::Result<()> = parts
                .db
                .write(async |txn| {
                    for learner in &joining {
                        enrolment::enrol(txn, by, now, learner, class.id).await?;
                    }
                    Ok(())
                })
                .await;
            enrolled?;
            println!("{} 名学员已加入 {}", joining.len(), class.title.as_str());
        }
    }
    Ok(())
}

async fn set_policy(parts: &Parted, by: &Actor, change: &PolicyChange) -> Result<()> {
    let scope = match &change.class {
        Some(code) => CreditScope::Class(class_by_code(parts, code).await?.id),
        None => CreditScope::Platform,
    };
    let now = parts.clock.now();
    let set: zhipei_actions::Result<Policy> = parts
        .db
        .write(async |txn| {
            let rules = change.applied_to(policies::newest(txn, scope).await?);
            policy::set(txn, by, now, scope, rules).await
        })
        .await;
    println!("规则已是第 {} 版，下次打开课时起生效。", set?.version);
    Ok(())
}

impl PolicyChange {
    fn applied_to(&self, mut rules: Policy) -> Policy {
        fn set<T: Copy>(rule: &mut T, given: Option<T>) {
            if let Some(given) = given {
                *rule = given;
            }
        }
        let kind = self.check.map(|choice| match choice {
            CheckChoice::Off => CheckKind::Off,
            CheckChoice::Presence => CheckKind::Presence,
            CheckChoice::Face => CheckKind::Face,
            CheckChoice::FaceAction => CheckKind::FaceAction,
            CheckChoice::Sms => CheckKind::Sms,
        });
        let sessions = self.sessions.map(|choice| match choice {
            SessionChoice::Newer => SessionRule::Newer,
            SessionChoice::Older => SessionRule::Older,
        });
        set(&mut rules.check.kind, kind);
        set(
            &mut rules.check.min_ms,
            self.check_min_s.map(|s| s.saturating_mul(1_000)),
        );
        set(
            &mut rules.check.max_ms,
            self.check_max_s.map(|s| s.saturating_mul(1_000)),
        );
        set(&mut rules.check.answer_within_s, self.answer_within_s);
        set(&mut rules.check.tries, self.tries);
        set(&mut rules.face_at_login, self.face_at_login);
        set(&mut rules.face_at_lesson, self.face_at_lesson);
        set(&mut rules.seek_ahead, self.seek_ahead);
        set(&mut rules.max_rate_thousandths, self.max_rate_thousandths);
        set(&mut rules.cap_min, self.cap_min);
        set(&mut rules.sessions, sessions);
        set(&mut rules.minutes_per_hour, self.minutes_per_hour);
        rules
    }
}

async fn class_by_code(parts: &Parted, code: &str) -> Result<TrainingClass> {
    named(
        training_classes::by_code(parts.db.read(), code).await,
        "培训班",
        code,
    )
}

fn named<T>(found: zhipei_storage::Result<T>, kind: &str, name: &str) -> Result<T> {
    found.map_err(|error| match error {
        zhipei_storage::Error::NotFound => Error::Missing(format!("{kind}：{name}")),
        other => other.into(),
    })
}

fn read_password() -> Result<String> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Ends at SIGTERM or Ctrl-C.
fn stop() -> Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_checked_in_interface_document_is_fresh() {
        let checked_in = include_str!("../../api/openapi.json");
        assert!(
            checked_in.trim_end() == openapi().trim_end(),
            "run: zhipei openapi > crates/api/openapi.json"
        );
    }

    #[test]
    fn mlps_04_the_checked_in_access_matrix_is_fresh() {
        assert!(
            include_str!("../../api/access-matrix.md") == zhipei_api::access_table().matrix(),
            "run: zhipei access-matrix > crates/api/access-matrix.md"
        );
    }

    #[test]
    fn a_policy_change_leaves_alone_what_it_does_not_name() {
        let cli = Cli::try_parse_from([
            "zhipei",
            "policy",
            "set",
            "--class",
            "QH-1",
            "--cap-min",
            "0",
        ]);
        let Command::Policy(PolicyCommand::Set(change)) = cli.unwrap_or_else(|e| e.exit()).command
        else {
            panic!("another command");
        };
        let changed = change.applied_to(Policy::default());
        let expected = Policy {
            cap_min: 0,
            ..Policy::default()
        };
        assert_eq!(changed, expected);
    }
}
