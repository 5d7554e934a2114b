//! The switches of a training class's policy (按甲方培训的需求开通).

use serde::{Deserialize, Serialize};

/// How a random check proves presence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    /// No random checks: time is verified at once.
    Off,
    /// A click on the number asked for.
    Presence,
    /// A look into the camera.
    Face,
    /// A look into the camera with actions.
    FaceAction,
    /// A code by SMS, for who refuses face.
    Sms,
}

impl CheckKind {
    /// The stored form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Presence => "presence",
            Self::Face => "face",
            Self::FaceAction => "face_action",
            Self::Sms => "sms",
        }
    }

    /// The opposite of [`CheckKind::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        let all = [
            Self::Off,
            Self::Presence,
            Self::Face,
            Self::FaceAction,
            Self::Sms,
        ];
        all.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// What happens when a learner opens a second session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionRule {
    /// The newer session takes over.
    Newer,
    /// The older session stays; a newer one on another device is refused.
    Older,
}

/// How long photographs of checks are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SnapshotRule {
    /// Never.
    None,
    /// Those of failed checks, 30 days.
    FailedDays30,
    /// All of them, up to 180 days.
    AllDays180,
}

/// Random checks: kind, rhythm, and how long an answer may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckPolicy {
    /// How presence is proved.
    pub kind: CheckKind,
    /// The least earning time between two checks, in milliseconds.
    pub min_ms: i64,
    /// The most earning time between two checks, in milliseconds.
    pub max_ms: i64,
    /// Seconds from delivery within which an answer counts.
    pub answer_within_s: i64,
    /// Tries within one round.
    pub tries: u32,
}

/// An answer by SMS may take at least so long: the message has to arrive. Source: STANDARDS, PIPL-04.
pub const SMS_WITHIN_S: i64 = 120;

/// By what a learner can be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// There is a template of the face, consent to compare it, and something that compares.
    pub face: bool,
    /// There is a phone, and somebody who sends.
    pub phone: bool,
}

/// What somebody has shown of being the learner, with one login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// A face at the login, or a code at it or since.
    pub proved: bool,
    /// A face since, for whatever.
    pub by_face: bool,
    /// For this lesson and lately a face, or a code in its place.
    pub at_lesson: bool,
}

/// What is due before a lesson starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartCheck {
    /// A look into the camera.
    Face,
    /// A code by SMS.
    Code,
}

impl Reach {
    /// What takes the face's place.
    pub fn other_way(self) -> CheckKind {
        if self.phone {
            CheckKind::Sms
        } else {
            CheckKind::Presence
        }
    }
}

/// The rules of a class, or of the platform for free study. A record keeps the version under which it was earned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Rises by one with each change.
    pub version: u32,
    /// Random checks.
    pub check: CheckPolicy,
    /// May playback jump ahead of the furthest point watched?
    pub seek_ahead: bool,
    /// The highest playback rate that is accepted, in thousandths (1000 = 1.0).
    pub max_rate_thousandths: i64,
    /// Minutes that one local day can credit; 0 = no cap.
    pub cap_min: i64,
    /// Which of two sessions stays.
    pub sessions: SessionRule,
    /// Minutes that make one credit hour (学时).
    pub minutes_per_hour: i64,
    /// Is the face asked for at login?
    pub face_at_login: bool,
    /// Is the face asked for at the start of a lesson?
    pub face_at_lesson: bool,
    /// Which photographs of checks are kept.
    pub snapshots: SnapshotRule,
}

impl Default for Policy {
    /// A look into the camera with actions, at the start and every 10 to 20 minutes. Who has no face on file is asked
    /// another way ([`Policy::within`]).
    fn default() -> Self {
        Self {
            version: 1,
            check: CheckPolicy {
                kind: CheckKind::FaceAction,
                min_ms: 600_000,
                max_ms: 1_200_000,
                answer_within_s: 60,
                tries: 2,
            },
            seek_ahead: false,
            max_rate_thousandths: 1_000,
            cap_min: 480,
            sessions: SessionRule::Newer,
            minutes_per_hour: 45,
            face_at_login: true,
            face_at_lesson: true,
            snapshots: SnapshotRule::FailedDays30,
        }
    }
}

