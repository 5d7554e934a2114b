//! Credit hours (学时): floored once, at the total.

use std::fmt;

/// Hundredths of a credit hour. Shown as `15.42`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CreditHours {
    /// Hundredths of a credit hour.
    pub centi: i64,
}

impl CreditHours {
    /// Floors `ms` of learning to hundredths of an hour of `minutes_per_hour` minutes (C24).
    pub fn floor(ms: i64, minutes_per_hour: i64) -> Self {
        Self {
            centi: ms * 100 / (minutes_per_hour * 60_000),
        }
    }
}

impl fmt::Display for CreditHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.centi / 100, self.centi % 100)
    }
}

/// One figure a row, in the rows' order, such that they add up to the floored total:
/// each is the difference of floored running totals (C24).
pub fn day_rows(ms: &[i64], minutes_per_hour: i64) -> Vec<CreditHours> {
    let mut running = 0;
    let mut shown = 0;
    ms.iter()
        .map(|row| {
            running += row;
            let total = CreditHours::floor(running, minutes_per_hour).centi;
            let centi = total - shown;
            shown = total;
            CreditHours { centi }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hours_are_shown_with_two_places() {
        assert_eq!(CreditHours::floor(41_634_000, 45).to_string(), "15.42");
        assert_eq!(CreditHours::floor(26_999, 45).to_string(), "0.00");
        assert_eq!(CreditHours::floor(27_000, 45).to_string(), "0.01");
    }

    proptest! {
        #[test]
        fn printed_rows_add_up_to_the_floored_total(
            rows in prop::collection::vec(0_i64..30_000_000, 0..40), minutes in 1_i64..121
        ) {
            let total = CreditHours::floor(rows.iter().sum(), minutes);
            let sum: i64 = day_rows(&rows, minutes).iter().map(|row| row.centi).sum();
            prop_assert_eq!(sum, total.centi);
        }
    }
}
