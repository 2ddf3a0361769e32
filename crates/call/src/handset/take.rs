//! Taking a call over: from another device of the account, or from this one before a reload.
//!
//! The other side goes on with its old peer connection until the server has given it the new offer, so nothing is
//! told to anybody before that offer is made, and no candidate leaves before the server has agreed. What fails until
//! then fails here alone: the call goes on where it was.

use protocol::Timestamp;
use protocol::call::Here;
use protocol::control::ControlMessage;
use protocol::error::ErrorCode;

use super::state::{Outgoing, Stage, State, Talking, Told};
use super::taking::{Progress, Stands, Taking};
use super::{Effect, Ended, Handset};

/// How often a take-over is tried; the other side may begin a negotiation of its own at the same time.
const TAKES_MAX: u8 = 2;
/// A refused offer is made again above so many epochs more where the server has shown no higher one.
const EPOCHS_SKIPPED: u16 = 7;

impl Handset {
    /// The person, or a page that was loaded anew, wants a call to be here.
    pub(super) fn take(&mut self, told: &Told, effects: &mut Vec<Effect>) {
        let taking = Taking::new(told, &self.timeouts);
        if let Some(taking) = taking.filter(|_| self.state.is_free() && self.online) {
            self.over.retain(|gone| gone.call != taking.call);
            self.state = State::Taking(Box::new(taking));
            self.open_microphone(effects);
        }
    }

    /// The outcome of `take_call`.
    pub(super) fn taken(&mut self, told: Told, effects: &mut Vec<Effect>) {
        let call = told.view.call.id;
        if !matches!(&self.state, State::Taking(taking) if taking.call == call) {
            if !self.is_over(call) {
                self.abandon(told, effects);
            }
            return;
        }
        let now = told.now;
        self.own_call(told.clone(), effects);
        // A later frame may have come before the outcome, and then it is the one that holds.
        match &self.state {
            // The outcome of an earlier attempt, given up since.
            State::Taking(taking) if !taking.is_sent() => {}
            State::Taking(taking) if taking.here == Here::TakesPart => self.take_up(told, effects),
            State::Taking(taking) => {
                let device = taking.device();
                self.finish(now, Ended::Moved { device });
            }
            State::Idle
            | State::Outgoing(_)
            | State::Ringing(_)
            | State::Talking(_)
            | State::Ended(_) => {}
        }
    }

    /// The call is this handset's own from now on.
    fn take_up(&mut self, told: Told, effects: &mut Vec<Effect>) {
        let State::Taking(before) = std::mem::replace(&mut self.state, State::Idle) else {
            return;
        };
        let since = before.since();
        let Taking {
            conversation,
            call,
            revision,
            stands,
            mut sound,
            line,
            connected,
            doubted,
            ..
        } = *before;
        let now = told.now;
        if let Stands::Rings { devices, deadline } = stands {
            self.state = State::Outgoing(Box::new(Outgoing {
                attempt: None,
                conversation,
                muted: sound.own.muted,
                line,
                stage: Stage::Calling {
                    call,
                    revision,
                    devices,
                    deadline,
                },
            }));
            return;
        }
        let mut talking = Talking::new(&told.view, line, now + self.timeouts.connect);
        talking.revision = revision;
        if matches!(stands, Stands::Active { .. }) {
            talking.connect_at = None;
            talking.path_is_gone(now, &self.timeouts);
        }
        if sound.must_be_told(talking.sound.own) {
            sound.tell(call, self.can_control(), effects);
        }
        talking.sound = sound;
        talking.since = since;
        talking.line.open();
        talking.told(told, effects);
        self.state = State::Talking(Box::new(talking));
        if doubted {
            self.peer_forged(now, true, effects);
        } else if connected {
            self.peer_connected(now, effects);
        }
    }

    /// `take_call` was refused. The epoch may have been too low.
    pub(super) fn take_refused(
        &mut self,
        now: Timestamp,
        code: ErrorCode,
        message: String,
        effects: &mut Vec<Effect>,
    ) {
        let State::Taking(taking) = &mut self.state else {
            return;
        };
        if !taking.is_sent() {
            return;
        }
        if code == ErrorCode::BadRequest && taking.takes < TAKES_MAX {
            let own = taking.line.epoch();
            let above = if taking.epoch < own {
                own.saturating_add(EPOCHS_SKIPPED)
            } else {
                taking.epoch
            };
            taking.progress = Progress::Offering;
            taking.line.offer_on_a_new_peer(above, effects);
            return;
        }
        let why = match code {
            ErrorCode::NotFound | ErrorCode::WrongState => Ended::Meanwhile,
            _ => Ended::Refused { code, message },
        };
        self.finish(now, why);
    }

    /// Another tab of this device has the calls from now on. The other side is told that the path is as good as
    /// broken, so that it waits for the offer of whoever takes the call up.
    pub(super) fn yield_calls(&mut self, effects: &mut Vec<Effect>) {
        if matches!(self.state, State::Talking(_)) && self.can_control() {
            let message = ControlMessage::Leaving;
            effects.push(Effect::SendControl { message });
        }
        self.state = State::Idle;
    }
}
