use std::fmt;

use crate::IdentityError;
use crate::typed::{masked, number};

/// A mobile number of mainland China: eleven digits. It receives the codes.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Phone(String);

impl Phone {
    /// Takes full-width digits, blanks, dashes, and `+86`, `0086` or `86` in front.
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        let number = number(text);
        let national = ["+86", "0086", "86"]
            .into_iter()
            .find_map(|prefix| number.strip_prefix(prefix))
            .unwrap_or(&number);
        let fits = national.len() == 11
            && national.bytes().all(|b| b.is_ascii_digit())
            && national.starts_with('1')
            && national.as_bytes()[1] >= b'3';
        fits.then(|| Self(national.to_owned()))
            .ok_or(IdentityError::Phone)
    }

    /// The eleven digits. Personal: seal them, mask them, never log them.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As others may see it: `138****5678`.
    pub fn masked(&self) -> String {
        masked(&self.0, 3, 4)
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lms_13_a_phone_number_has_one_spelling() {
        let one = Phone::parse("13812345678").unwrap();
        for same in [
            " 138 1234 5678",
            "138-1234-5678",
            "+86 13812345678",
            "0086-13812345678",
            "8613812345678",
            "１３８１２３４５６７８",
        ] {
            assert_eq!(Phone::parse(same), Ok(one.clone()), "{same}");
        }
        for bad in [
            "",
            "1381234567",
            "138123456789",
            "12345678901",
            "23812345678",
            "+8513812345678",
            "1381234567a",
            "0898-65852222",
        ] {
            assert_eq!(Phone::parse(bad), Err(IdentityError::Phone), "{bad}");
        }
    }

    #[test]
    fn mlps_22_a_phone_number_is_shown_masked_and_never_in_debug() {
        let phone = Phone::parse("13812345678").unwrap();
        assert_eq!(phone.masked(), "138****5678");
        assert!(!format!("{phone:?}").contains("1234"));
    }
}
