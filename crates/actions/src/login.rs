//! Logging in, and changing the password: everything that a learner's password opens.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};
use uuid::Uuid;
use zhipei_domain::{
    Account, Actor, AuditEvent, AuditResult, Learner, LearnerId, Lockout, LoginName, LoginSession,
    LoginStage, Scope, UnixMs, check_new_password,
};
use zhipei_storage::credentials::Credential;
use zhipei_storage::{Db, Txn, audit, credentials, learners, login_sessions};

use crate::login_session::{self, NewLogin};
use crate::{Hasher, Result};

/// The secret of a login: 256 random bits in the cookie, their hash in the database.
#[derive(Clone, PartialEq, Eq)]
pub struct LoginToken([u8; 32]);

impl LoginToken {
    /// Of 32 bytes from the operating system's generator.
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Of a cookie's value.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// The cookie's value.
    pub fn reveal(&self) -> String {
        hex::encode(self.0)
    }

    /// The one-time link for staff whose secret this is. The secret stands behind `#`, which no browser
    /// sends to a server.
    pub fn link(&self, public_url: &str) -> String {
        let site = public_url.trim_end_matches('/');
        format!("{site}/staff/join#{}", self.reveal())
    }

    /// What the database keeps.
    pub fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.0))
    }
}

impl fmt::Debug for LoginToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginToken(..)")
    }
}

/// A try to log in.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// As typed.
    pub login_name: &'a str,
    /// As typed.
    pub password: &'a str,
    /// The secret that the new login gets; always a fresh one.
    pub token: &'a LoginToken,
    /// What the browser calls itself.
    pub user_agent: &'a str,
    /// From where.
    pub ip: &'a str,
    /// When.
    pub now: UnixMs,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    /// The password was right.
    Done(T),
    /// Name or password is wrong; which of them is not said.
    Failed,
    /// Too many failures: nobody logs in until then.
    Locked {
        /// The end of the lock.
        until: UnixMs,
    },
}

/// The door that passwords open, with the hash queue in front of it.
///
/// It takes the [`Db`] and not a transaction, since a hash must not be computed while holding the
/// lock of the database.
#[derive(Debug)]
pub struct Gate {
    pub(crate) hasher: Hasher,
    /// Failures of names that are nobody's, so that a lock tells nobody which names exist.
    strangers: Mutex<HashMap<String, Lockout>>,
}

/// The id of no learner.
const NOBODY: LearnerId = LearnerId(Uuid::nil());

/// More unknown names than this are not remembered.
const MOST_STRANGERS: usize = 10_000;

impl Gate {
    /// A gate with this hash queue.
    pub fn new(hasher: Hasher) -> Self {
        Self {
            hasher,
            strangers: Mutex::default(),
        }
    }

    /// Logs a learner in. Takes the same time and path whether the account exists or not.
    pub async fn log_in(&self, db: &Db, attempt: Attempt<'_>) -> Result<Outcome<Learner>> {
        let known = match LoginName::parse(attempt.login_name) {
            Ok(name) => known(db, &name).await?,
            Err(_) => None,
        };
        let locked = match &known {
            Some((_, credential)) => credential.lockout.locked(attempt.now),
            None => self.stranger(attempt, |lockout| lockout.locked(attempt.now)),
        };
        if let Some(until) = locked {
            db.write(async |txn| note(txn, attempt, known.as_ref(), AuditResult::Refused).await)
                .await?;
            return Ok(Outcome::Locked { until });
        }

        let kept = known
            .as_ref()
            .map(|(_, credential)| &*credential.password_hash);
        let right = self.hasher.matches(attempt.password, kept).await?;

        let Some((learner, _)) = &known else {
            self.stranger(attempt, |lockout| lockout.fail(attempt.now));
            return db
                .write(async |txn| {
                    // Asks what is asked of an account, to take the same time.
                    let _ = credentials::get_to_change(txn, NOBODY).await;
                    note(txn, attempt, None, AuditResult::Refused).await?;
                    Ok(Outcome::Failed)
                })
                .await;
        };
        db.write(async |txn| {
            // Read again: other tries may have locked the account while this one was hashed.
            let mut credential = credentials::get_to_change(txn, learner.id).await?;
            if let Some(until) = credential.lockout.locked(attempt.now) {
                note(txn, attempt, known.as_ref(), AuditResult::Refused).await?;
                return Ok(Outcome::Locked { until });
            }
            if !right {
                credential.lockout.fail(attempt.now);
                credentials::update(txn, &credential).await?;
                note(txn, attempt, known.as_ref(), AuditResult::Refused).await?;
                return Ok(Outcome::Failed);
            }
            if credential.lockout != Lockout::default() {
                credential.lockout.succeed();
                credentials::update(txn, &credential).await?;
            }
            let new = NewLogin {
                account: Account::Learner(learner.id),
                stage: LoginStage::Complete,
                token: attempt.token,
                user_agent: attempt.user_agent,
                ip: attempt.ip,
            };
            login_session::open(txn, new, attempt.now).await?;
            note(txn, attempt, known.as_ref(), AuditResult::Ok).await?;
            Ok(Outcome::Done(learner.clone()))
        })
        .await
    }

