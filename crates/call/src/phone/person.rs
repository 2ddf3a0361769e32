//! What a phone makes of what the person presses.
//!
//! A press is meant for the call that the person sees. Where that one changed a moment before, the press does what it
//! says to the one that is there now, or nothing; it never ends or answers another call.

use protocol::{AttemptId, CallId, ConversationId, Timestamp};

use super::show::Stands;
use super::{Effect, Phone, Slot};
use crate::handset::Input as Do;

impl Phone {
    pub(super) fn dial(
        &mut self,
        now: Timestamp,
        attempt: AttemptId,
        conversation: ConversationId,
        effects: &mut Vec<Effect>,
    ) {
        if self.a.is_free() && self.b.is_free() {
            let input = Do::Dial {
                attempt,
                conversation,
            };
            self.hand(now, Slot::A, input, effects);
        }
    }

    pub(super) fn hand_current(&mut self, now: Timestamp, input: Do, effects: &mut Vec<Effect>) {
        if let Some(slot) = self.current() {
            self.hand(now, slot, input, effects);
        }
    }

    pub(super) fn answer(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        self.hand_current(now, Do::Answer, effects);
    }

    pub(super) fn end_and_answer(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if let Some(waiting) = self.waiting() {
            self.hand(now, waiting.other(), Do::End, effects);
            self.hand(now, waiting, Do::Answer, effects);
        } else {
            // The other call has ended by itself.
            self.answer(now, effects);
        }
    }

    pub(super) fn hold_and_answer(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let Some(waiting) = self.waiting() else {
            return self.answer(now, effects);
        };
        // A call that is not answered yet cannot be put on hold.
        if self.stands(waiting.other()) == Stands::Talks {
            self.hand(now, waiting.other(), Do::Hold { on: true }, effects);
            self.hand(now, waiting, Do::Answer, effects);
        }
    }

    pub(super) fn reject(&mut self, now: Timestamp, call: CallId, effects: &mut Vec<Effect>) {
        self.hand_owner(now, call, Do::Reject, effects);
    }

    pub(super) fn resume(&mut self, now: Timestamp, call: CallId, effects: &mut Vec<Effect>) {
        let owner = self.owner(call);
        let Some(slot) = owner.filter(|slot| self.stands(*slot) == Stands::Held) else {
            return;
        };
        if self.make_way(now, slot.other(), effects) {
            self.hand(now, slot, Do::Hold { on: false }, effects);
        }
    }

    pub(super) fn take(&mut self, now: Timestamp, call: CallId, effects: &mut Vec<Effect>) {
        if self.owner(call).is_some() || self.has_ended(call) {
            return;
        }
        let told = self.known.iter().find(|told| told.view.call.id == call);
        let (Some(told), Some(slot)) = (told.cloned(), self.free()) else {
            return;
        };
        // It comes as it is; one that is on hold stays so.
        let on_hold = told.view.call.sound(told.view.role).on_hold;
        if on_hold || self.make_way(now, slot.other(), effects) {
            let input = Do::Take {
                now: told.server_now(now),
                call: told.view,
            };
            self.hand(now, slot, input, effects);
        }
    }

    /// Puts the call of a handset on hold, so that the other one may be talked in. Says whether it may.
    fn make_way(&mut self, now: Timestamp, slot: Slot, effects: &mut Vec<Effect>) -> bool {
        match self.stands(slot) {
            Stands::Free | Stands::Over | Stands::Held | Stands::Rings => true,
            Stands::Talks => {
                self.hand(now, slot, Do::Hold { on: true }, effects);
                true
            }
            Stands::Dials | Stands::Answers => false,
        }
    }

    pub(super) fn yield_calls(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        self.kept_back = None;
        self.hand_both(now, &Do::Yield, effects);
    }
}
