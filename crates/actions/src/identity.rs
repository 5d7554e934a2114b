//! Who a learner is: confirming it, setting a claim aside, changing what was wrong.

use zhipei_domain::{
    APPEAL_MS, AccountState, Actor, CorrectionField, Erasure, IdDocument, IdentityLevel, LearnerId,
    LoginSessionId, NoticeKind, Rejection, Scope, UnixMs,
};
use zhipei_ledger::{IdentityBody, IdentityChange};
use zhipei_storage::identities::Change;
use zhipei_storage::{
    Error, Txn, class_invitations, corrections, erasures, identities, learners, login_sessions,
};

use crate::audit::done;
use crate::{Conflicts, Keys, Result, erasure, ledger, notice};

/// An institution's roster agrees with what the learner typed in.
pub(crate) async fn confirm(
    txn: &Txn,
    keys: &Keys,
    by: &Actor,
    now: UnixMs,
    learner: LearnerId,
) -> Result<()> {
    learners::set_level(txn, learner, IdentityLevel::Confirmed).await?;
    let body = IdentityBody::new(IdentityChange::Confirmed);
    ledger::append(txn, &keys.ledger, learner, now, body).await?;
    let kind = NoticeKind::IdentityConfirmed;
    notice::send(
        txn,
        &keys.vault,
        now,
        learner,
        kind,
        "培训机构的名单与您填写的信息一致。",
    )
    .await?;
    done(txn, by, now, "identity.confirm", "learner", learner, "").await
}

/// The true holder of the document was found, and it is not this account: it ends, with its records. Returns
/// its logins, for their live sessions to end.
pub(crate) async fn set_aside(
    txn: &Txn,
    keys: &Keys,
    by: &Actor,
    now: UnixMs,
    learner: LearnerId,
) -> Result<Vec<LoginSessionId>> {
    let scope = Scope::Learner(learner);
    learners::get_to_change(txn, &scope, learner).await?;
    let kind = NoticeKind::SetAside;
    let body =
        "证件号码的持有人已经由培训机构确认，这个账号不能再使用。学习记录保留，可向培训机构申诉。";
    notice::send(txn, &keys.vault, now, learner, kind, body).await?;
    end_requests(txn, by, now, learner).await?;
    identities::set_aside(txn, learner).await?;
    learners::set_state(txn, learner, AccountState::SetAside).await?;
    let ended = login_sessions::delete_all(txn, learner).await?;
    let kept = erasure::kept_until(txn, learner).await?;
    let term = Erasure::ask(now, Some(kept.unwrap_or(now).max(now + APPEAL_MS)));
    erasures::put(txn, learner, term).await?;
    let body = IdentityBody::new(IdentityChange::SetAside);
    ledger::append(txn, &keys.ledger, learner, now, body).await?;
    done(txn, by, now, "identity.set_aside", "learner", learner, "").await?;
    Ok(ended)
}

/// Sets aside who merely claims the document, for its true holder has been found, and returns whom. Who is
/// confirmed keeps it, and so does the holder themselves.
pub(crate) async fn end_claim(
    txn: &Txn,
    keys: &Keys,
    by: &Actor,
    now: UnixMs,
    document: &IdDocument,
    holder: Option<LearnerId>,
) -> Result<Option<LearnerId>> {
    let id = match identities::by_document(txn, &keys.vault, document).await {
        Err(Error::NotFound) => return Ok(None),
        found => found?,
    };
    let other = learners::get_to_change(txn, &Scope::Platform, id).await?;
    if holder == Some(id) || other.identity_level == IdentityLevel::Confirmed {
        return Ok(None);
    }
    set_aside(txn, keys, by, now, id).await?;
    Ok(Some(id))
}

/// The phone was found to be with somebody else, who shares it or has it now: the account keeps all but the
/// phone.
pub(crate) async fn detach_phone(
    txn: &Txn,
    keys: &Keys,
    by: &Actor,
    now: UnixMs,
    learner: LearnerId,
) -> Result<()> {
    let kind = NoticeKind::PhoneChanged;
    let body = "原来的手机号经短信验证，已归另一位由培训机构确认的学员使用，从这个账号移除。请在个人信息里换成您自己的手机号。";
    notice::send(txn, &keys.vault, now, learner, kind, body).await?;
    change(txn, keys, now, learner, &Change::Phone(None)).await?;
    done(txn, by, now, "phone.detach", "learner", learner, "").await
}

/// Ends what waits for somebody's word: the account is about to close.
pub(crate) async fn end_requests(
    txn: &Txn,
    by: &Actor,
    now: UnixMs,
    learner: LearnerId,
) -> Result<()> {
    learners::get_to_change(txn, &Scope::Learner(learner), learner).await?;
    let (reason, by) = ("账号已停用或注销", format!("{by:?}"));
    corrections::close(txn, learner, None, None, reason, &by, now).await?;
    Ok(class_invitations::close(txn, learner, reason, now).await?)
}

/// Keeps what was changed, in the row and in the ledger: there sealed, so that it goes with the person's
/// key. With another name or document nobody has confirmed who it is; with another phone, requests for yet
/// another end.
pub(crate) async fn change(
    txn: &Txn,
    keys: &Keys,
    now: UnixMs,
    learner: LearnerId,
    change: &Change,
) -> Result<()> {
    // Until the end of the transaction nobody closes the account.
    let before = learners::get_to_change(txn, &Scope::Learner(learner), learner).await?;
    if before.state != AccountState::Active {
        return Err(Rejection::AccountNotActive.into());
    }
    identities::update(txn, &keys.vault, learner, change)
        .await
        .or_rejected(Rejection::AlreadyRegistered)?;
    let key = identities::key_of(txn, &keys.vault, learner).await?;
    let (changed, new_value) = match change {
        Change::Name(name) => (IdentityChange::Name, Some(name.as_str().to_owned())),
        Change::Document(document, _) => (IdentityChange::Document, Some(document.key())),
        Change::Phone(phone) => {
            let new = phone.as_ref().map(|phone| phone.as_str().to_owned());
            (IdentityChange::Phone, new)
        }
    };
    match change {
        Change::Phone(Some(_)) => {
            let (field, by) = (Some(CorrectionField::Phone), format!("{:?}", Actor::System));
            corrections::close(txn, learner, field, None, "手机号已更换", &by, now).await?;
        }
        Change::Phone(None) => {}
        // Whoever confirmed did so for another name or document.
        Change::Name(_) | Change::Document(..) => {
            if before.identity_level == IdentityLevel::Confirmed {
                learners::set_level(txn, learner, IdentityLevel::Claimed).await?;
            }
        }
    }
    let mut body = IdentityBody::new(changed);
    body.new_value = new_value.map(|new| ledger::sealed(&key, &new));
    ledger::append(txn, &keys.ledger, learner, now, body).await
}
