//! What each request does to a live call in each of its states, and who may ask.

use protocol::call::{CallReport, EndReason, Remote, Role};
use protocol::description::{CallDescription, Candidate, DescriptionKind};
use protocol::limits::CANDIDATES_MAX;
use protocol::{DeviceId, Timestamp, UserId};

use super::live::{Change, Live, State};
use super::{Effect, Party, Reach, Refusal, Request, Timeouts};

struct Standing {
    role: Role,
    takes_part: bool,
}

impl Live {
    /// Carries out a request.
    ///
    /// Who may: ring and decline, any device of the callee; cancel while it rings, any device of
    /// the caller, because the one that dialled may be dead; everything after the answer, the two devices that
    /// take part, so that nobody ends a call by dismissing a device that still rings.
    pub(super) fn request(
        &mut self,
        now: Timestamp,
        from: &Party,
        request: Request,
        timeouts: &Timeouts,
    ) -> Result<Change, Refusal> {
        let standing = self.standing(from).ok_or(Refusal::NoCall)?;
        match request {
            Request::Ring => self.ring(&standing, from.device),
            Request::Answer {
                description,
                candidates,
            } => {
                only(&standing, Role::Callee)?;
                let expires_at = now + timeouts.connect;
                self.answer(from, description, candidates, expires_at)
            }
            Request::Describe { description } => self.describe(&standing, description),
            Request::AddCandidates { epoch, candidates } => {
                self.add_candidates(&standing, epoch, candidates)
            }
            Request::Decline => self.decline(&standing),
            Request::Cancel => self.cancel(&standing, from.user),
            Request::Take { .. } | Request::SetSound { .. } => Ok(Change::Nothing),
            Request::HangUp { .. } => self.hang_up(&standing, from.user),
            Request::Report { report, .. } => self.report(now, &standing, report),
        }
    }

