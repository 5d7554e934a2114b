//! All that the platform keeps of a learner, for the learner.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;
use zhipei_api_types::{Moment, Problem};
use zhipei_domain::{Account, IdDocument, LocalDay};
use zhipei_storage::{
    audit, class_invitations, consents, corrections, enrolments, identities, learners,
    login_sessions, notices, rosters,
};

use crate::access::{Access, Routes};
use crate::body::Body;
use crate::consents::ConsentOut;
use crate::corrections::CorrectionOut;
use crate::erasures::confirm_password;
use crate::notices::NoticeOut;
use crate::{ApiResult, AppState, Caller};

pub(crate) fn router() -> Routes {
    Routes::new().add(Access::Learner, routes!(export_own_data))
}

/// More notices than this are not exported; older ones say nothing that is not elsewhere.
const MOST_NOTICES: u64 = 10_000;

/// So many acts of the learner, and so many on the account; the older ones are told on request.
const MOST_ACTS: u64 = 1_000;

#[derive(Serialize, ToSchema)]
struct ExportOut {
    /// When it was made.
    exported_at: Moment,
    learner: ExportedLearnerOut,
    identity: ExportedIdentityOut,
    consents: Vec<ConsentOut>,
    corrections: Vec<CorrectionOut>,
    notices: Vec<NoticeOut>,
    enrolments: Vec<ExportedEnrolmentOut>,
    join_requests: Vec<ExportedJoinRequestOut>,
    pledges: Vec<ExportedPledgeOut>,
    /// Rosters on which the learner was found.
    rosters: Vec<ExportedRosterOut>,
    login_sessions: Vec<ExportedLoginOut>,
    /// What was done by the learner and to the account, as the audit trail has it.
    acts: Vec<ExportedActOut>,
}

#[derive(Serialize, ToSchema)]
struct ExportedLearnerOut {
    id: Uuid,
    login_name: String,
    identity_level: String,
    region: String,
    categories: Vec<String>,
    created_at: Moment,
}