/// Why a policy is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The interval between checks must be 10 s to 4 h, least before most.
    #[error("抽查间隔须在 10 秒到 4 小时之间，且最短不大于最长")]
    CheckInterval,
    /// An answer may take 10 to 600 seconds.
    #[error("应答时限须在 10 到 600 秒之间")]
    AnswerWithin,
    /// A round has 1 to 5 tries.
    #[error("每轮可试 1 到 5 次")]
    Tries,
    /// The highest rate is 1.0 to 2.0.
    #[error("最高倍速须在 1.0 到 2.0 之间")]
    MaxRate,
    /// The daily cap is 0 (none) to 1,440 minutes.
    #[error("每日上限须在 0（不限）到 1440 分钟之间")]
    DailyCap,
    /// A credit hour has 1 to 120 minutes.
    #[error("每学时须为 1 到 120 分钟")]
    MinutesPerHour,
}

impl Policy {
    /// Checks every number against its limits.
    pub fn validate(&self) -> Result<(), PolicyError> {
        let check = &self.check;
        if check.min_ms < 10_000 || check.max_ms > 4 * 3_600_000 || check.min_ms > check.max_ms {
            return Err(PolicyError::CheckInterval);
        }
        if !(10..=600).contains(&check.answer_within_s) {
            return Err(PolicyError::AnswerWithin);
        }
        if !(1..=5).contains(&check.tries) {
            return Err(PolicyError::Tries);
        }
        if !(1_000..=2_000).contains(&self.max_rate_thousandths) {
            return Err(PolicyError::MaxRate);
        }
        if !(0..=1_440).contains(&self.cap_min) {
            return Err(PolicyError::DailyCap);
        }
        if !(1..=120).contains(&self.minutes_per_hour) {
            return Err(PolicyError::MinutesPerHour);
        }
        Ok(())
    }

    /// The policy as it binds a learner: where it asks for a face that cannot be had, an SMS code takes its
    /// place, with time enough for it to arrive, and without a phone presence does. Other means, equal weight.
    /// Source: 人脸识别技术应用安全管理办法, article 10.
    #[must_use]
    pub fn within(mut self, reach: Reach) -> Self {
        let asks_face = matches!(self.check.kind, CheckKind::Face | CheckKind::FaceAction);
        if asks_face && !reach.face {
            self.check.kind = reach.other_way();
            if self.check.kind == CheckKind::Sms {
                self.check.answer_within_s = self.check.answer_within_s.max(SMS_WITHIN_S);
            }
        }
        self
    }

    /// What is due before a lesson starts, of who can be checked so and has shown so much. Who shows no face gives a
    /// code once a login; who has no phone either is asked nothing, and checked while learning.
    pub fn start_check(&self, reach: Reach, shown: Shown) -> Option<StartCheck> {
        if !self.face_at_lesson && !self.face_at_login {
            return None;
        }
        if !reach.face {
            return (!shown.proved && reach.phone).then_some(StartCheck::Code);
        }
        let is_enough = if self.face_at_lesson {
            shown.at_lesson
        } else {
            shown.proved || shown.by_face
        };
        (!is_enough).then_some(StartCheck::Face)
    }

