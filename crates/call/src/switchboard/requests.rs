//! What each request does to a live call in each of its states, and who may ask.

use protocol::call::{CallReport, FailCause, Role};
use protocol::{CallId, DeviceId, Milliseconds, Timestamp};

use super::live::{Change, Live, Side, State};
use super::{Effect, Party, Reach, Refusal, Reply, Request, Switchboard, Timeouts};

/// A request with all that belongs to it.
pub(super) struct Asked<'a> {
    pub(super) from: &'a Party,
    pub(super) request: Request,
    pub(super) now: Timestamp,
    /// How long ago the device wanted it.
    pub(super) age: Milliseconds,
}

/// What an asking device has to do with a call.
pub(super) struct Standing {
    pub(super) role: Role,
    pub(super) takes_part: bool,
}

impl Switchboard {
    pub(super) fn request(
        &mut self,
        call: CallId,
        asked: Asked<'_>,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let reply = match asked.request {
            Request::Answer { .. } | Request::Take { .. } => Reply::Call(call),
            Request::Ring
            | Request::Describe { .. }
            | Request::AddCandidates { .. }
            | Request::SetSound { .. }
            | Request::Decline
            | Request::Cancel
            | Request::HangUp { .. }
            | Request::Report { .. } => Reply::Done,
        };
        if !self.calls.contains_key(&call) {
            self.request_after_end(call, &asked, effects)?;
            return Ok(reply);
        }
        self.check_one_talk(call, asked.from, &asked.request)?;
        let timeouts = self.timeouts;
        let from = asked.from;
        let takes = matches!(asked.request, Request::Take { .. });
        self.update(call, effects, |live| live.request(asked, &timeouts))?;
        if takes {
            self.waiting_follows(call, from, effects);
        }
        Ok(reply)
    }
}

impl Live {
    /// Carries out a request.
    ///
    /// Who may: ring and decline, any device of the callee; cancel while it rings, any device of the caller, because
    /// the one that dialled may be dead; take over, any device of an account whose device takes part; everything
    /// else, the two devices that take part, so that nobody ends a call by dismissing a device that still rings. Any device
    /// that rings may say though that the offer is not the caller's word.
    fn request(&mut self, asked: Asked<'_>, timeouts: &Timeouts) -> Result<Change, Refusal> {
        let Asked { from, now, .. } = asked;
        let standing = self.standing(from).ok_or(Refusal::NoCall)?;
        match asked.request {
            Request::Ring => self.ring(&standing, from.device),
            Request::Answer {
                description,
                candidates,
            } => {
                only(&standing, Role::Callee)?;
                let expires_at = now + timeouts.connect;
                self.answer(now, from, description, candidates, expires_at)
            }
            Request::Take { description } => self.take(now, &standing, from, description, timeouts),
            Request::Describe { description } => self.describe(&standing, description),
            Request::AddCandidates { epoch, candidates } => {
                self.add_candidates(&standing, epoch, candidates)
            }
            Request::SetSound { sound } => self.set_sound(&standing, sound),
            Request::Report {
                report: CallReport::Connected,
                ..
            } => self.connected(&standing, self.facts().event_time(now, asked.age)),
            Request::Decline
            | Request::Cancel
            | Request::HangUp { .. }
            | Request::Report { .. } => self.end(&standing, &asked),
        }
    }

    fn ring(&mut self, standing: &Standing, device: DeviceId) -> Result<Change, Refusal> {
        only(standing, Role::Callee)?;
        if !self.rings_on(device) {
            return Ok(Change::Nothing);
        }
        match &mut self.state {
            State::Ringing {
                devices,
                unreachable_at,
                ..
            } => {
                *unreachable_at = None;
                self.reach = Reach::Devices;
                Ok(if devices.insert(device) {
                    Change::CallerSees
                } else {
                    Change::Nothing
                })
            }
            State::Connecting { .. } | State::Active { .. } => Ok(Change::Nothing),
        }
    }

    /// The second report makes the call active, since when both were connected.
    fn connected(&mut self, standing: &Standing, at: Timestamp) -> Result<Change, Refusal> {
        takes_part(standing)?;
        match &mut self.state {
            State::Ringing { .. } => Err(Refusal::TooEarly),
            State::Connecting { connected, .. } => match *connected {
                Some((role, other)) if role != standing.role => {
                    self.activate(at.max(other));
                    Ok(Change::Moved)
                }
                Some(_) => Ok(Change::Nothing),
                None => {
                    *connected = Some((standing.role, at));
                    Ok(Change::Nothing)
                }
            },
            State::Active { .. } => Ok(Change::Nothing),
        }
    }

    /// Whatever asks for an end, from whoever may.
    fn end(&self, standing: &Standing, asked: &Asked<'_>) -> Result<Change, Refusal> {
        let rings = matches!(self.state, State::Ringing { .. });
        match asked.request {
            Request::Decline => only(standing, Role::Callee)?,
            Request::Cancel => {
                only(standing, Role::Caller)?;
                if !rings {
                    takes_part(standing)?;
                }
            }
            Request::HangUp { .. } if rings => {}
            Request::Report {
                report:
                    CallReport::Failed {
                        cause: FailCause::Identity,
                    },
                ..
            } if rings && standing.role == Role::Callee => {}
            _ => takes_part(standing)?,
        }
        let Asked { now, age, .. } = *asked;
        let ending = self.facts().stated(&asked.request, standing.role, now, age);
        match (ending, &asked.request) {
            (Some(ending), _) => Ok(Change::Ended(ending)),
            (None, Request::Report { .. }) => Err(Refusal::TooEarly),
            (None, _) => Ok(Change::Nothing),
        }
    }

    fn standing(&self, from: &Party) -> Option<Standing> {
        let role = self.role(from.user)?;
        let own: Option<&Side> = match role {
            Role::Caller => Some(&self.caller),
            Role::Callee => self.callee_side(),
        };
        let takes_part = own.is_some_and(|side| side.party.device == from.device);
        Some(Standing { role, takes_part })
    }
}

fn only(standing: &Standing, role: Role) -> Result<(), Refusal> {
    if standing.role == role {
        Ok(())
    } else {
        Err(Refusal::WrongRole)
    }
}

pub(super) fn takes_part(standing: &Standing) -> Result<(), Refusal> {
    if standing.takes_part {
        Ok(())
    } else {
        Err(Refusal::NotTakingPart)
    }
}
