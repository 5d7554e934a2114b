//! Recovery codes: ten, each good once, for whoever has lost the authenticator.

use sha2::{Digest, Sha256};

/// So many are made at a time.
const COUNT: usize = 10;
/// 32 characters that nobody takes for one another (Crockford's).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of a code, five bits each: 80 bits, which nobody tries out, so that a plain hash keeps them.
const LENGTH: usize = 16;

/// Draws new ones: as they are shown, `ABCD-EFGH-JKMN-PQRS`.
pub(crate) fn draw(random: fn() -> [u8; 32]) -> Vec<String> {
    (0..COUNT)
        .map(|_| {
            let characters: Vec<char> = random()[..LENGTH]
                .iter()
                .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
                .collect();
            let groups: Vec<String> = characters
                .chunks(4)
                .map(|four| four.iter().collect())
                .collect();
            groups.join("-")
        })
        .collect()
}

/// What the database keeps of a code. Small letters, blanks and what looks alike are taken as meant.
pub(crate) fn hash(code: &str) -> String {
    let meant: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            c => c,
        })
        .collect();
    hex::encode(Sha256::digest(meant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_taken_as_it_is_meant() {
        let codes = draw(|| std::array::from_fn(|n| n as u8));
        assert_eq!(codes.len(), 10);
        assert_eq!(codes[0], "0123-4567-89AB-CDEF");
        for written in [
            "0123456789abcdef",
            " o123 4567-89AB cdEF",
            "0i23-4567-89AB-CDEF",
        ] {
            assert_eq!(hash(written), hash(&codes[0]), "{written}");
        }
        assert_ne!(hash("0123-4567-89AB-CDE"), hash(&codes[0]));
        assert_eq!(hash("ol23-4567-89ab-cdef"), hash(&codes[0]));
    }
}
