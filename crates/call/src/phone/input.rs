//! Everything that can happen to a phone.

use protocol::call::CallView;
use protocol::description::{CallDescription, Candidate};
use protocol::{AttemptId, CallId, ConversationId, Timestamp};
use serde::{Deserialize, Serialize};

use super::Slot;
use crate::handset;

/// Something that happened. Whatever does not fit the state is ignored, never an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "typescript", ts(rename = "PhoneInput"))]
pub enum Input {
    /// The person pressed the phone icon. Nothing happens during another call.
    Dial {
        /// A new UUIDv7.
        attempt: AttemptId,
        /// With whom.
        conversation: ConversationId,
    },
    /// The person answers the call that rings. One that waits during another call is answered by one of the next two.
    Answer,
    /// The person ends the current call and answers the one that waits.
    EndAndAnswer,
    /// The person puts the current call on hold and answers the one that waits.
    HoldAndAnswer,
    /// The person rejects a call that rings or waits.
    Reject {
        /// Which.
        call: CallId,
    },
    /// The person silences the ringing on this device only.
    Silence,
    /// The person ends the current call: rejects, cancels, hangs up or dismisses, as fits.
    End,
    /// The person mutes the microphone or takes that back.
    Mute {
        /// Whether it shall be muted.
        muted: bool,
    },
    /// The person switches the other side's sound on or off.
    Speaker {
        /// Whether it shall be heard.
        on: bool,
    },
    /// The person puts the current call on hold.
    Hold,
    /// The person takes a call off hold; the one that is talked in, if another, goes on hold.
    Resume {
        /// Which.
        call: CallId,
    },
    /// The person moves a call that the view shows as elsewhere to this device.
    Take {
        /// Which.
        call: CallId,
    },
    /// Another tab of this device has the calls from now on: everything here closes, without a word to anybody.
    Yield,
    /// The person closes the view of the ended call.
    Dismiss,
    /// The person was told that the other side's key changed, and talks all the same.
    TalkAnyway,
    /// The two people of the current call read the code to each other.
    Compared {
        /// The code that was on the screen.
        code: handset::Code,
        /// Whether it was the same on both.
        same: bool,
    },

    /// Something happened to the microphone, the peer connection, the control channel or a request of one handset.
    Handset {
        /// Which.
        slot: Slot,
        /// What: one of `microphone_*`, `described`, `candidate`, `peer_*`, `identified`, `coded`, `heard`, `control*`, `started`, `answered`, `taken`, `refused`.
        input: handset::Input,
    },
    /// The device has other addresses than before.
    NetworkChanged,

    /// The socket is up: the snapshot. Handed in before the driver resends requests.
    Welcome {
        /// Every call that this account is in or that rings it.
        calls: Vec<CallView>,
        /// The server's time in it.
        now: Timestamp,
        /// Whether a call that this very device takes part in, and no handset here knows, is taken up again at
        /// once: the page was loaded anew and no other tab has the calls. Else it is shown as elsewhere.
        resume: bool,
    },
    /// The server told of a call (`call` frames only, not outcomes).
    Call {
        /// The call.
        call: CallView,
        /// The server's time in it.
        now: Timestamp,
    },
    /// The other device described itself (`description` frame).
    RemoteDescription {
        /// The call.
        call: CallId,
        /// The description.
        description: CallDescription,
    },
    /// The other device found candidates (`candidates` frame).
    RemoteCandidates {
        /// The call.
        call: CallId,
        /// The negotiation that they belong to.
        epoch: u16,
        /// The candidates.
        candidates: Vec<Candidate>,
    },
    /// The socket is gone. The media is not.
    SocketLost,
    /// The time that `poll_timeout` named has come. Too early or too late does no harm.
    Tick,
}
