//! A device's two handsets, and who of them is heard: the call that is talked in, one that is on hold or waits
//! to be answered, and a call of the account that another device has.
//!
//! The driver hands in an [`Input`] with the device's monotonic clock in milliseconds and carries out the
//! [`Effect`]s in their order. The rules kept here: at most one call is talked in, the other one is on hold or rings;
//! each call has a handset of its own, which decides all that concerns this call alone; one tone at a
//! time. It does no I/O, reads no clock, and makes no ids.

mod effect;
mod input;
mod person;
mod server;
mod show;
mod view;

use protocol::{Timestamp, UserId};

use crate::handset::{self, Handset, Timeouts, Told, Tone};

pub use effect::{Effect, Slot};
pub use input::Input;
pub use view::{Elsewhere, PhoneView};

/// What a device does and shows of all its calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone {
    a: Handset,
    b: Handset,
    /// Whose call was in the foreground last.
    front: Slot,
    tone: Tone,
    /// Of an end that was shown until then or before, nothing is heard any more: another tone was played over it.
    muffled: Option<Timestamp>,
    /// The calls of the account that are not over, as the server told of them last.
    known: Vec<Told>,
    /// A call that rings while its conversation is dialled here: the two are probably about to become one.
    kept_back: Option<Told>,
}

impl Phone {
    /// A phone of an account, without a call and without a socket.
    pub fn new(me: UserId, timeouts: Timeouts) -> Self {
        Self {
            a: Handset::new(me, timeouts),
            b: Handset::new(me, timeouts),
            front: Slot::A,
            tone: Tone::None,
            muffled: None,
            known: Vec::new(),
            kept_back: None,
        }
    }

    /// Takes the server's numbers, for timers that start from now on.
    pub fn set_timeouts(&mut self, timeouts: Timeouts) {
        self.a.set_timeouts(timeouts);
        self.b.set_timeouts(timeouts);
    }

    /// When to hand in [`Input::Tick`]; nothing while nothing happens by itself.
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        let timeouts = [self.a.poll_timeout(), self.b.poll_timeout()];
        timeouts.into_iter().flatten().min()
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
            Input::Answer => self.answer(now, out),
            Input::EndAndAnswer => self.end_and_answer(now, out),
            Input::HoldAndAnswer => self.hold_and_answer(now, out),
            Input::Reject { call } => self.reject(now, call, out),
            Input::Silence => self.hand_both(now, &handset::Input::Silence, out),
            Input::End => self.hand_current(now, handset::Input::End, out),
            Input::Mute { muted } => self.hand_current(now, handset::Input::Mute { muted }, out),
            Input::Speaker { on } => self.hand_current(now, handset::Input::Speaker { on }, out),
            Input::Hold => self.hand_current(now, handset::Input::Hold { on: true }, out),
            Input::Resume { call } => self.resume(now, call, out),
            Input::Take { call } => self.take(now, call, out),
            Input::Yield => self.yield_calls(now, out),
            Input::Dismiss => self.hand_current(now, handset::Input::Dismiss, out),
            Input::TalkAnyway => self.hand_current(now, handset::Input::TalkAnyway, out),
            Input::Compared { code, same } => {
                self.hand_current(now, handset::Input::Compared { code, same }, out);
            }
            Input::Handset { slot, input } => self.happened(now, slot, input, out),
            Input::NetworkChanged => self.hand_both(now, &handset::Input::NetworkChanged, out),
            Input::Welcome {
                calls,
                now: server_now,
                resume,
            } => self.welcome(now, calls, server_now, resume, out),
            Input::Call {
                call: view,
                now: server_now,
            } => {
                let told = Told {
                    view,
                    server_now,
                    now,
                };
                self.told(now, told, out);
            }
            Input::RemoteDescription { call, description } => {
                let input = handset::Input::RemoteDescription { call, description };
                self.hand_owner(now, call, input, out);
            }
            Input::RemoteCandidates {
                call,
                epoch,
                candidates,
            } => {
                let input = handset::Input::RemoteCandidates {
                    call,
                    epoch,
                    candidates,
                };
                self.hand_owner(now, call, input, out);
            }
            Input::SocketLost => self.hand_both(now, &handset::Input::SocketLost, out),
            Input::Tick => self.hand_both(now, &handset::Input::Tick, out),
        }
        self.settle(now, &mut effects);
        effects
    }

    /// Sees to what follows from the state alone.
    fn settle(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        self.let_ring(now, effects);
        self.front = self.current().unwrap_or(self.front);
        let tone = self
            .tone_of_a_call()
            .unwrap_or_else(|| self.tone_of_an_end());
        if !matches!(tone, Tone::None | Tone::Busy | Tone::End) {
            self.muffled = self.shown_until();
        }
        if tone != self.tone {
            self.tone = tone;
            effects.push(Effect::Play { tone });
        }
    }

    fn handset(&self, slot: Slot) -> &Handset {
        match slot {
            Slot::A => &self.a,
            Slot::B => &self.b,
        }
    }

    fn handset_mut(&mut self, slot: Slot) -> &mut Handset {
        match slot {
            Slot::A => &mut self.a,
            Slot::B => &mut self.b,
        }
    }

    /// The handset that a new call gets.
    fn free(&self) -> Option<Slot> {
        Slot::BOTH
            .into_iter()
            .find(|slot| self.handset(*slot).is_free())
    }

    /// The handset that has a call.
    fn owner(&self, call: protocol::CallId) -> Option<Slot> {
        Slot::BOTH
            .into_iter()
            .find(|slot| self.handset(*slot).has(call))
    }

    /// Hands an input to a handset. Its tone is one of two, and the phone plays one.
    fn hand(
        &mut self,
        now: Timestamp,
        slot: Slot,
        input: handset::Input,
        effects: &mut Vec<Effect>,
    ) {
        for effect in self.handset_mut(slot).handle(now, input) {
            if !matches!(effect, handset::Effect::Play { .. }) {
                effects.push(Effect::Handset { slot, effect });
            }
        }
    }

    fn hand_both(&mut self, now: Timestamp, input: &handset::Input, effects: &mut Vec<Effect>) {
        for slot in Slot::BOTH {
            self.hand(now, slot, input.clone(), effects);
        }
    }

    fn hand_owner(
        &mut self,
        now: Timestamp,
        call: protocol::CallId,
        input: handset::Input,
        effects: &mut Vec<Effect>,
    ) {
        if let Some(slot) = self.owner(call) {
            self.hand(now, slot, input, effects);
        }
    }
}
