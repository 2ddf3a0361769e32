//! Passwords: Argon2id, a bounded number of them at once, away from the threads that serve.
//!
//! A check costs tens of milliseconds of CPU and 19 MiB of memory, so that guessing is dear. For the
//! same reason it must be dear to nobody else: as many run at once as there are cores, a bounded number
//! waits, and one more is told to come back.

use std::num::NonZeroUsize;
use std::sync::Arc;

use argon2::password_hash::Error;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use protocol::Password;
use tokio::sync::{Semaphore, oneshot};

use super::guessable;
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
/// Bytes of a hash.
const OUTPUT_BYTES: usize = 32;
/// Stack of a hash's thread: its memory, with room for copies that an unoptimised build makes. Only what
/// is touched is taken from the system.
const STACK_BYTES: usize = 4 * MEMORY_KIB as usize * Block::SIZE;
/// What an unknown username is checked against, so that it takes as long as a known one; and what stands
/// in the place of a password that was taken away. It is of no password in use.
pub(super) const NOBODYS: &str =
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
        self.run(move || on_own_memory(|memory| hash(&password, memory)))
            .await?
            .map_err(|error| Refusal::internal(&error))
    }

    /// Refuses a new password that is too easy to guess; see [`guessable`].
    pub(super) async fn refuse_guessable(
        &self,
        password: &Password,
        about: Vec<String>,
    ) -> Result<(), Refusal> {
        let password = password.clone();
        let is_guessable = self.run(move || guessable::is_guessable(&password, &about));
        if is_guessable.await? {
            Err(guessable::refusal())
        } else {
            Ok(())
        }
    }

    /// Checks a password against a hash; against [`NOBODYS`] where there is none.
    pub(super) async fn check(
        &self,
        password: Password,
        hash: Option<String>,
    ) -> Result<Check, Refusal> {
        self.run(move || on_own_memory(|memory| check(&password, hash.as_deref(), memory)))
            .await?
            .map_err(|error| Refusal::internal(&error))
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let places = Arc::clone(&self.places);
        let place = places.try_acquire_owned();
        let place = place.map_err(|_| Refusal::unavailable())?;
        let turn = Arc::clone(&self.running).acquire_owned().await;
        let turn = turn.map_err(|_| Refusal::unavailable())?;
        let (answer, answered) = oneshot::channel();
        let thread = std::thread::Builder::new().name("password".to_owned());
        let started = thread.stack_size(STACK_BYTES).spawn(move || {
            let result = work();
            // The permits go with the work: it runs to its end even where nobody waits for it any more.
            drop((turn, place));
            drop(answer.send(result));
        });
        started.map_err(|error| Refusal::internal(&error))?;
        match answered.await {
            Ok(value) => Ok(value),
            Err(_) => Err(Refusal::internal(&"a password thread panicked")),
        }
    }
}

/// Argon2's memory lies on the stack of a thread that ends with the hash, because then it certainly
/// goes back to the system. On the heap it stays: the C library keeps such large aligned blocks, and
/// before version 2.38 takes new ones for the next hash, hundreds of MiB after a busy minute.
#[expect(clippy::large_stack_arrays, reason = "the stack was made for it")]
fn on_own_memory<T>(work: impl FnOnce(&mut [Block]) -> T) -> T {
    let mut memory = [Block::new(); MEMORY_KIB as usize];
    work(&mut memory)
}

fn params() -> Result<Params, Error> {
    Ok(Params::new(MEMORY_KIB, PASSES, LANES, None)?)
}

fn hash(password: &Password, memory: &mut [Block]) -> Result<String, Error> {
    let (params, salt) = (params()?, Salt::new(&secrets::random::<SALT_BYTES>())?);
    let output = derive(password, &params, &salt, memory)?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params)?,
        salt: Some(salt),
        hash: Some(output),
    };
    Ok(hash.to_string())
}

