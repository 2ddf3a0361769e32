//! What the two devices must know of each other to connect: descriptions, the answer among them, and candidates.
//! Kept for a device that is away, passed on to one that is there.

use protocol::Timestamp;
use protocol::call::{Remote, Role};
use protocol::description::{CallDescription, Candidate, DescriptionKind};
use protocol::limits::CANDIDATES_MAX;

use super::live::{Change, Live, State};
use super::requests::{Standing, takes_part};
use super::{Effect, Party, Refusal};

impl Live {
    /// The first device wins; the others are shown the call as it is.
    pub(super) fn answer(
        &mut self,
        now: Timestamp,
        from: &Party,
        description: CallDescription,
        candidates: Vec<Candidate>,
        expires_at: Timestamp,
    ) -> Result<Change, Refusal> {
        let offered = self.caller.sent.as_ref().map(|sent| sent.description.epoch);
        match &mut self.state {
            State::Ringing { .. } => {
                if !self.rings_on(from.device) {
                    return Ok(Change::Nothing);
                }
                let sent = first_answer(description, candidates, offered)?;
                self.accept(now, from.clone(), Some(sent), expires_at);
                Ok(Change::Answered)
            }
            State::Connecting { callee, .. } | State::Active { callee, .. } => {
                if callee.party.device != from.device {
                    return Ok(Change::Nothing);
                }
                match &callee.sent {
                    Some(sent) if sent.description == description => Ok(Change::Nothing),
                    None if !self.joined => {
                        let sent = first_answer(description, candidates, offered)?;
                        callee.sent = Some(sent.clone());
                        Ok(Change::Pass(self.pass(Role::Callee, sent)))
                    }
                    Some(_) | None => Err(Refusal::AnsweredByOtherTab),
                }
            }
        }
    }

    /// While it rings, a caller's device may only say again what it offered: after a restart of the server.
    pub(super) fn describe(
        &mut self,
        standing: &Standing,
        description: CallDescription,
    ) -> Result<Change, Refusal> {
        takes_part(standing)?;
        description.check().map_err(|_| Refusal::BadDescription)?;
        let rings = matches!(self.state, State::Ringing { .. });
        let side = self.side(standing.role).ok_or(Refusal::NotTakingPart)?;
        let known = side.sent.as_ref().map(|sent| &sent.description);
        let is_next = known.is_some_and(|known| description.epoch > known.epoch);
        if rings && (description.kind != DescriptionKind::Offer || is_next) {
            return Err(Refusal::TooEarly);
        }
        if known.is_some_and(|known| !supersedes(&description, known)) {
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
    pub(super) fn add_candidates(
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
        let mut news = candidates;
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

    /// The newest epoch that either side described.
    pub(super) fn epoch(&self) -> u16 {
        let sides = [Some(&self.caller), self.callee_side()];
        let sent = sides
            .into_iter()
            .flatten()
            .filter_map(|side| side.sent.as_ref());
        sent.map(|sent| sent.description.epoch).max().unwrap_or(0)
    }

    /// Passes on what one side sent.
    pub(super) fn pass(&self, from: Role, sent: Remote) -> Vec<Effect> {
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

/// Checks the offer of a new call.
pub(super) fn check_offer(description: &CallDescription) -> Result<(), Refusal> {
    let is_first = description.kind == DescriptionKind::Offer && description.epoch == 0;
    if is_first && description.check().is_ok() {
        Ok(())
    } else {
        Err(Refusal::BadDescription)
    }
}

/// Checks an answer to the offer. One to an older offer counts as well, because another device of the caller took the
/// call over meanwhile: whoever answered goes on with an answer to the newer offer.
fn first_answer(
    description: CallDescription,
    candidates: Vec<Candidate>,
    offered: Option<u16>,
) -> Result<Remote, Refusal> {
    let is_answer = description.kind == DescriptionKind::Answer
        && offered.is_none_or(|offered| description.epoch <= offered);
    if !is_answer || description.check().is_err() {
        return Err(Refusal::BadDescription);
    }
    if candidates.len() > CANDIDATES_MAX {
        return Err(Refusal::TooManyCandidates);
    }
    Ok(Remote {
        description,
        candidates,
    })
}

/// Whether a description takes the place of the one before of the same side. Within one epoch only an
/// answer takes the place of an offer: both had offered at once, and the callee gave way.
fn supersedes(new: &CallDescription, old: &CallDescription) -> bool {
    new.epoch > old.epoch
        || (new.epoch == old.epoch
            && (old.kind, new.kind) == (DescriptionKind::Offer, DescriptionKind::Answer))
}
