use crate::{LearnerId, LoginSessionId, StaffId, UnixMs};

const MINUTE_MS: i64 = 60_000;

/// Whose login it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Account {
    /// A learner.
    Learner(LearnerId),
    /// A member of staff.
    Staff(StaffId),
}

impl Account {
    /// Idle for so long, and the login is over. Watching a lesson is not idle.
    /// Source: GB/T 22239-2019, level 2, 身份鉴别 b).
    fn idle_ms(self) -> i64 {
        match self {
            Self::Learner(_) => 30 * MINUTE_MS,
            Self::Staff(_) => 15 * MINUTE_MS,
        }
    }

    /// Over after so long, whatever happens.
    fn longest_ms(self) -> i64 {
        match self {
            Self::Learner(_) => 12 * 60 * MINUTE_MS,
            Self::Staff(_) => 8 * 60 * MINUTE_MS,
        }
    }
}

/// How far a login has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginStage {
    /// The password was right, the second factor is owed: opens nothing else.
    CodeDue,
    /// All that is asked for was given.
    Complete,
}

impl LoginStage {
    /// The stored form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CodeDue => "code_due",
            Self::Complete => "complete",
        }
    }

    /// The opposite of [`LoginStage::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::CodeDue, Self::Complete]
            .into_iter()
            .find(|stage| stage.as_str() == text)
    }
}

/// Why a login was ended before its time, to tell whoever holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginEnd {
    /// A newer login of the same account of staff took its place.
    TakenOver,
    /// Its holder ended it from another device.
    Revoked,
}

impl LoginEnd {
    /// The stored form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TakenOver => "taken_over",
            Self::Revoked => "revoked",
        }
    }

    /// The opposite of [`LoginEnd::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::TakenOver, Self::Revoked]
            .into_iter()
            .find(|end| end.as_str() == text)
    }
}

/// A login (登录) on one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginSession {
    /// Its identity; never the secret token.
    pub id: LoginSessionId,
    /// Who is logged in.
    pub account: Account,
    /// How far it has come.
    pub stage: LoginStage,
    /// When they logged in.
    pub created_at: UnixMs,
    /// The last activity that was noted; noted at most once a minute.
    pub last_seen_at: UnixMs,
    /// When it ends at the latest.
    pub expires_at: UnixMs,
    /// Why it was ended before.
    pub ended: Option<LoginEnd>,
    /// The account had devices, and this was not one of them.
    pub new_device: bool,
    /// When a face or a code sent by SMS showed that it is the learner, and not only who knows the password.
    pub proved_at: Option<UnixMs>,
    /// What the browser calls itself.
    pub user_agent: String,
    /// From where.
    pub ip: String,
}

impl LoginSession {
    /// Activity is noted at most so often.
    pub const NOTED_EVERY_MS: i64 = MINUTE_MS;
    /// The second factor is to be given within so long.
    pub const CODE_WITHIN_MS: i64 = 5 * MINUTE_MS;

    /// A login at `now`.
    pub fn start(
        id: LoginSessionId,
        account: Account,
        stage: LoginStage,
        user_agent: &str,
        ip: &str,
        now: UnixMs,
    ) -> Self {
        let longest_ms = match stage {
            LoginStage::CodeDue => Self::CODE_WITHIN_MS,
            LoginStage::Complete => account.longest_ms(),
        };
        Self {
            id,
            account,
            stage,
            created_at: now,
            last_seen_at: now,
            expires_at: now + longest_ms,
            ended: None,
            new_device: false,
            proved_at: None,
            user_agent: user_agent.chars().take(200).collect(),
            ip: ip.to_owned(),
        }
    }

    /// Is it still good at `now`?
    pub fn is_live(&self, now: UnixMs) -> bool {
        self.ended.is_none()
            && now < self.expires_at
            && now - self.last_seen_at < self.account.idle_ms()
    }

    /// The learner, if it is a learner's.
    pub fn learner(&self) -> Option<LearnerId> {
        match self.account {
            Account::Learner(learner) => Some(learner),
            Account::Staff(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn login(account: Account, stage: LoginStage) -> LoginSession {
        LoginSession::start(LoginSessionId(Uuid::nil()), account, stage, "", "", 0)
    }

    #[test]
    fn mlps_02_staff_is_logged_out_sooner_than_learners() {
        let learner = login(
            Account::Learner(LearnerId(Uuid::nil())),
            LoginStage::Complete,
        );
        assert!(learner.is_live(30 * MINUTE_MS - 1) && !learner.is_live(30 * MINUTE_MS));
        assert_eq!(learner.expires_at, 12 * 60 * MINUTE_MS);
        let staff = login(Account::Staff(StaffId(Uuid::nil())), LoginStage::Complete);
        assert!(staff.is_live(15 * MINUTE_MS - 1) && !staff.is_live(15 * MINUTE_MS));
        assert_eq!(staff.expires_at, 8 * 60 * MINUTE_MS);
    }

    #[test]
    fn the_second_factor_is_owed_for_five_minutes() {
        let half = login(Account::Staff(StaffId(Uuid::nil())), LoginStage::CodeDue);
        assert!(half.is_live(5 * MINUTE_MS - 1) && !half.is_live(5 * MINUTE_MS));
    }
}
