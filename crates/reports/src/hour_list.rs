//! The hour list (学时统计清单): an A4 page that a clerk accepts, in which every column adds up.

use std::fmt::Write as _;

use askama::Template;
use zhipei_domain::{CreditHours, LocalDay, TotalHours, UnixMs, local_parts};

/// What is on the paper.
#[derive(Clone, Debug)]
pub struct HourList {
    /// Whose hours.
    pub learner_name: String,
    /// What they log in with.
    pub login_name: String,
    /// How well it is known who they are, in a word.
    pub identity: String,
    /// The class.
    pub class_title: String,
    /// Its code.
    pub class_code: String,
    /// Who runs it.
    pub institution: String,
    /// Its filing number.
    pub filing_number: String,
    /// Occupation, code and level.
    pub occupation: String,
    /// First and last day of the class.
    pub window: String,
    /// What comes after this moment is not on the list.
    pub cut_off: UnixMs,
    /// What the class asks for.
    pub required_hours: CreditHours,
    /// The totals, floored.
    pub hours: TotalHours,
    /// The credited milliseconds behind them.
    pub verified_ms: i64,
    /// Minutes that make one credit hour.
    pub minutes_per_hour: i64,
    /// One a day, in order.
    pub rows: Vec<HourListRow>,
    /// What does not count or waits, and why, in words.
    pub notes: Vec<String>,
    /// Who prints.
    pub printed_by: String,
    /// When.
    pub printed_at: UnixMs,
    /// Where the screen goes back to.
    pub back_url: String,
}

/// One day.
#[derive(Clone, Debug)]
pub struct HourListRow {
    /// The day.
    pub day: LocalDay,
    /// What was learned.
    pub title: String,
    /// When it began and ended.
    pub times: (UnixMs, UnixMs),
    /// Random checks passed, and ended in all.
    pub checks: (usize, usize),
    /// Credited milliseconds.
    pub verified_ms: i64,
    /// Credited hours; the rows add up to the total.
    pub hours: CreditHours,
}

#[derive(Template)]
#[template(path = "hour_list.html")]
struct Page<'a> {
    list: &'a HourList,
    rows: Vec<PrintedRow<'a>>,
    total_minutes: String,
    cut_off: String,
    printed_at: String,
    running_foot: String,
    nonce: &'a str,
}

struct PrintedRow<'a> {
    day: LocalDay,
    title: &'a str,
    times: String,
    checks: String,
    minutes: String,
    hours: CreditHours,
}

impl HourList {
    /// The page as HTML. Its own style and script carry `nonce`, so that a strict content security
    /// policy lets them run and nothing else.
    pub fn render(&self, nonce: &str) -> Result<String, askama::Error> {
        let mut running_ms = 0;
        let rows = self
            .rows
            .iter()
            .map(|row| {
                let before_s = running_ms / 1_000;
                running_ms += row.verified_ms;
                PrintedRow {
                    day: row.day,
                    title: &row.title,
                    times: format!("{} – {}", clock(row.times.0), clock(row.times.1)),
                    checks: format!("{} / {}", row.checks.0, row.checks.1),
                    minutes: minutes(running_ms / 1_000 - before_s),
                    hours: row.hours,
                }
            })
            .collect();
        let foot = format!(
            "{}　{}　统计截止 {}",
            self.learner_name,
            self.class_code,
            moment(self.cut_off)
        );
        let page = Page {
            list: self,
            rows,
            total_minutes: minutes(self.verified_ms / 1_000),
            cut_off: moment(self.cut_off),
            printed_at: moment(self.printed_at),
            running_foot: css_string(&foot),
            nonce,
        };
        page.render()
    }

    /// Papers that try the template: none, one and many rows, long and rare words.
    pub fn samples() -> Vec<(&'static str, Self)> {
        let two_hundred = (0..200).map(|n| sample_row(20_000 + n, 1_000_123 + i64::from(n) * 977));
        let long =
            "高危行业企业主要负责人和安全生产管理人员再培训（含应急处置与现场急救）".repeat(3);
        vec![
            ("empty", sample(Vec::new())),
            ("one", sample(vec![sample_row(20_761, 486_000)])),
            ("two_hundred", sample(two_hundred.collect())),
            (
                "long_and_rare",
                Self {
                    learner_name: "𬱖𫛚·阿卜杜热合曼·买买提明 <b>&\"\\".to_owned(),
                    class_title: long.clone(),
                    institution: long,
                    notes: vec!["</style><script>alert(1)</script>".to_owned()],
                    ..sample(vec![sample_row(20_761, 59_999)])
                },
            ),
        ]
    }
}

