//! Logging in, and changing the password: everything that a learner's password opens.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};
use uuid::Uuid;
use zhipei_domain::{
    Account, AccountState, Actor, AuditEvent, AuditResult, CodePurpose, CorrectionField, Learner,
    LearnerId, Lockout, LoginName, LoginSession, LoginStage, NoticeKind, Phone, Scope, UnixMs,
    check_new_password,
};
use zhipei_storage::credentials::Credential;
use zhipei_storage::{Db, Txn, audit, credentials, identities, learners, login_sessions};
use zhipei_vault::KeyRing;

use crate::login_session::{self, NewLogin};
use crate::sms_code::{self, GivenCode};
use crate::{Hasher, Keys, Result, identity, notice};

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
    /// As typed: a login name, or the phone.
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

/// A code as its holder gives it back.
#[derive(Clone, Copy)]
pub struct TypedCode<'a> {
    /// Where it went.
    pub phone: &'a Phone,
    /// From the answer to the request.
    pub ticket: Uuid,
    /// As typed.
    pub code: &'a str,
}

impl<'a> TypedCode<'a> {
    fn given(self, purpose: CodePurpose) -> GivenCode<'a> {
        GivenCode {
            purpose,
            phone: self.phone,
            ticket: self.ticket,
            code: self.code,
        }
    }
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
    pub async fn log_in(
        &self,
        db: &Db,
        vault: &KeyRing,
        attempt: Attempt<'_>,
    ) -> Result<Outcome<Learner>> {
        let known = known(db, vault, attempt.login_name).await?;
        let who = known.as_ref().map(|(learner, _)| learner.id);
        let locked = match &known {
            Some((_, credential)) => credential.lockout.locked(attempt.now),
            None => self.stranger(attempt, |lockout| lockout.locked(attempt.now)),
        };
        if let Some(until) = locked {
            db.write(async |txn| note(txn, attempt, who, "login", AuditResult::Refused).await)
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
                    note(txn, attempt, None, "login", AuditResult::Refused).await?;
                    Ok(Outcome::Failed)
                })
                .await;
        };
        db.write(async |txn| {
            // Read again: other tries may have locked the account while this one was hashed.
            let mut credential = credentials::get_to_change(txn, learner.id).await?;
            if let Some(until) = credential.lockout.locked(attempt.now) {
                note(txn, attempt, who, "login", AuditResult::Refused).await?;
                return Ok(Outcome::Locked { until });
            }
            if !right {
                credential.lockout.fail(attempt.now);
                credentials::update(txn, &credential).await?;
                note(txn, attempt, who, "login", AuditResult::Refused).await?;
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
            note(txn, attempt, who, "login", AuditResult::Ok).await?;
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

    /// Logs a learner in by a code sent to their phone. Wrong codes count like wrong passwords, and take the
    /// same way for a phone that is nobody's.
    pub async fn log_in_by_code(
        &self,
        db: &Db,
        vault: &KeyRing,
        code: TypedCode<'_>,
        attempt: Attempt<'_>,
    ) -> Result<Outcome<Learner>> {
        self.by_code(
            db,
            vault,
            CodePurpose::Login,
            code,
            attempt,
            async |txn, learner| {
                let new = NewLogin {
                    account: Account::Learner(learner.id),
                    stage: LoginStage::Complete,
                    token: attempt.token,
                    user_agent: attempt.user_agent,
                    ip: attempt.ip,
                };
                login_session::open(txn, new, attempt.now).await?;
                note(
                    txn,
                    attempt,
                    Some(learner.id),
                    "login.code",
                    AuditResult::Ok,
                )
                .await
            },
        )
        .await
    }

    /// Sets a new password by a code sent to the phone, and ends all logins. Wrong codes count like wrong
    /// passwords.
    pub async fn reset_password(
        &self,
        db: &Db,
        keys: &Keys,
        code: TypedCode<'_>,
        new_password: &str,
        attempt: Attempt<'_>,
    ) -> Result<Outcome<Learner>> {
        // By a name that is nobody's: the login name is not for a stranger to try out.
        check_new_password(new_password, &LoginName::draw([0; 32]))?;
        let purpose = CodePurpose::PasswordReset;
        let given = code.given(purpose);
        let vault = &keys.vault;
        let right = db
            .write(async |txn| sms_code::peek(txn, vault, given, attempt.now).await)
            .await?;
        // The hash is dear: nobody gets one computed without a right code.
        let hash = if right {
            Some(self.hasher.hash(new_password).await?)
        } else {
            None
        };
        self.by_code(db, vault, purpose, code, attempt, async |txn, learner| {
            let mut credential = credentials::get_to_change(txn, learner.id).await?;
            credential.password_hash = hash.ok_or(crate::Error::PasswordHash)?;
            credential.changed_at = attempt.now;
            credentials::update(txn, &credential).await?;
            login_sessions::delete_all(txn, learner.id).await?;
            let body = "如果不是您本人操作，请马上联系培训机构。";
            let kind = NoticeKind::PasswordReset;
            notice::send(txn, vault, attempt.now, learner.id, kind, body).await?;
            let who = Some(learner.id);
            note(txn, attempt, who, "password.reset", AuditResult::Ok).await
        })
        .await
    }

    /// What a code sent to the phone of an account opens.
    async fn by_code(
        &self,
        db: &Db,
        vault: &KeyRing,
        purpose: CodePurpose,
        code: TypedCode<'_>,
        attempt: Attempt<'_>,
        open: impl AsyncFnOnce(&Txn, &Learner) -> Result<()>,
    ) -> Result<Outcome<Learner>> {
        let now = attempt.now;
        let action = match purpose {
            CodePurpose::PasswordReset => "password.reset",
            _ => "login.code",
        };
        let known = known(db, vault, code.phone.as_str()).await?;
        db.write(async |txn| {
            let id = known.as_ref().map_or(NOBODY, |(learner, _)| learner.id);
            let credential = match credentials::get_to_change(txn, id).await {
                Err(zhipei_storage::Error::NotFound) => None,
                found => Some(found?),
            };
            let who = known.as_ref().map(|(learner, _)| learner.id);
            let locked = match &credential {
                Some(credential) => credential.lockout.locked(now),
                None => self.stranger(attempt, |lockout| lockout.locked(now)),
            };
            if let Some(until) = locked {
                note(txn, attempt, who, action, AuditResult::Refused).await?;
                return Ok(Outcome::Locked { until });
            }
            let right = sms_code::redeem(txn, vault, code.given(purpose), now).await?;
            let (Some((learner, _)), Some(mut credential), true) =
                (known, credential.clone(), right)
            else {
                match credential {
                    Some(mut credential) => {
                        credential.lockout.fail(now);
                        credentials::update(txn, &credential).await?;
                    }
                    None => self.stranger(attempt, |lockout| lockout.fail(now)),
                }
                note(txn, attempt, who, action, AuditResult::Refused).await?;
                return Ok(Outcome::Failed);
            };
            if credential.lockout != Lockout::default() {
                credential.lockout.succeed();
                credentials::update(txn, &credential).await?;
            }
            open(txn, &learner).await?;
            Ok(Outcome::Done(learner))
        })
        .await
    }

    /// Makes a phone, whose holder the code proves, the one of the learner; the password is asked for again.
    /// Source: ASVS 5.0, 7.5.1.
    pub async fn change_phone(
        &self,
        db: &Db,
        keys: &Keys,
        learner: LearnerId,
        password: &str,
        code: TypedCode<'_>,
        now: UnixMs,
    ) -> Result<Outcome<bool>> {
        match self.confirm_password(db, learner, password, now).await? {
            Outcome::Done(()) => {}
            Outcome::Failed => return Ok(Outcome::Failed),
            Outcome::Locked { until } => return Ok(Outcome::Locked { until }),
        }
        db.write(async |txn| {
            let given = code.given(CodePurpose::NewPhone);
            if !sms_code::redeem(txn, &keys.vault, given, now).await? {
                return Ok(Outcome::Done(false));
            }
            let scope = Scope::Learner(learner);
            let mut who = identities::get(txn, &scope, &keys.vault, learner).await?;
            let kind = NoticeKind::PhoneChanged;
            let body = "验证码和安全提醒从此发到新的手机。如果不是您本人操作，请马上联系培训机构。";
            // To the old phone: its holder should know.
            notice::send(txn, &keys.vault, now, learner, kind, body).await?;
            who.phone = Some(code.phone.clone());
            let new = code.phone.as_str();
            identity::change(txn, keys, now, learner, &who, CorrectionField::Phone, new).await?;
            let by = Actor::Learner(learner);
            crate::audit::done(txn, &by, now, "phone.change", "learner", learner, "").await?;
            Ok(Outcome::Done(true))
        })
        .await
    }

    /// Is it the password of who is logged in? A wrong one counts like a failed login.
    pub async fn confirm_password(
        &self,
        db: &Db,
        learner: LearnerId,
        password: &str,
        now: UnixMs,
    ) -> Result<Outcome<()>> {
        let credential = credentials::get(db.read(), learner).await?;
        if let Some(until) = credential.lockout.locked(now) {
            return Ok(Outcome::Locked { until });
        }
        let kept = Some(&*credential.password_hash);
        if self.hasher.matches(password, kept).await? {
            return Ok(Outcome::Done(()));
        }
        db.write(async |txn| {
            let mut credential = credentials::get_to_change(txn, learner).await?;
            credential.lockout.fail(now);
            credentials::update(txn, &credential).await?;
            Ok(Outcome::Failed)
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

/// Who logs in with this name or phone, and may. Asks the same of the database whatever it finds.
async fn known(db: &Db, vault: &KeyRing, typed: &str) -> Result<Option<(Learner, Credential)>> {
    let found = match Phone::parse(typed) {
        Ok(phone) => match identities::by_phone(db.read(), vault, &phone).await {
            Ok(id) => learners::get(db.read(), &Scope::Learner(id), id).await,
            Err(error) => Err(error),
        },
        Err(_) => match LoginName::parse(typed) {
            Ok(name) => learners::by_login_name(db.read(), &Scope::Platform, &name).await,
            Err(_) => Err(zhipei_storage::Error::NotFound),
        },
    };
    let learner = match found {
        Err(zhipei_storage::Error::NotFound) => None,
        found => Some(found?).filter(|learner| learner.state == AccountState::Active),
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
    known: Option<LearnerId>,
    action: &'static str,
    result: AuditResult,
) -> Result<()> {
    let actor = match (known, result) {
        (Some(learner), AuditResult::Ok) => Actor::Learner(learner),
        _ => Actor::Anonymous,
    };
    let row = AuditEvent {
        at: attempt.now,
        actor,
        action,
        object: known.map(|learner| ("learner", learner.to_string())),
        result,
        // Not the name as typed: people type passwords into that field, and it may be a phone.
        detail: None,
        ip: Some(attempt.ip.to_owned()),
    };
    Ok(audit::insert(txn, &row).await?)
}
