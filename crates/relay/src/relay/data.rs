//! Relayed data: the path that every packet of sound takes. No heap allocation, no signature.

use std::net::SocketAddr;

use crate::allocation::RelayedSocket;
use crate::allocations::Slot;
use crate::client::{ClientId, SocketId};
use crate::counters::DropReason;
use crate::time::Now;
use crate::wire::{
    ChannelData, Class, Kind, Message, Method, Transaction, Writer, write_channel_data,
};

use super::{Delivery, Relay};

impl Relay {
    /// Data on a channel (RFC 8656 §12.6).
    pub(super) fn channel_data(
        &mut self,
        now: Now,
        client: &ClientId,
        data: ChannelData<'_>,
        out: &mut Vec<u8>,
    ) -> Delivery {
        let Some(slot) = self.allocations.of_client(client) else {
            return self.drop_packet(DropReason::NoAllocation);
        };
        let allocation = self.allocations.get(slot);
        match allocation.and_then(|it| it.peer_of(now.elapsed, data.number)) {
            Some(peer) => self.send(now, slot, peer, data.payload, out),
            None => self.drop_packet(DropReason::NoChannel),
        }
    }

    /// A Send indication (RFC 8656 §11.2).
    pub(super) fn send_indication(
        &mut self,
        now: Now,
        client: &ClientId,
        message: &Message<'_>,
        out: &mut Vec<u8>,
    ) -> Delivery {
        let Some(slot) = self.allocations.of_client(client) else {
            return self.drop_packet(DropReason::NoAllocation);
        };
        let known = !message.attributes().any(|it| it.kind.must_be_refused());
        let peer = message.find(Kind::XOR_PEER_ADDRESS);
        let peer = peer.and_then(|attribute| message.address(&attribute));
        match (known, peer, message.find(Kind::DATA)) {
            (true, Some(peer), Some(data)) => self.send(now, slot, peer, data.value, out),
            _ => self.drop_packet(DropReason::Malformed),
        }
    }

    /// Sends a payload from an allocation to a peer.
    fn send(
        &mut self,
        now: Now,
        slot: Slot,
        peer: SocketAddr,
        payload: &[u8],
        out: &mut Vec<u8>,
    ) -> Delivery {
        let Some(allocation) = self.allocations.get_mut(slot) else {
            return self.drop_packet(DropReason::NoAllocation);
        };
        allocation.heard = now.elapsed;
        if !allocation.permits(now.elapsed, peer.ip()) || !allocation.is_open() {
            return self.drop_packet(DropReason::NoPermission);
        }
        let rate = &mut allocation.from_client;
        if !rate.take(self.bandwidth, now.elapsed, payload.len()) {
            return self.drop_packet(DropReason::Bandwidth);
        }
        let (from, socket) = (allocation.relayed, allocation.socket);
        let inside = self.allocations.of_relayed(peer);
        let delivery = match (inside, socket) {
            (Some(other), _) if self.same_group(slot, other) => {
                self.deliver(now, other, from, payload, out)
            }
            (None, RelayedSocket::Open(socket)) if !self.is_own(peer.ip()) => {
                out.extend_from_slice(payload);
                Delivery::Peer { socket, to: peer }
            }
            _ => return self.drop_packet(DropReason::PeerDenied),
        };
        if delivery != Delivery::Nothing {
            self.counters.from_clients.add(payload.len());
        }
        delivery
    }

    /// Takes a datagram that arrived at a relayed socket.
    pub fn receive_from_peer(
        &mut self,
        now: Now,
        socket: SocketId,
        peer: SocketAddr,
        payload: &[u8],
        out: &mut Vec<u8>,
    ) -> Delivery {
        out.clear();
        let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
        let Some(slot) = self.allocations.of_socket(socket) else {
            return self.drop_packet(DropReason::NoAllocation);
        };
        if payload.len() > Self::PACKET_MAX_BYTES {
            return self.drop_packet(DropReason::Malformed);
        }
        // Allocations reach each other inside the process, so this is none of them.
        if self.is_own(peer.ip()) {
            return self.drop_packet(DropReason::PeerDenied);
        }
        self.deliver(now, slot, peer, payload, out)
    }

    /// Hands a payload to the client of an allocation.
    fn deliver(
        &mut self,
        now: Now,
        slot: Slot,
        from: SocketAddr,
        payload: &[u8],
        out: &mut Vec<u8>,
    ) -> Delivery {
        let Some(allocation) = self.allocations.get_mut(slot) else {
            return self.drop_packet(DropReason::NoAllocation);
        };
        if !allocation.permits(now.elapsed, from.ip()) {
            return self.drop_packet(DropReason::NoPermission);
        }
        let rate = &mut allocation.to_client;
        if !rate.take(self.bandwidth, now.elapsed, payload.len()) {
            return self.drop_packet(DropReason::Bandwidth);
        }
        let client = allocation.client;
        if let Some(number) = allocation.channel_of(now.elapsed, from) {
            write_channel_data(out, number, payload, client.transport.is_stream());
        } else {
            self.indications += 1;
            Writer::new(out, Class::Indication, Method::DATA, self.transaction())
                .address(Kind::XOR_PEER_ADDRESS, from)
                .attribute(Kind::DATA, payload)
                .finish();
        }
        self.counters.to_clients.add(payload.len());
        Delivery::Client(client)
    }

    fn same_group(&self, one: Slot, other: Slot) -> bool {
        match (self.allocations.get(one), self.allocations.get(other)) {
            (Some(one), Some(other)) => one.group == other.group,
            _ => false,
        }
    }

    /// Nobody answers an indication, so its transaction need only be another each time.
    fn transaction(&self) -> Transaction {
        let mut transaction = Transaction::default();
        transaction[4..].copy_from_slice(&self.indications.to_be_bytes());
        transaction
    }
}
