//! What an address counts as where networks are limited.

use std::net::{IpAddr, Ipv6Addr};

/// What stands for an address in a count; nothing where it is not counted. One IPv6 subscriber has a whole /64 (RFC 6177),
/// so that stands for all its addresses. This machine's own are no judgement on anybody: behind a proxy here
/// everybody has them.
pub(crate) fn counted(address: IpAddr) -> Option<IpAddr> {
    match address.to_canonical() {
        address if address.is_loopback() => None,
        IpAddr::V4(address) => Some(IpAddr::V4(address)),
        IpAddr::V6(address) => {
            let subscriber = u128::MAX << 64;
            Some(IpAddr::V6(Ipv6Addr::from_bits(
                address.to_bits() & subscriber,
            )))
        }
    }
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
}
