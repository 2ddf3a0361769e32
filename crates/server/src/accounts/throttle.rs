//! Slows down whoever guesses: passwords of one account, from one address, or accounts by the dozen.
//!
//! An attempt counts as failed when it begins and is taken back when it succeeds, so that a hundred at
//! once gain nothing. After a few free failures each further one doubles a waiting time, and nothing is
//! ever locked for good: the owner waits too, but on a device that the account knows has a count of its
//! own. Kept in memory: a restart forgives.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use protocol::error::ErrorCode;
use protocol::{DeviceId, Milliseconds, Timestamp, UserId, Username};

use crate::error::Refusal;
use crate::network::counted;

/// The first waiting time; each further failure doubles it.
const FIRST_WAIT: Milliseconds = Milliseconds::from_seconds(1);
/// The longest waiting time.
const LONGEST_WAIT: Milliseconds = Milliseconds::from_seconds(15 * 60);
/// Failures are forgotten after so long without another.
const FORGOTTEN_AFTER: Milliseconds = Milliseconds::from_seconds(3600);
/// Counts kept, at most; the smallest makes room, the oldest of those. Bounds the memory of a flood from many addresses, and
/// nobody gets rid of a large count by a flood of small ones.
const COUNTS_MAX: usize = 10_000;

/// Slows down sign-in and registration.
#[derive(Debug)]
pub(super) struct Throttle {
    free_failures: u32,
    accounts_per_hour: u32,
    accounts: Mutex<Counts<(Username, Option<DeviceId>)>>,
    addresses: Mutex<Counts<IpAddr>>,
    registrations: Mutex<Counts<IpAddr>>,
    /// Of second factors. A right password forgives none of them, or whoever has it could guess for ever.
    factors: Mutex<Counts<(UserId, Option<DeviceId>)>>,
}

#[derive(Debug)]
struct Counts<K>(HashMap<K, Count>);

#[derive(Debug, Clone, Copy)]
struct Count {
    failures: u32,
    last: Timestamp,
}

impl Throttle {
    pub(super) fn new(free_failures: u32, accounts_per_hour: u32) -> Self {
        Self {
            free_failures,
            accounts_per_hour,
            accounts: Mutex::default(),
            addresses: Mutex::default(),
            registrations: Mutex::default(),
            factors: Mutex::default(),
        }
    }

    /// Begins a sign-in. `known_device` is one that the account has used before.
    ///
    /// # Errors
    /// [`ErrorCode::RateLimited`] with the time left to wait.
    pub(super) fn begin_sign_in(
        &self,
        now: Timestamp,
        username: &Username,
        known_device: Option<DeviceId>,
        address: IpAddr,
    ) -> Result<(), Refusal> {
        let wait = |failures| wait_after(failures, self.free_failures);
        let key = (username.clone(), known_device);
        let mut accounts = lock(&self.accounts);
        let mut addresses = lock(&self.addresses);
        let network = counted(address);
        let left = accounts.left(now, &key, wait);
        let left = left.max(network.map_or(Milliseconds(0), |network| {
            addresses.left(now, &network, wait)
        }));
        if left > Milliseconds(0) {
            return Err(too_often("Too many failed sign-ins.", left));
        }
        accounts.fail(now, key);
        if let Some(network) = network {
            addresses.fail(now, network);
        }
        Ok(())
    }

    /// Takes back what [`Throttle::begin_sign_in`] counted.
    pub(super) fn sign_in_succeeded(
        &self,
        username: &Username,
        known_device: Option<DeviceId>,
        address: IpAddr,
    ) {
        lock(&self.accounts)
            .0
            .remove(&(username.clone(), known_device));
        // Only the one: an attacker with an account of their own must not wipe the count of the address.
        if let Some(network) = counted(address) {
            lock(&self.addresses).take_back(&network);
        }
    }

    /// Begins the check of a code, by somebody who knows the password.
    ///
    /// # Errors
    /// [`ErrorCode::RateLimited`] with the time left to wait.
    pub(super) fn begin_factor(
        &self,
        now: Timestamp,
        user: UserId,
        known_device: Option<DeviceId>,
    ) -> Result<(), Refusal> {
        let key = (user, known_device);
        let mut factors = lock(&self.factors);
        let left = factors.left(now, &key, |failures| {
            wait_after(failures, self.free_failures)
        });
        if left > Milliseconds(0) {
            return Err(too_often("Too many wrong codes.", left));
        }
        factors.fail(now, key);
        Ok(())
    }

