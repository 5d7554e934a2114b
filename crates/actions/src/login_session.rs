//! Logins (登录) of learners and staff: opening, listing, ending.

use sha2::{Digest, Sha256};
use uuid::Uuid;
use zhipei_domain::{
    Account, Actor, AuditEvent, AuditResult, LoginEnd, LoginSession, LoginSessionId, LoginStage,
    NoticeKind, UnixMs, device_words, local_parts, network_words,
};
use zhipei_storage::{Db, Txn, audit, known_devices, login_sessions};
use zhipei_vault::KeyRing;

use crate::login::LoginToken;
use crate::sms_code::{self, GivenCode};
use crate::{Result, correction, notice};

/// Who opens a login, with what and from where.
#[derive(Clone, Copy)]
pub struct NewLogin<'a> {
    /// Whose.
    pub account: Account,
    /// How far it has come.
    pub stage: LoginStage,
    /// Its secret; always a fresh one.
    pub token: &'a LoginToken,
    /// What the browser calls itself.
    pub user_agent: &'a str,
    /// From where.
    pub ip: &'a str,
}

/// Opens a login, and notices a device that the account was never used from, while others were: a learner is
/// told.
pub async fn open(
    txn: &Txn,
    vault: &KeyRing,
    new: NewLogin<'_>,
    now: UnixMs,
) -> Result<LoginSession> {
    let mut session = LoginSession::start(
        LoginSessionId(Uuid::now_v7()),
        new.account,
        new.stage,
        new.user_agent,
        new.ip,
        now,
    );
    if new.stage == LoginStage::Complete {
        let device_hash = hex::encode(Sha256::digest(new.user_agent));
        session.new_device = known_devices::note(txn, new.account, &device_hash, now).await?;
    }
    login_sessions::delete_expired(txn, new.account, now).await?;
    login_sessions::insert(txn, &new.token.hash(), &session).await?;
    if let (Account::Learner(learner), LoginStage::Complete) = (new.account, new.stage) {
        correction::object(txn, now, learner).await?;
    }
    if session.new_device {
        let row = row(
            &session,
            "login.new_device",
            AuditResult::Ok,
            session.id,
            now,
        );
        audit::insert(txn, &row).await?;
        if let Account::Learner(learner) = new.account {
            let (kind, body) = (NoticeKind::NewDevice, new_device_words(&session));
            notice::send(txn, vault, now, learner, kind, &body).await?;
        }
    }
    Ok(session)
}

/// When, what kind of device, from where, and what to do about it.
fn new_device_words(session: &LoginSession) -> String {
    let (_, month, day, hour, minute, _) = local_parts(session.created_at);
    let device = device_words(&session.user_agent);
    let network = network_words(&session.ip).map_or_else(String::new, |ip| format!("，网络 {ip}"));
    format!(
        "{month} 月 {day} 日 {hour:02}:{minute:02}，{device}{network}。如果不是您本人，请马上在“账号与安全”里结束这次登录，并修改密码。"
    )
}

/// By a code that was sent to the learner's phone: it is they who are there. `false` where the code is wrong.
pub async fn prove(
    txn: &Txn,
    vault: &KeyRing,
    session: &LoginSession,
    code: GivenCode<'_>,
    now: UnixMs,
) -> Result<bool> {
    let is_right = sms_code::redeem(txn, vault, code, now).await?;
    let result = if is_right {
        login_sessions::prove(txn, session.id, now).await?;
        AuditResult::Ok
    } else {
        AuditResult::Refused
    };
    let row = row(session, "login.prove", result, session.id, now);
    audit::insert(txn, &row).await?;
    Ok(is_right)
}

/// Notes that an account is in use, at most once a minute; watching a lesson is use.
pub async fn touch(db: &Db, session: &LoginSession, now: UnixMs) -> Result<()> {
    if now - session.last_seen_at < LoginSession::NOTED_EVERY_MS {
        return Ok(());
    }
    db.write(async |txn| Ok(login_sessions::touch(txn, session.id, now).await?))
        .await
}

/// Ends the login by which its holder is here.
pub async fn log_out(txn: &Txn, session: &LoginSession, now: UnixMs) -> Result<()> {
    login_sessions::delete(txn, session.id).await?;
    let row = row(session, "logout", AuditResult::Ok, session.id, now);
    Ok(audit::insert(txn, &row).await?)
}

/// Ends another login of the same account; one of somebody else is not found.
pub async fn revoke(
    txn: &Txn,
    by: &LoginSession,
    which: LoginSessionId,
    now: UnixMs,
) -> Result<()> {
    login_sessions::end(txn, by.account, which, LoginEnd::Revoked).await?;
    let row = row(by, "login.revoke", AuditResult::Ok, which, now);
    Ok(audit::insert(txn, &row).await?)
}

/// Ends all other logins of the account; returns which.
pub async fn revoke_others(
    txn: &Txn,
    by: &LoginSession,
    now: UnixMs,
) -> Result<Vec<LoginSessionId>> {
    let kept = Some(by.id);
    let ended = login_sessions::end_others(txn, by.account, kept, LoginEnd::Revoked).await?;
    let row = row(by, "login.revoke_others", AuditResult::Ok, by.id, now);
    audit::insert(txn, &row).await?;
    Ok(ended)
}

/// Notes that somebody who is logged in was not let in, or that a change they asked for was refused
/// without a row of its own. `route` is the pattern of the address, which holds no personal data.
pub async fn note_refusal(
    txn: &Txn,
    account: Account,
    action: &'static str,
    route: &str,
    broke: bool,
    now: UnixMs,
) -> Result<()> {
    let row = AuditEvent {
        at: now,
        actor: actor(account),
        action,
        object: Some(("route", route.to_owned())),
        result: if broke {
            AuditResult::Failed
        } else {
            AuditResult::Refused
        },
        detail: None,
        ip: None,
    };
    Ok(audit::insert(txn, &row).await?)
}

/// Who acts by this login.
pub(crate) fn actor(account: Account) -> Actor {
    match account {
        Account::Learner(learner) => Actor::Learner(learner),
        Account::Staff(staff) => Actor::Staff(staff),
    }
}

fn row(
    by: &LoginSession,
    action: &'static str,
    result: AuditResult,
    about: LoginSessionId,
    now: UnixMs,
) -> AuditEvent {
    AuditEvent {
        at: now,
        actor: actor(by.account),
        action,
        object: Some(("login_session", about.to_string())),
        result,
        detail: None,
        ip: Some(by.ip.clone()),
    }
}
