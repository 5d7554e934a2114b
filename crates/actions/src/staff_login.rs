//! Staff logging in: password, then authenticator or recovery code; one login an account.

use std::net::IpAddr;

use zhipei_domain::{
    Account, Actor, AuditEvent, AuditResult, Lockout, LoginEnd, LoginName, LoginSession,
    LoginStage, StaffAccount, StaffId, StaffState, UnixMs, check_new_staff_password,
};
use zhipei_storage::staff_credentials::StaffCredential;
use zhipei_storage::{
    Db, Txn, audit, login_sessions, staff_accounts, staff_credentials, stranger_lockouts,
};
use zhipei_vault::KeyRing;

use crate::login::{Attempt, Gate, LoginToken, Outcome, stranger};
use crate::login_session::{self, NewLogin};
use crate::{Result, recovery_codes, staff};

/// The second factor, as typed.
#[derive(Clone, Copy)]
pub enum SecondFactor<'a> {
    /// Six digits of the authenticator.
    Totp(&'a str),
    /// A recovery code, used up by this.
    Recovery(&'a str),
}

/// What came of the right password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstStep {
    /// The second factor is to be given.
    CodeDue,
    /// The account is disabled, over, or was not used for too long.
    Closed,
    /// It may not be used from this address.
    AddressNotAllowed,
}

/// The id of no member of staff.
const NOBODY: StaffId = StaffId(uuid::Uuid::nil());

impl Gate {
    /// The first step. Takes the same time and path whether the account exists or not. Failures are
    /// forgotten only by the second step: a known password must not buy tries at the code.
    pub async fn log_in_staff(
        &self,
        db: &Db,
        ring: &KeyRing,
        attempt: Attempt<'_>,
        from: IpAddr,
    ) -> Result<Outcome<FirstStep>> {
        let known = match LoginName::parse(attempt.login_name) {
            Ok(name) => known(db, &name).await?,
            Err(_) => None,
        };
        let stranger = stranger(ring, "staff", attempt.login_name);
        let lockout = match &known {
            Some((_, credential)) => credential.lockout,
            None => stranger_lockouts::get(db.read(), &stranger).await?,
        };
        let locked = lockout.locked(attempt.now);
        if let Some(until) = locked {
            let account = known.as_ref().map(|(account, _)| account);
            db.write(async |txn| note(txn, attempt, account, AuditResult::Refused).await)
                .await?;
            return Ok(Outcome::Locked { until });
        }
        let kept = known.as_ref().map(|(_, c)| &*c.password_hash);
        let right = self.hasher.matches(attempt.password, kept).await?;
        let Some((account, _)) = &known else {
            return db
                .write(async |txn| {
                    // Asks what is asked of an account, to take the same time.
                    let _ = staff_credentials::get_to_change(txn, NOBODY).await;
                    let now = attempt.now;
                    let mut lockout = stranger_lockouts::get_to_change(txn, &stranger, now).await?;
                    if let Some(until) = lockout.locked(now) {
                        note(txn, attempt, None, AuditResult::Refused).await?;
                        return Ok(Outcome::Locked { until });
                    }
                    lockout.fail(now);
                    stranger_lockouts::update(txn, &stranger, lockout, now).await?;
                    note(txn, attempt, None, AuditResult::Refused).await?;
                    Ok(Outcome::Failed)
                })
                .await;
        };
        db.write(async |txn| {
            let mut credential = staff_credentials::get_to_change(txn, account.id).await?;
            if let Some(until) = credential.lockout.locked(attempt.now) {
                note(txn, attempt, Some(account), AuditResult::Refused).await?;
                return Ok(Outcome::Locked { until });
            }
            if !right {
                credential.lockout.fail(attempt.now);
                staff_credentials::update(txn, &credential).await?;
                note(txn, attempt, Some(account), AuditResult::Refused).await?;
                return Ok(Outcome::Failed);
            }
            let refused = admit(txn, account, from, attempt.now).await?;
            if let Some(refused) = refused {
                note(txn, attempt, Some(account), AuditResult::Refused).await?;
                return Ok(Outcome::Done(refused));
            }
            let new = NewLogin {
                account: Account::Staff(account.id),
                stage: LoginStage::CodeDue,
                token: attempt.token,
                user_agent: attempt.user_agent,
                ip: attempt.ip,
            };
            login_session::open(txn, ring, new, attempt.now).await?;
            note(txn, attempt, Some(account), AuditResult::Ok).await?;
            Ok(Outcome::Done(FirstStep::CodeDue))
        })
        .await
    }

