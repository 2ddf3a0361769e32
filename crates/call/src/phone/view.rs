//! What the screen shows of the calls of a device and of its account.

use protocol::{CallId, ConversationId, DeviceName, Timestamp};
use serde::{Deserialize, Serialize};

use crate::handset::HandsetView;

/// What the screen shows of calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct PhoneView {
    /// The call in the foreground: it rings, is talked in, or ended just now. One on hold only where there is no other.
    pub current: HandsetView,
    /// A call that comes in during the current one; `incoming`.
    pub waiting: Option<HandsetView>,
    /// A call on hold behind the current one; `active`.
    pub held: Option<HandsetView>,
    /// A call of the account that is talked in on another device, or that this device had before a reload.
    pub elsewhere: Option<Elsewhere>,
}

/// An answered call of the account that no handset here has. It may be moved here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Elsewhere {
    /// With whom.
    pub conversation: ConversationId,
    /// The call.
    pub call: CallId,
    /// The device that has it; nothing where it is this one, in another tab or before a reload.
    pub device: Option<DeviceName>,
    /// When they first heard each other, by the phone's clock.
    pub since: Option<Timestamp>,
}
