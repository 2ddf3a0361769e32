//! What a handset makes of the outcomes of its own requests. Only an outcome makes a call this handset's own.

use protocol::call::{CallState, CallView, EndReason, Here, Role};
use protocol::error::ErrorCode;
use protocol::socket::RequestBody;
use protocol::{AttemptId, Milliseconds, Timestamp};

use super::line::Line;
use super::state::{Answer, Stage, State, Talking, Told};
use super::{Effect, Ended, Gone, Handset, Refused};

impl Handset {
    /// The outcome of `start_call`.
    pub(super) fn started(&mut self, attempt: AttemptId, told: Told, effects: &mut Vec<Effect>) {
        let call = told.view.call.id;
        let early = match &mut self.state {
            State::Outgoing(outgoing) if outgoing.attempt == Some(attempt) => {
                match &mut outgoing.stage {
                    Stage::Starting { early, .. } => early.take(),
                    Stage::OpeningMicrophone | Stage::Offering | Stage::Calling { .. } => {
                        return self.told(told, effects);
                    }
                }
            }
            State::Idle
            | State::Outgoing(_)
            | State::Ringing(_)
            | State::Talking(_)
            | State::Taking(_)
            | State::Ended(_) => return self.abandon(told, effects),
        };
        self.adopt(&told, effects);
        self.own_call(told, effects);
        if let Some(early) = early.filter(|early| early.view.call.id == call) {
            self.own_call(*early, effects);
        }
    }

    /// Makes the call of the outcome this handset's own: as the caller, or, after a glare, as the callee.
    fn adopt(&mut self, told: &Told, effects: &mut Vec<Effect>) {
        let State::Outgoing(outgoing) = &mut self.state else {
            return;
        };
        let call = &told.view.call;
        match told.view.role {
            Role::Caller => {
                outgoing.stage = Stage::Calling {
                    call: call.id,
                    revision: 0,
                    devices: 0,
                    deadline: told.local(call.started_at) + self.timeouts.ring,
                };
            }
            Role::Callee => {
                effects.push(Effect::ClosePeer);
                let mut line = Line::new(Role::Callee, call.attempt);
                line.open();
                if let Some(remote) = told.view.remote.clone() {
                    line.remote_description(remote.description, effects);
                }
                let connect_at = told.now + self.timeouts.connect;
                let muted = outgoing.muted;
                let talking = Talking::new(&told.view, line, connect_at);
                self.begin_talking(talking, muted, effects);
            }
        }
    }

    /// A call that the person gave up before the server had made it, or took no part in any more.
    pub(super) fn abandon(&mut self, told: Told, effects: &mut Vec<Effect>) {
        let call = told.view.call.id;
        if self.has(call) {
            let rings =
                matches!(&self.state, State::Ringing(ringing) if ringing.answer != Answer::Sent);
            let gives_up = give_up(&told.view, None).filter(|_| rings);
            let Some(effect) = gives_up else {
                return self.told(told, effects);
            };
            // The dial that was given up and the call that rang after it had become one.
            effects.push(effect);
            let end = EndReason::HungUp { by: self.me };
            return self.finish(told.now, Ended::Call { end });
        }
        if let Some(effect) = give_up(&told.view, None) {
            effects.push(effect);
            if !self.has_ended(call) {
                self.remember(Gone {
                    call,
                    ended: true,
                    heard_at: None,
                });
            }
        }
    }

    /// The outcome of `answer_call`.
    pub(super) fn answered(&mut self, told: Told, effects: &mut Vec<Effect>) {
        let mine = match &self.state {
            State::Ringing(ringing) => {
                ringing.call == told.view.call.id && ringing.answer == Answer::Sent
            }
            State::Idle
            | State::Outgoing(_)
            | State::Talking(_)
            | State::Taking(_)
            | State::Ended(_) => false,
        };
        if !mine {
            return self.abandon(told, effects);
        }
        let answered = matches!(
            told.view.call.state,
            CallState::Connecting { .. } | CallState::Active { .. }
        );
        let rings = matches!(told.view.call.state, CallState::Ringing { .. });
        match &told.view.here {
            Here::TakesPart if answered => self.talk(told, effects),
            // The account's other call was taken over by another device meanwhile, and this one waits there.
            Here::Elsewhere { device } if rings => {
                let device = device.clone();
                self.finish(told.now, Ended::Moved { device });
            }
            Here::TakesPart | Here::Elsewhere { .. } | Here::Rings => self.own_call(told, effects),
        }
    }

    /// The call is answered, and this handset takes part.
    pub(super) fn talk(&mut self, told: Told, effects: &mut Vec<Effect>) {
        let connect_at = told.now + self.timeouts.connect;
        let state = std::mem::replace(&mut self.state, State::Idle);
        let (line, muted, connected) = match state {
            State::Outgoing(outgoing) => (outgoing.line, outgoing.muted, false),
            State::Ringing(ringing) => (ringing.line, false, ringing.connected),
            other @ (State::Idle | State::Talking(_) | State::Taking(_) | State::Ended(_)) => {
                self.state = other;
                return;
            }
        };
        let now = told.now;
        let mut talking = Talking::new(&told.view, line, connect_at);
        talking.line.open();
        talking.told(told, effects);
        self.begin_talking(talking, muted, effects);
        if connected {
            self.peer_connected(now, effects);
        }
    }

    /// What was muted before the answer stays so, and from now on the other side is told.
    fn begin_talking(&mut self, mut talking: Talking, muted: bool, effects: &mut Vec<Effect>) {
        if talking.sound.mute(muted) {
            let control = self.can_control();
            talking.sound.tell(talking.call, control, effects);
        }
        self.state = State::Talking(Box::new(talking));
    }

    pub(super) fn refused(
        &mut self,
        now: Timestamp,
        request: Refused,
        code: ErrorCode,
        message: String,
        effects: &mut Vec<Effect>,
    ) {
        let why = match (&self.state, request) {
            (State::Taking(taking), Refused::Take { call }) if taking.call == call => {
                return self.take_refused(now, code, message, effects);
            }
            (State::Outgoing(outgoing), Refused::Start { attempt })
                if outgoing.attempt == Some(attempt) && self.state.call().is_none() =>
            {
                Ended::Refused { code, message }
            }
            (State::Ringing(ringing), Refused::Answer { call })
                if ringing.call == call && ringing.answer == Answer::Sent =>
            {
                match code {
                    ErrorCode::Conflict => Ended::AnsweredElsewhere { device: None },
                    ErrorCode::NotFound | ErrorCode::WrongState => Ended::Meanwhile,
                    _ => Ended::Refused { code, message },
                }
            }
            _ => return,
        };
        self.finish(now, why);
    }
}

/// Ends a call that the server shows as this device's.
pub(super) fn give_up(view: &CallView, heard_ago: Option<Milliseconds>) -> Option<Effect> {
    if view.here != Here::TakesPart {
        return None;
    }
    let call = view.call.id;
    let request = match view.call.state {
        CallState::Ended { .. } => return None,
        CallState::Ringing { .. } => RequestBody::CancelCall { call },
        CallState::Connecting { .. } | CallState::Active { .. } => {
            RequestBody::HangUp { call, heard_ago }
        }
    };
    Some(Effect::Send { request })
}