fn check(password: &Password, kept: Option<&str>, memory: &mut [Block]) -> Result<Check, Error> {
    let parsed = PasswordHash::new(kept.unwrap_or(NOBODYS))?;
    let (Some(salt), Some(expected)) = (parsed.salt, parsed.hash) else {
        return Err(Error::PasswordInvalid);
    };
    let found = derive(password, &Params::try_from(&parsed)?, &salt, memory)?;
    // `Output` compares in constant time.
    if kept.is_none() || found != expected {
        return Ok(Check::Wrong);
    }
    let is_of_today = parsed.params == ParamsString::try_from(&params()?)?;
    let better = if is_of_today {
        None
    } else {
        Some(hash(password, memory)?)
    };
    Ok(Check::Right(better))
}

/// Argon2id, version 19, of these parameters; they ask for no more memory than there is.
fn derive(
    password: &Password,
    params: &Params,
    salt: &Salt,
    memory: &mut [Block],
) -> Result<Output, Error> {
    let memory = memory.get_mut(..params.block_count());
    let memory = memory.ok_or(Error::ParamsInvalid)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let mut output = [0; OUTPUT_BYTES];
    argon2.hash_password_into_with_memory(
        password.expose().as_bytes(),
        salt,
        &mut output,
        memory,
    )?;
    Ok(Output::new(&output)?)
}

#[cfg(test)]
mod tests {
    use argon2::{PasswordHasher as _, PasswordVerifier as _};
    use futures_util::FutureExt as _;

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

    #[tokio::test]
    async fn nobodys_hash_costs_what_a_real_one_costs() {
        let real = Passwords::new(0)
            .hash(password("correct horse"))
            .await
            .unwrap();
        let (real, nobodys) = (
            PasswordHash::new(&real).unwrap(),
            PasswordHash::new(NOBODYS).unwrap(),
        );
        assert_eq!(real.params, nobodys.params);
        assert_eq!(real.algorithm, nobodys.algorithm);
        let length = |hash: &PasswordHash| hash.hash.unwrap().len();
        assert_eq!(length(&real), length(&nobodys));
    }

    #[tokio::test]
    async fn a_hash_with_weaker_parameters_is_replaced() {
        let weak = Argon2::from(Params::new(8 * 1024, 1, 1, None).unwrap());
        let kept = weak.hash_password_with_salt(b"correct horse", b"0123456789abcdef");
        let kept = Some(kept.unwrap().to_string());
        let found = Passwords::new(0)
            .check(password("correct horse"), kept)
            .await
            .unwrap();
        let Check::Right(Some(better)) = found else {
            panic!("{found:?}");
        };
        assert!(better.contains("m=19456"), "{better}");
    }

    #[tokio::test]
    async fn the_library_takes_our_hashes_for_its_own() {
        let ours = Passwords::new(0)
            .hash(password("correct horse"))
            .await
            .unwrap();
        Argon2::default()
            .verify_password(b"correct horse", &ours[..])
            .unwrap();
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

    /// While no core is free as many wait as there are places for, and each of the others is told to come back.
    #[tokio::test]
    async fn of_a_thousand_at_once_those_with_a_place_are_checked() {
        let passwords = Passwords::new(4);
        let places = passwords.places.available_permits();
        let all = u32::try_from(passwords.running.available_permits()).unwrap();
        let busy = passwords.running.acquire_many(all).await.unwrap();
        let mut checks: Vec<_> = (0..1_000)
            .map(|_| Box::pin(passwords.check(password("correct horse"), None)))
            .collect();
        checks.retain_mut(|check| match check.now_or_never() {
            None => true,
            Some(refused) => {
                let code = refused.unwrap_err().code;
                assert_eq!(code, protocol::error::ErrorCode::Unavailable);
                false
            }
        });
        assert_eq!(checks.len(), places);
        drop(busy);
        for check in checks {
            assert_eq!(check.await.unwrap(), Check::Wrong);
        }
    }

    fn password(text: &str) -> Password {
        Password::try_from(text.to_owned()).unwrap()
    }
}
