//! So many at once from one network, and so many in all: of sockets without a name, of connections.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use crate::network::{counted, site};

/// All networks of one IPv6 site have as many places as so many networks: whoever has a /48 has 65,536 of them.
const NETWORKS_PER_SITE: u32 = 4;

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
    by_site: HashMap<Ipv6Addr, u32>,
}

/// The place of one. Dropping it gives the place up.
#[derive(Debug)]
pub(crate) struct Place {
    places: Places,
    network: Option<IpAddr>,
    site: Option<Ipv6Addr>,
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
        let site = network.and_then(site);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let per_site = self.per_network.saturating_mul(NETWORKS_PER_SITE);
        if taken.total >= self.in_total
            || count(&taken.by_network, network) >= self.per_network
            || count(&taken.by_site, site) >= per_site
        {
            return None;
        }
        take(&mut taken.by_network, network);
        take(&mut taken.by_site, site);
        taken.total += 1;
        Some(Place {
            places: self.clone(),
            network,
            site,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let taken = &self.places.taken;
        let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.total -= 1;
        give_back(&mut taken.by_network, self.network);
        give_back(&mut taken.by_site, self.site);
    }
}

/// How many of them have a place; of what is not counted, none.
fn count<Of: Eq + Hash>(taken: &HashMap<Of, u32>, of: Option<Of>) -> u32 {
    of.and_then(|of| taken.get(&of).copied()).unwrap_or(0)
}

fn take<Of: Eq + Hash>(taken: &mut HashMap<Of, u32>, of: Option<Of>) {
    if let Some(of) = of {
        *taken.entry(of).or_default() += 1;
    }
}

fn give_back<Of: Eq + Hash>(taken: &mut HashMap<Of, u32>, of: Option<Of>) {
    if let Some(of) = of
        && let Some(count) = taken.get_mut(&of)
    {
        *count -= 1;
        if *count == 0 {
            taken.remove(&of);
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
    fn one_ipv6_site_does_not_take_all_places() {
        let places = Places::new(PER_NETWORK, IN_TOTAL);
        let network = |site: u32, n: u32| ip(&format!("2001:db8:{site:x}:{n:x}::1"));
        let mut taken: Vec<_> = (0..IN_TOTAL)
            .filter_map(|n| places.admit(network(1, n)))
            .collect();
        assert_eq!(taken.len(), (PER_NETWORK * NETWORKS_PER_SITE) as usize);
        let _neighbour = places.admit(network(2, 0)).unwrap();
        let _other = places.admit(ip("192.0.2.1")).unwrap();
        taken.pop();
        assert!(places.admit(network(1, 0)).is_some());
        drop(taken);
        let kept = places.taken.lock().unwrap();
        assert_eq!((kept.by_network.len(), kept.by_site.len()), (2, 1));
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
