use std::fmt;

use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{Error, IndexKey, PersonKey, Place, Result, Sealed, Suite};

/// Gives 32 bytes of the operating system's generator.
pub type Random = fn() -> [u8; 32];

/// Where a wrapped person key stands.
const WRAPPED: Place = Place::new("person_key", "wrapped");
/// Its plain text: four bytes of name, 32 of secret.
const WRAPPED_LEN: usize = 36;

/// A master key: it wraps the keys of persons and seals nothing that lasts.
#[derive(Clone)]
pub struct MasterKey {
    key_id: String,
    key: Zeroizing<[u8; 32]>,
}

impl MasterKey {
    /// From 32 random bytes. The name is written into all that it wraps.
    pub fn from_bytes(key_id: impl Into<String>, key: [u8; 32]) -> Self {
        Self {
            key_id: key_id.into(),
            key: Zeroizing::new(key),
        }
    }

    /// The key's name.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({}, redacted)", self.key_id)
    }
}

/// All keys of the vault: master keys, newest first, and the key of blind indexes.
#[derive(Clone, Debug)]
pub struct KeyRing {
    suite: Suite,
    masters: Vec<MasterKey>,
    index: IndexKey,
    random: Random,
}

impl KeyRing {
    /// `masters` newest first: the first one wraps, all of them unwrap. `suite` is for what is sealed
    /// from now on. Names are letters, digits and `-`, each once.
    pub fn new(
        suite: Suite,
        masters: Vec<MasterKey>,
        index: IndexKey,
        random: Random,
    ) -> Result<Self> {
        let fits = |name: &str| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        let mut names: Vec<&str> = masters.iter().map(MasterKey::key_id).collect();
        names.sort_unstable();
        names.dedup();
        if masters.is_empty() || names.len() != masters.len() || !names.into_iter().all(fits) {
            return Err(Error::Ring);
        }
        Ok(Self {
            suite,
            masters,
            index,
            random,
        })
    }

    /// The key of blind indexes.
    pub fn index(&self) -> &IndexKey {
        &self.index
    }

    /// The source of randomness that nonces and keys are drawn from.
    pub fn random(&self) -> Random {
        self.random
    }

    /// The name of the key that wraps.
    pub fn newest(&self) -> &str {
        self.masters[0].key_id()
    }

    /// A fresh key for a person, and its wrapped form to store.
    pub fn draw(&self, person: Uuid) -> (PersonKey, Sealed) {
        let mut id = [0; 4];
        id.copy_from_slice(&(self.random)()[..4]);
        let key = self.person_key(person, id, Zeroizing::new((self.random)()));
        let wrapped = self.wrap(person, id, &key.secret);
        (key, wrapped)
    }

    /// The key of a person from its stored form; `None`, where it was destroyed, is [`Error::Erased`].
    pub fn unwrap(&self, person: Uuid, wrapped: Option<&Sealed>) -> Result<PersonKey> {
        let (id, secret) = self.opened(person, wrapped.ok_or(Error::Erased)?)?;
        Ok(self.person_key(person, id, secret))
    }

    /// The same key wrapped by the newest master key; `None` when it is already.
    pub fn rewrap(&self, person: Uuid, wrapped: &Sealed) -> Result<Option<Sealed>> {
        if wrapped.key_id() == self.newest() && wrapped.suite()? == self.suite {
            return Ok(None);
        }
        let (id, secret) = self.opened(person, wrapped)?;
        Ok(Some(self.wrap(person, id, &secret)))
    }

    /// Seals what belongs to no person yet and lives for minutes, as a message on its way out.
    pub fn seal_in_transit(&self, place: Place, id: Uuid, plain: &str) -> Sealed {
        let master = &self.masters[0];
        let key = self.suite.derive(&master.key, b"transit");
        Sealed::new(
            self.suite,
            &master.key_id,
            &key,
            self.random,
            (place, id),
            plain.as_bytes(),
        )
    }

    /// Opens what [`KeyRing::seal_in_transit`] sealed.
    pub fn open_in_transit(
        &self,
        place: Place,
        id: Uuid,
        sealed: &Sealed,
    ) -> Result<Zeroizing<String>> {
        let master = self.master(sealed)?;
        let key = sealed.suite()?.derive(&master.key, b"transit");
        let plain = sealed.open(&key, place, id)?;
        let text = std::str::from_utf8(&plain).map_err(|_| Error::Tampered)?;
        Ok(Zeroizing::new(text.to_owned()))
    }

