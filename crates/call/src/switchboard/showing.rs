//! Who sees what of a live call, and what is kept of it.

use protocol::call::{Call, CallState, CallView, Here, Role};
use protocol::{DeviceId, UserId};

use super::Row;
use super::live::{Live, State};

impl Live {
    /// The call as one device is shown it; nothing where it must not see it.
    pub(super) fn view(&self, user: UserId, device: DeviceId) -> Option<CallView> {
        let role = self.role(user)?;
        let (own, other) = match (role, self.callee_side()) {
            (Role::Caller, callee) => (Some(&self.caller), callee),
            (Role::Callee, callee) => (callee, Some(&self.caller)),
        };
        let here = match own {
            Some(side) if side.party.device == device => Here::TakesPart,
            Some(side) => Here::Elsewhere {
                device: Some(side.party.device_name.clone()),
            },
            None if self.rings_on(device) => Here::Rings,
            None => Here::Elsewhere {
                device: self.waits_on().map(|party| party.device_name.clone()),
            },
        };
        let remote = match here {
            Here::Rings | Here::TakesPart => other.and_then(|side| side.sent.clone()),
            Here::Elsewhere { .. } => None,
        };
        Some(CallView {
            call: self.call(),
            role,
            here,
            remote,
            epoch: self.epoch(),
        })
    }

    pub(super) fn call(&self) -> Call {
        Call {
            id: self.id,
            attempt: self.attempt,
            revision: self.revision,
            conversation: self.conversation,
            caller: self.caller.party.user,
            callee: self.callee,
            started_at: self.started_at,
            state: match &self.state {
                State::Ringing {
                    devices,
                    expires_at,
                    ..
                } => CallState::Ringing {
                    devices: u32::try_from(devices.len()).unwrap_or(u32::MAX),
                    expires_at: *expires_at,
                },
                State::Connecting { expires_at, .. } => CallState::Connecting {
                    expires_at: *expires_at,
                },
                State::Active { since, .. } => CallState::Active { since: *since },
            },
            caller_sound: self.caller.sound,
            callee_sound: self
                .callee_side()
                .map(|side| side.sound)
                .unwrap_or_default(),
        }
    }

    pub(super) fn row(&self) -> Row {
        Row {
            call: self.call(),
            caller: self.caller.party.clone(),
            callee: self.callee_side().map(|side| side.party.clone()),
            reach: self.reach,
        }
    }

    /// Which of the two an account is, as far as it may know.
    pub(super) fn role(&self, user: UserId) -> Option<Role> {
        if user == self.caller.party.user {
            Some(Role::Caller)
        } else if user == self.callee && self.reach.is_told() {
            Some(Role::Callee)
        } else {
            None
        }
    }
}
