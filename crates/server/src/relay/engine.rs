//! The one relay behind its lock: hands it what happens, sends what it says, does what it asks for.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::relay::{ClientId, Command, Counters, Delivery, Group, Now, Relay, SocketId, UnixSeconds};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::datagrams::Datagrams;
use super::relayed::Relayed;
use super::streams::Streams;
use crate::clock::Clock;

/// Room for an answer, in bytes: a packet and its header. It grows where an answer is larger.
const OUT_BYTES: usize = 4096;

/// The relay, with every way out of it.
#[derive(Debug)]
pub(super) struct Engine {
    core: Mutex<Relay>,
    clock: Clock,
    started: Instant,
    datagrams: Vec<Datagrams>,
    streams: Streams,
    relayed: Relayed,
    stopping: CancellationToken,
    /// The next timeout has changed.
    rescheduled: Notify,
}

/// Where an answer is written. Made once for each task that serves, so that a packet takes no memory.
#[derive(Debug)]
pub(super) struct Scratch(Vec<u8>);

impl Default for Scratch {
    fn default() -> Self {
        Self(Vec::with_capacity(OUT_BYTES))
    }
}

impl Engine {
    pub(super) fn new(
        core: Relay,
        clock: Clock,
        datagrams: Vec<Datagrams>,
        stopping: CancellationToken,
        tasks: &TaskTracker,
    ) -> Arc<Self> {
        Arc::new(Self {
            core: Mutex::new(core),
            started: clock.instant(),
            clock,
            datagrams,
            streams: Streams::default(),
            relayed: Relayed::new(tasks.clone()),
            stopping,
            rescheduled: Notify::new(),
        })
    }

    /// The UDP sockets. They share one address; an answer may leave by any of them.
    pub(super) fn datagrams(&self) -> &[Datagrams] {
        &self.datagrams
    }

    pub(super) fn streams(&self) -> &Streams {
        &self.streams
    }

    pub(super) fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// A packet of a client. What is to be sent by UDP leaves by the socket of that `place`.
    pub(super) fn receive(
        self: &Arc<Self>,
        place: usize,
        client: ClientId,
        packet: &[u8],
        scratch: &mut Scratch,
    ) {
        let out = &mut scratch.0;
        let now = self.now();
        let delivery = self.act(now, |core| core.receive(now, client, packet, out));
        self.deliver(place, delivery, out);
    }

    /// A packet that arrived at a relayed socket.
    pub(super) fn receive_from_peer(
        self: &Arc<Self>,
        socket: SocketId,
        peer: SocketAddr,
        packet: &[u8],
        scratch: &mut Scratch,
    ) {
        let out = &mut scratch.0;
        let now = self.now();
        let delivery = self.act(now, |core| {
            core.receive_from_peer(now, socket, peer, packet, out)
        });
        self.deliver(0, delivery, out);
    }

    /// The stream of a client has ended.
    pub(super) fn client_gone(self: &Arc<Self>, client: ClientId) {
        self.act(self.now(), |core| core.client_gone(client));
    }

    /// Whether a client has something to keep its stream open for.
    pub(super) fn has_allocation(&self, client: &ClientId) -> bool {
        self.lock().has_allocation(client)
    }

    pub(super) fn end_group(self: &Arc<Self>, group: &Group) {
        let now = self.now();
        self.act(now, |core| core.end_group(now, group));
    }

    pub(super) fn counters(&self) -> Counters {
        self.lock().counters()
    }

    fn now(&self) -> Now {
        let seconds = self.clock.now().0 / 1000;
        Now {
            elapsed: self.clock.instant().duration_since(self.started),
            unix: UnixSeconds(u64::try_from(seconds).unwrap_or(0)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Relay> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets something happen to the relay and does what it asks for, inside the lock: a socket is never closed before it
    /// was opened.
    fn act<T>(self: &Arc<Self>, now: Now, happen: impl FnOnce(&mut Relay) -> T) -> T {
        let mut core = self.lock();
        let due = core.poll_timeout();
        let done = happen(&mut core);
        while let Some(command) = core.poll_command() {
            self.carry_out(&mut core, now, &command);
        }
        if core.poll_timeout() != due {
            self.rescheduled.notify_one();
        }
        done
    }

    fn carry_out(self: &Arc<Self>, core: &mut Relay, now: Now, command: &Command) {
        match *command {
            Command::OpenSocket { socket, local } => {
                let mut out = Vec::new();
                let delivery = match self.relayed.open(self, socket, local) {
                    Ok(()) => core.socket_opened(now, socket, &mut out),
                    Err(error) => {
                        tracing::debug!(%local, %error, "a relayed socket could not be opened");
                        core.socket_failed(socket, &mut out)
                    }
                };
                self.deliver(0, delivery, &out);
            }
            Command::CloseSocket(socket) => self.relayed.close(socket),
        }
    }

    fn deliver(&self, place: usize, delivery: Delivery, packet: &[u8]) {
        match delivery {
            Delivery::Nothing => {}
            Delivery::Client(client) if client.transport.is_stream() => {
                self.streams.send(&client, packet);
            }
            Delivery::Client(client) => {
                if let Some(datagrams) = self.datagrams.get(place) {
                    datagrams.send(packet, &client);
                }
            }
            Delivery::Peer { socket, to } => self.relayed.send(socket, packet, to),
        }
    }
}

/// Lets run out what runs out, until the server stops.
pub(super) async fn keep_time(engine: Arc<Engine>) {
    loop {
        let due = engine.lock().poll_timeout();
        tokio::select! {
            () = engine.stopping.cancelled() => return,
            () = engine.rescheduled.notified() => {}
            () = until(engine.started, due) => {
                let now = engine.now();
                engine.act(now, |core| core.handle_timeout(now));
            }
        }
    }
}

/// Never, where there is nothing to wait for.
async fn until(started: Instant, due: Option<Duration>) {
    match due {
        Some(due) => tokio::time::sleep_until(started + due).await,
        None => std::future::pending().await,
    }
}
