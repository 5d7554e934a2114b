//! Logging in, and changing the password: everything that a learner's password opens.

use std::fmt;

use sha2::{Digest, Sha256};
use uuid::Uuid;
use zhipei_domain::{
    Account, AccountState, Actor, AuditEvent, AuditResult, CodePurpose, DocumentKind, FaceCheck,
    FaceOutcome, IdDocument, Learner, LearnerId, Lockout, LoginName, LoginSession, LoginStage,
    NoticeKind, Phone, Scope, UnixMs, check_new_password,
};
use zhipei_storage::credentials::Credential;
use zhipei_storage::identities::Change;
use zhipei_storage::{
    Connection, Db, Txn, audit, credentials, identities, learners, login_sessions,
    stranger_lockouts,
};
use zhipei_vault::KeyRing;

use crate::login_session::{self, NewLogin};
use crate::sms_code::{self, GivenCode};
use crate::{Hasher, Keys, Result, face, identity, notice};

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
}

/// The id of no learner.
const NOBODY: LearnerId = LearnerId(Uuid::nil());

/// So long a name that is nobody's is remembered after its last failure.
const STRANGERS_KEPT_MS: i64 = 30 * 86_400_000;

impl Gate {
    /// A gate with this hash queue.
    pub fn new(hasher: Hasher) -> Self {
        Self { hasher }
    }

