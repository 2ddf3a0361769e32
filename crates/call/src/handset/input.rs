//! Everything that can happen to a handset.

use protocol::call::CallView;
use protocol::control::ControlMessage;
use protocol::description::{CallDescription, Candidate, DeviceKey};
use protocol::error::ErrorCode;
use protocol::identity::Standing;
use protocol::{AttemptId, CallId, ConversationId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Code, MicrophoneFault, Route};

/// Something that happened. Whatever does not fit the state is ignored, never an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "typescript", ts(rename = "HandsetInput"))]
pub enum Input {
    /// The person pressed the phone icon.
    Dial {
        /// A new UUIDv7.
        attempt: AttemptId,
        /// With whom.
        conversation: ConversationId,
    },
    /// The person answers.
    Answer,
    /// The person rejects.
    Reject,
    /// The person ends whatever there is: rejects, cancels, hangs up or dismisses, as fits.
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
    /// The person silences the ringing on this device only; it goes on ringing elsewhere and may still be answered.
    Silence,
    /// The person puts the call on hold or takes it off.
    Hold {
        /// Whether it shall be on hold.
        on: bool,
    },
    /// This device takes over an answered call, or an own one that still rings, from the account's device that has
    /// it: another one, or this one before a reload.
    Take {
        /// The call, as the server told of it last.
        call: CallView,
        /// The server's time at this moment.
        now: Timestamp,
    },
    /// Another tab of this device takes the call over: everything here closes, without a word to anybody.
    Yield,
    /// The person closes the view of the ended call.
    Dismiss,
    /// The person was told that the other side's key changed, and talks all the same.
    TalkAnyway,
    /// The two people read the code to each other.
    Compared {
        /// The code that was on the screen; nothing happens where another one has taken its place.
        code: Code,
        /// Whether it was the same on both.
        same: bool,
    },

    /// [`Effect::OpenMicrophone`](super::Effect::OpenMicrophone) worked.
    MicrophoneOpened,
    /// It did not work, or the open microphone went away for good.
    MicrophoneFailed {
        /// Why.
        fault: MicrophoneFault,
    },

    /// The description that `make_offer` or `make_answer` asked for is made. Comes before its candidates.
    Described {
        /// The description, of the epoch that was asked for.
        description: CallDescription,
    },
    /// A candidate of the description that came last.
    Candidate {
        /// The candidate.
        candidate: Candidate,
    },
    /// The encrypted path stands: ICE and DTLS are connected.
    PeerConnected,
    /// ICE is `disconnected`: the path is silent and may come back by itself.
    PeerDisconnected,
    /// ICE is `failed`: the path will not come back by itself.
    PeerFailed,
    /// A description of the other side was found to be its device's word. Comes before anything is done with it, and again
    /// when something was learnt of the key.
    Identified {
        /// That device's key.
        key: DeviceKey,
        /// How it stands to the person.
        standing: Standing,
    },
    /// Both sides' parts of the code are known.
    Coded {
        /// The code.
        code: Code,
    },
    /// What came is not the other device's word, or the encrypted path leads to somebody else.
    PeerForged {
        /// Whether it is a description, which may have been meant for a connection before this one.
        may_be_late: bool,
    },
    /// The peer connection could not use what the other side sent, or could not be made.
    PeerUnusable,
    /// The device has other addresses than before.
    NetworkChanged,
    /// Sound goes another way than before.
    RouteChanged {
        /// Which.
        route: Route,
    },
    /// The peer connection knows an access to the relay that it did not have when it looked for its paths: the server
    /// was away, or answered late.
    RelayRenewed,
    /// Packets of the other side's sound arrived since the last time this was handed in; about twice a second.
    Heard,
    /// The control channel is open.
    ControlOpened,
    /// The other device said something over the control channel.
    Control {
        /// What.
        message: ControlMessage,
    },

    /// The socket is up: the snapshot. Handed in before the driver resends requests.
    Welcome {
        /// Every call that this account is in or that rings it.
        calls: Vec<CallView>,
        /// The server's time in it.
        now: Timestamp,
    },
    /// The server told of a call (`call` frames only, not outcomes).
    Call {
        /// The call.
        call: CallView,
        /// The server's time in it.
        now: Timestamp,
    },
    /// The outcome of this handset's `start_call`. Only the outcome makes a call this handset's own:
    /// another tab of the same device sees the same `call` frames.
    Started {
        /// The attempt in the request.
        attempt: AttemptId,
        /// The call in the outcome.
        call: CallView,
        /// The server's time in it.
        now: Timestamp,
    },
    /// The outcome of this handset's `answer_call`.
    Answered {
        /// The call in the outcome.
        call: CallView,
        /// The server's time in it.
        now: Timestamp,
    },
    /// The outcome of this handset's `take_call`.
    Taken {
        /// The call in the outcome.
        call: CallView,
        /// The server's time in it.
        now: Timestamp,
    },
    /// `start_call`, `answer_call` or `take_call` got an error. Errors of other requests are not handed in:
    /// the calls that follow them say what holds.
    Refused {
        /// Which request.
        request: Refused,
        /// The server's code.
        code: ErrorCode,
        /// The server's words for the person.
        message: String,
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

/// A request that the server refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "typescript", ts(rename = "RefusedRequest"))]
pub enum Refused {
    /// `start_call`.
    Start {
        /// The attempt in it.
        attempt: AttemptId,
    },
    /// `answer_call`.
    Answer {
        /// The call in it.
        call: CallId,
    },
    /// `take_call`.
    Take {
        /// The call in it.
        call: CallId,
    },
}
