//! Learners: adding one.

use uuid::Uuid;
use zhipei_domain::{
    AccountState, Actor, Identity, IdentityLevel, Learner, LearnerId, Lockout, LoginName,
    RegionCode, Rejection, TraineeCategory, UnixMs,
};
use zhipei_storage::credentials::Credential;
use zhipei_storage::{Txn, credentials, identities, learners};
use zhipei_vault::KeyRing;

use crate::audit::done;
use crate::{Conflicts, Result};

/// Who is added.
#[derive(Clone, Debug)]
pub struct NewLearner {
    /// What they log in with.
    pub login_name: LoginName,
    /// Who they are.
    pub identity: Identity,
    /// How well it is known who they are.
    pub identity_level: IdentityLevel,
    /// Where they belong.
    pub region: RegionCode,
    /// What kinds of trainees they are.
    pub categories: Vec<TraineeCategory>,
    /// Of the first password; see [`Hasher`](crate::Hasher).
    pub password_hash: String,
}

/// Adds a learner with a first password.
pub async fn add(
    txn: &Txn,
    vault: &KeyRing,
    by: &Actor,
    now: UnixMs,
    new: NewLearner,
) -> Result<Learner> {
    let learner = insert(txn, vault, now, new).await?;
    done(txn, by, now, "learner.add", "learner", learner.id, "").await?;
    Ok(learner)
}

/// The rows of a new learner, without the audit row of how they came.
pub(crate) async fn insert(
    txn: &Txn,
    vault: &KeyRing,
    now: UnixMs,
    new: NewLearner,
) -> Result<Learner> {
    let learner = Learner {
        id: LearnerId(Uuid::now_v7()),
        login_name: new.login_name,
        identity_level: new.identity_level,
        region: new.region,
        categories: new.categories,
        state: AccountState::Active,
        created_at: now,
    };
    learners::insert(txn, &learner)
        .await
        .or_rejected(Rejection::LoginNameTaken)?;
    identities::insert(txn, vault, learner.id, &new.identity, now)
        .await
        .or_rejected(Rejection::AlreadyRegistered)?;
    let credential = Credential {
        learner: learner.id,
        password_hash: new.password_hash,
        changed_at: now,
        lockout: Lockout::default(),
    };
    credentials::insert(txn, &credential).await?;
    Ok(learner)
}
