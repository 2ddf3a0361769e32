//! Allocate: a relayed address for a client (RFC 8656 §7).
//!
//! ADDITIONAL-ADDRESS-FAMILY may be ignored and is: a second address is a second allocation.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::allocation::{Allocation, NewAllocation, RelayedSocket};
use crate::allocations::Slot;
use crate::client::{ClientId, SocketId};
use crate::config::Ports;
use crate::time::Now;
use crate::wire::{Kind, Message};

use super::answer::{Question, Refusal};
use super::login::Login;
use super::peer_rules::VIRTUAL;
use super::requests::{lifetime, seconds};
use super::{Command, Delivery, Relay};

/// IPv4 in REQUESTED-ADDRESS-FAMILY.
pub(super) const FAMILY_V4: u8 = 1;

/// IPv6 there.
const FAMILY_V6: u8 = 2;

/// UDP in REQUESTED-TRANSPORT.
const PROTOCOL_UDP: u8 = 17;

/// Ports of virtual addresses: none that a browser would refuse to talk to.
const VIRTUAL_PORTS: std::ops::RangeInclusive<u16> = 1024..=65_535;

/// Silence after which an allocation makes room for another of the same device: a browser that has changed its network cannot
/// delete the ones that it made in the old one. A path in use is never silent so long.
const SILENCE: Duration = Duration::from_secs(30);

/// What a request asks for.
struct Wish {
    lifetime: Duration,
    address: IpAddr,
    even_port: bool,
}

impl Relay {
    pub(super) fn allocate(
        &mut self,
        now: Now,
        login: Login,
        request: &Message<'_>,
        out: &mut Vec<u8>,
    ) -> Delivery {
        if let Some(slot) = login.slot {
            return self.allocate_again(now, slot, &login, request, out);
        }
        match self.admit(now, &login, request) {
            Ok((wish, relayed)) => self.make(now, login, &wish, relayed, request, out),
            Err(refusal) => self.refuse(&login, refusal, out),
        }
    }

    /// A client that has an allocation asks for one: the same request again gets the same answer.
    fn allocate_again(
        &mut self,
        now: Now,
        slot: Slot,
        login: &Login,
        request: &Message<'_>,
        out: &mut Vec<u8>,
    ) -> Delivery {
        let allocation = self.allocations.get(slot);
        let same = allocation.filter(|it| it.made_by == request.transaction());
        match same {
            Some(allocation) if allocation.is_open() => {
                let granted = allocation.expires.saturating_sub(now.elapsed);
                announce(allocation, granted, login.question, out);
                Delivery::Client(login.client)
            }
            // Its answer waits for the socket.
            Some(_) => Delivery::Nothing,
            None => self.refuse(login, Refusal::AllocationMismatch, out),
        }
    }

    fn admit(
        &mut self,
        now: Now,
        login: &Login,
        request: &Message<'_>,
    ) -> Result<(Wish, SocketAddr), Refusal> {
        let wish = self.wish(request)?;
        self.make_room(now, login)?;
        let relayed = self.choose_relayed(wish.address, wish.even_port);
        Ok((wish, relayed.ok_or(Refusal::InsufficientCapacity)?))
    }

    /// Reads a request, in the order of RFC 8656 §7.2.
    fn wish(&self, request: &Message<'_>) -> Result<Wish, Refusal> {
        let transport: [u8; 4] = request
            .fixed(Kind::REQUESTED_TRANSPORT)
            .ok_or(Refusal::BadRequest)?;
        if transport[0] != PROTOCOL_UDP {
            return Err(Refusal::UnsupportedTransport);
        }
        let family = request.find(Kind::REQUESTED_ADDRESS_FAMILY);
        let even_port = request.find(Kind::EVEN_PORT);
        if request.has(Kind::RESERVATION_TOKEN) {
            // No port is ever kept in reserve, so no token is good.
            return Err(if family.is_some() || even_port.is_some() {
                Refusal::BadRequest
            } else {
                Refusal::InsufficientCapacity
            });
        }
        if family.is_some() && request.has(Kind::ADDITIONAL_ADDRESS_FAMILY) {
            return Err(Refusal::BadRequest);
        }
        let address = match family.map(|family| family.value) {
            None => self.relayed_ip(FAMILY_V4),
            Some([family, _, _, _]) => self.relayed_ip(*family),
            Some(_) => return Err(Refusal::BadRequest),
        };
        let address = address.ok_or(Refusal::AddressFamilyNotSupported)?;
        let even_port = match even_port.map(|even_port| even_port.value) {
            None => false,
            Some([flags]) if flags & 0x80 == 0 => true,
            // With the next port in reserve.
            Some([_]) => return Err(Refusal::InsufficientCapacity),
            Some(_) => return Err(Refusal::BadRequest),
        };
        Ok(Wish {
            lifetime: lifetime(request)?,
            address,
            even_port,
        })
    }

