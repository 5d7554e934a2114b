//! Who a learner is: confirming it, setting a claim aside, changing what was wrong.

use zhipei_domain::{
    APPEAL_MS, AccountState, Actor, CorrectionField, Erasure, Identity, IdentityLevel, LearnerId,
    LoginSessionId, NoticeKind, Rejection, UnixMs,
};
use zhipei_ledger::{IdentityBody, IdentityChange};
use zhipei_storage::{
    Txn, class_invitations, corrections, erasures, identities, learners, login_sessions,
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

/// Ends what waits for somebody's word: the account is about to close.
pub(crate) async fn end_requests(
    txn: &Txn,
    by: &Actor,
    now: UnixMs,
    learner: LearnerId,
) -> Result<()> {
    learners::get_to_change(txn, learner).await?;
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
    identity: &Identity,
    field: CorrectionField,
    new_value: &str,
) -> Result<()> {
    // Until the end of the transaction nobody closes the account.
    let before = learners::get_to_change(txn, learner).await?;
    if before.state != AccountState::Active {
        return Err(Rejection::AccountNotActive.into());
    }
    identities::update(txn, &keys.vault, learner, field, identity)
        .await
        .or_rejected(Rejection::AlreadyRegistered)?;
    let changed = match field {
        CorrectionField::Name => IdentityChange::Name,
        CorrectionField::Document => IdentityChange::Document,
        CorrectionField::Phone => {
            let reason = "手机号已更换";
            let by = format!("{:?}", Actor::System);
            corrections::close(txn, learner, Some(field), None, reason, &by, now).await?;
            IdentityChange::Phone
        }
    };
    if changed != IdentityChange::Phone && before.identity_level == IdentityLevel::Confirmed {
        learners::set_level(txn, learner, IdentityLevel::Claimed).await?;
    }
    let key = identities::key_of(txn, &keys.vault, learner).await?;
    let mut body = IdentityBody::new(changed);
    body.new_value = Some(ledger::sealed(&key, new_value));
    ledger::append(txn, &keys.ledger, learner, now, body).await
}
