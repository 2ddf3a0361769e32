//! So many at once from one network, and so many in all: of sockets without a name, of connections.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::network::counted;

/// Places that those who come take and give back. Clones are the same places.
#[derive(Debug, Clone)]
pub struct Places {
    per_network: u32,
    in_total: u32,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    total: u32,
    by_network: HashMap<IpAddr, u32>,
}

/// The place of one. Dropping it gives the place up.
#[derive(Debug)]
pub(crate) struct Place {
    places: Places,
    network: Option<IpAddr>,
}

impl Places {
    /// So many of one network, and so many in all. This machine's own addresses, and so a proxy on it, count in all alone.
    pub(crate) fn new(per_network: u32, in_total: u32) -> Self {
        Self {
            per_network,
            in_total,
            taken: Arc::default(),
        }
    }

    /// A place for one from an address, or nothing where there are too many.
    pub(crate) fn admit(&self, from: IpAddr) -> Option<Place> {
        let network = counted(from);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.total >= self.in_total {
            return None;
        }
        if let Some(network) = network {
            let count = taken.by_network.entry(network).or_default();
            if *count >= self.per_network {
                return None;
            }
            *count += 1;
        }
        taken.total += 1;
        Some(Place {
            places: self.clone(),
            network,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let taken = &self.places.taken;
        let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.total -= 1;
        if let Some(network) = self.network
            && let Some(count) = taken.by_network.get_mut(&network)
        {
            *count -= 1;
            if *count == 0 {
                taken.by_network.remove(&network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PER_NETWORK: u32 = 20;
    const IN_TOTAL: u32 = 1_000;

    #[test]
    fn one_address_has_so_many_places_and_gets_them_back() {
        let places = Places::new(PER_NETWORK, IN_TOTAL);
        let mut taken: Vec<_> = (0..PER_NETWORK)
            .map(|_| places.admit(ip("192.0.2.1")).unwrap())
            .collect();
        assert!(places.admit(ip("192.0.2.1")).is_none());
        assert!(places.admit(ip("::ffff:192.0.2.1")).is_none());
        assert!(places.admit(ip("192.0.2.2")).is_some());
        taken.pop();
        assert!(places.admit(ip("192.0.2.1")).is_some());
    }

    #[test]
    fn addresses_of_one_ipv6_subscriber_count_together() {
        let places = Places::new(PER_NETWORK, IN_TOTAL);
        let _taken: Vec<_> = (0..PER_NETWORK)
            .map(|n| places.admit(ip(&format!("2001:db8::{n:x}"))).unwrap())
            .collect();
        assert!(places.admit(ip("2001:db8::ffff")).is_none());
        assert!(places.admit(ip("2001:db8:0:1::1")).is_some());
    }

    #[test]
    fn total_is_bounded_whoever_comes() {
        let places = Places::new(PER_NETWORK, IN_TOTAL);
        let taken: Vec<_> = (0..IN_TOTAL)
            .map(|_| places.admit(ip("127.0.0.1")).unwrap())
            .collect();
        assert!(places.admit(ip("127.0.0.1")).is_none());
        assert!(places.admit(ip("192.0.2.1")).is_none());
        drop(taken);
        assert!(places.admit(ip("192.0.2.1")).is_some());
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }
}
