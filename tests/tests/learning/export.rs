//! What is exported proves itself to a stranger, and every change of it is named.

use serde_json::Value;
use zhipei_server::export;
use zhipei_verify::{Report, Verifier};

use crate::tamper::scene;

/// Three minutes verified and sealed, and a little after the seal.
async fn lines() -> Vec<String> {
    let scene = scene().await;
    let mut ana = scene.player("pc").await;
    ana.open(0).await;
    ana.play(180_000, 20_000).await;
    ana.close().await;
    let mut out = Vec::new();
    let (db, now) = (scene.app.db(), scene.app.clock.now());
    export(
        db,
        &scene.app.keys,
        &[scene.learner.learner.id],
        now,
        &mut out,
    )
    .await
    .unwrap();
    let text = String::from_utf8(out).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn check(lines: &[String], root: Option<(u64, zhipei_ledger::Hash)>) -> Report {
    let mut verifier = Verifier::new(root);
    for line in lines {
        verifier.feed(line);
    }
    verifier.finish()
}

fn faults(lines: &[String]) -> Vec<String> {
    let faults = check(lines, None).faults;
    faults.iter().map(ToString::to_string).collect()
}

/// The lines with `change` made to the first one of `kind` that it says it changed.
fn changed(lines: &[String], kind: &str, change: impl Fn(&mut Value) -> bool) -> Vec<String> {
    let mut lines = lines.to_vec();
    for line in &mut lines {
        let mut value: Value = serde_json::from_str(line).unwrap();
        if value["type"] == kind && change(&mut value) {
            *line = value.to_string();
            return lines;
        }
    }
    panic!("no {kind} was changed");
}

#[tokio::test]
async fn an_export_proves_itself_to_whoever_has_nothing_else() {
    let lines = lines().await;
    let report = check(&lines, None);
    assert_eq!(report.faults, []);
    assert_eq!((report.learners, report.seals), (1, 1));
    assert!(report.entries > 3 && report.unsealed > 0, "{report:?}");
    let verified = report.totals["verified"];
    assert!((179_000..=180_000).contains(&verified), "{verified}");
    // The copy kept outside fits, and another one does not.
    let (number, hash) = report.newest_seal.unwrap();
    assert_eq!(check(&lines, Some((number, hash))).faults, []);
    let other = zhipei_ledger::Hash([1; 32]);
    assert_eq!(check(&lines, Some((number, other))).faults.len(), 1);
    // Nothing in it names the learner.
    assert!(!lines.concat().contains("符秀英"));
}

#[tokio::test]
async fn every_change_of_an_export_is_named() {
    let lines = lines().await;
    let set = |field: &'static str, to: Value| {
        move |value: &mut Value| {
            value[field] = to.clone();
            true
        }
    };
    let more = |value: &mut Value| {
        value["ms"] = (value["ms"].as_i64().unwrap() + 1_000).into();
        true
    };
    // A body that credits more, as if it had been written so: only the seal knows better.
    let forged_body = |value: &mut Value| {
        let is_credit = value["kind"] == "credit";
        if is_credit {
            let mut body: Value = serde_json::from_str(value["body"].as_str().unwrap()).unwrap();
            body["device_id"] = "other".into();
            value["body"] = body.to_string().into();
        }
        is_credit
    };
    let without = |kind: &str| {
        let mut rest = lines.clone();
        let at = rest
            .iter()
            .position(|line| line.contains(&format!("\"type\":\"{kind}\"")));
        rest.remove(at.unwrap());
        rest
    };
    let zero = "0".repeat(64);
    let cases = [
        (
            "an interval made longer",
            changed(&lines, "interval", more),
            "的 ms 为",
        ),
        (
            "an interval verified by hand",
            changed(&lines, "interval", |value| {
                let is_pending = value["state"] == "pending";
                value["state"] = "verified".into();
                is_pending
            }),
            "的 state 为",
        ),
        ("an interval left out", without("interval"), "学时表中没有"),
        (
            "an entry changed",
            changed(&lines, "entry", forged_body),
            "第 1 号封印不符",
        ),
        ("an entry left out", without("entry"), "第 1 号封印不符"),
        (
            "an entry's MAC changed",
            changed(&lines, "entry", set("mac", zero.clone().into())),
            "第 1 号封印不符",
        ),
        (
            "the digest changed",
            changed(&lines, "sealed_head", set("digest", zero.clone().into())),
            "第 1 号封印不符",
        ),
        (
            "the sealed head left out",
            without("sealed_head"),
            "尚未封存",
        ),
        (
            "the seal's root changed",
            changed(&lines, "seal", set("root", zero.clone().into())),
            "第 1 号封印的签名不符",
        ),
        ("the seal left out", without("seal"), "第 1 号封印不符"),
        (
            "another key",
            changed(
                &lines,
                "key",
                set(
                    "ed25519",
                    "9e42e7e3ffd1cc5d0d8e1cf2f6ac3d6b0a5ea1ef4dc1b9f6f8a1e9a5a2b5b7d1".into(),
                ),
            ),
            "第",
        ),
        (
            "a shorter lesson",
            changed(&lines, "lesson", set("length_ms", 1_000.into())),
            "超出课时的范围",
        ),
        (
            "a line that is none",
            [&lines[..], &["{}".to_owned()]].concat(),
            "不合导出格式",
        ),
    ];
    for (what, lines, named) in cases {
        let faults = faults(&lines);
        let is_named = faults.iter().any(|fault| fault.contains(named));
        assert!(is_named, "{what}: {faults:?}");
    }
}
