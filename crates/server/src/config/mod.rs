//! What the host decides: a TOML file, overridden by `AHOY_…` variables, overridden by flags.
//!
//! Every key has a default, is checked while it is read, and stands in `ahoy.example.toml`. An unknown
//! key is an error, because a misspelt one would be silently ignored.

mod addresses;
mod options;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use protocol::Milliseconds;
use protocol::limits;
use serde::{Deserialize, Serialize};

pub use addresses::{InvalidAddress, Listen, Origin, PublicUrl, StunListen};
pub use options::{Command, Options};

/// Everything that the host decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where to serve HTTP. Default: `localhost:8080`, which is IPv4 and IPv6 of this machine alone.
    pub listen: Listen,
    /// The directory of the database and the keys. Default: `./ahoy-data`.
    pub data: PathBuf,
    /// The address that people type, where it is not the one listened to, such as behind a proxy
    /// that adds TLS. With `https`, cookies become `Secure`. Default: none.
    pub public_url: Option<PublicUrl>,
    /// Origins of other sites whose pages may open the socket. Default: none.
    pub allowed_origins: Vec<Origin>,
    /// What to log: a level, or directives such as `info,server::calls=debug`. Default: `info`.
    pub log: String,
    /// STUN.
    pub stun: Stun,
    /// How long the parts of a call may take.
    pub calls: CallTimers,
    /// Limits against abuse.
    pub limits: Limits,
}

/// STUN, by which a device learns its own address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stun {
    /// The UDP address to serve it on, or `off`. Default: `0.0.0.0:3478`.
    pub listen: StunListen,
}

/// How long the parts of a call may take. The defaults are those of [`protocol::limits`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CallTimers {
    /// A call rings so long on the server.
    pub ring_timeout_ms: Milliseconds,
    /// A call that has reached no device ends after so long.
    pub unreachable_timeout_ms: Milliseconds,
    /// From answer to media at both ends.
    pub connect_timeout_ms: Milliseconds,
    /// A device falls silent by itself after so long.
    pub device_ring_timeout_ms: Milliseconds,
    /// A device whose path is `disconnected` restarts ICE after so long.
    pub restart_after_ms: Milliseconds,
    /// A device that hears nothing for so long reports the call lost.
    pub lost_after_ms: Milliseconds,
    /// The server ends a call whose devices have both been away for so long.
    pub abandoned_after_ms: Milliseconds,
}

/// Limits against abuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// From connection to a complete request header. Default: 10 s.
    pub header_deadline_ms: Milliseconds,
    /// From upgrade to `hello`. Default: 5 s.
    pub hello_deadline_ms: Milliseconds,
    /// A socket gets a `ping` so often. Default: 10 s.
    pub ping_interval_ms: Milliseconds,
    /// A socket from which nothing was heard for so long is closed. Default: 15 s.
    pub silence_limit_ms: Milliseconds,
    /// Requests per second and socket, sustained. Default: 50.
    pub requests_per_second: u32,
    /// Requests at once on one socket, after a pause. Default: 100.
    pub requests_burst: u32,
    /// Password checks that may wait for their turn; one more is answered `unavailable`. Default: 64.
    pub password_queue: usize,
    /// Failed sign-ins of one account, or from one address, before the waiting begins: 1 s, doubled
    /// with every further one up to 15 min. Default: 5.
    pub free_sign_in_failures: u32,
    /// Accounts that one address may make in an hour. This machine's own addresses, and so a proxy on
    /// it, are not counted. Default: 20.
    pub accounts_per_hour: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: Listen::default(),
            data: PathBuf::from("./ahoy-data"),
            public_url: None,
            allowed_origins: Vec::new(),
            log: "info".to_owned(),
            stun: Stun::default(),
            calls: CallTimers::default(),
            limits: Limits::default(),
        }
    }
}

impl Default for CallTimers {
    fn default() -> Self {
        Self {
            ring_timeout_ms: limits::RING_TIMEOUT,
            unreachable_timeout_ms: limits::UNREACHABLE_TIMEOUT,
            connect_timeout_ms: limits::CONNECT_TIMEOUT,
            device_ring_timeout_ms: limits::DEVICE_RING_TIMEOUT,
            restart_after_ms: limits::RESTART_AFTER,
            lost_after_ms: limits::LOST_AFTER,
            abandoned_after_ms: limits::ABANDONED_AFTER,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_deadline_ms: limits::HEADER_DEADLINE,
            hello_deadline_ms: limits::HELLO_DEADLINE,
            ping_interval_ms: limits::PING_INTERVAL,
            silence_limit_ms: limits::SILENCE_LIMIT,
            requests_per_second: limits::REQUESTS_PER_SECOND,
            requests_burst: limits::REQUESTS_BURST,
            password_queue: 64,
            free_sign_in_failures: 5,
            accounts_per_hour: 20,
        }
    }
}

/// Why there is no valid configuration. The text says where and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the config file {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file has a mistake.
    #[error("the config file {} has a mistake: {mistake}", path.display())]
    Mistaken {
        /// The file.
        path: PathBuf,
        /// Where and what.
        mistake: String,
    },
}

impl Config {
    /// Puts flags and variables over the file, and the file over the defaults.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn load(options: &Options) -> Result<Self, ConfigError> {
        let mut config = match &options.config {
            Some(path) => Self::read(path)?,
            None => Self::default(),
        };
        options.put_over(&mut config);
        Ok(config)
    }

    /// Whether people reach the server by https.
    pub fn is_secure(&self) -> bool {
        let url = self.public_url.as_ref();
        url.is_some_and(|url| url.origin().is_secure())
    }

    /// A configuration for tests: ports of the system's choice, this machine alone.
    pub fn for_tests(data: &Path) -> Self {
        Self {
            listen: Listen::Address(SocketAddr::from(([127, 0, 0, 1], 0))),
            data: data.to_owned(),
            stun: Stun {
                listen: StunListen::Address(SocketAddr::from(([127, 0, 0, 1], 0))),
            },
            ..Self::default()
        }
    }

    fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        toml::from_str(&text).map_err(|error| ConfigError::Mistaken {
            path: path.to_owned(),
            mistake: one_line(&error, &text),
        })
    }
}

/// The place and the cause of a mistake in one line, where the parser would draw a picture of several.
fn one_line(error: &toml::de::Error, text: &str) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map_or(1, |before| before.matches('\n').count() + 1);
    let message = error.message().replace('\n', ", ");
    format!("line {line}: {message}")
}