    fn person_key(&self, person: Uuid, id: [u8; 4], secret: Zeroizing<[u8; 32]>) -> PersonKey {
        PersonKey {
            person,
            id: hex::encode(id),
            secret,
            suite: self.suite,
            random: self.random,
        }
    }

    fn wrap(&self, person: Uuid, id: [u8; 4], secret: &[u8; 32]) -> Sealed {
        let master = &self.masters[0];
        let mut plain = Zeroizing::new([0; WRAPPED_LEN]);
        plain[..4].copy_from_slice(&id);
        plain[4..].copy_from_slice(secret);
        Sealed::new(
            self.suite,
            &master.key_id,
            &self.suite.derive(&master.key, b"wrap"),
            self.random,
            (WRAPPED, person),
            plain.as_slice(),
        )
    }

    fn opened(&self, person: Uuid, wrapped: &Sealed) -> Result<([u8; 4], Zeroizing<[u8; 32]>)> {
        let master = self.master(wrapped)?;
        let key = wrapped.suite()?.derive(&master.key, b"wrap");
        let plain = wrapped.open(&key, WRAPPED, person)?;
        let (id, secret) = plain.split_first_chunk().ok_or(Error::Tampered)?;
        let secret = <[u8; 32]>::try_from(secret).map_err(|_| Error::Tampered)?;
        Ok((*id, Zeroizing::new(secret)))
    }

    fn master(&self, sealed: &Sealed) -> Result<&MasterKey> {
        self.masters
            .iter()
            .find(|master| master.key_id == sealed.key_id())
            .ok_or(Error::UnknownKey)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use proptest::prelude::*;

    use super::*;

    /// Never the same twice, which is all that a nonce needs.
    fn counted() -> [u8; 32] {
        static COUNT: AtomicU64 = AtomicU64::new(1);
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&COUNT.fetch_add(1, Ordering::SeqCst).to_be_bytes());
        bytes
    }

    fn ring(suite: Suite, names: &[(&str, u8)]) -> KeyRing {
        let masters = names
            .iter()
            .map(|(name, byte)| MasterKey::from_bytes(*name, [*byte; 32]))
            .collect();
        let index = IndexKey::from_bytes(suite, [9; 32]);
        KeyRing::new(suite, masters, index, counted).unwrap()
    }

    const NAME: Place = Place::new("identity", "name");
    const PHONE: Place = Place::new("identity", "phone");
    const ANA: Uuid = Uuid::from_u128(1);
    const BEA: Uuid = Uuid::from_u128(2);

