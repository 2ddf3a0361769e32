//! The relay: what becomes of each packet.

mod allocate;
mod answer;
mod data;
mod login;
mod peer_rules;
mod requests;
mod sockets;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use crate::allocation::Allocation;
use crate::allocations::Allocations;
use crate::client::{ClientId, SocketId};
use crate::config::{Config, InvalidConfig};
use crate::counters::{Counters, DropReason};
use crate::credential::{Group, Key};
use crate::rate::Limit;
use crate::strangers::Strangers;
use crate::time::Now;
use crate::wire::{ChannelData, Class, Message, Method};

/// Where the bytes go that an input put into its `out`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Delivery {
    /// Nowhere: `out` is empty, the packet was dropped or asks for no answer.
    Nothing,
    /// To a client; not always the one that sent.
    Client(ClientId),
    /// To a peer, from a relayed socket.
    Peer {
        /// The socket to send from.
        socket: SocketId,
        /// The peer.
        to: SocketAddr,
    },
}

/// What the relay wants done; only [`Ports::Range`](crate::Ports::Range) makes it want anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Open a UDP socket and report with [`Relay::socket_opened`] or [`Relay::socket_failed`].
    OpenSocket {
        /// The name of the socket from here on.
        socket: SocketId,
        /// The unspecified address of the family, with the port.
        local: SocketAddr,
    },
    /// Close the socket, or open it no more. What still arrives at it is ignored.
    CloseSocket(SocketId),
}

/// A STUN and TURN server without I/O.
#[derive(Debug)]
pub struct Relay {
    config: Config,
    bandwidth: Limit,
    key: Key,
    allocations: Allocations,
    strangers: Strangers,
    commands: VecDeque<Command>,
    counters: Counters,
    /// Sockets and relayed addresses chosen so far; each choice is made with another number.
    chosen: u64,
    /// Data indications sent so far; each has another transaction.
    indications: u64,
}

impl Relay {
    /// The realm of its credentials.
    pub const REALM: &str = "ahoy";

    /// Largest packet taken, in bytes: twice what a network carries in one. Larger ones are dropped.
    pub const PACKET_MAX_BYTES: usize = 3_072;

    /// Starts with no allocation. The key also signs credentials: see [`Credential::mint`](crate::Credential::mint).
    ///
    /// # Errors
    /// A setting cannot be used; the error says what to write.
    pub fn new(config: Config, key: Key) -> Result<Self, InvalidConfig> {
        config.check()?;
        let bandwidth = config.quotas.bandwidth;
        Ok(Self {
            bandwidth: Limit::new(bandwidth.bytes_per_second, bandwidth.burst_bytes),
            strangers: Strangers::new(&key, config.quotas.stranger_answers_per_second),
            config,
            key,
            allocations: Allocations::default(),
            commands: VecDeque::new(),
            counters: Counters::default(),
            chosen: 0,
            indications: 0,
        })
    }

    /// Takes a packet of a client: a datagram, or a frame of its stream. Clears `out` and writes what is to be sent; relayed data never
    /// makes a buffer grow that has room for the packet and 64 bytes more.
    pub fn receive(
        &mut self,
        now: Now,
        client: ClientId,
        packet: &[u8],
        out: &mut Vec<u8>,
    ) -> Delivery {
        out.clear();
        if packet.len() > Self::PACKET_MAX_BYTES {
            return self.drop_packet(DropReason::Malformed);
        }
        if let Some(0x40..=0x7f) = packet.first() {
            return match ChannelData::parse(packet) {
                Some(data) => self.channel_data(now, &client, data, out),
                None => self.drop_packet(DropReason::Malformed),
            };
        }
        let Some(message) = Message::parse(packet) else {
            return self.drop_packet(DropReason::Malformed);
        };
        match (message.class(), message.method()) {
            (Class::Indication, Method::SEND) => self.send_indication(now, &client, &message, out),
            // Only keeps a NAT open.
            (Class::Indication, Method::BINDING) => Delivery::Nothing,
            (Class::Request, method) => self.request(now, client, method, &message, out),
            _ => self.drop_packet(DropReason::Malformed),
        }
    }

    /// The stream of a client is closed: its allocation is deleted.
    pub fn client_gone(&mut self, client: ClientId) {
        let slot = self.allocations.of_client(&client);
        if let Some(allocation) = slot.and_then(|slot| self.allocations.remove(slot)) {
            self.close(&allocation);
        }
    }

    /// Whether a client has an allocation; the stream of one that has none may be closed.
    pub fn has_allocation(&self, client: &ClientId) -> bool {
        self.allocations.of_client(client).is_some()
    }

    /// A call or a test is over: its allocations are deleted, and its credentials are worth nothing from here on.
    pub fn end_group(&mut self, now: Now, group: &Group) {
        for allocation in self.allocations.end_group(now, group) {
            self.close(&allocation);
        }
    }

    /// The next thing to do; ask after every input until there is none.
    pub fn poll_command(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// When [`Relay::handle_timeout`] is due, as [`Now::elapsed`]; `None` if nothing will run out.
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.allocations.next_due()
    }

    /// Deletes what has run out. Without harm at any time.
    pub fn handle_timeout(&mut self, now: Now) {
        while let Some(allocation) = self.allocations.pop_expired(now) {
            self.close(&allocation);
        }
    }

    /// What it has done so far.
    pub fn counters(&self) -> Counters {
        let mut counters = self.counters;
        counters.allocations = self.allocations.len() as u64;
        counters
    }

    /// Closes what stood behind an allocation that was removed.
    fn close(&mut self, allocation: &Allocation) {
        if let Some(socket) = allocation.socket.id() {
            self.commands.push_back(Command::CloseSocket(socket));
        }
    }

    fn drop_packet(&mut self, reason: DropReason) -> Delivery {
        self.counters.count_drop(reason);
        Delivery::Nothing
    }
}
