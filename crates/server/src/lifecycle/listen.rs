//! Binding the addresses of HTTP, STUN and the relay.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;

use crate::config::{Listen, RelayListen};
use crate::relay::Bound;
use crate::tls;

/// Tries for a port that is free by IPv4 and IPv6 where the system chooses it.
const FREE_PORT_TRIES: u32 = 16;

/// How to move the listener that sends on to HTTPS.
pub(super) const REDIRECT_HINT: &str = "config FILE, where tls.redirect is *:8080 or off";

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another program has the port.
    #[error(
        "{address} is already in use; stop the program that listens there, or choose another port \
         with --{flag}"
    )]
    InUse {
        /// The address.
        address: SocketAddr,
        /// The flag that changes it, with an example.
        flag: &'static str,
    },
    /// Ports below 1024 need a right.
    #[error(
        "this user may not listen on {address}: ports below 1024 need a right; give it with `sudo setcap \
         cap_net_bind_service=+ep $(command -v ahoy)` or AmbientCapabilities of systemd, or choose \
         another port with --{flag}"
    )]
    Forbidden {
        /// The address.
        address: SocketAddr,
        /// The flag that changes it, with an example.
        flag: &'static str,
    },
    /// Anything else.
    #[error("cannot listen on {address}: {source}; choose another address with --{flag}")]
    Other {
        /// The address.
        address: SocketAddr,
        /// The flag that changes it, with an example.
        flag: &'static str,
        /// Why.
        source: io::Error,
    },
}

impl ListenError {
    /// Says what to do about a failed `bind`; `flag` with an example, such as `listen localhost:8081`.
    pub fn new(address: SocketAddr, flag: &'static str, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::InUse { address, flag },
            io::ErrorKind::PermissionDenied => Self::Forbidden { address, flag },
            _ => Self::Other {
                address,
                flag,
                source,
            },
        }
    }
}

/// Binds the one or two addresses of a setting; `flag` with an example changes it.
pub(super) async fn bind(
    listen: Listen,
    flag: &'static str,
) -> Result<Vec<TcpListener>, ListenError> {
    match listen {
        Listen::Localhost(_) => bind_localhost(listen, flag).await,
        Listen::Everywhere(_) => bind_everywhere(listen, flag).await,
        Listen::Address(address) => Ok(vec![bind_one(address, flag).await?]),
    }
}

async fn bind_localhost(
    listen: Listen,
    flag: &'static str,
) -> Result<Vec<TcpListener>, ListenError> {
    let (first, second) = listen.addresses();
    let Some(second) = second else {
        return Ok(vec![bind_one(first, flag).await?]);
    };
    let mut tries = FREE_PORT_TRIES;
    loop {
        let listener = bind_one(first, flag).await?;
        let second = SocketAddr::new(second.ip(), port_of(&listener, first));
        match bind_one(second, flag).await {
            Ok(other) => return Ok(vec![listener, other]),
            // A port of the system's choice may be free by IPv4 only: choose again.
            Err(ListenError::InUse { .. }) if first.port() == 0 && tries > 1 => tries -= 1,
            Err(error @ (ListenError::InUse { .. } | ListenError::Forbidden { .. })) => {
                return Err(error);
            }
            Err(error @ ListenError::Other { .. }) => {
                tracing::debug!(%error, "this machine has no IPv6; IPv4 alone is served");
                return Ok(vec![listener]);
            }
        }
    }
}

/// One socket for IPv6 takes IPv4 as well on most systems; where it does not, there is a second one.
async fn bind_everywhere(
    listen: Listen,
    flag: &'static str,
) -> Result<Vec<TcpListener>, ListenError> {
    let (v6, v4) = listen.addresses();
    let v4 = v4.unwrap_or(v6);
    match bind_one(v6, flag).await {
        Ok(both) => {
            let v4 = SocketAddr::new(v4.ip(), port_of(&both, v6));
            match bind_one(v4, flag).await {
                Ok(other) => Ok(vec![both, other]),
                Err(ListenError::InUse { .. }) => Ok(vec![both]),
                Err(error) => Err(error),
            }
        }
        Err(error @ ListenError::Other { .. }) => {
            tracing::debug!(%error, "this machine has no IPv6; IPv4 alone is served");
            Ok(vec![bind_one(v4, flag).await?])
        }
        Err(error) => Err(error),
    }
}

/// An address by which other machines reach this one, to show to people; IPv4 is easier to type.
pub(super) fn shown_host() -> IpAddr {
    let addresses = tls::addresses();
    let beyond = || addresses.iter().filter(|address| !address.is_loopback());
    let v4 = beyond().find(|address| address.is_ipv4());
    let any = v4.or_else(|| beyond().next()).copied();
    any.unwrap_or(Ipv4Addr::LOCALHOST.into())
}

fn port_of(listener: &TcpListener, wanted: SocketAddr) -> u16 {
    let bound = listener.local_addr();
    bound.map_or(wanted.port(), |bound| bound.port())
}

/// Binds the sockets of STUN and the relay, where they are not off.
pub(super) fn bind_relay(listen: RelayListen) -> Result<Option<Bound>, ListenError> {
    Bound::new(listen)
        .map_err(|(address, source)| ListenError::new(address, "relay *:3479", source))
}

async fn bind_one(address: SocketAddr, flag: &'static str) -> Result<TcpListener, ListenError> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|source| ListenError::new(address, flag, source))
}
