//! The accept loop: one task for each connection, with a deadline for its request header.
//!
//! It is our own because the framework's has no header timeout, and a client that sends one byte a
//! minute would keep its connection for ever.

use std::io;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;
use tracing::Instrument as _;

use crate::app::Shared;
use crate::http::Peer;

/// Request line and headers together, at most, in bytes.
const HEADER_MAX_BYTES: usize = 16 * 1024;
/// Headers of a request, at most.
const HEADERS_MAX: usize = 64;
/// A pause after a failed `accept`: the usual cause, too many open files, does not go away at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Accepts until the server stops.
pub(super) async fn accept(app: Shared, listener: TcpListener, router: Router) {
    loop {
        let accepted = tokio::select! {
            () = app.stopping.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let span = tracing::debug_span!("connection", peer.address = %peer);
                let serving = serve(app.clone(), stream, Peer(peer), router.clone());
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

async fn serve(app: Shared, stream: TcpStream, peer: Peer, router: Router) {
    // Without it a small answer waits for the acknowledgement of the one before.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let service = router.map_request(move |mut request: hyper::Request<_>| {
        request.extensions_mut().insert(peer);
        request.map(axum::body::Body::new)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(app.config.limits.header_deadline_ms.as_duration())
        .max_buf_size(HEADER_MAX_BYTES)
        .max_headers(HEADERS_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .with_upgrades();
    let mut connection = pin!(connection);
    let served = tokio::select! {
        served = &mut connection => served,
        () = app.stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended badly");
    }
}
