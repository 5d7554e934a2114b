//! The learner's classes, their courses and lessons.

mod out;

use axum::Json;
use axum::extract::State;
use utoipa_axum::routes;
use zhipei_api_types::Page;
use zhipei_domain::{
    Chapter, ClassCourse, ClassId, Course, Enrolment, Lesson, LessonId, LocalDay, TrainingClass,
};
use zhipei_storage::{courses, enrolments, institutions, media_assets, training_classes};

use self::out::{
    ChapterOut, ClassDetailOut, ClassOut, ContinueLessonOut, CourseOut, LessonOut, LessonRowOut,
};
pub(crate) use self::out::{TimeStateOut, TotalsOut};
use crate::access::{Access, Routes};
use crate::body::Place;
use crate::media::{MediaOut, poster_url};
use crate::record::Record;
use crate::{ApiError, ApiResult, AppState, Caller};

pub(crate) fn router() -> Routes {
    Routes::new()
        .add(Access::Learner, routes!(list_classes))
        .add(Access::Learner, routes!(get_class))
        .add(Access::Learner, routes!(get_lesson))
}

/// The learner's classes, the newest first.
#[utoipa::path(get, path = "/api/classes", operation_id = "list_classes", tag = "classes", responses((status = 200, body = Page<ClassOut>)))]
async fn list_classes(
    State(app): State<AppState>,
    caller: Caller,
) -> ApiResult<Json<Page<ClassOut>>> {
    let places = enrolments::of_learner(app.db.read(), &caller.scope(), caller.learner()).await?;
    let mut items = Vec::with_capacity(places.len());
    for (enrolment, class) in places {
        let record = Record::load(&app.db, &caller.scope(), caller.learner(), class.id).await?;
        let courses = ClassCourses::load(&app, class.id).await?;
        items.push(class_out(&app, &caller, &enrolment, class, &record, &courses).await?);
    }
    Ok(Json(Page::whole(items)))
}

/// One class with its rules, courses and lessons.
#[utoipa::path(get, path = "/api/classes/{id}", operation_id = "get_class", tag = "classes", params(("id" = uuid::Uuid, Path)), responses((status = 200, body = ClassDetailOut)))]
async fn get_class(
    State(app): State<AppState>,
    caller: Caller,
    Place(id): Place<ClassId>,
) -> ApiResult<Json<ClassDetailOut>> {
    let (enrolment, class) =
        enrolments::get(app.db.read(), &caller.scope(), caller.learner(), id).await?;
    let record = Record::load(&app.db, &caller.scope(), caller.learner(), id).await?;
    let courses = ClassCourses::load(&app, id).await?;
    Ok(Json(ClassDetailOut {
        filing_number: class.filing_number.clone(),
        policy: (&record.policy).into(),
        courses: courses
            .0
            .iter()
            .map(|(place, course)| course_out(&record, *place, course))
            .collect(),
        class: class_out(&app, &caller, &enrolment, class, &record, &courses).await?,
    }))
}

/// One lesson: everything that the player needs.
#[utoipa::path(get, path = "/api/classes/{class_id}/lessons/{lesson_id}", operation_id = "get_lesson", tag = "classes", params(("class_id" = uuid::Uuid, Path), ("lesson_id" = uuid::Uuid, Path)), responses((status = 200, body = LessonOut)))]
async fn get_lesson(
    State(app): State<AppState>,
    caller: Caller,
    Place((class_id, lesson_id)): Place<(ClassId, LessonId)>,
) -> ApiResult<Json<LessonOut>> {
    let (_, class) =
        enrolments::get(app.db.read(), &caller.scope(), caller.learner(), class_id).await?;
    let courses = ClassCourses::load(&app, class_id).await?;
    let mut lessons = courses
        .lessons()
        .skip_while(|found| found.lesson.id != lesson_id);
    let found = lessons.next().ok_or(ApiError::NotFound)?;
    let record = Record::load(&app.db, &caller.scope(), caller.learner(), class_id).await?;
    let progress = record.progress(lesson_id);
    let media = match found.lesson.media {
        Some(asset) => {
            let asset = media_assets::get(app.db.read(), asset).await?;
            Some(MediaOut::new(&app, &caller.session, &asset))
        }
        None => None,
    };
    let voids = record.hours.voids(|interval| interval.lesson == lesson_id);
    Ok(Json(LessonOut {
        class_id: class.id.0,
        class_title: class.title.into_string(),
        course_id: found.course.id.0,
        course_title: found.course.title.as_str().to_owned(),
        chapter_title: found.chapter.title.as_str().to_owned(),
        number: found.number(),
        title: found.lesson.title.as_str().to_owned(),
        length_ms: found.lesson.length_ms,
        furthest_ms: progress.furthest_ms,
        position_ms: resume_at(progress.position_ms, found.lesson),
        totals: lesson_totals(&record, lesson_id),
        segments: segments(&record, lesson_id),
        media,
        policy: (&record.policy).into(),
        voids: voids.into_iter().map(Into::into).collect(),
        next_lesson_id: lessons.next().map(|next| next.lesson.id.0),
    }))
}

/// The courses of a class, in order.
pub(crate) struct ClassCourses(pub(crate) Vec<(ClassCourse, Course)>);

/// A lesson in its place.
#[derive(Clone, Copy)]
pub(crate) struct PlacedLesson<'a> {
    pub(crate) course: &'a Course,
    pub(crate) chapter: &'a Chapter,
    pub(crate) lesson: &'a Lesson,
}

impl PlacedLesson<'_> {
    pub(crate) fn number(&self) -> String {
        format!("{}.{}", self.chapter.number, self.lesson.number)
    }
}

