//! The addresses in a configuration, checked while they are read.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::https::Domain;

/// A text that is no such address, with what it should look like.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {expected}")]
pub struct InvalidAddress {
    text: String,
    expected: &'static str,
}

impl InvalidAddress {
    pub(super) fn new(text: &str, expected: &'static str) -> Self {
        Self {
            text: text.to_owned(),
            expected,
        }
    }
}

/// Where to serve HTTP or HTTPS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Listen {
    /// `localhost:PORT`: this machine alone, by IPv4 and IPv6, because browsers try either first.
    Localhost(u16),
    /// `*:PORT`: every network, by IPv6 and IPv4.
    Everywhere(u16),
    /// One address.
    Address(SocketAddr),
}

/// The origin of a site (RFC 6454): scheme, host and port, in lower case, the scheme's own port left out.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

/// The address that people type to reach the server: an origin, no path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicUrl(Origin);

impl Listen {
    /// The addresses to bind, the likelier first.
    pub fn addresses(self) -> (SocketAddr, Option<SocketAddr>) {
        match self {
            Self::Localhost(port) => (
                (Ipv4Addr::LOCALHOST, port).into(),
                Some((Ipv6Addr::LOCALHOST, port).into()),
            ),
            Self::Everywhere(port) => (
                (Ipv6Addr::UNSPECIFIED, port).into(),
                Some((Ipv4Addr::UNSPECIFIED, port).into()),
            ),
            Self::Address(address) => (address, None),
        }
    }

    /// The port; 0 is one of the system's choice.
    pub fn port(self) -> u16 {
        match self {
            Self::Localhost(port) | Self::Everywhere(port) => port,
            Self::Address(address) => address.port(),
        }
    }

    /// Whether this machine alone can reach it.
    pub fn is_local(self) -> bool {
        match self {
            Self::Localhost(_) => true,
            Self::Everywhere(_) => false,
            Self::Address(address) => address.ip().to_canonical().is_loopback(),
        }
    }
}

impl Origin {
    /// The text, such as `https://ahoy.example.org`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host and port as a `Host` header has them, such as `ahoy.example.org` or `localhost:8080`.
    pub fn authority(&self) -> &str {
        self.0
            .split_once("://")
            .map_or("", |(_, authority)| authority)
    }

    /// The port; the scheme's own where none is written.
    pub fn port(&self) -> u16 {
        let written = self
            .authority()
            .rsplit_once(':')
            .and_then(|(_, port)| port.parse().ok());
        written.unwrap_or(if self.is_secure() { 443 } else { 80 })
    }

    /// The name or address of the host, such as `ahoy.example.org` or `2001:db8::10`.
    pub fn host(&self) -> &str {
        let authority = self.authority();
        match authority
            .strip_prefix('[')
            .and_then(|rest| rest.split_once(']'))
        {
            Some((ipv6, _)) => ipv6,
            None => authority
                .split_once(':')
                .map_or(authority, |(host, _)| host),
        }
    }

