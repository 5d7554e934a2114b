use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use zhipei_api_types::{FieldProblem, Problem};
use zhipei_domain::{Rejection, UnixMs};

/// The API's only error: a problem with a stable `code` and a Chinese sentence.
#[derive(Debug)]
pub enum ApiError {
    /// Nothing like it inside the caller's scope.
    NotFound,
    /// Nobody is logged in, or no longer.
    NotLoggedIn,
    /// The password was right, the second factor is still owed.
    CodeDue,
    /// A newer login of the account took the place of this one.
    LoginTakenOver,
    /// The login was ended from another device.
    LoginRevoked,
    /// The account is disabled, over, or was not used for too long.
    AccountClosed,
    /// The account may not be used from this address.
    AddressNotAllowed,
    /// The password is too old: it is to be changed before anything else.
    MustChange,
    /// Who is logged in may not do this.
    NotAllowed,
    /// Name or password is wrong; which of them is not said.
    LoginFailed,
    /// Too many failures of one account.
    AccountLocked {
        /// How long the lock still holds.
        left_ms: i64,
    },
    /// Too many failures from one address.
    TooManyAttempts {
        /// How long it has to wait.
        left_ms: i64,
    },
    /// Too many codes were sent to the phone, or asked for from the address.
    TooManyCodes {
        /// How long it has to wait.
        left_ms: i64,
    },
    /// A member of staff was shown too many learners without masks.
    TooManyReveals {
        /// How long they have to wait.
        left_ms: i64,
    },
    /// A picture is to be read before another code is sent.
    CaptchaNeeded,
    /// No SMS goes out: none is set up, or all of the day are used up.
    SmsUnavailable,
    /// Another request was carried out under the `Idempotency-Key`.
    KeyReused,
    /// The request came from another site.
    OtherOrigin,
    /// The body is not JSON, or says so of itself wrongly.
    NotJson,
    /// The body is JSON of another shape; the field, if one is known.
    Invalid(Option<String>),
    /// The body is larger than anything this API takes.
    TooLarge,
    /// The address exists, the method does not.
    MethodNotAllowed,
    /// The media address is over; opening the lesson again gives a fresh one.
    MediaAddressExpired,
    /// A key is only for a video that the learner has open.
    NoLiveSession,
    /// The part of the file that was asked for does not exist.
    RangeNotSatisfiable,
    /// A rule said no.
    Rejected(Rejection),
    /// Ours to repair; the text stays inside.
    Internal(Box<dyn std::error::Error + Send + Sync>),
    /// The face failed too often: another way until then.
    FacePaused {
        /// How long it waits.
        left_ms: i64,
    },
    /// Nobody could look at the frames; nobody has failed.
    FacePostponed {
        /// How long to wait.
        left_ms: i64,
    },
    /// This installation compares no faces.
    FaceUnavailable,
    /// The password is asked for again.
    PasswordNeeded,
    /// Too many log in at once.
    Busy,
    /// The database is away.
    Unavailable,
}

/// What HTTP says to a refusal by a rule.
fn status_of(rejection: Rejection) -> StatusCode {
    use StatusCode as S;
    match rejection.code() {
        "weak_password"
        | "reason_invalid"
        | "address_range_invalid"
        | "charge_unfit"
        | "role_missing"
        | "duties_apart"
        | "totp_wrong"
        | "id_card_mismatch" => S::UNPROCESSABLE_ENTITY,
        "unknown_region" => S::CONFLICT,
        _ if rejection.field().is_some() => S::UNPROCESSABLE_ENTITY,
        "own_approval" | "asker_only" | "supervisor_needed" => S::FORBIDDEN,
        "invitation_over" | "face_challenge_over" => S::GONE,
        _ => S::CONFLICT,
    }
}

