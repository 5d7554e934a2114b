//! Failed logins: after how many the account is locked, and for how long.

use crate::UnixMs;

const MINUTE_MS: i64 = 60_000;
/// So many failures within [`WINDOW_MS`] lock the account.
const FAILURES: u32 = 5;
const WINDOW_MS: i64 = 15 * MINUTE_MS;
const FIRST_LOCK_MS: i64 = 15 * MINUTE_MS;
const LONGEST_LOCK_MS: i64 = 24 * 60 * MINUTE_MS;

/// What is remembered of an account's failed logins.
///
/// Five failures in 15 minutes lock it for 15 minutes, the next five for 30, doubling to 24 hours.
/// A login that succeeds forgets all. Source: GB/T 22239-2019, level 2, 身份鉴别 b).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lockout {
    /// Failures since [`Lockout::first_failed_at`].
    pub failed_count: u32,
    /// When the first of them happened.
    pub first_failed_at: Option<UnixMs>,
    /// Until when nobody logs in.
    pub locked_until: Option<UnixMs>,
    /// How often it was locked since the last login.
    pub level: u32,
}

impl Lockout {
    /// Until when the account is locked, if it is at `now`.
    pub fn locked(&self, now: UnixMs) -> Option<UnixMs> {
        self.locked_until.filter(|until| now < *until)
    }

    /// A failure at `now`. While the account is locked it changes nothing: the lock never grows by trying.
    pub fn fail(&mut self, now: UnixMs) {
        if self.locked(now).is_some() {
            return;
        }
        match self.first_failed_at {
            Some(first) if now - first < WINDOW_MS => self.failed_count += 1,
            _ => {
                self.first_failed_at = Some(now);
                self.failed_count = 1;
            }
        }
        if self.failed_count >= FAILURES {
            let doublings = self.level.min(20);
            let lock_ms = (FIRST_LOCK_MS << doublings).min(LONGEST_LOCK_MS);
            self.locked_until = Some(now + lock_ms);
            self.level += 1;
            self.failed_count = 0;
            self.first_failed_at = None;
        }
    }

    /// A login succeeded.
    pub fn succeed(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail_times(lockout: &mut Lockout, times: u32, at: UnixMs) {
        for n in 0..times {
            lockout.fail(at + i64::from(n));
        }
    }

    #[test]
    fn mlps_02_the_fifth_failure_locks_for_a_quarter_of_an_hour() {
        let mut lockout = Lockout::default();
        fail_times(&mut lockout, 4, 0);
        assert_eq!(lockout.locked(10), None);
        lockout.fail(10);
        assert_eq!(lockout.locked(11), Some(10 + 15 * MINUTE_MS));
        assert_eq!(lockout.locked(10 + 15 * MINUTE_MS), None);
    }

    #[test]
    fn mlps_02_locks_double_to_a_day_and_no_further() {
        let mut lockout = Lockout::default();
        let mut now = 0;
        let mut minutes = Vec::new();
        for _ in 0..9 {
            fail_times(&mut lockout, 5, now);
            let until = lockout.locked(now + 4).unwrap();
            minutes.push((until - now - 4) / MINUTE_MS);
            now = until;
        }
        assert_eq!(minutes, [15, 30, 60, 120, 240, 480, 960, 1_440, 1_440]);
    }

    #[test]
    fn mlps_02_slow_failures_do_not_lock_and_tries_do_not_stretch_a_lock() {
        let mut lockout = Lockout::default();
        for n in 0..20 {
            lockout.fail(n * 4 * MINUTE_MS);
        }
        assert_eq!(lockout.locked(80 * MINUTE_MS), None);

        let mut lockout = Lockout::default();
        fail_times(&mut lockout, 5, 0);
        let until = lockout.locked(5);
        fail_times(&mut lockout, 50, 6);
        assert_eq!(lockout.locked(60), until);
    }
}
