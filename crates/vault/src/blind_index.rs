use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::Suite;

/// The key of blind indexes: values are found and compared by it, and nobody without it can try all
/// phone numbers. It never leaves with the ledger, an export or a backup.
#[derive(Clone)]
pub struct IndexKey {
    suite: Suite,
    key: Zeroizing<[u8; 32]>,
}

impl IndexKey {
    /// From 32 random bytes. The suite stays with the key: under another one nothing would be found.
    pub fn from_bytes(suite: Suite, key: [u8; 32]) -> Self {
        Self {
            suite,
            key: Zeroizing::new(key),
        }
    }

    /// The index of a value, 64 hexadecimal digits. The same value of another kind has another index.
    pub fn index(&self, kind: &str, value: &str) -> String {
        self.mac(kind, &[value.as_bytes()])
    }

    /// A keyed hash of several parts, as of a code with all that it is bound to.
    pub fn mac(&self, kind: &str, parts: &[&[u8]]) -> String {
        let key = self.suite.derive(&self.key, kind.as_bytes());
        hex::encode(self.suite.mac(&key, parts))
    }

    /// Does [`IndexKey::mac`] give this? Takes the same time whatever the answer.
    pub fn matches(&self, kind: &str, parts: &[&[u8]], kept: &str) -> bool {
        let computed = self.mac(kind, parts);
        computed.as_bytes().ct_eq(kept.as_bytes()).into()
    }
}

impl fmt::Debug for IndexKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IndexKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_tells_kinds_and_keys_apart_and_shows_no_value() {
        for suite in [Suite::Intl, Suite::Gm] {
            let key = IndexKey::from_bytes(suite, [7; 32]);
            let phone = key.index("phone", "13800138000");
            assert_eq!(phone, key.index("phone", "13800138000"));
            assert_ne!(phone, key.index("document", "13800138000"));
            assert_ne!(phone, key.index("phone", "13800138001"));
            let other = IndexKey::from_bytes(suite, [8; 32]);
            assert_ne!(phone, other.index("phone", "13800138000"));
            assert_eq!(phone.len(), 64);
            assert!(!phone.contains("138001"));
        }
    }

    #[test]
    fn parts_do_not_run_into_one_another() {
        let key = IndexKey::from_bytes(Suite::Intl, [7; 32]);
        let split = key.mac("code", &[b"12", b"3"]);
        assert_ne!(split, key.mac("code", &[b"1", b"23"]));
        assert!(key.matches("code", &[b"12", b"3"], &split));
        assert!(!key.matches("code", &[b"1", b"23"], &split));
        assert!(!key.matches("code", &[b"12", b"3"], ""));
    }
}