    /// Whether the scheme is `https`.
    pub fn is_secure(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl PublicUrl {
    /// HTTPS at a name; the port is left out where it is HTTPS's own, or not known yet.
    pub(super) fn https(domain: &Domain, port: u16) -> Self {
        match port {
            0 | 443 => Self(Origin(format!("https://{domain}"))),
            port => Self(Origin(format!("https://{domain}:{port}"))),
        }
    }

    /// Its origin.
    pub fn origin(&self) -> &Origin {
        &self.0
    }
}

impl FromStr for Listen {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let expected = "ADDRESS:PORT; write localhost:8080, *:8080 or 192.0.2.10:8080";
        let invalid = || InvalidAddress::new(text, expected);
        let parsed = match text.rsplit_once(':') {
            Some(("localhost", port)) => port.parse().map(Self::Localhost).ok(),
            Some(("*", port)) => port.parse().map(Self::Everywhere).ok(),
            _ => text.parse().map(Self::Address).ok(),
        };
        parsed.ok_or_else(invalid)
    }
}

impl FromStr for Origin {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let invalid = || InvalidAddress {
            text: text.to_owned(),
            expected: "an origin; write https://ahoy.example.org, with no path",
        };
        let lower = text.to_ascii_lowercase();
        let (scheme, authority) = lower.split_once("://").ok_or_else(invalid)?;
        let own_port = match scheme {
            "https" => ":443",
            "http" => ":80",
            _ => return Err(invalid()),
        };
        let authority = authority.strip_suffix(own_port).unwrap_or(authority);
        let parsed: axum::http::uri::Authority = authority.parse().map_err(|_| invalid())?;
        if parsed.as_str().contains('@') || parsed.host().is_empty() {
            return Err(invalid());
        }
        Ok(Self(format!("{scheme}://{authority}")))
    }
}

impl FromStr for PublicUrl {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        text.strip_suffix('/').unwrap_or(text).parse().map(Self)
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Localhost(port) => write!(f, "localhost:{port}"),
            Self::Everywhere(port) => write!(f, "*:{port}"),
            Self::Address(address) => address.fmt(f),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A type that is written as text: the two conversions that serde wants.
macro_rules! text_form {
    ($($name:ident),*) => {$(
        impl TryFrom<String> for $name {
            type Error = InvalidAddress;

            fn try_from(text: String) -> Result<Self, InvalidAddress> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(address: $name) -> Self {
                address.to_string()
            }
        }
    )*};
}
text_form!(Listen, Origin, PublicUrl);
pub(super) use text_form;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn localhost_is_both_loopback_addresses() {
        let (v4, v6) = "localhost:8080".parse::<Listen>().unwrap().addresses();
        assert_eq!(v4.to_string(), "127.0.0.1:8080");
        assert_eq!(v6.unwrap().to_string(), "[::1]:8080");
        assert!("localhost:1".parse::<Listen>().unwrap().is_local());
        for wrong in [
            "8080",
            "localhost",
            "localhost:x",
            "example.org:80",
            "*",
            "*:x",
            "",
        ] {
            let error = wrong.parse::<Listen>().unwrap_err().to_string();
            assert!(error.contains("localhost:8080"), "{error}");
        }
    }

    #[test]
    fn a_star_is_every_network_by_both_families() {
        let everywhere: Listen = "*:443".parse().unwrap();
        let (v6, v4) = everywhere.addresses();
        assert_eq!(v6.to_string(), "[::]:443");
        assert_eq!(v4.unwrap().to_string(), "0.0.0.0:443");
        assert_eq!(everywhere.to_string(), "*:443");
        assert!(!everywhere.is_local());
    }

    #[test]
    fn an_origin_is_folded_and_has_no_path() {
        let origin = |text: &str| text.parse::<Origin>().map(|origin| origin.0);
        assert_eq!(
            origin("HTTPS://Ahoy.Example:443").unwrap(),
            "https://ahoy.example"
        );
        assert_eq!(origin("http://[::1]:8080").unwrap(), "http://[::1]:8080");
        for (text, port) in [
            ("https://a", 443),
            ("http://a", 80),
            ("https://a:8443", 8443),
            ("https://[::1]", 443),
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().port(), port, "{text}");
        }
        for (text, host) in [
            ("https://ahoy.example", "ahoy.example"),
            ("https://192.0.2.1:8443", "192.0.2.1"),
            ("https://[2001:db8::1]:8443", "2001:db8::1"),
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().host(), host);
        }
        for wrong in [
            "null",
            "ahoy.example",
            "ftp://a",
            "https://a/b",
            "https://",
            "https://u@a",
        ] {
            assert!(origin(wrong).is_err(), "{wrong}");
        }
        assert!("https://a/".parse::<PublicUrl>().is_ok());
    }
}
