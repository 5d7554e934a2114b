//! Time: whole milliseconds since 1970 UTC, and the local day of Asia/Shanghai.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::{Date, Duration, Month, OffsetDateTime, UtcOffset};

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type UnixMs = i64;

/// Asia/Shanghai is eight hours ahead of UTC, all the year.
const SHANGHAI_MS: i64 = 8 * 3_600_000;
const DAY_MS: i64 = 86_400_000;

/// A local day of Asia/Shanghai, as days since 1970-01-01. Shown as `2026-03-02`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LocalDay(pub i32);

impl LocalDay {
    /// The local day in which `at` falls.
    pub fn of(at: UnixMs) -> Self {
        Self((at + SHANGHAI_MS).div_euclid(DAY_MS) as i32)
    }

    /// The moment at which the day begins.
    pub fn start_ms(self) -> UnixMs {
        i64::from(self.0) * DAY_MS - SHANGHAI_MS
    }

    /// The moment at which the next day begins.
    pub fn end_ms(self) -> UnixMs {
        self.start_ms() + DAY_MS
    }

    fn date(self) -> Date {
        let epoch = Date::from_calendar_date(1970, Month::January, 1).expect("1970-01-01 exists");
        epoch.saturating_add(Duration::days(i64::from(self.0)))
    }
}

impl fmt::Display for LocalDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.date();
        write!(
            f,
            "{:04}-{:02}-{:02}",
            date.year(),
            u8::from(date.month()),
            date.day()
        )
    }
}

/// The text is not a day written as `2026-03-02`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a day written as 2026-03-02")]
pub struct NotADay;

impl FromStr for LocalDay {
    type Err = NotADay;

    fn from_str(text: &str) -> Result<Self, NotADay> {
        let mut parts = text.splitn(3, '-');
        let mut next = || {
            parts
                .next()
                .and_then(|part| part.parse::<i32>().ok())
                .ok_or(NotADay)
        };
        let (year, month, day) = (next()?, next()?, next()?);
        let month = u8::try_from(month)
            .ok()
            .and_then(|m| Month::try_from(m).ok())
            .ok_or(NotADay)?;
        let day = u8::try_from(day).map_err(|_| NotADay)?;
        let date = Date::from_calendar_date(year, month, day).map_err(|_| NotADay)?;
        Ok(Self(date.to_julian_day() - 2_440_588))
    }
}

/// `at` as RFC 3339 in UTC with milliseconds: `2026-11-24T01:29:30.000Z`.
pub fn rfc3339(at: UnixMs) -> String {
    let t = moment(at);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        t.year(),
        u8::from(t.month()),
        t.day(),
        t.hour(),
        t.minute(),
        t.second(),
        t.millisecond()
    )
}

/// `at` on the local wall clock, as `(2026, 11, 24, 9, 29, 30)`.
pub fn local_parts(at: UnixMs) -> (i32, u8, u8, u8, u8, u8) {
    let offset = UtcOffset::from_hms(8, 0, 0).expect("eight hours is an offset");
    let t = moment(at).to_offset(offset);
    (
        t.year(),
        u8::from(t.month()),
        t.day(),
        t.hour(),
        t.minute(),
        t.second(),
    )
}

fn moment(at: UnixMs) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_day_begins_at_sixteen_hours_utc() {
        let day: LocalDay = "2026-03-02".parse().unwrap();
        assert_eq!(rfc3339(day.start_ms()), "2026-03-01T16:00:00.000Z");
        assert_eq!(LocalDay::of(day.start_ms()), day);
        assert_eq!(LocalDay::of(day.start_ms() - 1), LocalDay(day.0 - 1));
        assert_eq!(day.to_string(), "2026-03-02");
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        for text in ["2026-02-29", "2026-13-01", "2026-00-10", "2026-1", "x", ""] {
            assert_eq!(text.parse::<LocalDay>(), Err(NotADay), "{text}");
        }
        assert!("2028-02-29".parse::<LocalDay>().is_ok());
    }
}
