//! What the host decides: a TOML file, overridden by `AHOY_…` variables, overridden by flags.
//!
//! Every key has a default, is checked while it is read, and stands in `ahoy.example.toml`. An unknown
//! key is an error, because a misspelt one would be silently ignored.

mod addresses;
mod https;
mod options;
mod relay;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use protocol::Milliseconds;
use protocol::limits;
use protocol::registration::{Registration, Search};
use serde::{Deserialize, Serialize};

pub use addresses::{InvalidAddress, Listen, Origin, PublicUrl};
pub use https::{Domain, Https, Redirect, Tls, TlsMode, TrustedProxy};
pub use options::{
    AccountName, AccountVerb, BackupOptions, Command, DoctorOptions, InviteOptions, Options,
    ResetOptions, RestoreOptions, Verb,
};
pub use relay::{Relay, RelayListen, RelayPorts};

/// The form of the log's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// HTTP for this machine alone.
const HTTP_PORT: u16 = 8080;
/// HTTPS with a self-signed certificate.
const SELF_SIGNED_PORT: u16 = 8443;
/// What `http://` means where no port is written (RFC 9110 §4.2.1).
const HTTP_WELL_KNOWN_PORT: u16 = 80;
/// What `https://` means where no port is written (RFC 9110 §4.2.2).
const HTTPS_WELL_KNOWN_PORT: u16 = 443;
/// Browsers take a fraction of a second; a slow mobile network some seconds.
const HANDSHAKE_DEADLINE: Milliseconds = Milliseconds::from_seconds(10);