    /// The second step. Its login has a secret of its own; older logins of the account end, and whoever
    /// holds them is told why.
    pub async fn give_code(
        &self,
        db: &Db,
        ring: &KeyRing,
        half: &LoginSession,
        factor: SecondFactor<'_>,
        token: &LoginToken,
        now: UnixMs,
    ) -> Result<Outcome<()>> {
        let Account::Staff(id) = half.account else {
            return Ok(Outcome::Failed);
        };
        db.write(async |txn| {
            let mut credential = staff_credentials::get_to_change(txn, id).await?;
            if let Some(until) = credential.lockout.locked(now) {
                note_code(txn, half, AuditResult::Refused, factor, now).await?;
                return Ok(Outcome::Locked { until });
            }
            if !is_right(txn, ring, &mut credential, factor, now).await? {
                credential.lockout.fail(now);
                staff_credentials::update(txn, &credential).await?;
                note_code(txn, half, AuditResult::Refused, factor, now).await?;
                return Ok(Outcome::Failed);
            }
            credential.lockout = Lockout::default();
            staff_credentials::update(txn, &credential).await?;
            let mut account = staff_accounts::get_to_change(txn, id).await?;
            account.last_login_at = Some(now);
            staff_accounts::update(txn, &account).await?;
            login_sessions::delete(txn, half.id).await?;
            let whose = half.account;
            login_sessions::end_others(txn, whose, None, LoginEnd::TakenOver).await?;
            let new = NewLogin {
                account: whose,
                stage: LoginStage::Complete,
                token,
                user_agent: &half.user_agent,
                ip: &half.ip,
            };
            login_session::open(txn, ring, new, now).await?;
            note_code(txn, half, AuditResult::Ok, factor, now).await?;
            Ok(Outcome::Done(()))
        })
        .await
    }

    /// Accepts a link: see [`staff::accept_link`].
    pub async fn accept_link(
        &self,
        db: &Db,
        ring: &KeyRing,
        given: staff::Acceptance<'_>,
        now: UnixMs,
    ) -> Result<Vec<String>> {
        staff::accept_link(db, &self.hasher, ring, given, now).await
    }

    /// Sets a new password of a member of staff. Wrong current passwords count like failed logins.
    pub async fn change_staff_password(
        &self,
        db: &Db,
        session: &LoginSession,
        account: &StaffAccount,
        current: &str,
        new: &str,
        now: UnixMs,
    ) -> Result<Outcome<()>> {
        let credential = staff_credentials::get(db.read(), account.id).await?;
        if let Some(until) = credential.lockout.locked(now) {
            return Ok(Outcome::Locked { until });
        }
        check_new_staff_password(new, &account.login_name)?;
        let kept = credential.password_hash;
        let right = self.hasher.matches(current, Some(&kept)).await?;
        let new_hash = if right {
            Some(staff::hash_unused(db, &self.hasher, account.id, new).await?)
        } else {
            None
        };
        db.write(async |txn| {
            let mut credential = staff_credentials::get_to_change(txn, account.id).await?;
            let audit_row = |result| AuditEvent {
                at: now,
                actor: Actor::Staff(account.id),
                action: "password.change",
                object: Some(("staff", account.id.to_string())),
                result,
                detail: None,
                ip: Some(session.ip.clone()),
            };
            // Read again: other tries may have locked the account meanwhile.
            if let Some(until) = credential.lockout.locked(now) {
                audit::insert(txn, &audit_row(AuditResult::Refused)).await?;
                return Ok(Outcome::Locked { until });
            }
            let same = credential.password_hash == kept;
            let Some(new_hash) = new_hash.filter(|_| same) else {
                credential.lockout.fail(now);
                staff_credentials::update(txn, &credential).await?;
                audit::insert(txn, &audit_row(AuditResult::Refused)).await?;
                return Ok(Outcome::Failed);
            };
            credential.lockout.succeed();
            credential.password_hash.clone_from(&new_hash);
            credential.changed_at = now;
            staff_credentials::update(txn, &credential).await?;
            staff_credentials::remember_password(txn, account.id, &new_hash).await?;
            let (whose, kept) = (Account::Staff(account.id), Some(session.id));
            login_sessions::end_others(txn, whose, kept, LoginEnd::Revoked).await?;
            audit::insert(txn, &audit_row(AuditResult::Ok)).await?;
            Ok(Outcome::Done(()))
        })
        .await
    }