    /// Logs a learner in. Takes the same time and path whether the account exists or not.
    pub async fn log_in(
        &self,
        db: &Db,
        vault: &KeyRing,
        attempt: Attempt<'_>,
    ) -> Result<Outcome<Learner>> {
        let known = known(db.read(), vault, attempt.login_name).await?;
        let stranger = stranger(vault, "learner", attempt.login_name);
        let lockout = match &known {
            Some((_, credential)) => credential.lockout,
            None => stranger_lockouts::get(db.read(), &stranger).await?,
        };
        let id = known.as_ref().map(|(learner, _)| learner.id);
        if let Some(until) = lockout.locked(attempt.now) {
            db.write(async |txn| note(txn, attempt, id, "login", AuditResult::Refused).await)
                .await?;
            return Ok(Outcome::Locked { until });
        }
        let kept = known.map(|(_, credential)| credential.password_hash);
        let right = self
            .hasher
            .matches(attempt.password, kept.as_deref())
            .await?;
        db.write(async |txn| {
            // Read again: while this was hashed, other tries may have locked the account, and it may have
            // got another password or have ended. Asks the same where there is none, to take the same time.
            let found = to_change(txn, id.unwrap_or(NOBODY)).await?;
            let same = kept.as_deref() == found.as_ref().map(|(_, c)| &*c.password_hash);
            let mut tried = Tried::new(txn, found, stranger.clone(), attempt.now).await?;
            let who = tried.learner();
            if let Some(until) = tried.lockout.locked(attempt.now) {
                note(txn, attempt, who, "login", AuditResult::Refused).await?;
                return Ok(Outcome::Locked { until });
            }
            let Some(learner) = tried.end(txn, right && same, attempt.now).await? else {
                note(txn, attempt, who, "login", AuditResult::Refused).await?;
                return Ok(Outcome::Failed);
            };
            let new = NewLogin {
                account: Account::Learner(learner.id),
                stage: LoginStage::Complete,
                token: attempt.token,
                user_agent: attempt.user_agent,
                ip: attempt.ip,
            };
            login_session::open(txn, vault, new, attempt.now).await?;
            note(txn, attempt, who, "login", AuditResult::Ok).await?;
            Ok(Outcome::Done(learner))
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
        let kept = credential.password_hash;
        let right = self.hasher.matches(current, Some(&kept)).await?;
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
            // Read again: other tries may have locked the account, or set another password, meanwhile.
            if let Some(until) = credential.lockout.locked(now) {
                audit::insert(txn, &audit_row(AuditResult::Refused)).await?;
                return Ok(Outcome::Locked { until });
            }
            let same = credential.password_hash == kept;
            let Some(new_hash) = new_hash.filter(|_| same) else {
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
        let given = code.given(CodePurpose::Login);
        self.by_code(db, vault, given, attempt, true, async |txn, learner| {
            let new = NewLogin {
                account: Account::Learner(learner.id),
                stage: LoginStage::Complete,
                token: attempt.token,
                user_agent: attempt.user_agent,
                ip: attempt.ip,
            };
            let session = login_session::open(txn, vault, new, attempt.now).await?;
            login_sessions::prove(txn, session.id, attempt.now).await?;
            note(
                txn,
                attempt,
                Some(learner.id),
                "login.code",
                AuditResult::Ok,
            )
            .await
        })
        .await
    }

    /// Logs a learner in by face: `check` is what the frames came to, of the learner that the question was for.
    /// Failures count like wrong passwords; a stranger, for whom there is no check, takes the same way.
    pub async fn log_in_by_face(
        &self,
        db: &Db,
        vault: &KeyRing,
        check: Option<&FaceCheck>,
        attempt: Attempt<'_>,
    ) -> Result<Outcome<Learner>> {
        let now = attempt.now;
        let stranger = stranger(vault, "learner", attempt.login_name);
        db.write(async |txn| {
            let id = check.map_or(NOBODY, |check| check.learner);
            let found = to_change(txn, id).await?;
            let mut tried = Tried::new(txn, found, stranger.clone(), now).await?;
            let who = tried.learner();
            if let Some(check) = check.filter(|_| who.is_some()) {
                face::decide(txn, vault, check, None).await?;
            }
            if let Some(until) = tried.lockout.locked(now) {
                note(txn, attempt, who, "login.face", AuditResult::Refused).await?;
                return Ok(Outcome::Locked { until });
            }
            let right = check.is_some_and(|check| check.outcome == FaceOutcome::Passed);
            let Some(learner) = tried.end(txn, right, now).await? else {
                note(txn, attempt, who, "login.face", AuditResult::Refused).await?;
                return Ok(Outcome::Failed);
            };
            let new = NewLogin {
                account: Account::Learner(learner.id),
                stage: LoginStage::Complete,
                token: attempt.token,
                user_agent: attempt.user_agent,
                ip: attempt.ip,
            };
            let session = login_session::open(txn, vault, new, now).await?;
            login_sessions::prove(txn, session.id, now).await?;
            note(txn, attempt, who, "login.face", AuditResult::Ok).await?;
            Ok(Outcome::Done(learner))
        })
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
        let given = code.given(CodePurpose::PasswordReset);
        let vault = &keys.vault;
        // The hash is dear: nobody gets one computed without a right code, or while the account is locked.
        let tried = self
            .by_code(db, vault, given, attempt, false, async |_, _| Ok(()))
            .await?;
        if !matches!(tried, Outcome::Done(_)) {
            return Ok(tried);
        }
        let hash = self.hasher.hash(new_password).await?;
        self.by_code(db, vault, given, attempt, true, async |txn, learner| {
            let mut credential = credentials::get_to_change(txn, learner.id).await?;
            credential.password_hash = hash;
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

    /// What a code sent to the phone of an account opens, with the code used up by it or only tried. Tries
    /// count alike, and none counts while the account is locked.
    async fn by_code(
        &self,
        db: &Db,
        vault: &KeyRing,
        code: GivenCode<'_>,
        attempt: Attempt<'_>,
        uses_up: bool,
        open: impl AsyncFnOnce(&Txn, &Learner) -> Result<()>,
    ) -> Result<Outcome<Learner>> {
        let now = attempt.now;
        let action = match code.purpose {
            CodePurpose::PasswordReset => "password.reset",
            _ => "login.code",
        };
        let stranger = stranger(vault, "learner", code.phone.as_str());
        db.write(async |txn| {
            let whose = by_phone(txn, vault, code.phone).await?;
            let found = to_change(txn, whose.unwrap_or(NOBODY)).await?;
            // Now that nobody else can change it: is the phone still theirs?
            let still = by_phone(txn, vault, code.phone).await? == whose;
            let found = found.filter(|_| still);
            let mut tried = Tried::new(txn, found, stranger.clone(), now).await?;
            let who = tried.learner();
            if let Some(until) = tried.lockout.locked(now) {
                note(txn, attempt, who, action, AuditResult::Refused).await?;
                return Ok(Outcome::Locked { until });
            }
            let right = if uses_up {
                sms_code::redeem(txn, vault, code, now).await?
            } else {
                sms_code::check(txn, vault, code, now).await?
            };
            let opened = if right && !uses_up {
                tried.found.map(|(learner, _)| learner)
            } else {
                tried.end(txn, right, now).await?
            };
            let Some(learner) = opened else {
                note(txn, attempt, who, action, AuditResult::Refused).await?;
                return Ok(Outcome::Failed);
            };
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
            if to_change(txn, learner).await?.is_none() {
                return Ok(Outcome::Failed);
            }
            let kind = NoticeKind::PhoneChanged;
            let body = "验证码和安全提醒从此发到新的手机。如果不是您本人操作，请马上联系培训机构。";
            // To the old phone: its holder should know.
            notice::send(txn, &keys.vault, now, learner, kind, body).await?;
            let change = Change::Phone(Some(code.phone.clone()));
            identity::change(txn, keys, now, learner, &change).await?;
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
        let kept = credential.password_hash;
        let right = self.hasher.matches(password, Some(&kept)).await?;
        db.write(async |txn| {
            // Read again: other tries may have locked the account, or set another password, meanwhile.
            let mut credential = credentials::get_to_change(txn, learner).await?;
            if let Some(until) = credential.lockout.locked(now) {
                return Ok(Outcome::Locked { until });
            }
            if right && credential.password_hash == kept {
                return Ok(Outcome::Done(()));
            }
            credential.lockout.fail(now);
            credentials::update(txn, &credential).await?;
            Ok(Outcome::Failed)
        })
        .await
    }
}

/// A try at an account, or at a name that is nobody's: what is remembered of failures, held until the end of
/// the transaction.
struct Tried {
    lockout: Lockout,
    found: Option<(Learner, Credential)>,
    stranger: String,
}

impl Tried {
    async fn new(
        txn: &Txn,
        found: Option<(Learner, Credential)>,
        stranger: String,
        now: UnixMs,
    ) -> Result<Self> {
        let lockout = match &found {
            Some((_, credential)) => credential.lockout,
            None => stranger_lockouts::get_to_change(txn, &stranger, now).await?,
        };
        Ok(Self {
            lockout,
            found,
            stranger,
        })
    }

    fn learner(&self) -> Option<LearnerId> {
        self.found.as_ref().map(|(learner, _)| learner.id)
    }

    /// Counts the try; returns whose account it opens, if it was right.
    async fn end(&mut self, txn: &Txn, right: bool, now: UnixMs) -> Result<Option<Learner>> {
        let before = self.lockout;
        if right && self.found.is_some() {
            self.lockout.succeed();
        } else {
            self.lockout.fail(now);
        }
        match &mut self.found {
            Some((_, credential)) if self.lockout != before => {
                credential.lockout = self.lockout;
                credentials::update(txn, credential).await?;
            }
            Some(_) => {}
            None => {
                stranger_lockouts::update(txn, &self.stranger, self.lockout, now).await?;
            }
        }
        Ok(self
            .found
            .take()
            .filter(|_| right)
            .map(|(learner, _)| learner))
    }
}

/// Whose account it is that somebody names by phone, number of a document or login name, if it is in use.
pub async fn account(
    db: &impl Connection,
    vault: &KeyRing,
    typed: &str,
) -> Result<Option<LearnerId>> {
    let cards = [DocumentKind::ResidentId, DocumentKind::ResidencePermit];
    let card = cards
        .into_iter()
        .find_map(|kind| IdDocument::parse(kind, typed).ok());
    if let Some(card) = card {
        let found = match identities::by_document(db, vault, &card).await {
            Err(zhipei_storage::Error::NotFound) => return Ok(None),
            found => learners::get(db, &Scope::Platform, found?).await?,
        };
        let is_active = found.state == AccountState::Active;
        return Ok(is_active.then_some(found.id));
    }
    let found = known(db, vault, typed).await?;
    Ok(found.map(|(learner, _)| learner.id))
}

/// The blind index of what was typed by `whom`, a learner or staff: one for all ways to write one phone or
/// one name, as an account has one lock.
pub(crate) fn stranger(vault: &KeyRing, whom: &str, typed: &str) -> String {
    let name = match (Phone::parse(typed), LoginName::parse(typed)) {
        (Ok(phone), _) => phone.as_str().to_owned(),
        (_, Ok(name)) => name.as_str().to_owned(),
        // Nobody can have it.
        _ => typed.trim().chars().take(64).collect(),
    };
    let parts = [whom.as_bytes(), name.as_bytes()];
    vault.index().mac("stranger", &parts)
}

/// Forgets names that are nobody's and were not tried for long.
pub async fn tidy(txn: &Txn, now: UnixMs) -> Result<()> {
    Ok(stranger_lockouts::delete_old(txn, now - STRANGERS_KEPT_MS).await?)
}

/// An account that is open, and what its learner logs in with, to be changed; the learner first and then the
/// credential. Asks the same of the database whatever it finds.
async fn to_change(txn: &Txn, id: LearnerId) -> Result<Option<(Learner, Credential)>> {
    let learner = match learners::get_to_change(txn, &Scope::Learner(id), id).await {
        Err(zhipei_storage::Error::NotFound) => None,
        found => Some(found?).filter(|learner| learner.state == AccountState::Active),
    };
    match (learner, credentials::get_to_change(txn, id).await) {
        (Some(learner), credential) => Ok(Some((learner, credential?))),
        (None, _) => Ok(None),
    }
}

async fn by_phone(
    db: &impl Connection,
    vault: &KeyRing,
    phone: &Phone,
) -> Result<Option<LearnerId>> {
    match identities::by_phone(db, vault, phone).await {
        Err(zhipei_storage::Error::NotFound) => Ok(None),
        found => Ok(Some(found?)),
    }
}

/// Who logs in with this name or phone, and may. Asks the same of the database whatever it finds.
async fn known(
    db: &impl Connection,
    vault: &KeyRing,
    typed: &str,
) -> Result<Option<(Learner, Credential)>> {
    let found = match Phone::parse(typed) {
        Ok(phone) => match identities::by_phone(db, vault, &phone).await {
            Ok(id) => learners::get(db, &Scope::Learner(id), id).await,
            Err(error) => Err(error),
        },
        Err(_) => match LoginName::parse(typed) {
            Ok(name) => learners::by_login_name(db, &Scope::Platform, &name).await,
            Err(_) => Err(zhipei_storage::Error::NotFound),
        },
    };
    let learner = match found {
        Err(zhipei_storage::Error::NotFound) => None,
        found => Some(found?).filter(|learner| learner.state == AccountState::Active),
    };
    let id = learner.as_ref().map_or(NOBODY, |learner| learner.id);
    match (learner, credentials::get(db, id).await) {
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
