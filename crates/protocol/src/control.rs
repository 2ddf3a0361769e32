//! The control channel: a data channel between the two devices of a call, pre-negotiated with id 0.
//!
//! What goes over it, but for `reveal`, also goes over the socket, so that it arrives while the server is away; all of
//! it says how something is, so receiving it twice, or by both ways, changes nothing. One JSON object per
//! message, at most [`crate::limits::CONTROL_MAX_BYTES`]. What cannot be read is ignored.

use serde::{Deserialize, Serialize};

use crate::call::CallSound;
use crate::description::{CallDescription, Candidate, CodeNonce};

/// What one device tells the other directly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum ControlMessage {
    /// What this side does with its sound; first of all when the channel opens.
    Sound {
        /// The state.
        sound: CallSound,
    },
    /// This side hung up.
    HangUp,
    /// This device goes away, for a reload perhaps, and may come back: the path is as good as broken.
    Leaving,
    /// The next offer, or the answer to one.
    Description {
        /// The description.
        description: CallDescription,
    },
    /// The nonce that this side's offer committed to; first of all when the channel opens. Only said here: it is worth something
    /// only after the answer, and a wrong one ends the call.
    Reveal {
        /// The nonce.
        nonce: CodeNonce,
    },
    /// More candidates.
    Candidates {
        /// The negotiation that they belong to.
        epoch: u16,
        /// The candidates.
        candidates: Vec<Candidate>,
    },
}
