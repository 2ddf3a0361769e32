//! Plain HTTP where HTTPS is served: it sends browsers on, and does nothing else.
//!
//! Only what reads is sent on; a request that writes has already sent its content in the clear, and is
//! refused so that somebody notices. Where the certificate is self-signed, a page says first what the
//! browser is about to warn of, and by which fingerprint the certificate is known.

use std::fmt::Write as _;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use crate::config::{Config, Https};
use crate::http;
use crate::tls::Tls;

const PAGE: &str = include_str!("redirect.html");
const STYLE: &str = include_str!("redirect.css");
/// The page has a style of its own and nothing else.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'",
);
const STYLE_PATH: &str = "/ahoy-certificate.css";

/// Where browsers are sent.
#[derive(Debug, Clone)]
struct Target {
    /// The address that is known to be right, such as `chat.example.org` or `chat.example.org:8443`.
    authority: Option<String>,
    /// The port of HTTPS, for browsers that came by another name or address.
    port: u16,
    /// What the page tells, where there is one.
    explained: Option<Tls>,
}

/// The routes of plain HTTP, where HTTPS is served on this port.
pub(super) fn router(config: &Config, tls: &Tls, port: u16) -> Router {
    let is_self_signed = config.tls.source() == Https::SelfSigned;
    let public = config.public_url();
    let target = Target {
        authority: public.map(|url| url.origin().authority().to_owned()),
        port,
        explained: is_self_signed.then(|| tls.clone()),
    };
    let style = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
    Router::new()
        .route(STYLE_PATH, get(async move || (style, STYLE)))
        .fallback(send_on)
        .with_state(target)
}

async fn send_on(State(target): State<Target>, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let message =
            "This address speaks HTTPS. What was sent here has crossed the network in the clear.\n";
        return (StatusCode::FORBIDDEN, message).into_response();
    }
    let Some(authority) = target.authority_for(request.headers()) else {
        let message = "This address speaks HTTPS, and the request does not say at which host.\n";
        return (StatusCode::BAD_REQUEST, message).into_response();
    };
    let path = request.uri().path_and_query();
    let url = format!(
        "https://{authority}{}",
        path.map_or("/", |path| path.as_str())
    );
    match &target.explained {
        Some(tls) => explain(&authority, tls),
        None => location(&url),
    }
}

impl Target {
    /// The public address where one is known, else the host that the browser asked for, at the port of HTTPS.
    fn authority_for(&self, headers: &HeaderMap) -> Option<String> {
        if let Some(authority) = &self.authority {
            return Some(authority.clone());
        }
        let host = http::host(headers)?;
        let bare = match host.rsplit_once(':') {
            // Not within the brackets of an IPv6 address.
            Some((bare, port)) if port.chars().all(|c| c.is_ascii_digit()) => bare,
            _ => host,
        };
        let mut authority = bare.to_owned();
        if self.port != 443 {
            // Writing to a String cannot fail.
            let _written = write!(authority, ":{}", self.port);
        }
        Some(authority)
    }
}

fn location(url: &str) -> Response {
    match HeaderValue::try_from(url) {
        Ok(url) => {
            let headers = [(header::LOCATION, url)];
            (StatusCode::PERMANENT_REDIRECT, headers).into_response()
        }
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// Says what the browser is about to warn of. The host in it has no character that means anything in HTML.
fn explain(authority: &str, tls: &Tls) -> Response {
    let fingerprint = tls.facts().map_or(String::new(), |facts| facts.fingerprint);
    let page = PAGE
        .replace("{url}", &format!("https://{authority}/"))
        .replace("{authority}", authority)
        .replace("{fingerprint}", &fingerprint.replace(':', ":<wbr>"));
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ),
    ];
    (headers, page).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_keeps_the_host_it_asked_for_and_gets_the_port_of_https() {
        for (host, port, authority) in [
            ("192.0.2.10", 443, "192.0.2.10"),
            ("192.0.2.10:80", 443, "192.0.2.10"),
            ("chat.lan:8080", 8443, "chat.lan:8443"),
            ("[2001:db8::1]", 443, "[2001:db8::1]"),
            ("[2001:db8::1]:8080", 8443, "[2001:db8::1]:8443"),
        ] {
            let target = target(None, port);
            let found = target.authority_for(&headers(host));
            assert_eq!(found.as_deref(), Some(authority), "{host}");
        }
    }

    #[test]
    fn where_the_public_address_is_known_it_is_the_only_one() {
        let target = target(Some("chat.example.org"), 443);
        let found = target.authority_for(&headers("evil.example"));
        assert_eq!(found.as_deref(), Some("chat.example.org"));
    }

    #[test]
    fn a_host_that_is_none_is_sent_nowhere() {
        let target = target(None, 443);
        for host in ["", "a/b", "a b", "<script>", "a@b"] {
            assert_eq!(target.authority_for(&headers(host)), None, "{host}");
        }
        assert_eq!(target.authority_for(&HeaderMap::new()), None);
    }

    fn target(authority: Option<&str>, port: u16) -> Target {
        Target {
            authority: authority.map(str::to_owned),
            port,
            explained: None,
        }
    }

    fn headers(host: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        headers
    }
}
