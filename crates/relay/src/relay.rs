//! The relay: what becomes of each packet.

use std::net::SocketAddr;
use std::time::Duration;

use crate::client::{ClientId, SocketId};
use crate::config::{Config, InvalidConfig};
use crate::counters::Counters;
use crate::credential::{Group, Key};
use crate::time::Now;

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

/// What the relay wants done. Nothing of it can be refused; what fails is reported by the method that is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Open a UDP socket and report with [`Relay::socket_opened`] or [`Relay::socket_failed`].
    OpenSocket {
        /// The name of the socket from here on.
        socket: SocketId,
        /// The unspecified address of the family, with the port.
        local: SocketAddr,
    },
    /// Close the socket. What still arrives at it is ignored.
    CloseSocket(SocketId),
}

/// A STUN and TURN server without I/O.
#[derive(Debug)]
pub struct Relay {
    counters: Counters,
}

impl Relay {
    /// The realm of its credentials.
    pub const REALM: &str = "ahoy";

    /// Starts with no allocation. The key also signs credentials: see [`Credential::mint`](crate::Credential::mint).
    ///
    /// # Errors
    /// A setting cannot be used; the error says what to write.
    pub fn new(_config: Config, _key: Key) -> Result<Self, InvalidConfig> {
        Ok(Self {
            counters: Counters::default(),
        })
    }

    /// Takes a packet of a client: a datagram, or a frame of its stream. Clears `out` and writes what is to be sent; a buffer that has
    /// room for the packet and 64 bytes more is never grown.
    pub fn receive(
        &mut self,
        _now: Now,
        _client: ClientId,
        _packet: &[u8],
        out: &mut Vec<u8>,
    ) -> Delivery {
        out.clear();
        Delivery::Nothing
    }

    /// Takes a datagram that arrived at a relayed socket.
    pub fn receive_from_peer(
        &mut self,
        _now: Now,
        _socket: SocketId,
        _peer: SocketAddr,
        _payload: &[u8],
        out: &mut Vec<u8>,
    ) -> Delivery {
        out.clear();
        Delivery::Nothing
    }

    /// A socket was opened as asked: the client's request is answered.
    pub fn socket_opened(&mut self, _now: Now, _socket: SocketId, out: &mut Vec<u8>) -> Delivery {
        out.clear();
        Delivery::Nothing
    }

    /// A socket could not be opened: another port is tried, or the client's request is refused.
    pub fn socket_failed(&mut self, _now: Now, _socket: SocketId, out: &mut Vec<u8>) -> Delivery {
        out.clear();
        Delivery::Nothing
    }

    /// The stream of a client is closed: its allocation is deleted.
    pub fn client_gone(&mut self, _client: ClientId) {}

    /// A call or a test is over: its allocations are deleted, and its credentials are worth nothing from here on.
    pub fn end_group(&mut self, _now: Now, _group: &Group) {}

    /// The next thing to do; ask after every input until there is none.
    pub fn poll_command(&mut self) -> Option<Command> {
        None
    }

    /// When [`Relay::handle_timeout`] is due, as [`Now::elapsed`]; `None` if nothing will run out.
    pub fn poll_timeout(&self) -> Option<Duration> {
        None
    }

    /// Deletes what has run out. Without harm at any time.
    pub fn handle_timeout(&mut self, _now: Now) {}

    /// What it has done so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }
}
