//! Training classes (班期) and their courses.

use sea_orm::prelude::Uuid;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use zhipei_domain::{
    ClassCourse, ClassId, CourseId, InstitutionId, LocalDay, Scope, TrainingClass, Window,
};

use crate::entity::{class_course, training_class};
use crate::institutions::title;
use crate::regions::region_code;
use crate::scope::{Unscoped, classes_in};
use crate::{Error, Result, Txn};

impl Unscoped for training_class::Entity {}
impl Unscoped for class_course::Entity {}

/// The class with this id.
pub async fn get(db: &impl ConnectionTrait, id: ClassId) -> Result<TrainingClass> {
    let row = training_class::Entity::rows()
        .filter(training_class::Column::Id.eq(id.0))
        .one(db)
        .await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// The class with this id, if it is in the scope.
pub async fn in_scope(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: ClassId,
) -> Result<TrainingClass> {
    let row = classes_in(scope)
        .filter(training_class::Column::Id.eq(id.0))
        .one(db)
        .await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// The class with this code (班级编号).
pub async fn by_code(db: &impl ConnectionTrait, code: &str) -> Result<TrainingClass> {
    let row = training_class::Entity::rows()
        .filter(training_class::Column::Code.eq(code))
        .one(db)
        .await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// The classes of a scope after the one with the id `after`, the newest first, at most `limit`.
pub async fn list(
    db: &impl ConnectionTrait,
    scope: &Scope,
    after: Option<ClassId>,
    limit: u64,
) -> Result<Vec<TrainingClass>> {
    let mut query = classes_in(scope).order_by_desc(training_class::Column::Id);
    if let Some(after) = after {
        query = query.filter(training_class::Column::Id.lt(after.0));
    }
    let rows = query.limit(limit).all(db).await?;
    rows.into_iter().map(TrainingClass::try_from).collect()
}

/// The courses of the class, in order.
pub async fn courses(db: &impl ConnectionTrait, id: ClassId) -> Result<Vec<ClassCourse>> {
    let rows = class_course::Entity::rows()
        .filter(class_course::Column::ClassId.eq(id.0))
        .order_by_asc(class_course::Column::Position)
        .all(db)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| ClassCourse {
            course: CourseId(row.course_id),
            position: row.position.unsigned_abs(),
            required: row.required,
        })
        .collect())
}

/// Adds one; [`Error::Conflict`] when the code is taken.
pub async fn insert(txn: &Txn, class: &TrainingClass) -> Result<()> {
    let row = training_class::ActiveModel {
        id: Set(class.id.0),
        institution_id: Set(class.institution.0),
        code: Set(class.code.as_str().to_owned()),
        title: Set(class.title.as_str().to_owned()),
        filing_number: Set(class.filing_number.clone()),
        occupation: Set(class.occupation.clone()),
        occupation_code: Set(class.occupation_code.clone()),
        level: Set(class.level.clone()),
        region_code: Set(class.region.to_string()),
        starts_on: Set(class.window.first().to_string()),
        ends_on: Set(class.window.last().to_string()),
        required_ms: Set(class.required_ms),
        high_risk: Set(class.high_risk),
        created_at: Set(class.created_at),
    };
    row.insert(txn).await?;
    Ok(())
}

/// Puts a course into a class; [`Error::Conflict`] when it is there.
pub async fn add_course(txn: &Txn, class: ClassId, course: ClassCourse) -> Result<()> {
    let row = class_course::ActiveModel {
        class_id: Set(class.0),
        course_id: Set(course.course.0),
        position: Set(course.position as i32),
        required: Set(course.required),
    };
    row.insert(txn).await?;
    Ok(())
}

pub(crate) async fn by_ids(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<TrainingClass>> {
    let rows = training_class::Entity::rows()
        .filter(training_class::Column::Id.is_in(ids))
        .all(db)
        .await?;
    rows.into_iter().map(TrainingClass::try_from).collect()
}

impl TryFrom<training_class::Model> for TrainingClass {
    type Error = Error;

    fn try_from(row: training_class::Model) -> Result<Self> {
        let day = |text: &str| text.parse::<LocalDay>().map_err(|_| Error::Corrupt("day"));
        Ok(Self {
            id: ClassId(row.id),
            institution: InstitutionId(row.institution_id),
            code: title(&row.code)?,
            title: title(&row.title)?,
            filing_number: row.filing_number,
            occupation: row.occupation,
            occupation_code: row.occupation_code,
            level: row.level,
            region: region_code(&row.region_code)?,
            window: Window::new(day(&row.starts_on)?, day(&row.ends_on)?)
                .map_err(|_| Error::Corrupt("ends_on"))?,
            required_ms: row.required_ms,
            high_risk: row.high_risk,
            created_at: row.created_at,
        })
    }
}
