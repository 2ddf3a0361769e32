//! STUN and TURN on real sockets: moves packets between them and the crate `relay`, which decides.
//!
//! The rules kept here: the decision about a packet holds the one lock, sending it does not; a packet that
//! cannot be sent at once is lost, as on any network, and keeps nobody waiting; access is given out for one call
//! or test and ends with it. No decision about a packet is made here, and nobody's right to a call is judged:
//! `calls` does that before it asks for [`Relay::access_call`].

mod access;
mod bind;
mod datagrams;
mod engine;
mod external;
mod key;
mod relayed;
mod report;
mod streams;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use ::relay::{Counters, InvalidConfig, Key, Transport};
use protocol::CallId;
use protocol::relay::RelayMode;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::config;
use engine::Engine;

pub use access::TESTS_PER_MINUTE;
pub use bind::Bound;
pub use key::{KEY_FILE, KeyError, read as read_key};

/// Why there is no relay.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The file of the key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A setting of `[relay]` cannot be used.
    #[error("[relay] in the config cannot be used: {0}")]
    Config(#[from] InvalidConfig),
}

/// The relay of a running server. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Relay {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    engine: Arc<Engine>,
    mode: RelayMode,
    address: SocketAddr,
    /// The port at which browsers find our own HTTPS, which takes streams of TURN as well.
    tls_port: Option<u16>,
    key: Key,
    clock: Clock,
    tests: access::Tests,
    stopping: CancellationToken,
    tasks: TaskTracker,
}

/// What a relay is started with.
#[derive(Debug)]
pub struct Setting<'a> {
    /// What the host decided.
    pub config: &'a config::Config,
    /// The data directory, where the key is left for `ahoy doctor`.
    pub data: &'a Path,
    /// The port at which browsers find our own HTTPS, with a certificate that they check by themselves; nothing behind
    /// a proxy, and with a self-signed one, which they take for pages alone.
    pub tls_port: Option<u16>,
    /// The time.
    pub clock: Clock,
    /// Cancelled when the server stops.
    pub stopping: CancellationToken,
    /// Where the tasks of the relay run.
    pub tasks: TaskTracker,
}

impl Relay {
    /// Starts to serve on sockets that are bound. The key is new, so every credential of before is worth nothing.
    ///
    /// # Errors
    /// See [`RelayError`].
    pub async fn start(bound: Bound, setting: Setting<'_>) -> Result<Self, RelayError> {
        let Setting {
            config,
            data,
            tls_port,
            clock,
            stopping,
            tasks,
        } = setting;
        let mode = config.relay.mode;
        let key = key::renew(data, mode)?;
        let settings = external::settings(config).await;
        let core = ::relay::Relay::new(settings, key.clone())?;
        let address = bound.address();
        let (listener, datagrams) = bound.into_parts();
        let engine = Engine::new(core, clock.clone(), datagrams, stopping.clone(), &tasks);
        for place in 0..engine.datagrams().len() {
            tasks.spawn(datagrams::serve(Arc::clone(&engine), place));
        }
        tasks.spawn(engine::keep_time(Arc::clone(&engine)));
        tasks.spawn(report::every_minute(Arc::clone(&engine)));
        let inner = Inner {
            engine,
            mode,
            address,
            tls_port,
            key,
            clock,
            tests: access::Tests::default(),
            stopping,
            tasks,
        };
        let relay = Self {
            inner: Arc::new(inner),
        };
        let tasks = &relay.inner.tasks;
        tasks.spawn(streams::accept(relay.clone(), listener));
        Ok(relay)
    }

    /// Where it listens, by UDP and TCP; of all addresses, the unspecified one.
    pub fn address(&self) -> SocketAddr {
        self.inner.address
    }

    /// When sound goes through it.
    pub fn mode(&self) -> RelayMode {
        self.inner.mode
    }

    /// What it has done so far.
    pub fn counters(&self) -> Counters {
        self.inner.engine.counters()
    }

    /// The call is over: what was allocated for it is gone, and its credentials are worth nothing.
    pub fn end_call(&self, call: CallId) {
        self.inner.engine.end_group(&access::group_of(call));
    }

    /// Serves a stream of TURN until it ends or the server stops: one that was accepted here, or one that came in over HTTPS
    /// and whose first byte is 0 to 3, as of no HTTP request (RFC 7983 §7).
    pub async fn serve_stream<S>(
        &self,
        stream: S,
        transport: Transport,
        local: SocketAddr,
        remote: SocketAddr,
    ) where
        S: AsyncRead + AsyncWrite + Send,
    {
        streams::serve(&self.inner.engine, stream, transport, local, remote).await;
    }
}
