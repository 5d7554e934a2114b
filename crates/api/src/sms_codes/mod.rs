//! Codes sent by SMS, for each thing that one opens, and the pictures that are to be read when too many
//! were asked for from one address.

mod picture;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;
use zhipei_actions::sms_code::{self, CodeRequest, CodeSent};
use zhipei_api_types::Problem;
use zhipei_domain::{CODE_LIVES_MS, CodePurpose, Phone, Rejection};

use crate::access::{Access, Routes};
use crate::attempts::{network, site};
use crate::body::Body;
use crate::caller::ClientAddress;
use crate::{ApiError, ApiResult, AppState, Caller};

pub(crate) fn router() -> Routes {
    Routes::new()
        .add(Access::Public, routes!(create_captcha))
        .add(Access::Public, routes!(send_registration_code))
        .add(Access::Public, routes!(send_login_code))
        .add(Access::Public, routes!(send_password_reset_code))
        .add(Access::Public, routes!(send_lost_phone_code))
        .add(Access::Learner, routes!(send_phone_code))
}

/// A phone is sent the next code after so long.
const RESEND_AFTER_S: i64 = 60;

#[derive(Serialize, ToSchema)]
struct CaptchaOut {
    id: Uuid,
    /// A picture of five letters and digits, as a `data:` address. There is no form of it for who cannot
    /// see: they are helped by the institution or the help desk.
    image: String,
    expires_in_s: i64,
}

/// A picture to read. Good once, for five minutes; capitals do not matter.
#[utoipa::path(post, path = "/api/captchas", operation_id = "create_captcha", tag = "sms_codes", responses(
    (status = 200, body = CaptchaOut),
    (status = 429, description = "`too_many_codes`", body = Problem, content_type = "application/problem+json"),
))]
async fn create_captcha(
    State(app): State<AppState>,
    ClientAddress(from): ClientAddress,
) -> ApiResult<Json<CaptchaOut>> {
    let now = app.clock.now();
    if let Some(until) = app.pictures().wait_until(from, now) {
        let left_ms = until - now;
        return Err(ApiError::TooManyCodes { left_ms });
    }
    app.pictures().note(from, now);
    let (text, image) = picture::draw((app.random)());
    let id = app
        .db
        .write(async |txn| sms_code::keep_captcha(txn, &app.keys.vault, &text, now).await)
        .await?;
    Ok(Json(CaptchaOut {
        id,
        image,
        expires_in_s: 300,
    }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SmsCodeIn {
    /// A mobile number of mainland China; blanks and `+86` are taken.
    #[schema(max_length = 32)]
    phone: String,
    /// Of the picture that was read; needed after `captcha_required`.
    captcha_id: Option<Uuid>,
    /// What was read.
    #[schema(max_length = 16)]
    captcha: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct CodeSentOut {
    /// To be given back with the code.
    ticket: Uuid,
    resend_after_s: i64,
    expires_in_s: i64,
}

macro_rules! sends {
    ($(#[$doc:meta])* $name:ident, $path:literal, $purpose:ident) => {
        $(#[$doc])*
        #[utoipa::path(post, path = $path, tag = "sms_codes", request_body = SmsCodeIn, responses(
            (status = 200, body = CodeSentOut),
            (status = 422, description = "`phone_invalid`, `captcha_required`, `captcha_wrong`", body = Problem, content_type = "application/problem+json"),
            (status = 429, description = "`too_many_codes`", body = Problem, content_type = "application/problem+json"),
            (status = 503, description = "`sms_unavailable`", body = Problem, content_type = "application/problem+json"),
        ))]
        async fn $name(
            State(app): State<AppState>,
            from: ClientAddress,
            Body(input): Body<SmsCodeIn>,
        ) -> ApiResult<Json<CodeSentOut>> {
            send(&app, CodePurpose::$purpose, from, input).await
        }
    };
}

sends! {
    /// Send a code to register with. Also to a phone that has an account: its holder learns of it only after
    /// giving the code.
    send_registration_code, "/api/registrations/codes", Registration
}
sends! {
    /// Send a code to log in with. A phone without an account is answered alike and gets none.
    send_login_code, "/api/login/codes", Login
}
sends! {
    /// Send a code to set a new password with. A phone without an account is answered alike and gets none.
    send_password_reset_code, "/api/password-resets/codes", PasswordReset
}
sends! {
    /// Send a code to the new phone of who lost the old one.
    send_lost_phone_code, "/api/lost-phones/codes", NewPhone
}

/// Send a code to the phone that is to be the learner's from now on.
#[utoipa::path(post, path = "/api/me/phone/codes", operation_id = "send_phone_code", tag = "sms_codes", request_body = SmsCodeIn, responses(
    (status = 200, body = CodeSentOut),
    (status = 422, description = "`phone_invalid`, `captcha_required`, `captcha_wrong`", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`too_many_codes`", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "`sms_unavailable`", body = Problem, content_type = "application/problem+json"),
))]
async fn send_phone_code(
    State(app): State<AppState>,
    _caller: Caller,
    from: ClientAddress,
    Body(input): Body<SmsCodeIn>,
) -> ApiResult<Json<CodeSentOut>> {
    send(&app, CodePurpose::NewPhone, from, input).await
}

async fn send(
    app: &AppState,
    purpose: CodePurpose,
    from: ClientAddress,
    input: SmsCodeIn,
) -> ApiResult<Json<CodeSentOut>> {
    let phone = Phone::parse(&input.phone).map_err(Rejection::from)?;
    let captcha = input.captcha_id.zip(input.captcha);
    send_to(app, purpose, from, &phone, captcha).await
}

/// Sends a code, if there is somebody who sends and the limits allow it.
pub(crate) async fn send_to(
    app: &AppState,
    purpose: CodePurpose,
    ClientAddress(from): ClientAddress,
    phone: &Phone,
    captcha: Option<(Uuid, String)>,
) -> ApiResult<Json<CodeSentOut>> {
    if !app.settings.sms {
        return Err(ApiError::SmsUnavailable);
    }
    let now = app.clock.now();
    let network = network(from).to_string();
    let site = site(from).map(|site| site.to_string());
    let request = CodeRequest {
        purpose,
        phone,
        network: &network,
        site: site.as_deref(),
        captcha: captcha.as_ref().map(|(id, read)| (*id, read.as_str())),
        most_a_day: app.settings.sms_a_day,
        now,
    };
    let sent = app
        .db
        .write(async |txn| sms_code::send(txn, &app.keys.vault, request).await)
        .await?;
    match sent {
        CodeSent::Sent { ticket } => {
            app.errands.notify_one();
            Ok(Json(CodeSentOut {
                ticket,
                resend_after_s: RESEND_AFTER_S,
                expires_in_s: CODE_LIVES_MS / 1_000,
            }))
        }
        CodeSent::CaptchaNeeded => Err(ApiError::CaptchaNeeded),
        CodeSent::CaptchaWrong => Err(ApiError::Rejected(Rejection::CaptchaWrong)),
        CodeSent::Wait { until } => Err(ApiError::TooManyCodes {
            left_ms: until - now,
        }),
        CodeSent::Exhausted => {
            tracing::error!(
                sms_a_day = app.settings.sms_a_day,
                "all SMS of the day are used up: raise sms.daily_limit, or look who asks for so many"
            );
            Err(ApiError::SmsUnavailable)
        }
    }
}
