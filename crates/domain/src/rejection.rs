use crate::{IdentityError, PolicyError};

/// A rule said no. Shown to the user, never logged as an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The login name has other characters, or too few or many of them.
    #[error("登录名须为 3 到 32 位字母、数字、点、横线或下划线")]
    LoginName,
    /// A name or title is empty, too long or has control characters.
    #[error("名称须为 1 到 100 个字，且不含控制字符")]
    Title,
    /// The login name is taken.
    #[error("这个登录名已有人使用")]
    LoginNameTaken,
    /// Another institution has the name.
    #[error("已有同名的培训机构")]
    InstitutionExists,
    /// Another class has the code.
    #[error("已有这个编号的培训班")]
    ClassCodeTaken,
    /// The class ends before it begins.
    #[error("培训班的结束日期不能早于开始日期")]
    ClassWindow,
    /// The course is in the class already.
    #[error("这门课程已在培训班里")]
    CourseInClass,
    /// The learner is in the class already.
    #[error("这名学员已在培训班里")]
    AlreadyEnrolled,
    /// No such region.
    #[error("没有这个行政区划")]
    UnknownRegion,
    /// The password is shorter than 8 characters.
    #[error("密码至少 8 个字符，中文、空格和符号都可以用")]
    PasswordShort,
    /// The password is longer than 128 characters.
    #[error("密码最多 128 个字符")]
    PasswordLong,
    /// The password is one that many people use, or the login name.
    #[error("这个密码太常见，容易被人猜到，请换一个")]
    PasswordCommon,
    /// The login name is a phone number, which would lie unsealed.
    #[error("登录名不能是手机号码；用手机号可以直接登录")]
    LoginNameIsPhone,
    /// A category is unknown, or there are none or too many.
    #[error("请选择 1 到 5 个培训对象类别")]
    UnknownCategory,
    /// The code is wrong, used, over, for another phone or for another thing; which is not said.
    #[error("验证码不对或已过期，请核对后重填，或重新获取")]
    CodeWrong,
    /// The picture was not read right.
    #[error("图形验证码不对或已过期，请换一张重填")]
    CaptchaWrong,
    /// The phone or the document has an account.
    #[error(
        "这个手机号码或证件号码已经注册过。是您本人的，请直接登录或用短信找回；不是您注册的，请让培训机构在名单里登记您的手机号后再注册"
    )]
    AlreadyRegistered,
    /// Another account holds the document.
    #[error("证件号码已被登记。如果是您本人的证件，请联系培训机构，或写明理由和依据提交身份核验")]
    DocumentRegistered,
    /// A consent that registering needs is missing.
    #[error("注册需要您同意服务协议和处理证件号码")]
    ConsentMissing,
    /// The text was changed since it was shown.
    #[error("您同意的文本已经更新，请重新阅读")]
    ConsentOutdated,
    /// Without this consent there is no account.
    #[error("没有这一项就不能使用本平台，撤回它等于注销账号，请在“注销账号”中办理")]
    ConsentNeeded,
    /// An invitation is asked for without end or for nobody.
    #[error("邀请码最长 180 天，人数须在 1 到 2000 之间")]
    InvitationLimits,
    /// The invitation is unknown, over, called off or used up; which is not said.
    #[error("邀请码不对，或者已经过期、停用、用完，请向培训机构核对")]
    ClassInvitationOver,
    /// The document is on the roster of the class.
    #[error("这个证件号码已在培训班的名单里")]
    OnRoster,
    /// The pledge of this version was not signed.
    #[error("请先阅读并同意承诺书")]
    PledgeMissing,
    /// A request to join this class waits already.
    #[error("您已提交过入班申请，请等培训机构审核")]
    JoinPending,
    /// Somebody decided before.
    #[error("这项申请已经处理过了")]
    JoinDecided,
    /// The class is over.
    #[error("这个培训班已经结束，不能再加入")]
    ClassOver,
    /// The evidence is missing or too long.
    #[error("请说明理由和依据，5 到 1000 个字")]
    Evidence,
    /// A correction of the same thing waits already.
    #[error("已有一项同样的更正在等审核，请等结果")]
    CorrectionPending,
    /// Somebody decided before.
    #[error("这项更正已经处理过了")]
    CorrectionDecided,
    /// A phone or a document is not an institution's to decide on alone.
    #[error("更换手机号和更正证件号码由监管部门决定，培训机构可以提意见")]
    SupervisorNeeded,
    /// The learner has not agreed to comparing and uploading their face.
    #[error("请先阅读并同意人脸核验的说明；不同意也可以学习，改用短信验证")]
    FaceConsentNeeded,
    /// There is no template of the learner's face.
    #[error("还没有采集人脸，请先采集，或改用其他方式")]
    FaceNotEnrolled,
    /// Frames came for it before.
    #[error("这次核验已经用过，请重新开始")]
    FaceChallengeUsed,
    /// Its time is over.
    #[error("这次核验已超时，请重新开始")]
    FaceChallengeOver,
    /// The photograph of the ID card shows another person than the enrolled face, or none.
    #[error("身份证照片与采集的人脸对不上，请拍清楚人像面再试，或请培训机构当面确认")]
    IdCardMismatch,
    /// Somebody decided before, or the learner has appealed already.
    #[error("这段学时已经处理过或申诉过了")]
    FrozenDecided,
    /// The seven days are over.
    #[error("申诉期限为 7 天，已经过了")]
    AppealOver,
    /// The learner may still appeal.
    #[error("学员还在 7 天申诉期内，没有申诉前不能作废；可以恢复")]
    AppealAwaited,
    /// The account was set aside, closed or erased.
    #[error("这个账号已停用或注销，不能再更改")]
    AccountNotActive,
    /// What was typed in is no identity, or not one that may register.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The password of a member of staff is shorter than 12 characters.
    #[error("平台人员的密码至少 12 个字符")]
    StaffPasswordShort,
    /// The password of a member of staff is of fewer than three kinds of characters.
    #[error("平台人员的密码须含大写字母、小写字母、数字、其他字符中的三种")]
    StaffPasswordSimple,
    /// It is one of the last passwords.
    #[error("不能使用最近 5 次用过的密码")]
    PasswordReused,
    /// An account has no role.
    #[error("至少选一个角色")]
    RoleMissing,
    /// Two of the three duties, or one of them beside another role.
    #[error("系统、安全、审计管理员三员分立，不能由一个账号兼任，也不能兼任其他角色")]
    DutiesApart,
    /// The roles need another charge.
    #[error("监管账号须指定行政区划，培训机构管理员须指定机构，其他角色不能限定范围")]
    ChargeUnfit,
    /// Not a range of addresses, or too many of them.
    #[error("地址范围须形如 10.20.0.0/16，最多 20 个")]
    AddressRange,
    /// No such institution.
    #[error("没有这个培训机构")]
    UnknownInstitution,
    /// The account would be over before it begins.
    #[error("账号的到期时间须在今后")]
    ExpiryPast,
    /// Nobody locks themselves out.
    #[error("不能停用自己的账号")]
    OwnAccount,
    /// What was asked for was decided before.
    #[error("这项申请已经处理过了")]
    ApprovalDecided,
    /// Nobody decided in time.
    #[error("这项申请已超过 24 小时，请重新提出")]
    ApprovalExpired,
    /// One's own, or about one's own account.
    #[error("不能批准自己提出的或涉及自己账号的申请，须由另一人复核")]
    OwnApproval,
    /// An administrator is disabled or limited by two, not by one.
    #[error("停用或限制系统、安全、审计管理员须提出申请，由另一人批准")]
    ApprovalNeeded,
    /// Nobody would be left to do it.
    #[error("这是这一岗位最后一个可用的账号，请先开通另一个")]
    LastOfDuty,
    /// Who asked is not in office any more.
    #[error("提出申请的账号已停用或到期，请重新提出")]
    AskerGone,
    /// The link is for somebody else.
    #[error("链接只给提出申请的人，由其转交本人")]
    AskerOnly,
    /// No link comes of it: it was not approved, is about something else, or another one came after it.
    #[error("这项申请没有可取的链接，请核对是否已批准，或重新提出")]
    LinkNotDue,
    /// The account has a password and an authenticator.
    #[error("这个账号已经启用，不能再取链接；本人进不来时，请申请重设")]
    AccountSetUp,
    /// A reason is missing or too long.
    #[error("请写明理由，2 到 200 个字")]
    Reason,
    /// The link was used, is over, or never was one.
    #[error("这个链接已失效，请向系统管理员要一个新的")]
    InvitationOver,
    /// The six digits are not those of now, or were used.
    #[error("动态码不对或已用过，请等下一个")]
    TotpWrong,
    /// A switch of the policy is outside its limits.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

