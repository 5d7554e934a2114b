//! What does not count, waits or is over the cap, in words for learners.

use zhipei_domain::{LearningInterval, TimeState, UnixMs, Void, local_parts};

use super::Titles;
use crate::record::Record;

/// Notes on the intervals that `choose` takes, for the screen.
pub(crate) fn notes(
    record: &Record,
    titles: &Titles,
    choose: impl Fn(&LearningInterval) -> bool,
) -> Vec<String> {
    let voids = record.hours.voids(&choose);
    let mut notes: Vec<String> = voids
        .iter()
        .map(|void| {
            let what = format!("{} 没有计入，{}。", times(void.from, void.to), reason(void));
            if void.made_up() {
                format!("{what}已经重看，{}都补回来了。", duration(void.ms))
            } else {
                format!(
                    "{what}重看 {} 的 {} 到 {}，就能补回来。",
                    titles.lesson(void.lesson),
                    position(void.media_from),
                    position(void.media_to)
                )
            }
        })
        .collect();
    let frozen_ms = record.hours.totals_where(&choose).frozen_ms;
    if frozen_ms > 0 {
        notes.push(format!(
            "{}待复核，没有扣，等人看过再定。",
            duration(frozen_ms)
        ));
    }
    let over_ms = record.hours.totals_where(&choose).over_cap_ms;
    if over_ms > 0 {
        notes.push(format!(
            "超过每日上限的 {} 没有计入当天，改天重看可以计入。",
            duration(over_ms)
        ));
    }
    notes
}

/// What is still lost or waits for a person, for the paper.
pub(crate) fn outstanding(record: &Record, titles: &Titles) -> Vec<String> {
    let voids: Vec<Void> = record
        .hours
        .voids(|_| true)
        .into_iter()
        .filter(|void| !void.made_up())
        .collect();
    let mut notes = Vec::new();
    if !voids.is_empty() {
        let each: Vec<String> = voids
            .iter()
            .map(|void| {
                format!(
                    "{} {}，{}，{}，{}，可补录",
                    day(void.from),
                    times(void.from, void.to),
                    titles.lesson(void.lesson),
                    reason(void),
                    duration(void.left_ms)
                )
            })
            .collect();
        notes.push(format!("“不计入”{} 段：{}。", voids.len(), each.join("；")));
    }
    let frozen = record.hours.totals_where(|i| i.state == TimeState::Frozen);
    if frozen.frozen_ms > 0 {
        notes.push(format!(
            "“待复核”{}：面孔与登记照不一致，等人工复核。",
            duration(frozen.frozen_ms)
        ));
    }
    notes
}

fn reason(void: &Void) -> &'static str {
    if void.decided {
        "复核后没有通过"
    } else {
        "抽查没有应答"
    }
}

/// `09:06 – 09:17`.
fn times(from: UnixMs, to: UnixMs) -> String {
    let clock = |at| {
        let (_, _, _, hour, minute, _) = local_parts(at);
        format!("{hour:02}:{minute:02}")
    };
    format!("{} – {}", clock(from), clock(to))
}

/// `11 月 24 日`.
fn day(at: UnixMs) -> String {
    let (_, month, day, ..) = local_parts(at);
    format!("{month} 月 {day} 日")
}

/// `10 分 30 秒`.
fn duration(ms: i64) -> String {
    let seconds = ms / 1_000;
    match (seconds / 60, seconds % 60) {
        (0, s) => format!("{s} 秒"),
        (m, 0) => format!("{m} 分钟"),
        (m, s) => format!("{m} 分 {s} 秒"),
    }
}

/// A place in a video: `8:06`.
fn position(ms: i64) -> String {
    let seconds = ms / 1_000;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_places_read_as_people_say_them() {
        assert_eq!(duration(630_000), "10 分 30 秒");
        assert_eq!(duration(600_000), "10 分钟");
        assert_eq!(duration(59_999), "59 秒");
        assert_eq!(position(486_000), "8:06");
        assert_eq!(position(7_384_000), "123:04");
    }
}