/// Everything that the host decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where to serve HTTP or HTTPS. Default: see [`Config::listen`].
    pub listen: Option<Listen>,
    /// The directory of the database and the keys. Default: `./ahoy-data`.
    pub data: PathBuf,
    /// The address that people type, where it is not the one listened to, such as behind a proxy
    /// that adds TLS. With `https`, cookies become `Secure`. Default: see [`Config::public_url`].
    pub public_url: Option<PublicUrl>,
    /// Proxies whose word about a client's address is taken. Default: none.
    pub trusted_proxies: Vec<TrustedProxy>,
    /// Origins of other sites whose pages may open the socket. Default: none.
    pub allowed_origins: Vec<Origin>,
    /// Who may make an account. Default: see [`Config::registration`].
    pub registration: Option<Registration>,
    /// How people are found. Default: by their whole username.
    pub search: Search,
    /// Where to serve metrics, to everybody who can connect there. Default: nowhere.
    pub metrics: Option<Listen>,
    /// What to log: a level, or directives such as `info,server::calls=debug`. Default: `info`.
    pub log: String,
    /// The form of its lines. Default: text.
    pub log_format: LogFormat,
    /// HTTPS.
    pub tls: Tls,
    /// STUN and the relay.
    pub relay: Relay,
    /// How long the parts of a call may take.
    pub calls: CallTimers,
    /// Limits against abuse.
    pub limits: Limits,
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
    /// From connection to the end of the TLS handshake. Default: 10 s.
    pub handshake_deadline_ms: Milliseconds,
    /// From connection or handshake to a complete request header. Default: 10 s.
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
            listen: None,
            data: PathBuf::from("./ahoy-data"),
            public_url: None,
            trusted_proxies: Vec::new(),
            allowed_origins: Vec::new(),
            registration: None,
            search: Search::default(),
            metrics: None,
            log: "info".to_owned(),
            log_format: LogFormat::default(),
            tls: Tls::default(),
            relay: Relay::default(),
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
            handshake_deadline_ms: HANDSHAKE_DEADLINE,
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
    /// Settings contradict each other.
    #[error("{0}")]
    Contradiction(String),
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
        config.check().map_err(ConfigError::Contradiction)?;
        Ok(config)
    }

    /// Where to serve: what is set, else `localhost:8080` for HTTP, which is IPv4 and IPv6 of this machine
    /// alone, `*:443` for HTTPS, and `*:8443`, which needs no rights, for a self-signed certificate.
    pub fn listen(&self) -> Listen {
        let default = match self.tls.source() {
            Https::Off => Listen::Localhost(HTTP_PORT),
            Https::Files { .. } | Https::Acme => Listen::Everywhere(HTTPS_WELL_KNOWN_PORT),
            Https::SelfSigned => Listen::Everywhere(SELF_SIGNED_PORT),
        };
        self.listen.unwrap_or(default)
    }

    /// Where plain HTTP sends browsers on to HTTPS: what is set, else `*:80` where HTTPS has its own port.
    pub fn redirect(&self) -> Redirect {
        let is_https = self.tls.source() != Https::Off;
        let has_own_port = self.listen() == Listen::Everywhere(HTTPS_WELL_KNOWN_PORT);
        match self.tls.redirect {
            _ if !is_https => Redirect::Off,
            Some(redirect) => redirect,
            None if has_own_port => Redirect::Listen(Listen::Everywhere(HTTP_WELL_KNOWN_PORT)),
            None => Redirect::Off,
        }
    }

    /// The address that people type: what is set, else HTTPS at the first of the domains.
    pub fn public_url(&self) -> Option<PublicUrl> {
        let by_domain = || {
            let domain = self.tls.domains.first()?;
            let port = self.listen().port();
            (self.tls.source() != Https::Off).then(|| PublicUrl::https(domain, port))
        };
        self.public_url.clone().or_else(by_domain)
    }

    /// Who may make an account: what is set, else everybody where plain HTTP is served to this machine
    /// alone, so that trying it out takes no invite, and else whoever has an invite.
    pub fn registration(&self) -> Registration {
        let is_here_alone = self.tls.source() == Https::Off
            && self.listen().is_local()
            && self.public_url.is_none()
            && self.trusted_proxies.is_empty();
        self.registration.unwrap_or(if is_here_alone {
            Registration::Open
        } else {
            Registration::Invite
        })
    }

    /// Whether an address is that of a proxy whose word is believed, and which has the connections of all its clients.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let mut proxies = self.trusted_proxies.iter();
        proxies.any(|proxy| proxy.contains(address))
    }

    /// Whether people reach the server by https.
    pub fn is_secure(&self) -> bool {
        let url = self.public_url.as_ref();
        url.map_or(self.tls.source() != Https::Off, |url| {
            url.origin().is_secure()
        })
    }

    /// Whether browsers are told to insist on HTTPS. Not for a self-signed certificate: they would
    /// take nobody past their warning any more.
    pub fn is_strict(&self) -> bool {
        self.is_secure() && self.tls.source() != Https::SelfSigned
    }

    /// The port at which browsers find our own HTTPS with a certificate that they check by themselves:
    /// that of the public address, else the one that is bound.
    pub fn checked_port(&self, bound: Option<u16>) -> Option<u16> {
        let is_checked = matches!(self.tls.source(), Https::Files { .. } | Https::Acme);
        let public = self.public_url.as_ref().map(|url| url.origin().port());
        public.or(bound).filter(|_| is_checked)
    }

    /// Whether passwords would cross networks in the clear, as far as the settings tell.
    pub fn is_exposed(&self) -> bool {
        !self.is_secure() && !self.listen().is_local() && self.trusted_proxies.is_empty()
    }

    fn check(&self) -> Result<(), String> {
        let url = self.public_url.as_ref();
        if self.tls.source() != Https::Off && url.is_some_and(|url| !url.origin().is_secure()) {
            let text = "public_url is http:// while HTTPS is on; write https://, or leave it out";
            return Err(text.to_owned());
        }
        self.tls.check()
    }

    /// A configuration for tests: ports of the system's choice, this machine alone, open to everybody.
    pub fn for_tests(data: &Path) -> Self {
        Self {
            registration: Some(Registration::Open),
            search: Search::Open,
            listen: Some(Listen::Address(SocketAddr::from(([127, 0, 0, 1], 0)))),
            data: data.to_owned(),
            relay: Relay {
                listen: RelayListen::Address(SocketAddr::from(([127, 0, 0, 1], 0))),
                ..Relay::default()
            },
            ..Self::default()
        }
    }

    fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text).map_err(|mistake| ConfigError::Mistaken {
            path: path.to_owned(),
            mistake,
        })
    }

    /// Reads the text of a config file.
    ///
    /// # Errors
    /// Where the mistake is and what it is, in one line.
    pub fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| one_line(&error, text))
    }
}

