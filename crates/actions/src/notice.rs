//! Notices: telling a learner something, in the app always, by SMS where it matters.

use uuid::Uuid;
use zhipei_domain::{
    Actor, ConsentPurpose, LearnerId, Notice, NoticeId, NoticeKind, Scope, SmsRule, SmsWords,
    UnixMs,
};
use zhipei_storage::{Txn, consents, identities, notices};
use zhipei_vault::KeyRing;

use crate::audit::done;
use crate::{Result, outbox};

/// A notice that did not go out by SMS for so long is only read in the app.
const SMS_LIVES_MS: i64 = 86_400_000;

/// Tells a learner what happened. `body` holds nothing personal.
pub(crate) async fn send(
    txn: &Txn,
    vault: &KeyRing,
    now: UnixMs,
    learner: LearnerId,
    kind: NoticeKind,
    body: &str,
) -> Result<()> {
    let notice = Notice {
        id: NoticeId(Uuid::now_v7()),
        learner,
        kind,
        body: body.to_owned(),
        created_at: now,
        read_at: None,
    };
    notices::insert(txn, &notice).await?;
    let by_sms = match kind.sms() {
        SmsRule::Always => true,
        SmsRule::WithConsent => consents::lives(txn, learner, ConsentPurpose::Sms).await?,
        SmsRule::Never => false,
    };
    if !by_sms {
        return Ok(());
    }
    let identity = identities::get(txn, &Scope::Learner(learner), vault, learner).await?;
    if let Some(phone) = identity.phone {
        let words = SmsWords::Notice(kind.title().to_owned());
        let until = Some(now + SMS_LIVES_MS);
        outbox::queue_sms(txn, vault, now, &phone, &words, until).await?;
    }
    Ok(())
}

/// Marks one as read, or all; says how many were not.
pub async fn read(
    txn: &Txn,
    learner: LearnerId,
    one: Option<NoticeId>,
    now: UnixMs,
) -> Result<u64> {
    let count = notices::read(txn, learner, one, now).await?;
    let (by, said) = (Actor::Learner(learner), count.to_string());
    done(txn, &by, now, "notice.read", "learner", learner, &said).await?;
    Ok(count)
}
