//! Hours day by day and course by course; every column adds up to its total.

mod words;

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;
use zhipei_api_types::Moment;
use zhipei_domain::{ClassId, Hours, LearnerId, LearningInterval, LessonId, Row, Scope, Span};
use zhipei_storage::enrolments;

pub(crate) use self::words::{notes, outstanding};
use crate::access::{Access, Routes};
use crate::body::Place;
use crate::classes::{ClassCourses, TimeStateOut, TotalsOut};
use crate::record::{Checks, Record};
use crate::{ApiResult, AppState, Caller};

pub(crate) fn router() -> Routes {
    Routes::new().add(Access::Learner, routes!(list_hours))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct HoursOut {
    class: HoursClassOut,
    /// What comes later is not counted here.
    cut_off: Moment,
    required_ms: i64,
    minutes_per_hour: i64,
    totals: TotalsOut,
    days: Vec<HourRow>,
    courses: Vec<HourRow>,
}

#[derive(Serialize, ToSchema)]
struct HoursClassOut {
    id: Uuid,
    title: String,
}

/// A day or a course. Its hours are differences of floored running totals, so that all rows add up.
#[derive(Serialize, ToSchema)]
struct HourRow {
    #[schema(required)]
    day: Option<String>,
    #[schema(required)]
    course_id: Option<Uuid>,
    /// What was learned.
    title: String,
    from: Moment,
    to: Moment,
    totals: TotalsOut,
    checks_passed: usize,
    checks_total: usize,
    /// Server time by state.
    spans: Vec<SpanOut>,
    /// What a learner should know of it, in words.
    notes: Vec<String>,
}

#[derive(Serialize, ToSchema)]
struct SpanOut {
    state: TimeStateOut,
    from: Moment,
    to: Moment,
}

impl From<Span> for SpanOut {
    fn from(span: Span) -> Self {
        Self {
            state: span.state.into(),
            from: Moment(span.from),
            to: Moment(span.to),
        }
    }
}

/// The learner's hours in a class.
#[utoipa::path(get, path = "/api/classes/{id}/hours", operation_id = "list_hours", tag = "hours", params(("id" = Uuid, Path)), responses((status = 200, body = HoursOut)))]
async fn list_hours(
    State(app): State<AppState>,
    caller: Caller,
    Place(id): Place<ClassId>,
) -> ApiResult<Json<HoursOut>> {
    Ok(Json(
        hours_of(&app, &caller.scope(), caller.learner(), id).await?,
    ))
}

/// A learner's hours in a class, as far as the scope reaches.
pub(crate) async fn hours_of(
    app: &AppState,
    scope: &Scope,
    learner: LearnerId,
    id: ClassId,
) -> ApiResult<HoursOut> {
    let (_, class) = enrolments::get(app.db.read(), scope, learner, id).await?;
    let cut_off = app.clock.now();
    let record = Record::load(&app.db, scope, learner, id).await?;
    let courses = ClassCourses::load(app, id).await?;
    let titles = Titles::new(&courses);
    let per_hour = record.minutes_per_hour();

    let by_day = record.hours.rows(per_hour, |interval| Some(interval.day));
    let by_course = record.hours.rows(per_hour, |interval| {
        let place = |(_, course): &(_, zhipei_domain::Course)| course.id == interval.course;
        Some((courses.0.iter().position(place), interval.course))
    });
    let days = by_day.iter().map(|row| {
        let title = titles.lessons(&row.intervals);
        HourRow {
            day: Some(row.key.to_string()),
            notes: notes(&record, &titles, |interval| interval.day == row.key),
            ..hour_row(row, title, record.checks_of_day(row.key))
        }
    });
    let by_course = by_course.iter().map(|row| {
        let (place, course) = row.key;
        let title = place.map_or_else(String::new, |at| courses.0[at].1.title.as_str().to_owned());
        HourRow {
            course_id: Some(course.0),
            notes: notes(&record, &titles, |interval| interval.course == course),
            ..hour_row(row, title, record.checks_of_course(course))
        }
    });
    Ok(HoursOut {
        cut_off: Moment(cut_off),
        required_ms: class.required_ms,
        minutes_per_hour: per_hour,
        totals: TotalsOut::floored(record.hours.totals(), per_hour),
        days: days.collect(),
        courses: by_course.collect(),
        class: HoursClassOut {
            id: class.id.0,
            title: class.title.into_string(),
        },
    })
}

fn hour_row<G>(row: &Row<'_, G>, title: String, checks: Checks) -> HourRow {
    let spans = Hours::spans(row.intervals.iter().copied());
    HourRow {
        day: None,
        course_id: None,
        title,
        from: Moment(row.from()),
        to: Moment(row.to()),
        totals: TotalsOut::new(row.totals, row.hours),
        checks_passed: checks.passed,
        checks_total: checks.total,
        spans: spans.into_iter().map(Into::into).collect(),
        notes: Vec::new(),
    }
}

/// What lessons are called.
pub(crate) struct Titles(HashMap<LessonId, String>);

impl Titles {
    pub(crate) fn new(courses: &ClassCourses) -> Self {
        let named = courses.lessons().map(|found| {
            let title = format!("{} {}", found.number(), found.lesson.title.as_str());
            (found.lesson.id, title)
        });
        Self(named.collect())
    }

    pub(crate) fn lesson(&self, lesson: LessonId) -> &str {
        self.0.get(&lesson).map_or("已撤下的课时", String::as_str)
    }

    /// The lessons of the intervals, in the order in which they were learned.
    pub(crate) fn lessons(&self, intervals: &[&LearningInterval]) -> String {
        let mut seen: Vec<LessonId> = Vec::new();
        for interval in intervals {
            if !seen.contains(&interval.lesson) {
                seen.push(interval.lesson);
            }
        }
        let titles: Vec<&str> = seen.iter().map(|lesson| self.lesson(*lesson)).collect();
        titles.join("、")
    }
}