impl ClassCourses {
    pub(crate) async fn load(app: &AppState, class: ClassId) -> ApiResult<Self> {
        let places = training_classes::courses(app.db.read(), class).await?;
        let ids: Vec<_> = places.iter().map(|place| place.course).collect();
        let courses = courses::get_all(app.db.read(), &ids).await?;
        Ok(Self(places.into_iter().zip(courses).collect()))
    }

    pub(crate) fn lessons(&self) -> impl Iterator<Item = PlacedLesson<'_>> {
        self.0.iter().flat_map(|(_, course)| {
            course.lessons().map(move |(chapter, lesson)| PlacedLesson {
                course,
                chapter,
                lesson,
            })
        })
    }
}

async fn class_out(
    app: &AppState,
    caller: &Caller,
    enrolment: &Enrolment,
    class: TrainingClass,
    record: &Record,
    courses: &ClassCourses,
) -> ApiResult<ClassOut> {
    let now = app.clock.now();
    let today = LocalDay::of(now);
    let per_hour = record.minutes_per_hour();
    let institution = institutions::get(app.db.read(), class.institution).await?;
    let totals = record.hours.totals();
    Ok(ClassOut {
        id: class.id.0,
        enrolment_id: enrolment.id.0,
        state: class.standing(enrolment, totals.verified_ms, now).into(),
        title: class.title.into_string(),
        code: class.code.into_string(),
        institution: institution.name.into_string(),
        occupation: class.occupation,
        occupation_code: class.occupation_code,
        level: class.level,
        starts_on: class.window.first().to_string(),
        ends_on: class.window.last().to_string(),
        required_ms: class.required_ms,
        minutes_per_hour: per_hour,
        totals: TotalsOut::floored(totals, per_hour),
        today: TotalsOut::floored(record.hours.totals_where(|i| i.day == today), per_hour),
        daily_cap_ms: record.policy.cap_min * 60_000,
        continue_lesson: continue_lesson(app, caller, record, courses),
    })
}

/// The lesson learned last, while something of it can still be earned; else the first of which
/// something can.
fn continue_lesson(
    app: &AppState,
    caller: &Caller,
    record: &Record,
    courses: &ClassCourses,
) -> Option<ContinueLessonOut> {
    let last = record
        .hours
        .intervals()
        .last()
        .map(|interval| interval.lesson);
    let open: Vec<_> = courses
        .lessons()
        .filter(|found| left_ms(record, found.lesson) > 0)
        .collect();
    let found = open
        .iter()
        .find(|found| Some(found.lesson.id) == last)
        .or_else(|| open.first())?;
    let lesson = found.lesson;
    Some(ContinueLessonOut {
        lesson_id: lesson.id.0,
        course_title: found.course.title.as_str().to_owned(),
        chapter_title: found.chapter.title.as_str().to_owned(),
        number: found.number(),
        title: lesson.title.as_str().to_owned(),
        position_ms: resume_at(record.progress(lesson.id).position_ms, lesson),
        length_ms: lesson.length_ms,
        poster_url: lesson
            .media
            .map(|asset| poster_url(app, &caller.session, asset)),
        totals: lesson_totals(record, lesson.id),
        segments: segments(record, lesson.id),
    })
}

/// What of the lesson is not earned yet; under two seconds do not count (C18).
fn left_ms(record: &Record, lesson: &Lesson) -> i64 {
    let earned: i64 = record
        .hours
        .segments(lesson.id)
        .iter()
        .filter(|segment| segment.state.is_earned())
        .map(|segment| segment.media_to - segment.media_from)
        .sum();
    let left = lesson.length_ms - earned;
    if left < 2_000 { 0 } else { left }
}

/// A lesson watched to its end begins anew.
fn resume_at(position_ms: i64, lesson: &Lesson) -> i64 {
    if position_ms + 2_000 > lesson.length_ms {
        0
    } else {
        position_ms
    }
}

fn course_out(record: &Record, place: ClassCourse, course: &Course) -> CourseOut {
    let per_hour = record.minutes_per_hour();
    let totals = record.hours.totals_where(|i| i.course == course.id);
    CourseOut {
        id: course.id.0,
        title: course.title.as_str().to_owned(),
        required: place.required,
        totals: TotalsOut::floored(totals, per_hour),
        chapters: course
            .chapters
            .iter()
            .map(|chapter| chapter_out(record, chapter))
            .collect(),
    }
}

fn chapter_out(record: &Record, chapter: &Chapter) -> ChapterOut {
    let inside = |id: LessonId| chapter.lessons.iter().any(|lesson| lesson.id == id);
    let totals = record.hours.totals_where(|i| inside(i.lesson));
    ChapterOut {
        id: chapter.id.0,
        number: chapter.number,
        title: chapter.title.as_str().to_owned(),
        totals: TotalsOut::floored(totals, record.minutes_per_hour()),
        lessons: chapter
            .lessons
            .iter()
            .map(|lesson| LessonRowOut {
                id: lesson.id.0,
                number: format!("{}.{}", chapter.number, lesson.number),
                title: lesson.title.as_str().to_owned(),
                length_ms: lesson.length_ms,
                furthest_ms: record.progress(lesson.id).furthest_ms,
                totals: lesson_totals(record, lesson.id),
                segments: segments(record, lesson.id),
            })
            .collect(),
    }
}

fn lesson_totals(record: &Record, lesson: LessonId) -> TotalsOut {
    let totals = record.hours.totals_where(|i| i.lesson == lesson);
    TotalsOut::floored(totals, record.minutes_per_hour())
}

fn segments(record: &Record, lesson: LessonId) -> Vec<out::SegmentOut> {
    let segments = record.hours.segments(lesson);
    segments.into_iter().map(Into::into).collect()
}