    /// Takes back what [`Throttle::begin_factor`] counted.
    pub(super) fn factor_succeeded(&self, user: UserId, known_device: Option<DeviceId>) {
        lock(&self.factors).0.remove(&(user, known_device));
    }

    /// Counts an account that is about to be made.
    ///
    /// # Errors
    /// [`ErrorCode::RateLimited`] with the time left to wait.
    pub(super) fn begin_registration(
        &self,
        now: Timestamp,
        address: IpAddr,
    ) -> Result<(), Refusal> {
        let Some(network) = counted(address) else {
            return Ok(());
        };
        let mut registrations = lock(&self.registrations);
        let full = |count| {
            if count < self.accounts_per_hour {
                Milliseconds(0)
            } else {
                FORGOTTEN_AFTER
            }
        };
        let left = registrations.left(now, &network, full);
        if left > Milliseconds(0) {
            return Err(too_often(
                "Too many accounts were made from your network.",
                left,
            ));
        }
        registrations.fail(now, network);
        Ok(())
    }
}

impl<K: Hash + Eq + Clone> Counts<K> {
    /// How long to wait yet.
    fn left(&self, now: Timestamp, key: &K, wait: impl Fn(u32) -> Milliseconds) -> Milliseconds {
        let count = self.0.get(key).filter(|count| !count.is_old(now));
        count.map_or(Milliseconds(0), |count| {
            (count.last + wait(count.failures)).since(now)
        })
    }

    fn fail(&mut self, now: Timestamp, key: K) {
        if self.0.len() >= COUNTS_MAX && !self.0.contains_key(&key) {
            self.make_room(now);
        }
        let fresh = Count {
            failures: 0,
            last: now,
        };
        let count = self.0.entry(key).or_insert(fresh);
        if count.is_old(now) {
            *count = fresh;
        }
        count.failures = count.failures.saturating_add(1);
        count.last = now;
    }

    fn take_back(&mut self, key: &K) {
        let Some(count) = self.0.get_mut(key) else {
            return;
        };
        count.failures = count.failures.saturating_sub(1);
        if count.failures == 0 {
            self.0.remove(key);
        }
    }

    fn make_room(&mut self, now: Timestamp) {
        self.0.retain(|_, count| !count.is_old(now));
        if self.0.len() >= COUNTS_MAX {
            let least = self.0.iter();
            let least = least.min_by_key(|(_, count)| (count.failures, count.last));
            if let Some(key) = least.map(|(key, _)| key.clone()) {
                self.0.remove(&key);
            }
        }
    }
}

impl<K> Default for Counts<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl Count {
    fn is_old(self, now: Timestamp) -> bool {
        now.since(self.last) >= FORGOTTEN_AFTER
    }
}

fn wait_after(failures: u32, free: u32) -> Milliseconds {
    match failures.checked_sub(free.max(1)) {
        None => Milliseconds(0),
        Some(doublings) => {
            let wait = FIRST_WAIT.0.saturating_mul(1 << doublings.min(20));
            Milliseconds(wait.min(LONGEST_WAIT.0))
        }
    }
}

fn too_often(what: &str, left: Milliseconds) -> Refusal {
    let seconds = left.0.div_ceil(1000);
    let message = format!("{what} Try again in {seconds} s.");
    Refusal::new(ErrorCode::RateLimited, message).after(left)
}

