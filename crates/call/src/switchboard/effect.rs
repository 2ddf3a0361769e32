//! Everything that a switchboard asks its driver to do.

use protocol::call::{Call, CallRecord, CallState};
use protocol::description::{CallDescription, Candidate};
use protocol::{CallId, DeviceId, UserId};
use serde::{Deserialize, Serialize};

use super::{Party, Reach, Refusal, Reply};

/// What came of an input: first the effects, in their order, then the reply to whoever asked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Handled {
    /// The answer to a start or a request; [`Reply::Done`] for every other input.
    pub reply: Result<Reply, Refusal>,
    /// What is to be done. A `save` comes before what tells of it.
    pub effects: Vec<Effect>,
}

/// Something to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Keep the call: at every transition. Whatever follows waits until it is kept.
    Save(Box<Row>),
    /// Show the call, by [`Switchboard::view_for`](super::Switchboard::view_for) for each device.
    Tell {
        /// The call.
        call: CallId,
        /// Whom.
        user: UserId,
        /// Which device; nothing for all devices of the account.
        device: Option<DeviceId>,
    },
    /// Pass a description on.
    Description {
        /// The call.
        call: CallId,
        /// To whom.
        user: UserId,
        /// To which device.
        device: DeviceId,
        /// The description.
        description: CallDescription,
    },
    /// Pass candidates on.
    Candidates {
        /// The call.
        call: CallId,
        /// To whom.
        user: UserId,
        /// To which device.
        device: DeviceId,
        /// The negotiation that they belong to.
        epoch: u16,
        /// The candidates.
        candidates: Vec<Candidate>,
    },
    /// A person is in an answered call now, or is not any more. A hint for presence.
    InCall {
        /// Who.
        user: UserId,
        /// Whether in a call.
        in_call: bool,
    },
}

/// A call as the store keeps it: all that is needed to go on with it after a restart of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The call.
    pub call: Call,
    /// The caller's device.
    pub caller: Party,
    /// The callee's device, once one has answered.
    pub callee: Option<Party>,
    /// Whether the callee was reached. A [`Reach::Silent`] call goes into no timeline or log of the callee's.
    pub reach: Reach,
}

impl Row {
    /// What the timeline and the call log show.
    pub fn record(&self) -> CallRecord {
        CallRecord {
            call: self.call.id,
            conversation: self.call.conversation,
            caller: self.call.caller,
            callee: self.call.callee,
            started_at: self.call.started_at,
            end: match self.call.state {
                CallState::Ended { end } => Some(end),
                CallState::Ringing { .. }
                | CallState::Connecting { .. }
                | CallState::Active { .. } => None,
            },
        }
    }
}