fn sample(rows: Vec<HourListRow>) -> HourList {
    let verified_ms = rows.iter().map(|row| row.verified_ms).sum();
    let mut running = 0;
    let rows = rows
        .into_iter()
        .map(|row| {
            let before = CreditHours::floor(running, 45);
            running += row.verified_ms;
            HourListRow {
                hours: CreditHours::floor(running, 45) - before,
                ..row
            }
        })
        .collect();
    HourList {
        learner_name: "符秀英".to_owned(),
        login_name: "demo01".to_owned(),
        identity: "已确认".to_owned(),
        class_title: "电工（五级）2026 年第 3 期".to_owned(),
        class_code: "QH-2026-0317".to_owned(),
        institution: "琼海海平职业培训学校".to_owned(),
        filing_number: "琼培备〔2026〕86 号".to_owned(),
        occupation: "电工　6-31-01-03　五级 / 初级工".to_owned(),
        window: "2026-11-03 – 2026-12-20".to_owned(),
        cut_off: 1_795_483_770_000,
        required_hours: CreditHours::floor(64_800_000, 45),
        hours: TotalHours {
            verified: CreditHours::floor(verified_ms, 45),
            pending: CreditHours::floor(410_000, 45),
            void: CreditHours::floor(630_000, 45),
            frozen: CreditHours::default(),
        },
        verified_ms,
        minutes_per_hour: 45,
        rows,
        notes: vec![
            "“不计入”1 段：11 月 24 日 09:06 – 09:17，3.2 触电急救的四个步骤，抽查未应答，10 分 30 秒，可补录。".to_owned(),
        ],
        printed_by: "符秀英".to_owned(),
        printed_at: 1_795_484_040_000,
        back_url: "/".to_owned(),
    }
}

fn sample_row(day: i32, verified_ms: i64) -> HourListRow {
    let day = LocalDay(day);
    let from = day.start_ms() + 70_000_000;
    HourListRow {
        day,
        title: "3.2 触电急救的四个步骤".to_owned(),
        times: (from, from + verified_ms),
        checks: (4, 5),
        verified_ms,
        hours: CreditHours::default(),
    }
}

/// `693:54`: minutes and seconds, however many minutes.
fn minutes(seconds: i64) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// `19:32`.
fn clock(at: UnixMs) -> String {
    let (_, _, _, hour, minute, _) = local_parts(at);
    format!("{hour:02}:{minute:02}")
}

/// `2026 年 11 月 24 日 09:29:30`.
fn moment(at: UnixMs) -> String {
    let (year, month, day, hour, minute, second) = local_parts(at);
    format!("{year} 年 {month} 月 {day} 日 {hour:02}:{minute:02}:{second:02}")
}

/// `text` as a string of CSS inside a `<style>` element: nothing in it can end either.
fn css_string(text: &str) -> String {
    let mut css = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' | '<' | '>' | '&' | '\'' => {
                write!(css, "\\{:x} ", u32::from(c)).expect("a String takes everything");
            }
            c if c.is_control() => {}
            c => css.push(c),
        }
    }
    css.push('"');
    css
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_prints_and_its_columns_add_up() {
        for (name, list) in HourList::samples() {
            let html = list.render("n0nce").unwrap();
            assert!(
                !html.contains("<b>") && !html.contains("<script>alert"),
                "{name}"
            );
            let sum: i64 = list.rows.iter().map(|row| row.hours.hundredths()).sum();
            assert_eq!(sum, list.hours.verified.hundredths(), "{name}");

            let printed: Vec<&str> = html
                .split("<td class=\"number\">")
                .skip(1)
                .filter_map(|cell| cell.split_once("</td>").map(|(text, _)| text))
                .collect();
            let seconds: Vec<i64> = printed
                .iter()
                .filter_map(|text| text.split_once(':'))
                .map(|(m, s)| m.parse::<i64>().unwrap() * 60 + s.parse::<i64>().unwrap())
                .collect();
            let (total, rows) = seconds.split_last().unwrap();
            assert_eq!(rows.iter().sum::<i64>(), *total, "{name}");
            assert_eq!(rows.len(), list.rows.len(), "{name}");
        }
    }

    #[test]
    fn no_name_can_leave_the_style_of_the_page_foot() {
        let css = css_string("a\"; } </style>\\ \n'&");
        assert_eq!(css, "\"a\\22 ; } \\3c /style\\3e \\5c  \\27 \\26 \"");
    }
}
