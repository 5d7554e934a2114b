use crate::PolicyError;

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
            Self::Reason => "reason_invalid",
            Self::InvitationOver => "invitation_over",
            Self::TotpWrong => "totp_wrong",
            Self::Policy(_) => "policy_invalid",
        }
    }
}
