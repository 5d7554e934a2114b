//! Corrections (信息更正) of name, document or phone: asked for with evidence, decided by a reviewer.

use crate::{CorrectionId, LearnerId, Rejection, UnixMs};

/// What is to be corrected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CorrectionField {
    /// 姓名.
    Name,
    /// 证件号码.
    Document,
    /// 手机号, by who lost the old one.
    Phone,
}

impl CorrectionField {
    /// The stored form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Document => "document",
            Self::Phone => "phone",
        }
    }

    /// The opposite of [`CorrectionField::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Name, Self::Document, Self::Phone]
            .into_iter()
            .find(|field| field.as_str() == text)
    }

    /// The word on screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Name => "姓名",
            Self::Document => "证件号码",
            Self::Phone => "手机号码",
        }
    }
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CorrectionState {
    /// Nobody has decided.
    Pending,
    /// Done.
    Approved,
    /// Not done.
    Refused,
}

impl CorrectionState {
    /// The stored form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Refused => "refused",
        }
    }

    /// The opposite of [`CorrectionState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Pending, Self::Approved, Self::Refused]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// A lost phone is replaced so long after the approval: the holder of the current one can object until then,
/// by logging in.
pub const PHONE_WAITS_MS: i64 = 24 * 3_600_000;
/// So many reports of a lost phone wait for one account at most.
pub const MOST_LOST_PHONES: usize = 10;

/// A correction that was asked for; old and new value lie sealed beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// Its identity.
    pub id: CorrectionId,
    /// Whose data.
    pub learner: LearnerId,
    /// Which of them.
    pub field: CorrectionField,
    /// What became of it.
    pub state: CorrectionState,
    /// Why not, or on what ground, for the learner to read.
    pub reason: Option<String>,
    /// When it was asked for.
    pub created_at: UnixMs,
    /// When it was decided.
    pub decided_at: Option<UnixMs>,
    /// It is approved and not done yet: it will be then.
    pub takes_effect_at: Option<UnixMs>,
}

/// What the learner says as evidence: 5 to 1,000 characters.
pub fn check_evidence(text: &str) -> Result<&str, Rejection> {
    let text = text.trim();
    let plain = |c: char| !c.is_control() || c == '\n';
    let fits = (5..=1_000).contains(&text.chars().count()) && text.chars().all(plain);
    fits.then_some(text).ok_or(Rejection::Evidence)
}

/// Why a reviewer decided as they did: 2 to 200 characters.
pub fn check_reason(text: &str) -> Result<&str, Rejection> {
    let text = text.trim();
    let fits = (2..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    fits.then_some(text).ok_or(Rejection::Reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_and_reasons_have_their_lengths() {
        for (count, fits) in [(4, false), (5, true), (1_000, true), (1_001, false)] {
            assert_eq!(check_evidence(&"字".repeat(count)).is_ok(), fits, "{count}");
        }
        for (count, fits) in [(1, false), (2, true), (200, true), (201, false)] {
            assert_eq!(check_reason(&"字".repeat(count)).is_ok(), fits, "{count}");
        }
        assert!(check_evidence("第一行\n第二行").is_ok());
        assert!(check_evidence("有控制\u{7}字符").is_err());
    }
}