/// A result of a handler.
pub type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    /// From now until `until`.
    pub(crate) fn locked(until: UnixMs, now: UnixMs) -> Self {
        Self::AccountLocked {
            left_ms: (until - now).max(1_000),
        }
    }

    fn parts(&self) -> (StatusCode, &'static str, String) {
        use StatusCode as S;
        let (status, code, title) = match self {
            Self::NotFound => (S::NOT_FOUND, "not_found", "没有找到，或者不在您的范围内"),
            Self::NotLoggedIn => (S::UNAUTHORIZED, "not_logged_in", "请先登录"),
            Self::CodeDue => (S::UNAUTHORIZED, "code_due", "请先输入动态码，完成登录"),
            Self::LoginTakenOver => (
                S::UNAUTHORIZED,
                "login_taken_over",
                "您的账号刚在另一处登录，这里已退出；如果不是您本人，请马上修改密码",
            ),
            Self::LoginRevoked => (
                S::UNAUTHORIZED,
                "login_revoked",
                "这次登录已在另一台设备上被结束，请重新登录",
            ),
            Self::AccountClosed => (
                S::FORBIDDEN,
                "account_closed",
                "这个账号已停用、到期，或太久没有登录，请联系系统管理员",
            ),
            Self::AddressNotAllowed => (
                S::FORBIDDEN,
                "address_not_allowed",
                "这个账号不能在当前网络使用",
            ),
            Self::MustChange => (S::FORBIDDEN, "must_change", "密码已满 90 天，请先修改密码"),
            Self::NotAllowed => (S::FORBIDDEN, "not_allowed", "您的账号没有这项权限"),
            Self::LoginFailed => (S::UNAUTHORIZED, "login_failed", "登录名或密码不对"),
            Self::AccountLocked { .. } => {
                (S::LOCKED, "account_locked", "输错次数太多，账号暂时锁定")
            }
            Self::TooManyAttempts { .. } => (
                S::TOO_MANY_REQUESTS,
                "too_many_attempts",
                "这个网络上登录失败的次数太多，请稍后再试",
            ),
            Self::TooManyReveals { .. } => (
                S::TOO_MANY_REQUESTS,
                "too_many_reveals",
                "24 小时内查看完整信息已满 200 次，已报安全管理员",
            ),
            Self::TooManyCodes { .. }
            | Self::CaptchaNeeded
            | Self::SmsUnavailable
            | Self::KeyReused => self.parts_of_codes(),
            Self::FacePaused { .. }
            | Self::FacePostponed { .. }
            | Self::FaceUnavailable
            | Self::PasswordNeeded => self.parts_of_faces(),
            Self::OtherOrigin => (
                S::FORBIDDEN,
                "other_origin",
                "这个请求不是从本平台的页面发出的",
            ),
            Self::NotJson => (S::UNSUPPORTED_MEDIA_TYPE, "not_json", "请求的内容不是 JSON"),
            Self::Invalid(_) => (
                S::UNPROCESSABLE_ENTITY,
                "invalid_body",
                "请求的内容不完整或不正确",
            ),
            Self::TooLarge => (S::PAYLOAD_TOO_LARGE, "too_large", "请求的内容太大"),
            Self::MethodNotAllowed => (
                S::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "这个地址不支持这种操作",
            ),
            Self::MediaAddressExpired => (
                S::FORBIDDEN,
                "media_address_expired",
                "视频地址已过期，请重新打开这一节",
            ),
            Self::NoLiveSession => (S::FORBIDDEN, "no_live_session", "请先打开这一节再播放"),
            Self::RangeNotSatisfiable => (
                S::RANGE_NOT_SATISFIABLE,
                "range_not_satisfiable",
                "文件里没有这一段",
            ),
            Self::Rejected(rejection) => {
                return (
                    status_of(*rejection),
                    rejection.code(),
                    rejection.to_string(),
                );
            }
            Self::Internal(_) => (
                S::INTERNAL_SERVER_ERROR,
                "internal",
                "平台这边出了问题，您的学习记录不受影响，请稍后再试",
            ),
            Self::Busy | Self::Unavailable => self.parts_of_waiting(),
        };
        (status, code, title.to_owned())
    }

    /// The same for what passes by itself.
    fn parts_of_waiting(&self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::Busy => (
                S::SERVICE_UNAVAILABLE,
                "busy",
                "现在登录的人太多，请过几秒再试",
            ),
            _ => (
                S::SERVICE_UNAVAILABLE,
                "unavailable",
                "平台正在准备，请稍后再试",
            ),
        }
    }

    /// The same for what faces are refused with.
    fn parts_of_faces(&self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::FacePaused { .. } => (
                S::LOCKED,
                "face_paused",
                "人脸核验失败的次数太多，请先用其他方式",
            ),
            Self::FacePostponed { .. } => (
                S::SERVICE_UNAVAILABLE,
                "face_postponed",
                "现在核验的人太多，这次不算失败，请稍后再试",
            ),
            Self::PasswordNeeded => (
                S::UNPROCESSABLE_ENTITY,
                "password_needed",
                "重新采集人脸需要再输入一次密码",
            ),
            _ => (
                S::SERVICE_UNAVAILABLE,
                "face_unavailable",
                "这个平台没有开通人脸核验，请用其他方式",
            ),
        }
    }

    /// The same for what codes and repeated requests are refused with.
    fn parts_of_codes(&self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::TooManyCodes { .. } => (
                S::TOO_MANY_REQUESTS,
                "too_many_codes",
                "获取验证码太频繁，请稍后再试",
            ),
            Self::CaptchaNeeded => (
                S::UNPROCESSABLE_ENTITY,
                "captcha_required",
                "请先填写图形验证码",
            ),
            Self::SmsUnavailable => (
                S::SERVICE_UNAVAILABLE,
                "sms_unavailable",
                "现在发不出短信，请稍后再试，或向培训机构求助",
            ),
            _ => (
                S::CONFLICT,
                "idempotency_key_reused",
                "这次提交的编号已用于另一次提交，请刷新页面后重试",
            ),
        }
    }
}

