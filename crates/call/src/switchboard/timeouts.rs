//! How long a switchboard waits for what.

use protocol::{Milliseconds, limits};

/// How long a switchboard waits for what, by the server's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// From the start to `no_answer`.
    pub ring: Milliseconds,
    /// From the start to `unreachable`, where no device of the callee is connected.
    pub unreachable: Milliseconds,
    /// From the answer to sound at both ends.
    pub connect: Milliseconds,
    /// From the moment at which both devices are away to `lost`.
    pub abandoned: Milliseconds,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            ring: limits::RING_TIMEOUT,
            unreachable: limits::UNREACHABLE_TIMEOUT,
            connect: limits::CONNECT_TIMEOUT,
            abandoned: limits::ABANDONED_AFTER,
        }
    }
}
