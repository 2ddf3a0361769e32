//! What a handset makes of the server's words.
//!
//! The server owns the call: whatever it says of one counts, older revisions excepted. What it says
//! of a call that is not this handset's own can only make it ring.

use protocol::CallId;
use protocol::call::{CallState, Here, Role};
use protocol::description::{CallDescription, Candidate, DescriptionKind};
use protocol::socket::RequestBody;

use super::line::Line;
use super::state::{Answer, Ringing, Stage, State, Told};
use super::{Effect, Ended, Handset};

impl Handset {
    /// A `call` frame. What it shows of this device's sound is said again where it is not so.
    pub(super) fn call_frame(&mut self, told: Told, effects: &mut Vec<Effect>) {
        let call = told.view.call.id;
        let shown = told.view.call.sound(told.view.role);
        self.told(told, effects);
        let control = self.can_control();
        if let State::Talking(talking) = &mut self.state
            && talking.call == call
            && talking.sound.is_contradicted_by(shown)
            && talking.sound.must_be_told(shown)
        {
            talking.sound.tell(call, control, effects);
        }
    }

    /// A `call` frame, or a call of the snapshot.
    pub(super) fn told(&mut self, told: Told, effects: &mut Vec<Effect>) {
        if !self.state.is_free() && self.state.call() == Some(told.view.call.id) {
            return self.own_call(told, effects);
        }
        if let State::Outgoing(outgoing) = &mut self.state
            && let Stage::Starting { early, .. } = &mut outgoing.stage
            && told.view.here == Here::TakesPart
            && told.view.call.conversation == outgoing.conversation
        {
            *early = Some(Box::new(told));
            return;
        }
        let rings = matches!(told.view.call.state, CallState::Ringing { .. });
        if rings && told.view.here == Here::Rings && self.state.is_free() {
            self.ring(&told, effects);
        }
    }

    /// Begins to ring, unless the call is over here or too old.
    fn ring(&mut self, told: &Told, effects: &mut Vec<Effect>) {
        let call = &told.view.call;
        let deadline = told.local(call.started_at) + self.timeouts.ring;
        if self.is_over(call.id) || deadline <= told.now {
            return;
        }
        let mut line = Line::new(Role::Callee, call.attempt);
        if let Some(remote) = &told.view.remote {
            line.remote_description(remote.description.clone(), effects);
        }
        effects.push(Effect::Send {
            request: RequestBody::RingCall { call: call.id },
        });
        self.state = State::Ringing(Box::new(Ringing {
            conversation: call.conversation,
            call: call.id,
            revision: call.revision,
            other: call.caller,
            silenced: false,
            fault: None,
            deadline,
            line,
            connected: false,
            answer: Answer::NotYet,
        }));
    }

    /// Whether this handset had the call and rings for it no more.
    pub(crate) fn is_over(&self, call: CallId) -> bool {
        self.over.iter().any(|gone| gone.call == call)
    }

    /// Whether the call ended for this device, as far as this handset knows.
    pub(crate) fn has_ended(&self, call: CallId) -> bool {
        self.over.iter().any(|gone| gone.call == call && gone.ended)
    }

    pub(super) fn own_call(&mut self, told: Told, effects: &mut Vec<Effect>) {
        let revision = told.view.call.revision;
        let known = match &mut self.state {
            State::Idle | State::Ended(_) => return,
            State::Outgoing(outgoing) => match &mut outgoing.stage {
                Stage::OpeningMicrophone | Stage::Offering | Stage::Starting { .. } => return,
                Stage::Calling { revision, .. } => revision,
            },
            State::Ringing(ringing) => &mut ringing.revision,
            State::Talking(talking) => &mut talking.revision,
            State::Taking(taking) => &mut taking.revision,
        };
        if revision < *known {
            return;
        }
        *known = revision;
        if let CallState::Ended { end } = told.view.call.state {
            self.finish(told.now, Ended::Call { end: end.reason });
            if let State::Ended(over) = &mut self.state {
                over.talked = end.talked;
            }
            return;
        }
        match &mut self.state {
            State::Idle | State::Ended(_) => {}
            State::Outgoing(_) => self.outgoing_told(told, effects),
            State::Ringing(_) => self.ringing_told(told, effects),
            State::Talking(talking) => match told.view.here.clone() {
                Here::Elsewhere { device } => self.finish(told.now, Ended::Moved { device }),
                Here::Rings | Here::TakesPart => talking.told(told, effects),
            },
            State::Taking(taking) => {
                if let Some(Here::Elsewhere { device }) = taking.told(&told, &self.timeouts) {
                    self.finish(told.now, Ended::Moved { device });
                }
            }
        }
    }

