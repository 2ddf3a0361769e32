//! Addresses at which a device may be reached, and which of them are allowed.
//!
//! A peer may name any address; these rules keep it from pointing a device at itself, at its own
//! network's services or at everybody. They do not forbid private networks: two people at home are there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::{CandidateAddress, Foundation, InvalidDescription};
use crate::limits::STUN_PORT;

/// One address at which a device may be reached, always UDP, always component 1 (RFC 8839 §5.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Candidate {
    /// Groups candidates of one base and kind.
    pub foundation: Foundation,
    /// Higher is tried first.
    pub priority: u32,
    /// Where.
    pub address: CandidateAddress,
    /// UDP port.
    pub port: u16,
    /// How it was found.
    pub kind: CandidateKind,
}

/// How a candidate was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum CandidateKind {
    /// An address of the device itself.
    Host,
    /// What a STUN server saw.
    Srflx,
    /// What the peer saw.
    Prflx,
    /// An address of a relay.
    Relay,
}

impl Candidate {
    /// Checks that the address can belong to another device and the port to no system service.
    ///
    /// # Errors
    /// [`InvalidDescription::Address`] or [`InvalidDescription::Port`].
    pub fn check(&self) -> Result<(), InvalidDescription> {
        if let Ok(ip) = self.address.as_str().parse::<IpAddr>()
            && !leads_elsewhere(ip)
        {
            return Err(InvalidDescription::Address);
        }
        match self.port {
            443 | STUN_PORT | 1024.. => Ok(()),
            _ => Err(InvalidDescription::Port),
        }
    }
}

/// Whether an address can be that of another device. IPv4 hidden inside IPv6 is judged as IPv4.
fn leads_elsewhere(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            !(ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_multicast()
                || ip.is_broadcast()
                || ip.is_link_local()
                || ip.octets()[0] == 0
                || ip.octets()[0] >= 240)
        }
        IpAddr::V6(ip) => match embedded_v4(ip) {
            Some(v4) => leads_elsewhere(IpAddr::V4(v4)),
            None => {
                !(ip.is_loopback()
                    || ip.is_unspecified()
                    || ip.is_multicast()
                    || ip.is_unicast_link_local())
            }
        },
    }
}

/// IPv4 in its four IPv6 disguises: mapped, compatible (RFC 4291 §2.5.5), NAT64 (RFC 6052), 6to4 (RFC 3056).
fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = ip.segments();
    let v4 = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match segments {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(v4(high, low))
        }
        // `::` and `::1` are themselves, not 0.0.0.0 and 0.0.0.1 in disguise.
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => Some(v4(high, low)),
        [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_lead_to_other_devices_only() {
        let elsewhere = [
            "192.0.2.7",
            "10.0.0.1",
            "fd00::2",
            "2001:db8::1",
            "a-1.local",
            "2002:c000:207::1",
        ];
        for address in elsewhere {
            assert_eq!(candidate(address, 50_000).check(), Ok(()), "{address}");
        }
        let nowhere = [
            "127.0.0.1",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "169.254.169.254",
            "::",
            "::1",
            "ff02::1",
            "fe80::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "::ffff:169.254.169.254",
        ];
        for address in nowhere {
            assert_eq!(
                candidate(address, 50_000).check(),
                Err(InvalidDescription::Address),
                "{address}"
            );
        }
        assert_eq!(
            candidate("192.0.2.7", 22).check(),
            Err(InvalidDescription::Port)
        );
        assert_eq!(candidate("192.0.2.7", 443).check(), Ok(()));
        assert_eq!(candidate("192.0.2.7", 3478).check(), Ok(()));
    }

    fn candidate(address: &str, port: u16) -> Candidate {
        Candidate {
            foundation: "1".parse().unwrap(),
            priority: 2_122_260_223,
            address: address.parse().unwrap(),
            port,
            kind: CandidateKind::Host,
        }
    }
}
