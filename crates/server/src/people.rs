//! What the operator does about people from the command line: rosters, invitations, erasure.

use std::path::{Path, PathBuf};

use clap::Args;
use zhipei_actions::class_invitation::{self, NewInvitation};
use zhipei_actions::erasure;
use zhipei_actions::roster::{self, Expected};
use zhipei_domain::{
    Actor, ClassId, DocumentKind, IdDocument, LearnerId, LoginName, PersonName, Phone, Rejection,
    Scope, rfc3339,
};
use zhipei_storage::{erasures, learners};

use crate::app::Parted;
use crate::{Error, Result};

/// A way into a class.
#[derive(Args)]
pub(crate) struct Invite {
    /// 班级编号
    #[arg(long)]
    pub(crate) class: String,
    /// 每个人都要审核
    #[arg(long)]
    approval: bool,
    /// 有效天数，1 到 180
    #[arg(long, default_value_t = 30)]
    days: i64,
    /// 最多多少人，1 到 2000
    #[arg(long, default_value_t = 100)]
    most: u32,
}

/// Whom a class expects.
#[derive(Args)]
pub(crate) struct Roster {
    /// 班级编号
    #[arg(long)]
    pub(crate) class: String,
    /// 名单文件（UTF-8，逗号或制表符分隔：姓名,证件号码,手机号码[,证件类型]）
    file: PathBuf,
}

/// An account that is to end, or those that have ended.
#[derive(Args)]
#[group(skip)]
pub(crate) struct Erase {
    /// 登录名
    #[arg(long, required_unless_present_any = ["list", "replay"], conflicts_with_all = ["list", "replay"])]
    login_name: Option<String>,
    /// 列出已经销毁密钥的人的编号和时间，不含个人信息；请另处保存，恢复备份以后要用
    #[arg(long, conflicts_with = "replay")]
    list: bool,
    /// 恢复备份以后：把名单（--list 的输出）里的人再销毁一次
    #[arg(long)]
    replay: Option<PathBuf>,
    /// 立即销毁密钥，不等培训记录的保存期满；无法撤销
    #[arg(long)]
    now: bool,
    /// 为什么提前销毁，2 到 200 个字；保存期未满时必填，记入审计日志
    #[arg(long)]
    reason: Option<String>,
}

impl Roster {
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }
}

pub(crate) async fn invite(
    parts: &Parted,
    by: &Actor,
    class: ClassId,
    given: &Invite,
) -> Result<()> {
    let now = parts.clock.now();
    let new = NewInvitation {
        class,
        approval: given.approval,
        expires_at: now + given.days.clamp(0, 10_000) * 86_400_000,
        most_uses: given.most,
    };
    let vault = &parts.keys.vault;
    let made = parts
        .db
        .write(async |txn| class_invitation::create(txn, vault, by, now, new).await)
        .await?;
    println!(
        "邀请码 {}，{} 前有效，最多 {} 人。",
        made.code,
        rfc3339(made.expires_at),
        made.most_uses
    );
    Ok(())
}

/// All of the file, or nothing of it.
pub(crate) async fn roster(parts: &Parted, by: &Actor, class: ClassId, file: &Path) -> Result<()> {
    let text = std::fs::read_to_string(file)?;
    let expected = read(&text)?;
    let (keys, now) = (parts.keys.of_people(), parts.clock.now());
    let count = expected.len();
    parts
        .db
        .write(async |txn| {
            for person in expected {
                roster::add(txn, &keys, by, now, class, person).await?;
            }
            Ok::<_, zhipei_actions::Error>(())
        })
        .await?;
    println!("名单已加入 {count} 人。");
    Ok(())
}

pub(crate) async fn erase(parts: &Parted, by: &Actor, given: &Erase) -> Result<()> {
    let db = parts.db.read();
    if let Some(file) = &given.replay {
        return replay(parts, by, file).await;
    }
    let Some(login_name) = &given.login_name else {
        for (learner, at) in erasures::done(db).await? {
            println!("{learner} {}", rfc3339(at));
        }
        return Ok(());
    };
    let name = LoginName::parse(login_name)?;
    let learner = match learners::by_login_name(db, &Scope::Platform, &name).await {
        Err(zhipei_storage::Error::NotFound) => {
            return Err(Error::Missing(format!("学员：{login_name}")));
        }
        found => found?.id,
    };
    let (keys, now) = (parts.keys.of_people(), parts.clock.now());
    if given.now {
        let reason = given.reason.as_deref();
        parts
            .db
            .write(async |txn| erasure::erase_now(txn, &keys, by, now, learner, reason).await)
            .await?;
        println!("密钥已销毁，这个人的信息不能再读出。");
        return Ok(());
    }
    let closed = parts
        .db
        .write(async |txn| erasure::request(txn, &keys, by, now, learner).await)
        .await?;
    match closed.erasure.done_at {
        Some(_) => println!("没有须保存的培训记录，密钥已销毁。"),
        None => println!(
            "账号已停用，培训记录保存到 {}，期满自动销毁。",
            rfc3339(closed.erasure.due_at)
        ),
    }
    Ok(())
}

