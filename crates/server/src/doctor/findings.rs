//! What the doctor's probes can find: the words between them and the judgement.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use protocol::relay::{RelayMode, RelayTransport};

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// By HTTPS.
    pub secure: bool,
    /// The name or address, without brackets.
    pub host: String,
    /// The port of HTTP or HTTPS.
    pub port: u16,
    /// Where this machine finds STUN and the relay, if it runs here; nothing where they are off.
    pub relay: Option<SocketAddr>,
    /// When sound goes through the relay.
    pub mode: RelayMode,
    /// The port at which the relay may be spoken inside TLS; nothing where there is none.
    pub relay_tls_port: Option<u16>,
    /// Whether the host wants a certificate that nobody else signs.
    pub self_signed: bool,
    /// The data directory.
    pub data: PathBuf,
    /// Whether the address was given by hand, and the server may be on another machine.
    pub given: bool,
}

/// Where the doctor stands, and where the name leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Whether a server runs on the data directory, on this machine.
    pub here: bool,
    /// Where the name leads; empty where nowhere.
    pub addresses: Vec<IpAddr>,
    /// The addresses of this machine.
    pub own: Vec<IpAddr>,
    /// The address of this machine in its own network, to which a router forwards.
    pub lan: Option<IpAddr>,
}

/// What came of a request over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebFinding {
    /// As it should.
    Answered {
        /// Milliseconds by which the server's clock is ahead of this machine's; nothing where it did not say.
        clock_ahead: Option<i64>,
    },
    /// With another status.
    Status(u16),
    /// Something listens, and it does not speak TLS, or not HTTP.
    NotUnderstood(String),
    /// Nothing listens there, or it does not answer in time.
    Silent,
}

/// What came of opening the socket as a browser would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocketFinding {
    /// It opened.
    Open,
    /// Another status.
    Status(u16),
    /// No answer.
    Silent,
}

/// What came of comparing the web client that the server gives out with the one in this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientFinding {
    /// Byte for byte the same, in so many files.
    Same(u64),
    /// Another content, or none, at these paths.
    Differs(Vec<String>),
    /// No answer that could be compared.
    Silent,
}

/// How near the end of a certificate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It counts only in so many whole hours.
    NotYet(u64),
    /// It has so many whole days left.
    Days(u64),
    /// It ended so many whole days ago.
    Over(u64),
}

/// The certificate that the server showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFinding {
    /// For these names and addresses.
    pub names: Vec<String>,
    /// Whether that of the server is among them.
    pub fits: bool,
    /// How near its end is.
    pub life: Life,
    /// Whether it leads to an issuer that browsers know.
    pub trusted: bool,
    /// Whether it is its own issuer.
    pub self_issued: bool,
}

/// What came back from a port of STUN or the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortFinding {
    /// An answer, from where the name leads.
    Answered,
    /// An error (RFC 8489 §14.8).
    Refused(u16),
    /// Nothing from where the name leads, but an answer on this machine: something between them is closed.
    OnlyHere,
    /// Nothing.
    Silent,
}

/// One way to the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// How it is talked to.
    pub transport: RelayTransport,
    /// Its port.
    pub port: u16,
    /// What came back.
    pub finding: PortFinding,
    /// The address that it gave out.
    pub relayed: Option<IpAddr>,
}

/// Packets that were sent from one device to another through the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Through {
    /// How many were sent.
    pub sent: u32,
    /// How many of them arrived.
    pub arrived: u32,
}
