//! Printable documents: a struct in, a page out. Knows no database and no clock.

mod hour_list;

pub use hour_list::{HourList, HourListRow};
