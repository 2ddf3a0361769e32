//! Everything that a phone asks its driver to do.

use serde::{Deserialize, Serialize};

use crate::handset::{self, Tone};

/// One of the two handsets of a phone. Each has its own microphone track and its own peer connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum Slot {
    /// The one that is taken while both are free.
    A,
    /// The other one.
    B,
}

impl Slot {
    /// Both, in the order in which new calls take them.
    pub const BOTH: [Self; 2] = [Self::A, Self::B];

    /// The other one.
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// Something to be done, in the order of the list that it came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "typescript", ts(rename = "PhoneEffect"))]
pub enum Effect {
    /// What one handset asks for; never its `play`.
    Handset {
        /// Which. What comes of the effect is handed in for this slot.
        slot: Slot,
        /// What.
        effect: handset::Effect,
    },
    /// Play a tone until the next one.
    Play {
        /// Which.
        tone: Tone,
    },
}