    fn suites() -> impl Strategy<Value = Suite> {
        prop_oneof![Just(Suite::Intl), Just(Suite::Gm)]
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens_in_its_place(suite in suites(), text in ".{0,80}") {
            let ring = ring(suite, &[("master-1", 1)]);
            let (key, wrapped) = ring.draw(ANA);
            let sealed = key.seal(NAME, &text);
            let stored = Sealed::parse(sealed.as_str()).unwrap();
            let again = ring.unwrap(ANA, Some(&Sealed::parse(wrapped.as_str()).unwrap())).unwrap();
            prop_assert_eq!(&*again.open(NAME, &stored).unwrap(), &text);
            // The same text sealed twice looks different.
            prop_assert_ne!(key.seal(NAME, &text), sealed);
        }

        #[test]
        fn pipl_09_a_value_with_any_byte_changed_is_refused(
            suite in suites(), text in ".{0,40}", at in any::<prop::sample::Index>(), byte in 33_u8..127,
        ) {
            let ring = ring(suite, &[("master-1", 1)]);
            let (key, wrapped) = ring.draw(ANA);
            for (value, is_key) in [(key.seal(NAME, &text), false), (wrapped, true)] {
                let mut bytes = value.as_str().as_bytes().to_vec();
                let at = at.index(bytes.len());
                prop_assume!(bytes[at] != byte);
                bytes[at] = byte;
                let changed = Sealed::parse(std::str::from_utf8(&bytes).unwrap());
                let opened = changed.and_then(|changed| {
                    if is_key {
                        ring.unwrap(ANA, Some(&changed)).map(drop)
                    } else {
                        key.open(NAME, &changed).map(drop)
                    }
                });
                prop_assert!(opened.is_err());
            }
        }

        #[test]
        fn pipl_09_a_value_in_another_row_or_column_is_refused(suite in suites(), text in ".{0,40}") {
            let ring = ring(suite, &[("master-1", 1)]);
            let ((ana, ana_wrapped), (bea, _)) = (ring.draw(ANA), ring.draw(BEA));
            let sealed = ana.seal(NAME, &text);
            prop_assert_eq!(ana.open(PHONE, &sealed).unwrap_err(), Error::Tampered);
            prop_assert_eq!(bea.open(NAME, &sealed).unwrap_err(), Error::Tampered);
            // Even with the key moved along to the other person's row.
            prop_assert_eq!(ring.unwrap(BEA, Some(&ana_wrapped)).unwrap_err(), Error::Tampered);
        }

        #[test]
        fn a_message_in_transit_opens_in_its_own_row_only(suite in suites(), text in ".{0,40}") {
            let ring = ring(suite, &[("master-1", 1)]);
            let sealed = ring.seal_in_transit(PHONE, ANA, &text);
            prop_assert_eq!(&*ring.open_in_transit(PHONE, ANA, &sealed).unwrap(), &text);
            prop_assert_eq!(ring.open_in_transit(PHONE, BEA, &sealed).unwrap_err(), Error::Tampered);
            prop_assert_eq!(ring.open_in_transit(NAME, ANA, &sealed).unwrap_err(), Error::Tampered);
        }
    }

    #[test]
    fn a_destroyed_key_means_erased() {
        let ring = ring(Suite::Intl, &[("master-1", 1)]);
        assert_eq!(ring.unwrap(ANA, None).unwrap_err(), Error::Erased);
    }

    #[test]
    fn rotation_keeps_everything_readable_and_the_old_master_key_opens_nothing_new() {
        let old = ring(Suite::Intl, &[("master-1", 1)]);
        let (key, wrapped) = old.draw(ANA);
        let sealed = key.seal(NAME, "符秀英");
        // The new key comes with the national suite.
        let both = ring(Suite::Gm, &[("master-2", 2), ("master-1", 1)]);
        let moved = both.rewrap(ANA, &wrapped).unwrap().unwrap();
        assert_eq!(both.rewrap(ANA, &moved).unwrap(), None);
        assert_eq!(moved.key_id(), "master-2");
        let new = ring(Suite::Gm, &[("master-2", 2)]);
        let again = new.unwrap(ANA, Some(&moved)).unwrap();
        assert_eq!(&*again.open(NAME, &sealed).unwrap(), "符秀英");
        assert!(again.seal(NAME, "符秀英").as_str().starts_with("gm:"));
        assert_eq!(
            old.unwrap(ANA, Some(&moved)).unwrap_err(),
            Error::UnknownKey
        );
        assert_eq!(
            new.unwrap(ANA, Some(&wrapped)).unwrap_err(),
            Error::UnknownKey
        );
    }

    #[test]
    fn a_ring_without_keys_or_with_two_of_one_name_is_refused() {
        let make = |names: &[&str]| {
            let masters = names
                .iter()
                .map(|name| MasterKey::from_bytes(*name, [1; 32]));
            let index = IndexKey::from_bytes(Suite::Intl, [9; 32]);
            KeyRing::new(Suite::Intl, masters.collect(), index, counted)
        };
        for names in [&[][..], &["a", "a"], &[""], &["a:b"], &["a b"]] {
            assert_eq!(make(names).unwrap_err(), Error::Ring, "{names:?}");
        }
    }

    #[test]
    fn keys_show_nothing_of_themselves() {
        let ring = ring(Suite::Intl, &[("master-1", 0xab)]);
        let (key, wrapped) = ring.draw(ANA);
        let text = format!("{ring:?} {key:?} {wrapped:?}");
        assert!(!text.contains("171") && !text.contains("ab, ab"), "{text}");
        assert!(
            text.contains("master-1") && text.contains("redacted"),
            "{text}"
        );
    }
}
