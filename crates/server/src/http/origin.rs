//! Whose page sent a request?
//!
//! A browser names the page's origin in `Origin`; a page cannot forge it. Allowed are our own origin and
//! those in the config. Our own is the public URL, or the host that the request was sent to, by the
//! browser's scheme. `null` (sandboxed frames, files) is nobody's.

use axum::http::{HeaderMap, HeaderName, header};
use protocol::error::ErrorCode;

use super::Peer;
use crate::config::{Config, Origin};
use crate::error::Refusal;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Lets through what has no `Origin`, such as a native client, and what comes from an allowed one.
///
/// # Errors
/// [`ErrorCode::Forbidden`].
pub fn check_origin(config: &Config, peer: Peer, headers: &HeaderMap) -> Result<(), Refusal> {
    if headers.contains_key(header::ORIGIN) && !is_allowed(config, peer, headers) {
        return Err(foreign(config));
    }
    Ok(())
}

/// Lets through only what certainly comes from an allowed page: for everything that a cookie decides.
pub(super) fn check_own_page(
    config: &Config,
    peer: Peer,
    headers: &HeaderMap,
) -> Result<(), Refusal> {
    let site = headers.get(SEC_FETCH_SITE);
    let is_same_origin = site.is_none_or(|site| site.as_bytes() == b"same-origin");
    if is_same_origin && is_allowed(config, peer, headers) {
        Ok(())
    } else {
        Err(foreign(config))
    }
}

/// The host that a request was sent to, where it names exactly one that is well formed.
pub fn host(headers: &HeaderMap) -> Option<&str> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (host, None) = (hosts.next()?, hosts.next()) else {
        return None;
    };
    let host = host.to_str().ok()?;
    let is_plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
    (!host.is_empty() && host.chars().all(is_plain)).then_some(host)
}

fn is_allowed(config: &Config, peer: Peer, headers: &HeaderMap) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let (Some(origin), None) = (origins.next(), origins.next()) else {
        return false;
    };
    let origin = origin
        .to_str()
        .ok()
        .and_then(|text| text.parse::<Origin>().ok());
    let Some(origin) = origin else {
        return false;
    };
    let is_public = config
        .public_url()
        .is_some_and(|url| *url.origin() == origin);
    let scheme = if peer.secure { "https" } else { "http" };
    let sent_to =
        host(headers).and_then(|host| format!("{scheme}://{host}").parse::<Origin>().ok());
    is_public
        || sent_to.is_some_and(|own| own == origin)
        || config.allowed_origins.contains(&origin)
}

fn foreign(config: &Config) -> Refusal {
    let hint = if config.public_url().is_none() {
        " Behind a proxy, set public_url to the address that people type."
    } else {
        ""
    };
    let message = format!("Requests from pages of this origin are not allowed.{hint}");
    Refusal::new(ErrorCode::Forbidden, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Link;

    #[test]
    fn our_own_page_and_configured_ones_are_allowed() {
        for (origin, host, allowed) in [
            ("http://localhost:8080", "localhost:8080", true),
            ("http://LOCALHOST:8080", "localhost:8080", true),
            ("http://localhost:80", "localhost", true),
            ("https://friend.example", "localhost:8080", true),
            ("https://localhost:8080", "localhost:8080", false),
            ("http://localhost:8081", "localhost:8080", false),
            (
                "http://localhost:8080.evil.example",
                "localhost:8080",
                false,
            ),
            ("http://evil.example", "localhost:8080", false),
            (
                "https://friend.example.evil.example",
                "localhost:8080",
                false,
            ),
            ("null", "localhost:8080", false),
            ("", "localhost:8080", false),
        ] {
            let headers = headers(&[("origin", origin), ("host", host)]);
            assert_eq!(
                check_origin(&config(None), by(&config(None)), &headers).is_ok(),
                allowed,
                "{origin}"
            );
            assert_eq!(
                check_own_page(&config(None), by(&config(None)), &headers).is_ok(),
                allowed,
                "{origin}"
            );
        }
    }

    #[test]
    fn with_a_public_url_its_scheme_counts() {
        let config = config(Some("https://ahoy.example"));
        for (origin, host, allowed) in [
            ("https://ahoy.example", "10.0.0.1:8080", true),
            ("https://ahoy.example", "ahoy.example", true),
            ("http://ahoy.example", "ahoy.example", false),
        ] {
            let headers = headers(&[("origin", origin), ("host", host)]);
            assert_eq!(
                check_origin(&config, by(&config), &headers).is_ok(),
                allowed,
                "{origin} {host}"
            );
        }
    }

    #[test]
    fn without_an_origin_a_socket_is_let_through_and_a_cookie_is_not() {
        let headers = headers(&[("host", "localhost:8080")]);
        assert!(check_origin(&config(None), by(&config(None)), &headers).is_ok());
        assert!(check_own_page(&config(None), by(&config(None)), &headers).is_err());
    }

    #[test]
    fn a_browser_that_says_cross_site_is_believed() {
        for (site, allowed) in [
            ("same-origin", true),
            ("same-site", false),
            ("cross-site", false),
        ] {
            let own = [
                ("origin", "http://a"),
                ("host", "a"),
                ("sec-fetch-site", site),
            ];
            assert_eq!(
                check_own_page(&config(None), by(&config(None)), &headers(&own)).is_ok(),
                allowed,
                "{site}"
            );
        }
    }

    #[test]
    fn two_origins_or_two_hosts_are_none() {
        let twice = [
            ("origin", "http://a"),
            ("origin", "http://a"),
            ("host", "a"),
        ];
        assert!(check_origin(&config(None), by(&config(None)), &headers(&twice)).is_err());
        assert_eq!(host(&headers(&[("host", "a"), ("host", "b")])), None);
        assert_eq!(host(&headers(&[("host", "a; script-src *")])), None);
    }

    /// Whoever comes from this machine.
    fn by(config: &Config) -> Peer {
        let link = Link {
            from: "127.0.0.1:9".parse().unwrap(),
            secure: false,
        };
        Peer::new(config, link, &HeaderMap::new())
    }

    fn config(public_url: Option<&str>) -> Config {
        Config {
            public_url: public_url.map(|url| url.parse().unwrap()),
            allowed_origins: vec!["https://friend.example".parse().unwrap()],
            ..Config::default()
        }
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        let mut headers = HeaderMap::new();
        pairs.for_each(|(name, value)| {
            headers.append(name, value);
        });
        headers
    }
}