/// The place and the cause of a mistake in one line, where the parser would draw a picture of several.
fn one_line(error: &toml::de::Error, text: &str) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map_or(1, |before| before.matches('\n').count() + 1);
    let message = error.message().replace('\n', ", ");
    format!("line {line}: {message}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_brings_its_own_ports_and_address() {
        let files = |config: &mut Config| {
            config.tls.cert = Some("c.pem".into());
            config.tls.key = Some("k.pem".into());
        };
        let domain = |config: &mut Config| config.tls.domains = vec!["a.example".parse().unwrap()];
        let self_signed = |config: &mut Config| config.tls.mode = TlsMode::SelfSigned;
        for (change, listen, redirect, url, strict) in [
            (None, "localhost:8080", "off", None, false),
            (
                Some(&files as &dyn Fn(&mut Config)),
                "*:443",
                "*:80",
                None,
                true,
            ),
            (
                Some(&domain),
                "*:443",
                "*:80",
                Some("https://a.example"),
                true,
            ),
            (Some(&self_signed), "*:8443", "off", None, false),
        ] {
            let mut config = Config::default();
            if let Some(change) = change {
                change(&mut config);
            }
            assert_eq!(config.listen().to_string(), listen);
            assert_eq!(config.redirect().to_string(), redirect);
            let public = config.public_url().map(|url| url.to_string());
            assert_eq!(public.as_deref(), url);
            assert_eq!(config.is_strict(), strict, "{listen}");
        }
    }

    #[test]
    fn registration_is_open_on_this_machine_alone_and_by_invite_elsewhere() {
        let changed = |change: &dyn Fn(&mut Config)| {
            let mut config = Config::default();
            change(&mut config);
            config.registration()
        };
        assert_eq!(changed(&|_| {}), Registration::Open);
        for elsewhere in [
            &(|config: &mut Config| config.listen = Some("*:8080".parse().unwrap()))
                as &dyn Fn(&mut Config),
            &|config| config.tls.mode = TlsMode::SelfSigned,
            &|config| config.tls.domains = vec!["a.example".parse().unwrap()],
            &|config| config.public_url = Some("https://a.example".parse().unwrap()),
            &|config| config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()],
        ] {
            assert_eq!(changed(elsewhere), Registration::Invite);
        }
        let closed = changed(&|config| config.registration = Some(Registration::Closed));
        assert_eq!(closed, Registration::Closed);
    }

    #[test]
    fn another_port_is_part_of_the_address_and_is_not_redirected_to() {
        let mut config = Config::default();
        config.tls.domains = vec!["a.example".parse().unwrap()];
        config.listen = Some("*:8443".parse().unwrap());
        let url = config.public_url().unwrap().to_string();
        assert_eq!(url, "https://a.example:8443");
        assert_eq!(config.redirect(), Redirect::Off);
    }

    #[test]
    fn the_port_of_a_certificate_that_is_checked_is_the_public_one() {
        let mut config = Config::default();
        assert_eq!(config.checked_port(Some(8080)), None, "no HTTPS");
        config.tls.mode = TlsMode::SelfSigned;
        assert_eq!(config.checked_port(Some(8443)), None, "nobody checks it");
        config.tls.mode = TlsMode::Auto;
        config.tls.domains = vec!["a.example".parse().unwrap()];
        assert_eq!(config.checked_port(Some(8443)), Some(8443));
        config.public_url = Some("https://a.example".parse().unwrap());
        assert_eq!(config.checked_port(Some(8443)), Some(443), "forwarded");
    }

    #[test]
    fn a_public_address_without_https_contradicts_it() {
        let mut config = Config {
            public_url: Some("http://a.example".parse().unwrap()),
            ..Config::default()
        };
        assert_eq!(config.check(), Ok(()));
        config.tls.mode = TlsMode::SelfSigned;
        assert!(config.check().unwrap_err().contains("https://"));
    }

    #[test]
    fn plain_http_beyond_this_machine_is_exposed_unless_a_proxy_is_named() {
        let mut config = Config::default();
        assert!(!config.is_exposed());
        config.listen = Some("*:8080".parse().unwrap());
        assert!(config.is_exposed());
        let behind = Config {
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            ..config.clone()
        };
        assert!(!behind.is_exposed());
        config.public_url = Some("https://a.example".parse().unwrap());
        assert!(!config.is_exposed());
    }
}
