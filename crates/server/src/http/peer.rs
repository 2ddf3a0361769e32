//! Who asks, as far as the network tells.
//!
//! A client is the other end of its connection. Only where that is a trusted proxy is `X-Forwarded-For`
//! read, from its end towards its beginning, because each proxy adds the address it saw and a client may
//! have written anything before. `Forwarded` (RFC 7239) is not read at all: a proxy that writes the one
//! header hands on the other as the client sent it.

use std::net::{IpAddr, SocketAddr};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};

use crate::app::Shared;
use crate::config::Config;
use crate::error::Refusal;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The connection on which a request came.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    /// Its other end.
    pub from: SocketAddr,
    /// Whether it is our own HTTPS.
    pub secure: bool,
}

/// Who asks: an extension of every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its address, IPv4 as IPv4.
    pub ip: IpAddr,
    /// Whether its browser is at an `https://` address.
    pub secure: bool,
}

impl Peer {
    /// Whoever sent these headers on this connection.
    pub fn new(config: &Config, link: Link, headers: &HeaderMap) -> Self {
        let other_end = link.from.ip().to_canonical();
        let says_https = || config.trusts(other_end) && forwarded_by_https(headers);
        Self {
            ip: client(config, other_end, headers),
            secure: link.secure || config.is_secure() || says_https(),
        }
    }
}

impl FromRequestParts<Shared> for Peer {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Refusal> {
        let peer = parts.extensions.get().copied();
        peer.ok_or_else(|| Refusal::internal(&"a request without its connection's address"))
    }
}

/// The first address from the end that is no trusted proxy, or the last that can be known.
fn client(config: &Config, other_end: IpAddr, headers: &HeaderMap) -> IpAddr {
    let mut client = other_end;
    let values = headers.get_all(FORWARDED_FOR).iter().rev();
    let mut hops = values.flat_map(|value| value.as_bytes().rsplit(|&byte| byte == b','));
    while config.trusts(client) {
        match hops.next().and_then(hop) {
            Some(before) => client = before,
            None => break,
        }
    }
    client
}

/// An address with or without a port: some proxies add it.
fn hop(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let with_port = || text.parse::<SocketAddr>().map(|address| address.ip());
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let address = text.parse::<IpAddr>().or_else(|_| with_port()).ok();
    address
        .or_else(bracketed)
        .map(|address| address.to_canonical())
}

fn forwarded_by_https(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(FORWARDED_PROTO).iter();
    let (first, second) = (values.next(), values.next());
    second.is_none() && first.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_trusted_proxy_the_headers_are_nothing() {
        let config = Config::default();
        let headers = headers(&["198.51.100.7"], &["https"]);
        let peer = peer(&config, "127.0.0.1:9", &headers);
        assert_eq!(peer.ip.to_string(), "127.0.0.1");
        assert!(!peer.secure);
    }

    #[test]
    fn the_client_is_the_first_from_the_end_that_is_no_proxy() {
        for (forwarded, client) in [
            (&["198.51.100.7"][..], "198.51.100.7"),
            (&["203.0.113.1, 198.51.100.7"], "198.51.100.7"),
            (&["203.0.113.1", "198.51.100.7"], "198.51.100.7"),
            (&["198.51.100.7, 10.0.0.2"], "198.51.100.7"),
            (&["198.51.100.7", "10.0.0.2,10.0.0.3"], "198.51.100.7"),
            (&["198.51.100.7:4711"], "198.51.100.7"),
            (&["[2001:db8::7]:4711"], "2001:db8::7"),
            (&["[2001:db8::7]"], "2001:db8::7"),
            (&["2001:db8::7"], "2001:db8::7"),
            (&["::ffff:198.51.100.7"], "198.51.100.7"),
            // Nothing, nonsense, or proxies all the way: the last that can be known.
            (&[], "10.0.0.1"),
            (&[""], "10.0.0.1"),
            (&["unknown"], "10.0.0.1"),
            (&["198.51.100.7, nonsense"], "10.0.0.1"),
            (&["198.51.100.7, nonsense, 10.0.0.2"], "10.0.0.2"),
            (&["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ] {
            let peer = peer(&behind_a_proxy(), "10.0.0.1:9", &headers(forwarded, &[]));
            assert_eq!(peer.ip.to_string(), client, "{forwarded:?}");
        }
    }

    #[test]
    fn a_client_that_is_no_proxy_cannot_be_somebody_else() {
        let forged = headers(&["127.0.0.1, 10.0.0.2"], &["https"]);
        let peer = peer(&behind_a_proxy(), "198.51.100.7:9", &forged);
        assert_eq!(peer.ip.to_string(), "198.51.100.7");
        assert!(!peer.secure);
    }

    #[test]
    fn a_proxy_tells_by_which_scheme_the_browser_came() {
        for (proto, secure) in [
            (&["https"][..], true),
            (&["HTTPS"], true),
            (&["http"], false),
            (&[], false),
            (&["https", "https"], false),
            (&["https,http"], false),
        ] {
            let peer = peer(&behind_a_proxy(), "10.0.0.1:9", &headers(&[], proto));
            assert_eq!(peer.secure, secure, "{proto:?}");
        }
    }

    fn behind_a_proxy() -> Config {
        Config {
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            ..Config::default()
        }
    }

    fn peer(config: &Config, from: &str, headers: &HeaderMap) -> Peer {
        let link = Link {
            from: from.parse().unwrap(),
            secure: false,
        };
        Peer::new(config, link, headers)
    }

    fn headers(forwarded_for: &[&str], proto: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in forwarded_for {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        for value in proto {
            headers.append(FORWARDED_PROTO, value.parse().unwrap());
        }
        headers
    }
}
