//! The settings of the relay, STUN included.
//!
//! What a host may write is checked while it is read: a setting that could not work never gets as far
//! as the relay.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::str::FromStr;

use protocol::limits::STUN_PORT;
use protocol::relay::RelayMode;
use serde::{Deserialize, Serialize};

use super::InvalidAddress;
use super::addresses::text_form;

/// STUN, by which a device learns its own address, and TURN, which forwards sound where there is no direct path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Relay {
    /// Where to serve both, over UDP and TCP. Default: `*:3478`.
    pub listen: RelayListen,
    /// When sound goes through the relay. STUN is served in every mode. Default: `fallback`.
    pub mode: RelayMode,
    /// Which ports relayed sound has. Default: `one`, the port of `listen` and no other.
    pub ports: RelayPorts,
    /// The addresses by which the outside reaches the relay, at most one of IPv4 and one of IPv6. Only for a range of
    /// `ports`. Default: found out at start.
    pub external_addresses: Vec<IpAddr>,
    /// A STUN server to ask once, at start, for the external address; only for a range of `ports`. Default: none.
    pub stun_peer: Option<SocketAddr>,
    /// Whether relayed sound may go to private addresses (RFC 1918, RFC 6598, RFC 4193); only for a range of `ports`. It
    /// lets whoever can call reach this network by UDP. Default: no.
    pub allow_private_peers: bool,
    /// Allocations of one device for one call. Browsers make one for each network and transport. Default: 24.
    pub allocations_per_device: u16,
    /// Allocations in all. Default: 4096.
    pub allocations: u32,
    /// Kilobits per second of one allocation, each way. Default: 192.
    pub kilobits_per_second: u32,
}

/// Where to serve STUN and TURN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum RelayListen {
    /// Not at all.
    Off,
    /// `*:PORT`: on every address of this machine, by IPv4 and, where there is one, IPv6.
    Everywhere(u16),
    /// One address.
    Address(SocketAddr),
}

/// Which ports relayed sound has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum RelayPorts {
    /// None of its own: the two devices of a call meet inside the relay.
    One,
    /// One port for each allocation, as other TURN servers have it.
    Range(RangeInclusive<u16>),
}

/// Ports below are other services'.
const RANGE_FIRST: u16 = 1024;

impl RelayListen {
    /// The addresses to try, the best first.
    pub fn addresses(self) -> Vec<SocketAddr> {
        match self {
            Self::Off => Vec::new(),
            Self::Everywhere(port) => vec![
                (Ipv6Addr::UNSPECIFIED, port).into(),
                (Ipv4Addr::UNSPECIFIED, port).into(),
            ],
            Self::Address(address) => vec![address],
        }
    }
}

impl Default for Relay {
    fn default() -> Self {
        Self {
            listen: RelayListen::Everywhere(STUN_PORT),
            mode: RelayMode::default(),
            ports: RelayPorts::One,
            external_addresses: Vec::new(),
            stun_peer: None,
            allow_private_peers: false,
            allocations_per_device: 24,
            allocations: 4096,
            kilobits_per_second: 192,
        }
    }
}

impl FromStr for RelayListen {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let everywhere = text.strip_prefix("*:").and_then(|port| port.parse().ok());
        match (text, everywhere) {
            ("off", _) => Ok(Self::Off),
            (_, Some(port)) => Ok(Self::Everywhere(port)),
            _ => text.parse().map(Self::Address).map_err(|_| {
                InvalidAddress::new(
                    text,
                    "ADDRESS:PORT, *:PORT or off; write *:3478, 192.0.2.10:3478 or [2001:db8::10]:3478",
                )
            }),
        }
    }
}

impl FromStr for RelayPorts {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        if text == "one" {
            return Ok(Self::One);
        }
        let range = text.split_once('-').and_then(|(first, last)| {
            let range: RangeInclusive<u16> =
                first.trim().parse().ok()?..=last.trim().parse().ok()?;
            (*range.start() >= RANGE_FIRST && !range.is_empty()).then_some(range)
        });
        range.map(Self::Range).ok_or_else(|| {
            InvalidAddress::new(
                text,
                "one or FIRST-LAST, from 1024 on; write one or 49152-49999",
            )
        })
    }
}

impl fmt::Display for RelayListen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Everywhere(port) => write!(f, "*:{port}"),
            Self::Address(address) => address.fmt(f),
        }
    }
}

impl fmt::Display for RelayPorts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One => f.write_str("one"),
            Self::Range(range) => write!(f, "{}-{}", range.start(), range.end()),
        }
    }
}

text_form!(RelayListen, RelayPorts);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_relay_listens_everywhere_somewhere_or_nowhere() {
        assert_eq!("off".parse(), Ok(RelayListen::Off));
        assert_eq!("*:7".parse(), Ok(RelayListen::Everywhere(7)));
        for text in ["off", "*:3478", "192.0.2.10:3478", "[2001:db8::10]:3478"] {
            assert_eq!(text.parse::<RelayListen>().unwrap().to_string(), text);
        }
        for wrong in ["on", "3478", "*", "*:x", "*:65536", "example.org:3478", ""] {
            let error = wrong.parse::<RelayListen>().unwrap_err().to_string();
            assert!(error.contains("*:3478"), "{error}");
        }
    }

    #[test]
    fn a_range_of_ports_is_not_empty_and_has_no_well_known_port() {
        assert_eq!("one".parse(), Ok(RelayPorts::One));
        let range = "49152-49999".parse::<RelayPorts>().unwrap();
        assert_eq!(range, RelayPorts::Range(49152..=49999));
        assert_eq!(range.to_string(), "49152-49999");
        for wrong in [
            "two",
            "49152",
            "5-4",
            "2000-1999",
            "1023-2000",
            "1-65536",
            "-",
            "",
        ] {
            let error = wrong.parse::<RelayPorts>().unwrap_err().to_string();
            assert!(error.contains("49152-49999"), "{error}");
        }
    }
}
