//! Which call is in the foreground, what is shown of the others, and which tone is heard.

use protocol::Timestamp;
use protocol::call::{CallState, Here};

use super::{Elsewhere, Phone, PhoneView, Slot};
use crate::handset::{HandsetView, Told, Tone};

/// What a handset does, as far as the other one is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    Free,
    /// Its call is over and still shown.
    Over,
    /// Its call is on hold, by this side.
    Held,
    Rings,
    /// *Answer* was pressed.
    Answers,
    Dials,
    /// Its call is talked in, or about to be.
    Talks,
}

impl Stands {
    /// Which of two calls is in the foreground: the greater one. A call that rings during another one waits.
    fn rank(self) -> u8 {
        match self {
            Self::Free => 0,
            Self::Held => 1,
            Self::Over => 2,
            Self::Rings => 3,
            Self::Answers | Self::Dials | Self::Talks => 4,
        }
    }
}

impl Phone {
    /// What the screen shows.
    pub fn view(&self) -> PhoneView {
        let view = |slot: Slot| self.handset(slot).view();
        PhoneView {
            current: self.current().map_or(HandsetView::Idle, view),
            waiting: self.waiting().map(view),
            held: self.held().map(view),
            elsewhere: self.known.iter().find_map(|told| self.elsewhere(told)),
        }
    }

    pub(super) fn stands(&self, slot: Slot) -> Stands {
        match self.handset(slot).view() {
            HandsetView::Idle => Stands::Free,
            HandsetView::Outgoing { .. } => Stands::Dials,
            HandsetView::Incoming {
                answering: true, ..
            } => Stands::Answers,
            HandsetView::Incoming { .. } => Stands::Rings,
            HandsetView::Active { on_hold: true, .. } => Stands::Held,
            HandsetView::Active { .. } => Stands::Talks,
            HandsetView::Ended { .. } => Stands::Over,
        }
    }

    /// The handset in the foreground; of two alike the one that was there before, or that ended last.
    pub(super) fn current(&self) -> Option<Slot> {
        let (a, b) = (self.stands(Slot::A), self.stands(Slot::B));
        let slot = match a.rank().cmp(&b.rank()) {
            std::cmp::Ordering::Greater => Slot::A,
            std::cmp::Ordering::Less => Slot::B,
            std::cmp::Ordering::Equal if a == Stands::Over => self.ended_last(),
            std::cmp::Ordering::Equal => self.front,
        };
        (self.stands(slot) != Stands::Free).then_some(slot)
    }

    /// The handset that rings, or is being answered, behind the one in the foreground.
    pub(super) fn waiting(&self) -> Option<Slot> {
        let slot = self.current()?.other();
        matches!(self.stands(slot), Stands::Rings | Stands::Answers).then_some(slot)
    }

    fn held(&self) -> Option<Slot> {
        let slot = self.current()?.other();
        (self.stands(slot) == Stands::Held).then_some(slot)
    }

    fn ended_last(&self) -> Slot {
        if self.b.poll_timeout() > self.a.poll_timeout() {
            Slot::B
        } else {
            Slot::A
        }
    }

    /// An answered call that no handset here has.
    fn elsewhere(&self, told: &Told) -> Option<Elsewhere> {
        let call = &told.view.call;
        let since = match call.state {
            CallState::Connecting { .. } => None,
            CallState::Active { since } => Some(told.local(since)),
            CallState::Ringing { .. } | CallState::Ended { .. } => return None,
        };
        let device = match &told.view.here {
            Here::Elsewhere { device } => device.clone(),
            Here::TakesPart => None,
            Here::Rings => return None,
        };
        let here = Slot::BOTH.into_iter().any(|slot| {
            let handset = self.handset(slot);
            let dialled =
                told.view.here == Here::TakesPart && handset.dials() == Some(call.conversation);
            handset.has(call.id) || dialled
        });
        let here = here || self.has_ended(call.id);
        (!here).then_some(Elsewhere {
            conversation: call.conversation,
            call: call.id,
            device,
            since,
        })
    }

    /// The tone of a call that comes in, or of one that goes out.
    pub(super) fn tone_of_a_call(&self) -> Option<Tone> {
        let of = |wanted: Stands| {
            Slot::BOTH
                .into_iter()
                .find(|slot| self.stands(*slot) == wanted)
                .map(|slot| (slot, self.handset(slot).tone()))
        };
        if let Some((slot, Tone::Ringing)) = of(Stands::Rings) {
            return Some(match self.stands(slot.other()) {
                Stands::Talks | Stands::Dials | Stands::Answers => Tone::Waiting,
                Stands::Free | Stands::Over | Stands::Held | Stands::Rings => Tone::Ringing,
            });
        }
        of(Stands::Dials).map(|(_, tone)| tone)
    }

    /// The tone of the end that came last, once.
    pub(super) fn tone_of_an_end(&self) -> Tone {
        let shown_until = self.shown_until();
        if shown_until <= self.muffled {
            return Tone::None;
        }
        let slot = match (self.stands(Slot::A), self.stands(Slot::B)) {
            (Stands::Over, Stands::Over) => self.ended_last(),
            (_, Stands::Over) => Slot::B,
            _ => Slot::A,
        };
        self.handset(slot).tone()
    }

    /// Until when the end that came last is shown.
    pub(super) fn shown_until(&self) -> Option<Timestamp> {
        Slot::BOTH
            .into_iter()
            .filter(|slot| self.stands(*slot) == Stands::Over)
            .filter_map(|slot| self.handset(slot).poll_timeout())
            .max()
    }
}