    /// Sets a new password and ends the learner's other logins. Wrong current passwords count like
    /// failed logins.
    pub async fn change_password(
        &self,
        db: &Db,
        learner: LearnerId,
        session: &LoginSession,
        current: &str,
        new: &str,
        now: UnixMs,
    ) -> Result<Outcome<()>> {
        let id = learner;
        let learner = learners::get(db.read(), &Scope::Learner(id), id).await?;
        let credential = credentials::get(db.read(), id).await?;
        if let Some(until) = credential.lockout.locked(now) {
            return Ok(Outcome::Locked { until });
        }
        check_new_password(new, &learner.login_name)?;
        let right = self
            .hasher
            .matches(current, Some(&credential.password_hash))
            .await?;
        let new_hash = if right {
            Some(self.hasher.hash(new).await?)
        } else {
            None
        };
        db.write(async |txn| {
            let mut credential = credentials::get_to_change(txn, id).await?;
            let audit_row = |result| AuditEvent {
                at: now,
                actor: Actor::Learner(id),
                action: "password.change",
                object: Some(("learner", id.to_string())),
                result,
                detail: None,
                ip: Some(session.ip.clone()),
            };
            let Some(new_hash) = new_hash else {
                credential.lockout.fail(now);
                credentials::update(txn, &credential).await?;
                audit::insert(txn, &audit_row(AuditResult::Refused)).await?;
                return Ok(Outcome::Failed);
            };
            credential.lockout.succeed();
            credential.password_hash = new_hash;
            credential.changed_at = now;
            credentials::update(txn, &credential).await?;
            login_sessions::delete_others(txn, id, session.id).await?;
            audit::insert(txn, &audit_row(AuditResult::Ok)).await?;
            Ok(Outcome::Done(()))
        })
        .await
    }

    pub(crate) fn stranger<T>(
        &self,
        attempt: Attempt<'_>,
        act: impl FnOnce(&mut Lockout) -> T,
    ) -> T {
        let mut strangers = self
            .strangers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if strangers.len() >= MOST_STRANGERS {
            strangers.retain(|_, lockout| lockout.locked(attempt.now).is_some());
            if strangers.len() >= MOST_STRANGERS {
                strangers.clear();
            }
        }
        let name: String = attempt
            .login_name
            .trim()
            .to_lowercase()
            .chars()
            .take(64)
            .collect();
        act(strangers.entry(name).or_default())
    }
}

async fn known(db: &Db, name: &LoginName) -> Result<Option<(Learner, Credential)>> {
    let learner = match learners::by_login_name(db.read(), &Scope::Platform, name).await {
        Err(zhipei_storage::Error::NotFound) => None,
        found => Some(found?),
    };
    let id = learner.as_ref().map_or(NOBODY, |learner| learner.id);
    match (learner, credentials::get(db.read(), id).await) {
        (Some(learner), credential) => Ok(Some((learner, credential?))),
        (None, _) => Ok(None),
    }
}

async fn note(
    txn: &Txn,
    attempt: Attempt<'_>,
    known: Option<&(Learner, Credential)>,
    result: AuditResult,
) -> Result<()> {
    let actor = match (known, result) {
        (Some((learner, _)), AuditResult::Ok) => Actor::Learner(learner.id),
        _ => Actor::Anonymous,
    };
    let row = AuditEvent {
        at: attempt.now,
        actor,
        action: "login",
        object: known.map(|(learner, _)| ("learner", learner.id.to_string())),
        result,
        // Not the name as typed where it is nobody's: people type passwords into that field.
        detail: known.map(|(learner, _)| learner.login_name.to_string()),
        ip: Some(attempt.ip.to_owned()),
    };
    Ok(audit::insert(txn, &row).await?)
}
