//! What the host decides.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use thiserror::Error;

use crate::peers;

/// Lowest port of a relayed socket; those below belong to the system's services.
const PORT_MIN: u16 = 1024;

/// Settings of a [`Relay`](crate::Relay).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    /// How relayed addresses are given out.
    pub ports: Ports,
    /// How much anybody gets.
    pub quotas: Quotas,
    /// Addresses of this machine, those behind a router included. Nothing is ever sent to them from a relayed socket.
    /// Used with [`Ports::Range`] alone.
    pub own_addresses: Vec<IpAddr>,
}

impl Config {
    pub(crate) fn check(&self) -> Result<(), InvalidConfig> {
        if let Ports::Range(range) = &self.ports {
            range.check()?;
        }
        self.quotas.check()
    }

    /// The addresses of relayed sockets.
    pub(crate) fn external_addresses(&self) -> impl Iterator<Item = IpAddr> {
        let range = match &self.ports {
            Ports::One => None,
            Ports::Range(range) => Some(range),
        };
        let v4 = range.and_then(|range| range.external_v4.map(IpAddr::V4));
        let v6 = range.and_then(|range| range.external_v6.map(IpAddr::V6));
        v4.into_iter().chain(v6)
    }
}

/// How relayed addresses are given out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Ports {
    /// No sockets: packets go between allocations of one group, inside the process. A relayed address is the IPv4
    /// dummy address 192.0.0.8 (RFC 7600) with a port of its own, so devices of either family meet.
    #[default]
    One,
    /// A UDP socket for each allocation, for peers anywhere on the internet as well.
    Range(RelayedRange),
}

/// The relayed sockets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayedRange {
    /// Their ports; at least one, none below 1024.
    pub ports: RangeInclusive<u16>,
    /// The IPv4 address at which the outside reaches them.
    pub external_v4: Option<Ipv4Addr>,
    /// The IPv6 address at which the outside reaches them.
    pub external_v6: Option<Ipv6Addr>,
    /// Whether peers in private networks (RFC 1918, 100.64.0.0/10, `fc00::/7`) are served, for a host inside of one.
    /// Whoever may call can then send UDP packets to machines of that network.
    pub allow_private: bool,
}

impl RelayedRange {
    fn check(&self) -> Result<(), InvalidConfig> {
        let (first, last) = (*self.ports.start(), *self.ports.end());
        if first < PORT_MIN || first > last {
            return Err(InvalidConfig::Range(first, last));
        }
        if self.external_v4.is_none() && self.external_v6.is_none() {
            return Err(InvalidConfig::NoExternalAddress);
        }
        let v4 = self.external_v4.map(IpAddr::V4);
        let v6 = self.external_v6.map(IpAddr::V6);
        let unusable = |address: &IpAddr| {
            let broadcast = *address == Ipv4Addr::BROADCAST;
            let reduced = peers::reduced(*address) != *address;
            address.is_unspecified() || address.is_multicast() || broadcast || reduced
        };
        match v4.into_iter().chain(v6).find(unusable) {
            Some(address) => Err(InvalidConfig::ExternalAddress(address)),
            None => Ok(()),
        }
    }
}

/// How much anybody gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// Allocations of one device in one group. Default 24. Chromium makes one for each family of addresses of each network
    /// and transport, which is 4 on a network with IPv4 and IPv6 by UDP and TCP (counted) and 6 with TLS; Firefox made 2. An ICE
    /// restart makes as many again before the old ones go, and a device may be in two networks.
    pub allocations_per_device: u16,
    /// Allocations in all. Default 4,096.
    pub allocations: u32,
    /// What an allocation may send, and receive. Default: see [`Bandwidth`].
    pub bandwidth: Bandwidth,
    /// Answers to one source address (an IPv6 /64 counts as one) without a credential, a second. Default 100, with a burst of five seconds.
    pub stranger_answers_per_second: u32,
}

impl Quotas {
    fn check(&self) -> Result<(), InvalidConfig> {
        let quotas = [
            (
                "allocations per device",
                u32::from(self.allocations_per_device),
            ),
            ("allocations in all", self.allocations),
            ("bytes per second", self.bandwidth.bytes_per_second),
            ("bytes at once", self.bandwidth.burst_bytes),
            ("answers per second", self.stranger_answers_per_second),
        ];
        match quotas.into_iter().find(|(_, quota)| *quota == 0) {
            Some((name, _)) => Err(InvalidConfig::ZeroQuota(name)),
            None => Ok(()),
        }
    }
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            allocations_per_device: 24,
            allocations: 4_096,
            bandwidth: Bandwidth::default(),
            stranger_answers_per_second: 100,
        }
    }
}

/// A rate with a burst, each way; payload only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bandwidth {
    /// Bytes per second. Default 24,000 (192 kbit/s): Opus at 32 kbit/s with three earlier packets in each, as where packets are
    /// lost, is 142 kbit/s with the headers of RTP.
    pub bytes_per_second: u32,
    /// Bytes that may go at once after a silence. Default 72,000: three seconds, more than a DTLS handshake.
    pub burst_bytes: u32,
}

impl Default for Bandwidth {
    fn default() -> Self {
        Self {
            bytes_per_second: 24_000,
            burst_bytes: 72_000,
        }
    }
}

/// Why settings cannot be used. Says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidConfig {
    /// No port, or a privileged one.
    #[error(
        "the relayed ports {0}-{1} are none: give a range such as 49152-49999, none below 1024"
    )]
    Range(u16, u16),
    /// Nobody could reach a relayed socket.
    #[error(
        "relayed ports need an external address: give the IPv4 or IPv6 address at which others reach this host"
    )]
    NoExternalAddress,
    /// An external address that no peer on the network could send to.
    #[error("{0} is no address at which others reach this host: give one that they can send to")]
    ExternalAddress(IpAddr),
    /// A quota of nothing.
    #[error(
        "the quota of {0} is 0, so the relay would serve nobody: give at least 1, or switch the relay off"
    )]
    ZeroQuota(&'static str),
}
