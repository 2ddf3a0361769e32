//! The candidates of a negotiation: own ones held until the answer and sent in batches, the other side's given to the
//! peer once each.

use protocol::control::ControlMessage;
use protocol::description::Candidate;
use protocol::limits::CANDIDATES_MAX;
use protocol::socket::RequestBody;
use protocol::{CallId, Milliseconds, Timestamp};

use super::{Effect, Line};

impl Line {
    /// The other side's candidates; those known already are skipped, those of an older epoch too.
    pub(in crate::handset) fn remote_candidates(
        &mut self,
        epoch: u16,
        candidates: Vec<Candidate>,
        effects: &mut Vec<Effect>,
    ) {
        match &self.remote {
            Some(remote) if epoch < remote.epoch => {}
            Some(remote) if epoch == remote.epoch => {
                let mut news = Vec::new();
                for candidate in candidates {
                    if self.remote_candidates.len() < CANDIDATES_MAX
                        && !self.remote_candidates.contains(&candidate)
                    {
                        self.remote_candidates.push(candidate.clone());
                        news.push(candidate);
                    }
                }
                if !news.is_empty() {
                    effects.push(Effect::AddCandidates { candidates: news });
                }
            }
            Some(_) | None => {
                let room = CANDIDATES_MAX.saturating_sub(self.early.len());
                self.early.extend(
                    candidates
                        .into_iter()
                        .take(room)
                        .map(|candidate| (epoch, candidate)),
                );
            }
        }
    }

    /// An own candidate was found. Those of a description that is not set any more are dropped.
    pub(in crate::handset) fn candidate(&mut self, candidate: Candidate) {
        if self.own.is_some() && self.own_candidates.len() < CANDIDATES_MAX {
            self.own_candidates.push(candidate);
        }
    }

    /// Takes the own candidates found so far, to be sent with the answer.
    pub(in crate::handset) fn take_candidates(&mut self) -> Vec<Candidate> {
        self.sent = self.own_candidates.len();
        self.own_candidates.clone()
    }

    /// The call is answered: own candidates may be sent.
    pub(in crate::handset) fn open(&mut self) {
        self.open = true;
    }

    /// What was sent may be lost: all candidates shall be sent again.
    pub(in crate::handset) fn resend_candidates(&mut self) {
        self.sent = 0;
        self.batch_at = None;
    }

    /// Sends the next batch, if one is due; over the control channel too, where it is open.
    pub(in crate::handset) fn flush(
        &mut self,
        now: Timestamp,
        call: CallId,
        interval: Milliseconds,
        control: bool,
        effects: &mut Vec<Effect>,
    ) {
        if !self.has_unsent() || self.batch_at.is_some_and(|at| now < at) {
            return;
        }
        let candidates = self.own_candidates[self.sent..].to_vec();
        self.sent = self.own_candidates.len();
        self.batch_at = Some(now + interval);
        let epoch = self.epoch;
        if control {
            let candidates = candidates.clone();
            let message = ControlMessage::Candidates { epoch, candidates };
            effects.push(Effect::SendControl { message });
        }
        effects.push(Effect::Send {
            request: RequestBody::AddCandidates {
                call,
                epoch,
                candidates,
            },
        });
    }

    /// When the next batch is due.
    pub(in crate::handset) fn deadline(&self) -> Option<Timestamp> {
        self.batch_at.filter(|_| self.has_unsent())
    }

    fn has_unsent(&self) -> bool {
        self.open && self.sent < self.own_candidates.len()
    }
}
