//! How long a handset waits for what.

use protocol::Milliseconds;
use protocol::limits;
use protocol::socket::Limits;
use serde::{Deserialize, Serialize};

/// How long a handset waits for what, by its own clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "typescript", ts(rename = "HandsetTimeouts"))]
pub struct Timeouts {
    /// From `start_call` to its outcome; then the server counts as out of reach.
    pub start: Milliseconds,
    /// From the start of a call to the moment at which it neither rings nor is rung any more,
    /// with no word from the server.
    pub ring: Milliseconds,
    /// From the answer to a path. Longer than the server's, whose word is better.
    pub connect: Milliseconds,
    /// From ICE `disconnected` to an ICE restart.
    pub restart_after: Milliseconds,
    /// From the loss of the path to the end of the call.
    pub lost_after: Milliseconds,
    /// From the last packet of a side that is neither muted nor on hold to an ICE restart.
    pub unheard_restart_after: Milliseconds,
    /// From the word that the other device goes away to an ICE restart by this one.
    pub leaving: Milliseconds,
    /// Between two batches of candidates.
    pub candidate_batch: Milliseconds,
    /// From the end to the disappearance of the view.
    pub ended_shown: Milliseconds,
}

/// The server ends a call that does not connect; the device waits so much longer for its word.
const CONNECT_GRACE: Milliseconds = Milliseconds::from_seconds(5);

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            start: limits::SILENCE_LIMIT,
            ring: limits::DEVICE_RING_TIMEOUT,
            connect: Milliseconds(limits::CONNECT_TIMEOUT.0 + CONNECT_GRACE.0),
            restart_after: limits::RESTART_AFTER,
            lost_after: limits::LOST_AFTER,
            unheard_restart_after: limits::UNHEARD_RESTART_AFTER,
            leaving: limits::LEAVING_GRACE,
            candidate_batch: limits::CANDIDATE_BATCH_INTERVAL,
            ended_shown: limits::ENDED_SHOWN,
        }
    }
}

impl From<Limits> for Timeouts {
    /// With what the server's snapshot says; the rest is [`Timeouts::default`].
    fn from(limits: Limits) -> Self {
        Self {
            ring: limits.device_ring_timeout,
            restart_after: limits.restart_after,
            lost_after: limits.lost_after,
            ..Self::default()
        }
    }
}
