//! Notices (消息): what the platform tells a learner, in the app always, by SMS where it matters.

use crate::{LearnerId, NoticeId, UnixMs};

/// What happened. Each has its words; none of them is personal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// The account was made.
    Registered,
    /// An institution's roster agrees with what was typed in.
    IdentityConfirmed,
    /// Somebody else was found to be the true holder of the document.
    SetAside,
    /// A new password was set by SMS.
    PasswordReset,
    /// Codes go to another phone.
    PhoneChanged,
    /// Somebody asked for another phone or document of the account.
    CorrectionAsked,
    /// A reviewer decided on a correction.
    CorrectionDecided,
    /// A place in a class.
    Enrolled,
    /// The institution decided on a request to join.
    JoinDecided,
    /// The account is closed to its holder until it is erased.
    ErasureRequested,
    /// A login on a device that was never used before.
    NewDevice,
    /// Another face was enrolled in place of the one before.
    FaceChanged,
    /// Somebody vouched that the face is that of the person.
    FaceBound,
    /// A person decided on frozen time.
    FrozenDecided,
}

impl NoticeKind {
    const ALL: [Self; 14] = [
        Self::Registered,
        Self::IdentityConfirmed,
        Self::SetAside,
        Self::PasswordReset,
        Self::PhoneChanged,
        Self::CorrectionAsked,
        Self::CorrectionDecided,
        Self::Enrolled,
        Self::JoinDecided,
        Self::ErasureRequested,
        Self::NewDevice,
        Self::FaceChanged,
        Self::FaceBound,
        Self::FrozenDecided,
    ];

    /// The stored form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::IdentityConfirmed => "identity_confirmed",
            Self::SetAside => "set_aside",
            Self::PasswordReset => "password_reset",
            Self::PhoneChanged => "phone_changed",
            Self::CorrectionAsked => "correction_asked",
            Self::CorrectionDecided => "correction_decided",
            Self::Enrolled => "enrolled",
            Self::JoinDecided => "join_decided",
            Self::ErasureRequested => "erasure_requested",
            Self::NewDevice => "new_device",
            Self::FaceChanged => "face_changed",
            Self::FaceBound => "face_bound",
            Self::FrozenDecided => "frozen_decided",
        }
    }

    /// The opposite of [`NoticeKind::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Registered => "注册成功",
            Self::IdentityConfirmed => "身份已确认",
            Self::SetAside => "账号已停用",
            Self::PasswordReset => "密码已重设",
            Self::PhoneChanged => "手机号已更换",
            Self::CorrectionAsked => "有人申请更改账号信息",
            Self::CorrectionDecided => "信息更正有结果了",
            Self::Enrolled => "已加入培训班",
            Self::JoinDecided => "入班申请有结果了",
            Self::ErasureRequested => "账号已注销",
            Self::NewDevice => "账号在新设备上登录",
            Self::FaceChanged => "人脸已重新采集",
            Self::FaceBound => "人脸已确认",
            Self::FrozenDecided => "待复核的学时有结果了",
        }
    }

    /// By SMS as well? Security always, the rest with consent.
    pub fn sms(self) -> SmsRule {
        match self {
            Self::SetAside
            | Self::PasswordReset
            | Self::PhoneChanged
            | Self::CorrectionAsked
            | Self::CorrectionDecided
            | Self::ErasureRequested
            | Self::FaceChanged
            | Self::FrozenDecided => SmsRule::Always,
            Self::JoinDecided | Self::NewDevice => SmsRule::WithConsent,
            Self::Registered | Self::IdentityConfirmed | Self::Enrolled | Self::FaceBound => {
                SmsRule::Never
            }
        }
    }
}

/// Does a notice also go out by SMS?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmsRule {
    /// It protects the account.
    Always,
    /// To who agreed to it.
    WithConsent,
    /// In the app only.
    Never,
}

/// One notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its identity.
    pub id: NoticeId,
    /// To whom.
    pub learner: LearnerId,
    /// What happened.
    pub kind: NoticeKind,
    /// More words, such as which class; no personal data.
    pub body: String,
    /// When.
    pub created_at: UnixMs,
    /// When it was read.
    pub read_at: Option<UnixMs>,
}
