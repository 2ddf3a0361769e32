//! The socket, `/api/v1/socket`: JSON text frames in two enums, one for each direction.
//!
//! The client opens with [`Opening`]; the server answers with [`Welcome`], the snapshot of all that the
//! device must know. From then on the client sends [`ClientFrame`]s: `pong`, and requests, each with an
//! id of the client's choice that comes back in exactly one `ok` or `error`. The server sends
//! [`ServerFrame`]s. Unknown fields are ignored; an unknown `type` is answered with `unsupported`.

use serde::{Deserialize, Serialize};

use crate::account::{Device, Person, Token};
use crate::call::{CallReport, CallSound, CallView};
use crate::chat::{Conversation, Message, Presence};
use crate::description::{CallDescription, Candidate, DeviceKey, Signature};
use crate::error::ErrorCode;
use crate::identity::PersonKeys;
use crate::registration::Search;
use crate::relay::{RelayAccess, RelayMode};
use crate::settings::Settings;
use crate::{
    AttemptId, CallId, ConversationId, DeviceId, MessageId, MessageText, Milliseconds, SessionId,
    Timestamp, UserId,
};

/// The first frame of a client, within [`crate::limits::HELLO_DEADLINE`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum Opening {
    /// Says who is there.
    Hello(Hello),
}

/// Who is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Hello {
    /// The access token.
    pub token: Token,
    /// The device that the token was made for.
    pub device: DeviceId,
    /// [`crate::limits::PROTOCOL_VERSION`] of the client.
    pub protocol: u16,
}

/// What a client sends after `hello`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum ClientFrame {
    /// Has no id and gets no answer.
    Notice(Notice),
    /// Anything that wants an answer.
    Request(Request),
}

/// What a client tells without waiting for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum Notice {
    /// The answer to `ping`.
    Pong,
    /// Is anybody there? → `pong`, at once.
    Ping,
}

/// A request and the number under which its answer comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Request {
    /// Chosen by the client, unique among its requests that wait for an answer.
    pub id: u32,
    /// How long ago the client first wanted to send it: 0 unless it waited for a socket or is resent.
    #[serde(default, skip_serializing_if = "Milliseconds::is_zero")]
    #[cfg_attr(feature = "typescript", ts(as = "Option<Milliseconds>", optional))]
    pub age: Milliseconds,
    /// What is asked for.
    #[serde(flatten)]
    pub body: RequestBody,
}

