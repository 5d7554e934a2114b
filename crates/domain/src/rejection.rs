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
            Self::PasswordShort | Self::PasswordLong | Self::PasswordCommon => "weak_password",
            Self::Policy(_) => "policy_invalid",
        }
    }
}
