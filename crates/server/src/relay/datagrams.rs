//! Packets of clients by UDP.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ::relay::{ClientId, Relay, Transport};
use socket2::SockRef;
use tokio::net::UdpSocket;

use super::engine::{Engine, Scratch};

/// Room for a packet, in bytes: one more than is taken, so that a larger one is known by its length.
const PACKET_MAX_BYTES: usize = Relay::PACKET_MAX_BYTES + 1;
/// Receive errors in a row after which a socket is given up: it will not heal by itself.
pub(super) const RECEIVE_ERRORS_MAX: u32 = 32;

/// One of the UDP sockets.
#[derive(Debug)]
pub(super) struct Datagrams {
    socket: UdpSocket,
    local: SocketAddr,
}

impl Datagrams {
    pub(super) fn new(socket: UdpSocket, local: SocketAddr) -> Self {
        Self { socket, local }
    }

    /// Sends a packet, or loses it where the socket is full.
    pub(super) fn send(&self, packet: &[u8], to: SocketAddr) {
        if let Err(error) = send_now(&self.socket, packet, as_seen_by(self.local, to)) {
            tracing::debug!(%error, "a packet to a client of the relay was not sent");
        }
    }
}

/// Without asking the runtime whether the socket is writable, which of a new one it does not know yet.
pub(super) fn send_now(socket: &UdpSocket, packet: &[u8], to: SocketAddr) -> io::Result<usize> {
    SockRef::from(socket).send_to(packet, &to.into())
}

/// An IPv6 socket names clients of IPv4 by a mapped address (RFC 4291 §2.5.5.2).
pub(super) fn as_seen_by(local: SocketAddr, remote: SocketAddr) -> SocketAddr {
    match (local, remote.ip()) {
        (SocketAddr::V6(_), IpAddr::V4(ip)) => (ip.to_ipv6_mapped(), remote.port()).into(),
        (SocketAddr::V6(_) | SocketAddr::V4(_), _) => remote,
    }
}

/// The other way round.
pub(super) fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Takes what arrives at one socket until the server stops.
pub(super) async fn serve(engine: Arc<Engine>, place: usize) {
    let Some(datagrams) = engine.datagrams().get(place) else {
        return;
    };
    tokio::select! {
        () = engine.stopping().cancelled() => {}
        () = receive(&engine, place, datagrams) => tracing::error!(
            "the relay has stopped to serve UDP; calls may not connect until a restart"
        ),
    }
}

async fn receive(engine: &Arc<Engine>, place: usize, datagrams: &Datagrams) {
    let mut packet = [0; PACKET_MAX_BYTES];
    let mut scratch = Scratch::default();
    let mut errors = 0;
    while errors < RECEIVE_ERRORS_MAX {
        match datagrams.socket.recv_from(&mut packet).await {
            Ok((length, remote)) => {
                errors = 0;
                let client = ClientId {
                    transport: Transport::Udp,
                    local: datagrams.local,
                    remote: canonical(remote),
                };
                engine.receive(place, client, &packet[..length], &mut scratch);
            }
            Err(error) => {
                errors += 1;
                tracing::warn!(%error, "the relay failed to receive");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv4_is_written_as_its_socket_wants_it() {
        let (v4, v6) = (address("0.0.0.0:1"), address("[::]:1"));
        let (plain, mapped) = (address("192.0.2.1:9"), address("[::ffff:192.0.2.1]:9"));
        let other = address("[2001:db8::1]:9");
        assert_eq!(as_seen_by(v4, plain), plain);
        assert_eq!(as_seen_by(v6, plain), mapped);
        assert_eq!(as_seen_by(v6, other), other);
        assert_eq!(canonical(mapped), plain);
        assert_eq!(canonical(other), other);
    }

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }
}
