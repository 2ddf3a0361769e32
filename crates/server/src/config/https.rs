//! Where the certificate of HTTPS comes from, and whose word about clients is taken.
//!
//! What is written is checked while it is read; what contradicts itself is told by [`Tls::check`]
//! before anything starts.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use ipnet::IpNet;
use protocol::Milliseconds;
use serde::{Deserialize, Serialize};

use super::addresses::{InvalidAddress, Listen, text_form};

/// The directory of Let's Encrypt.
const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";
/// Of a name, in bytes (RFC 1035 §2.3.4).
const NAME_MAX_BYTES: usize = 253;
/// Of a part of a name, in bytes (RFC 1035 §2.3.4).
const LABEL_MAX_BYTES: usize = 63;

/// HTTPS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// What decides where the certificate comes from. Default: what else is set.
    pub mode: TlsMode,
    /// The names that people type. Alone, they ask for certificates by ACME. Default: none.
    pub domains: Vec<Domain>,
    /// A file with a certificate and those that lead to its issuer (PEM). Default: none.
    pub cert: Option<PathBuf>,
    /// The file with its private key (PEM). Default: none.
    pub key: Option<PathBuf>,
    /// The two files are looked at so often. Default: 10 s.
    pub reload_interval_ms: Milliseconds,
    /// Where plain HTTP sends browsers on to HTTPS. Default: `*:80` where HTTPS is on port 443, else off.
    pub redirect: Option<Redirect>,
    /// The ACME directory (RFC 8555 §7.1.1). Default: Let's Encrypt.
    pub acme_directory: String,
    /// An address for mail about certificates, given to the ACME server. Default: none.
    pub acme_contact: Option<String>,
    /// A file with certificates (PEM) by which the ACME server itself is known. Default: the public ones.
    pub acme_roots: Option<PathBuf>,
}

/// What decides where the certificate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum TlsMode {
    /// Files where they are named, else ACME where there are domains, else plain HTTP.
    #[default]
    Auto,
    /// A certificate that the server makes for itself.
    SelfSigned,
    /// Plain HTTP whatever else is set.
    Off,
}

/// Where the certificate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Https<'a> {
    /// From nowhere: plain HTTP.
    Off,
    /// From files of the host.
    Files {
        /// The certificate and those that lead to its issuer.
        cert: &'a Path,
        /// Its private key.
        key: &'a Path,
    },
    /// By ACME.
    Acme,
    /// From this server.
    SelfSigned,
}

/// Where plain HTTP sends browsers on to HTTPS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Redirect {
    /// Nowhere.
    Off,
    /// Here.
    Listen(Listen),
}

/// A name in the DNS, in lower case, no address and no wildcard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Domain(String);

/// Proxies whose `X-Forwarded-For` is believed: a network in CIDR form, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TrustedProxy(IpNet);

impl Default for Tls {
    fn default() -> Self {
        Self {
            mode: TlsMode::default(),
            domains: Vec::new(),
            cert: None,
            key: None,
            reload_interval_ms: Milliseconds::from_seconds(10),
            redirect: None,
            acme_directory: LETS_ENCRYPT.to_owned(),
            acme_contact: None,
            acme_roots: None,
        }
    }
}

impl Tls {
    /// Where the certificate comes from.
    pub fn source(&self) -> Https<'_> {
        match (self.mode, &self.cert, &self.key) {
            (TlsMode::Off, _, _) => Https::Off,
            (TlsMode::SelfSigned, _, _) => Https::SelfSigned,
            (TlsMode::Auto, Some(cert), Some(key)) => Https::Files { cert, key },
            (TlsMode::Auto, _, _) if self.domains.is_empty() => Https::Off,
            (TlsMode::Auto, _, _) => Https::Acme,
        }
    }

    /// What contradicts itself, and what to write instead.
    ///
    /// # Errors
    /// One sentence.
    pub(super) fn check(&self) -> Result<(), String> {
        let is_self_signed = self.mode == TlsMode::SelfSigned;
        match (&self.cert, &self.key) {
            (Some(_), None) => {
                return Err("a certificate needs its key: add --tls-key FILE".to_owned());
            }
            (None, Some(_)) => {
                return Err("a key needs its certificate: add --tls-cert FILE".to_owned());
            }
            (Some(_), Some(_)) if is_self_signed => {
                let text = "a certificate from a file and a self-signed one exclude each other: \
                            leave out --tls self-signed, or --tls-cert and --tls-key";
                return Err(text.to_owned());
            }
            _ => {}
        }
        if self.source() == Https::Acme {
            if let Some(Domain(name)) = self.domains.iter().find(|domain| !domain.is_public()) {
                return Err(format!(
                    "nobody certifies {name}, which is no name of the public DNS: use a name like \
                     chat.example.org, or --tls self-signed"
                ));
            }
            if !self.acme_directory.starts_with("https://") {
                return Err(format!(
                    "tls.acme_directory is {:?}; write the https:// address of an ACME directory",
                    self.acme_directory
                ));
            }
        }
        match &self.acme_contact {
            Some(contact) if !contact.contains('@') || contact.starts_with("mailto:") => Err(
                format!("tls.acme_contact is {contact:?}; write an address like you@example.org"),
            ),
            _ => Ok(()),
        }
    }
}

