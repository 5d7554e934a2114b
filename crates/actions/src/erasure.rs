//! Closing an account (注销), and destroying its key when nothing keeps it any more.

use zhipei_domain::{
    Account, AccountState, Actor, ConsentPurpose, Erasure, IdentityLevel, KEPT_MS, LearnerId,
    LoginName, LoginSessionId, NoticeKind, Scope, UnixMs, check_reason,
};
use zhipei_ledger::{IdentityBody, IdentityChange};
use zhipei_storage::{
    Txn, class_invitations, consents, corrections, credentials, enrolments, erasures, faces,
    identities, known_devices, learners, learning_intervals, login_sessions, notices, rosters,
};

use crate::audit::done;
use crate::{Keys, Result, identity, ledger, notice};

/// People whose keys are destroyed in one transaction.
const AT_ONCE: u64 = 50;

/// What became of a request.
#[derive(Debug)]
pub struct Closed {
    /// From when on nobody can be read.
    pub erasure: Erasure,
    /// Logins that ended with it.
    pub ended: Vec<LoginSessionId>,
}

/// Closes the account of a learner at their request, which `by` brings. Records that are to be kept keep the person's key until
/// they may go; nobody logs in meanwhile, and phone and document are free. Without records the key goes at
/// once.
pub async fn request(
    txn: &Txn,
    keys: &Keys,
    by: &Actor,
    now: UnixMs,
    learner: LearnerId,
) -> Result<Closed> {
    identity::end_requests(txn, by, now, learner).await?;
    let erasure = Erasure::ask(now, kept_until(txn, learner).await?);
    erasures::put(txn, learner, erasure).await?;
    let body = "账号已按您的要求注销。依规定须保存的培训记录封存到期后销毁，期间只用于核查。";
    notice::send(
        txn,
        &keys.vault,
        now,
        learner,
        NoticeKind::ErasureRequested,
        body,
    )
    .await?;
    for purpose in ConsentPurpose::ALL {
        consents::withdraw(txn, learner, purpose, now).await?;
    }
    faces::erase(txn, learner).await?;
    identities::set_aside(txn, learner).await?;
    learners::set_state(txn, learner, AccountState::Restricted).await?;
    let ended = login_sessions::delete_all(txn, learner).await?;
    let until = zhipei_domain::rfc3339(erasure.due_at);
    done(txn, by, now, "erasure.request", "learner", learner, &until).await?;
    let erasure = if erasure.due_at <= now {
        erase(txn, keys, by, now, learner, erasure).await?
    } else {
        erasure
    };
    Ok(Closed { erasure, ended })
}

/// Destroys the keys of some of those whose time has come. Returns how many; 0 when there are no more.
pub async fn erase_due(txn: &Txn, keys: &Keys, now: UnixMs) -> Result<usize> {
    let due = erasures::due(txn, now, AT_ONCE).await?;
    for (learner, erasure) in &due {
        erase(txn, keys, &Actor::System, now, *learner, *erasure).await?;
    }
    Ok(due.len())
}

/// Destroys the key of a learner by the operator's word. Before its time that needs a reason, which the audit
/// trail keeps.
pub async fn erase_now(
    txn: &Txn,
    keys: &Keys,
    by: &Actor,
    now: UnixMs,
    learner: LearnerId,
    reason: Option<&str>,
) -> Result<()> {
    let asked = erasures::get(txn, learner).await?;
    let kept = kept_until(txn, learner).await?;
    let term = asked.map(|asked| asked.due_at).max(kept);
    if term.is_some_and(|term| term > now) {
        let reason = check_reason(reason.unwrap_or_default())?;
        done(txn, by, now, "erasure.early", "learner", learner, reason).await?;
    }
    identity::end_requests(txn, by, now, learner).await?;
    let erasure = asked.unwrap_or_else(|| Erasure::ask(now, None));
    erase(txn, keys, by, now, learner, erasure).await?;
    Ok(())
}

/// Destroys once more the key of a learner whose erasure a restored backup does not know. `false` where there is
/// nothing to do: it is erased, or came after the backup.
pub async fn replay(
    txn: &Txn,
    keys: &Keys,
    by: &Actor,
    now: UnixMs,
    learner: LearnerId,
) -> Result<bool> {
    match learners::get_to_change(txn, &Scope::Learner(learner), learner).await {
        Err(zhipei_storage::Error::NotFound) => return Ok(false),
        found => {
            if found?.state == AccountState::Erased {
                return Ok(false);
            }
        }
    }
    let reason = Some("备份恢复以后，重做已经完成的注销");
    erase_now(txn, keys, by, now, learner, reason).await?;
    Ok(true)
}

async fn erase(
    txn: &Txn,
    keys: &Keys,
    by: &Actor,
    now: UnixMs,
    learner: LearnerId,
    erasure: Erasure,
) -> Result<Erasure> {
    // What was only claimed may be another's, whose place on a roster stays.
    let scope = Scope::Learner(learner);
    let level = learners::get(txn, &scope, learner).await?.identity_level;
    let who = identities::get(txn, &scope, &keys.vault, learner).await?;
    let document = who.document.filter(|_| level == IdentityLevel::Confirmed);
    rosters::erase(txn, &keys.vault, learner, document.as_ref(), now).await?;
    identities::erase(txn, learner, now).await?;
    faces::erase(txn, learner).await?;
    corrections::erase(txn, learner).await?;
    class_invitations::erase(txn, learner).await?;
    known_devices::delete(txn, Account::Learner(learner)).await?;
    notices::erase(txn, learner).await?;
    credentials::delete(txn, learner).await?;
    login_sessions::delete_all(txn, learner).await?;
    learners::rename(txn, learner, &LoginName::draw((keys.vault.random())())).await?;
    learners::set_state(txn, learner, AccountState::Erased).await?;
    let erasure = Erasure {
        done_at: Some(now),
        ..erasure
    };
    erasures::put(txn, learner, erasure).await?;
    let body = IdentityBody::new(IdentityChange::Erased);
    ledger::append(txn, &keys.ledger, learner, now, body).await?;
    done(txn, by, now, "erasure.done", "learner", learner, "").await?;
    Ok(erasure)
}

/// Until when there are records that are to be kept: of classes, each with its term, and of learning outside
/// of them.
pub(crate) async fn kept_until(txn: &Txn, learner: LearnerId) -> Result<Option<UnixMs>> {
    let places = enrolments::of_learner(txn, &Scope::Learner(learner), learner).await?;
    let classes = places.iter().map(|(_, class)| class.kept_until());
    let learnt = learning_intervals::last_at(txn, learner).await?;
    Ok(classes.chain(learnt.map(|at| at + KEPT_MS)).max())
}
