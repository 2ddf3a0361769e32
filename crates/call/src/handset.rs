//! A device's view of a call: what it does and what it shows.
//!
//! One handset per client tab. The driver hands in an [`Input`] with the device's monotonic clock in
//! milliseconds and carries out the [`Effect`]s in their order; times of the server are converted by their
//! distance to the `now` that came with them. The rules kept here: no microphone and no peer without a call
//! on screen, whatever ended it; nothing of the callee's microphone before *Answer*; no candidate
//! before the answer. It does no I/O, reads no clock, and makes no ids.

mod device;
mod effect;
mod input;
mod line;
mod server;
mod state;
mod timeouts;
mod view;

use std::collections::VecDeque;

use protocol::call::{CallReport, EndReason, FailCause};
use protocol::socket::RequestBody;
use protocol::{AttemptId, CallId, ConversationId, Timestamp, UserId};

pub use effect::{Effect, Tone};
pub use input::{Input, Refused};
use line::Line;
use state::{Answer, Outgoing, Over, Stage, State, Told, end_tone};
pub use timeouts::Timeouts;
pub use view::{Ended, HandsetView, MicrophoneFault, Path};

/// Calls remembered as over, so that a late word of the server does not make them ring again.
const OVER_MAX: usize = 8;

/// What a device does and shows of calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handset {
    me: UserId,
    timeouts: Timeouts,
    online: bool,
    microphone: Microphone,
    peer: bool,
    tone: Tone,
    state: State,
    over: VecDeque<CallId>,
    /// A call that rings while this handset is busy with something that is no call of the server's yet.
    waiting: Option<Told>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Microphone {
    Closed,
    Opening,
    Open,
}

impl Handset {
    /// A handset of an account, without a call and without a socket.
    pub fn new(me: UserId, timeouts: Timeouts) -> Self {
        Self {
            me,
            timeouts,
            online: false,
            microphone: Microphone::Closed,
            peer: false,
            tone: Tone::None,
            state: State::Idle,
            over: VecDeque::new(),
            waiting: None,
        }
    }

    /// Takes the server's numbers, for timers that start from now on.
    pub fn set_timeouts(&mut self, timeouts: Timeouts) {
        self.timeouts = timeouts;
    }

    /// What the screen shows.
    pub fn view(&self) -> HandsetView {
        self.state.view()
    }

