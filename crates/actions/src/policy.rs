//! Policies: setting the rules of a class or of the platform.

use zhipei_domain::{Actor, CreditScope, Policy, UnixMs};
use zhipei_storage::{Txn, policies};

use crate::audit::done;
use crate::{Error, Result};

/// Keeps `rules` as the next version of the scope's policy, and returns it. It binds at the next
/// opening of a lesson.
pub async fn set(
    txn: &Txn,
    by: &Actor,
    now: UnixMs,
    scope: CreditScope,
    mut rules: Policy,
) -> Result<Policy> {
    rules
        .validate()
        .map_err(|error| Error::Rejected(error.into()))?;
    rules.version = policies::newest_version(txn, scope).await? + 1;
    policies::insert(txn, scope, &rules, now).await?;
    let detail = format!("version {}", rules.version);
    done(
        txn,
        by,
        now,
        "policy.set",
        "credit_scope",
        scope.to_uuid(),
        &detail,
    )
    .await?;
    Ok(rules)
}
