//! Who is on the line: the keys of devices, what they sign, and how a key stands to a person.
//!
//! The server carries all of it and is trusted with none of it: descriptions are signed by the device that makes them, a new
//! device is endorsed by an older one of the same account, and every client keeps the keys that it has seen. What is signed, and
//! how the code that two people compare comes about, is in the crate `identity` and in `docs/protocol.md`; here are the words alone.

use serde::{Deserialize, Serialize};

use crate::description::{CodeCommitment, CodeNonce, DeviceKey, Signature};
use crate::{AttemptId, DeviceName, SessionId, UserId};

/// Who made a description.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Identity {
    /// The attempt that the call began with: its name among the two devices, chosen by the caller.
    pub attempt: AttemptId,
    /// The key of the device that made the description.
    pub key: DeviceKey,
    /// This side's part of the code; nothing where the connection goes on.
    #[serde(default)]
    pub code: Option<CodePart>,
    /// That device's signature over the whole description.
    pub signature: Signature,
}

/// One side's part of the code that two people compare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum CodePart {
    /// In an offer that begins a connection: which nonce will be revealed.
    Commitment(CodeCommitment),
    /// In the answer to such an offer.
    Nonce(CodeNonce),
}

/// An older device's word that a new one is of the same account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Endorsement {
    /// The older device's key.
    pub by: DeviceKey,
    /// Its signature.
    pub signature: Signature,
}

/// The keys of a person's devices, as the server tells them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct PersonKeys {
    /// Whose.
    pub person: UserId,
    /// All of them, at most [`crate::limits::SESSIONS_PER_ACCOUNT`].
    pub devices: Vec<ListedDevice>,
}

/// A device in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ListedDevice {
    /// Its key.
    pub key: DeviceKey,
    /// What older devices of the account say of it.
    pub endorsements: Vec<Endorsement>,
    /// What only its own account is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub own: Option<OwnDevice>,
}

/// What an account is told of its own devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct OwnDevice {
    /// The device's name.
    pub name: DeviceName,
    /// The session that is signed in on it, by which it can be signed out.
    pub session: SessionId,
}

/// How a key stands to a person, as far as this device knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum Standing {
    /// The two people compared the code, or a key of which they did endorses this one.
    Verified,
    /// It was seen before, or a key that was endorses this one.
    Known,
    /// No key of the person was ever seen.
    First,
    /// The person is known by other keys.
    Changed,
}
