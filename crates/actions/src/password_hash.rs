//! Password hashing: argon2id, a few at once, off the async threads.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::Semaphore;

use crate::{Error, Result};

/// More than so many do not wait for a hash: at two hashes at once it takes about 20 seconds to serve them.
const MOST_WAITING: usize = 1_000;

/// Hashes and compares passwords. Waiters are served in the order of their coming, at most
/// `parallel` at once, so that a rush of logins cannot starve the videos and heartbeats; who comes when too
/// many wait is told to come again.
#[derive(Clone, Debug)]
pub struct Hasher {
    turns: Arc<Semaphore>,
    /// Places of who has a turn or waits for one.
    places: Arc<Semaphore>,
    /// Of a password that nobody has: compared where there is no account, to take the same time.
    decoy: Arc<str>,
}

impl Hasher {
    /// At most `parallel` hashes at once.
    pub fn new(parallel: usize) -> Result<Self> {
        Self::with_places(parallel, parallel + MOST_WAITING)
    }

    fn with_places(parallel: usize, places: usize) -> Result<Self> {
        Ok(Self {
            turns: Arc::new(Semaphore::new(parallel)),
            places: Arc::new(Semaphore::new(places)),
            decoy: hash("nobody has this password")?.into(),
        })
    }

    /// The hash to keep, with its parameters and a fresh salt.
    pub async fn hash(&self, password: &str) -> Result<String> {
        let password = password.to_owned();
        self.run(move || hash(&password)).await
    }

    /// Is it the password of this hash? Without a hash: no, after the same work.
    pub async fn matches(&self, password: &str, kept: Option<&str>) -> Result<bool> {
        let exists = kept.is_some();
        let kept = kept.unwrap_or(&self.decoy).to_owned();
        let password = password.to_owned();
        let same = self
            .run(move || {
                let kept = PasswordHash::new(&kept).map_err(|_| Error::PasswordHash)?;
                let same = argon2()?.verify_password(password.as_bytes(), &kept);
                Ok(same.is_ok())
            })
            .await?;
        Ok(same && exists)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| Error::Busy)?;
        let turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let done = tokio::task::spawn_blocking(move || {
            // Held by the work, not by the waiter: a client that leaves does not free the core.
            let _held = (turn, place);
            work()
        });
        done.await.map_err(|_| Error::PasswordHash)?
    }
}

fn hash(password: &str) -> Result<String> {
    let hash = argon2()?
        .hash_password(password.as_bytes())
        .map_err(|_| Error::PasswordHash)?;
    Ok(hash.to_string())
}

/// 19 MiB, two passes, one lane. Source: OWASP password storage, the least for argon2id.
fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|_| Error::PasswordHash)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn asvs_25_passwords_are_kept_as_argon2id_with_19_mib_and_a_salt_of_their_own() {
        let hasher = Hasher::new(2).unwrap();
        let password = "海上生明月 😀 天涯共此时".repeat(4);
        let (a, b) = (
            hasher.hash(&password).await.unwrap(),
            hasher.hash(&password).await.unwrap(),
        );
        assert!(a.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{a}");
        assert_ne!(a, b);
        assert!(hasher.matches(&password, Some(&a)).await.unwrap());
        assert!(
            !hasher
                .matches(password.trim_end_matches('时'), Some(&a))
                .await
                .unwrap()
        );
        assert!(!hasher.matches(&password, None).await.unwrap());
    }

    #[tokio::test]
    async fn asvs_13_who_comes_when_too_many_wait_for_a_hash_is_told_so_and_the_others_get_theirs()
    {
        let hasher = Hasher::with_places(1, 3).unwrap();
        let turn = Arc::clone(&hasher.turns).acquire_owned().await.unwrap();
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                let hasher = hasher.clone();
                tokio::spawn(async move { hasher.matches("a password", None).await })
            })
            .collect();
        while hasher.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let refused = hasher.matches("a password", None).await;
        assert!(matches!(refused, Err(Error::Busy)), "{refused:?}");
        drop(turn);
        for served in waiting {
            assert!(!served.await.unwrap().unwrap());
        }
        assert!(!hasher.matches("a password", None).await.unwrap());
    }
}
