//! Clients by TCP and TLS.
//!
//! The rules kept here: a stream that allocates nothing is closed soon; one that does not read loses packets, not our
//! memory; one address cannot take all places.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use ::relay::{ClientId, Framer, Transport};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::{timeout, timeout_at};

use super::Relay;
use super::datagrams::canonical;
use super::engine::{Engine, Scratch};

/// Streams at once.
const STREAMS_MAX: usize = 4_096;
/// Streams of one address at once; a whole office may be behind it.
const STREAMS_PER_ADDRESS: u32 = 256;
/// A stream without an allocation is closed after so long.
const STRANGER_PATIENCE: Duration = Duration::from_secs(30);
/// Bytes that wait for a stream that does not take them; more are lost. About a second of sound: what is older is of no use.
const WAITING_MAX_BYTES: usize = 16 * 1024;
/// A stream that takes nothing for so long is closed.
const WRITE_PATIENCE: Duration = Duration::from_secs(15);
/// A pause after a failed `accept`: the usual cause, too many open files, does not go away at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The streams that are open.
#[derive(Debug, Default)]
pub(super) struct Streams {
    open: RwLock<Open>,
}

#[derive(Debug, Default)]
struct Open {
    ways: HashMap<ClientId, Arc<Waiting>>,
    by_address: HashMap<IpAddr, u32>,
}

/// What waits to be written to a stream.
#[derive(Debug, Default)]
struct Waiting {
    frames: Mutex<Frames>,
    more: Notify,
}

/// Packets one after the other.
#[derive(Debug, Default)]
struct Frames {
    bytes: Vec<u8>,
    /// Where each ends in the bytes.
    ends: Vec<usize>,
}

impl Frames {
    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, &end)| &self.bytes[start..end])
    }
}

/// The place of a stream among all. Dropping it gives the place up.
struct Place<'a> {
    engine: &'a Arc<Engine>,
    client: ClientId,
    waiting: Arc<Waiting>,
}

impl Streams {
    /// Hands a packet to the stream of a client; it is lost where there is none, or where too much waits already.
    pub(super) fn send(&self, client: &ClientId, packet: &[u8]) {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(waiting) = open.ways.get(client) {
            waiting.push(packet);
        }
    }

    fn enter(&self, client: ClientId) -> Option<Arc<Waiting>> {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        let Open { ways, by_address } = &mut *open;
        if ways.len() >= STREAMS_MAX {
            return None;
        }
        let Entry::Vacant(way) = ways.entry(client) else {
            return None;
        };
        let count = by_address.entry(client.remote.ip()).or_default();
        if *count >= STREAMS_PER_ADDRESS {
            return None;
        }
        *count += 1;
        Some(Arc::clone(way.insert(Arc::default())))
    }

    fn leave(&self, client: &ClientId) {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        open.ways.remove(client);
        if let Entry::Occupied(mut count) = open.by_address.entry(client.remote.ip()) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

impl Waiting {
    fn push(&self, packet: &[u8]) {
        let mut frames = self.lock();
        if frames.bytes.len() + packet.len() <= WAITING_MAX_BYTES {
            frames.bytes.extend_from_slice(packet);
            let end = frames.bytes.len();
            frames.ends.push(end);
            drop(frames);
            self.more.notify_one();
        }
    }

    /// Puts what waits in place of what `taken` has; it keeps its memory for the next time.
    async fn take(&self, taken: &mut Frames) {
        taken.clear();
        loop {
            std::mem::swap(&mut *self.lock(), taken);
            if !taken.ends.is_empty() {
                return;
            }
            self.more.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Frames> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> Place<'a> {
    fn enter(engine: &'a Arc<Engine>, client: ClientId) -> Option<Self> {
        let waiting = engine.streams().enter(client)?;
        Some(Self {
            engine,
            client,
            waiting,
        })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.engine.streams().leave(&self.client);
        self.engine.client_gone(self.client);
    }
}

/// Accepts until the server stops.
pub(super) async fn accept(relay: Relay, listener: TcpListener) {
    let engine = &relay.inner.engine;
    loop {
        let accepted = tokio::select! {
            () = engine.stopping().cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, remote)) => {
                let relay = relay.clone();
                let local = stream.local_addr().unwrap_or(relay.address());
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "TCP_NODELAY could not be set");
                }
                let tasks = relay.inner.tasks.clone();
                tasks.spawn(async move {
                    relay
                        .serve_stream(stream, Transport::Tcp, local, remote)
                        .await;
                });
            }
            Err(error) => {
                tracing::debug!(%error, "a connection to the relay could not be accepted");
                let pause = engine.clock().instant() + ACCEPT_PAUSE;
                tokio::time::sleep_until(pause).await;
            }
        }
    }
}

