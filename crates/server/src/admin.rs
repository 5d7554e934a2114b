//! `zhipei admin` and `zhipei regions`: the first accounts of staff, and the regions of other provinces.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Deserialize;
use zhipei_actions::login::LoginToken;
use zhipei_actions::staff::{self, NewStaff};
use zhipei_actions::{region, staff::Link};
use zhipei_domain::{
    Actor, AddressRange, Charge, Duties, ListedRegion, LocalDay, LoginName, RegionCode, Rejection,
    Role, Title,
};
use zhipei_storage::institutions;

use crate::app::Parted;
use crate::config::Config;
use crate::keys::random;
use crate::{Error, Result};

#[derive(Subcommand)]
pub(crate) enum AdminCommand {
    /// 添加一个平台人员账号，输出 24 小时内有效、只能用一次的链接
    Create(NewAdmin),
}

#[derive(Args)]
pub(crate) struct NewAdmin {
    /// 角色，可以给多个；写错时列出可选的
    #[arg(long = "role", required = true, value_parser = role)]
    roles: Vec<Role>,
    /// 登录名
    #[arg(long)]
    login_name: String,
    /// 姓名
    #[arg(long)]
    name: String,
    /// 监管账号的行政区划代码
    #[arg(long, conflicts_with = "institution")]
    region: Option<RegionCode>,
    /// 机构管理员的培训机构全称
    #[arg(long)]
    institution: Option<String>,
    /// 只能从这些地址使用，如 10.20.0.0/16，可以给多个
    #[arg(long = "range")]
    ranges: Vec<AddressRange>,
    /// 最后一天，如 2027-01-31
    #[arg(long)]
    last_day: Option<LocalDay>,
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| {
        let known: Vec<&str> = Role::ALL.into_iter().map(Role::as_str).collect();
        format!("没有这个角色；可以是 {}", known.join("、"))
    })
}

#[derive(Subcommand)]
pub(crate) enum RegionsCommand {
    /// 导入行政区划（CSV，表头 code,parent,name；重复导入无害）
    Import {
        /// 文件，UTF-8
        file: PathBuf,
    },
}

/// Adds an account of staff; returns its link.
pub(crate) async fn create(
    parts: &Parted,
    config: &Config,
    by: &Actor,
    new: &NewAdmin,
) -> Result<(Link, String)> {
    let charge = match (&new.region, &new.institution) {
        (Some(region), _) => Charge::Region(region.clone()),
        (None, Some(name)) => match institutions::by_name(parts.db.read(), name).await {
            Err(zhipei_storage::Error::NotFound) => {
                return Err(Rejection::UnknownInstitution.into());
            }
            found => Charge::Institution(found?.id),
        },
        (None, None) => Charge::Platform,
    };
    let new = NewStaff {
        login_name: LoginName::parse(&new.login_name)?,
        name: Title::parse(&new.name)?,
        duties: Duties::new(new.roles.iter().copied(), charge)?,
        ranges: new.ranges.clone(),
        expires_at: new.last_day.map(LocalDay::end_ms),
    };
    let token = LoginToken::from_random(random());
    let (ring, now) = (&parts.keys.vault, parts.clock.now());
    let link = parts
        .db
        .write(async |txn| {
            let account = staff::add(txn, by, ring, now, new.clone()).await?;
            staff::make_link(txn, by, ring, now, account.id, &token).await
        })
        .await?;
    Ok((link, token.link(&config.server.public_url)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    code: String,
    #[serde(default)]
    parent: String,
    name: String,
}

/// Takes a list of regions into the tree; says what it changed.
pub(crate) async fn import_regions(parts: &Parted, by: &Actor, file: &Path) -> Result<String> {
    let list = read_list(file)?;
    let now = parts.clock.now();
    let imported = parts
        .db
        .write(async |txn| region::import(txn, by, now, &list).await)
        .await?;
    match imported {
        Ok(changes) => Ok(format!(
            "新增 {} 个，改名 {} 个，{} 个没有变化。",
            changes.added.len(),
            changes.renamed.len(),
            changes.unchanged
        )),
        Err(faults) => {
            let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
            Err(Error::Regions(lines.join("\n")))
        }
    }
}

fn read_list(file: &Path) -> Result<Vec<ListedRegion>> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Error::Regions(format!("{} 读不出来：{error}", file.display())))?;
    // Spreadsheets put a mark at the beginning.
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headers = reader.headers().cloned().unwrap_or_default();
    let mut list = Vec::new();
    let mut faults = Vec::new();
    for record in reader.records() {
        let line = |position: Option<&csv::Position>| position.map_or(0, csv::Position::line);
        match record {
            Ok(record) => {
                let number = line(record.position());
                match record.deserialize::<Row>(Some(&headers)) {
                    Ok(row) => list.push(ListedRegion {
                        line: number,
                        code: row.code,
                        parent: row.parent,
                        name: row.name,
                    }),
                    Err(_) => faults.push(format!("第 {number} 行：须有 code、parent、name 三列")),
                }
            }
            Err(error) => {
                let number = line(error.position());
                faults.push(format!("第 {number} 行：列数与表头不同，或引号不成对"));
            }
        }
    }
    if faults.is_empty() {
        Ok(list)
    } else {
        Err(Error::Regions(faults.join("\n")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_regions_is_read_with_its_lines_and_faulty_rows_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("regions.csv");
        std::fs::write(
            &file,
            "\u{feff}code,parent,name\n440000,,广东省\n440100,440000,\"广州市\"\n",
        )
        .unwrap();
        let list = read_list(&file).unwrap();
        assert_eq!((list[1].line, list[1].name.as_str()), (3, "广州市"));
        std::fs::write(
            &file,
            "code,parent,name\n440000,广东省\n440100,440000,广州市,x\n",
        )
        .unwrap();
        let refused = read_list(&file).unwrap_err().to_string();
        assert!(
            refused.contains("第 2 行") && refused.contains("第 3 行"),
            "{refused}"
        );
        std::fs::write(&file, "代码,上级,名称\n440000,,广东省\n").unwrap();
        assert!(read_list(&file).unwrap_err().to_string().contains("code"));
    }
}