#[derive(Serialize, ToSchema)]
struct ExportedIdentityOut {
    name: String,
    #[schema(required)]
    document_kind: Option<String>,
    #[schema(required)]
    document_number: Option<String>,
    #[schema(required)]
    sex: Option<String>,
    #[schema(required)]
    born_on: Option<String>,
    #[schema(required)]
    phone: Option<String>,
    #[schema(required)]
    employer: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct ExportedEnrolmentOut {
    class_id: Uuid,
    class_code: String,
    class_title: String,
    created_at: Moment,
}

#[derive(Serialize, ToSchema)]
struct ExportedJoinRequestOut {
    class_id: Uuid,
    state: String,
    created_at: Moment,
}

#[derive(Serialize, ToSchema)]
struct ExportedPledgeOut {
    class_id: Uuid,
    version: u32,
    signed_at: Moment,
}

#[derive(Serialize, ToSchema)]
struct ExportedRosterOut {
    class_id: Uuid,
    name: String,
    document_number: String,
    phone: String,
    created_at: Moment,
}

#[derive(Serialize, ToSchema)]
struct ExportedLoginOut {
    created_at: Moment,
    last_seen_at: Moment,
    user_agent: String,
    ip: String,
}

#[derive(Serialize, ToSchema)]
struct ExportedActOut {
    at: Moment,
    action: String,
    result: String,
    #[schema(required)]
    ip: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ExportIn {
    /// The password, once more: the file says everything.
    #[schema(max_length = 512)]
    password: String,
}

/// Download all personal data in one file. Hours are printed on the hour list.
#[utoipa::path(post, path = "/api/me/export", operation_id = "export_own_data", tag = "exports", request_body = ExportIn, responses(
    (status = 200, body = ExportOut),
    (status = 401, description = "`login_failed`: the password is wrong", body = Problem, content_type = "application/problem+json"),
    (status = 423, description = "`account_locked`", body = Problem, content_type = "application/problem+json"),
))]
async fn export_own_data(
    State(app): State<AppState>,
    caller: Caller,
    Body(input): Body<ExportIn>,
) -> ApiResult<([(HeaderName, HeaderValue); 1], Json<ExportOut>)> {
    let (db, scope, id) = (app.db.read(), caller.scope(), caller.learner());
    let now = app.clock.now();
    confirm_password(&app, id, &input.password, now).await?;
    let vault = &app.keys.vault;
    let learner = learners::get(db, &scope, id).await?;
    let who = identities::get(db, &scope, vault, id).await?;
    let document = who.document.as_ref();
    let identity = ExportedIdentityOut {
        document_kind: document.map(|it| it.kind().word().to_owned()),
        document_number: document.map(|it| it.number().to_owned()),
        sex: document
            .and_then(IdDocument::sex)
            .map(|sex| sex.as_str().to_owned()),
        born_on: who.born_on().as_ref().map(LocalDay::to_string),
        phone: who.phone.as_ref().map(|it| it.as_str().to_owned()),
        employer: who.employer.as_ref().map(|it| it.as_str().to_owned()),
        name: who.name.as_str().to_owned(),
    };
    let enrolments = enrolments::of_learner(db, &scope, id).await?;
    let logins = login_sessions::list(db, Account::Learner(id), now).await?;
    let out = ExportOut {
        exported_at: Moment(now),
        learner: ExportedLearnerOut {
            id: learner.id.0,
            login_name: learner.login_name.to_string(),
            identity_level: learner.identity_level.as_str().to_owned(),
            region: learner.region.to_string(),
            categories: learner.categories.iter().map(ToString::to_string).collect(),
            created_at: Moment(learner.created_at),
        },
        identity,
        consents: all(consents::of_learner(db, &scope, id).await?),
        corrections: all(corrections::of_learner(db, &scope, id).await?),
        notices: all(notices::of_learner(db, &scope, id, None, MOST_NOTICES).await?),
        enrolments: enrolments
            .into_iter()
            .map(|(enrolment, class)| ExportedEnrolmentOut {
                class_id: class.id.0,
                class_code: class.code.into_string(),
                class_title: class.title.into_string(),
                created_at: Moment(enrolment.created_at),
            })
            .collect(),
        join_requests: class_invitations::requests_of_learner(db, &scope, id)
            .await?
            .into_iter()
            .map(|request| ExportedJoinRequestOut {
                class_id: request.class.0,
                state: request.state.as_str().to_owned(),
                created_at: Moment(request.created_at),
            })
            .collect(),
        pledges: class_invitations::pledges(db, &scope, id)
            .await?
            .into_iter()
            .map(|(class, version, at)| ExportedPledgeOut {
                class_id: class.0,
                version,
                signed_at: Moment(at),
            })
            .collect(),
        rosters: rosters::of_learner(db, vault, id)
            .await?
            .into_iter()
            .map(|place| ExportedRosterOut {
                class_id: place.class.0,
                name: place.name.as_str().to_owned(),
                document_number: place.document.number().to_owned(),
                phone: place.phone.as_str().to_owned(),
                created_at: Moment(place.created_at),
            })
            .collect(),
        login_sessions: logins
            .into_iter()
            .map(|login| ExportedLoginOut {
                created_at: Moment(login.created_at),
                last_seen_at: Moment(login.last_seen_at),
                user_agent: login.user_agent,
                ip: login.ip,
            })
            .collect(),
        acts: acts(&app, &caller).await?,
    };
    app.db
        .write(async |txn| zhipei_actions::look::at_own_export(txn, id, now).await)
        .await?;
    let name = HeaderValue::from_static("attachment; filename=\"my-data.json\"");
    Ok(([(header::CONTENT_DISPOSITION, name)], Json(out)))
}

/// What the learner did, and what was done to them. From where others did it is theirs to know.
async fn acts(app: &AppState, caller: &Caller) -> ApiResult<Vec<ExportedActOut>> {
    let (db, id) = (app.db.read(), Some(caller.learner().to_string()));
    let by = audit::AuditFilter {
        actor_id: id.clone(),
        ..Default::default()
    };
    let about = audit::AuditFilter {
        object_id: id.clone(),
        ..Default::default()
    };
    let mut rows = audit::search(db, &by, None, MOST_ACTS).await?;
    rows.extend(audit::search(db, &about, None, MOST_ACTS).await?);
    rows.sort_by_key(|row| std::cmp::Reverse((row.at, row.id)));
    rows.dedup_by_key(|row| row.id);
    let acts = rows.into_iter().map(|row| ExportedActOut {
        at: Moment(row.at),
        ip: row
            .ip
            .filter(|_| row.actor_id.is_none() || row.actor_id == id),
        action: row.action,
        result: row.result,
    });
    Ok(acts.collect())
}

fn all<A, B: From<A>>(from: Vec<A>) -> Vec<B> {
    from.into_iter().map(B::from).collect()
}
