//! Who a packet comes from.

use std::net::SocketAddr;

/// How a client talks to the relay. What is relayed on to peers is always UDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A TCP stream.
    Tcp,
    /// A TLS stream over TCP.
    Tls,
}

impl Transport {
    /// Whether packets are frames of a stream: padded to four bytes (RFC 8656 §12.5), and gone when it closes.
    pub const fn is_stream(self) -> bool {
        matches!(self, Self::Tcp | Self::Tls)
    }
}

/// The 5-tuple of a client (RFC 8656 §2): it has at most one allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId {
    /// How it talks to the relay.
    pub transport: Transport,
    /// Where it reached the relay. Only compared, and handed back for answers.
    pub local: SocketAddr,
    /// Where it is, as seen from the relay. IPv4 through an IPv6 socket (`::ffff:a.b.c.d`)
    /// is told as IPv4, and handed back as it came.
    pub remote: SocketAddr,
}

impl ClientId {
    /// Its address as the outside writes it.
    pub(crate) fn outside(&self) -> SocketAddr {
        SocketAddr::new(self.remote.ip().to_canonical(), self.remote.port())
    }
}

/// A relayed socket of [`Ports::Range`](crate::Ports::Range), numbered by the relay and never again given to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub(crate) u64);
