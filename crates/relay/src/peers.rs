//! Which addresses of the outside nothing may be sent to from a relayed socket.
//!
//! A relay stands where its host stands: behind the firewall, beside the database. What is denied is everything
//! that the IANA registries of special-purpose addresses do not call globally reachable; private networks are the host's choice.
//! IPv4 that hides in IPv6 is judged as IPv4.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether packets may go there.
pub(crate) fn may_be_reached(address: IpAddr, allow_private: bool) -> bool {
    match reduced(address) {
        IpAddr::V4(address) => match kind_v4(address) {
            Kind::Global => true,
            Kind::Private => allow_private,
            Kind::Special => false,
        },
        IpAddr::V6(address) => match kind_v6(address) {
            Kind::Global => true,
            Kind::Private => allow_private,
            Kind::Special => false,
        },
    }
}

/// The IPv4 address that the network would make of an IPv6 one, where there is such.
pub(crate) fn reduced(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    let v4 = |high: u16, low: u16| IpAddr::V4((u32::from(high) << 16 | u32::from(low)).into());
    match v6.segments() {
        // Unspecified and loopback look like IPv4-compatible ones and are none.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => address,
        // ::a.b.c.d, ::ffff:a.b.c.d, ::ffff:0:a.b.c.d, 64:ff9b::a.b.c.d and 6to4.
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => v4(high, low),
        _ => address,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Global,
    Private,
    Special,
}

fn kind_v4(address: Ipv4Addr) -> Kind {
    match address.octets() {
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Kind::Private,
        // This network, loopback, multicast, reserved and broadcast; link-local; protocol assignments and
        // documentation; 6to4 relays; benchmarks; documentation again, twice.
        [0 | 127 | 224..=255, ..]
        | [169, 254, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18..=19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => Kind::Special,
        _ => Kind::Global,
    }
}

fn kind_v6(address: Ipv6Addr) -> Kind {
    match address.segments() {
        [0xfc00..=0xfdff, ..] => Kind::Private,
        // Protocol assignments with Teredo in them, documentation twice.
        [0x2001, 0x0000..=0x01ff | 0x0db8, ..] | [0x3fff, 0x0000..=0x0fff, ..] => Kind::Special,
        // The only block that is given out.
        [0x2000..=0x3fff, ..] => Kind::Global,
        _ => Kind::Special,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_internet_may_be_reached() {
        for address in [
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.0.1",
            "172.32.0.1",
            "223.255.255.255",
            "2606:4700::1",
            "2a00::1",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
            "::ffff:8.8.8.8",
        ] {
            assert!(may_be_reached(address.parse().unwrap(), false), "{address}");
        }
    }

    #[test]
    fn private_networks_are_the_hosts_choice() {
        for address in [
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "100.127.255.255",
            "fc00::1",
            "fdff::1",
            "::ffff:10.0.0.1",
            "::192.168.1.1",
            "64:ff9b::192.168.1.1",
            "2002:a00:1::1",
        ] {
            let address = address.parse().unwrap();
            assert!(!may_be_reached(address, false), "{address}");
            assert!(may_be_reached(address, true), "{address}");
        }
    }

    #[test]
    fn special_addresses_are_never_reached() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "4000::1",
            "64:ff9b:1::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "::ffff:0:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::127.0.0.1",
            "2002:7f00:1::1",
        ] {
            let address = address.parse().unwrap();
            assert!(!may_be_reached(address, true), "{address}");
        }
    }
}
