//! What the doctor looks at, out of the settings and what was typed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::findings::Target;
use crate::config::{Config, Https, Listen, Origin, PublicUrl, RelayListen};

/// Settings that do not say where to look.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// The port is one of the system's choice.
    #[error("the settings leave the port of HTTP to the system; give the address with --url")]
    NoPort,
    /// The port of the relay is one of the system's choice.
    #[error(
        "the settings leave the port of the relay to the system; give it with --relay ADDRESS:PORT"
    )]
    NoRelayPort,
}

impl Target {
    /// What the settings describe, or the address that was given.
    ///
    /// # Errors
    /// See [`TargetError`].
    pub fn new(config: &Config, given: Option<&PublicUrl>) -> Result<Self, TargetError> {
        let is_https = config.tls.source() != Https::Off;
        let (secure, host, port) = match given.or(config.public_url().as_ref()) {
            Some(url) => {
                let origin = url.origin();
                (origin.is_secure(), host_of(origin), origin.port())
            }
            None => (
                is_https,
                host_of_listen(config.listen()),
                config.listen().port(),
            ),
        };
        if port == 0 {
            return Err(TargetError::NoPort);
        }
        let relay = match config.relay.listen {
            RelayListen::Off => None,
            RelayListen::Everywhere(port) => Some((Ipv4Addr::UNSPECIFIED, port).into()),
            RelayListen::Address(address) => Some(address),
        };
        if relay.is_some_and(|address| address.port() == 0) {
            return Err(TargetError::NoRelayPort);
        }
        Ok(Self {
            secure,
            host,
            port,
            relay: relay.map(from_here),
            mode: config.relay.mode,
            relay_tls_port: (secure && (is_https || given.is_some())).then_some(port),
            self_signed: config.tls.source() == Https::SelfSigned,
            data: config.data.clone(),
            given: given.is_some(),
        })
    }
}

/// Without port and brackets.
fn host_of(origin: &Origin) -> String {
    let authority = origin.authority();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    host.trim_start_matches('[')
        .trim_end_matches(']')
        .to_owned()
}

fn host_of_listen(listen: Listen) -> String {
    match listen {
        Listen::Localhost(_) | Listen::Everywhere(_) => "localhost".to_owned(),
        Listen::Address(address) => from_here(address).ip().to_string(),
    }
}

/// How an address that is listened on is reached on this machine.
fn from_here(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_looks_at_what_was_given_else_at_the_public_address_else_where_it_is_listened() {
        let plain = Config::default();
        let public = Config {
            public_url: Some("https://chat.example.org".parse().unwrap()),
            ..Config::default()
        };
        let given: PublicUrl = "http://[2001:db8::5]:8080".parse().unwrap();
        for (config, given, expected) in [
            (&plain, None, (false, "localhost", 8080)),
            (&public, None, (true, "chat.example.org", 443)),
            (&public, Some(&given), (false, "2001:db8::5", 8080)),
        ] {
            let target = Target::new(config, given).unwrap();
            let found = (target.secure, target.host.as_str(), target.port);
            assert_eq!(found, expected);
            assert_eq!(target.given, given.is_some());
        }
    }

    #[test]
    fn a_port_of_the_systems_choice_cannot_be_looked_at() {
        let config = Config {
            listen: Some("localhost:0".parse().unwrap()),
            ..Config::default()
        };
        assert_eq!(Target::new(&config, None), Err(TargetError::NoPort));
    }

    #[test]
    fn a_relay_everywhere_is_asked_at_this_machine() {
        let target = Target::new(&Config::default(), None).unwrap();
        assert_eq!(target.relay, Some("127.0.0.1:3478".parse().unwrap()));
    }
}
