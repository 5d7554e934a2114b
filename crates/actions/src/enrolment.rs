//! Enrolments: giving a learner a place in a class.

use uuid::Uuid;
use zhipei_domain::{
    AccountState, Actor, ClassId, Enrolment, EnrolmentId, EnrolmentState, Learner, Rejection,
    UnixMs,
};
use zhipei_storage::{Txn, enrolments};

use crate::audit::done;
use crate::{Conflicts, Result};

/// Enrols a learner, whose account is in use, in a class.
pub async fn enrol(
    txn: &Txn,
    by: &Actor,
    now: UnixMs,
    learner: &Learner,
    class: ClassId,
) -> Result<Enrolment> {
    if learner.state != AccountState::Active {
        return Err(Rejection::AccountNotActive.into());
    }
    let enrolment = Enrolment {
        id: EnrolmentId(Uuid::now_v7()),
        learner: learner.id,
        class,
        region: learner.region.clone(),
        state: EnrolmentState::Active,
        created_at: now,
    };
    enrolments::insert(txn, &enrolment)
        .await
        .or_rejected(Rejection::AlreadyEnrolled)?;
    let whose = learner.id.to_string();
    done(
        txn,
        by,
        now,
        "enrolment.add",
        "enrolment",
        enrolment.id,
        &whose,
    )
    .await?;
    Ok(enrolment)
}
