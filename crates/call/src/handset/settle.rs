//! What follows from a handset's state alone, whatever led to it: the microphone and the peer that it needs, how silent
//! they are, the tone, and the order of the effects.

use protocol::Timestamp;

use super::control::Control;
use super::state::State;
use super::{Effect, Handset, Microphone, Peer};

impl Handset {
    /// Sees to what follows from the state alone, so that no way of ending a call can forget it.
    pub(super) fn settle(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        self.greet(effects);
        let control = self.can_control();
        if let State::Talking(talking) = &mut self.state {
            talking.line.restart_if_wanted(effects);
            let interval = self.timeouts.candidate_batch;
            talking
                .line
                .flush(now, talking.call, interval, control, effects);
        }
        if !self.state.needs_microphone() && self.microphone != Microphone::Closed {
            self.microphone = Microphone::Closed;
            effects.push(Effect::CloseMicrophone);
        }
        self.follow_peer(now, effects);
        if !self.state.needs_peer() && self.peer.take().is_some() {
            effects.push(Effect::ClosePeer);
        }
        if let State::Talking(talking) = &mut self.state {
            if effects.iter().any(Effect::is_negotiation) {
                talking.wait_for_new_path();
            }
            talking.follow_silence(now, &self.timeouts);
        }
        self.follow_sound(effects);
        self.keep_key(effects);
        if self.state.tone() != self.tone {
            self.tone = self.state.tone();
            effects.push(Effect::Play { tone: self.tone });
        }
        effects.sort_by_key(place);
    }

    /// Has track and peer as silent as the call wants them. A new one of either is not silent.
    fn follow_sound(&mut self, effects: &mut Vec<Effect>) {
        self.track_muted &= self.microphone == Microphone::Open;
        let silenced = self.peer.as_ref().is_some_and(Peer::is_silenced);
        let muted = self.state.is_mute() || silenced;
        if self.microphone == Microphone::Open && muted != self.track_muted {
            self.track_muted = muted;
            effects.push(Effect::SetMuted { muted });
        }
        let on = self.state.is_audible() && !silenced;
        if let Some(peer) = &mut self.peer
            && on != peer.audible
        {
            peer.audible = on;
            effects.push(Effect::SetSpeaker { on });
        }
    }

    /// Keeps track of whether there is a peer, and gives a new one the microphone that is open.
    fn follow_peer(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let mut followed = Vec::with_capacity(effects.len() + 1);
        for effect in effects.drain(..) {
            let makes = effect.is_negotiation();
            let closes = effect == Effect::ClosePeer;
            followed.push(effect);
            if makes && self.peer.is_none() {
                self.peer = Some(Peer {
                    audible: true,
                    control: Control::Closed,
                    route: None,
                    other: None,
                });
                if self.microphone == Microphone::Open {
                    followed.push(Effect::AttachMicrophone);
                }
            }
            if closes {
                self.peer = None;
                self.peer_is_new(now);
            }
        }
        *effects = followed;
    }
}

/// Microphone, control channel, peer, requests, tone.
fn place(effect: &Effect) -> u8 {
    match effect {
        Effect::OpenMicrophone | Effect::CloseMicrophone | Effect::SetMuted { .. } => 0,
        Effect::SendControl { .. } => 1,
        Effect::MakeOffer { .. }
        | Effect::MakeAnswer { .. }
        | Effect::AttachMicrophone
        | Effect::UseAnswer { .. }
        | Effect::AddCandidates { .. }
        | Effect::SetSpeaker { .. }
        | Effect::ClosePeer => 2,
        Effect::KeepKey { .. } | Effect::Send { .. } => 3,
        Effect::Play { .. } => 4,
    }
}
