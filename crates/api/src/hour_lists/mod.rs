//! The hour list as a page to print.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use zhipei_domain::{ClassId, CreditHours};
use zhipei_reports::{HourList, HourListRow};
use zhipei_storage::{enrolments, identities, institutions, learners};

use crate::access::{Access, Routes};
use crate::body::Place;
use crate::classes::ClassCourses;
use crate::hours::{Titles, outstanding};
use crate::protect::policy_with_nonce;
use crate::record::Record;
use crate::{ApiError, ApiResult, AppState, Caller};

pub(crate) fn router() -> Routes {
    let path = "/hour-lists/{class_id}";
    Routes::new().add_plain(Access::LearnerPage, path, get(get_hour_list))
}

async fn get_hour_list(
    State(app): State<AppState>,
    caller: Caller,
    Place(id): Place<ClassId>,
) -> ApiResult<Response> {
    let list = hour_list(&app, &caller, id).await?;
    let nonce = hex::encode((app.random)());
    let html = list
        .render(&nonce)
        .map_err(|error| ApiError::Internal(error.into()))?;
    let mut response = Html(html).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy_with_nonce(&nonce));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

async fn hour_list(app: &AppState, caller: &Caller, id: ClassId) -> ApiResult<HourList> {
    let db = app.db.read();
    let (_, class) = enrolments::get(db, &caller.scope(), caller.learner(), id).await?;
    let learner = learners::get(db, &caller.scope(), caller.learner()).await?;
    let identity = identities::get(db, &caller.scope(), &app.keys.vault, caller.learner()).await?;
    let institution = institutions::get(db, class.institution).await?;
    let cut_off = app.clock.now();
    let record = Record::load(&app.db, &caller.scope(), caller.learner(), id).await?;
    let titles = Titles::new(&ClassCourses::load(app, id).await?);
    let per_hour = record.minutes_per_hour();
    let totals = record.hours.totals();
    let rows = record.hours.rows(per_hour, |interval| Some(interval.day));
    let rows = rows.iter().map(|row| {
        let checks = record.checks_of_day(row.key);
        HourListRow {
            day: row.key,
            title: titles.lessons(&row.intervals),
            times: (row.from(), row.to()),
            checks: (checks.passed, checks.total),
            verified_ms: row.totals.verified_ms,
            hours: row.hours.verified,
        }
    });
    Ok(HourList {
        rows: rows.collect(),
        login_name: learner.login_name.to_string(),
        identity: learner.identity_level.word().to_owned(),
        class_title: class.title.into_string(),
        class_code: class.code.into_string(),
        institution: institution.name.into_string(),
        filing_number: class.filing_number,
        occupation: [class.occupation, class.occupation_code, class.level].join("　"),
        window: format!("{} – {}", class.window.first(), class.window.last()),
        cut_off,
        required_hours: CreditHours::floor(class.required_ms, per_hour),
        hours: totals.hours(per_hour),
        verified_ms: totals.verified_ms,
        minutes_per_hour: per_hour,
        notes: outstanding(&record, &titles),
        printed_by: identity.name.as_str().to_owned(),
        printed_at: cut_off,
        back_url: format!("/classes/{id}/hours"),
        learner_name: identity.name.as_str().to_owned(),
    })
}
