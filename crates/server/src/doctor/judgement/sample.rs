//! A server and its place, for tests to vary.

use std::path::PathBuf;

use protocol::relay::RelayMode;

use crate::doctor::findings::{Place, Target};

/// A server behind a router, with all that there can be.
pub(super) fn target() -> Target {
    Target {
        secure: true,
        host: "chat.example.org".to_owned(),
        port: 443,
        relay: Some("127.0.0.1:3478".parse().unwrap()),
        mode: RelayMode::Fallback,
        relay_tls_port: Some(443),
        self_signed: false,
        data: PathBuf::from("/var/lib/ahoy"),
        given: false,
    }
}

/// The machine of that server.
pub(super) fn place() -> Place {
    leading_to(&["203.0.113.5"])
}

/// The same where the name leads elsewhere.
pub(super) fn leading_to(addresses: &[&str]) -> Place {
    Place {
        here: true,
        addresses: addresses.iter().map(|text| text.parse().unwrap()).collect(),
        own: vec!["127.0.0.1".parse().unwrap(), "192.0.2.10".parse().unwrap()],
        lan: Some("192.0.2.10".parse().unwrap()),
    }
}
