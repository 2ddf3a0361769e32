//! What a handset makes of the server's words.
//!
//! The server owns the call: whatever it says of one counts, older revisions excepted. What it says
//! of a call that is not this handset's own can only make it ring.

use protocol::call::{CallSound, CallState, CallView, EndReason, Here, Role};
use protocol::description::{CallDescription, Candidate};
use protocol::error::ErrorCode;
use protocol::socket::RequestBody;
use protocol::{AttemptId, CallId, Milliseconds, Timestamp};

use super::line::Line;
use super::state::{Answer, Ringing, Stage, State, Talking, Told};
use super::{Effect, Ended, Gone, Handset, Path, Refused};

impl Handset {
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
        let mut line = Line::new(true);
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
                let mut line = Line::new(true);
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
        if answered && told.view.here == Here::TakesPart {
            self.talk(told, effects);
        } else {
            self.own_call(told, effects);
        }
    }

    /// The call is answered, and this handset takes part.
    fn talk(&mut self, told: Told, effects: &mut Vec<Effect>) {
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

    /// The snapshot: what it does not have is over, and what may be lost is sent again.
    pub(super) fn welcome(
        &mut self,
        now: Timestamp,
        calls: Vec<CallView>,
        server_now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        self.online = true;
        if let State::Outgoing(outgoing) = &mut self.state
            && let Stage::Starting { sent: false, .. } = outgoing.stage
        {
            outgoing.send_start(effects);
        }
        let own = self.state.call().filter(|_| !self.state.is_free());
        let mut there = false;
        let mut shown = CallSound::default();
        for view in calls {
            self.hang_up_again(now, &view, effects);
            if Some(view.call.id) == own {
                there = true;
                shown = view.call.sound(view.role);
            }
            let told = Told {
                view,
                server_now,
                now,
            };
            self.told(told, effects);
        }
        if own.is_none() || self.state.call() != own || self.state.is_free() {
            return;
        }
        if there {
            self.resend(shown, effects);
        } else {
            self.finish(now, Ended::Meanwhile);
        }
    }

    /// The server has not heard of the end of a call that this device had: it is told once more.
    fn hang_up_again(&self, now: Timestamp, view: &CallView, effects: &mut Vec<Effect>) {
        let call = view.call.id;
        let gone = self
            .over
            .iter()
            .find(|gone| gone.call == call && gone.ended);
        if let Some(gone) = gone {
            effects.extend(give_up(view, gone.heard_at.map(|at| now.since(at))));
        }
    }

    /// A server that restarted has forgotten descriptions, candidates, what devices do with their sound and which ones ring.
    fn resend(&mut self, shown: CallSound, effects: &mut Vec<Effect>) {
        let Some(call) = self.state.call() else {
            return;
        };
        let control = self.can_control();
        let line = match &mut self.state {
            State::Idle | State::Taking(_) | State::Ended(_) => return,
            State::Ringing(ringing) => {
                if ringing.answer != Answer::Sent {
                    let request = RequestBody::RingCall { call };
                    effects.push(Effect::Send { request });
                }
                return;
            }
            State::Outgoing(outgoing) => &mut outgoing.line,
            State::Talking(talking) => {
                if talking.sound.must_be_told(shown) {
                    talking.sound.tell(call, control, effects);
                }
                if talking.path == Path::Connected {
                    return;
                }
                &mut talking.line
            }
        };
        if let Some(description) = line.own().cloned() {
            let request = RequestBody::DescribeCall { call, description };
            effects.push(Effect::Send { request });
            line.resend_candidates();
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

/// Ends a call that the server shows as this device's.
fn give_up(view: &CallView, heard_ago: Option<Milliseconds>) -> Option<Effect> {
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
