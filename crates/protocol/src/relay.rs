//! How a device gets at the server's relay: for pairs of devices with no direct path, and for people who hide their address.
//!
//! The relay is TURN (RFC 8656). What goes through it is encrypted between the two devices; it sees
//! addresses, sizes and times. Access is given for one call, to a device that takes part in it or that it rings, and is
//! worth nothing once the call is over.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Milliseconds;

/// When sound goes through the relay; the host decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum RelayMode {
    /// Never: without a direct path there is no call.
    Off,
    /// Where there is no direct path, or somebody hides their address.
    #[default]
    Fallback,
    /// Always: nobody learns anybody's address.
    Always,
}

/// What a device may use for one call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RelayAccess {
    /// Whether the device may use its own addresses as well.
    pub policy: PathPolicy,
    /// The ways to the relay, the best first.
    pub servers: Vec<RelayServer>,
    /// The user name of the long-term credential (RFC 8489 §9.2).
    pub username: String,
    /// Its password.
    pub password: RelayPassword,
    /// Allocations can be made for so long; one that is made lives as long as the call.
    pub expires_in: Milliseconds,
}

/// Which paths a device looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum PathPolicy {
    /// All; the direct one wins.
    Any,
    /// The relay alone: the other side learns no address. The server passes no other candidates on.
    RelayOnly,
}

/// One way to the relay, at the host that the client already talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RelayServer {
    /// How the device talks to it.
    pub transport: RelayTransport,
    /// Its port.
    pub port: u16,
}

/// How a device talks to the relay. What the relay sends on is always UDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum RelayTransport {
    /// `turn:` over UDP.
    Udp,
    /// `turn:` over TCP.
    Tcp,
    /// `turns:` over TCP.
    Tls,
}

/// The password of a relay credential. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "typescript", ts(type = "string"))]
pub struct RelayPassword(String);

impl RelayPassword {
    /// Wraps one.
    pub const fn new(password: String) -> Self {
        Self(password)
    }

    /// The password itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RelayPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RelayPassword(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn password_hides_itself() {
        let password = RelayPassword::new("secret".to_owned());
        assert!(!format!("{password:?}").contains("secret"));
    }
}