impl Rejection {
    /// Stable, for clients to translate.
    pub fn code(self) -> &'static str {
        match self {
            Self::LoginName => "login_name_invalid",
            Self::Title => "title_invalid",
            Self::LoginNameTaken => "login_name_taken",
            Self::InstitutionExists => "institution_exists",
            Self::ClassCodeTaken => "class_code_taken",
            Self::ClassWindow => "class_window_invalid",
            Self::CourseInClass => "course_in_class",
            Self::AlreadyEnrolled => "already_enrolled",
            Self::UnknownRegion => "unknown_region",
            Self::LoginNameIsPhone => "login_name_is_phone",
            Self::UnknownCategory => "unknown_category",
            Self::CodeWrong => "code_wrong",
            Self::CaptchaWrong => "captcha_wrong",
            Self::AlreadyRegistered => "already_registered",
            Self::DocumentRegistered => "document_registered",
            Self::ConsentMissing => "consent_required",
            Self::ConsentOutdated => "consent_outdated",
            Self::ConsentNeeded => "consent_needed",
            Self::InvitationLimits => "invitation_limits",
            Self::ClassInvitationOver => "class_invitation_over",
            Self::OnRoster => "on_roster",
            Self::PledgeMissing => "pledge_required",
            Self::JoinPending => "join_pending",
            Self::JoinDecided => "join_decided",
            Self::ClassOver => "class_over",
            Self::Evidence => "evidence_invalid",
            Self::CorrectionPending => "correction_pending",
            Self::CorrectionDecided => "correction_decided",
            Self::SupervisorNeeded => "supervisor_needed",
            Self::FaceConsentNeeded => "face_consent_needed",
            Self::FaceNotEnrolled => "face_not_enrolled",
            Self::FaceChallengeUsed => "face_challenge_used",
            Self::FaceChallengeOver => "face_challenge_over",
            Self::IdCardMismatch => "id_card_mismatch",
            Self::FrozenDecided => "frozen_decided",
            Self::AppealOver => "appeal_over",
            Self::AppealAwaited => "appeal_awaited",
            Self::AccountNotActive => "account_not_active",
            Self::Identity(error) => error.code(),
            Self::PasswordShort
            | Self::PasswordLong
            | Self::PasswordCommon
            | Self::StaffPasswordShort
            | Self::StaffPasswordSimple
            | Self::PasswordReused => "weak_password",
            Self::RoleMissing => "role_missing",
            Self::DutiesApart => "duties_apart",
            Self::ChargeUnfit => "charge_unfit",
            Self::AddressRange => "address_range_invalid",
            Self::UnknownInstitution => "unknown_institution",
            Self::ExpiryPast => "expiry_past",
            Self::OwnAccount => "own_account",
            Self::ApprovalDecided => "approval_decided",
            Self::ApprovalExpired => "approval_expired",
            Self::OwnApproval => "own_approval",
            Self::ApprovalNeeded => "approval_needed",
            Self::LastOfDuty => "last_of_duty",
            Self::AskerGone => "asker_gone",
            Self::AskerOnly => "asker_only",
            Self::LinkNotDue => "link_not_due",
            Self::AccountSetUp => "account_set_up",
            Self::Reason => "reason_invalid",
            Self::InvitationOver => "invitation_over",
            Self::TotpWrong => "totp_wrong",
            Self::Policy(_) => "policy_invalid",
        }
    }

    /// The field of the form that it belongs to: then the request is at fault, and not the state of things.
    pub fn field(self) -> Option<&'static str> {
        match self {
            Self::PasswordShort | Self::PasswordLong | Self::PasswordCommon => Some("password"),
            Self::UnknownRegion => Some("region"),
            Self::UnknownCategory => Some("categories"),
            Self::CodeWrong | Self::ClassInvitationOver => Some("code"),
            Self::CaptchaWrong => Some("captcha"),
            Self::ConsentMissing | Self::ConsentOutdated => Some("consents"),
            Self::PledgeMissing => Some("pledge_version"),
            Self::Evidence => Some("evidence"),
            Self::Reason => Some("reason"),
            Self::Identity(error) => Some(error.field()),
            _ => None,
        }
    }
}