/// Does again what a restored backup has forgotten. One transaction a person: what is done stays done.
async fn replay(parts: &Parted, by: &Actor, file: &Path) -> Result<()> {
    let text = std::fs::read_to_string(file)?;
    let erased = read_erased(&text)?;
    let (keys, now) = (parts.keys.of_people(), parts.clock.now());
    let mut again = 0;
    for learner in &erased {
        let done = parts
            .db
            .write(async |txn| erasure::replay(txn, &keys, by, now, *learner).await)
            .await?;
        again += u32::from(done);
    }
    println!(
        "名单上有 {} 人，重新销毁了 {again} 人的密钥。",
        erased.len()
    );
    Ok(())
}

/// A line a person: the id, and whatever follows it.
fn read_erased(text: &str) -> Result<Vec<LearnerId>> {
    let lines = (1..).zip(text.trim_start_matches('\u{feff}').lines());
    let lines = lines.filter_map(|(number, line)| Some((number, line.split_whitespace().next()?)));
    lines
        .map(|(number, id)| {
            let wrong = |_| Error::Course(format!("第 {number} 行：不是编号"));
            id.parse().map(LearnerId).map_err(wrong)
        })
        .collect()
}

/// A line a person; the first may be a heading. What is wrong is told by the number of its line, never by
/// what stands there.
fn read(text: &str) -> Result<Vec<Expected>> {
    let mut expected = Vec::new();
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let cells: Vec<&str> = line.split([',', '，', '\t']).map(str::trim).collect();
        let heading = number == 1 && cells[0].contains("姓名");
        if heading || line.trim().is_empty() {
            continue;
        }
        let wrong = |rejection: Rejection| Error::Course(format!("第 {number} 行：{rejection}"));
        let [name, document, phone, rest @ ..] = &cells[..] else {
            return Err(Error::Course(format!(
                "第 {number} 行：须有姓名、证件号码、手机号码"
            )));
        };
        let kind = match rest.first() {
            None | Some(&"") => DocumentKind::ResidentId,
            Some(word) => DocumentKind::ALL
                .into_iter()
                .find(|kind| kind.word() == *word || kind.as_str() == *word)
                .ok_or_else(|| Error::Course(format!("第 {number} 行：不认识的证件类型")))?,
        };
        expected.push(Expected {
            name: PersonName::parse(name).map_err(|error| wrong(error.into()))?,
            document: IdDocument::parse(kind, document).map_err(|error| wrong(error.into()))?,
            phone: Phone::parse(phone).map_err(|error| wrong(error.into()))?,
        });
    }
    Ok(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_the_erased_is_read_and_a_wrong_line_is_told_by_its_number() {
        let good = "0199b0f0-0000-7000-8000-000000000001 2026-11-25T01:00:00.000Z\n\n\
                    0199b0f0-0000-7000-8000-000000000002\n";
        assert_eq!(read_erased(good).unwrap().len(), 2);
        let error = read_erased("\nfuxiuying\n")
            .map(|all| all.len())
            .unwrap_err();
        assert!(error.to_string().contains("第 2 行"), "{error}");
    }

    #[test]
    fn a_roster_is_read_line_by_line_and_a_wrong_line_is_told_by_its_number() {
        let good = "\u{feff}姓名,证件号码,手机号码\n符秀英,11010519491231002x,138 0000 0001\n\n\
                    John Smith\tE12345678\t13800000002\t护照\n";
        assert_eq!(read(good).unwrap().len(), 2);
        for (bad, number) in [
            ("符秀英,110105194912310021,13800000001", 1),
            ("姓名,证件号码,手机号码\n符秀英,11010519491231002X", 2),
            ("符秀英,11010519491231002X,123", 1),
            ("符秀英,11010519491231002X,13800000001,驾驶证", 1),
        ] {
            let error = read(bad).map(|all| all.len()).unwrap_err().to_string();
            assert!(error.contains(&format!("第 {number} 行")), "{error}");
            assert!(!error.contains("1105") && !error.contains("138"), "{error}");
        }
    }
}
