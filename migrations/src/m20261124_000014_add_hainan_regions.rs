//! The regions of Hainan. Source: the codes of the National Bureau of Statistics (GB/T 2260) as of 2024;
//! Yangpu (洋浦), which they list as a street only, has a code of our own.
//!
//! 469xxx cities and counties hang directly under the province; Danzhou (儋州) has no districts.

use sea_orm_migration::prelude::*;

const PROVINCE: &str = "460000";

/// Code, parent, name: parents first.
const REGIONS: [(&str, Option<&str>, &str); 32] = [
    (PROVINCE, None, "海南省"),
    ("460100", Some(PROVINCE), "海口市"),
    ("460105", Some("460100"), "秀英区"),
    ("460106", Some("460100"), "龙华区"),
    ("460107", Some("460100"), "琼山区"),
    ("460108", Some("460100"), "美兰区"),
    ("460200", Some(PROVINCE), "三亚市"),
    ("460202", Some("460200"), "海棠区"),
    ("460203", Some("460200"), "吉阳区"),
    ("460204", Some("460200"), "天涯区"),
    ("460205", Some("460200"), "崖州区"),
    ("460300", Some(PROVINCE), "三沙市"),
    ("460321", Some("460300"), "西沙群岛"),
    ("460322", Some("460300"), "南沙群岛"),
    ("460323", Some("460300"), "中沙群岛的岛礁及其海域"),
    ("460400", Some(PROVINCE), "儋州市"),
    ("469001", Some(PROVINCE), "五指山市"),
    ("469002", Some(PROVINCE), "琼海市"),
    ("469005", Some(PROVINCE), "文昌市"),
    ("469006", Some(PROVINCE), "万宁市"),
    ("469007", Some(PROVINCE), "东方市"),
    ("469021", Some(PROVINCE), "定安县"),
    ("469022", Some(PROVINCE), "屯昌县"),
    ("469023", Some(PROVINCE), "澄迈县"),
    ("469024", Some(PROVINCE), "临高县"),
    ("469025", Some(PROVINCE), "白沙黎族自治县"),
    ("469026", Some(PROVINCE), "昌江黎族自治县"),
    ("469027", Some(PROVINCE), "乐东黎族自治县"),
    ("469028", Some(PROVINCE), "陵水黎族自治县"),
    ("469029", Some(PROVINCE), "保亭黎族苗族自治县"),
    ("469030", Some(PROVINCE), "琼中黎族苗族自治县"),
    ("46YP00", Some(PROVINCE), "洋浦经济开发区"),
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (code, parent, name) in REGIONS {
            let insert = Query::insert()
                .into_table("region")
                .columns(["code", "parent_code", "name"])
                .values_panic([code.into(), parent.into(), name.into()])
                .on_conflict(OnConflict::column("code").do_nothing().to_owned())
                .take();
            manager.execute(insert).await?;
        }
        Ok(())
    }

    /// The rows stay: learners and classes may name them. They go with their table.
    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}
