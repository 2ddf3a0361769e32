//! Binding the addresses of HTTP and STUN.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::config::{Listen, StunListen};
use crate::relay::Stun;

/// Tries for a port that is free by IPv4 and IPv6 where the system chooses it.
const FREE_PORT_TRIES: u32 = 16;

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
    /// Anything else, such as a port that needs more rights.
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
        if source.kind() == io::ErrorKind::AddrInUse {
            Self::InUse { address, flag }
        } else {
            Self::Other {
                address,
                flag,
                source,
            }
        }
    }
}

/// Binds the one or two addresses of a setting.
pub(super) async fn bind(listen: Listen) -> Result<Vec<TcpListener>, ListenError> {
    let (first, second) = listen.addresses();
    let Some(second) = second else {
        return Ok(vec![bind_one(first).await?]);
    };
    let mut tries = FREE_PORT_TRIES;
    loop {
        let listener = bind_one(first).await?;
        let port = listener
            .local_addr()
            .map_or(first.port(), |bound| bound.port());
        match bind_one(SocketAddr::new(second.ip(), port)).await {
            Ok(other) => return Ok(vec![listener, other]),
            // A port of the system's choice may be free by IPv4 only: choose again.
            Err(ListenError::InUse { .. }) if first.port() == 0 && tries > 1 => tries -= 1,
            Err(error @ ListenError::InUse { .. }) => return Err(error),
            Err(error @ ListenError::Other { .. }) => {
                tracing::debug!(%error, "this machine has no IPv6; IPv4 alone is served");
                return Ok(vec![listener]);
            }
        }
    }
}

/// Binds the address of STUN, where it is not off.
pub(super) async fn bind_stun(listen: StunListen) -> Result<Option<Stun>, ListenError> {
    match listen {
        StunListen::Off => Ok(None),
        StunListen::Address(address) => {
            let bound = Stun::bind(address).await;
            let failed = |source| ListenError::new(address, "stun 0.0.0.0:3479", source);
            bound.map(Some).map_err(failed)
        }
    }
}

async fn bind_one(address: SocketAddr) -> Result<TcpListener, ListenError> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|source| ListenError::new(address, "listen localhost:8081", source))
}
