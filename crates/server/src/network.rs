//! What an address counts as where networks are limited.

use std::net::{IpAddr, Ipv6Addr};

/// What stands for an address in a count; nothing where it is not counted. One IPv6 subscriber has a whole /64 (RFC 6177),
/// so that stands for all its addresses. This machine's own are no judgement on anybody: behind a proxy here
/// everybody has them.
pub(crate) fn counted(address: IpAddr) -> Option<IpAddr> {
    match address.to_canonical() {
        address if address.is_loopback() => None,
        IpAddr::V4(address) => Some(IpAddr::V4(address)),
        IpAddr::V6(address) => Some(IpAddr::V6(prefix(address, 64))),
    }
}

/// The site that an IPv6 address belongs to, of which one owner may have all networks: the /48, the largest that is
/// given to one (RFC 6177 §2). Nothing for IPv4, where a network is one address.
pub(crate) fn site(address: IpAddr) -> Option<Ipv6Addr> {
    match address.to_canonical() {
        IpAddr::V4(_) => None,
        IpAddr::V6(address) => Some(prefix(address, 48)),
    }
}

/// The first bits of an address, 1 to 128, and nothing behind them.
fn prefix(address: Ipv6Addr, bits: u32) -> Ipv6Addr {
    Ipv6Addr::from_bits(address.to_bits() & u128::MAX << (128 - bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_network_counts_as_one_and_this_machine_not_at_all() {
        let network = |text: &str| counted(text.parse().unwrap());
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:2"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:10.0.0.1"), network("10.0.0.1"));
        assert_eq!(network("::1"), None);
        assert_eq!(network("127.0.0.1"), None);
        assert_eq!(network("::ffff:127.0.0.1"), None);
    }

    #[test]
    fn a_site_has_many_ipv6_networks_and_is_none_of_ipv4() {
        let site = |text: &str| site(text.parse().unwrap());
        assert_eq!(site("2001:db8:1:2::3"), site("2001:db8:1:ffff::4"));
        assert_ne!(site("2001:db8:1::1"), site("2001:db8:2::1"));
        assert_eq!(site("192.0.2.1"), None);
        assert_eq!(site("::ffff:192.0.2.1"), None);
    }
}
