//! Courses (课程) with their chapters and lessons.

use std::collections::HashMap;

use sea_orm::prelude::Uuid;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder,
};
use zhipei_credit::LessonSpec;
use zhipei_domain::{
    Chapter, ChapterId, Course, CourseId, CourseKind, CreditScope, Lesson, LessonId, MediaAssetId,
    Title,
};

use crate::entity::{chapter, course, lesson};
use crate::institutions::title;
use crate::scope::Unscoped;
use crate::{Error, Result, Txn, training_classes};

impl Unscoped for course::Entity {}
impl Unscoped for chapter::Entity {}
impl Unscoped for lesson::Entity {}

/// All courses, by title.
pub async fn list(db: &impl ConnectionTrait) -> Result<Vec<Course>> {
    let rows = course::Entity::rows()
        .order_by_asc(course::Column::Title)
        .all(db)
        .await?;
    whole(db, rows).await
}

/// The courses with these ids, in this order; [`Error::NotFound`] when one is missing.
pub async fn get_all(db: &impl ConnectionTrait, ids: &[CourseId]) -> Result<Vec<Course>> {
    let rows = course::Entity::rows()
        .filter(course::Column::Id.is_in(ids.iter().map(|id| id.0)))
        .all(db)
        .await?;
    let mut found: HashMap<CourseId, Course> = whole(db, rows)
        .await?
        .into_iter()
        .map(|course| (course.id, course))
        .collect();
    ids.iter()
        .map(|id| found.remove(id).ok_or(Error::NotFound))
        .collect()
}

/// The course with this title.
pub async fn by_title(db: &impl ConnectionTrait, title: &Title) -> Result<Course> {
    let rows = course::Entity::rows()
        .filter(course::Column::Title.eq(title.as_str()))
        .all(db)
        .await?;
    whole(db, rows).await?.pop().ok_or(Error::NotFound)
}

/// The lesson with this id, and its course.
pub async fn lesson(db: &impl ConnectionTrait, id: LessonId) -> Result<(CourseId, Lesson)> {
    let row = lesson::Entity::rows()
        .filter(lesson::Column::Id.eq(id.0))
        .one(db)
        .await?
        .ok_or(Error::NotFound)?;
    Ok((CourseId(row.course_id), row.try_into()?))
}

/// The lessons of a class in the order of its courses, or of all general courses on the platform: what
/// can be earned there. Only lessons with a video count.
pub async fn curriculum(
    db: &impl ConnectionTrait,
    credit_scope: CreditScope,
) -> Result<Vec<LessonSpec>> {
    let courses: Vec<Uuid> = match credit_scope {
        CreditScope::Class(class) => training_classes::courses(db, class)
            .await?
            .into_iter()
            .map(|course| course.course.0)
            .collect(),
        CreditScope::Platform => course::Entity::rows()
            .filter(course::Column::Kind.eq(CourseKind::General.as_str()))
            .all(db)
            .await?
            .into_iter()
            .map(|course| course.id)
            .collect(),
    };
    let rows = lesson::Entity::rows()
        .filter(lesson::Column::CourseId.is_in(courses))
        .filter(lesson::Column::MediaAssetId.is_not_null())
        .order_by_asc(lesson::Column::CourseId)
        .order_by_asc(lesson::Column::Position)
        .all(db)
        .await?;
    let spec = |row: lesson::Model| LessonSpec {
        lesson: LessonId(row.id),
        course: CourseId(row.course_id),
        length_ms: row.length_ms,
    };
    Ok(rows.into_iter().map(spec).collect())
}

/// Adds a course with all that is in it.
pub async fn insert(txn: &Txn, course: &Course) -> Result<()> {
    let row = course::ActiveModel {
        id: Set(course.id.0),
        title: Set(course.title.as_str().to_owned()),
        kind: Set(course.kind.as_str().to_owned()),
        created_at: Set(course.created_at),
    };
    row.insert(txn).await?;
    for chapter in &course.chapters {
        let row = chapter::ActiveModel {
            id: Set(chapter.id.0),
            course_id: Set(course.id.0),
            position: Set(chapter.number as i32),
            title: Set(chapter.title.as_str().to_owned()),
        };
        row.insert(txn).await?;
        for lesson in &chapter.lessons {
            let row = lesson::ActiveModel {
                id: Set(lesson.id.0),
                course_id: Set(course.id.0),
                chapter_id: Set(chapter.id.0),
                position: Set(lesson.number as i32),
                title: Set(lesson.title.as_str().to_owned()),
                length_ms: Set(lesson.length_ms),
                media_asset_id: Set(lesson.media.map(|media| media.0)),
            };
            row.insert(txn).await?;
        }
    }
    Ok(())
}

/// Puts chapters and lessons into their courses: three statements, however many courses.
async fn whole(db: &impl ConnectionTrait, rows: Vec<course::Model>) -> Result<Vec<Course>> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let chapters = chapter::Entity::rows()
        .filter(chapter::Column::CourseId.is_in(ids.iter().copied()))
        .order_by_asc(chapter::Column::Position)
        .all(db)
        .await?;
    let lessons = lesson::Entity::rows()
        .filter(lesson::Column::CourseId.is_in(ids))
        .order_by_asc(lesson::Column::Position)
        .all(db)
        .await?;
    let mut in_chapter: HashMap<Uuid, Vec<Lesson>> = HashMap::new();
    for row in lessons {
        in_chapter
            .entry(row.chapter_id)
            .or_default()
            .push(row.try_into()?);
    }
    let mut in_course: HashMap<Uuid, Vec<Chapter>> = HashMap::new();
    for row in chapters {
        in_course.entry(row.course_id).or_default().push(Chapter {
            id: ChapterId(row.id),
            number: row.position.unsigned_abs(),
            title: title(&row.title)?,
            lessons: in_chapter.remove(&row.id).unwrap_or_default(),
        });
    }
    rows.into_iter()
        .map(|row| {
            Ok(Course {
                id: CourseId(row.id),
                title: title(&row.title)?,
                kind: CourseKind::parse(&row.kind).ok_or(Error::Corrupt("kind"))?,
                chapters: in_course.remove(&row.id).unwrap_or_default(),
                created_at: row.created_at,
            })
        })
        .collect()
}

impl TryFrom<lesson::Model> for Lesson {
    type Error = Error;

    fn try_from(row: lesson::Model) -> Result<Self> {
        Ok(Self {
            id: LessonId(row.id),
            number: row.position.unsigned_abs(),
            title: title(&row.title)?,
            length_ms: row.length_ms,
            media: row.media_asset_id.map(MediaAssetId),
        })
    }
}
