//! The server as a browser reaches it: HTTP or HTTPS, and the socket.

use std::net::SocketAddr;
use std::pin::pin;

use axum::http::header::{
    CONNECTION, DATE, HOST, ORIGIN, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use jiff::fmt::rfc2822::DateTimeParser;
use protocol::Timestamp;
use rustls::RootCertStore;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::super::findings::{CertificateFinding, Place, SocketFinding, Target, WebFinding};
use super::PATIENCE;
use super::certificate;
use super::wire::Duplex;
use crate::clock::Clock;

/// RFC 6455 §1.3: any 16 bytes; this is the RFC's own example.
const SOCKET_KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// What was found of HTTP and of the certificate, where there is one.
pub(in super::super) struct Found {
    pub(in super::super) web: WebFinding,
    pub(in super::super) certificate: Option<CertificateFinding>,
    /// The address that answered.
    pub(in super::super) at: Option<SocketAddr>,
}

/// Asks whether the server lives, at the first address that answers.
pub(in super::super) async fn ask(
    target: &Target,
    place: &Place,
    issuers: &RootCertStore,
    clock: &Clock,
) -> Found {
    let mut found = Found {
        web: WebFinding::Silent,
        certificate: None,
        at: None,
    };
    for &address in &place.addresses {
        let at = SocketAddr::new(address, target.port);
        if let Ok((web, certificate)) = timeout(PATIENCE, ask_at(target, at, issuers, clock)).await
            && web != WebFinding::Silent
        {
            let is_answer = matches!(web, WebFinding::Answered { .. });
            found = Found {
                web,
                certificate,
                at: Some(at),
            };
            if is_answer {
                break;
            }
        }
    }
    found
}

async fn ask_at(
    target: &Target,
    at: SocketAddr,
    issuers: &RootCertStore,
    clock: &Clock,
) -> (WebFinding, Option<CertificateFinding>) {
    let mut certificate = None;
    let stream: Box<dyn Duplex> = if target.secure {
        match certificate::connect(at, &target.host).await {
            Ok(shown) => {
                certificate = shown.certificate(&target.host, issuers, clock.now());
                Box::new(shown.stream)
            }
            Err(why) => return (unless_silent(at, why).await, None),
        }
    } else {
        match TcpStream::connect(at).await {
            Ok(stream) => Box::new(stream),
            Err(_) => return (WebFinding::Silent, None),
        }
    };
    let request = Request::get("/healthz").header(HOST, authority(target));
    let web = match request.body(Empty::new()) {
        Ok(request) => match exchange(stream, request).await {
            Ok(response) if response.status() == 200 => WebFinding::Answered {
                clock_ahead: clock_ahead(&response, clock.now()),
            },
            Ok(response) => WebFinding::Status(response.status().as_u16()),
            Err(why) => WebFinding::NotUnderstood(why),
        },
        Err(error) => WebFinding::NotUnderstood(error.to_string()),
    };
    (web, certificate)
}

/// A port that takes connections and no TLS is another fault than one that takes none.
async fn unless_silent(at: SocketAddr, why: String) -> WebFinding {
    match TcpStream::connect(at).await {
        Ok(_) => WebFinding::NotUnderstood(why),
        Err(_) => WebFinding::Silent,
    }
}

/// Opens the socket as a page of this address would, and leaves at once.
pub(in super::super) async fn open_socket(
    target: &Target,
    url: &str,
    at: SocketAddr,
) -> SocketFinding {
    let opened = timeout(PATIENCE, async {
        let stream = connect(target, at).await?;
        let request = Request::get("/api/v1/socket")
            .header(HOST, authority(target))
            .header(ORIGIN, url)
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "websocket")
            .header(SEC_WEBSOCKET_VERSION, "13")
            .header(SEC_WEBSOCKET_KEY, SOCKET_KEY)
            .body(Empty::new());
        exchange(stream, request.map_err(|error| error.to_string())?).await
    });
    match opened.await {
        Ok(Ok(response)) if response.status() == 101 => SocketFinding::Open,
        Ok(Ok(response)) => SocketFinding::Status(response.status().as_u16()),
        Ok(Err(_)) | Err(_) => SocketFinding::Silent,
    }
}

/// A connection to the server, whatever its certificate says.
pub(super) async fn connect(target: &Target, at: SocketAddr) -> Result<Box<dyn Duplex>, String> {
    Ok(if target.secure {
        Box::new(certificate::connect(at, &target.host).await?.stream)
    } else {
        let stream = TcpStream::connect(at).await;
        Box::new(stream.map_err(|error| error.to_string())?)
    })
}

async fn exchange(
    stream: Box<dyn Duplex>,
    request: Request<Empty<Bytes>>,
) -> Result<Response<Incoming>, String> {
    let handshake = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|error| error.to_string())?;
    let mut asked = pin!(sender.send_request(request));
    tokio::select! {
        biased;
        response = &mut asked => response,
        // A connection that became a WebSocket is over for HTTP; the answer to that waits to be taken.
        ended = connection => match ended {
            Ok(()) => asked.await,
            Err(error) => Err(error),
        },
    }
    .map_err(|error| error.to_string())
}

/// As a browser writes it into `Host`.
pub(super) fn authority(target: &Target) -> String {
    let url = super::super::judgement::url(target, &target.host);
    url.split_once("://")
        .map_or(String::new(), |(_, authority)| authority.to_owned())
}

/// By the second, as `Date` tells it (RFC 9110 §6.6.1).
fn clock_ahead<B>(response: &Response<B>, now: Timestamp) -> Option<i64> {
    let date = response.headers().get(DATE)?.to_str().ok()?;
    let date = DateTimeParser::new().parse_timestamp(date).ok()?;
    Some(date.as_millisecond() - now.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_compared_by_the_date_of_an_answer() {
        let at = |date: &str| {
            let response = Response::builder().header(DATE, date).body(()).unwrap();
            clock_ahead(&response, Timestamp(1_792_000_000_000))
        };
        assert_eq!(at("Wed, 14 Oct 2026 17:46:40 GMT"), Some(0));
        assert_eq!(at("Wed, 14 Oct 2026 18:46:40 GMT"), Some(3_600_000));
        assert_eq!(at("yesterday"), None);
    }
}
