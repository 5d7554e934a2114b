//! Consent (同意): for each purpose its own, to a text of a version, given and withdrawn one by one.

use crate::{LearnerId, UnixMs};

/// What a learner agrees to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConsentPurpose {
    /// 服务协议与个人信息处理规则: without it there is no account.
    Terms,
    /// 处理证件号码: sensitive, so asked for separately; without it nobody can register.
    /// Source: PIPL article 29.
    Document,
    /// 向主管部门提供培训记录: to another handler. Source: PIPL article 23.
    Sharing,
    /// 短信通知 beside the codes.
    Sms,
    /// 比对人脸: keeping a template and comparing with it. Source: PIPL articles 29 and 30.
    FaceCompare,
    /// 上传人脸画面: sending frames over the Internet. Source: 人脸识别技术应用安全管理办法, article 8.
    FaceUpload,
    /// 留存抓拍: keeping frames of checks where the class asks for it.
    FaceSnapshots,
}

/// A text that is agreed to. A change of its meaning is a new version; the old one stays in history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsentText {
    /// What for.
    pub purpose: ConsentPurpose,
    /// From 1.
    pub version: u32,
    /// The heading.
    pub title: &'static str,
    /// The whole text, plain paragraphs.
    pub body: &'static str,
}

impl ConsentPurpose {
    /// Every purpose, as listed on screen.
    pub const ALL: [Self; 7] = [
        Self::Terms,
        Self::Document,
        Self::Sharing,
        Self::Sms,
        Self::FaceCompare,
        Self::FaceUpload,
        Self::FaceSnapshots,
    ];

    /// The stored form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Terms => "terms",
            Self::Document => "document",
            Self::Sharing => "sharing",
            Self::Sms => "sms",
            Self::FaceCompare => "face_compare",
            Self::FaceUpload => "face_upload",
            Self::FaceSnapshots => "face_snapshots",
        }
    }

    /// The opposite of [`ConsentPurpose::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }

    /// Is there no account without it? Withdrawing such a one is closing the account.
    pub fn required(self) -> bool {
        matches!(self, Self::Terms | Self::Document)
    }

    /// Is it about faces? Asked before a face is taken, not when somebody registers.
    pub fn is_about_faces(self) -> bool {
        matches!(
            self,
            Self::FaceCompare | Self::FaceUpload | Self::FaceSnapshots
        )
    }

    /// The text that holds now.
    pub fn text(self) -> ConsentText {
        let (title, body) = match self {
            Self::Terms => (
                "服务协议与个人信息处理规则",
                include_str!("../texts/consent-terms-1.txt"),
            ),
            Self::Document => (
                "同意处理证件号码",
                include_str!("../texts/consent-document-1.txt"),
            ),
            Self::Sharing => (
                "同意向主管部门提供培训记录",
                include_str!("../texts/consent-sharing-1.txt"),
            ),
            Self::Sms => (
                "同意接收短信通知",
                include_str!("../texts/consent-sms-1.txt"),
            ),
            Self::FaceCompare => (
                "同意比对人脸",
                include_str!("../texts/consent-face_compare-1.txt"),
            ),
            Self::FaceUpload => (
                "同意上传人脸画面",
                include_str!("../texts/consent-face_upload-1.txt"),
            ),
            Self::FaceSnapshots => (
                "同意留存抓拍",
                include_str!("../texts/consent-face_snapshots-1.txt"),
            ),
        };
        ConsentText {
            purpose: self,
            version: 1,
            title,
            body,
        }
    }
}

/// A consent that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// Who gave it.
    pub learner: LearnerId,
    /// What for.
    pub purpose: ConsentPurpose,
    /// Of the text.
    pub version: u32,
    /// SHA-256 of the text that was shown, hexadecimal.
    pub text_hash: String,
    /// When.
    pub given_at: UnixMs,
    /// When it was taken back.
    pub withdrawn_at: Option<UnixMs>,
}

impl Consent {
    /// Does it hold, for the text that holds now?
    pub fn is_live(&self) -> bool {
        self.withdrawn_at.is_none() && self.version == self.purpose.text().version
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipl_02_every_purpose_has_a_text_of_its_own_that_says_how_long_and_how_to_withdraw() {
        let mut bodies: Vec<&str> = ConsentPurpose::ALL.map(|p| p.text().body).to_vec();
        for body in &bodies {
            for word in ["目的", "期限", "撤回"] {
                assert!(body.contains(word), "{word}: {body}");
            }
        }
        bodies.sort_unstable();
        bodies.dedup();
        assert_eq!(bodies.len(), ConsentPurpose::ALL.len());
    }
}