/// Serves one stream to its end.
pub(super) async fn serve<S>(
    engine: &Arc<Engine>,
    stream: S,
    transport: Transport,
    local: SocketAddr,
    remote: SocketAddr,
) where
    S: AsyncRead + AsyncWrite + Send,
{
    let client = ClientId {
        transport,
        local: canonical(local),
        remote: canonical(remote),
    };
    let Some(place) = Place::enter(engine, client) else {
        tracing::debug!("a stream to the relay is one too many");
        return;
    };
    let (reader, writer) = tokio::io::split(stream);
    let ended = tokio::select! {
        () = engine.stopping().cancelled() => Ok(()),
        ended = read(engine, client, reader) => ended,
        ended = write(&place.waiting, writer) => ended,
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a stream to the relay ended badly");
    }
}

async fn read(
    engine: &Arc<Engine>,
    client: ClientId,
    mut reader: impl AsyncRead + Unpin,
) -> io::Result<()> {
    let mut framer = Framer::new();
    let mut scratch = Scratch::default();
    let mut look_at = engine.clock().instant() + STRANGER_PATIENCE;
    loop {
        let Ok(read) = timeout_at(look_at, reader.read(framer.room())).await else {
            if !engine.has_allocation(&client) {
                return Ok(());
            }
            look_at = engine.clock().instant() + STRANGER_PATIENCE;
            continue;
        };
        let read = read?;
        if read == 0 {
            return Ok(());
        }
        framer.filled(read);
        while let Some(packet) = framer.next_frame().map_err(io::Error::other)? {
            engine.receive(0, client, packet, &mut scratch);
        }
    }
}

/// Each packet is written by itself, so that inside TLS it has a record of its own: there are clients, coturn's among them,
/// that take a record for a packet and lose what follows in it.
async fn write(waiting: &Waiting, mut writer: impl AsyncWrite + Unpin) -> io::Result<()> {
    let mut taken = Frames::default();
    loop {
        waiting.take(&mut taken).await;
        let written = async {
            for packet in taken.iter() {
                writer.write_all(packet).await?;
            }
            writer.flush().await
        };
        timeout(WRITE_PATIENCE, written).await??;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_does_not_take_every_place() {
        let streams = Streams::default();
        for port in 1..=STREAMS_PER_ADDRESS {
            assert!(streams.enter(client(1, port)).is_some());
        }
        assert!(streams.enter(client(1, 60_000)).is_none());
        assert!(streams.enter(client(2, 60_000)).is_some());
        streams.leave(&client(1, 1));
        assert!(streams.enter(client(1, 60_000)).is_some());
    }

    #[test]
    fn places_are_limited_in_all_and_counted_back() {
        let streams = Streams::default();
        let all = u32::try_from(STREAMS_MAX).unwrap();
        for n in 0..all {
            assert!(
                streams
                    .enter(client(n / STREAMS_PER_ADDRESS, n + 1))
                    .is_some()
            );
        }
        assert!(streams.enter(client(9_999, 1)).is_none());
        for n in 0..all {
            streams.leave(&client(n / STREAMS_PER_ADDRESS, n + 1));
        }
        let open = streams.open.read().unwrap();
        assert!(open.ways.is_empty() && open.by_address.is_empty());
    }

    #[test]
    fn stream_that_does_not_read_loses_packets_and_takes_no_memory() {
        let streams = Streams::default();
        let waiting = streams.enter(client(1, 1)).unwrap();
        for _ in 0..1_000 {
            streams.send(&client(1, 1), &[0; 160]);
        }
        let frames = waiting.lock();
        assert!(frames.bytes.len() <= WAITING_MAX_BYTES);
        assert!(!frames.ends.is_empty());
        assert!(frames.iter().all(|packet| packet.len() == 160), "whole");
    }

    fn client(address: u32, port: u32) -> ClientId {
        let port = u16::try_from(port).unwrap();
        ClientId {
            transport: Transport::Tcp,
            local: ([127, 0, 0, 1], 1).into(),
            remote: (std::net::Ipv4Addr::from_bits(address), port).into(),
        }
    }
}
