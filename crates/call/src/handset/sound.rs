//! What both sides of a call do with their sound: muted, on hold, and what follows for microphone and speaker.
//!
//! Each side counts its changes. Whatever way a change comes by, the one with the larger number holds; so
//! a late one changes nothing.

use protocol::call::{CallSound, CallView};
use protocol::control::ControlMessage;
use protocol::socket::RequestBody;
use protocol::{CallId, ConversationId, Timestamp};

use super::{Effect, HandsetView, OtherEnd, Path, Route};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sound {
    pub(super) own: CallSound,
    pub(super) peer: CallSound,
    /// Whether the person wants to hear the other side.
    pub(super) speaker: bool,
    /// Whether another device may speak for the other side from now on, which counts from what it knew.
    peer_is_new: bool,
}

impl Sound {
    /// As the server shows it.
    pub(super) fn shown(view: &CallView) -> Self {
        Self {
            own: view.call.sound(view.role),
            peer: view.call.sound(view.role.other()),
            speaker: true,
            peer_is_new: false,
        }
    }

    /// Whether the microphone's track is silent, whoever wants it so.
    pub(super) fn is_mute(&self) -> bool {
        self.own.muted || self.own.on_hold || self.peer.on_hold
    }

    /// Whether the other side is heard here.
    pub(super) fn is_audible(&self) -> bool {
        self.speaker && !self.own.on_hold
    }

    /// Whether both sides mean sound to come from the other one.
    pub(super) fn is_expected(&self) -> bool {
        !self.own.on_hold && !self.peer.muted && !self.peer.on_hold
    }

    /// Mutes or unmutes this side. Says whether that is a change.
    pub(super) fn mute(&mut self, muted: bool) -> bool {
        self.change(CallSound { muted, ..self.own })
    }

    /// Puts this side on hold or takes it off. Says whether that is a change.
    pub(super) fn hold(&mut self, on_hold: bool) -> bool {
        self.change(CallSound {
            on_hold,
            ..self.own
        })
    }

    fn change(&mut self, to: CallSound) -> bool {
        let changes = to != self.own;
        if changes {
            self.own = CallSound {
                change: self.own.change.saturating_add(1),
                ..to
            };
        }
        changes
    }

    /// The other side's state came from the server.
    pub(super) fn hear_of(&mut self, peer: CallSound) {
        if peer.change > self.peer.change {
            self.peer = peer;
        }
    }

    /// The other side told its state itself. What a new peer says first holds, whatever the one before it said last.
    pub(super) fn hear(&mut self, peer: CallSound) {
        if std::mem::take(&mut self.peer_is_new) {
            self.peer = peer;
        } else {
            self.hear_of(peer);
        }
    }

    /// The other side is another device than before, or the same one after a reload.
    pub(super) fn peer_is_new(&mut self) {
        self.peer_is_new = true;
    }

    /// Says whether the server must be told the own state, because it shows another one.
    pub(super) fn must_be_told(&mut self, shown: CallSound) -> bool {
        if self.is_contradicted_by(shown) {
            self.own.change = shown.change.saturating_add(1);
        }
        shown != self.own
    }

    /// Whether the server shows what this device never said: a page before this one said it, and it came late.
    pub(super) fn is_contradicted_by(&self, shown: CallSound) -> bool {
        shown.change >= self.own.change && shown != self.own
    }

    /// Tells the own state by both ways.
    pub(super) fn tell(&self, call: CallId, control: bool, effects: &mut Vec<Effect>) {
        if control {
            effects.push(self.message());
        }
        effects.push(Effect::Send {
            request: RequestBody::SetSound {
                call,
                sound: self.own,
            },
        });
    }

    pub(super) fn message(&self) -> Effect {
        Effect::SendControl {
            message: ControlMessage::Sound { sound: self.own },
        }
    }

    /// The screen of an answered call.
    pub(super) fn view(
        &self,
        conversation: ConversationId,
        call: CallId,
        path: Path,
        route: Option<Route>,
        other: Option<OtherEnd>,
        since: Option<Timestamp>,
    ) -> HandsetView {
        HandsetView::Active {
            conversation,
            call,
            path,
            route,
            other,
            since,
            muted: self.own.muted,
            speaker: self.speaker,
            on_hold: self.own.on_hold,
            peer_muted: self.peer.muted,
            peer_on_hold: self.peer.on_hold,
        }
    }
}