impl Domain {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether an ACME server may be asked to certify it.
    fn is_public(&self) -> bool {
        let top = self.0.rsplit_once('.').map(|(_, top)| top);
        top.is_some_and(|top| !matches!(top, "local" | "localhost" | "internal" | "lan"))
    }
}

impl TrustedProxy {
    /// Whether an address is one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for Redirect {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        match text {
            "off" => Ok(Self::Off),
            text => text.parse().map(Self::Listen),
        }
    }
}

impl FromStr for Domain {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let lower = text.to_ascii_lowercase();
        let is_label = |label: &str| {
            (1..=LABEL_MAX_BYTES).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        let is_name = lower.len() <= NAME_MAX_BYTES && lower.split('.').all(is_label);
        if is_name && lower.parse::<IpAddr>().is_err() {
            Ok(Self(lower))
        } else {
            let expected = "a name; write chat.example.org, with no https://, port or *, and xn--… \
                            for letters beyond ASCII";
            Err(InvalidAddress::new(text, expected))
        }
    }
}

impl FromStr for TrustedProxy {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let address = text.parse::<IpAddr>().map(IpNet::from);
        let network = address.or_else(|_| text.parse::<IpNet>());
        let expected = "an address or network; write 10.0.0.5, 172.16.0.0/12 or fd00::/8";
        let network = network.map_err(|_| InvalidAddress::new(text, expected))?;
        match network.addr() {
            IpAddr::V6(address) if is_mapped(address) => Err(InvalidAddress::new(text, expected)),
            _ => Ok(Self(network)),
        }
    }
}

/// IPv4 in the clothes of IPv6 is compared as IPv4 and would never match.
fn is_mapped(address: Ipv6Addr) -> bool {
    address.to_ipv4_mapped().is_some()
}

impl fmt::Display for Redirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Listen(listen) => listen.fmt(f),
        }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for TrustedProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

text_form!(Redirect, Domain, TrustedProxy);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_decides_where_the_certificate_comes_from() {
        let files = Tls {
            cert: Some("c.pem".into()),
            key: Some("k.pem".into()),
            ..Tls::default()
        };
        let named = |mode| Tls {
            mode,
            domains: vec!["chat.example.org".parse().unwrap()],
            ..Tls::default()
        };
        assert_eq!(Tls::default().source(), Https::Off);
        assert!(matches!(files.source(), Https::Files { .. }));
        assert_eq!(named(TlsMode::Auto).source(), Https::Acme);
        assert_eq!(named(TlsMode::SelfSigned).source(), Https::SelfSigned);
        assert_eq!(named(TlsMode::Off).source(), Https::Off);
        let named_files = Tls {
            domains: named(TlsMode::Auto).domains,
            ..files
        };
        assert!(matches!(named_files.source(), Https::Files { .. }));
    }

    #[test]
    fn contradictions_are_told_with_their_remedy() {
        let check = |change: fn(&mut Tls)| {
            let mut tls = Tls::default();
            change(&mut tls);
            tls.check().unwrap_err()
        };
        for (error, words) in [
            (check(|tls| tls.cert = Some("c.pem".into())), "--tls-key"),
            (check(|tls| tls.key = Some("k.pem".into())), "--tls-cert"),
            (
                check(|tls| {
                    tls.mode = TlsMode::SelfSigned;
                    tls.cert = Some("c.pem".into());
                    tls.key = Some("k.pem".into());
                }),
                "exclude each other",
            ),
            (
                check(|tls| tls.domains = vec!["nas.local".parse().unwrap()]),
                "--tls self-signed",
            ),
            (
                check(|tls| {
                    tls.domains = vec!["chat.example.org".parse().unwrap()];
                    tls.acme_directory = "http://ca.example".to_owned();
                }),
                "https://",
            ),
            (
                check(|tls| tls.acme_contact = Some("mailto:me@example.org".to_owned())),
                "you@example.org",
            ),
        ] {
            assert!(error.contains(words), "{words} in {error}");
        }
        assert_eq!(Tls::default().check(), Ok(()));
    }

    #[test]
    fn a_domain_is_a_name_and_nothing_else() {
        let domain: Domain = "Chat.Example.ORG".parse().unwrap();
        assert_eq!(domain.as_str(), "chat.example.org");
        for wrong in [
            "",
            "a..b",
            "https://a.example",
            "a.example:443",
            "*.example.org",
            "192.0.2.1",
            "-a.example",
            "münchen.example",
            "a.example.",
        ] {
            let error = wrong.parse::<Domain>().unwrap_err().to_string();
            assert!(error.contains("chat.example.org"), "{wrong}: {error}");
        }
        assert!("a".repeat(64).parse::<Domain>().is_err());
    }

    #[test]
    fn a_trusted_proxy_is_an_address_or_a_network() {
        let proxy = |text: &str| text.parse::<TrustedProxy>();
        let network = proxy("172.16.0.0/12").unwrap();
        assert!(network.contains("172.31.255.255".parse().unwrap()));
        assert!(network.contains("::ffff:172.16.0.1".parse().unwrap()));
        assert!(!network.contains("172.32.0.1".parse().unwrap()));
        let one = proxy("10.0.0.5").unwrap();
        assert!(one.contains("10.0.0.5".parse().unwrap()));
        assert!(!one.contains("10.0.0.6".parse().unwrap()));
        for wrong in ["", "10.0.0.0/33", "proxy", "::ffff:10.0.0.0/104"] {
            assert!(proxy(wrong).is_err(), "{wrong}");
        }
    }
}
