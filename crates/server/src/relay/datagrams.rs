//! Packets of clients by UDP.
//!
//! The rules kept here: an answer leaves from the address that the client asked, whichever the machine would choose (RFC 8656 §5
//! knows a client by both ends); a packet that cannot be sent nearly at once is lost; no packet takes memory. Each socket
//! has a thread that waits for it in the kernel: to ask the runtime which socket is readable costs half as much again
//! (`docs/relay.md`).

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ::relay::{ClientId, Transport};
use quinn_udp::{RecvMeta, Transmit, UdpSocketState};
use socket2::SockRef;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::engine::{Engine, Scratch};

/// Room for what is received at once, in bytes. The kernel may hand over several packets of one client that came together.
const RECEIVED_MAX_BYTES: usize = 64 * 1024;
/// Receive errors in a row after which a socket is given up: it will not heal by itself.
pub(super) const RECEIVE_ERRORS_MAX: u32 = 32;
/// A thread looks so often whether the server stops.
const STOP_WITHIN: Duration = Duration::from_millis(250);
/// A packet that a full socket does not take for so long is lost. The kernel may wait a few milliseconds longer.
const SEND_PATIENCE: Duration = Duration::from_millis(1);

/// One of the UDP sockets.
#[derive(Debug)]
pub(super) struct Datagrams {
    socket: UdpSocket,
    /// Where it is bound.
    local: SocketAddr,
    /// Tells at which address a packet arrived, and lets one leave from there.
    state: UdpSocketState,
}

impl Datagrams {
    /// Takes a socket that is bound to `local`.
    ///
    /// # Errors
    /// The system cannot tell at which address packets arrive.
    pub(super) fn new(socket: UdpSocket, local: SocketAddr) -> io::Result<Self> {
        let state = UdpSocketState::new((&socket).into())?;
        socket.set_nonblocking(false)?;
        socket.set_read_timeout(Some(STOP_WITHIN))?;
        socket.set_write_timeout(Some(SEND_PATIENCE))?;
        Ok(Self {
            socket,
            local,
            state,
        })
    }

    /// Sends a packet from the address that the client reaches the relay at, or loses it where the socket is full.
    pub(super) fn send(&self, packet: &[u8], client: &ClientId) {
        let from = as_seen_by(self.local, client.local).ip();
        let transmit = Transmit {
            destination: as_seen_by(self.local, client.remote),
            ecn: None,
            contents: packet,
            segment_size: None,
            src_ip: (self.local.ip().is_unspecified() && !client.local.ip().is_unspecified())
                .then_some(from),
        };
        if let Err(error) = self.state.try_send((&self.socket).into(), &transmit) {
            tracing::debug!(%error, "a packet to a client of the relay was not sent");
        }
    }

    /// Waits for packets of one client; nothing where none came for [`STOP_WITHIN`].
    fn receive<'a>(
        &self,
        buffer: &'a mut [u8],
    ) -> io::Result<Option<(ClientId, impl Iterator<Item = &'a [u8]>)>> {
        let mut meta = [RecvMeta::default()];
        let received = self.state.recv(
            (&self.socket).into(),
            &mut [IoSliceMut::new(buffer)],
            &mut meta,
        );
        match received {
            Ok(_) => {
                let [meta] = meta;
                let at = meta.dst_ip.unwrap_or(self.local.ip());
                let client = ClientId {
                    transport: Transport::Udp,
                    local: canonical(SocketAddr::new(at, self.local.port())),
                    remote: canonical(meta.addr),
                };
                // Of an empty packet there is nothing to be read, and nothing to be cut into pieces.
                let packets = buffer[..meta.len].chunks(meta.stride.max(1));
                Ok(Some((client, packets)))
            }
            Err(error) if is_silence(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn is_silence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

/// Sends without waiting, and without asking the runtime whether the socket is writable, which of a new one it does not know yet.
pub(super) fn send_now(
    socket: &tokio::net::UdpSocket,
    packet: &[u8],
    to: SocketAddr,
) -> io::Result<usize> {
    SockRef::from(socket).send_to(packet, &to.into())
}

/// An IPv6 socket names clients of IPv4 by a mapped address (RFC 4291 §2.5.5.2).
pub(super) fn as_seen_by(local: SocketAddr, address: SocketAddr) -> SocketAddr {
    match (local, address.ip()) {
        (SocketAddr::V6(_), IpAddr::V4(ip)) => (ip.to_ipv6_mapped(), address.port()).into(),
        (SocketAddr::V6(_) | SocketAddr::V4(_), _) => address,
    }
}

/// The other way round.
pub(super) fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Takes what arrives at one socket, in a thread of its own, until the server stops.
pub(super) async fn serve(engine: Arc<Engine>, place: usize) {
    let (ended, end) = oneshot::channel();
    let (runtime, serving) = (Handle::current(), Arc::clone(&engine));
    let thread = thread::Builder::new()
        .name(format!("relay-udp-{place}"))
        .spawn(move || {
            // Sockets of allocations are opened here and read by the runtime.
            let _runtime = runtime.enter();
            receive(&serving, place, &ended);
            // Where nobody waits any more the runtime is gone, and all is over anyway.
            let _ = ended.send(());
        });
    let ended = match thread {
        Ok(_) => end.await.map_err(io::Error::other),
        Err(error) => Err(error),
    };
    if !engine.stopping().is_cancelled() {
        tracing::error!(
            ?ended,
            "the relay has stopped to serve UDP; calls may not connect until a restart"
        );
    }
}

fn receive(engine: &Arc<Engine>, place: usize, ended: &oneshot::Sender<()>) {
    let Some(datagrams) = engine.datagrams().get(place) else {
        return;
    };
    let mut buffer = vec![0; RECEIVED_MAX_BYTES];
    let mut scratch = Scratch::default();
    let mut errors = 0;
    let stops = || engine.stopping().is_cancelled() || ended.is_closed();
    while errors < RECEIVE_ERRORS_MAX && !stops() {
        match datagrams.receive(&mut buffer) {
            Ok(None) => {}
            Ok(Some((client, packets))) => {
                errors = 0;
                for packet in packets {
                    engine.receive(place, client, packet, &mut scratch);
                }
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