    /// Checks the quotas; the device's own silent allocations go first.
    fn make_room(&mut self, now: Now, login: &Login) -> Result<(), Refusal> {
        let claim = login.claim.as_ref().ok_or(Refusal::AllocationMismatch)?;
        let own = self.allocations.of_device(&claim.group, &claim.device);
        let (count, oldest) = own.fold((0, None), |(count, oldest), (slot, allocation)| {
            let older = oldest.is_none_or(|(_, heard)| allocation.heard < heard);
            let oldest = if older {
                Some((slot, allocation.heard))
            } else {
                oldest
            };
            (count + 1, oldest)
        });
        if count >= usize::from(self.config.quotas.allocations_per_device) {
            let silent = oldest.filter(|(_, heard)| *heard + SILENCE <= now.elapsed);
            let (slot, _) = silent.ok_or(Refusal::AllocationQuotaReached)?;
            if let Some(allocation) = self.allocations.remove(slot) {
                self.close(&allocation);
            }
        }
        if self.allocations.len() as u64 >= u64::from(self.config.quotas.allocations) {
            return Err(Refusal::InsufficientCapacity);
        }
        Ok(())
    }

    /// The address that relayed addresses of a family have.
    fn relayed_ip(&self, family: u8) -> Option<IpAddr> {
        match (&self.config.ports, family) {
            (Ports::One, FAMILY_V4) => Some(VIRTUAL.into()),
            (Ports::Range(range), FAMILY_V4) => range.external_v4.map(IpAddr::V4),
            (Ports::Range(range), FAMILY_V6) => range.external_v6.map(IpAddr::V6),
            _ => None,
        }
    }

    /// A relayed address that no allocation has, at a port that nobody can foretell; from there on the next free one.
    pub(super) fn choose_relayed(&mut self, ip: IpAddr, even_port: bool) -> Option<SocketAddr> {
        let ports = match &self.config.ports {
            Ports::One => VIRTUAL_PORTS,
            Ports::Range(range) => range.ports.clone(),
        };
        let count = u64::from(ports.end() - ports.start()) + 1;
        self.chosen += 1;
        let random = self.key.sign(&[b"port:", &self.chosen.to_be_bytes()]);
        let [a, b, c, d, ..] = random;
        let first = u64::from(u32::from_be_bytes([a, b, c, d])) % count;
        (first..first + count)
            .filter_map(|place| u16::try_from(place % count).ok())
            .map(|place| SocketAddr::new(ip, ports.start() + place))
            .filter(|relayed| !even_port || relayed.port().is_multiple_of(2))
            .find(|relayed| self.allocations.of_relayed(*relayed).is_none())
    }

    fn make(
        &mut self,
        now: Now,
        login: Login,
        wish: &Wish,
        relayed: SocketAddr,
        request: &Message<'_>,
        out: &mut Vec<u8>,
    ) -> Delivery {
        let Login {
            client,
            claim: Some(claim),
            username,
            key,
            question,
            ..
        } = login
        else {
            return Delivery::Nothing;
        };
        let socket = match self.config.ports {
            Ports::One => RelayedSocket::None,
            Ports::Range(_) => RelayedSocket::Opening {
                socket: self.ask_for_socket(relayed),
                failed: 0,
                fingerprint: question.fingerprint,
            },
        };
        let new = NewAllocation {
            client,
            group: claim.group,
            device: claim.device,
            username,
            key,
            made_by: request.transaction(),
            lifetime: wish.lifetime,
            relayed,
            socket,
        };
        let allocation = Allocation::new(now.elapsed, new);
        let is_open = allocation.is_open();
        if is_open {
            self.counters.allocations_made += 1;
            announce(&allocation, wish.lifetime, question, out);
        }
        self.allocations.insert(allocation);
        if is_open {
            Delivery::Client(client)
        } else {
            Delivery::Nothing
        }
    }

    pub(super) fn ask_for_socket(&mut self, relayed: SocketAddr) -> SocketId {
        self.chosen += 1;
        let socket = SocketId(self.chosen);
        let any: IpAddr = if relayed.is_ipv4() {
            std::net::Ipv4Addr::UNSPECIFIED.into()
        } else {
            std::net::Ipv6Addr::UNSPECIFIED.into()
        };
        let local = SocketAddr::new(any, relayed.port());
        self.commands
            .push_back(Command::OpenSocket { socket, local });
        socket
    }
}

/// Tells a client of its allocation.
pub(super) fn announce(
    allocation: &Allocation,
    granted: Duration,
    question: Question,
    out: &mut Vec<u8>,
) {
    let writer = question
        .success(out)
        .address(Kind::XOR_RELAYED_ADDRESS, allocation.relayed)
        .attribute(Kind::LIFETIME, &seconds(granted))
        .address(
            Kind::XOR_MAPPED_ADDRESS,
            ClientId::outside(&allocation.client),
        );
    question.finish(writer, Some(&allocation.key));
}
