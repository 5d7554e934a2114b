//! The golden histories: what an independent oracle expects of the same rules.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use serde_json::Value;
use zhipei_credit::{Earned, LearnerHours};
use zhipei_domain::IntervalId;

#[path = "golden/harness.rs"]
mod harness;

/// Every scenario: `NAME.json` holds one, `chance.jsonl.gz` one a line.
fn scenarios() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/histories");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "json") {
            found.push(serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap());
        } else {
            let mut text = String::new();
            let file = std::fs::File::open(&path).unwrap();
            flate2::read::GzDecoder::new(file)
                .read_to_string(&mut text)
                .unwrap();
            found.extend(text.lines().map(|line| serde_json::from_str(line).unwrap()));
        }
    }
    assert_eq!(found.len(), 557, "all histories are there");
    found
}

fn in_any_order(rows: &Value) -> Vec<String> {
    let mut rows: Vec<String> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(Value::to_string)
        .collect();
    rows.sort();
    rows
}

/// Compares all scenarios; `store` makes a store for each.
fn compare<S>(mut store: impl FnMut() -> S)
where
    S: FnMut(&str, LearnerHours, &BTreeMap<IntervalId, Earned>) -> LearnerHours,
{
    let mut wrong = Vec::new();
    for scenario in scenarios() {
        let history: harness::History =
            serde_json::from_value(scenario["history"].clone()).unwrap();
        let name = scenario["history"]["name"].to_string();
        let found = serde_json::to_value(harness::replay(history, &mut store())).unwrap();
        let expected = &scenario["expected"];
        for part in ["acks", "go_back", "epochs", "challenges"] {
            if expected[part] != found[part] {
                wrong.push(format!("{name}: {part}"));
            }
        }
        for part in ["intervals", "lessons", "days", "hours"] {
            if in_any_order(&expected[part]) != in_any_order(&found[part]) {
                wrong.push(format!("{name}: {part}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differences:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_golden_history_comes_out_as_the_oracle_says() {
    compare(|| |_: &str, hours, _: &_| hours);
}

#[test]
fn a_learner_stored_and_loaded_after_each_event_comes_out_the_same() {
    compare(|| {
        // A heartbeat stores the short text alone; the long one stays as it was stored last.
        let mut long: BTreeMap<String, String> = BTreeMap::new();
        move |name: &str, mut hours: LearnerHours, rows: &BTreeMap<IntervalId, Earned>| {
            let snapshot = hours.snapshot();
            if let Some(cold) = snapshot.cold {
                long.insert(name.to_owned(), cold);
            }
            match long.get(name) {
                Some(cold) => LearnerHours::restore(&snapshot.hot, cold, rows.values()).unwrap(),
                None => hours,
            }
        }
    });
}
