//! Failed logins, and pictures that were asked for, by address. In process and forgetful: the lock of an
//! account is the one that is kept.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;
use zhipei_actions::sms_code;
use zhipei_domain::{Rejection, UnixMs};

use crate::{ApiError, ApiResult, AppState};

const WINDOW_MS: i64 = 15 * 60_000;
/// More addresses than this are not remembered.
const MOST_ADDRESSES: usize = 20_000;

pub(crate) struct Attempts {
    limit: usize,
    times: Mutex<HashMap<IpAddr, VecDeque<UnixMs>>>,
}

impl Attempts {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            times: Mutex::default(),
        }
    }

    /// When the address may try again, if it has to wait.
    pub(crate) fn wait_until(&self, from: IpAddr, now: UnixMs) -> Option<UnixMs> {
        let mut all = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let times = all.get_mut(&network(from))?;
        forget(times, now);
        if times.len() < self.limit {
            return None;
        }
        times.front().map(|first| first + WINDOW_MS)
    }

    /// More than ten times the limit: then no picture helps.
    fn exhausted_until(&self, from: IpAddr, now: UnixMs) -> Option<UnixMs> {
        let mut all = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let times = all.get_mut(&network(from))?;
        forget(times, now);
        if times.len() < self.limit.saturating_mul(10) {
            return None;
        }
        times.front().map(|first| first + WINDOW_MS)
    }

    /// One more, now.
    pub(crate) fn note(&self, from: IpAddr, now: UnixMs) {
        let mut all = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_ADDRESSES {
            all.retain(|_, times| {
                forget(times, now);
                !times.is_empty()
            });
            if all.len() >= MOST_ADDRESSES {
                all.clear();
            }
        }
        let times = all.entry(network(from)).or_default();
        forget(times, now);
        times.push_back(now);
    }
}

/// Lets a try to log in go on. From an address that fails often only with a picture that was read: a training
/// room shares one, and must not be shut out by a few who mistype; and not at all where pictures are read and
/// failures go on. Source: GB/T 22239-2019, level 2, 身份鉴别 b).
pub(crate) async fn may_try(
    app: &AppState,
    from: IpAddr,
    captcha: Option<(Uuid, &str)>,
    now: UnixMs,
) -> ApiResult<()> {
    if let Some(until) = app.attempts().exhausted_until(from, now) {
        let left_ms = until - now;
        return Err(ApiError::TooManyAttempts { left_ms });
    }
    if app.attempts().wait_until(from, now).is_none() {
        return Ok(());
    }
    let (id, read) = captcha.ok_or(ApiError::CaptchaNeeded)?;
    let right = app
        .db
        .write(async |txn| sms_code::captcha_is_right(txn, &app.keys.vault, id, read, now).await)
        .await?;
    if right {
        Ok(())
    } else {
        Err(ApiError::Rejected(Rejection::CaptchaWrong))
    }
}

fn forget(times: &mut VecDeque<UnixMs>, now: UnixMs) {
    while times.front().is_some_and(|first| now - first >= WINDOW_MS) {
        times.pop_front();
    }
}

/// One subscriber has a whole /64 of IPv6.
pub(crate) fn network(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V6(v6) => {
            let bits = v6.to_bits() & (u128::MAX << 64);
            IpAddr::V6(bits.into())
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// The /48 of IPv6 that an address is in: providers give one to a single subscriber.
pub(crate) fn site(from: IpAddr) -> Option<IpAddr> {
    match from.to_canonical() {
        IpAddr::V6(v6) => Some(IpAddr::V6((v6.to_bits() & (u128::MAX << 80)).into())),
        IpAddr::V4(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mlps_02_an_address_waits_after_its_limit_and_its_neighbour_does_not() {
        let attempts = Attempts::new(3);
        let [room, home]: [IpAddr; 2] = ["10.0.0.1", "10.0.0.2"].map(|ip| ip.parse().unwrap());
        for now in 0..3 {
            assert_eq!(attempts.wait_until(room, now), None);
            attempts.note(room, now);
        }
        assert_eq!(attempts.wait_until(room, 3), Some(WINDOW_MS));
        assert_eq!(attempts.wait_until(home, 3), None);
        assert_eq!(attempts.wait_until(room, WINDOW_MS), None);
    }

    #[test]
    fn one_subscriber_cannot_hop_inside_its_ipv6_network() {
        let [a, b, other]: [IpAddr; 3] =
            ["2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1"].map(|ip| ip.parse().unwrap());
        assert_eq!(network(a), network(b));
        assert_ne!(network(a), network(other));
        assert_eq!(site(a), site(other));
        assert_ne!(site(a), site("2001:db8:1::1".parse().unwrap()));
        let mapped: IpAddr = "::ffff:10.0.0.1".parse().unwrap();
        assert_eq!(network(mapped), "10.0.0.1".parse::<IpAddr>().unwrap());
        assert_eq!(site(mapped), None);
    }
}
