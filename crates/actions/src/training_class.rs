//! Training classes: creating one, choosing its courses.

use zhipei_domain::{
    Actor, ClassCourse, ClassId, CourseId, CreditScope, Policy, Rejection, TrainingClass, UnixMs,
};
use zhipei_storage::{Txn, training_classes};

use crate::audit::done;
use crate::{Conflicts, Result, policy};

/// Creates a class with the first version of its policy.
pub async fn create(
    txn: &Txn,
    by: &Actor,
    now: UnixMs,
    class: &TrainingClass,
    rules: Policy,
) -> Result<()> {
    training_classes::insert(txn, class)
        .await
        .or_rejected(Rejection::ClassCodeTaken)?;
    done(
        txn,
        by,
        now,
        "class.create",
        "training_class",
        class.id,
        class.code.as_str(),
    )
    .await?;
    policy::set(txn, by, now, CreditScope::Class(class.id), rules).await?;
    Ok(())
}

/// Puts a course at the end of a class.
pub async fn add_course(
    txn: &Txn,
    by: &Actor,
    now: UnixMs,
    class: ClassId,
    course: CourseId,
    required: bool,
) -> Result<()> {
    let there = training_classes::courses(txn, class).await?;
    let position = there.iter().map(|c| c.position).max().unwrap_or(0) + 1;
    let added = ClassCourse {
        course,
        position,
        required,
    };
    training_classes::add_course(txn, class, added)
        .await
        .or_rejected(Rejection::CourseInClass)?;
    done(
        txn,
        by,
        now,
        "class.add_course",
        "training_class",
        class,
        &course.to_string(),
    )
    .await
}
