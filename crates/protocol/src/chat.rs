//! Conversations, messages and presence.
//!
//! A conversation is the one of a pair of people. Its messages are numbered from 1 without a gap
//! (`seq`); a call stands among them as a message whose body is the call's record.

use serde::{Deserialize, Serialize};

use crate::account::Person;
use crate::call::CallRecord;
use crate::{ConversationId, MessageId, MessageText, Timestamp, UserId};

/// A conversation, as one of its two people sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Conversation {
    /// The conversation.
    pub id: ConversationId,
    /// The other person.
    pub person: Person,
    /// How the two stand to each other.
    pub contact: Contact,
    /// The number of the newest message; 0 while there is none.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub last_seq: u64,
    /// Everything up to here was read by this account, on whichever device.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub read_seq: u64,
    /// Everything up to here was read by the other person.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub peer_read_seq: u64,
    /// Messages and missed calls of the other person after `read_seq`.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub unread: u64,
    /// Missed calls after `read_seq` that were not seen in the call log either.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub missed: u64,
    /// Whether this account muted it: its calls never ring, its messages make no sound.
    pub muted: bool,
    /// Whether this account hides its IP address from the other person: their calls go through the relay.
    pub hides_address: bool,
    /// The newest message, for the list.
    pub last_message: Option<Message>,
    /// Whether the other person is there; contacts only.
    pub presence: Option<Presence>,
}

/// How two people stand to each other, as one of them sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum Contact {
    /// Nothing written yet.
    None,
    /// This account wrote first and waits to be accepted.
    Requested,
    /// The other person wrote first: accept or block.
    Request,
    /// Both accepted: they may write without limit and call.
    Accepted,
    /// This account blocked the other person. The other person is not told.
    Blocked,
}

/// One entry of a conversation's timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Message {
    /// The message; for a call, the call's id.
    pub id: MessageId,
    /// Where it stands.
    pub conversation: ConversationId,
    /// Its number there. A call's message keeps its number while its record changes.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub seq: u64,
    /// Who wrote it, or who called.
    pub author: UserId,
    /// When the server took it.
    pub sent_at: Timestamp,
    /// What it says.
    pub body: MessageBody,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum MessageBody {
    /// Text, shown as it is and never as markup.
    Text {
        /// The text.
        text: MessageText,
    },
    /// A call. The message is sent again, same id and number, whenever the record changes.
    Call {
        /// What became of it so far.
        record: CallRecord,
    },
}

/// Whether a contact is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum Presence {
    /// At least one device is connected.
    Online,
    /// In a call.
    InCall,
    /// No device is connected.
    Offline {
        /// When the last one left; nothing where none was ever seen.
        last_seen: Option<Timestamp>,
    },
}

/// The answer to `GET /api/v1/conversations/{id}/messages`, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct History {
    /// Messages that follow each other without a gap.
    pub messages: Vec<Message>,
    /// Whether there are more in the direction that was asked for.
    pub more: bool,
}
