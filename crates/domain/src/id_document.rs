//! Documents of identity (证件): what kind, which number, and what the number says of its holder.

use std::fmt;

use crate::typed::{masked, number};
use crate::{IdentityError, LocalDay};

/// The kinds of document that a learner may register with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DocumentKind {
    /// 居民身份证.
    ResidentId,
    /// 港澳台居民居住证: numbers that begin with 81, 82 or 83.
    ResidencePermit,
    /// 港澳居民来往内地通行证.
    HkMacaoPermit,
    /// 台湾居民来往大陆通行证.
    TaiwanPermit,
    /// 护照.
    Passport,
    /// 外国人永久居留身份证, of the form before 2023 or the one since.
    ForeignPermanentResident,
}

impl DocumentKind {
    /// Every kind, the commonest first.
    pub const ALL: [Self; 6] = [
        Self::ResidentId,
        Self::ResidencePermit,
        Self::HkMacaoPermit,
        Self::TaiwanPermit,
        Self::Passport,
        Self::ForeignPermanentResident,
    ];

    /// The stored form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ResidentId => "resident_id",
            Self::ResidencePermit => "residence_permit",
            Self::HkMacaoPermit => "hk_macao_permit",
            Self::TaiwanPermit => "taiwan_permit",
            Self::Passport => "passport",
            Self::ForeignPermanentResident => "foreign_permanent_resident",
        }
    }

    /// The opposite of [`DocumentKind::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The word on screen and on paper.
    pub fn word(self) -> &'static str {
        match self {
            Self::ResidentId => "居民身份证",
            Self::ResidencePermit => "港澳台居民居住证",
            Self::HkMacaoPermit => "港澳居民来往内地通行证",
            Self::TaiwanPermit => "台湾居民来往大陆通行证",
            Self::Passport => "护照",
            Self::ForeignPermanentResident => "外国人永久居留身份证",
        }
    }
}

/// What the number says of its holder's sex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sex {
    /// 男.
    Male,
    /// 女.
    Female,
}

impl Sex {
    /// The stored form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Male => "male",
            Self::Female => "female",
        }
    }
}

/// A document with a number that can exist, in one spelling.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdDocument {
    kind: DocumentKind,
    number: String,
}

impl IdDocument {
    /// Takes full-width digits, blanks, dashes and a small `x`. What the first digits say of the place
    /// of issue never refuses: districts come and go, numbers stay.
    ///
    /// A number that names its own kind (81, 82, 83 or 9 in front) is of that kind, whatever was chosen,
    /// so that nobody registers twice with it.
    pub fn parse(kind: DocumentKind, text: &str) -> Result<Self, IdentityError> {
        use DocumentKind as K;
        let number = number(text);
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let of = |kind, number: &str| {
            let number = number.to_owned();
            Ok(Self { kind, number })
        };
        if !number.is_ascii() {
            return Err(IdentityError::Document);
        }
        match kind {
            K::ResidentId if number.len() == 15 && digits(&number) => {
                Err(IdentityError::FifteenDigits)
            }
            K::ResidentId => {
                check_gb11643(&number)?;
                of(gb11643_kind(&number), &number)
            }
            K::ResidencePermit => {
                check_gb11643(&number)?;
                match gb11643_kind(&number) {
                    K::ResidencePermit => of(kind, &number),
                    _ => Err(IdentityError::Document),
                }
            }
            K::HkMacaoPermit => {
                let tail = number
                    .strip_prefix(['H', 'M'])
                    .ok_or(IdentityError::Document)?;
                // Eleven characters: the last two count the renewals, the person's own number is nine.
                if digits(tail) && matches!(tail.len(), 8 | 10) {
                    of(kind, &number[..9])
                } else {
                    Err(IdentityError::Document)
                }
            }
            K::TaiwanPermit if digits(&number) && matches!(number.len(), 8 | 10) => {
                of(kind, &number)
            }
            K::Passport
                if (5..=20).contains(&number.len())
                    && number.bytes().all(|b| b.is_ascii_alphanumeric())
                    && number.bytes().any(|b| b.is_ascii_digit())
                    // As a passport it would be a second account of the same person, of any age.
                    && check_gb11643(&number).is_err() =>
            {
                of(kind, &number)
            }
            K::ForeignPermanentResident if number.len() == 18 => {
                check_gb11643(&number)?;
                match gb11643_kind(&number) {
                    K::ForeignPermanentResident => of(kind, &number),
                    _ => Err(IdentityError::Document),
                }
            }
            K::ForeignPermanentResident
                if number.len() == 15
                    && number[..3].bytes().all(|b| b.is_ascii_uppercase())
                    && digits(&number[3..]) =>
            {
                of(kind, &number)
            }
            K::TaiwanPermit | K::Passport | K::ForeignPermanentResident => {
                Err(IdentityError::Document)
            }
        }
    }

