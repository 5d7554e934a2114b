//! Codes sent by SMS (短信验证码): what for, how long, how often.

use crate::UnixMs;

const SECOND_MS: i64 = 1_000;
const HOUR_MS: i64 = 3_600 * SECOND_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// What a code is for. A code for one thing opens no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CodePurpose {
    /// Registering with this phone.
    Registration,
    /// Logging in.
    Login,
    /// Setting a new password without the old one.
    PasswordReset,
    /// Starting a lesson without a face.
    LessonStart,
    /// Making this the phone of an account: a change, or after the old one was lost.
    NewPhone,
}

impl CodePurpose {
    const ALL: [Self; 5] = [
        Self::Registration,
        Self::Login,
        Self::PasswordReset,
        Self::LessonStart,
        Self::NewPhone,
    ];

    /// The stored form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::Login => "login",
            Self::PasswordReset => "password_reset",
            Self::LessonStart => "lesson_start",
            Self::NewPhone => "new_phone",
        }
    }

    /// The opposite of [`CodePurpose::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }

    /// Is the code only for who has an account? Then a stranger is told the same and gets none.
    pub fn needs_account(self) -> bool {
        matches!(self, Self::Login | Self::PasswordReset)
    }
}

/// A code is good for so long. Source: ASVS 5.0, 6.5.5 (ten minutes at most).
pub const CODE_LIVES_MS: i64 = 5 * 60 * SECOND_MS;
/// A code that was given right once stays good for so long after it was sent, so that a form can be filled in.
pub const PROVED_CODE_LIVES_MS: i64 = 10 * 60 * SECOND_MS;
/// A code is dead after so many wrong tries.
pub const CODE_TRIES: u32 = 5;

/// Six digits out of random bytes; each of the million is as likely as the others, to one in 10^13.
pub fn draw_code(random: [u8; 32]) -> String {
    let mut first = [0; 8];
    first.copy_from_slice(&random[..8]);
    format!("{:06}", u64::from_be_bytes(first) % 1_000_000)
}

/// Can the text be a code: six ASCII digits?
pub fn is_code(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// At most `count` within `within_ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendLimit {
    /// How many.
    pub count: usize,
    /// In what time.
    pub within_ms: i64,
}

/// What one phone may be sent.
pub const PER_PHONE: [SendLimit; 3] = [
    SendLimit {
        count: 1,
        within_ms: 60 * SECOND_MS,
    },
    SendLimit {
        count: 5,
        within_ms: HOUR_MS,
    },
    SendLimit {
        count: 10,
        within_ms: DAY_MS,
    },
];

/// What may be asked for from one address. A training room shares one.
pub const PER_ADDRESS: [SendLimit; 1] = [SendLimit {
    count: 50,
    within_ms: HOUR_MS,
}];

/// What may be asked for in a clock hour from one /48 of IPv6, which a single subscriber may have: it holds
/// 65,536 of the networks that count as one address.
pub const PER_SITE_AN_HOUR: usize = 200;

/// More than this from one address, and a picture has to be read first.
pub const WITHOUT_CAPTCHA: SendLimit = SendLimit {
    count: 10,
    within_ms: HOUR_MS,
};

/// When codes were sent to one phone, or asked for from one address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SendHistory(Vec<UnixMs>);

impl SendHistory {
    /// Of kept times.
    pub fn new(mut times: Vec<UnixMs>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// The times, oldest first.
    pub fn times(&self) -> &[UnixMs] {
        &self.0
    }

    /// Until when to wait, if one more would be too many.
    pub fn wait_until(&self, limits: &[SendLimit], now: UnixMs) -> Option<UnixMs> {
        limits
            .iter()
            .filter_map(|limit| {
                let within = self.within(limit.within_ms, now);
                let oldest = within.len().checked_sub(limit.count)?;
                Some(within[oldest] + limit.within_ms)
            })
            .max()
    }

    /// Has the limit been used up?
    pub fn reached(&self, limit: SendLimit, now: UnixMs) -> bool {
        self.within(limit.within_ms, now).len() >= limit.count
    }

    /// Notes one more and forgets what is older than a day.
    pub fn note(&mut self, now: UnixMs) {
        self.0.retain(|at| now - at < DAY_MS);
        self.0.push(now);
    }

    fn within(&self, ms: i64, now: UnixMs) -> &[UnixMs] {
        let from = self.0.partition_point(|at| now - at >= ms);
        &self.0[from..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE_MS: i64 = 60 * SECOND_MS;

    #[test]
    fn asvs_29_a_phone_gets_one_a_minute_five_an_hour_ten_a_day() {
        let mut history = SendHistory::default();
        let mut now = 0;
        let mut sent = Vec::new();
        while now < DAY_MS {
            if history.wait_until(&PER_PHONE, now).is_none() {
                history.note(now);
                sent.push(now);
            }
            now += 10 * SECOND_MS;
        }
        assert_eq!(sent.len(), 10);
        assert_eq!(
            sent[..6],
            [
                0,
                MINUTE_MS,
                2 * MINUTE_MS,
                3 * MINUTE_MS,
                4 * MINUTE_MS,
                HOUR_MS
            ]
        );
        assert_eq!(history.wait_until(&PER_PHONE, DAY_MS - 1), Some(DAY_MS));
        assert_eq!(history.wait_until(&PER_PHONE, DAY_MS), None);
    }

    #[test]
    fn asvs_29_the_wait_ends_to_the_millisecond() {
        let mut history = SendHistory::default();
        history.note(1_000);
        assert_eq!(history.wait_until(&PER_PHONE, 60_999), Some(61_000));
        assert_eq!(history.wait_until(&PER_PHONE, 61_000), None);
    }

    #[test]
    fn asvs_29_an_address_reads_a_picture_after_ten_and_waits_after_fifty() {
        let mut history = SendHistory::default();
        for n in 0..50 {
            assert_eq!(history.reached(WITHOUT_CAPTCHA, n), n >= 10, "{n}");
            assert_eq!(history.wait_until(&PER_ADDRESS, n), None);
            history.note(n);
        }
        assert_eq!(history.wait_until(&PER_ADDRESS, 50), Some(HOUR_MS));
        assert_eq!(history.wait_until(&PER_ADDRESS, HOUR_MS), None);
    }

    #[test]
    fn a_code_is_six_digits() {
        assert_eq!(draw_code([0; 32]), "000000");
        for byte in 0..=255 {
            let code = draw_code([byte; 32]);
            assert!(is_code(&code));
        }
        for other in ["", "12345", "1234567", "12345x", "１２３４５６"] {
            assert!(!is_code(other), "{other}");
        }
    }
}
