//! A live call: its states, and when it ends by itself.
//!
//! What requests do is in `requests` and its neighbours, what coming and going devices do in `devices`, who sees what of
//! it in `showing`. A call knows nothing of other calls or of those that ended; `Switchboard` does.

use std::collections::BTreeSet;

use protocol::call::{CallSound, EndReason, FailCause, Remote, Role};
use protocol::{AttemptId, CallId, ConversationId, DeviceId, Timestamp, UserId};

use super::ending::{Ending, Facts};
use super::{Effect, Party, Reach, Timeouts};

#[derive(Debug, Clone)]
pub(super) struct Live {
    pub(super) id: CallId,
    /// The caller's, by which the two devices name the call.
    pub(super) attempt: AttemptId,
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
#[derive(Debug, Clone)]
pub(super) enum State {
    Ringing {
        /// Devices of the callee that said they ring and are still connected.
        devices: BTreeSet<DeviceId>,
        /// The callee's device that it rings on, and no other: it talks in a call already.
        waits_on: Option<Party>,
        expires_at: Timestamp,
        /// Set while no device of the callee was connected.
        unreachable_at: Option<Timestamp>,
    },
    Connecting {
        callee: Side,
        answered_at: Timestamp,
        /// The one side that has reported that it is connected, and since when it is.
        connected: Option<(Role, Timestamp)>,
        expires_at: Timestamp,
    },
    Active {
        callee: Side,
        answered_at: Timestamp,
        since: Timestamp,
    },
}

/// A device that takes part.
#[derive(Debug, Clone)]
pub(super) struct Side {
    pub(super) party: Party,
    /// Since when it has no socket.
    pub(super) away: Option<Timestamp>,
    /// Its newest description and that description's candidates; nothing after a restart of the server.
    pub(super) sent: Option<Remote>,
    /// What it does with its sound.
    pub(super) sound: CallSound,
}

impl Side {
    /// A device that is here and has sent nothing yet.
    pub(super) fn new(party: Party) -> Self {
        Self {
            party,
            away: None,
            sent: None,
            sound: CallSound::default(),
        }
    }
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
    /// Another device has it now; everybody is told, and what it sent is passed on.
    Taken(Vec<Effect>),
    /// It is over.
    Ended(Ending),
}

impl Live {
    /// From ringing to connecting.
    pub(super) fn accept(
        &mut self,
        now: Timestamp,
        party: Party,
        sent: Option<Remote>,
        expires_at: Timestamp,
    ) {
        self.state = State::Connecting {
            callee: Side {
                sent,
                ..Side::new(party)
            },
            answered_at: now,
            connected: None,
            expires_at,
        };
    }

    pub(super) fn activate(&mut self, since: Timestamp) {
        let State::Connecting {
            callee,
            answered_at,
            ..
        } = &mut self.state
        else {
            return;
        };
        let callee = Side {
            party: callee.party.clone(),
            away: callee.away,
            sent: callee.sent.take(),
            sound: callee.sound,
        };
        self.state = State::Active {
            callee,
            answered_at: *answered_at,
            since,
        };
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
            State::Active { .. } => Some((self.both_away()? + timeouts.abandoned, EndReason::Lost)),
        }
    }

    /// The end of a call whose time is up. Whether two devices that are away hear each other nobody knows; they are
    /// taken at the word that the second of them did not say any more.
    pub(super) fn overdue(&self, now: Timestamp, timeouts: &Timeouts) -> Ending {
        let reason = self.deadline(timeouts);
        Ending {
            heard_until: self.both_away(),
            ..Ending::found(reason.map_or(EndReason::Lost, |(_, reason)| reason), now)
        }
    }

    /// Since when both devices have no socket.
    fn both_away(&self) -> Option<Timestamp> {
        Some(self.caller.away?.max(self.callee_side()?.away?))
    }

    /// What an end that somebody states is judged by.
    pub(super) fn facts(&self) -> Facts {
        let (answered_at, since) = match self.state {
            State::Ringing { .. } => (None, None),
            State::Connecting { answered_at, .. } => (Some(answered_at), None),
            State::Active {
                answered_at, since, ..
            } => (Some(answered_at), Some(since)),
        };
        Facts {
            caller: self.caller.party.user,
            callee: self.callee,
            started_at: self.started_at,
            answered_at,
            since,
        }
    }

    pub(super) fn callee_side(&self) -> Option<&Side> {
        match &self.state {
            State::Ringing { .. } => None,
            State::Connecting { callee, .. } | State::Active { callee, .. } => Some(callee),
        }
    }

    /// An account's side of the answered call.
    pub(super) fn talking_side(&self, user: UserId) -> Option<&Side> {
        let callee = self.callee_side()?;
        match self.role(user)? {
            Role::Caller => Some(&self.caller),
            Role::Callee => Some(callee),
        }
    }

    /// The callee's device that the call waits on, where it rings during another one.
    pub(super) fn waits_on(&self) -> Option<&Party> {
        match &self.state {
            State::Ringing { waits_on, .. } => waits_on.as_ref(),
            State::Connecting { .. } | State::Active { .. } => None,
        }
    }

    /// Whether a device of the callee may answer the ringing call.
    pub(super) fn rings_on(&self, device: DeviceId) -> bool {
        matches!(self.state, State::Ringing { .. })
            && self.waits_on().is_none_or(|party| party.device == device)
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
}
