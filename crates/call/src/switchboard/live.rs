//! A live call: its states, what time and coming and going devices do to it, and who sees what of it.
//!
//! What requests do is in `requests`. A call knows nothing of other calls or of those that ended; `Switchboard` does.

use std::collections::BTreeSet;

use protocol::call::{
    Call, CallSound, CallState, CallView, EndReason, FailCause, Here, Remote, Role,
};
use protocol::{AttemptId, CallId, ConversationId, DeviceId, Timestamp, UserId};

use super::{Effect, Party, Reach, Row, Timeouts};

pub(super) struct Live {
    pub(super) id: CallId,
    pub(super) revision: u32,
    pub(super) conversation: ConversationId,
    pub(super) started_at: Timestamp,
    pub(super) reach: Reach,
    /// The caller's, and after a glare the callee's as well.
    pub(super) attempts: Vec<(UserId, AttemptId)>,
    /// Became one call out of two: the callee describes itself, but never sends an answer request.
    pub(super) joined: bool,
    pub(super) caller: Side,
    pub(super) callee: UserId,
    pub(super) state: State,
}

/// Where a live call stands, with what is true only there. A call that ended is no live call.
///
/// ```text
///  start ──▶ Ringing ──answer, glare──▶ Connecting ──both report sound──▶ Active
///              │ decline · cancel          │ hang up · cancel · failed      │ hang up · cancel · failed
///              │ no answer · unreachable   │ timeout · session ended        │ lost · abandoned
///              │ replaced                  │                                │ session ended
///              └───────────────────────────┴──────────▶ (ended) ◀───────────┘
/// ```
pub(super) enum State {
    Ringing {
        /// Devices of the callee that said they ring and are still connected.
        devices: BTreeSet<DeviceId>,
        expires_at: Timestamp,
        /// Set while no device of the callee was connected.
        unreachable_at: Option<Timestamp>,
    },
    Connecting {
        callee: Side,
        /// The one side that has reported sound.
        sounds: Option<Role>,
        expires_at: Timestamp,
    },
    Active {
        callee: Side,
        since: Timestamp,
    },
}

/// A device that takes part.
pub(super) struct Side {
    pub(super) party: Party,
    /// Since when it has no socket.
    pub(super) away: Option<Timestamp>,
    /// Its newest description and that description's candidates; nothing after a restart of the server.
    pub(super) sent: Option<Remote>,
}

/// What a request changed.
pub(super) enum Change {
    /// Nothing that others see.
    Nothing,
    /// Nothing of the state; something is passed on.
    Pass(Vec<Effect>),
    /// What must be kept, and nobody sees: the device that connects is about to get its snapshot.
    Kept,
    /// What the caller's device sees.
    CallerSees,
    /// The state; everybody is told.
    Moved,
    /// It was answered; everybody is told.
    Answered,
    /// It is over.
    Ended(EndReason),
}

impl Live {
    /// From ringing to connecting.
    pub(super) fn accept(&mut self, party: Party, sent: Option<Remote>, expires_at: Timestamp) {
        let callee = Side {
            party,
            away: None,
            sent,
        };
        self.state = State::Connecting {
            callee,
            sounds: None,
            expires_at,
        };
    }

    pub(super) fn activate(&mut self, since: Timestamp) {
        let State::Connecting { callee, .. } = &mut self.state else {
            return;
        };
        let callee = Side {
            party: callee.party.clone(),
            away: callee.away,
            sent: callee.sent.take(),
        };
        self.state = State::Active { callee, since };
    }

    /// A device has a socket again.
    pub(super) fn device_connected(&mut self, user: UserId, device: DeviceId) -> Change {
        if let Some(side) = self.taking_part(user, device) {
            side.away = None;
        }
        match &mut self.state {
            State::Ringing { unreachable_at, .. }
                if user == self.callee && unreachable_at.is_some() =>
            {
                *unreachable_at = None;
                self.reach = Reach::Devices;
                Change::Kept
            }
            State::Ringing { .. } | State::Connecting { .. } | State::Active { .. } => {
                Change::Nothing
            }
        }
    }