impl From<zhipei_actions::Error> for ApiError {
    fn from(error: zhipei_actions::Error) -> Self {
        match error {
            zhipei_actions::Error::Rejected(rejection) => Self::Rejected(rejection),
            zhipei_actions::Error::Storage(error) => error.into(),
            zhipei_actions::Error::Busy => Self::Busy,
            error @ (zhipei_actions::Error::PasswordHash | zhipei_actions::Error::Vault(_)) => {
                Self::Internal(error.into())
            }
        }
    }
}

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<zhipei_storage::Error> for ApiError {
    fn from(error: zhipei_storage::Error) -> Self {
        match error {
            zhipei_storage::Error::NotFound => Self::NotFound,
            error => Self::Internal(error.into()),
        }
    }
}

impl From<zhipei_media::Error> for ApiError {
    fn from(error: zhipei_media::Error) -> Self {
        match error {
            zhipei_media::Error::NotFound => Self::NotFound,
            error => Self::Internal(error.into()),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if let Self::Internal(error) = &self {
            tracing::error!(%error, "a request failed: {error}");
        }
        let (status, code, title) = self.parts();
        let wait_s = match self {
            Self::AccountLocked { left_ms }
            | Self::TooManyAttempts { left_ms }
            | Self::TooManyCodes { left_ms }
            | Self::TooManyReveals { left_ms }
            | Self::FacePaused { left_ms }
            | Self::FacePostponed { left_ms } => Some((left_ms + 999) / 1_000),
            Self::Busy => Some(5),
            _ => None,
        };
        let problem = Problem {
            status: status.as_u16(),
            code: code.to_owned(),
            title,
            detail: wait_s.map(|s| match s {
                ..100 => format!("请在 {s} 秒后再试"),
                _ => format!("请在 {} 分钟后再试", (s + 59) / 60),
            }),
            errors: match self {
                Self::Invalid(Some(field)) => vec![FieldProblem {
                    field,
                    title: "缺少或不正确".to_owned(),
                }],
                Self::Rejected(rejection) => rejection
                    .field()
                    .map(|field| FieldProblem {
                        field: field.to_owned(),
                        title: rejection.to_string(),
                    })
                    .into_iter()
                    .collect(),
                Self::CaptchaNeeded => vec![FieldProblem {
                    field: "captcha".to_owned(),
                    title: "请先填写图形验证码".to_owned(),
                }],
                _ => Vec::new(),
            },
        };
        let body = serde_json::to_vec(&problem).expect("a problem is plain text and numbers");
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, json);
        if let Some(seconds) = wait_s {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
