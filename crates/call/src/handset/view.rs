//! What the screen shows of a call. It holds all that a call screen needs and nothing that it must work out.
//!
//! Times here are by the clock that the handset is driven with (a device's monotonic clock in
//! milliseconds), never by a calendar.

use protocol::call::EndReason;
use protocol::error::ErrorCode;
use protocol::identity::Standing;
use protocol::{CallId, ConversationId, DeviceName, Milliseconds, Timestamp};
use serde::{Deserialize, Serialize};

/// What the screen shows of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum HandsetView {
    /// No call: nothing is shown, no microphone is open, no peer connection exists.
    Idle,
    /// This device calls and waits for an answer.
    Outgoing {
        /// With whom.
        conversation: ConversationId,
        /// The call, once the server has made it.
        call: Option<CallId>,
        /// Whether the microphone is still being asked for ("Allow the microphone…").
        opening_microphone: bool,
        /// Devices that ring; 0 while none was reached ("Calling…").
        devices: u32,
        /// Whether the microphone will be muted when the call is answered.
        muted: bool,
    },
    /// Somebody calls.
    Incoming {
        /// Who.
        conversation: ConversationId,
        /// The call.
        call: CallId,
        /// Whether *Answer* was pressed and the microphone or the server is waited for.
        answering: bool,
        /// Why the last *Answer* did not work; the call still rings and *Answer* may be pressed again.
        fault: Option<MicrophoneFault>,
        /// Whether this device was told to be silent.
        silenced: bool,
        /// How the caller's key stands; nothing while that is not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        standing: Option<Standing>,
    },
    /// Answered: connecting, talking or reconnecting.
    Active {
        /// With whom.
        conversation: ConversationId,
        /// The call.
        call: CallId,
        /// How the path stands.
        path: Path,
        /// Which way sound goes; nothing while that is not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        route: Option<Route>,
        /// Who is at the other end; nothing while that is not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        other: Option<OtherEnd>,
        /// When they first heard each other, by the handset's clock; the running duration counts from here.
        since: Option<Timestamp>,
        /// Whether this side's microphone is muted.
        muted: bool,
        /// Whether the other side is audible here.
        speaker: bool,
        /// Whether this side put the call on hold.
        on_hold: bool,
        /// Whether the other side muted its microphone.
        peer_muted: bool,
        /// Whether the other side put the call on hold.
        peer_on_hold: bool,
    },
    /// Over, shown for [`protocol::limits::ENDED_SHOWN`] or until dismissed.
    Ended {
        /// With whom.
        conversation: ConversationId,
        /// The call, where there ever was one.
        call: Option<CallId>,
        /// Whether this side called.
        outgoing: bool,
        /// Why.
        why: Ended,
        /// How long they heard each other.
        talked: Option<Milliseconds>,
    },
}

/// Who is at the other end, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct OtherEnd {
    /// How the key stands to the person.
    pub standing: Standing,
    /// The code to compare; nothing while a part of it is missing.
    pub code: Option<Code>,
    /// Whether sound waits for the person's *Talk anyway*.
    pub silenced: bool,
}

/// The numbers of the pictures that the two people compare, each below 64.
pub type Code = [u8; 5];

/// How the path between the two devices stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum Path {
    /// Not yet found.
    Connecting,
    /// Carries sound.
    Connected,
    /// Broke; a new one is looked for.
    Reconnecting,
}

/// Which way sound goes between the two devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum Route {
    /// Straight from one to the other.
    Direct,
    /// Through the relay of at least one of them.
    Relayed,
}

/// Why this device shows a call as over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum Ended {
    /// The call ended for everybody.
    Call {
        /// How.
        end: EndReason,
    },
    /// Another device of this account, or another tab of this browser, answered. No tone is played.
    AnsweredElsewhere {
        /// Which device; nothing for another tab.
        device: Option<DeviceName>,
    },
    /// It goes on on another device of this account, which took it over. No tone is played.
    Moved {
        /// Which device.
        device: Option<DeviceName>,
    },
    /// No call was made: the microphone could not be opened.
    Microphone {
        /// Why.
        fault: MicrophoneFault,
    },
    /// No call was made: the server refused.
    Refused {
        /// The server's code.
        code: ErrorCode,
        /// The server's words for the person.
        message: String,
    },
    /// No call was made: the server is out of reach.
    Offline,
    /// It ended while this device was out of the server's reach; the timeline says how.
    Meanwhile,
}

/// Why the microphone could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum MicrophoneFault {
    /// The person or the browser said no.
    Denied,
    /// The device has none.
    Missing,
    /// It is there, but another program keeps it or it does not start.
    Busy,
    /// The page is not secure (neither HTTPS nor localhost), so browsers offer no microphone.
    InsecurePage,
}
