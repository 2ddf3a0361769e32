//! What a handset makes of its own device: the microphone and the peer connection.

use protocol::Timestamp;
use protocol::call::{CallReport, EndReason, FailCause};
use protocol::description::CallDescription;
use protocol::socket::RequestBody;

use super::state::{Answer, Stage, State};
use super::{Effect, Ended, Handset, Microphone, MicrophoneFault, Path, report};

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
                if outgoing.muted {
                    effects.push(Effect::SetMuted { muted: true });
                }
                outgoing.line.offer(effects);
            }
            State::Ringing(ringing) => {
                ringing.answer = Answer::Describing;
                // A peer that is made later gets it when it is made.
                if self.peer {
                    effects.push(Effect::AttachMicrophone);
                }
                ringing.send_answer(effects);
            }
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
            self.report_failure(cause, effects);
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
                    effects.push(Effect::Send {
                        request: RequestBody::DescribeCall { call, description },
                    });
                }
            }
        }
    }

    pub(super) fn peer_connected(&mut self, effects: &mut Vec<Effect>) {
        match &mut self.state {
            State::Idle | State::Outgoing(_) | State::Ended(_) => {}
            State::Ringing(ringing) => ringing.connected = true,
            State::Talking(talking) => {
                let first = talking.path == Path::Connecting;
                talking.path = Path::Connected;
                talking.connect_at = None;
                talking.restart_at = None;
                talking.lost_at = None;
                if first {
                    effects.push(report(talking.call, CallReport::Connected));
                }
            }
        }
    }

    /// A path that was never there cannot break.
    pub(super) fn peer_disconnected(&mut self, now: Timestamp) {
        if let State::Talking(talking) = &mut self.state
            && talking.path != Path::Connecting
        {
            talking.path = Path::Reconnecting;
            talking.restart_at = talking
                .restart_at
                .or(Some(now + self.timeouts.restart_after));
            talking.lost_at = talking.lost_at.or(Some(now + self.timeouts.lost_after));
        }
    }

    pub(super) fn peer_failed(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let State::Talking(talking) = &mut self.state else {
            return;
        };
        match talking.path {
            Path::Connecting if talking.failures > 0 => {
                self.fail(now, FailCause::NoPath, effects);
            }
            Path::Connecting => {
                talking.failures += 1;
                talking.line.restart();
            }
            Path::Connected | Path::Reconnecting => {
                talking.path = Path::Reconnecting;
                talking.restart_at = None;
                talking.lost_at = talking.lost_at.or(Some(now + self.timeouts.lost_after));
                talking.line.restart();
            }
        }
    }

    /// Ends the call for a cause that this device knows, and tells the server where it must know.
    pub(super) fn fail(&mut self, now: Timestamp, cause: FailCause, effects: &mut Vec<Effect>) {
        self.report_failure(cause, effects);
        let end = EndReason::Failed { cause };
        self.finish(now, Ended::Call { end });
    }

    pub(super) fn report_failure(&self, cause: FailCause, effects: &mut Vec<Effect>) {
        let answered = match &self.state {
            State::Idle | State::Ended(_) => return,
            State::Outgoing(_) | State::Talking(_) => true,
            // Other devices ring on.
            State::Ringing(ringing) => ringing.answer == Answer::Sent,
        };
        if let Some(call) = self.state.call()
            && answered
        {
            effects.push(report(call, CallReport::Failed { cause }));
        }
    }
}
