//! What a handset makes of what the person presses.

use protocol::call::{EndReason, Role};
use protocol::control::ControlMessage;
use protocol::socket::RequestBody;
use protocol::{AttemptId, ConversationId, Timestamp};

use super::line::Line;
use super::state::{Answer, Outgoing, Stage, State};
use super::taking::Stands;
use super::{Effect, Ended, Handset, Microphone};

impl Handset {
    pub(super) fn dial(
        &mut self,
        now: Timestamp,
        attempt: AttemptId,
        conversation: ConversationId,
        effects: &mut Vec<Effect>,
    ) {
        if !self.state.is_free() {
            return;
        }
        self.state = State::Outgoing(Box::new(Outgoing {
            attempt: Some(attempt),
            conversation,
            muted: false,
            line: Line::new(Role::Caller, attempt),
            stage: Stage::OpeningMicrophone,
        }));
        if self.online {
            self.open_microphone(effects);
        } else {
            self.finish(now, Ended::Offline);
        }
    }

    pub(super) fn answer(&mut self, effects: &mut Vec<Effect>) {
        if let State::Ringing(ringing) = &mut self.state
            && ringing.answer == Answer::NotYet
        {
            ringing.answer = Answer::OpeningMicrophone;
            ringing.fault = None;
            if let Some(other) = self.peer.as_mut().and_then(|peer| peer.other.as_mut()) {
                other.accept();
            }
            self.open_microphone(effects);
        }
    }

    pub(super) fn open_microphone(&mut self, effects: &mut Vec<Effect>) {
        self.microphone = Microphone::Opening;
        effects.push(Effect::OpenMicrophone);
    }

    pub(super) fn reject(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if matches!(self.state, State::Ringing(_)) {
            self.end(now, effects);
        }
    }

    /// Falls silent. The call rings on, here without a sound.
    pub(super) fn silence(&mut self) {
        if let State::Ringing(ringing) = &mut self.state {
            ringing.silenced = true;
        }
    }

    /// Ends whatever there is by the person's own hand.
    pub(super) fn end(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let by_me = EndReason::HungUp { by: self.me };
        let (request, end) = match &self.state {
            State::Idle => return,
            State::Ended(_) => return self.dismiss(),
            State::Outgoing(_) => {
                let call = self.state.call();
                let request = call.map(|call| RequestBody::CancelCall { call });
                (request, EndReason::Cancelled)
            }
            State::Ringing(ringing) if ringing.answer != Answer::Sent => {
                let call = ringing.call;
                (Some(RequestBody::DeclineCall { call }), EndReason::Declined)
            }
            State::Ringing(ringing) => (Some(ringing.hang_up()), by_me),
            State::Talking(talking) => (Some(talking.hang_up(now)), by_me),
            State::Taking(taking) if !taking.is_claimed() => {
                // It goes on where it is.
                self.state = State::Idle;
                return;
            }
            State::Taking(taking) => match taking.stands {
                Stands::Rings { .. } => (Some(taking.hang_up()), EndReason::Cancelled),
                Stands::Connects | Stands::Active { .. } => (Some(taking.hang_up()), by_me),
            },
        };
        if matches!(request, Some(RequestBody::HangUp { .. })) && self.can_control() {
            let message = ControlMessage::HangUp;
            effects.push(Effect::SendControl { message });
        }
        effects.extend(request.map(|request| Effect::Send { request }));
        self.finish(now, Ended::Call { end });
    }

    pub(super) fn dismiss(&mut self) {
        if matches!(self.state, State::Ended(_)) {
            self.state = State::Idle;
        }
    }

    pub(super) fn mute(&mut self, muted: bool, effects: &mut Vec<Effect>) {
        let control = self.can_control();
        match &mut self.state {
            State::Outgoing(outgoing) => outgoing.muted = muted,
            State::Talking(talking) => {
                if talking.sound.mute(muted) {
                    talking.sound.tell(talking.call, control, effects);
                }
            }
            // Told when the call is this handset's own.
            State::Taking(taking) => {
                taking.sound.mute(muted);
            }
            State::Idle | State::Ringing(_) | State::Ended(_) => {}
        }
    }

    pub(super) fn hold(&mut self, on: bool, effects: &mut Vec<Effect>) {
        let control = self.can_control();
        match &mut self.state {
            State::Talking(talking) => {
                if talking.sound.hold(on) {
                    talking.sound.tell(talking.call, control, effects);
                }
            }
            State::Taking(taking) if taking.is_answered() => {
                taking.sound.hold(on);
            }
            State::Idle
            | State::Outgoing(_)
            | State::Ringing(_)
            | State::Taking(_)
            | State::Ended(_) => {}
        }
    }

    pub(super) fn speaker(&mut self, on: bool) {
        match &mut self.state {
            State::Talking(talking) => talking.sound.speaker = on,
            State::Taking(taking) if taking.is_answered() => taking.sound.speaker = on,
            State::Idle
            | State::Outgoing(_)
            | State::Ringing(_)
            | State::Taking(_)
            | State::Ended(_) => {}
        }
    }
}
