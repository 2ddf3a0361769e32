//! Everything that can happen to a switchboard, and how a request is answered.

use protocol::call::{CallReport, CallSound};
use protocol::description::{CallDescription, Candidate};
use protocol::error::ErrorCode;
use protocol::{AttemptId, CallId, ConversationId, DeviceId, DeviceName, Milliseconds, UserId};
use serde::{Deserialize, Serialize};

use super::Row;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A device starts a call.
    Start(Start),
    /// A device asks for something about a call.
    Request {
        /// The call.
        call: CallId,
        /// Who asks.
        from: Party,
        /// What for.
        request: Request,
        /// How long ago the device wanted it.
        age: Milliseconds,
    },
    /// The first socket of a device is there. Handed in before its snapshot is taken.
    DeviceConnected {
        /// The account.
        user: UserId,
        /// The device.
        device: DeviceId,
    },
    /// The last socket of a device is gone.
    DeviceGone {
        /// The account.
        user: UserId,
        /// The device.
        device: DeviceId,
    },
    /// The session of a device was ended: it will not come back. A call that it takes part in ends.
    SessionEnded {
        /// The account.
        user: UserId,
        /// The device.
        device: DeviceId,
    },
    /// An account is gone, with all its calls.
    AccountGone {
        /// The account.
        user: UserId,
    },
    /// The calls that the store had when the server started: state only, no descriptions. Every
    /// device counts as away until it connects.
    Restore(Vec<Row>),
    /// The time that `poll_timeout` named has come. Too early or too late does no harm.
    Tick,
}

/// A new call. The driver has checked that the two are contacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// A new id, used if a call comes of it.
    pub call: CallId,
    /// The client's id of it, by which a resend is recognised.
    pub attempt: AttemptId,
    /// The conversation of the two.
    pub conversation: ConversationId,
    /// Who calls, from which device.
    pub from: Party,
    /// Who is called.
    pub callee: UserId,
    /// The offer, epoch 0.
    pub description: CallDescription,
    /// Whether the callee can be reached.
    pub reach: Reach,
    /// Whether a device of the callee is connected, which matters where it is not to be rung: a quiet call to nobody
    /// ends as `unreachable`, like every other.
    pub connected: bool,
    /// Whether the callee is offered a second call during a call.
    pub call_waiting: bool,
}

/// Whether a callee can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// At least one device is connected.
    Devices,
    /// No device is connected: `unreachable` after a short wait, unless one appears.
    Nobody,
    /// The callee does not want to be disturbed, or muted the conversation: no device rings or is shown the
    /// call, but it enters the timeline and is missed. Whoever calls back meanwhile answers it.
    Quiet,
    /// The callee blocks the caller, to whom the callee is away: no device is ever told, and the call ends as one to
    /// nobody does, whoever connects meanwhile.
    Silent,
}

impl Reach {
    /// Whether the callee's devices are shown the call.
    pub const fn is_told(self) -> bool {
        match self {
            Self::Devices | Self::Nobody => true,
            Self::Quiet | Self::Silent => false,
        }
    }
}

/// A device of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// The account.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
    /// What the owner calls the device; told to the owner's other devices only.
    pub device_name: DeviceName,
}

/// What a device may ask for about a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// It rings.
    Ring,
    /// It answers.
    Answer {
        /// The answer, of the offer's epoch.
        description: CallDescription,
        /// The candidates found so far. The driver has checked them.
        candidates: Vec<Candidate>,
    },
    /// It describes itself anew.
    Describe {
        /// The description.
        description: CallDescription,
    },
    /// It found candidates.
    AddCandidates {
        /// The negotiation that they belong to.
        epoch: u16,
        /// The candidates. The driver has checked them.
        candidates: Vec<Candidate>,
    },
    /// The callee rejects.
    Decline,
    /// The caller gives up.
    Cancel,
    /// It takes the call over from the account's device that takes part.
    Take {
        /// The offer, of an epoch above the call's.
        description: CallDescription,
    },
    /// What it does with its sound.
    SetSound {
        /// The state.
        sound: CallSound,
    },
    /// Either hangs up.
    HangUp {
        /// How long before the request sound of the other side last arrived.
        heard_ago: Option<Milliseconds>,
    },
    /// It reports how its media fares.
    Report {
        /// The report.
        report: CallReport,
        /// How long before the request sound of the other side last arrived.
        heard_ago: Option<Milliseconds>,
    },
}

/// The answer to a request that was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// Nothing to tell.
    Done,
    /// The requester is shown this call, by [`Switchboard::view_for`](super::Switchboard::view_for).
    Call(CallId),
}

/// Why a request was not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No such call, or not one of this account's.
    NoCall,
    /// A call to oneself.
    OwnAccount,
    /// Only a device that takes part may do this.
    NotTakingPart,
    /// Only the other of the two may do this.
    WrongRole,
    /// The caller is in another call.
    CallerBusy,
    /// The account is in another call that it has not put on hold.
    HoldFirst,
    /// Before the answer, or candidates before the description that they belong to.
    TooEarly,
    /// More than [`CANDIDATES_MAX`](protocol::limits::CANDIDATES_MAX) candidates of one epoch.
    TooManyCandidates,
    /// An offer where an answer belongs, an epoch that is not the one due, or a value that is not allowed.
    BadDescription,
    /// Another tab of the same device has answered.
    AnsweredByOtherTab,
    /// The attempt was used before, for another conversation or by another device.
    AttemptUsed,
    /// The call is over.
    Over,
}

impl Refusal {
    /// The code on the wire.
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::NoCall => ErrorCode::NotFound,
            Self::OwnAccount | Self::BadDescription => ErrorCode::BadRequest,
            Self::NotTakingPart | Self::WrongRole => ErrorCode::Forbidden,
            Self::CallerBusy | Self::HoldFirst | Self::TooEarly | Self::Over => {
                ErrorCode::WrongState
            }
            Self::TooManyCandidates => ErrorCode::TooLarge,
            Self::AnsweredByOtherTab | Self::AttemptUsed => ErrorCode::Conflict,
        }
    }

    /// What went wrong and what to do, for people.
    pub const fn message(self) -> &'static str {
        match self {
            Self::NoCall => "There is no such call.",
            Self::OwnAccount => "You cannot call yourself; call somebody else.",
            Self::NotTakingPart => "This device takes no part in the call; answer it first.",
            Self::WrongRole => "Only the other side of the call may do this.",
            Self::CallerBusy => "You are in another call; end it first.",
            Self::HoldFirst => "You are in another call; end it or put it on hold first.",
            Self::TooEarly => {
                "This comes after the answer, and candidates after their description."
            }
            Self::TooManyCandidates => "Too many candidates; send at most 64 for each description.",
            Self::BadDescription => {
                "The description does not fit here; start with an offer of epoch 0, answer with an answer of the offer's epoch, take over with an offer above the call's."
            }
            Self::AnsweredByOtherTab => "The call was answered in another tab.",
            Self::AttemptUsed => "This attempt was used for another call; make a new one.",
            Self::Over => "The call is over.",
        }
    }
}
