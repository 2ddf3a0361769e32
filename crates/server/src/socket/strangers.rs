//! How many sockets may be open before they say who they are.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::network::counted;

/// Unidentified sockets from one address at once. This machine's own addresses, and so a proxy on it,
/// are not counted.
pub(super) const STRANGERS_PER_ADDRESS: u32 = 20;
/// Unidentified sockets at once.
pub(super) const STRANGERS_IN_TOTAL: u32 = 1_000;

/// Counts the sockets that have not said who they are. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Strangers {
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    total: u32,
    by_address: HashMap<IpAddr, u32>,
}

/// The place of one unidentified socket. Dropping it gives the place up.
#[derive(Debug)]
pub(super) struct Place {
    strangers: Strangers,
    address: Option<IpAddr>,
}

impl Strangers {
    /// A place for a socket from an address, or nothing where there are too many.
    pub(super) fn admit(&self, from: IpAddr) -> Option<Place> {
        let address = counted(from);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.total >= STRANGERS_IN_TOTAL {
            return None;
        }
        if let Some(address) = address {
            let count = counts.by_address.entry(address).or_default();
            if *count >= STRANGERS_PER_ADDRESS {
                return None;
            }
            *count += 1;
        }
        counts.total += 1;
        Some(Place {
            strangers: self.clone(),
            address,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let counts = &self.strangers.counts;
        let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.total -= 1;
        if let Some(address) = self.address
            && let Some(count) = counts.by_address.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                counts.by_address.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_so_many_places_and_gets_them_back() {
        let strangers = Strangers::default();
        let mut places: Vec<_> = (0..STRANGERS_PER_ADDRESS)
            .map(|_| strangers.admit(ip("192.0.2.1")).unwrap())
            .collect();
        assert!(strangers.admit(ip("192.0.2.1")).is_none());
        assert!(strangers.admit(ip("::ffff:192.0.2.1")).is_none());
        assert!(strangers.admit(ip("192.0.2.2")).is_some());
        places.pop();
        assert!(strangers.admit(ip("192.0.2.1")).is_some());
    }

    #[test]
    fn addresses_of_one_ipv6_subscriber_count_together() {
        let strangers = Strangers::default();
        let _places: Vec<_> = (0..STRANGERS_PER_ADDRESS)
            .map(|n| strangers.admit(ip(&format!("2001:db8::{n:x}"))).unwrap())
            .collect();
        assert!(strangers.admit(ip("2001:db8::ffff")).is_none());
        assert!(strangers.admit(ip("2001:db8:0:1::1")).is_some());
    }

    #[test]
    fn total_is_bounded_whoever_comes() {
        let strangers = Strangers::default();
        let places: Vec<_> = (0..STRANGERS_IN_TOTAL)
            .map(|_| strangers.admit(ip("127.0.0.1")).unwrap())
            .collect();
        assert!(strangers.admit(ip("127.0.0.1")).is_none());
        assert!(strangers.admit(ip("192.0.2.1")).is_none());
        drop(places);
        assert!(strangers.admit(ip("192.0.2.1")).is_some());
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }
}
