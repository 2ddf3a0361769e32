//! HTTP on one connection, from its first request to its end.
//!
//! HTTP/1.1 has hyper's own deadline for a header, also between requests. HTTP/2 has none, so a
//! connection on which nothing is asked is closed here.

use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::{http1 as h1, http2 as h2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::timeout_at;
use tower::ServiceExt as _;

use crate::app::Shared;
use crate::http::{Link, Peer};

/// Request line and headers together, at most, in bytes.
const HEADER_MAX_BYTES: usize = 16 * 1024;
/// The same for HTTP/2, where it counts 32 bytes more for each header (RFC 9113 §6.5.2).
const HEADER_LIST_MAX_BYTES: u32 = 16 * 1024;
/// Headers of a request, at most.
const HEADERS_MAX: usize = 64;
/// Requests at once on one HTTP/2 connection, at most.
const STREAMS_MAX: u32 = 100;
/// An answer waits in memory for a slow reader of HTTP/2 up to so much, in bytes for each request.
const SEND_BUFFER_BYTES: usize = 64 * 1024;
/// An HTTP/2 connection without requests is closed after so long. Browsers open another one unseen.
const IDLE_LIMIT: Duration = Duration::from_mins(1);
/// An HTTP/2 client that is gone without a word is found out by a ping so often …
const PING_INTERVAL: Duration = Duration::from_secs(20);
/// … that stays without an answer for so long.
const PING_PATIENCE: Duration = Duration::from_secs(10);

/// A client that is told to go may take so long to say that it has heard.
const GOODBYE_PATIENCE: Duration = Duration::from_secs(1);

/// Serves HTTP/1.1, and what it is upgraded to.
pub(super) async fn http1<S>(app: &Shared, stream: S, link: Link, router: Router)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let app_for_requests = app.clone();
    let service = router.map_request(move |request| with_peer(&app_for_requests, link, request));
    let connection = h1::Builder::new()
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
    tell(served);
}

/// Serves HTTP/2.
pub(super) async fn http2<S>(app: &Shared, stream: S, link: Link, router: Router)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (requests, mut under_way) = watch::channel(0);
    let app_for_requests = app.clone();
    let service = router
        .map_request(move |request| with_peer(&app_for_requests, link, request))
        .map_future(move |answering| {
            let request = UnderWay::new(&requests);
            async move { answering.await.map(|response| request.until_read(response)) }
        });
    let connection = h2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEADER_LIST_MAX_BYTES)
        .max_send_buf_size(SEND_BUFFER_BYTES)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_PATIENCE)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let mut connection = pin!(connection);
    let first_within = app.config.limits.header_deadline_ms.as_duration();
    let served = tokio::select! {
        served = &mut connection => Some(served),
        () = app.stopping.cancelled() => None,
        () = idle(app, &mut under_way, first_within) => None,
    };
    let served = if let Some(served) = served {
        served
    } else {
        connection.as_mut().graceful_shutdown();
        tokio::select! {
            served = connection => served,
            () = finished(app, &mut under_way) => Ok(()),
        }
    };
    tell(served);
}

/// Ends when the last request is answered and the client had its time to say goodbye.
async fn finished(app: &Shared, under_way: &mut watch::Receiver<usize>) {
    let answered = under_way.wait_for(|&count| count == 0).await;
    // An error means the same: nobody asks any more.
    drop(answered);
    tokio::time::sleep_until(app.clock.instant() + GOODBYE_PATIENCE).await;
}

fn tell(served: hyper::Result<()>) {
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended badly");
    }
}

/// A request as handlers know it: with who asks, and with `Host`, which HTTP/2 calls `:authority`
/// (RFC 9113 §8.3.1).
fn with_peer(app: &Shared, link: Link, mut request: Request<Incoming>) -> Request<Body> {
    let authority = request.uri().authority();
    let host = authority.and_then(|host| HeaderValue::try_from(host.as_str()).ok());
    if let Some(host) = host {
        request.headers_mut().insert(header::HOST, host);
    }
    let peer = Peer::new(&app.config, link, request.headers());
    request.extensions_mut().insert(peer);
    request.map(Body::new)
}

/// One request of a connection, counted as long as it lives.
struct UnderWay(watch::Sender<usize>);

impl UnderWay {
    fn new(requests: &watch::Sender<usize>) -> Self {
        requests.send_modify(|count| *count += 1);
        Self(requests.clone())
    }

    /// It lives until the client has read the answer.
    fn until_read(self, response: Response<Body>) -> Response<Body> {
        response.map(|body| {
            Body::new(body.map_frame(move |frame| {
                let _until_here = &self;
                frame
            }))
        })
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// Ends when no first request came within its time, or no further one within [`IDLE_LIMIT`].
async fn idle(app: &Shared, under_way: &mut watch::Receiver<usize>, first_within: Duration) {
    let mut patience = first_within;
    loop {
        let is_quiet = *under_way.borrow_and_update() == 0;
        let limit = app.clock.instant() + patience;
        let changed = if is_quiet {
            timeout_at(limit, under_way.changed()).await
        } else {
            Ok(under_way.changed().await)
        };
        match changed {
            Ok(Ok(())) => patience = IDLE_LIMIT,
            // Nobody asks any more.
            Ok(Err(_)) | Err(_) => return,
        }
    }
}
