//! Closing an account (注销), and destroying its key when nothing keeps it any more.

use zhipei_domain::{
    AccountState, Actor, ConsentPurpose, Erasure, LearnerId, LoginName, LoginSessionId, NoticeKind,
    Scope, UnixMs,
};
use zhipei_ledger::{IdentityBody, IdentityChange};
use zhipei_storage::{
    Txn, consents, corrections, credentials, enrolments, erasures, identities, learners,
    learning_intervals, login_sessions, notices, rosters,
};

use crate::audit::done;
use crate::{Keys, Result, ledger, notice};

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

/// Closes the account of a learner at their request. Records that are to be kept keep the person's key until
/// they may go; nobody logs in meanwhile, and phone and document are free. Without records the key goes at
/// once.
pub async fn request(txn: &Txn, keys: &Keys, now: UnixMs, learner: LearnerId) -> Result<Closed> {
    let by = Actor::Learner(learner);
    learners::get_to_change(txn, &Scope::Learner(learner), learner).await?;
    let erasure = Erasure::ask(now, last_record_at(txn, learner).await?);
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
    identities::set_aside(txn, learner).await?;
    learners::set_state(txn, learner, AccountState::Restricted).await?;
    corrections::close(txn, learner, "账号已注销", &format!("{by:?}"), now).await?;
    let ended = login_sessions::delete_all(txn, learner).await?;
    let until = zhipei_domain::rfc3339(erasure.due_at);
    done(txn, &by, now, "erasure.request", "learner", learner, &until).await?;
    let erasure = if erasure.due_at <= now {
        erase(txn, keys, &by, now, learner, erasure).await?
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

/// Destroys the key of a learner by the operator's word, before its time.
pub async fn erase_now(
    txn: &Txn,
    keys: &Keys,
    by: &Actor,
    now: UnixMs,
    learner: LearnerId,
) -> Result<()> {
    let asked = erasures::get(txn, learner).await?;
    let erasure = asked.unwrap_or_else(|| Erasure::ask(now, None));
    erase(txn, keys, by, now, learner, erasure).await?;
    Ok(())
}

async fn erase(
    txn: &Txn,
    keys: &Keys,
    by: &Actor,
    now: UnixMs,
    learner: LearnerId,
    erasure: Erasure,
) -> Result<Erasure> {
    identities::erase(txn, learner, now).await?;
    rosters::erase(txn, learner, now).await?;
    corrections::erase(txn, learner).await?;
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

/// When the last thing happened that is to be kept: the end of the last class, or the last learning
/// outside of classes.
async fn last_record_at(txn: &Txn, learner: LearnerId) -> Result<Option<UnixMs>> {
    let places = enrolments::of_learner(txn, &Scope::Learner(learner), learner).await?;
    let class_ends = places.iter().map(|(_, class)| class.window.last().end_ms());
    let learnt = learning_intervals::last_at(txn, learner).await?;
    Ok(class_ends.chain(learnt).max())
}
