//! Authenticators (动态码): six digits that change every thirty seconds. Source: RFC 6238.

use totp_rs::{Algorithm, Secret, TOTP};
use zeroize::Zeroizing;
use zhipei_domain::UnixMs;

/// Seconds for which a code is shown.
const STEP_S: i64 = 30;
/// A code is taken one step early or late: clocks differ, and people type slowly.
const SKEW: i64 = 1;
/// Bytes of a secret. Source: RFC 4226, which asks for 160 bits.
const SECRET_BYTES: usize = 20;

/// The secret that an authenticator shares with the platform.
#[derive(Clone)]
pub(crate) struct TotpSecret(Zeroizing<Vec<u8>>);

impl TotpSecret {
    /// Of random bytes, of which it takes what it needs.
    pub(crate) fn from_random(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes[..SECRET_BYTES].to_vec()))
    }

    /// Of the form in which it is typed into an authenticator.
    pub(crate) fn parse(base32: &str) -> Option<Self> {
        let bytes = Secret::Encoded(base32.to_owned()).to_bytes().ok()?;
        (bytes.len() == SECRET_BYTES).then(|| Self(Zeroizing::new(bytes)))
    }

    /// The form in which it is typed into an authenticator.
    pub(crate) fn base32(&self) -> Zeroizing<String> {
        let encoded = Secret::Raw(self.0.to_vec()).to_encoded();
        Zeroizing::new(encoded.to_string())
    }

    /// The address in the QR code that an authenticator reads.
    pub(crate) fn url(&self, login_name: &str) -> Zeroizing<String> {
        let secret = self.base32();
        Zeroizing::new(format!(
            "otpauth://totp/Zhipei:{login_name}?secret={}&issuer=Zhipei",
            secret.as_str()
        ))
    }

    /// The step whose code this is, among those of now that come after `used`: a code is good once.
    pub(crate) fn step_of(&self, code: &str, now: UnixMs, used: Option<i64>) -> Option<i64> {
        let current = now.div_euclid(STEP_S * 1_000);
        (current - SKEW..=current + SKEW)
            .filter(|step| used.is_none_or(|used| *step > used))
            .find(|step| same(&self.code_at(*step), code))
    }

    fn code_at(&self, step: i64) -> String {
        let totp = TOTP::new(Algorithm::SHA1, 6, 0, STEP_S as u64, self.0.to_vec());
        let totp = totp.expect("six digits and 160 bits are what the RFC asks for");
        totp.generate((step * STEP_S).unsigned_abs())
    }
}

/// Compares without telling by its time how much is right.
fn same(expected: &str, given: &str) -> bool {
    let different = expected.bytes().zip(given.bytes());
    expected.len() == given.len() && different.fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238, appendix B.
    fn secret() -> TotpSecret {
        TotpSecret(Zeroizing::new(b"12345678901234567890".to_vec()))
    }

    #[test]
    fn asvs_29_codes_are_those_of_rfc_6238() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            let now = seconds * 1_000;
            assert_eq!(
                secret().step_of(code, now, None),
                Some(seconds / 30),
                "{seconds}"
            );
        }
    }

    #[test]
    fn asvs_29_a_code_is_good_for_one_step_around_its_own_and_once() {
        let (code, step) = ("287082", 1);
        for (now, good) in [(0, true), (89_999, true), (90_000, false)] {
            assert_eq!(secret().step_of(code, now, None).is_some(), good, "{now}");
        }
        assert_eq!(secret().step_of(code, 59_000, Some(step - 1)), Some(step));
        assert_eq!(secret().step_of(code, 59_000, Some(step)), None);
        for wrong in ["", "28708", "2870822", "287083", "２８７０８２"] {
            assert_eq!(secret().step_of(wrong, 59_000, None), None, "{wrong}");
        }
    }

    #[test]
    fn a_secret_is_read_back_as_it_is_written() {
        let drawn = TotpSecret::from_random([9; 32]);
        let read = TotpSecret::parse(&drawn.base32()).unwrap();
        assert_eq!(read.code_at(5), drawn.code_at(5));
        assert_eq!(drawn.base32().len(), 32);
        assert!(TotpSecret::parse("short").is_none());
    }
}
