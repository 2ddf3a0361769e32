//! Whom an allocation may talk to.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::config::Ports;
use crate::peers;

use super::Relay;
use super::answer::Refusal;

/// The IPv4 dummy address (RFC 7600 §6): no host has it, no network carries it. All relayed addresses of [`Ports::One`] have it.
pub(super) const VIRTUAL: Ipv4Addr = Ipv4Addr::new(192, 0, 0, 8);

impl Relay {
    /// Whether a peer at the address may be permitted for an allocation with that relayed address.
    ///
    /// With [`Ports::One`] every peer may, though nothing but an allocation of the same group is ever reached: packets to
    /// others are dropped ([`DropReason::PeerDenied`](crate::DropReason::PeerDenied)), and from others none can come. A
    /// browser asks for each address that the other side names, and gives a pair up at once where it is told 403: if
    /// the address of the other's allocation comes last, no pair is left, and the call has failed before its only path was tried.
    pub(super) fn judge_peer(&self, relayed: SocketAddr, peer: IpAddr) -> Result<(), Refusal> {
        if relayed.is_ipv4() != peer.is_ipv4() {
            return Err(Refusal::PeerAddressFamilyMismatch);
        }
        if peer == relayed.ip() {
            // Another allocation; what is sent there stays in the process.
            return Ok(());
        }
        match &self.config.ports {
            Ports::Range(range)
                if !self.is_own(peer) && peers::may_be_reached(peer, range.allow_private) =>
            {
                Ok(())
            }
            Ports::One => Ok(()),
            Ports::Range(_) => Err(Refusal::Forbidden),
        }
    }

    /// Whether the address is one of this machine, in whatever disguise.
    pub(super) fn is_own(&self, address: IpAddr) -> bool {
        let address = peers::reduced(address);
        let own = self.config.own_addresses.iter().copied();
        own.chain(self.config.external_addresses())
            .any(|own| peers::reduced(own) == address)
    }
}
