//! From an HTTP request to a WebSocket, and the end of it.
//!
//! Checked before the upgrade: the origin, and that there is room for one more stranger.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::response::Response;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use protocol::error::ErrorCode;
use protocol::limits::FRAME_MAX_BYTES;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tracing::Instrument as _;

use super::hello::Stranger;
use super::{Close, connection};
use crate::app::Shared;
use crate::error::Refusal;
use crate::http;
use crate::http::Peer;
use crate::places::Place;

/// The read buffer of a socket, in bytes: the library's own choice is 128 KiB for each, taken at once.
const READ_BUFFER_BYTES: usize = 4 * 1024;
/// Frames are gathered up to here before they are written, in bytes; a flush always writes.
const WRITE_BUFFER_BYTES: usize = 8 * 1024;
/// How long a client may take to read the close frame.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);
/// How long a closed connection is read on. Closing it with unread data in it would reset it, and the
/// client would never see why.
const LINGER: Duration = Duration::from_secs(1);
/// Bytes thrown away while lingering, at most.
const LINGER_MAX_BYTES: usize = 1024 * 1024;

/// `GET /api/v1/socket`.
///
/// # Errors
/// [`ErrorCode::Forbidden`] for a foreign origin, [`ErrorCode::Unavailable`] for one stranger too many,
/// [`ErrorCode::RateLimited`] for too many sockets from one network,
/// [`ErrorCode::BadRequest`] where it is no WebSocket handshake.
pub async fn socket(
    State(app): State<Shared>,
    peer: Peer,
    request: Request,
) -> Result<Response, Refusal> {
    http::check_origin(&app.config, peer, request.headers())?;
    let (mut parts, _) = request.into_parts();
    let upgrade = parts.extensions.remove::<OnUpgrade>();
    let handshake = axum::http::Request::from_parts(parts, ());
    let response = create_response(&handshake).map_err(|error| no_handshake(&error))?;
    let upgrade = upgrade.ok_or_else(|| no_handshake(&"the connection cannot be upgraded"))?;
    let now = app.clock.instant();
    app.allowances.take_socket(now, peer.ip)?;
    let place = app.strangers.admit(peer.ip);
    let place = place.ok_or_else(Refusal::unavailable)?;
    let span = tracing::info_span!(parent: None, "socket", user.id = tracing::field::Empty);
    let serving = serve(app.clone(), upgrade, place);
    app.tasks.spawn(serving.instrument(span));
    Ok(response.map(|()| axum::body::Body::empty()))
}

fn no_handshake(why: &dyn std::fmt::Display) -> Refusal {
    let message = format!("This address speaks WebSocket (RFC 6455): {why}.");
    Refusal::new(ErrorCode::BadRequest, message)
}

async fn serve(app: Shared, upgrade: OnUpgrade, place: Place) {
    let upgraded = match upgrade.await {
        Ok(upgraded) => upgraded,
        Err(error) => {
            tracing::debug!(%error, "a socket was lost before it began");
            return;
        }
    };
    let mut socket = open(upgraded).await;
    let close = match Stranger::new(place).hello(&app, &mut socket).await {
        Ok(credentials) => connection::run(&app, &mut socket, credentials).await,
        Err(close) => close,
    };
    tracing::debug!(reason = ?close, "socket closes");
    finish(socket, close).await;
}

async fn open(upgraded: Upgraded) -> WebSocketStream<TokioIo<Upgraded>> {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_frame_size(Some(FRAME_MAX_BYTES))
        .max_message_size(Some(FRAME_MAX_BYTES));
    WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await
}

/// Says why, then lets the connection end so that the client can hear it.
async fn finish<T>(mut socket: WebSocketStream<T>, close: Close)
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let told = timeout(CLOSE_PATIENCE, socket.close(close.frame())).await;
    if !matches!(told, Ok(Ok(()))) {
        tracing::debug!("the client was not there to be told why its socket closes");
        return;
    }
    let mut stream = socket.into_inner();
    let drain = async {
        stream.shutdown().await?;
        let mut thrown_away = 0;
        let mut buffer = [0; 1024];
        while thrown_away < LINGER_MAX_BYTES {
            match stream.read(&mut buffer).await? {
                0 => break,
                n => thrown_away += n,
            }
        }
        Ok::<_, std::io::Error>(())
    };
    if let Ok(Err(error)) = timeout(LINGER, drain).await {
        tracing::debug!(%error, "a socket ended badly");
    }
}
