//! A call, as the server owns it and tells it.
//!
//! Whatever happens, the server sends the whole call again with the next revision: an event is
//! never needed to understand the state. All times are the server's; a client uses their distance
//! to the `now` that came with them and never its own calendar.

use serde::{Deserialize, Serialize};

use crate::description::{CallDescription, Candidate};
use crate::{AttemptId, CallId, ConversationId, DeviceName, Milliseconds, Timestamp, UserId};

/// A call between two people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Call {
    /// The call.
    pub id: CallId,
    /// The caller's attempt that it began with: what descriptions name it by.
    pub attempt: AttemptId,
    /// Grows by at least one with every change; an older one is ignored.
    pub revision: u32,
    /// The conversation of the two.
    pub conversation: ConversationId,
    /// Who called.
    pub caller: UserId,
    /// Who was called.
    pub callee: UserId,
    /// When it was started.
    pub started_at: Timestamp,
    /// Where it stands.
    pub state: CallState,
    /// What the caller's device does with its sound.
    #[serde(default)]
    pub caller_sound: CallSound,
    /// What the callee's device does with its sound.
    #[serde(default)]
    pub callee_sound: CallSound,
}

/// What a device does with its sound, as the other side is shown it.
///
/// It travels over the socket and over the control channel; whichever comes later, the larger
/// `change` counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct CallSound {
    /// Whether its microphone is muted by its person.
    pub muted: bool,
    /// Whether it put the call on hold: it neither sends nor plays sound.
    pub on_hold: bool,
    /// Grows by one with every change that this side makes; a device that takes the call over counts on.
    pub change: u32,
}

/// Where a call stands.
///
/// ```text
///           start              answer (first device wins)      both report media
///  (none) ────────▶ ringing ────────────────────▶ connecting ───────────────▶ active
///                      │ decline · cancel · busy      │ failed · hang up         │ hang up · lost
///                      │ no answer · unreachable      │ timeout                  │
///                      └──────────────────────────────┴──────────▶ ended ◀───────┘
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum CallState {
    /// Nobody answered yet.
    Ringing {
        /// Devices of the callee that said they ring; 0 while none was reached ("Calling…").
        devices: u32,
        /// It rings until then.
        expires_at: Timestamp,
    },
    /// Answered; the two devices look for a path.
    Connecting {
        /// It fails then.
        expires_at: Timestamp,
    },
    /// They hear each other.
    Active {
        /// Since when; the duration counts from here.
        since: Timestamp,
    },
    /// Over.
    Ended {
        /// How.
        #[serde(flatten)]
        end: CallEnd,
    },
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct CallEnd {
    /// Why.
    #[serde(flatten)]
    pub reason: EndReason,
    /// When.
    pub ended_at: Timestamp,
    /// How long they heard each other; nothing where they never did.
    pub talked: Option<Milliseconds>,
}

/// Why a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum EndReason {
    /// One of the two hung up.
    HungUp {
        /// Who.
        by: UserId,
    },
    /// The callee rejected it.
    Declined,
    /// The caller gave up before an answer.
    Cancelled,
    /// The callee was in another call.
    Busy,
    /// It rang until the time was up.
    NoAnswer,
    /// No device of the callee was reached.
    Unreachable,
    /// It was answered and never came to sound, or broke for a known cause.
    Failed {
        /// The cause.
        cause: FailCause,
    },
    /// The path broke and did not come back.
    Lost,
    /// The caller started another call to the same person from elsewhere.
    Replaced,
}

/// Why a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum FailCause {
    /// The device has no microphone, or another program keeps it.
    NoMicrophone,
    /// The person or the browser did not allow the microphone.
    PermissionDenied,
    /// No path was found between the two networks.
    NoPath,
    /// The other device went away while connecting.
    PeerGone,
    /// Connecting took too long.
    Timeout,
    /// A device sent what the other could not use.
    Protocol,
    /// What was sent is not the other device's word, or the two people saw different codes: somebody may be in between.
    Identity,
}

/// A call as one device is shown it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct CallView {
    /// The call.
    pub call: Call,
    /// Which of the two this account is.
    pub role: Role,
    /// What this device has to do with it.
    pub here: Here,
    /// What the other device sent so far; only for a device that rings or takes part.
    pub remote: Option<Remote>,
    /// The newest epoch that either side described, as far as the server knows; 0 after its restart.
    #[serde(default)]
    pub epoch: u16,
}

impl Call {
    /// What the device of one side does with its sound.
    pub const fn sound(&self, role: Role) -> CallSound {
        match role {
            Role::Caller => self.caller_sound,
            Role::Callee => self.callee_sound,
        }
    }
}

/// Which of the two an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum Role {
    /// The one who called.
    Caller,
    /// The one who was called.
    Callee,
}

impl Role {
    /// The other of the two.
    pub const fn other(self) -> Self {
        match self {
            Self::Caller => Self::Callee,
            Self::Callee => Self::Caller,
        }
    }
}

/// What a device has to do with a call of its account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum Here {
    /// It may answer.
    Rings,
    /// It made the call or answered it.
    TakesPart,
    /// Another device of the account has it, or nobody ever had it here.
    Elsewhere {
        /// The account's device that takes part, if one does.
        device: Option<DeviceName>,
    },
}

/// What the other device sent: its newest description and the candidates of that epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Remote {
    /// The newest description.
    pub description: CallDescription,
    /// The candidates of its epoch, none before the answer.
    pub candidates: Vec<Candidate>,
}

/// What a device that takes part reports of its media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "report", rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum CallReport {
    /// The encrypted path stands and can carry sound.
    Connected,
    /// It cannot go on.
    Failed {
        /// The cause.
        cause: FailCause,
    },
    /// Nothing was heard for [`crate::limits::LOST_AFTER`].
    Lost,
    /// The other side said over the control channel that it hung up.
    PeerHungUp,
}

/// What is kept of a call, in the timeline and in the call log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct CallRecord {
    /// The call.
    pub call: CallId,
    /// The conversation of the two.
    pub conversation: ConversationId,
    /// Who called.
    pub caller: UserId,
    /// Who was called.
    pub callee: UserId,
    /// When it was started.
    pub started_at: Timestamp,
    /// How it ended; nothing while it goes on.
    pub end: Option<CallEnd>,
}

impl EndReason {
    /// Whether the callee missed the call: it ended before an answer and not by the callee's own hand.
    pub const fn is_missed(self) -> bool {
        match self {
            Self::Cancelled | Self::Busy | Self::NoAnswer | Self::Unreachable => true,
            Self::HungUp { .. }
            | Self::Declined
            | Self::Failed { .. }
            | Self::Lost
            | Self::Replaced => false,
        }
    }
}

/// The answer to `GET /api/v1/calls`, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct CallLog {
    /// The account's calls.
    pub calls: Vec<CallRecord>,
    /// Whether there are older ones.
    pub more: bool,
}