    /// A device has no socket any more. That alone ends no call.
    pub(super) fn device_gone(&mut self, now: Timestamp, user: UserId, device: DeviceId) -> Change {
        if let Some(side) = self.taking_part(user, device) {
            side.away = side.away.or(Some(now));
        }
        match &mut self.state {
            State::Ringing { devices, .. } if user == self.callee => {
                if devices.remove(&device) {
                    Change::CallerSees
                } else {
                    Change::Nothing
                }
            }
            State::Ringing { .. } | State::Connecting { .. } | State::Active { .. } => {
                Change::Nothing
            }
        }
    }

    /// A device will not come back.
    pub(super) fn session_ended(
        &mut self,
        now: Timestamp,
        user: UserId,
        device: DeviceId,
    ) -> Change {
        if self.taking_part(user, device).is_none() {
            return self.device_gone(now, user, device);
        }
        Change::Ended(match self.state {
            State::Ringing { .. } => EndReason::Cancelled,
            State::Connecting { .. } | State::Active { .. } => EndReason::HungUp { by: user },
        })
    }

    /// Why the call ends when an account goes.
    pub(super) fn account_gone(&self, user: UserId) -> EndReason {
        match self.state {
            State::Ringing { .. } if user == self.callee => EndReason::Unreachable,
            State::Ringing { .. } => EndReason::Cancelled,
            State::Connecting { .. } | State::Active { .. } => EndReason::HungUp { by: user },
        }
    }

    /// When the call ends by itself, and why.
    pub(super) fn deadline(&self, timeouts: &Timeouts) -> Option<(Timestamp, EndReason)> {
        match &self.state {
            State::Ringing {
                expires_at,
                unreachable_at,
                ..
            } => match unreachable_at {
                Some(at) if at < expires_at => Some((*at, EndReason::Unreachable)),
                Some(_) | None => Some((*expires_at, EndReason::NoAnswer)),
            },
            State::Connecting {
                callee, expires_at, ..
            } => {
                let away = self.caller.away.is_some() || callee.away.is_some();
                let cause = if away {
                    FailCause::PeerGone
                } else {
                    FailCause::Timeout
                };
                Some((*expires_at, EndReason::Failed { cause }))
            }
            State::Active { callee, .. } => {
                let both_away = self.caller.away?.max(callee.away?);
                Some((both_away + timeouts.abandoned, EndReason::Lost))
            }
        }
    }

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
            None => Here::Rings,
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
            epoch: 0,
        })
    }

    pub(super) fn call(&self) -> Call {
        Call {
            id: self.id,
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
            caller_sound: CallSound::default(),
            callee_sound: CallSound::default(),
        }
    }

    pub(super) fn row(&self) -> Option<Row> {
        Some(Row {
            call: self.call(),
            attempt: self.attempts.first()?.1,
            caller: self.caller.party.clone(),
            callee: self.callee_side().map(|side| side.party.clone()),
            reach: self.reach,
        })
    }

    /// Which of the two an account is, as far as it may know.
    pub(super) fn role(&self, user: UserId) -> Option<Role> {
        if user == self.caller.party.user {
            Some(Role::Caller)
        } else if user == self.callee && self.reach != Reach::Silent {
            Some(Role::Callee)
        } else {
            None
        }
    }

    pub(super) fn callee_side(&self) -> Option<&Side> {
        match &self.state {
            State::Ringing { .. } => None,
            State::Connecting { callee, .. } | State::Active { callee, .. } => Some(callee),
        }
    }

    pub(super) fn side(&mut self, role: Role) -> Option<&mut Side> {
        match (role, &mut self.state) {
            (Role::Caller, _) => Some(&mut self.caller),
            (Role::Callee, State::Ringing { .. }) => None,
            (Role::Callee, State::Connecting { callee, .. } | State::Active { callee, .. }) => {
                Some(callee)
            }
        }
    }

    fn taking_part(&mut self, user: UserId, device: DeviceId) -> Option<&mut Side> {
        let role = self.role(user)?;
        self.side(role).filter(|side| side.party.device == device)
    }
}
