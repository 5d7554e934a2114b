//! The one home of the monotonic clock: deadlines and time spent, never a date.

use std::time::Instant;

#[expect(
    clippy::disallowed_methods,
    reason = "the crate stands alone; deadlines and time spent need a monotonic clock"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
