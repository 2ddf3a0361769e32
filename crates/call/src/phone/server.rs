//! What a phone makes of the server's words: it gives each call to the handset that has it, and remembers the others.

use protocol::call::{CallState, CallView, Here, Role};
use protocol::socket::RequestBody;
use protocol::{CallId, ConversationId, Timestamp};

use super::{Effect, Phone, Slot};
use crate::handset::{Effect as Ask, Input as Do, Told};

/// Calls of the account that are remembered; the server lets an account be in two, and few ring it.
const KNOWN_MAX: usize = 16;

impl Phone {
    /// A `call` frame.
    pub(super) fn told(&mut self, now: Timestamp, told: Told, effects: &mut Vec<Effect>) {
        let is_new = !self.knows(told.view.call.id);
        self.remember(&told);
        if let Some(slot) = self.recipient(&told.view) {
            self.hand(now, slot, told.input(now), effects);
        } else if is_new && is_own_and_rings(&told.view) {
            // A page before this one dialled, and its request came after the snapshot: nobody calls any more.
            let call = told.view.call.id;
            let request = RequestBody::CancelCall { call };
            let effect = Ask::Send { request };
            effects.push(Effect::Handset {
                slot: Slot::A,
                effect,
            });
        } else {
            self.others_call(now, told, effects);
        }
    }

    /// The snapshot.
    pub(super) fn welcome(
        &mut self,
        now: Timestamp,
        calls: Vec<CallView>,
        server_now: Timestamp,
        resume: bool,
        effects: &mut Vec<Effect>,
    ) {
        self.known.clear();
        self.kept_back = None;
        let mut own: [(Slot, Vec<CallView>); 2] = Slot::BOTH.map(|slot| (slot, Vec::new()));
        let mut others = Vec::new();
        for view in calls {
            let told = Told {
                view,
                server_now,
                now,
            };
            self.remember(&told);
            let slot = self.recipient(&told.view);
            match own.iter_mut().find(|(other, _)| Some(*other) == slot) {
                Some((_, calls)) => calls.push(told.view),
                None => others.push(told),
            }
        }
        for (slot, calls) in own {
            let input = Do::Welcome {
                calls,
                now: server_now,
            };
            self.hand(now, slot, input, effects);
        }
        if resume {
            self.take_up_again(now, &others, effects);
        }
        for told in others {
            self.others_call(now, told, effects);
        }
    }

    /// Something happened to one handset. Outcomes tell of calls as well.
    pub(super) fn happened(
        &mut self,
        now: Timestamp,
        slot: Slot,
        input: Do,
        effects: &mut Vec<Effect>,
    ) {
        if let Do::Started {
            call,
            now: server_now,
            ..
        }
        | Do::Answered {
            call,
            now: server_now,
        }
        | Do::Taken {
            call,
            now: server_now,
        } = &input
        {
            self.remember(&Told {
                view: call.clone(),
                server_now: *server_now,
                now,
            });
        }
        self.hand(now, slot, input, effects);
    }

    /// The page was loaded anew: the calls that this device was in are taken up, the one that is talked in first.
    fn take_up_again(&mut self, now: Timestamp, others: &[Told], effects: &mut Vec<Effect>) {
        let mut mine: Vec<&CallView> = others
            .iter()
            .map(|told| &told.view)
            .filter(|view| view.here == Here::TakesPart)
            .collect();
        mine.sort_by_key(|view| view.call.sound(view.role).on_hold);
        let calls: Vec<CallId> = mine.into_iter().map(|view| view.call.id).collect();
        for call in calls {
            self.take(now, call, effects);
        }
    }

    /// The handset that a word of the server is for.
    fn recipient(&self, view: &CallView) -> Option<Slot> {
        let call = view.call.id;
        self.owner(call).or_else(|| {
            Slot::BOTH.into_iter().find(|slot| {
                let handset = self.handset(*slot);
                // What this device ended and the server shows as its own is ended again.
                let ended = handset.has_ended(call) && view.here == Here::TakesPart;
                let dials = handset.dials() == Some(view.call.conversation);
                ended || (dials && view.here == Here::TakesPart)
            })
        })
    }

    fn knows(&self, call: CallId) -> bool {
        self.known.iter().any(|known| known.view.call.id == call)
    }

    fn remember(&mut self, told: &Told) {
        let call = &told.view.call;
        let newer = |known: &Told| {
            known.view.call.id == call.id && known.view.call.revision > call.revision
        };
        if self.known.iter().any(newer) {
            return;
        }
        let ended = matches!(call.state, CallState::Ended { .. });
        let place = self
            .known
            .iter()
            .position(|known| known.view.call.id == call.id);
        match place {
            Some(i) if ended => {
                self.known.remove(i);
            }
            Some(i) => self.known[i] = told.clone(),
            None if !ended && self.known.len() < KNOWN_MAX => self.known.push(told.clone()),
            None => {}
        }
    }

    /// A call that no handset has: it may ring here. One whose conversation is dialled is kept back: the dial probably
    /// becomes this call.
    fn others_call(&mut self, now: Timestamp, told: Told, effects: &mut Vec<Effect>) {
        let CallView { call, here, .. } = &told.view;
        let kept = &self.kept_back;
        if kept
            .as_ref()
            .is_some_and(|kept| kept.view.call.id == call.id)
        {
            self.kept_back = None;
        }
        let rings = matches!(call.state, CallState::Ringing { .. }) && *here == Here::Rings;
        if !rings || self.is_over(call.id) {
            return;
        }
        if self.dials(call.conversation) {
            self.kept_back = Some(told);
        } else if let Some(slot) = self.free() {
            self.hand(now, slot, told.input(now), effects);
        }
    }

    /// The dial has become another call or none: the call that was kept back rings after all.
    pub(super) fn let_ring(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let kept = &self.kept_back;
        if kept
            .as_ref()
            .is_none_or(|kept| self.dials(kept.view.call.conversation))
        {
            return;
        }
        if let Some(kept) = self.kept_back.take()
            && self.owner(kept.view.call.id).is_none()
        {
            self.others_call(now, kept, effects);
        }
    }

    fn dials(&self, conversation: ConversationId) -> bool {
        let dialled = |slot: Slot| self.handset(slot).dials() == Some(conversation);
        Slot::BOTH.into_iter().any(dialled)
    }

    fn is_over(&self, call: CallId) -> bool {
        self.a.is_over(call) || self.b.is_over(call)
    }

    pub(super) fn has_ended(&self, call: CallId) -> bool {
        self.a.has_ended(call) || self.b.has_ended(call)
    }
}

fn is_own_and_rings(view: &CallView) -> bool {
    let rings = matches!(view.call.state, CallState::Ringing { .. });
    rings && view.here == Here::TakesPart && view.role == Role::Caller
}

impl Told {
    /// The server's time when the device's clock shows `now`.
    pub(super) fn server_now(&self, now: Timestamp) -> Timestamp {
        self.server_now + now.since(self.now)
    }

    fn input(self, now: Timestamp) -> Do {
        Do::Call {
            now: self.server_now(now),
            call: self.view,
        }
    }
}
