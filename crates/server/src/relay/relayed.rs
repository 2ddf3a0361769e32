//! The sockets of allocations, where relayed sound has ports of its own.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};

use ::relay::{Relay, SocketId};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::datagrams::{RECEIVE_ERRORS_MAX, send_now};
use super::engine::{Engine, Scratch};

/// The open ones.
#[derive(Debug)]
pub(super) struct Relayed {
    sockets: RwLock<HashMap<SocketId, Open>>,
    tasks: TaskTracker,
}

#[derive(Debug)]
struct Open {
    socket: Arc<UdpSocket>,
    /// Ends the task that reads.
    _reading: DropGuard,
}

impl Relayed {
    pub(super) fn new(tasks: TaskTracker) -> Self {
        Self {
            sockets: RwLock::default(),
            tasks,
        }
    }

    /// Opens a socket and reads from it until it is closed or the server stops.
    pub(super) fn open(
        &self,
        engine: &Arc<Engine>,
        id: SocketId,
        local: SocketAddr,
    ) -> io::Result<()> {
        let socket = Arc::new(bind(local)?);
        let stop = engine.stopping().child_token();
        let reading = read(Arc::clone(engine), id, Arc::clone(&socket), stop.clone());
        self.tasks.spawn(reading);
        let open = Open {
            socket,
            _reading: stop.drop_guard(),
        };
        let mut sockets = self.sockets.write().unwrap_or_else(PoisonError::into_inner);
        sockets.insert(id, open);
        Ok(())
    }

    pub(super) fn close(&self, id: SocketId) {
        let mut sockets = self.sockets.write().unwrap_or_else(PoisonError::into_inner);
        sockets.remove(&id);
    }

    /// Sends a packet, or loses it where the socket is full or closed.
    pub(super) fn send(&self, id: SocketId, packet: &[u8], to: SocketAddr) {
        let sockets = self.sockets.read().unwrap_or_else(PoisonError::into_inner);
        let sent = sockets
            .get(&id)
            .map(|open| send_now(&open.socket, packet, to));
        if let Some(Err(error)) = sent {
            tracing::debug!(%error, "a packet to a peer of the relay was not sent");
        }
    }
}

/// Of one family, so that both may have the same port.
fn bind(local: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(local), Type::DGRAM, Some(Protocol::UDP))?;
    if local.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&local.into())?;
    UdpSocket::from_std(socket.into())
}

async fn read(engine: Arc<Engine>, id: SocketId, socket: Arc<UdpSocket>, stop: CancellationToken) {
    let mut packet = [0; Relay::PACKET_MAX_BYTES + 1];
    let mut scratch = Scratch::default();
    let mut errors = 0;
    while errors < RECEIVE_ERRORS_MAX {
        let received = tokio::select! {
            () = stop.cancelled() => return,
            received = socket.recv_from(&mut packet) => received,
        };
        match received {
            Ok((length, peer)) => {
                errors = 0;
                engine.receive_from_peer(id, peer, &packet[..length], &mut scratch);
            }
            Err(error) => {
                errors += 1;
                tracing::debug!(%error, "a relayed socket failed to receive");
            }
        }
    }
}
