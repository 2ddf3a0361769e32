//! How many sockets and files the process may have open.
//!
//! Most systems let a process have 1,024 and raise that itself: programs that use `select` cannot take more. Each
//! socket of a client takes one.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Below so many a server of some hundred people may run out of them.
const ENOUGH: u64 = 4_096;

/// Raises the limit to what the system allows.
pub(super) fn raise() {
    match raise_to_most() {
        Ok(Some(limit)) if limit < ENOUGH => tracing::warn!(
            limit,
            "few connections and files may be open at once; raise the limit (LimitNOFILE of systemd, ulimit -Hn)"
        ),
        Ok(limit) => tracing::debug!(?limit, "open connections and files"),
        Err(error) => tracing::warn!(%error, "the limit of open files could not be raised"),
    }
}

/// What it is then; nothing where there is none.
fn raise_to_most() -> io::Result<Option<u64>> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, raised)?;
    Ok(limit.maximum)
}
