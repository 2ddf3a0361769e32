//! One peer connection's negotiation: descriptions and candidates of both sides, epoch by epoch.
//!
//! Perfect negotiation: whoever sees the path break makes an offer of the next epoch; where both do at
//! once, the callee is polite and takes the caller's. A peer connection takes one certificate of the other side:
//! where another device took the call over there, it is closed, and the negotiation goes on with a new one. Own
//! candidates are held until the line is opened by the answer. It does not know whether there is a call, nor what
//! anybody is shown.

mod candidates;

use protocol::call::Role;
use protocol::description::{CallDescription, Candidate, DescriptionKind, Fingerprint};
use protocol::{AttemptId, Timestamp};

use super::Effect;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// The callee gives way when both offer at once.
    role: Role,
    /// What the two devices call the call.
    attempt: AttemptId,
    epoch: u16,
    step: Step,
    own: Option<CallDescription>,
    own_candidates: Vec<Candidate>,
    /// How many of the own candidates were sent.
    sent: usize,
    /// Whether own candidates may be sent.
    open: bool,
    /// No batch before.
    batch_at: Option<Timestamp>,
    remote: Option<CallDescription>,
    /// Whose certificate the present peer connection takes: the first description of the other side that it was given.
    certificate: Option<Fingerprint>,
    /// What the peer was given of `remote`'s epoch.
    remote_candidates: Vec<Candidate>,
    /// Candidates whose description has not come yet.
    early: Vec<(u16, Candidate)>,
    restart_wanted: bool,
}

/// ```text
///  New ──offer──▶ Offering ──described──▶ Offered ──remote answer──▶ Settled
///   └─remote offer──▶ Answering ──described────────────────────────▶ Settled
///  Settled ──restart──▶ Offering            (remote offer of the next epoch: Answering, from everywhere)
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    New,
    Offering,
    Offered,
    Answering,
    Settled,
}

impl Line {
    pub(super) fn new(role: Role, attempt: AttemptId) -> Self {
        Self {
            role,
            attempt,
            epoch: 0,
            step: Step::New,
            own: None,
            own_candidates: Vec::new(),
            sent: 0,
            open: false,
            batch_at: None,
            remote: None,
            certificate: None,
            remote_candidates: Vec::new(),
            early: Vec::new(),
            restart_wanted: false,
        }
    }

    /// The description that is set locally, if the newest is.
    pub(super) fn own(&self) -> Option<&CallDescription> {
        self.own.as_ref()
    }

    pub(super) fn has_remote(&self) -> bool {
        self.remote.is_some()
    }

    /// The negotiation under way, or the last one.
    pub(super) fn epoch(&self) -> u16 {
        self.epoch
    }

    /// The first offer of a call that is taken over.
    pub(super) fn offer_above(&mut self, epoch: u16, effects: &mut Vec<Effect>) {
        self.epoch = epoch.saturating_add(1);
        self.offer(effects);
    }

    /// An offer above an epoch, made by a new peer connection.
    pub(super) fn offer_on_a_new_peer(&mut self, epoch: u16, effects: &mut Vec<Effect>) {
        self.close_peer(effects);
        self.offer_above(epoch, effects);
    }

    /// The other side negotiates above the own offer, which nobody has answered yet: offers again.
    pub(super) fn outdo(&mut self, epoch: u16, effects: &mut Vec<Effect>) {
        if self.step == Step::Offered && self.certificate.is_none() && epoch > self.epoch {
            self.offer_on_a_new_peer(epoch, effects);
        }
    }

    /// The first offer.
    pub(super) fn offer(&mut self, effects: &mut Vec<Effect>) {
        self.begin(Step::Offering);
        effects.push(self.make_offer(false));
    }

    /// ICE shall start anew, as soon as the negotiation under way is settled.
    pub(super) fn restart(&mut self) {
        self.restart_wanted = true;
    }

    pub(super) fn restart_if_wanted(&mut self, effects: &mut Vec<Effect>) {
        if self.restart_wanted && self.step == Step::Settled {
            self.restart_wanted = false;
            self.epoch = self.epoch.saturating_add(1);
            self.begin(Step::Offering);
            effects.push(self.make_offer(true));
        }
    }