    fn outgoing_told(&mut self, told: Told, effects: &mut Vec<Effect>) {
        match (told.view.call.state, told.view.here.clone()) {
            (_, Here::Elsewhere { device }) => self.finish(told.now, Ended::Moved { device }),
            (CallState::Ringing { devices: rung, .. }, _) => {
                if let State::Outgoing(outgoing) = &mut self.state
                    && let Stage::Calling { devices, .. } = &mut outgoing.stage
                {
                    *devices = rung;
                }
            }
            (CallState::Connecting { .. } | CallState::Active { .. }, Here::TakesPart) => {
                self.talk(told, effects);
            }
            (CallState::Connecting { .. } | CallState::Active { .. }, Here::Rings)
            | (CallState::Ended { .. }, _) => {}
        }
    }

    fn ringing_told(&mut self, told: Told, effects: &mut Vec<Effect>) {
        let State::Ringing(ringing) = &mut self.state else {
            return;
        };
        match (told.view.call.state, told.view.here) {
            // The account's other call is on another device now, and this one waits there.
            (CallState::Ringing { .. }, Here::Elsewhere { device }) => match ringing.answer {
                Answer::NotYet => self.state = State::Idle,
                Answer::OpeningMicrophone | Answer::Describing => {
                    self.finish(told.now, Ended::Moved { device });
                }
                Answer::Sent => {}
            },
            (CallState::Ringing { .. }, _) => {
                if let Some(remote) = told.view.remote {
                    ringing.take_offer(remote.description, effects);
                }
            }
            // Another tab of this device may have been faster; the outcome will say.
            (CallState::Connecting { .. } | CallState::Active { .. }, Here::TakesPart)
                if ringing.answer == Answer::Sent => {}
            (CallState::Connecting { .. } | CallState::Active { .. }, Here::TakesPart) => {
                self.finish(told.now, Ended::AnsweredElsewhere { device: None });
            }
            (
                CallState::Connecting { .. } | CallState::Active { .. },
                Here::Elsewhere { device },
            ) => self.finish(told.now, Ended::AnsweredElsewhere { device }),
            (CallState::Connecting { .. } | CallState::Active { .. }, Here::Rings)
            | (CallState::Ended { .. }, _) => {}
        }
    }

    pub(super) fn remote_description(
        &mut self,
        call: CallId,
        description: CallDescription,
        effects: &mut Vec<Effect>,
    ) {
        if let State::Ringing(ringing) = &mut self.state
            && ringing.call == call
            && ringing.answer != Answer::Sent
        {
            return ringing.take_offer(description, effects);
        }
        if let State::Taking(taking) = &mut self.state
            && taking.call == call
            && description.kind == DescriptionKind::Offer
        {
            return taking.is_offered(description.epoch);
        }
        if let Some(line) = self.listening_line(call) {
            line.remote_description(description, effects);
        }
    }

    pub(super) fn remote_candidates(
        &mut self,
        call: CallId,
        epoch: u16,
        candidates: Vec<Candidate>,
        effects: &mut Vec<Effect>,
    ) {
        if let Some(line) = self.listening_line(call) {
            line.remote_candidates(epoch, candidates, effects);
        }
    }

    /// The line of an answered call. Before the answer nothing of the other side reaches the peer but its offer.
    fn listening_line(&mut self, call: CallId) -> Option<&mut Line> {
        match &mut self.state {
            State::Talking(talking) if talking.call == call => Some(&mut talking.line),
            State::Ringing(ringing) if ringing.call == call && ringing.answer == Answer::Sent => {
                Some(&mut ringing.line)
            }
            // The other side may be faster than the outcome.
            State::Taking(taking) if taking.call == call && taking.is_sent() => {
                Some(&mut taking.line)
            }
            State::Idle
            | State::Outgoing(_)
            | State::Ringing(_)
            | State::Talking(_)
            | State::Taking(_)
            | State::Ended(_) => None,
        }
    }
}