    fn ring(&mut self, standing: &Standing, device: DeviceId) -> Result<Change, Refusal> {
        only(standing, Role::Callee)?;
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

    fn answer(
        &mut self,
        from: &Party,
        description: CallDescription,
        candidates: Vec<Candidate>,
        expires_at: Timestamp,
    ) -> Result<Change, Refusal> {
        match &mut self.state {
            State::Ringing { .. } => {
                let sent = first_answer(description, candidates)?;
                self.accept(from.clone(), Some(sent), expires_at);
                Ok(Change::Answered)
            }
            State::Connecting { callee, .. } | State::Active { callee, .. } => {
                if callee.party.device != from.device {
                    return Ok(Change::Nothing);
                }
                match &callee.sent {
                    Some(sent) if sent.description == description => Ok(Change::Nothing),
                    None if !self.joined => {
                        let sent = first_answer(description, candidates)?;
                        callee.sent = Some(sent.clone());
                        Ok(Change::Pass(self.pass(Role::Callee, sent)))
                    }
                    Some(_) | None => Err(Refusal::AnsweredByOtherTab),
                }
            }
        }
    }

    fn describe(
        &mut self,
        standing: &Standing,
        description: CallDescription,
    ) -> Result<Change, Refusal> {
        takes_part(standing)?;
        description.check().map_err(|_| Refusal::BadDescription)?;
        let rings = matches!(self.state, State::Ringing { .. });
        if rings && (description.kind, description.epoch) != (DescriptionKind::Offer, 0) {
            return Err(Refusal::TooEarly);
        }
        let side = self.side(standing.role).ok_or(Refusal::NotTakingPart)?;
        let news = match &side.sent {
            None => true,
            Some(sent) => supersedes(&description, &sent.description),
        };
        if !news {
            return Ok(Change::Nothing);
        }
        let sent = Remote {
            description,
            candidates: Vec::new(),
        };
        side.sent = Some(sent.clone());
        Ok(if rings {
            Change::Moved
        } else {
            Change::Pass(self.pass(standing.role, sent))
        })
    }

    /// Candidates of an older epoch come late and are dropped; those of a newer one come too early.
    fn add_candidates(
        &mut self,
        standing: &Standing,
        epoch: u16,
        candidates: Vec<Candidate>,
    ) -> Result<Change, Refusal> {
        if matches!(self.state, State::Ringing { .. }) {
            return Err(Refusal::TooEarly);
        }
        takes_part(standing)?;
        let side = self.side(standing.role).ok_or(Refusal::NotTakingPart)?;
        let sent = side.sent.as_mut().ok_or(Refusal::TooEarly)?;
        if epoch < sent.description.epoch {
            return Ok(Change::Nothing);
        }
        if epoch > sent.description.epoch {
            return Err(Refusal::TooEarly);
        }
        let mut news = usable(candidates);
        news.retain(|candidate| !sent.candidates.contains(candidate));
        if sent.candidates.len() + news.len() > CANDIDATES_MAX {
            return Err(Refusal::TooManyCandidates);
        }
        if news.is_empty() {
            return Ok(Change::Nothing);
        }
        sent.candidates.extend_from_slice(&news);
        Ok(Change::Pass(
            self.pass_candidates(standing.role, epoch, news)
                .into_iter()
                .collect(),
        ))
    }

    fn decline(&self, standing: &Standing) -> Result<Change, Refusal> {
        only(standing, Role::Callee)?;
        match self.state {
            State::Ringing { .. } => Ok(Change::Ended(EndReason::Declined)),
            State::Connecting { .. } | State::Active { .. } => Ok(Change::Nothing),
        }
    }

    fn cancel(&self, standing: &Standing, by: UserId) -> Result<Change, Refusal> {
        only(standing, Role::Caller)?;
        match self.state {
            State::Ringing { .. } => Ok(Change::Ended(EndReason::Cancelled)),
            State::Connecting { .. } | State::Active { .. } => {
                takes_part(standing)?;
                Ok(Change::Ended(EndReason::HungUp { by }))
            }
        }
    }

    /// While it rings, hanging up is what it would be called then: cancelling or declining.
    fn hang_up(&self, standing: &Standing, by: UserId) -> Result<Change, Refusal> {
        match (&self.state, standing.role) {
            (State::Ringing { .. }, Role::Callee) => self.decline(standing),
            (State::Ringing { .. }, Role::Caller) => self.cancel(standing, by),
            (State::Connecting { .. } | State::Active { .. }, _) => {
                takes_part(standing)?;
                Ok(Change::Ended(EndReason::HungUp { by }))
            }
        }
    }

    fn report(
        &mut self,
        now: Timestamp,
        standing: &Standing,
        report: CallReport,
    ) -> Result<Change, Refusal> {
        takes_part(standing)?;
        match (&mut self.state, report) {
            (
                State::Ringing { .. },
                CallReport::Connected | CallReport::Lost | CallReport::PeerHungUp,
            ) => Err(Refusal::TooEarly),
            (State::Connecting { sounds, .. }, CallReport::Connected) => {
                let first = sounds.is_none_or(|role| role == standing.role);
                *sounds = Some(standing.role);
                if first {
                    return Ok(Change::Nothing);
                }
                self.activate(now);
                Ok(Change::Moved)
            }
            (State::Active { .. }, CallReport::Connected) => Ok(Change::Nothing),
            (
                State::Ringing { .. } | State::Connecting { .. } | State::Active { .. },
                CallReport::Failed { cause },
            ) => Ok(Change::Ended(EndReason::Failed { cause })),
            (
                State::Connecting { .. } | State::Active { .. },
                CallReport::Lost | CallReport::PeerHungUp,
            ) => Ok(Change::Ended(EndReason::Lost)),
        }
    }

    fn standing(&self, from: &Party) -> Option<Standing> {
        let role = self.role(from.user)?;
        let own = match role {
            Role::Caller => Some(&self.caller),
            Role::Callee => self.callee_side(),
        };
        let takes_part = own.is_some_and(|side| side.party.device == from.device);
        Some(Standing { role, takes_part })
    }

    /// Passes on what one side sent.
    fn pass(&self, from: Role, sent: Remote) -> Vec<Effect> {
        let Some(to) = self.other_party(from) else {
            return Vec::new();
        };
        let epoch = sent.description.epoch;
        let description = Effect::Description {
            call: self.id,
            user: to.user,
            device: to.device,
            description: sent.description,
        };
        let candidates = self.pass_candidates(from, epoch, sent.candidates);
        std::iter::once(description).chain(candidates).collect()
    }

    fn pass_candidates(
        &self,
        from: Role,
        epoch: u16,
        candidates: Vec<Candidate>,
    ) -> Option<Effect> {
        let to = self.other_party(from)?;
        (!candidates.is_empty()).then_some(Effect::Candidates {
            call: self.id,
            user: to.user,
            device: to.device,
            epoch,
            candidates,
        })
    }

    fn other_party(&self, role: Role) -> Option<&Party> {
        match role {
            Role::Caller => self.callee_side().map(|side| &side.party),
            Role::Callee => Some(&self.caller.party),
        }
    }
}

fn only(standing: &Standing, role: Role) -> Result<(), Refusal> {
    if standing.role == role {
        Ok(())
    } else {
        Err(Refusal::WrongRole)
    }
}

fn takes_part(standing: &Standing) -> Result<(), Refusal> {
    if standing.takes_part {
        Ok(())
    } else {
        Err(Refusal::NotTakingPart)
    }
}

/// Checks the offer of a new call.
pub(super) fn check_offer(description: &CallDescription) -> Result<(), Refusal> {
    check_first(description, DescriptionKind::Offer)
}

fn first_answer(
    description: CallDescription,
    candidates: Vec<Candidate>,
) -> Result<Remote, Refusal> {
    check_first(&description, DescriptionKind::Answer)?;
    if candidates.len() > CANDIDATES_MAX {
        return Err(Refusal::TooManyCandidates);
    }
    Ok(Remote {
        description,
        candidates: usable(candidates),
    })
}

fn check_first(description: &CallDescription, kind: DescriptionKind) -> Result<(), Refusal> {
    if description.kind == kind && description.epoch == 0 && description.check().is_ok() {
        Ok(())
    } else {
        Err(Refusal::BadDescription)
    }
}

/// Candidates that lead to no other device are dropped, not refused: browsers do find such addresses,
/// and a call must not fail for them.
fn usable(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.retain(|candidate| candidate.check().is_ok());
    candidates
}

/// Whether a description takes the place of the one before of the same side. Within one epoch only an
/// answer takes the place of an offer: both had offered at once, and the callee gave way.
fn supersedes(new: &CallDescription, old: &CallDescription) -> bool {
    new.epoch > old.epoch
        || (new.epoch == old.epoch
            && (old.kind, new.kind) == (DescriptionKind::Offer, DescriptionKind::Answer))
}