    /// When to hand in [`Input::Tick`]; nothing while nothing happens by itself.
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        self.state.deadline()
    }

    /// Something happened.
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        let out = &mut effects;
        match input {
            Input::Dial {
                attempt,
                conversation,
            } => self.dial(now, attempt, conversation, out),
            Input::Answer => self.answer(out),
            Input::Reject => {
                if matches!(self.state, State::Ringing(_)) {
                    self.end(now, out);
                }
            }
            Input::End => self.end(now, out),
            Input::Mute { muted } => self.mute(muted, out),
            Input::Speaker { on } => self.speaker(on, out),
            Input::Dismiss => self.dismiss(),
            Input::MicrophoneOpened => self.microphone_opened(out),
            Input::MicrophoneFailed { fault } => self.microphone_failed(now, fault, out),
            Input::Described { description } => self.described(now, description, out),
            Input::Candidate { candidate } => {
                if let Some(line) = self.line() {
                    line.candidate(candidate);
                }
            }
            Input::PeerConnected => self.peer_connected(out),
            Input::PeerDisconnected => self.peer_disconnected(now),
            Input::PeerFailed => self.peer_failed(now, out),
            Input::PeerUnusable => self.fail(now, FailCause::Protocol, out),
            Input::NetworkChanged => {
                if let Some(line) = self.line() {
                    line.restart();
                }
            }
            Input::Welcome {
                calls,
                now: server_now,
            } => self.welcome(now, calls, server_now, out),
            Input::Call {
                call,
                now: server_now,
            } => self.told(
                Told {
                    view: call,
                    server_now,
                    now,
                },
                out,
            ),
            Input::Started {
                attempt,
                call,
                now: server_now,
            } => self.started(
                attempt,
                Told {
                    view: call,
                    server_now,
                    now,
                },
                out,
            ),
            Input::Answered {
                call,
                now: server_now,
            } => self.answered(
                Told {
                    view: call,
                    server_now,
                    now,
                },
                out,
            ),
            Input::Refused {
                request,
                code,
                message,
            } => self.refused(now, request, code, message),
            Input::RemoteDescription { call, description } => {
                self.remote_description(call, description, out);
            }
            Input::RemoteCandidates {
                call,
                epoch,
                candidates,
            } => {
                if let Some(line) = self.listening_line(call) {
                    line.remote_candidates(epoch, candidates, out);
                }
            }
            Input::Silence
            | Input::Hold { .. }
            | Input::Take { .. }
            | Input::Yield
            | Input::Heard
            | Input::ControlOpened
            | Input::Control { .. }
            | Input::Taken { .. } => {}
            Input::SocketLost => self.online = false,
            Input::Tick => self.tick(now, out),
        }
        self.settle(now, &mut effects);
        effects
    }

    /// Sees to what follows from the state alone, so that no way of ending a call can forget it.
    fn settle(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if let State::Talking(talking) = &mut self.state {
            talking.line.restart_if_wanted(effects);
            let interval = self.timeouts.candidate_batch;
            talking.line.flush(now, talking.call, interval, effects);
        }
        if !self.state.needs_microphone() && self.microphone != Microphone::Closed {
            self.microphone = Microphone::Closed;
            effects.push(Effect::CloseMicrophone);
        }
        self.follow_peer(effects);
        if !self.state.needs_peer() && self.peer {
            self.peer = false;
            effects.push(Effect::ClosePeer);
        }
        if self.state.is_free()
            && let Some(told) = self.waiting.take()
        {
            let mut next = Vec::new();
            self.ring(&told, &mut next);
            self.follow_peer(&mut next);
            effects.extend(next);
        }
        if self.state.tone() != self.tone {
            self.tone = self.state.tone();
            effects.push(Effect::Play { tone: self.tone });
        }
        effects.sort_by_key(place);
    }

    /// Keeps track of whether there is a peer, and gives a new one the microphone that is open.
    fn follow_peer(&mut self, effects: &mut Vec<Effect>) {
        let mut followed = Vec::with_capacity(effects.len() + 1);
        for effect in effects.drain(..) {
            let makes = matches!(effect, Effect::MakeOffer { .. } | Effect::MakeAnswer { .. });
            let closes = effect == Effect::ClosePeer;
            followed.push(effect);
            if makes && !self.peer && self.microphone == Microphone::Open {
                followed.push(Effect::AttachMicrophone);
            }
            self.peer = (self.peer || makes) && !closes;
        }
        *effects = followed;
    }

    fn dial(
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
            attempt,
            conversation,
            muted: false,
            line: Line::new(false),
            stage: Stage::OpeningMicrophone,
        }));
        if self.online {
            self.open_microphone(effects);
        } else {
            self.finish(now, Ended::Offline);
        }
    }

    fn answer(&mut self, effects: &mut Vec<Effect>) {
        if let State::Ringing(ringing) = &mut self.state
            && ringing.answer == Answer::NotYet
        {
            ringing.answer = Answer::OpeningMicrophone;
            ringing.fault = None;
            self.open_microphone(effects);
        }
    }

    fn open_microphone(&mut self, effects: &mut Vec<Effect>) {
        self.microphone = Microphone::Opening;
        effects.push(Effect::OpenMicrophone);
    }

    /// Ends whatever there is by the person's own hand.
    fn end(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let by_me = EndReason::HungUp { by: self.me };
        let (request, end) = match &self.state {
            State::Idle => return,
            State::Ended(_) => return self.dismiss(),
            State::Outgoing(_) => {
                let call = self.state.call();
                let request = call.map(|call| RequestBody::CancelCall { call });
                (request, EndReason::Cancelled)
            }
            State::Ringing(ringing) => {
                let call = ringing.call;
                if ringing.answer == Answer::Sent {
                    (
                        Some(RequestBody::HangUp {
                            call,
                            heard_ago: None,
                        }),
                        by_me,
                    )
                } else {
                    (Some(RequestBody::DeclineCall { call }), EndReason::Declined)
                }
            }
            State::Talking(talking) => {
                let call = talking.call;
                (
                    Some(RequestBody::HangUp {
                        call,
                        heard_ago: None,
                    }),
                    by_me,
                )
            }
        };
        effects.extend(request.map(|request| Effect::Send { request }));
        self.finish(now, Ended::Call { end });
    }

    fn dismiss(&mut self) {
        if matches!(self.state, State::Ended(_)) {
            self.state = State::Idle;
        }
    }

    fn mute(&mut self, muted: bool, effects: &mut Vec<Effect>) {
        match &mut self.state {
            State::Outgoing(outgoing) => outgoing.muted = muted,
            State::Talking(talking) => talking.muted = muted,
            State::Idle | State::Ringing(_) | State::Ended(_) => return,
        }
        if self.microphone == Microphone::Open {
            effects.push(Effect::SetMuted { muted });
        }
    }

    fn speaker(&mut self, on: bool, effects: &mut Vec<Effect>) {
        if let State::Talking(talking) = &mut self.state {
            talking.speaker = on;
            effects.push(Effect::SetSpeaker { on });
        }
    }

    fn tick(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let due = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        if !due(self.state.deadline()) {
            return;
        }
        let timeout = EndReason::Failed {
            cause: FailCause::Timeout,
        };
        let (request, why) = match &mut self.state {
            State::Idle => return,
            State::Ended(_) => return self.dismiss(),
            State::Outgoing(outgoing) => match outgoing.stage {
                Stage::OpeningMicrophone | Stage::Offering => return,
                Stage::Starting { .. } => (None, Ended::Offline),
                Stage::Calling { call, .. } => {
                    let end = EndReason::NoAnswer;
                    (Some(RequestBody::CancelCall { call }), Ended::Call { end })
                }
            },
            State::Ringing(ringing) if ringing.answer == Answer::Sent => {
                let call = ringing.call;
                (
                    Some(RequestBody::HangUp {
                        call,
                        heard_ago: None,
                    }),
                    Ended::Call { end: timeout },
                )
            }
            State::Ringing(_) => {
                let end = EndReason::NoAnswer;
                (None, Ended::Call { end })
            }
            State::Talking(talking) => {
                let call = talking.call;
                if due(talking.lost_at) {
                    let report = CallReport::Lost;
                    let end = EndReason::Lost;
                    (
                        Some(RequestBody::ReportCall {
                            call,
                            report,
                            heard_ago: None,
                        }),
                        Ended::Call { end },
                    )
                } else if due(talking.connect_at) {
                    let report = CallReport::Failed {
                        cause: FailCause::Timeout,
                    };
                    (
                        Some(RequestBody::ReportCall {
                            call,
                            report,
                            heard_ago: None,
                        }),
                        Ended::Call { end: timeout },
                    )
                } else {
                    if due(talking.restart_at) {
                        talking.restart_at = None;
                        talking.line.restart();
                    }
                    return;
                }
            }
        };
        effects.extend(request.map(|request| Effect::Send { request }));
        self.finish(now, why);
    }

    /// Shows the call as over. Settling closes what it held.
    fn finish(&mut self, now: Timestamp, why: Ended) {
        let call = self.state.call();
        let (conversation, outgoing, since) = match &self.state {
            State::Idle | State::Ended(_) => return,
            State::Outgoing(outgoing) => (outgoing.conversation, true, None),
            State::Ringing(ringing) => (ringing.conversation, false, None),
            State::Talking(talking) => (talking.conversation, talking.outgoing, talking.since),
        };
        if let Some(call) = call {
            self.over.push_back(call);
            if self.over.len() > OVER_MAX {
                self.over.pop_front();
            }
        }
        let tone = end_tone(&self.state, &why, self.me);
        self.state = State::Ended(Over {
            conversation,
            call,
            outgoing,
            why,
            talked: since.map(|since| now.since(since)),
            until: now + self.timeouts.ended_shown,
            tone,
        });
    }

    fn line(&mut self) -> Option<&mut Line> {
        match &mut self.state {
            State::Idle | State::Ended(_) => None,
            State::Outgoing(outgoing) => Some(&mut outgoing.line),
            State::Ringing(ringing) => Some(&mut ringing.line),
            State::Talking(talking) => Some(&mut talking.line),
        }
    }
}

fn report(call: CallId, report: CallReport) -> Effect {
    Effect::Send {
        request: RequestBody::ReportCall {
            call,
            report,
            heard_ago: None,
        },
    }
}

/// Microphone, peer, requests, tone.
fn place(effect: &Effect) -> u8 {
    match effect {
        Effect::SendControl { .. } => 0,
        Effect::OpenMicrophone | Effect::CloseMicrophone | Effect::SetMuted { .. } => 0,
        Effect::MakeOffer { .. }
        | Effect::MakeAnswer { .. }
        | Effect::AttachMicrophone
        | Effect::UseAnswer { .. }
        | Effect::AddCandidates { .. }
        | Effect::SetSpeaker { .. }
        | Effect::ClosePeer => 1,
        Effect::Send { .. } => 2,
        Effect::Play { .. } => 3,
    }
}
