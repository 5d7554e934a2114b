//! Who a learner is: confirming it, setting a claim aside, changing what was wrong.

use zhipei_domain::{
    AccountState, Actor, Identity, IdentityLevel, LearnerId, LoginSessionId, NoticeKind, Rejection,
    UnixMs,
};
use zhipei_ledger::{IdentityBody, IdentityChange};
use zhipei_storage::{Txn, identities, learners, login_sessions};

use crate::audit::done;
use crate::{Conflicts, Keys, Result, ledger, notice};

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
    identities::set_aside(txn, learner).await?;
    learners::set_state(txn, learner, AccountState::SetAside).await?;
    let ended = login_sessions::delete_all(txn, learner).await?;
    let body = IdentityBody::new(IdentityChange::SetAside);
    ledger::append(txn, &keys.ledger, learner, now, body).await?;
    done(txn, by, now, "identity.set_aside", "learner", learner, "").await?;
    Ok(ended)
}

/// Keeps what was changed, in the row and in the ledger: there sealed, so that it goes with the person's
/// key.
pub(crate) async fn change(
    txn: &Txn,
    keys: &Keys,
    now: UnixMs,
    learner: LearnerId,
    identity: &Identity,
    changed: IdentityChange,
    new_value: &str,
) -> Result<()> {
    identities::update(txn, &keys.vault, learner, identity)
        .await
        .or_rejected(Rejection::AlreadyRegistered)?;
    let key = identities::key_of(txn, &keys.vault, learner).await?;
    let mut body = IdentityBody::new(changed);
    body.new_value = Some(ledger::sealed(&key, new_value));
    ledger::append(txn, &keys.ledger, learner, now, body).await
}