fn lock<T>(counts: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: u32 = 3;

    #[test]
    fn after_the_free_failures_the_wait_doubles_up_to_its_limit() {
        let waits: Vec<u64> = (1..=16)
            .map(|failures| wait_after(failures, FREE).0 / 1000)
            .collect();
        assert_eq!(
            waits,
            [
                0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900
            ]
        );
        assert_eq!(wait_after(u32::MAX, FREE), LONGEST_WAIT);
    }

    #[test]
    fn a_hundred_guesses_at_once_are_no_more_than_the_free_ones() {
        let throttle = throttle();
        let allowed = (0..100).filter(|_| begin(&throttle, 0, "ada", "10.0.0.1").is_ok());
        assert_eq!(allowed.count(), FREE as usize);
    }

    #[test]
    fn it_says_how_long_to_wait_and_then_allows_one() {
        let throttle = throttle();
        fail(&throttle, 0, "ada", FREE);
        let refused = begin(&throttle, 400, "ada", "10.0.0.9").unwrap_err();
        assert_eq!(refused.retry_after, Some(Milliseconds(600)));
        begin(&throttle, 1_000, "ada", "10.0.0.9").unwrap();
        assert!(begin(&throttle, 2_999, "ada", "10.0.0.9").is_err());
        begin(&throttle, 3_000, "ada", "10.0.0.9").unwrap();
    }

    #[test]
    fn a_known_device_is_not_slowed_by_strangers() {
        let throttle = throttle();
        fail(&throttle, 0, "ada", FREE);
        let known = Some(DeviceId(uuid::Uuid::from_u128(1)));
        let address = "10.0.0.9".parse().unwrap();
        throttle
            .begin_sign_in(Timestamp(0), &name("ada"), known, address)
            .unwrap();
    }

    #[test]
    fn success_forgives_the_account_but_not_the_address() {
        let throttle = throttle();
        for name in ["a11", "b11"] {
            begin(&throttle, 0, name, "10.0.0.1").unwrap();
        }
        begin(&throttle, 0, "own", "10.0.0.1").unwrap();
        throttle.sign_in_succeeded(&name("own"), None, "10.0.0.1".parse().unwrap());
        begin(&throttle, 0, "c11", "10.0.0.1").unwrap();
        assert!(begin(&throttle, 0, "d11", "10.0.0.1").is_err());
        begin(&throttle, 0, "d11", "10.0.0.2").unwrap();
    }

    #[test]
    fn a_right_password_forgives_no_wrong_code() {
        let throttle = throttle();
        let user = UserId(uuid::Uuid::from_u128(1));
        for _ in 0..FREE {
            begin(&throttle, 0, "ada", "10.0.0.1").unwrap();
            throttle.sign_in_succeeded(&name("ada"), None, "10.0.0.1".parse().unwrap());
            throttle.begin_factor(Timestamp(0), user, None).unwrap();
        }
        let refused = throttle.begin_factor(Timestamp(0), user, None).unwrap_err();
        assert_eq!(refused.retry_after, Some(FIRST_WAIT));
        let known = Some(DeviceId(uuid::Uuid::from_u128(1)));
        throttle.begin_factor(Timestamp(0), user, known).unwrap();

        throttle.begin_factor(Timestamp(1_000), user, None).unwrap();
        throttle.factor_succeeded(user, None);
        throttle.begin_factor(Timestamp(1_000), user, None).unwrap();
    }

    #[test]
    fn failures_are_forgotten_in_the_end() {
        let throttle = throttle();
        fail(&throttle, 0, "ada", FREE);
        let later = i64::try_from(FORGOTTEN_AFTER.0).unwrap();
        for _ in 0..FREE {
            begin(&throttle, later, "ada", "10.0.0.9").unwrap();
        }
        assert!(begin(&throttle, later, "ada", "10.0.0.9").is_err());
    }

    #[test]
    fn registrations_from_one_address_are_limited() {
        let throttle = throttle();
        let begin = |at, address: &str| {
            throttle.begin_registration(Timestamp(at), address.parse().unwrap())
        };
        begin(0, "10.0.0.1").unwrap();
        begin(0, "10.0.0.1").unwrap();
        assert!(begin(1, "10.0.0.1").is_err());
        begin(1, "10.0.0.2").unwrap();
        begin(3_600_000, "10.0.0.1").unwrap();
    }

    #[test]
    fn a_flood_of_names_takes_bounded_memory() {
        let mut counts = Counts::default();
        for number in 0..COUNTS_MAX + 10 {
            counts.fail(Timestamp(0), number);
        }
        assert_eq!(counts.0.len(), COUNTS_MAX);
    }

    #[test]
    fn a_flood_of_names_does_not_wipe_the_count_of_one_that_is_guessed_at() {
        let mut counts = Counts::default();
        for _ in 0..=FREE {
            counts.fail(Timestamp(0), usize::MAX);
        }
        for number in 0..2 * COUNTS_MAX {
            counts.fail(Timestamp(1), number);
        }
        let wait = |failures| wait_after(failures, FREE);
        assert!(counts.left(Timestamp(1), &usize::MAX, wait) > Milliseconds(0));
    }

    fn throttle() -> Throttle {
        Throttle::new(FREE, 2)
    }

    fn name(text: &str) -> Username {
        text.parse().unwrap()
    }

    fn begin(throttle: &Throttle, at: i64, username: &str, address: &str) -> Result<(), Refusal> {
        let address = address.parse().unwrap();
        throttle.begin_sign_in(Timestamp(at), &name(username), None, address)
    }

    /// Failures of one account, each from another address.
    fn fail(throttle: &Throttle, at: i64, username: &str, times: u32) {
        for number in 0..times {
            begin(throttle, at, username, &format!("10.0.1.{number}")).unwrap();
        }
    }
}