/// What a client may ask for. Everything that changes something may be sent again after a reconnect
/// and changes nothing the second time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum RequestBody {
    /// Replaces the access token of this socket before it runs out. → `done`
    Renew {
        /// The new token, of the same session.
        token: Token,
    },
    /// Tells this device's key, once and for all: another one is refused with `conflict`. Calls need it. → `done`
    PublishKey {
        /// The key.
        key: DeviceKey,
    },
    /// This device says that another device of its account is its person's. → `done`
    EndorseKey {
        /// The other device's key.
        key: DeviceKey,
        /// This device's signature.
        signature: Signature,
    },
    /// Finds or makes the conversation with a person. Nobody is told before a message is written. → `conversation`
    OpenConversation {
        /// The other person.
        person: UserId,
    },
    /// Writes a message. → `message`
    SendMessage {
        /// Where.
        conversation: ConversationId,
        /// A new UUIDv7; the same one again for a resend.
        message: MessageId,
        /// What.
        text: MessageText,
    },
    /// Everything up to here was read. Smaller numbers than before change nothing. → `done`
    MarkRead {
        /// Where.
        conversation: ConversationId,
        /// The newest number read.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        seq: u64,
    },
    /// Somebody types, or stopped. Repeat every 4 s while it lasts; others forget it after 6 s. → `done`
    Typing {
        /// Where.
        conversation: ConversationId,
        /// Whether they type.
        active: bool,
    },
    /// Accepts a request. → `conversation`
    AcceptContact {
        /// The conversation that is a request.
        conversation: ConversationId,
    },
    /// Blocks the other person: nothing of theirs arrives any more, and they are not told. → `conversation`
    BlockContact {
        /// The conversation.
        conversation: ConversationId,
    },
    /// Takes a block back. → `conversation`
    UnblockContact {
        /// The conversation.
        conversation: ConversationId,
    },
    /// Mutes a conversation for this account, on all its devices, or takes that back: its calls never ring, its
    /// messages make no sound. → `conversation`
    MuteConversation {
        /// The conversation.
        conversation: ConversationId,
        /// Whether it shall be muted.
        muted: bool,
    },
    /// Hides this account's IP address from the other person, or takes that back: sound goes through the relay in calls
    /// with them. → `conversation`
    HideAddress {
        /// The conversation.
        conversation: ConversationId,
        /// Whether it shall be hidden.
        hidden: bool,
    },
    /// The person looked at the missed calls of the call log: none of them counts as missed any more. → `done`
    MarkCallsSeen,
    /// Starts a call. Where the other person is calling at the same moment, the two become one call,
    /// and the answer shows this device as the callee that has answered. → `call`
    StartCall {
        /// A new UUIDv7; the same one again for a resend.
        attempt: AttemptId,
        /// With whom; the contact must be accepted.
        conversation: ConversationId,
        /// The offer, epoch 0.
        description: CallDescription,
    },
    /// This device rings. → `done`
    RingCall {
        /// The call.
        call: CallId,
    },
    /// Answers a call on this device; the first device wins. → `call`; the loser's shows the call elsewhere.
    AnswerCall {
        /// The call.
        call: CallId,
        /// The answer, of the offer's epoch.
        description: CallDescription,
        /// The candidates found so far.
        candidates: Vec<Candidate>,
    },
    /// This device takes the call over from the account's device that takes part, which may be itself before a reload. The
    /// offer has its own certificate and an epoch above the call's. Nothing rings. → `call`
    TakeCall {
        /// The call.
        call: CallId,
        /// The offer.
        description: CallDescription,
    },
    /// What this device does with its sound; a `change` not above the one known changes nothing. → `done`
    SetSound {
        /// The call.
        call: CallId,
        /// The state.
        sound: CallSound,
    },
    /// The next offer (an ICE restart), or an answer to the other side's. → `done`
    DescribeCall {
        /// The call.
        call: CallId,
        /// The description.
        description: CallDescription,
    },
    /// More candidates; only after the answer. → `done`
    AddCandidates {
        /// The call.
        call: CallId,
        /// The negotiation that they belong to.
        epoch: u16,
        /// The candidates.
        candidates: Vec<Candidate>,
    },
    /// How to get at the relay for a call that this device takes part in, or that rings it. Ask again before an ICE
    /// restart and before it runs out. → `relay`
    AccessRelay {
        /// The call.
        call: CallId,
    },
    /// How to get at the relay for a test of one's own connection: such allocations reach each other only. → `relay`
    TestRelay,
    /// The callee rejects the call, for all devices. After an answer it changes nothing. → `done`
    DeclineCall {
        /// The call.
        call: CallId,
    },
    /// The caller gives up. After an answer it hangs up. → `done`
    CancelCall {
        /// The call.
        call: CallId,
    },
    /// Ends a call that was answered. → `done`
    HangUp {
        /// The call.
        call: CallId,
        /// How long before this request sound of the other side last arrived; nothing where none ever did.
        #[serde(default)]
        heard_ago: Option<Milliseconds>,
    },
    /// How the media of this device fares. → `done`
    ReportCall {
        /// The call.
        call: CallId,
        /// The report.
        report: CallReport,
        /// How long before this request sound of the other side last arrived; nothing where none ever did.
        #[serde(default)]
        heard_ago: Option<Milliseconds>,
    },
}

