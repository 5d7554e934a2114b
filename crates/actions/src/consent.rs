//! Consents: giving and withdrawing, one purpose at a time.

use sha2::{Digest, Sha256};
use zhipei_domain::{Actor, Consent, ConsentPurpose, LearnerId, Rejection, UnixMs};
use zhipei_storage::{Txn, consents};

use crate::audit::done;
use crate::{Result, face};

/// Gives a consent to the text of `version`, which must be the one that holds. One that lives stays as it
/// is; one to an older text is replaced.
pub async fn give(
    txn: &Txn,
    learner: LearnerId,
    purpose: ConsentPurpose,
    version: u32,
    now: UnixMs,
) -> Result<()> {
    if consents::lives(txn, learner, purpose).await? {
        return Ok(());
    }
    insert(txn, learner, purpose, version, now).await?;
    let by = Actor::Learner(learner);
    let said = format!("{} {version}", purpose.as_str());
    done(txn, &by, now, "consent.give", "learner", learner, &said).await
}

/// Withdraws a consent; without those to comparing and uploading the face, the template is destroyed. One that registering needs is only withdrawn with the account.
pub async fn withdraw(
    txn: &Txn,
    learner: LearnerId,
    purpose: ConsentPurpose,
    now: UnixMs,
) -> Result<()> {
    if purpose.required() {
        return Err(Rejection::ConsentNeeded.into());
    }
    if !consents::withdraw(txn, learner, purpose, now).await? {
        return Ok(());
    }
    let (by, said) = (Actor::Learner(learner), purpose.as_str());
    if matches!(
        purpose,
        ConsentPurpose::FaceCompare | ConsentPurpose::FaceUpload
    ) {
        face::forget(txn, &by, now, learner).await?;
    }
    done(txn, &by, now, "consent.withdraw", "learner", learner, said).await
}

/// Is `version` the one of the text that holds?
pub(crate) fn check(purpose: ConsentPurpose, version: u32) -> Result<()> {
    if version != purpose.text().version {
        return Err(Rejection::ConsentOutdated.into());
    }
    Ok(())
}

/// The row, without the audit row.
pub(crate) async fn insert(
    txn: &Txn,
    learner: LearnerId,
    purpose: ConsentPurpose,
    version: u32,
    now: UnixMs,
) -> Result<Consent> {
    check(purpose, version)?;
    consents::withdraw(txn, learner, purpose, now).await?;
    let consent = Consent {
        learner,
        purpose,
        version,
        text_hash: text_hash(purpose.text().body),
        given_at: now,
        withdrawn_at: None,
    };
    consents::insert(txn, &consent).await?;
    Ok(consent)
}

/// Which words were agreed to.
pub(crate) fn text_hash(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}
