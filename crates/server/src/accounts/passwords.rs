//! Passwords: Argon2id, a bounded number of them at once, away from the threads that serve.
//!
//! A check costs tens of milliseconds of CPU and 19 MiB of memory, so that guessing is dear. For the
//! same reason it must be dear to nobody else: as many run at once as there are cores, a bounded number
//! waits, and one more is told to come back.

use std::num::NonZeroUsize;
use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use protocol::Password;
use tokio::sync::Semaphore;

use crate::error::Refusal;
use crate::secrets;

/// Memory of one hash, in KiB; this and the passes are the minimum of OWASP's Password Storage Cheat Sheet.
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over the memory.
const PASSES: u32 = 2;
/// Lanes, each a thread's worth of work.
const LANES: u32 = 1;
/// Bytes of salt.
const SALT_BYTES: usize = 16;
/// What an unknown username is checked against, so that it takes as long as a known one. It is of no
/// password in use.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$YWhveS1ub2JvZHktMQ$QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE";

/// Hashes and checks passwords.
#[derive(Debug, Clone)]
pub(super) struct Passwords {
    /// Hashes that may run at once.
    running: Arc<Semaphore>,
    /// Hashes that may run or wait.
    places: Arc<Semaphore>,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Check {
    /// It is the password. The hash to keep instead, where the old one's parameters are not today's.
    Right(Option<String>),
    /// It is not.
    Wrong,
}

impl Passwords {
    /// As many at once as there are cores, and so many more that wait.
    pub(super) fn new(queue: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            running: Arc::new(Semaphore::new(cores)),
            places: Arc::new(Semaphore::new(cores.saturating_add(queue))),
        }
    }

    /// The hash to keep, in PHC form.
    pub(super) async fn hash(&self, password: Password) -> Result<String, Refusal> {
        self.run(move || hash(&password)).await
    }

    /// Checks a password against a hash; against [`NOBODYS`] where there is none.
    pub(super) async fn check(
        &self,
        password: Password,
        hash: Option<String>,
    ) -> Result<Check, Refusal> {
        self.run(move || check(&password, hash.as_deref())).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, argon2::password_hash::Error> + Send + 'static,
    ) -> Result<T, Refusal> {
        let places = Arc::clone(&self.places);
        let place = places
            .try_acquire_owned()
            .map_err(|_| Refusal::unavailable())?;
        let turn = Arc::clone(&self.running).acquire_owned().await;
        let turn = turn.map_err(|_| Refusal::unavailable())?;
        // The permits go with the work: it runs to its end even where nobody waits for it any more.
        let result = tokio::task::spawn_blocking(move || {
            let result = work();
            drop((turn, place));
            result
        });
        match result.await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(Refusal::internal(&error)),
            Err(error) => Err(Refusal::internal(&error)),
        }
    }
}

fn argon2() -> Result<Argon2<'static>, argon2::password_hash::Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &Password) -> Result<String, argon2::password_hash::Error> {
    let salt: [u8; SALT_BYTES] = secrets::random();
    let hash = argon2()?.hash_password_with_salt(password.expose().as_bytes(), &salt)?;
    Ok(hash.to_string())
}

fn check(password: &Password, kept: Option<&str>) -> Result<Check, argon2::password_hash::Error> {
    let parsed = PasswordHash::new(kept.unwrap_or(NOBODYS))?;
    let verified = argon2()?.verify_password(password.expose().as_bytes(), &parsed);
    if kept.is_none() || verified.is_err() {
        return Ok(Check::Wrong);
    }
    let is_of_today = PasswordHash::new(NOBODYS)?.params == parsed.params;
    let better = if is_of_today {
        None
    } else {
        Some(hash(password)?)
    };
    Ok(Check::Right(better))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_right_password_is_told_from_a_wrong_one_and_from_nobodys() {
        let passwords = Passwords::new(4);
        let kept = passwords.hash(password("correct horse")).await.unwrap();
        assert!(
            kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{kept}"
        );
        let check =
            |text, hash: Option<&str>| passwords.check(password(text), hash.map(str::to_owned));
        assert_eq!(
            check("correct horse", Some(&kept)).await.unwrap(),
            Check::Right(None)
        );
        assert_eq!(
            check("incorrect horse", Some(&kept)).await.unwrap(),
            Check::Wrong
        );
        assert_eq!(check("correct horse", None).await.unwrap(), Check::Wrong);
    }

    #[test]
    fn nobodys_hash_costs_what_a_real_one_costs() {
        let real = hash(&password("correct horse")).unwrap();
        let (real, nobodys) = (
            PasswordHash::new(&real).unwrap(),
            PasswordHash::new(NOBODYS).unwrap(),
        );
        assert_eq!(real.params, nobodys.params);
        assert_eq!(real.algorithm, nobodys.algorithm);
        let length = |hash: &PasswordHash| hash.hash.unwrap().len();
        assert_eq!(length(&real), length(&nobodys));
    }

    #[test]
    fn a_hash_with_weaker_parameters_is_replaced() {
        let weak = Argon2::from(Params::new(8 * 1024, 1, 1, None).unwrap());
        let kept = weak
            .hash_password_with_salt(b"correct horse", b"0123456789abcdef")
            .unwrap();
        let found = check(&password("correct horse"), Some(&kept.to_string())).unwrap();
        let Check::Right(Some(better)) = found else {
            panic!("{found:?}");
        };
        assert!(better.contains("m=19456"), "{better}");
    }

    #[tokio::test]
    async fn a_full_queue_says_so_at_once() {
        let passwords = Passwords::new(0);
        let mut taken = Vec::new();
        while let Ok(place) = passwords.places.try_acquire() {
            taken.push(place);
        }
        let refused = passwords.hash(password("correct horse")).await.unwrap_err();
        assert_eq!(refused.code, protocol::error::ErrorCode::Unavailable);
        assert!(refused.retry_after.is_some());
    }

    fn password(text: &str) -> Password {
        Password::try_from(text.to_owned()).unwrap()
    }
}
