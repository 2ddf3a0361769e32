//! Where the doctor stands: does a server run here, where does its name lead, which addresses has this machine?

use std::fs::{File, TryLockError};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;

use tokio::net::lookup_host;
use tokio::time::timeout;

use super::super::findings::{Place, Target};
use super::PATIENCE;
use crate::lifecycle::LOCK_FILE;

/// An address to which no packet is ever sent (RFC 5737): asked for, it tells which of ours would be used.
const SOMEWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 9);

pub(in super::super) async fn find(target: &Target) -> Place {
    let found = timeout(PATIENCE, lookup_host((target.host.as_str(), target.port))).await;
    let mut addresses: Vec<IpAddr> = match found {
        Ok(Ok(found)) => found.map(|address| address.ip()).collect(),
        // No such name, or nobody who would know.
        Ok(Err(_)) | Err(_) => Vec::new(),
    };
    addresses.dedup();
    Place {
        here: is_running(&target.data),
        addresses,
        own: crate::tls::addresses(),
        lan: lan(),
    }
}

/// Whether a process holds the data directory. What cannot be read is not this user's server.
fn is_running(data: &Path) -> bool {
    let Ok(lock) = File::open(data.join(LOCK_FILE)) else {
        return false;
    };
    matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// The address by which this machine talks to others; nothing is sent.
fn lan() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(SOMEWHERE).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_runs_while_it_holds_the_lock() {
        let data = tempfile::tempdir().unwrap();
        assert!(!is_running(data.path()));
        let lock = File::create(data.path().join(LOCK_FILE)).unwrap();
        assert!(!is_running(data.path()));
        lock.try_lock().unwrap();
        assert!(is_running(data.path()));
    }
}
