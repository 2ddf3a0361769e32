//! Taking a call over: another device of the account, or the same one after a reload, goes on with it.
//!
//! The new device has other keys, so it makes an offer, and the other side makes its connection anew. A call that
//! waits behind the one taken over goes along.

use protocol::call::Remote;
use protocol::description::{CallDescription, DescriptionKind};
use protocol::{CallId, Timestamp, UserId};

use super::live::{Change, Live, State};
use super::requests::Standing;
use super::{Effect, Party, Refusal, Switchboard, Timeouts};

impl Live {
    /// A ringing call is taken over by the caller's devices only; the callee's answer it.
    pub(super) fn take(
        &mut self,
        now: Timestamp,
        standing: &Standing,
        from: &Party,
        description: CallDescription,
        timeouts: &Timeouts,
    ) -> Result<Change, Refusal> {
        let newest = self.epoch();
        let side = self.side(standing.role).ok_or(Refusal::TooEarly)?;
        let resent = |sent: &Remote| sent.description == description;
        if standing.takes_part && side.sent.as_ref().is_some_and(resent) {
            return Ok(Change::Nothing);
        }
        let is_new = description.kind == DescriptionKind::Offer && description.epoch > newest;
        if !is_new || description.check().is_err() {
            return Err(Refusal::BadDescription);
        }
        let sent = Remote {
            description,
            candidates: Vec::new(),
        };
        side.party = from.clone();
        side.away = None;
        side.sent = Some(sent.clone());
        if let State::Connecting {
            connected,
            expires_at,
            ..
        } = &mut self.state
        {
            // What this side had reported was its old connection.
            *connected = connected.filter(|(role, _)| *role != standing.role);
            *expires_at = now + timeouts.connect;
        }
        Ok(Change::Taken(self.pass(standing.role, sent)))
    }

    /// A call that waits behind another one is to wait on this device from now on. Says where it waited before.
    fn wait_on(&mut self, user: UserId, party: &Party) -> Option<Party> {
        let State::Ringing {
            devices, waits_on, ..
        } = &mut self.state
        else {
            return None;
        };
        if self.callee != user {
            return None;
        }
        let waits_on = waits_on.as_mut()?;
        if waits_on.device == party.device {
            return None;
        }
        devices.clear();
        Some(std::mem::replace(waits_on, party.clone()))
    }
}

impl Switchboard {
    /// Lets the call that waits for an account ring on the device that now has the account's other call.
    pub(super) fn waiting_follows(&mut self, taken: CallId, to: &Party, effects: &mut Vec<Effect>) {
        let user = to.user;
        let moved = self.of_user.get(&user).into_iter().flatten();
        let moved: Vec<(CallId, Party)> = moved
            .filter(|&&call| call != taken)
            .filter_map(|call| {
                let from = self.calls.get_mut(call)?.wait_on(user, to)?;
                Some((*call, from))
            })
            .collect();
        for (call, from) in moved {
            self.change(call, Change::CallerSees, effects);
            effects.extend([from.device, to.device].map(|device| Effect::Tell {
                call,
                user,
                device: Some(device),
            }));
        }
    }
}
