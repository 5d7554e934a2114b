//! Who a learner says they are, and what must be true before it is taken.

use crate::{IdDocument, LocalDay, PersonName, Phone, Title, UnixMs, local_parts};

/// Nobody younger registers. Source: PIPL article 31 (vocational training is not for children).
pub const YOUNGEST_YEARS: i32 = 14;
/// Nobody is older; a birth before that is a slip of the pen.
const OLDEST_YEARS: i32 = 120;

/// What is personal of one learner. Stored sealed, field by field; never logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name on their papers.
    pub name: PersonName,
    /// Their document; accounts made by an operator may have none.
    pub document: Option<IdDocument>,
    /// The day of birth, typed in where the document does not say it.
    pub born_on: Option<LocalDay>,
    /// Where codes go; accounts made by an operator may have none.
    pub phone: Option<Phone>,
    /// Where they work.
    pub employer: Option<Title>,
}

impl Identity {
    /// An identity of which only the name is known.
    pub fn named(name: PersonName) -> Self {
        Self {
            name,
            document: None,
            born_on: None,
            phone: None,
            employer: None,
        }
    }

    /// The day of birth, by the document before all else.
    pub fn born_on(&self) -> Option<LocalDay> {
        let by_document = self.document.as_ref().and_then(IdDocument::born_on);
        by_document.or(self.born_on)
    }
}

/// What was typed in is no identity, or not one that may register. Shown beside the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Not a name.
    #[error("姓名须为 2 到 50 个字，与证件一致，不含数字和符号；少数民族姓名用间隔号“·”")]
    Name,
    /// Not a number of this kind of document.
    #[error("证件号码的位数或格式不对，请对照证件核对")]
    Document,
    /// One digit is wrong, or two are swapped.
    #[error("证件号码有误：最后一位校验码对不上，请逐位核对")]
    CheckDigit,
    /// The number names a day that does not exist.
    #[error("证件号码有误：里面的出生日期不存在")]
    BirthDate,
    /// The old form.
    #[error("15 位的旧身份证号码已停止使用，请填 18 位号码")]
    FifteenDigits,
    /// Not a mobile number of the mainland.
    #[error("请填 11 位的中国内地手机号码")]
    Phone,
    /// The document does not say when its holder was born, and neither did they.
    #[error("这种证件不含出生日期，请另填出生日期")]
    BirthDateNeeded,
    /// What was typed contradicts the document.
    #[error("出生日期与证件号码不一致")]
    BirthDateDiffers,
    /// In the future, or more than 120 years ago.
    #[error("出生日期不对，请核对")]
    BirthDateImpossible,
    /// Younger than 14.
    #[error("未满 14 周岁，不能注册")]
    TooYoung,
}

impl IdentityError {
    /// Stable, for clients to translate.
    pub fn code(self) -> &'static str {
        match self {
            Self::Name => "name_invalid",
            Self::Document | Self::CheckDigit | Self::BirthDate => "document_invalid",
            Self::FifteenDigits => "document_fifteen_digits",
            Self::Phone => "phone_invalid",
            Self::BirthDateNeeded => "birth_date_needed",
            Self::BirthDateDiffers => "birth_date_differs",
            Self::BirthDateImpossible => "birth_date_invalid",
            Self::TooYoung => "too_young",
        }
    }

    /// The field of a form that it belongs to.
    pub fn field(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Document | Self::CheckDigit | Self::BirthDate | Self::FifteenDigits => {
                "document_number"
            }
            Self::Phone => "phone",
            Self::TooYoung
            | Self::BirthDateNeeded
            | Self::BirthDateDiffers
            | Self::BirthDateImpossible => "born_on",
        }
    }
}

/// The day of birth of who may register at `now`: old enough by the calendar of Asia/Shanghai.
///
/// The fourteenth birthday is the first day; who was born on 29 February has it on 1 March in common
/// years.
pub fn may_register(
    document: &IdDocument,
    typed: Option<LocalDay>,
    now: UnixMs,
) -> Result<LocalDay, IdentityError> {
    let born_on = match (document.born_on(), typed) {
        (Some(said), Some(typed)) if said != typed => return Err(IdentityError::BirthDateDiffers),
        (Some(said), _) => said,
        (None, Some(typed)) => typed,
        (None, None) => return Err(IdentityError::BirthDateNeeded),
    };
    match age(born_on, now) {
        ..0 | OLDEST_YEARS.. => Err(IdentityError::BirthDateImpossible),
        0..YOUNGEST_YEARS => Err(IdentityError::TooYoung),
        _ => Ok(born_on),
    }
}

/// Whole years since `born_on` on the local day of `now`.
fn age(born_on: LocalDay, now: UnixMs) -> i32 {
    let (year, month, day, ..) = local_parts(now);
    let (born_year, born_month, born_day, ..) = local_parts(born_on.start_ms());
    year - born_year - i32::from((month, day) < (born_month, born_day))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DocumentKind;

    fn at(day: &str) -> UnixMs {
        day.parse::<LocalDay>().unwrap().start_ms()
    }

    fn passport() -> IdDocument {
        IdDocument::parse(DocumentKind::Passport, "E12345678").unwrap()
    }

    #[test]
    fn pipl_13_the_fourteenth_birthday_in_hainan_is_the_first_day() {
        let born = Some("2012-11-24".parse().unwrap());
        let midnight = at("2026-11-24");
        assert_eq!(
            may_register(&passport(), born, midnight - 1),
            Err(IdentityError::TooYoung)
        );
        assert!(may_register(&passport(), born, midnight).is_ok());
        // 16:00 UTC of the day before is midnight in Hainan.
        assert_eq!(crate::rfc3339(midnight), "2026-11-23T16:00:00.000Z");
    }

    #[test]
    fn pipl_13_who_was_born_on_a_leap_day_is_fourteen_on_the_first_of_march() {
        let born: LocalDay = "2012-02-29".parse().unwrap();
        for (day, expected) in [
            ("2026-02-28", Err(IdentityError::TooYoung)),
            ("2026-03-01", Ok(born)),
        ] {
            let may = may_register(&passport(), Some(born), at(day));
            assert_eq!(may, expected, "{day}");
        }
    }

    #[test]
    fn asvs_08_birth_and_document_must_agree_and_be_possible() {
        let resident = IdDocument::parse(DocumentKind::ResidentId, "460100199001010019").unwrap();
        let now = at("2026-11-24");
        let day = |text: &str| Some(text.parse().unwrap());
        assert_eq!(
            may_register(&resident, None, now),
            Ok("1990-01-01".parse().unwrap())
        );
        assert!(may_register(&resident, day("1990-01-01"), now).is_ok());
        assert_eq!(
            may_register(&resident, day("1990-01-02"), now),
            Err(IdentityError::BirthDateDiffers)
        );
        assert_eq!(
            may_register(&passport(), None, now),
            Err(IdentityError::BirthDateNeeded)
        );
        for impossible in ["2026-11-25", "1906-11-24"] {
            assert_eq!(
                may_register(&passport(), day(impossible), now),
                Err(IdentityError::BirthDateImpossible),
                "{impossible}"
            );
        }
        assert!(may_register(&passport(), day("1906-11-25"), now).is_ok());
    }
}
