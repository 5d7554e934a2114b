use crate::{LearnerId, LoginSessionId, UnixMs};

/// Idle for so long, and the learner is logged out. Watching a lesson is not idle.
const IDLE_MS: i64 = 30 * 60_000;
/// Logged out after so long, whatever happens.
const LONGEST_MS: i64 = 12 * 3_600_000;

/// A login (登录) of a learner on one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginSession {
    /// Its identity; never the secret token.
    pub id: LoginSessionId,
    /// Who is logged in.
    pub learner: LearnerId,
    /// When they logged in.
    pub created_at: UnixMs,
    /// The last activity that was noted; noted at most once a minute.
    pub last_seen_at: UnixMs,
    /// When it ends at the latest.
    pub expires_at: UnixMs,
    /// What the browser calls itself.
    pub user_agent: String,
    /// From where.
    pub ip: String,
}

impl LoginSession {
    /// Activity is noted at most so often.
    pub const NOTED_EVERY_MS: i64 = 60_000;

    /// A login at `now`.
    pub fn start(
        id: LoginSessionId,
        learner: LearnerId,
        user_agent: &str,
        ip: &str,
        now: UnixMs,
    ) -> Self {
        Self {
            id,
            learner,
            created_at: now,
            last_seen_at: now,
            expires_at: now + LONGEST_MS,
            user_agent: user_agent.chars().take(200).collect(),
            ip: ip.to_owned(),
        }
    }

    /// Is the learner still logged in at `now`?
    pub fn is_live(&self, now: UnixMs) -> bool {
        now < self.expires_at && now - self.last_seen_at < IDLE_MS
    }
}