    /// Draws ten new recovery codes in place of the old ones, for a code of the authenticator.
    pub async fn renew_recovery_codes(
        &self,
        db: &Db,
        ring: &KeyRing,
        session: &LoginSession,
        staff: StaffId,
        code: &str,
        now: UnixMs,
    ) -> Result<Outcome<Vec<String>>> {
        let codes = recovery_codes::draw(ring.random());
        db.write(async |txn| {
            let mut credential = staff_credentials::get_to_change(txn, staff).await?;
            if let Some(until) = credential.lockout.locked(now) {
                return Ok(Outcome::Locked { until });
            }
            let factor = SecondFactor::Totp(code);
            let right = is_right(txn, ring, &mut credential, factor, now).await?;
            let (result, outcome) = if right {
                staff::put_codes(txn, staff, &codes).await?;
                (AuditResult::Ok, Outcome::Done(codes))
            } else {
                credential.lockout.fail(now);
                (AuditResult::Refused, Outcome::Failed)
            };
            staff_credentials::update(txn, &credential).await?;
            let row = AuditEvent {
                at: now,
                actor: Actor::Staff(staff),
                action: "recovery_codes.renew",
                object: Some(("staff", staff.to_string())),
                result,
                detail: None,
                ip: Some(session.ip.clone()),
            };
            audit::insert(txn, &row).await?;
            Ok(outcome)
        })
        .await
    }
}

/// Why the account may not be used now and from here. One that was not used for too long is disabled.
async fn admit(
    txn: &Txn,
    account: &StaffAccount,
    from: IpAddr,
    now: UnixMs,
) -> Result<Option<FirstStep>> {
    match account.state(now) {
        StaffState::Active if account.allows(from) => Ok(None),
        StaffState::Active => Ok(Some(FirstStep::AddressNotAllowed)),
        StaffState::Disabled | StaffState::Expired => Ok(Some(FirstStep::Closed)),
        StaffState::Dormant => {
            let mut account = staff_accounts::get_to_change(txn, account.id).await?;
            account.disabled_at = Some(now);
            staff_accounts::update(txn, &account).await?;
            let row = AuditEvent {
                at: now,
                actor: Actor::System,
                action: "staff.disable",
                object: Some(("staff", account.id.to_string())),
                result: AuditResult::Ok,
                detail: Some("90 天没有登录".to_owned()),
                ip: None,
            };
            audit::insert(txn, &row).await?;
            Ok(Some(FirstStep::Closed))
        }
    }
}

/// Is it right? What is right is used up.
async fn is_right(
    txn: &Txn,
    ring: &KeyRing,
    credential: &mut StaffCredential,
    factor: SecondFactor<'_>,
    now: UnixMs,
) -> Result<bool> {
    match factor {
        SecondFactor::Totp(code) => {
            let sealed = &credential.totp_secret;
            let secret = staff::open_secret(txn, ring, credential.staff, sealed).await?;
            let step = secret.step_of(code, now, credential.totp_step);
            credential.totp_step = step.or(credential.totp_step);
            Ok(step.is_some())
        }
        SecondFactor::Recovery(code) => {
            let hash = recovery_codes::hash(code);
            let used = staff_credentials::use_recovery_code(txn, credential.staff, &hash, now);
            Ok(used.await?)
        }
    }
}

async fn known(db: &Db, name: &LoginName) -> Result<Option<(StaffAccount, StaffCredential)>> {
    let account = match staff_accounts::by_login_name(db.read(), name).await {
        Err(zhipei_storage::Error::NotFound) => None,
        found => Some(found?),
    };
    let id = account.as_ref().map_or(NOBODY, |account| account.id);
    match (account, staff_credentials::get(db.read(), id).await) {
        // Who has not come in by the link yet has nothing to log in with.
        (_, Err(zhipei_storage::Error::NotFound)) | (None, _) => Ok(None),
        (Some(account), credential) => Ok(Some((account, credential?))),
    }
}

async fn note(
    txn: &Txn,
    attempt: Attempt<'_>,
    known: Option<&StaffAccount>,
    result: AuditResult,
) -> Result<()> {
    let actor = match (known, result) {
        (Some(account), AuditResult::Ok) => Actor::Staff(account.id),
        _ => Actor::Anonymous,
    };
    let row = AuditEvent {
        at: attempt.now,
        actor,
        action: "login.password",
        object: known.map(|account| ("staff", account.id.to_string())),
        result,
        // Not the name as typed where it is nobody's: people type passwords into that field.
        detail: known.map(|account| account.login_name.to_string()),
        ip: Some(attempt.ip.to_owned()),
    };
    Ok(audit::insert(txn, &row).await?)
}

async fn note_code(
    txn: &Txn,
    half: &LoginSession,
    result: AuditResult,
    factor: SecondFactor<'_>,
    now: UnixMs,
) -> Result<()> {
    let kind = match factor {
        SecondFactor::Totp(_) => "totp",
        SecondFactor::Recovery(_) => "recovery_code",
    };
    let row = AuditEvent {
        at: now,
        actor: login_session::actor(half.account),
        action: "login",
        object: Some(("login_session", half.id.to_string())),
        result,
        detail: Some(kind.to_owned()),
        ip: Some(half.ip.clone()),
    };
    Ok(audit::insert(txn, &row).await?)
}
