//! The accept loop: one task for each connection, with a deadline for its handshake and request header.
//!
//! It is our own because the framework's has no header timeout, and a client that sends one byte a
//! minute would keep its connection for ever. On a port of HTTPS it tells apart what comes: TLS with HTTP
//! or TURN in it, and the plain HTTP of a browser that was not told to use HTTPS.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ::relay::Transport;
use axum::Router;
use socket2::SockRef;
use tokio::io::BufReader;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use tracing::Instrument as _;

use super::serving::{http1, http2};
use crate::app::Shared;
use crate::http::Link;
use crate::tls::{Inside, Stream, Tls};

/// A pause after a failed `accept`: the usual cause, too many open files, does not go away at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// The system takes no more for a connection than it can send soon and this much: else a reader that does not read has
/// megabytes there before its queue here is full and its socket is closed.
const UNSENT_MAX_BYTES: u32 = 64 * 1024;
/// Connections of one network at once, beside its sockets and those of the relay: forty browsers with six each. Proxies
/// that are trusted, and this machine's own addresses, are not counted.
pub(super) const PER_NETWORK: u32 = 256;
/// The same in all: as many as the system allows.
pub(super) const IN_TOTAL: u32 = u32::MAX;
/// The first byte of every TLS connection: a record with a handshake message (RFC 8446 §5.1).
const TLS_HANDSHAKE: u8 = 22;

/// What a listener does with those who come.
#[derive(Debug, Clone)]
pub(super) struct Front {
    pub(super) app: Shared,
    /// Answers requests.
    pub(super) router: Router,
    /// On a port of HTTPS.
    pub(super) https: Option<Https>,
}

/// What a port of HTTPS has beside its router.
#[derive(Debug, Clone)]
pub(super) struct Https {
    pub(super) tls: Tls,
    /// Answers plain HTTP, by sending it on to HTTPS.
    pub(super) plain: Router,
}

/// Accepts until the server stops.
pub(super) async fn accept(front: Front, listener: TcpListener) {
    let front = Arc::new(front);
    let app = &front.app;
    loop {
        let accepted = tokio::select! {
            () = app.stopping.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, from)) => {
                let span = tracing::debug_span!("connection", peer.address = %from);
                let serving = serve(Arc::clone(&front), stream, from);
                app.tasks.spawn(serving.instrument(span));
            }
            Err(error) if concerns_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                let pause = app.clock.instant() + ACCEPT_PAUSE;
                tokio::time::sleep_until(pause).await;
            }
        }
    }
}

fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
    )
}

async fn serve(front: Arc<Front>, stream: TcpStream, from: SocketAddr) {
    let app = &front.app;
    // Given up at the end of this function: HTTP is over by then, or has become a socket.
    let place = app.connections.admit(from.ip());
    if place.is_none() && !app.config.trusts(from.ip()) {
        tracing::debug!("one connection too many of one network");
        return;
    }
    if let Err(error) = tune(&stream) {
        tracing::debug!(%error, "a connection keeps the system's defaults");
    }
    let plain = Link {
        from,
        secure: false,
    };
    let Some(https) = &front.https else {
        return http1(app, stream, plain, front.router.clone()).await;
    };
    let opening = tokio::select! {
        opening = open(app, &https.tls, stream) => opening,
        () = app.stopping.cancelled() => return,
    };
    match opening {
        Ok(Opening::Plain(stream)) => http1(app, stream, plain, https.plain.clone()).await,
        Ok(Opening::Secure(inside, stream)) => {
            if let Inside::Relay = inside {
                // It has quotas of its own.
                drop(place);
            }
            secure(&front, inside, *stream, from).await;
        }
        Ok(Opening::Over) => {}
        Err(error) => tracing::debug!(%error, "a connection was lost before it began"),
    }
}

fn tune(stream: &TcpStream) -> io::Result<()> {
    // Without it a small answer waits for the acknowledgement of the one before.
    stream.set_nodelay(true)?;
    SockRef::from(stream).set_tcp_notsent_lowat(UNSENT_MAX_BYTES)
}

/// What comes on a port of HTTPS.
enum Opening {
    /// Plain HTTP.
    Plain(TcpStream),
    /// TLS, with this in it.
    Secure(Inside, Box<Stream<TcpStream>>),
    /// All has been said already.
    Over,
}

/// Shakes hands and looks what is spoken, each within its deadline.
async fn open(app: &Shared, tls: &Tls, stream: TcpStream) -> io::Result<Opening> {
    let limits = &app.config.limits;
    let within = limits.handshake_deadline_ms.as_duration();
    let mut stream = match timeout(within, shake_hands(tls, stream)).await?? {
        Handshake::None(stream) => return Ok(Opening::Plain(stream)),
        Handshake::Done(stream) => stream,
        Handshake::Over => return Ok(Opening::Over),
    };
    let within = limits.header_deadline_ms.as_duration();
    let inside = timeout(within, stream.inside()).await??;
    Ok(Opening::Secure(inside, stream))
}

/// What came of the first bytes.
enum Handshake {
    /// It is plain HTTP, not a byte of it read.
    None(TcpStream),
    Done(Box<Stream<TcpStream>>),
    Over,
}

async fn shake_hands(tls: &Tls, stream: TcpStream) -> io::Result<Handshake> {
    let mut first = [0];
    stream.peek(&mut first).await?;
    Ok(match first {
        [TLS_HANDSHAKE] => match tls.accept(stream).await? {
            Some(stream) => Handshake::Done(Box::new(stream)),
            None => Handshake::Over,
        },
        [first] if first.is_ascii_alphabetic() => Handshake::None(stream),
        _ => Handshake::Over,
    })
}

async fn secure(front: &Front, inside: Inside, stream: Stream<TcpStream>, from: SocketAddr) {
    let (app, router) = (&front.app, front.router.clone());
    let link = Link { from, secure: true };
    let stream = stream.into_inner();
    match inside {
        Inside::Http1 => http1(app, stream, link, router).await,
        Inside::Http2 => http2(app, stream, link, router).await,
        Inside::Relay => relay(app, stream, from).await,
        Inside::Silence => {}
    }
}

/// TURN inside of TLS.
async fn relay(app: &Shared, stream: BufReader<TlsStream<TcpStream>>, from: SocketAddr) {
    let local = stream.get_ref().get_ref().0.local_addr();
    match (&app.relay, local) {
        (Some(relay), Ok(local)) => {
            relay
                .serve_stream(stream, Transport::Tls, local, from)
                .await;
        }
        (None, _) => tracing::debug!("TURN inside of TLS, but the relay is off"),
        (_, Err(error)) => tracing::debug!(%error, "a connection was lost before it began"),
    }
}
