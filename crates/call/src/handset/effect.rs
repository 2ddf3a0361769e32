//! Everything that a handset asks its driver to do.

use protocol::AttemptId;
use protocol::call::Role;
use protocol::control::ControlMessage;
use protocol::description::{CallDescription, Candidate, DeviceKey};
use protocol::socket::RequestBody;
use serde::{Deserialize, Serialize};

/// Something to be done, in the order of the list that it came in: microphone, control channel, peer, requests, tone.
///
/// Operations on the peer are carried out one after the other; each waits for the one before.
/// There is at most one peer and one microphone at a time. After `close_peer` and `close_microphone` no
/// event of what was closed is handed in any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "typescript", ts(rename = "HandsetEffect"))]
pub enum Effect {
    /// Ask for the microphone. → `microphone_opened` or `microphone_failed`
    OpenMicrophone,
    /// Stop the microphone's track, or give up asking for it: a track that still comes is stopped unseen.
    CloseMicrophone,
    /// Mute the open microphone's track. A new microphone starts unmuted.
    SetMuted {
        /// Whether it shall be muted: by the person, or because either side holds the call.
        muted: bool,
    },

    /// Make an offer and set it locally. Makes the peer where there is none: one audio
    /// transceiver, `sendrecv`, no track, speaker on. → `described`, then `candidate`s
    MakeOffer {
        /// The epoch that the offer carries.
        epoch: u16,
        /// Whether ICE starts anew.
        ice_restart: bool,
        /// The call, as it is named in what this device signs.
        attempt: AttemptId,
        /// Which of the two this side is.
        role: Role,
    },
    /// Take the other side's offer, make the answer and set it locally; an own offer that is under
    /// way is rolled back. Makes the peer where there is none, as `make_offer` does. The microphone
    /// is not needed. → `described`, then `candidate`s
    MakeAnswer {
        /// The offer. The answer carries its epoch.
        description: CallDescription,
        /// The call, as it must be named in what the other device signed, and is in what this one signs.
        attempt: AttemptId,
        /// Which of the two this side is.
        role: Role,
    },
    /// Swap the microphone's track into the transceiver (`replaceTrack`; nothing is negotiated).
    AttachMicrophone,
    /// Take the other side's answer to the newest own offer.
    UseAnswer {
        /// The answer.
        description: CallDescription,
    },
    /// Take candidates of the newest description of the other side.
    AddCandidates {
        /// The candidates.
        candidates: Vec<Candidate>,
    },
    /// Play the other side's sound, or be silent; its stream is not touched. A new peer is heard.
    SetSpeaker {
        /// Whether it shall be heard: as the person wants, and not while this side holds the call.
        on: bool,
    },
    /// Close the peer connection. What was given to `send_control` just before is still let out.
    ClosePeer,
    /// Tell the other device something over the control channel, if it is open; else nothing.
    SendControl {
        /// What.
        message: ControlMessage,
    },

    /// Keep a key of the other person. Without `verified`, one that is unlike those kept already is kept only where none of
    /// them was verified.
    KeepKey {
        /// The key.
        key: DeviceKey,
        /// Whether the two people compared codes over it, or a key of which they did endorses it.
        verified: bool,
    },

    /// Send a request. The driver numbers it, keeps it until its answer and resends it after a
    /// reconnect, with its age. The answers to `start_call`, `answer_call` and `take_call` are handed in.
    Send {
        /// The request.
        request: RequestBody,
    },

    /// Play a tone until the next one.
    Play {
        /// Which.
        tone: Tone,
    },
}

impl Effect {
    /// Whether a path is looked for because of it.
    pub(super) fn is_negotiation(&self) -> bool {
        matches!(self, Self::MakeOffer { .. } | Self::MakeAnswer { .. })
    }
}

/// What the person hears besides the other person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum Tone {
    /// Silence.
    #[default]
    None,
    /// This device rings. Loops.
    Ringing,
    /// Another call comes in during a call. Soft; loops.
    Waiting,
    /// The call is under way and nobody was reached yet. Loops.
    Calling,
    /// The other side rings. Loops.
    Ringback,
    /// The other side is in another call. Stops by itself.
    Busy,
    /// The call ended, and not by the person's own hand. Stops by itself.
    End,
}