    /// Are random checks asked for?
    pub fn checks(&self) -> bool {
        self.check.kind != CheckKind::Off
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipl_03_who_has_no_face_on_file_is_checked_by_sms_and_without_a_phone_by_presence() {
        let mut policy = Policy::default();
        policy.check.kind = CheckKind::FaceAction;
        let kind = |face, phone| policy.within(Reach { face, phone }).check;
        assert_eq!(kind(true, false), policy.check);
        let sms = kind(false, true);
        assert_eq!((sms.kind, sms.answer_within_s), (CheckKind::Sms, 120));
        let presence = kind(false, false);
        assert_eq!(
            (presence.kind, presence.answer_within_s),
            (CheckKind::Presence, 60)
        );
        policy.check.kind = CheckKind::Off;
        assert_eq!(
            policy.within(Reach {
                face: false,
                phone: true
            }),
            policy
        );
    }

    #[test]
    fn a_lesson_starts_with_a_face_a_code_or_nothing_as_policy_and_reach_have_it() {
        let policy = |face_at_login, face_at_lesson| Policy {
            face_at_login,
            face_at_lesson,
            ..Policy::default()
        };
        let due = |policy: Policy, [face, phone]: [bool; 2], shown: [bool; 3]| {
            let [proved, by_face, at_lesson] = shown;
            let shown = Shown {
                proved,
                by_face,
                at_lesson,
            };
            policy.start_check(Reach { face, phone }, shown)
        };
        let (face, code) = (Some(StartCheck::Face), Some(StartCheck::Code));
        let nothing = [false; 3];
        assert_eq!(due(policy(false, false), [true, true], nothing), None);
        for strict in [policy(true, true), policy(false, true)] {
            assert_eq!(due(strict, [true, true], [true, true, false]), face);
            assert_eq!(due(strict, [true, true], [false, false, true]), None);
            assert_eq!(due(strict, [false, true], [false, true, false]), code);
            assert_eq!(due(strict, [false, true], [true, false, false]), None);
            assert_eq!(due(strict, [false, false], nothing), None);
        }
        let once = policy(true, false);
        assert_eq!(due(once, [true, true], nothing), face);
        assert_eq!(due(once, [true, true], [true, false, false]), None);
        assert_eq!(due(once, [true, true], [false, true, false]), None);
    }

    #[test]
    fn every_limit_of_a_policy_holds_on_both_sides() {
        let with = |change: fn(&mut Policy)| {
            let mut policy = Policy::default();
            change(&mut policy);
            policy.validate()
        };
        assert_eq!(Policy::default().validate(), Ok(()));
        assert_eq!(with(|p| p.check.min_ms = 10_000), Ok(()));
        assert_eq!(
            with(|p| p.check.min_ms = 9_999),
            Err(PolicyError::CheckInterval)
        );
        assert_eq!(with(|p| p.check.max_ms = 4 * 3_600_000), Ok(()));
        assert_eq!(
            with(|p| p.check.max_ms = 4 * 3_600_000 + 1),
            Err(PolicyError::CheckInterval)
        );
        assert_eq!(
            with(|p| p.check.max_ms = 599_999),
            Err(PolicyError::CheckInterval)
        );
        assert_eq!(with(|p| p.check.answer_within_s = 10), Ok(()));
        assert_eq!(
            with(|p| p.check.answer_within_s = 9),
            Err(PolicyError::AnswerWithin)
        );
        assert_eq!(with(|p| p.check.answer_within_s = 600), Ok(()));
        assert_eq!(
            with(|p| p.check.answer_within_s = 601),
            Err(PolicyError::AnswerWithin)
        );
        assert_eq!(with(|p| p.check.tries = 1), Ok(()));
        assert_eq!(with(|p| p.check.tries = 0), Err(PolicyError::Tries));
        assert_eq!(with(|p| p.check.tries = 5), Ok(()));
        assert_eq!(with(|p| p.check.tries = 6), Err(PolicyError::Tries));
        assert_eq!(
            with(|p| p.max_rate_thousandths = 999),
            Err(PolicyError::MaxRate)
        );
        assert_eq!(with(|p| p.max_rate_thousandths = 2_000), Ok(()));
        assert_eq!(
            with(|p| p.max_rate_thousandths = 2_001),
            Err(PolicyError::MaxRate)
        );
        assert_eq!(with(|p| p.cap_min = 0), Ok(()));
        assert_eq!(with(|p| p.cap_min = -1), Err(PolicyError::DailyCap));
        assert_eq!(with(|p| p.cap_min = 1_440), Ok(()));
        assert_eq!(with(|p| p.cap_min = 1_441), Err(PolicyError::DailyCap));
        assert_eq!(with(|p| p.minutes_per_hour = 1), Ok(()));
        assert_eq!(
            with(|p| p.minutes_per_hour = 0),
            Err(PolicyError::MinutesPerHour)
        );
        assert_eq!(with(|p| p.minutes_per_hour = 120), Ok(()));
        assert_eq!(
            with(|p| p.minutes_per_hour = 121),
            Err(PolicyError::MinutesPerHour)
        );
    }
}
