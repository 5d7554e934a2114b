//! `zhipei vault`: new master keys, and the end of old ones.

use std::path::Path;

use clap::Subcommand;
use uuid::Uuid;
use zhipei_actions::vault;
use zhipei_domain::Actor;
use zhipei_storage::{Db, outbox, person_keys, staff_accounts};
use zhipei_vault::KeyRing;

use crate::app::Parted;
use crate::config::Config;
use crate::keys::{self, Keys};
use crate::{Error, Result};

#[derive(Subcommand)]
pub(crate) enum VaultCommand {
    /// 换主密钥：生成新的，把每个人的密钥改用它保护（不改动任何数据）
    Rotate {
        /// 只生成新密钥；多节点时先做这一步，把密钥文件放到各节点并重启，再用 --prepared
        #[arg(long, conflicts_with = "prepared")]
        prepare: bool,
        /// 新密钥已经生成并放到各节点
        #[arg(long)]
        prepared: bool,
    },
    /// 销毁一把旧的主密钥；还有数据用它保护时拒绝。用它保护的旧备份从此读不出来
    Retire {
        /// 编号，即文件名 vault-master-N.key 里的 N
        number: u32,
    },
}

pub(crate) async fn run(
    parts: &Parted,
    config: &Config,
    by: &Actor,
    command: &VaultCommand,
) -> Result<()> {
    let folder = config.key_folder();
    match *command {
        VaultCommand::Rotate { prepare, prepared } => {
            if !prepared {
                let number = keys::add_master(&folder)?;
                println!("新的主密钥是 {number} 号，请把密钥文件夹另行备份。");
            }
            if prepare {
                println!("请把它放到各节点并重启，再运行 zhipei vault rotate --prepared。");
                return Ok(());
            }
            let ring = Keys::in_folder(&folder, config.vault.suite.into())?.vault;
            let began = parts.clock.now();
            let persons = rotate(&parts.db, &ring, by, began).await?;
            let seconds = (parts.clock.now() - began) as f64 / 1_000.0;
            println!(
                "{persons} 人的密钥已改用 {} 保护，用了 {seconds:.1} 秒。",
                ring.newest()
            );
        }
        VaultCommand::Retire { number } => {
            retire(parts, &folder, by, number).await?;
            println!("{number} 号主密钥已销毁。用它保护的旧备份里，个人信息不能再读出。");
        }
    }
    Ok(())
}

/// Wraps the keys of all persons by the newest master key. Returns how many were not yet.
pub async fn rotate(db: &Db, ring: &KeyRing, by: &Actor, now: i64) -> Result<u64> {
    let (mut after, mut persons) = (Uuid::nil(), 0);
    while let Some((last, some)) = db
        .write(async |txn| vault::rewrap(txn, ring, after).await)
        .await?
    {
        after = last;
        persons += some;
    }
    persons += db
        .write(async |txn| vault::rewrap_staff(txn, ring).await)
        .await?;
    db.write(async |txn| vault::rotated(txn, ring, by, now, persons).await)
        .await?;
    Ok(persons)
}

async fn retire(parts: &Parted, folder: &Path, by: &Actor, number: u32) -> Result<()> {
    let name = keys::master_name(number);
    let db = parts.db.read();
    let staff = staff_accounts::wrapped_keys(db).await?;
    let by_this = |wrapped: &String| wrapped.split(':').nth(1) == Some(name.as_str());
    let staff = staff.iter().filter(|(_, key)| by_this(key)).count() as u64;
    let wrapped = person_keys::wrapped_by(db, &name).await? + staff;
    let waiting = outbox::sealed_by(db, &name).await?;
    if wrapped + waiting > 0 {
        return Err(Error::KeyInUse(name, wrapped, waiting));
    }
    let now = parts.clock.now();
    // The row first: a key that is gone without a row would be worse than a row without effect.
    parts
        .db
        .write(async |txn| vault::retired(txn, by, now, &name).await)
        .await?;
    Ok(keys::remove_master(folder, number)?)
}
