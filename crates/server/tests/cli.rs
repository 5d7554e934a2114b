//! The command line, run as an operator runs it.

use std::path::Path;
use std::process::{Command, Output};

use zhipei_storage::{Db, audit, staff_accounts};

fn zhipei(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_zhipei"))
        .args(arguments)
        .current_dir(folder)
        .env("ZHIPEI_DATA__FOLDER", folder)
        .env("USER", "operator")
        .env_remove("SUDO_USER")
        .output()
        .expect("the program starts")
}

fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = zhipei(folder, arguments);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {text}{errors}");
    text
}

#[tokio::test]
async fn mlps_23_every_verb_that_changes_something_leaves_rows_by_the_operator() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    done(at, &["migrate"]);
    let url = format!("sqlite://{}", at.join("zhipei.db").display());
    let db = Db::connect(&url, 1).await.unwrap();
    std::fs::write(
        at.join("gd.csv"),
        "code,parent,name\n440000,,广东省\n440100,440000,广州市\n",
    )
    .unwrap();
    let verbs: [&[&str]; 8] = [
        &[
            "admin",
            "create",
            "--role",
            "system_administrator",
            "--login-name",
            "chenjing",
            "--name",
            "陈静",
        ],
        &["regions", "import", "gd.csv"],
        &[
            "admin",
            "create",
            "--role",
            "supervisor",
            "--login-name",
            "guangzhou",
            "--name",
            "广州",
            "--region",
            "440100",
        ],
        &["institution", "add", "--name", "海平", "--region", "469002"],
        &[
            "learner",
            "add",
            "--login-name",
            "fuxiuying",
            "--name",
            "符秀英",
            "--region",
            "469002",
        ],
        &[
            "class",
            "create",
            "--code",
            "QH-1",
            "--title",
            "电工",
            "--institution",
            "海平",
            "--starts-on",
            "2026-11-01",
            "--ends-on",
            "2026-12-01",
            "--required-minutes",
            "45",
        ],
        &[
            "class",
            "enrol",
            "--class",
            "QH-1",
            "--learner",
            "fuxiuying",
        ],
        &["policy", "set", "--class", "QH-1", "--cap-min", "240"],
    ];
    let mut before = 0;
    for verb in verbs {
        let text = done(at, verb);
        let rows = audit::list(db.read()).await.unwrap();
        assert!(rows.len() > before, "{verb:?}");
        let by_operator = |row: &audit::AuditRow| {
            (row.actor_kind.as_str(), row.actor_id.as_deref()) == ("operator", Some("operator"))
        };
        assert!(rows.iter().all(by_operator), "{verb:?}: {rows:?}");
        before = rows.len();
        if verb[0] == "admin" {
            let link = text.lines().last().unwrap();
            assert!(
                link.starts_with("http://127.0.0.1:8080/staff/join#"),
                "{text}"
            );
            assert_eq!(link.rsplit('#').next().unwrap().len(), 64);
        }
    }
    // Again: nothing new, no harm.
    assert!(
        done(at, &["regions", "import", "gd.csv"]).contains("新增 0 个，改名 0 个，2 个没有变化")
    );
    let verified = done(at, &["verify"]);
    assert!(verified.contains("没有发现改动"), "{verified}");
    assert_eq!(staff_accounts::list(db.read()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn what_breaks_a_rule_is_said_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    done(at, &["migrate"]);
    std::fs::write(
        at.join("bad.csv"),
        "code,parent,name\n440000,,广东省\n440100,449999,广州市\n",
    )
    .unwrap();
    let common = [
        "admin",
        "create",
        "--login-name",
        "chenjing",
        "--name",
        "陈静",
        "--role",
    ];
    for (arguments, said) in [
        (
            [
                &common[..],
                &["system_administrator", "--role", "audit_administrator"],
            ]
            .concat(),
            "三员分立",
        ),
        ([&common[..], &["supervisor"]].concat(), "须指定行政区划"),
        (
            [&common[..], &["supervisor", "--region", "999999"]].concat(),
            "没有这个行政区划",
        ),
        (
            [&common[..], &["institution_manager", "--institution", "无"]].concat(),
            "没有这个培训机构",
        ),
        ([&common[..], &["root"]].concat(), "没有这个角色"),
        (vec!["regions", "import", "bad.csv"], "第 3 行：上级 449999"),
    ] {
        let output = zhipei(at, &arguments);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{arguments:?}");
        assert!(errors.contains(said), "{arguments:?}: {errors}");
    }
    let url = format!("sqlite://{}", at.join("zhipei.db").display());
    let db = Db::connect(&url, 1).await.unwrap();
    assert_eq!(staff_accounts::list(db.read()).await.unwrap().len(), 0);
    assert_eq!(audit::list(db.read()).await.unwrap().len(), 0);
}
