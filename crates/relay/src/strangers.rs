//! How often somebody without an allocation is answered.
//!
//! Whoever forges the sender of his packets could otherwise have the relay shout at a third party. The table has a fixed
//! size, so a flood from forged addresses costs no memory; addresses that share a place share its rate, and nobody
//! without the key can tell which do.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::IpAddr;
use std::time::Duration;

use crate::credential::Key;
use crate::rate::{Limit, Rate};

/// Places in the table: 64 KiB.
const PLACES: usize = 4_096;

/// Seconds of the steady rate that may be answered at once: many people behind one address who come back after a restart.
const BURST_SECONDS: u32 = 5;

/// One rate for each group of source addresses.
#[derive(Debug)]
pub(crate) struct Strangers {
    rates: Box<[Rate]>,
    limit: Limit,
    seed: [u8; 32],
}

impl Strangers {
    pub(crate) fn new(key: &Key, answers_per_second: u32) -> Self {
        Self {
            rates: vec![Rate::default(); PLACES].into(),
            limit: Limit::new(
                answers_per_second,
                answers_per_second.saturating_mul(BURST_SECONDS),
            ),
            seed: key.sign(&[b"strangers"]),
        }
    }

    /// Whether one more answer may go to the address.
    pub(crate) fn admit(&mut self, now: Duration, source: IpAddr) -> bool {
        let mut hasher = DefaultHasher::new();
        self.seed.hash(&mut hasher);
        match source.to_canonical() {
            IpAddr::V4(address) => address.hash(&mut hasher),
            // A /64 is what one household gets, so one stranger has all of it.
            IpAddr::V6(address) => address.octets()[..8].hash(&mut hasher),
        }
        let places = self.rates.len() as u64;
        usize::try_from(hasher.finish() % places)
            .ok()
            .and_then(|place| self.rates.get_mut(place))
            .is_some_and(|rate| rate.take(self.limit, now, 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_who_asks_too_often_does_not_silence_another() {
        let mut strangers = Strangers::new(&Key::new([1; 32]), 10);
        let now = Duration::from_secs(1);
        let loud = "192.0.2.1".parse().unwrap();
        let answered = (0..100).filter(|_| strangers.admit(now, loud)).count();
        assert_eq!(answered, 50);
        assert!(strangers.admit(now, "192.0.2.2".parse().unwrap()));
    }

    #[test]
    fn a_household_of_ipv6_is_one_stranger() {
        let mut strangers = Strangers::new(&Key::new([1; 32]), 10);
        let now = Duration::from_secs(1);
        let household = |host: u16| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, host]);
        let answered = (0..100)
            .filter(|&host| strangers.admit(now, household(host)))
            .count();
        assert_eq!(answered, 50);
        assert!(strangers.admit(now, "2001:db8:0:2::1".parse().unwrap()));
    }

    #[test]
    fn ipv4_is_the_same_stranger_through_either_socket() {
        let mut strangers = Strangers::new(&Key::new([1; 32]), 1);
        let now = Duration::from_secs(1);
        for _ in 0..5 {
            assert!(strangers.admit(now, "192.0.2.1".parse().unwrap()));
        }
        assert!(!strangers.admit(now, "::ffff:192.0.2.1".parse().unwrap()));
    }
}