/// What the server sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum ServerFrame {
    /// The answer to `hello`: everything that this device must know. Whatever it knew before is void.
    Welcome(Box<Welcome>),
    /// A request was carried out, and what it changed is kept for good.
    Ok {
        /// The request.
        id: u32,
        /// What came of it.
        outcome: Outcome,
    },
    /// A request was not carried out.
    Error(RequestError),
    /// Answer `pong`.
    Ping,
    /// The answer to `ping`.
    Pong,
    /// A message is new, or a call's record changed.
    Message {
        /// The message.
        message: Message,
    },
    /// A conversation is new or changed other than by a message.
    Conversation {
        /// The conversation.
        conversation: Conversation,
    },
    /// Somebody read up to a message: the other person, or this account on another device.
    Read {
        /// Where.
        conversation: ConversationId,
        /// Who.
        user: UserId,
        /// How far.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        seq: u64,
        /// What is left unread for this account.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        unread: u64,
        /// What is left of this account's missed calls there.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        missed: u64,
    },
    /// The account's settings changed, on whichever device.
    Settings {
        /// The settings.
        settings: Settings,
    },
    /// The devices of a contact, or of this account, changed: all their keys.
    Keys {
        /// The keys.
        keys: PersonKeys,
    },
    /// The other person types, or stopped.
    Typing {
        /// Where.
        conversation: ConversationId,
        /// Whether they type.
        active: bool,
    },
    /// A contact came, went or is in a call.
    Presence {
        /// Who.
        user: UserId,
        /// How.
        presence: Presence,
    },
    /// A call changed: the whole of it.
    Call {
        /// The call.
        call: CallView,
        /// The server's time now, to measure the call's times by.
        now: Timestamp,
    },
    /// The other device described itself anew.
    Description {
        /// The call.
        call: CallId,
        /// The description.
        description: CallDescription,
    },
    /// The other device found more candidates.
    Candidates {
        /// The call.
        call: CallId,
        /// The negotiation that they belong to.
        epoch: u16,
        /// The candidates.
        candidates: Vec<Candidate>,
    },
    /// The server stops and will close the socket.
    GoingAway {
        /// Come back after so long.
        reconnect_after: Milliseconds,
    },
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum Outcome {
    /// Nothing to tell.
    Done,
    /// The conversation, as it is now.
    Conversation {
        /// The conversation.
        conversation: Box<Conversation>,
    },
    /// The message, as it was stored; for a resend, as it was stored the first time.
    Message {
        /// The message.
        message: Message,
    },
    /// The call, as it is now.
    Call {
        /// The call.
        call: Box<CallView>,
        /// The server's time now.
        now: Timestamp,
    },
    /// The relay.
    Relay {
        /// How to get at it; nothing where there is none.
        access: Option<RelayAccess>,
    },
}

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RequestError {
    /// The request; missing where the frame had none that could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub id: Option<u32>,
    /// What went wrong, for programs.
    pub code: ErrorCode,
    /// What went wrong and what to do, for people.
    pub message: String,
    /// Try again after so long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub retry_after: Option<Milliseconds>,
}

/// The snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Welcome {
    /// The protocol version that will be spoken.
    pub protocol: u16,
    /// The server's time now.
    pub now: Timestamp,
    /// Whose socket it is.
    pub me: Person,
    /// Which device it is.
    pub device: Device,
    /// The session it belongs to.
    pub session: SessionId,
    /// Whether the account may manage accounts.
    pub administrator: bool,
    /// How people are found on this server.
    pub search: Search,
    /// The account's settings.
    pub settings: Settings,
    /// All conversations of the account that have a message or are with a contact, newest first.
    pub conversations: Vec<Conversation>,
    /// The devices' keys of this account and of its contacts.
    pub keys: Vec<PersonKeys>,
    /// Every call that this account is in or that rings it.
    pub calls: Vec<CallView>,
    /// Where to ask for one's own address.
    pub ice: IceServers,
    /// What the server allows, for forms and timers.
    pub limits: Limits,
}

/// What helps a client to find its paths, all at the host it already talks to. Third parties are never named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct IceServers {
    /// UDP port of STUN on the host of this server; nothing where STUN is off.
    pub stun_port: Option<u16>,
    /// When sound goes through the relay.
    pub relay: RelayMode,
}

/// The numbers that a client needs. All others are in [`crate::limits`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Limits {
    /// Longest message, in Unicode scalar values.
    pub message_max_chars: u32,
    /// Give the socket up after so much silence.
    pub silence_limit: Milliseconds,
    /// A ringing device falls silent by itself after so long.
    pub device_ring_timeout: Milliseconds,
    /// A device whose path is `disconnected` restarts ICE after so long.
    pub restart_after: Milliseconds,
    /// A device that hears nothing for so long reports the call lost.
    pub lost_after: Milliseconds,
}