    /// The kind.
    pub fn kind(&self) -> DocumentKind {
        self.kind
    }

    /// The number in its one spelling. Personal: seal it, mask it, never log it.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// The day of birth, where the number says it.
    pub fn born_on(&self) -> Option<LocalDay> {
        self.gb11643().and_then(birth)
    }

    /// The sex, where the number says it: the seventeenth digit is odd for men.
    pub fn sex(&self) -> Option<Sex> {
        let digit = self.gb11643()?.as_bytes()[16];
        Some(if digit % 2 == 1 {
            Sex::Male
        } else {
            Sex::Female
        })
    }

    /// As others may see it: `110***********002X`, `H*****678`.
    pub fn masked(&self) -> String {
        if self.number.len() >= 12 {
            masked(&self.number, 3, 4)
        } else {
            masked(&self.number, 1, 3)
        }
    }

    /// What tells this document from all others, for the blind index.
    pub fn key(&self) -> String {
        format!("{}:{}", self.kind.as_str(), self.number)
    }

    fn gb11643(&self) -> Option<&str> {
        (self.number.len() == 18 && check_gb11643(&self.number).is_ok()).then_some(&self.number)
    }
}

impl fmt::Debug for IdDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdDocument({}, redacted)", self.kind.as_str())
    }
}

/// 17 digits and a check character, with a day of birth that exists. Source: GB 11643.
fn check_gb11643(number: &str) -> Result<(), IdentityError> {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &[u8; 11] = b"10X98765432";
    let bytes = number.as_bytes();
    if bytes.len() != 18 || !bytes[..17].iter().all(u8::is_ascii_digit) {
        return Err(IdentityError::Document);
    }
    let sum: u32 = bytes
        .iter()
        .zip(WEIGHTS)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    if bytes[17] != CHECKS[(sum % 11) as usize] {
        return Err(IdentityError::CheckDigit);
    }
    birth(number).map(drop).ok_or(IdentityError::BirthDate)
}

/// The eighth to the fifteenth digit, as a day.
fn birth(number: &str) -> Option<LocalDay> {
    let date = number.get(6..14)?;
    format!("{}-{}-{}", &date[..4], &date[4..6], &date[6..])
        .parse()
        .ok()
}

