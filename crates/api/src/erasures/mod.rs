//! Closing one's account.

use axum::Json;
use axum::extract::State;
use axum_extra::extract::CookieJar;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use zhipei_actions::erasure;
use zhipei_actions::login::Outcome;
use zhipei_api_types::{Moment, Problem};
use zhipei_domain::{Actor, LearnerId, UnixMs};

use crate::access::{Access, Routes};
use crate::body::Body;
use crate::caller::cookie;
use crate::{ApiError, ApiResult, AppState, Caller};

pub(crate) fn router() -> Routes {
    Routes::new().add(Access::Learner, routes!(request_erasure))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ErasureIn {
    /// The password, once more.
    #[schema(max_length = 512)]
    password: String,
}

#[derive(Serialize, ToSchema)]
struct ErasureOut {
    /// Kept until then, for checks by authorities only; after that nobody can read it.
    kept_until: Moment,
    /// All is gone already.
    erased: bool,
    /// What is gone now.
    deleted: Vec<String>,
    /// What is kept until then.
    kept: Vec<String>,
}

/// Close the account. What the law keeps is kept until its time is over, readable by nobody else; all else
/// goes at once.
#[utoipa::path(post, path = "/api/me/erasure", operation_id = "request_erasure", tag = "erasures", request_body = ErasureIn, responses(
    (status = 200, body = ErasureOut),
    (status = 401, description = "`login_failed`: the password is wrong", body = Problem, content_type = "application/problem+json"),
    (status = 423, description = "`account_locked`", body = Problem, content_type = "application/problem+json"),
))]
async fn request_erasure(
    State(app): State<AppState>,
    caller: Caller,
    jar: CookieJar,
    Body(input): Body<ErasureIn>,
) -> ApiResult<(CookieJar, Json<ErasureOut>)> {
    let (learner, now) = (caller.learner(), app.clock.now());
    confirm_password(&app, learner, &input.password, now).await?;
    let closed = app
        .db
        .write(async |txn| {
            erasure::request(txn, &app.keys, &Actor::Learner(learner), now, learner).await
        })
        .await?;
    app.desk.log_out(learner, |_| true);
    app.errands.notify_one();
    let erased = closed.erasure.done_at.is_some();
    let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
    let (deleted, kept) = if erased {
        let all = [
            "姓名",
            "证件号码",
            "手机号码",
            "工作单位",
            "密码",
            "登录记录",
            "消息",
        ];
        (words(&all), Vec::new())
    } else {
        let gone = ["登录", "各项同意", "用手机号和证件号码找到账号的索引"];
        let stays = [
            "姓名",
            "证件号码",
            "手机号码",
            "学时、签到、考核记录",
            "操作日志",
        ];
        (words(&gone), words(&stays))
    };
    let out = ErasureOut {
        kept_until: Moment(closed.erasure.due_at),
        erased,
        deleted,
        kept,
    };
    let gone = cookie(&app.settings, String::new());
    Ok((jar.remove(gone), Json(out)))
}

/// Is it the password of who is logged in? A wrong one counts like a failed login.
pub(crate) async fn confirm_password(
    app: &AppState,
    learner: LearnerId,
    password: &str,
    now: UnixMs,
) -> ApiResult<()> {
    if password.len() > 512 {
        return Err(ApiError::Invalid(Some("password".to_owned())));
    }
    let confirmed = app.gate.confirm_password(&app.db, learner, password, now);
    match confirmed.await? {
        Outcome::Done(()) => Ok(()),
        Outcome::Failed => Err(ApiError::LoginFailed),
        Outcome::Locked { until } => Err(ApiError::locked(until, now)),
    }
}
