//! The two sets of algorithms. Both are software; neither is a certified module.

use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, AesGcm, KeyInit};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use sm3::Sm3;
use sm4::Sm4;
use zeroize::Zeroizing;

/// SM4-GCM as in RFC 8998.
type Sm4Gcm = AesGcm<Sm4, U12>;

/// Which algorithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suite {
    /// AES-256-GCM and HMAC-SHA-256.
    Intl,
    /// SM4-GCM and HMAC-SM3 (国密).
    Gm,
}

impl Suite {
    /// The stored form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intl => "intl",
            Self::Gm => "gm",
        }
    }

    /// The opposite of [`Suite::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Intl, Self::Gm]
            .into_iter()
            .find(|suite| suite.as_str() == text)
    }

    /// A key for one use, out of a secret that has several. `label` names the use.
    pub(crate) fn derive(self, secret: &[u8; 32], label: &[u8]) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.mac(secret, &[b"zhipei.vault.key", label]))
    }

    /// HMAC over the parts, each with its length before it, so that no two lists of parts meet.
    pub(crate) fn mac(self, key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
        fn over<M: Mac + hmac::KeyInit>(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
            let mut mac =
                <M as hmac::KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
            for part in parts {
                mac.update(&(part.len() as u64).to_be_bytes());
                mac.update(part);
            }
            let mut out = [0; 32];
            out.copy_from_slice(&mac.finalize().into_bytes());
            out
        }
        match self {
            Self::Intl => over::<Hmac<Sha256>>(key, parts),
            Self::Gm => over::<Hmac<Sm3>>(key, parts),
        }
    }

    /// Ciphertext and tag.
    pub(crate) fn encrypt(
        self,
        key: &[u8; 32],
        nonce: [u8; 12],
        aad: &[u8],
        plain: &[u8],
    ) -> Vec<u8> {
        let payload = Payload { msg: plain, aad };
        let done = match self {
            Self::Intl => Aes256Gcm::new(key.into()).encrypt(&nonce.into(), payload),
            Self::Gm => sm4(key).encrypt(&nonce.into(), payload),
        };
        done.expect("a name is shorter than 64 GiB")
    }

    /// The plain text, if nothing was changed.
    pub(crate) fn decrypt(
        self,
        key: &[u8; 32],
        nonce: [u8; 12],
        aad: &[u8],
        sealed: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let payload = Payload { msg: sealed, aad };
        let done = match self {
            Self::Intl => Aes256Gcm::new(key.into()).decrypt(&nonce.into(), payload),
            Self::Gm => sm4(key).decrypt(&nonce.into(), payload),
        };
        done.ok().map(Zeroizing::new)
    }
}

/// SM4 has 128-bit keys: the first half of the derived one.
fn sm4(key: &[u8; 32]) -> Sm4Gcm {
    Sm4Gcm::new_from_slice(&key[..16]).expect("SM4 has keys of 16 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes<const N: usize>(text: &str) -> [u8; N] {
        let mut out = [0; N];
        hex::decode_to_slice(text, &mut out).unwrap();
        out
    }

    /// RFC 8998, appendix A.1.
    #[test]
    fn asvs_36_sm4_gcm_gives_the_published_vector() {
        let mut key = [0; 32];
        key[..16].copy_from_slice(&bytes::<16>("0123456789abcdeffedcba9876543210"));
        let nonce = bytes("00001234567800000000abcd");
        let aad = bytes::<20>("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let plain = bytes::<64>(
            "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd\
             eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa",
        );
        let sealed = Suite::Gm.encrypt(&key, nonce, &aad, &plain);
        assert_eq!(
            hex::encode(&sealed),
            "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735\
             d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d\
             83de3541e4c2b58177e065a9bf7b62ec"
        );
        let opened = Suite::Gm.decrypt(&key, nonce, &aad, &sealed).unwrap();
        assert_eq!(*opened, plain);
    }

    /// NIST's GCM specification, test case 16 (AES-256, 60 bytes, 20 bytes of AAD).
    #[test]
    fn asvs_36_aes_256_gcm_gives_the_published_vector() {
        let key = bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
        let nonce = bytes("cafebabefacedbaddecaf888");
        let aad = bytes::<20>("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let plain = bytes::<60>(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
             1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        );
        let sealed = Suite::Intl.encrypt(&key, nonce, &aad, &plain);
        assert_eq!(
            hex::encode(&sealed),
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
             8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662\
             76fc6ece0f4e1768cddf8853bb2d551b"
        );
    }

    #[test]
    fn asvs_36_the_hash_of_the_national_suite_is_sm3() {
        use sm3::Digest as _;
        assert_eq!(
            hex::encode(Sm3::digest(b"abc")),
            "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
        );
        let mut mac = <Hmac<Sm3> as hmac::KeyInit>::new_from_slice(b"secret").unwrap();
        mac.update(b"msg");
        assert_eq!(
            hex::encode(mac.finalize().into_bytes()),
            "ce81152194860aa525627622a79ff2281f016f94c7b3f0e7b03f96802e534fbc"
        );
    }
}
