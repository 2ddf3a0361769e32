//! The control channel: what one device tells the other directly, without the server.
//!
//! Nothing is said only here. Whatever comes by it comes by the socket as well, sooner or later, and
//! changes nothing the second time.

use protocol::Timestamp;
use protocol::call::{CallReport, EndReason};
use protocol::control::ControlMessage;
use protocol::socket::RequestBody;

use super::state::{Answer, State};
use super::{Effect, Ended, Handset};

/// How the control channel of the present peer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Control {
    Closed,
    /// Open, and this side's sound is still to be told.
    Open,
    Greeted,
}

impl Handset {
    /// Whether what is said over the control channel gets out.
    pub(super) fn can_control(&self) -> bool {
        self.peer
            .as_ref()
            .is_some_and(|peer| peer.control != Control::Closed)
    }

    pub(super) fn control_opened(&mut self) {
        if let Some(peer) = &mut self.peer
            && peer.control == Control::Closed
        {
            peer.control = Control::Open;
        }
    }

    /// Tells the own sound, first of all.
    pub(super) fn greet(&mut self, effects: &mut Vec<Effect>) {
        if let State::Talking(talking) = &self.state
            && let Some(peer) = &mut self.peer
            && peer.control == Control::Open
        {
            peer.control = Control::Greeted;
            effects.push(talking.sound.message());
        }
    }

    pub(super) fn control(
        &mut self,
        now: Timestamp,
        message: ControlMessage,
        effects: &mut Vec<Effect>,
    ) {
        let call = match &self.state {
            State::Talking(talking) => talking.call,
            State::Ringing(ringing) if ringing.answer == Answer::Sent => ringing.call,
            State::Idle
            | State::Outgoing(_)
            | State::Ringing(_)
            | State::Taking(_)
            | State::Ended(_) => return,
        };
        match message {
            ControlMessage::Sound { sound } => {
                if let State::Talking(talking) = &mut self.state {
                    talking.sound.hear(sound);
                }
            }
            ControlMessage::HangUp => self.peer_hung_up(now, effects),
            ControlMessage::Leaving => self.peer_leaves(now),
            ControlMessage::Description { description } => {
                self.remote_description(call, description, effects);
            }
            // The peer connection that it comes by takes it.
            ControlMessage::Reveal { .. } => {}
            ControlMessage::Candidates { epoch, candidates } => {
                self.remote_candidates(call, epoch, candidates, effects);
            }
        }
    }

    fn peer_hung_up(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let report = CallReport::PeerHungUp;
        let (request, by) = match &self.state {
            State::Talking(talking) => (talking.report(now, report), talking.other),
            State::Ringing(ringing) => {
                let request = RequestBody::ReportCall {
                    call: ringing.call,
                    report,
                    heard_ago: None,
                };
                (request, ringing.other)
            }
            State::Idle | State::Outgoing(_) | State::Taking(_) | State::Ended(_) => return,
        };
        effects.push(Effect::Send { request });
        let end = EndReason::HungUp { by };
        self.finish(now, Ended::Call { end });
    }
}
