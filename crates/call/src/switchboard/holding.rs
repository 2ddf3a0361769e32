//! What the two devices do with their sound: muted, on hold; and that a device talks in one call at a time.
//!
//! The server only passes on what a device says of itself; no sound goes through it. Such a change is kept like every
//! other, although a row has nothing of it: a revision that devices have seen must not come a second time after a restart.

use protocol::CallId;
use protocol::call::{CallSound, Role};

use super::live::{Change, Live, State};
use super::requests::{Standing, takes_part};
use super::{Party, Refusal, Request, Switchboard};

impl Live {
    /// The larger change counts, whichever comes first.
    pub(super) fn set_sound(
        &mut self,
        standing: &Standing,
        sound: CallSound,
    ) -> Result<Change, Refusal> {
        takes_part(standing)?;
        if matches!(self.state, State::Ringing { .. }) {
            return Err(Refusal::TooEarly);
        }
        let side = self.side(standing.role).ok_or(Refusal::NotTakingPart)?;
        if sound.change <= side.sound.change {
            return Ok(Change::Nothing);
        }
        side.sound = sound;
        Ok(Change::Moved)
    }

    /// Whether a device is in this call with sound both ways: answered, and not put on hold by it.
    fn is_talked_in(&self, party: &Party) -> bool {
        self.talking_side(party.user)
            .is_some_and(|side| side.party.device == party.device && !side.sound.on_hold)
    }

    /// Whether a request would make the device talk in this call that did not before. After a restart of the server
    /// nothing is known of holds, and a device that says it again does not begin to talk.
    fn begins_to_talk(&self, from: &Party, request: &Request) -> bool {
        let side = self.talking_side(from.user);
        let here = side.filter(|side| side.party.device == from.device);
        match request {
            Request::Answer { .. } => {
                self.role(from.user) == Some(Role::Callee) && self.rings_on(from.device)
            }
            Request::Take { .. } => here.is_none() && side.is_some_and(|side| !side.sound.on_hold),
            Request::SetSound { sound } => here.is_some_and(|side| {
                side.sound.on_hold && !sound.on_hold && sound.change > side.sound.change
            }),
            _ => false,
        }
    }
}

impl Switchboard {
    /// A device that talks in another call holds or ends that one first.
    pub(super) fn check_one_talk(
        &self,
        call: CallId,
        from: &Party,
        request: &Request,
    ) -> Result<(), Refusal> {
        let begins = self.calls.get(&call);
        let begins = begins.is_some_and(|live| live.begins_to_talk(from, request));
        let mut others = self.live_of(from.user).filter(|live| live.id != call);
        if begins && others.any(|live| live.is_talked_in(from)) {
            return Err(Refusal::HoldFirst);
        }
        Ok(())
    }
}