    fn make_offer(&self, ice_restart: bool) -> Effect {
        Effect::MakeOffer {
            epoch: self.epoch,
            ice_restart,
            attempt: self.attempt,
            role: self.role,
        }
    }

    /// The own description is set. Says whether it is the one that was asked for last.
    pub(super) fn described(&mut self, description: CallDescription) -> bool {
        let next = match (self.step, description.kind) {
            (Step::Offering, DescriptionKind::Offer) => Step::Offered,
            (Step::Answering, DescriptionKind::Answer) => Step::Settled,
            (Step::New | Step::Offered | Step::Settled, _)
            | (Step::Offering, DescriptionKind::Answer)
            | (Step::Answering, DescriptionKind::Offer) => return false,
        };
        if description.epoch != self.epoch {
            return false;
        }
        self.step = next;
        self.own = Some(description);
        true
    }

    /// The other side described itself; repeated and outdated descriptions change nothing.
    pub(super) fn remote_description(
        &mut self,
        description: CallDescription,
        effects: &mut Vec<Effect>,
    ) {
        match description.kind {
            DescriptionKind::Offer => self.remote_offer(description, effects),
            DescriptionKind::Answer => self.remote_answer(description, effects),
        }
    }

    fn remote_offer(&mut self, offer: CallDescription, effects: &mut Vec<Effect>) {
        let collides = match self.step {
            Step::Offering | Step::Offered => offer.epoch == self.epoch,
            Step::New | Step::Answering | Step::Settled => false,
        };
        let polite = self.role == Role::Callee;
        let is_new = offer.epoch > self.epoch || self.step == Step::New || (collides && polite);
        let strange = self.is_strange(&offer);
        let is_foreign = !offer.begins() && (strange || self.certificate.is_none());
        if is_foreign && self.step != Step::New {
            // It goes on with a connection that this device has no part in: with the one before this.
            if is_new {
                self.offer_on_a_new_peer(offer.epoch, effects);
            }
        } else if is_new {
            if strange {
                self.close_peer(effects);
            }
            self.epoch = offer.epoch;
            self.begin(Step::Answering);
            effects.push(Effect::MakeAnswer {
                description: offer.clone(),
                attempt: self.attempt,
                role: self.role,
            });
            self.take(offer, effects);
        } else if strange && !collides {
            // Another device has the call there, and a server that restarted could not tell it the epoch.
            self.offer_on_a_new_peer(self.epoch, effects);
        }
    }

    fn remote_answer(&mut self, answer: CallDescription, effects: &mut Vec<Effect>) {
        if self.step != Step::Offered {
            return;
        }
        if answer.epoch != self.epoch {
            return self.outdo(answer.epoch, effects);
        }
        if self.is_strange(&answer) {
            // Another device has the call there, and this peer connection cannot be given its certificate.
            return self.offer_on_a_new_peer(self.epoch, effects);
        }
        self.step = Step::Settled;
        effects.push(Effect::UseAnswer {
            description: answer.clone(),
        });
        self.take(answer, effects);
    }

    /// Whether a description is of another certificate than the one that the present peer connection takes.
    fn is_strange(&self, description: &CallDescription) -> bool {
        self.certificate
            .as_ref()
            .is_some_and(|known| *known != description.fingerprint)
    }

    fn close_peer(&mut self, effects: &mut Vec<Effect>) {
        effects.push(Effect::ClosePeer);
        self.certificate = None;
        self.remote = None;
        self.remote_candidates.clear();
        self.restart_wanted = false;
    }

    fn begin(&mut self, step: Step) {
        self.step = step;
        self.own = None;
        self.own_candidates.clear();
        self.sent = 0;
        self.batch_at = None;
    }

    fn take(&mut self, description: CallDescription, effects: &mut Vec<Effect>) {
        let epoch = description.epoch;
        if self.certificate.is_none() {
            self.certificate = Some(description.fingerprint.clone());
        }
        self.remote = Some(description);
        self.remote_candidates.clear();
        let (due, early) = std::mem::take(&mut self.early)
            .into_iter()
            .filter(|(of, _)| *of >= epoch)
            .partition(|(of, _)| *of == epoch);
        self.early = early;
        let due: Vec<(u16, Candidate)> = due;
        let candidates = due.into_iter().map(|(_, candidate)| candidate).collect();
        self.remote_candidates(epoch, candidates, effects);
    }
}
