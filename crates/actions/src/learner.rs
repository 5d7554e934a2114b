//! Learners: adding one.

use uuid::Uuid;
use zhipei_domain::{
    Actor, IdentityLevel, Learner, LearnerId, Lockout, LoginName, RegionCode, Rejection, Title,
    UnixMs,
};
use zhipei_storage::credentials::Credential;
use zhipei_storage::{Txn, credentials, learners};

use crate::audit::done;
use crate::{Conflicts, Result};

/// Who is added.
#[derive(Clone, Debug)]
pub struct NewLearner {
    /// What they log in with.
    pub login_name: LoginName,
    /// The name on their papers.
    pub name: Title,
    /// How well it is known who they are.
    pub identity_level: IdentityLevel,
    /// Where they belong.
    pub region: RegionCode,
    /// Of the first password; see [`Hasher`](crate::Hasher).
    pub password_hash: String,
}

/// Adds a learner with a first password.
pub async fn add(txn: &Txn, by: &Actor, now: UnixMs, new: NewLearner) -> Result<Learner> {
    let learner = Learner {
        id: LearnerId(Uuid::now_v7()),
        login_name: new.login_name,
        name: new.name,
        identity_level: new.identity_level,
        region: new.region,
        created_at: now,
    };
    learners::insert(txn, &learner)
        .await
        .or_rejected(Rejection::LoginNameTaken)?;
    let credential = Credential {
        learner: learner.id,
        password_hash: new.password_hash,
        changed_at: now,
        lockout: Lockout::default(),
    };
    credentials::insert(txn, &credential).await?;
    done(
        txn,
        by,
        now,
        "learner.add",
        "learner",
        learner.id,
        learner.login_name.as_str(),
    )
    .await?;
    Ok(learner)
}
