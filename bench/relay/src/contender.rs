//! The programs that are measured, each in its own process and alone on the machine while it is.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use relay::{Credential, Device, Group, Key, UnixSeconds};
use tempfile::TempDir;

use crate::turn::{self, Login};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The release build, with its default settings but for the limits on one client.
    Ahoy,
    /// The `turnserver` of the package coturn, without logging, with as many threads as there are processors.
    Coturn,
    /// No TURN at all: takes a packet, looks up where it goes, sends it. What the kernel takes for itself.
    Forwarder,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Ahoy, Self::Coturn, Self::Forwarder];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ahoy => "ahoy",
            Self::Coturn => "coturn",
            Self::Forwarder => "forwarder",
        }
    }
}

/// A running one; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Contender {
    kind: Kind,
    child: Child,
    address: SocketAddr,
    data: TempDir,
}

/// How long a contender may take to answer for the first time.
const START_PATIENCE: Duration = Duration::from_secs(20);
/// How long credentials are good.
const CREDENTIAL_LIFE: Duration = Duration::from_mins(10);
/// The only user of coturn.
const USER: (&str, &str) = ("bench", "bench");

impl Contender {
    /// Starts one and waits until it answers.
    pub(crate) fn start(kind: Kind, ahoy: &Path) -> io::Result<Self> {
        let data = tempfile::tempdir()?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let mut command = match kind {
            Kind::Ahoy => self::ahoy(ahoy, data.path(), address)?,
            Kind::Coturn => coturn(data.path(), address),
            Kind::Forwarder => forwarder(address)?,
        };
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let name = command.get_program().to_owned();
        let child = command.spawn().map_err(|error| {
            io::Error::other(format!("cannot start {}: {error}", name.display()))
        })?;
        let contender = Self {
            kind,
            child,
            address,
            data,
        };
        turn::wait_until_it_answers(address, START_PATIENCE)
            .map_err(|error| io::Error::other(format!("{}: {error}", kind.name())))?;
        Ok(contender)
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a device of a pair shows; nothing where nobody asks for it.
    pub(crate) fn login(&self, pair: usize, side: usize) -> io::Result<Option<Login>> {
        match self.kind {
            Kind::Ahoy => self.credential(pair, side).map(Some),
            Kind::Coturn => Ok(Some(Login {
                username: USER.0.to_owned(),
                password: USER.1.to_owned(),
            })),
            Kind::Forwarder => Ok(None),
        }
    }

    fn credential(&self, pair: usize, side: usize) -> io::Result<Login> {
        let text = fs::read_to_string(self.data.path().join("relay.key"))?;
        let bytes = STANDARD.decode(text.trim_end()).map_err(io::Error::other)?;
        let bytes = <[u8; 32]>::try_from(bytes).map_err(|_| io::Error::other("no key"))?;
        let group = Group::new(&format!("pair-{pair}")).map_err(io::Error::other)?;
        let device = Device::new(&format!("side-{side}")).map_err(io::Error::other)?;
        #[expect(
            clippy::disallowed_methods,
            reason = "the clock of a program that measures"
        )]
        let now = SystemTime::now();
        let expires = (now + CREDENTIAL_LIFE)
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_err(io::Error::other)?;
        let credential = Credential::mint(
            &Key::new(bytes),
            &group,
            &device,
            UnixSeconds(expires.as_secs()),
        );
        Ok(Login {
            username: credential.username,
            password: credential.password.reveal().to_owned(),
        })
    }
}

impl Drop for Contender {
    fn drop(&mut self) {
        // Both fail only where it has ended by itself, and then the measurement has failed already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// As hosts run it: on every address, IPv6 included. Only a saturated stream is larger than voice ever is.
fn ahoy(program: &Path, data: &Path, address: SocketAddr) -> io::Result<Command> {
    let config = data.join("ahoy.toml");
    let port = address.port();
    fs::write(
        &config,
        format!(
            "listen = \"127.0.0.1:0\"\nlog = \"error\"\n\
             [relay]\nlisten = \"*:{port}\"\nkilobits_per_second = 1000000\n"
        ),
    )?;
    let mut command = Command::new(program);
    command.arg("--config").arg(config).arg("--data").arg(data);
    Ok(command)
}

fn coturn(data: &Path, address: SocketAddr) -> Command {
    let mut command = Command::new("turnserver");
    command
        .args(["-n", "--no-cli", "--no-tls", "--no-dtls", "--no-tcp"])
        .args(["--no-tcp-relay", "--no-rfc5780", "--no-software-attribute"])
        .args(["--no-stdout-log", "--simple-log", "--log-file", "/dev/null"])
        .args(["--listening-ip", "127.0.0.1", "--relay-ip", "127.0.0.1"])
        // Its clients here are on this machine.
        .args(["--allow-loopback-peers", "--lt-cred-mech"])
        .args(["--realm", "bench", "--user"])
        .arg(format!("{}:{}", USER.0, USER.1))
        .arg("--listening-port")
        .arg(address.port().to_string())
        .arg("--userdb")
        .arg(data.join("turndb"))
        .arg("--pidfile")
        .arg(data.join("pid"));
    command
}

/// This program once more.
fn forwarder(address: SocketAddr) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg("forward")
        .env(crate::forwarder::ADDRESS, address.to_string());
    Ok(command)
}

/// One that is free by UDP and TCP; somebody else may take it before it is used, and then the start fails.
fn free_port() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    UdpSocket::bind(address)?;
    Ok(address.port())
}