/// What the first digits say of the kind.
fn gb11643_kind(number: &str) -> DocumentKind {
    match number.as_bytes() {
        [b'8', b'1'..=b'3', ..] => DocumentKind::ResidencePermit,
        [b'9', ..] => DocumentKind::ForeignPermanentResident,
        _ => DocumentKind::ResidentId,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn resident(text: &str) -> Result<IdDocument, IdentityError> {
        IdDocument::parse(DocumentKind::ResidentId, text)
    }

    fn with_check(first: &str) -> String {
        "0123456789X"
            .chars()
            .map(|check| format!("{first}{check}"))
            .find(|number| check_gb11643(number) != Err(IdentityError::CheckDigit))
            .unwrap()
    }

    #[test]
    fn asvs_08_the_examples_of_the_standard_are_taken_with_their_birth_and_sex() {
        for (text, born_on, sex) in [
            ("11010519491231002X", "1949-12-31", Sex::Female),
            ("440524188001010014", "1880-01-01", Sex::Male),
            ("460200200002291239", "2000-02-29", Sex::Male),
            ("460100199001010019", "1990-01-01", Sex::Male),
        ] {
            let document = resident(text).unwrap();
            assert_eq!(document.born_on().unwrap().to_string(), born_on);
            assert_eq!(document.sex(), Some(sex));
            assert_eq!(document.kind(), DocumentKind::ResidentId);
        }
    }

    #[test]
    fn lms_13_one_number_has_one_spelling() {
        let one = resident("11010519491231002X").unwrap();
        for same in [
            " 11010519491231002x ",
            "１１０１０５１９４９１２３１００２Ｘ",
            "110105 19491231 002X",
            "110105-19491231-002x",
            "\u{3000}11010519491231002X",
        ] {
            assert_eq!(resident(same), Ok(one.clone()), "{same}");
        }
    }

    #[test]
    fn a_number_that_cannot_exist_is_refused_with_the_reason() {
        for (text, error) in [
            ("", IdentityError::Document),
            ("1101051949123100", IdentityError::Document),
            ("11010519491231002Y", IdentityError::CheckDigit),
            ("110105194912310021", IdentityError::CheckDigit),
            ("11010X19491231002X", IdentityError::Document),
            ("130503670401001", IdentityError::FifteenDigits),
            (
                "一一〇一〇五一九四九一二三一〇〇二",
                IdentityError::Document,
            ),
        ] {
            assert_eq!(resident(text), Err(error), "{text}");
        }
        for day in ["19490231", "20010229", "19001301", "19000100"] {
            let number = with_check(&format!("110105{day}002"));
            assert_eq!(resident(&number), Err(IdentityError::BirthDate), "{number}");
        }
    }

    #[test]
    fn the_place_of_issue_never_refuses() {
        for place in ["000000", "469003", "460025", "460007", "441900", "709999"] {
            let number = with_check(&format!("{place}19900101001"));
            assert!(resident(&number).is_ok(), "{number}");
        }
    }

    #[test]
    fn a_number_that_names_its_kind_is_of_that_kind() {
        let hong_kong = with_check("81000019900101001");
        let chosen = IdDocument::parse(DocumentKind::ResidencePermit, &hong_kong).unwrap();
        assert_eq!(resident(&hong_kong).unwrap(), chosen);
        let mainland = "11010519491231002X";
        assert!(IdDocument::parse(DocumentKind::ResidencePermit, mainland).is_err());
        let foreign = with_check("91115619900101001");
        let chosen = IdDocument::parse(DocumentKind::ForeignPermanentResident, &foreign).unwrap();
        assert_eq!(resident(&foreign).unwrap(), chosen);
        assert_eq!(chosen.born_on().unwrap().to_string(), "1990-01-01");
    }

    #[test]
    fn documents_of_hong_kong_macao_taiwan_and_abroad_are_taken() {
        use DocumentKind as K;
        let same = |kind, a: &str, b: &str| {
            assert_eq!(
                IdDocument::parse(kind, a).unwrap(),
                IdDocument::parse(kind, b).unwrap()
            );
        };
        same(K::HkMacaoPermit, "H1234567800", "h12345678");
        for (kind, good) in [
            (K::HkMacaoPermit, "M12345678"),
            (K::TaiwanPermit, "12345678"),
            (K::TaiwanPermit, "0123456789"),
            (K::Passport, "E12345678"),
            (K::Passport, "C0A1B2"),
            (K::ForeignPermanentResident, "USA110076121701"),
        ] {
            let document = IdDocument::parse(kind, good).unwrap();
            assert_eq!((document.born_on(), document.sex()), (None, None));
        }
        for (kind, bad) in [
            (K::HkMacaoPermit, "A12345678"),
            (K::HkMacaoPermit, "H1234567"),
            (K::HkMacaoPermit, "H123456789"),
            (K::TaiwanPermit, "1234567"),
            (K::TaiwanPermit, "123456789"),
            (K::Passport, "E123"),
            (K::Passport, "ABCDEFGH"),
            (K::Passport, "护照12345678"),
            // A resident's number, which would hide an age and be a second account.
            (K::Passport, "460100199001010019"),
            (K::ForeignPermanentResident, "US1110076121701"),
            (K::ForeignPermanentResident, "11010519491231002X"),
        ] {
            assert_eq!(
                IdDocument::parse(kind, bad),
                Err(IdentityError::Document),
                "{bad}"
            );
        }
    }

    #[test]
    fn mlps_22_a_document_is_shown_masked_and_never_in_debug() {
        let document = resident("11010519491231002X").unwrap();
        assert_eq!(document.masked(), "110***********002X");
        let permit = IdDocument::parse(DocumentKind::HkMacaoPermit, "H12345678").unwrap();
        assert_eq!(permit.masked(), "H*****678");
        assert!(!format!("{document:?}").contains("1949"));
    }

    proptest! {
        #[test]
        fn one_wrong_digit_or_two_swapped_are_always_found(
            place in 100_000_u32..700_000, day in 1_u32..29, month in 1_u32..13,
            year in 1950_u32..2010, seq in 0_u32..1_000, at in 0_usize..17, digit in 0_u8..10,
        ) {
            let number = with_check(&format!("{place:06}{year}{month:02}{day:02}{seq:03}"));
            let mut wrong = number.clone().into_bytes();
            wrong[at] = b'0' + digit;
            let mut swapped = number.clone().into_bytes();
            swapped.swap(at, at + 1);
            for other in [wrong, swapped] {
                let other = String::from_utf8(other).unwrap();
                prop_assert!(other == number || resident(&other).is_err(), "{} {}", number, other);
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,24}") {
            for kind in DocumentKind::ALL {
                let _ = IdDocument::parse(kind, &text).map(|document| document.masked());
            }
        }
    }
}
