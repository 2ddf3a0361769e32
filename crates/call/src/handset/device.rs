//! What a handset makes of its own device: the microphone and the peer connection.

use protocol::Timestamp;
use protocol::call::FailCause;
use protocol::control::ControlMessage;
use protocol::description::{CallDescription, Candidate};
use protocol::socket::RequestBody;

use super::state::{Answer, Stage, State};
use super::{Effect, Ended, Handset, Microphone, MicrophoneFault};

impl Handset {
    pub(super) fn microphone_opened(&mut self, effects: &mut Vec<Effect>) {
        if self.microphone != Microphone::Opening {
            if self.microphone == Microphone::Closed {
                effects.push(Effect::CloseMicrophone);
            }
            return;
        }
        self.microphone = Microphone::Open;
        match &mut self.state {
            State::Outgoing(outgoing) => {
                outgoing.stage = Stage::Offering;
                outgoing.line.offer(effects);
            }
            State::Ringing(ringing) => {
                ringing.answer = Answer::Describing;
                // A peer that is made later gets it when it is made.
                if self.peer.is_some() {
                    effects.push(Effect::AttachMicrophone);
                }
                ringing.send_answer(effects);
            }
            State::Taking(taking) => taking.offer(effects),
            State::Idle | State::Talking(_) | State::Ended(_) => {}
        }
    }

    pub(super) fn microphone_failed(
        &mut self,
        now: Timestamp,
        fault: MicrophoneFault,
        effects: &mut Vec<Effect>,
    ) {
        if self.microphone == Microphone::Closed {
            return;
        }
        if let State::Ringing(ringing) = &mut self.state
            && ringing.answer != Answer::Sent
        {
            // Settling closes the microphone where it was open.
            ringing.answer = Answer::NotYet;
            ringing.fault = Some(fault);
        } else {
            let cause = match fault {
                MicrophoneFault::Denied | MicrophoneFault::InsecurePage => {
                    FailCause::PermissionDenied
                }
                MicrophoneFault::Missing | MicrophoneFault::Busy => FailCause::NoMicrophone,
            };
            self.report_failure(now, cause, effects);
            self.finish(now, Ended::Microphone { fault });
        }
        if self.microphone == Microphone::Opening {
            self.microphone = Microphone::Closed;
        }
    }

    pub(super) fn described(
        &mut self,
        now: Timestamp,
        description: CallDescription,
        effects: &mut Vec<Effect>,
    ) {
        match &mut self.state {
            State::Idle | State::Ended(_) => {}
            State::Outgoing(outgoing) => {
                if outgoing.line.described(description) {
                    outgoing.stage = Stage::Starting {
                        sent: false,
                        deadline: now + self.timeouts.start,
                        early: None,
                    };
                    if self.online {
                        outgoing.send_start(effects);
                    }
                }
            }
            State::Taking(taking) => {
                if taking.line.described(description) {
                    taking.send(now + self.timeouts.lost_after, effects);
                }
            }
            State::Ringing(ringing) => {
                if ringing.line.described(description.clone()) {
                    if ringing.answer == Answer::Sent {
                        // The other side restarts ICE already, and the outcome is still under way.
                        let call = ringing.call;
                        effects.push(Effect::Send {
                            request: RequestBody::DescribeCall { call, description },
                        });
                    }
                    ringing.send_answer(effects);
                }
            }
            State::Talking(talking) => {
                if talking.line.described(description.clone()) {
                    let call = talking.call;
                    if self.can_control() {
                        let description = description.clone();
                        let message = ControlMessage::Description { description };
                        effects.push(Effect::SendControl { message });
                    }
                    effects.push(Effect::Send {
                        request: RequestBody::DescribeCall { call, description },
                    });
                }
            }
        }
    }

    pub(super) fn candidate(&mut self, candidate: Candidate) {
        if let Some(line) = self.line() {
            line.candidate(candidate);
        }
    }

    pub(super) fn network_changed(&mut self) {
        if let Some(line) = self.line() {
            line.restart();
        }
    }
}
