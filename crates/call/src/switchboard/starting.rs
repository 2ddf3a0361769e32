//! How a call comes about: a new one, the same one again, two that become one, or one that is over at once
//! because the callee is in another.

use std::collections::BTreeSet;

use protocol::call::{EndReason, Here, Remote};
use protocol::{AttemptId, CallId, Timestamp, UserId};

use super::describing::check_offer;
use super::ending::Ending;
use super::live::{Change, Live, Side, State};
use super::recent::Ended;
use super::{Effect, Party, Reach, Refusal, Reply, Start, Switchboard};

/// Where a call finds its callee.
enum Found {
    /// In no call.
    Free,
    /// In one answered call, on this device, and willing to be offered a second one there.
    Talking(Party),
    /// In a call that leaves no room for this one.
    Busy,
}

impl Switchboard {
    pub(super) fn start(
        &mut self,
        now: Timestamp,
        start: Start,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let caller = start.from.user;
        if caller == start.callee {
            return Err(Refusal::OwnAccount);
        }
        if let Some(&call) = self.attempts.get(&(caller, start.attempt)) {
            return self.started_before(call, &start);
        }
        check_offer(&start.description)?;
        if let Some(call) = self.rings_caller(&start) {
            // It waits behind another call: a start is no way to answer it.
            if self.calls_of(caller).any(|live| live.id != call) {
                return Err(Refusal::CallerBusy);
            }
            self.join(now, call, start.from, start.attempt, effects);
            return Ok(Reply::Call(call));
        }
        // A blocked caller may not see a difference.
        if let Some(call) = self.ringing(caller, start.callee).map(|live| live.id) {
            let ending = Ending::found(EndReason::Replaced, now);
            self.change(call, Change::Ended(ending), effects);
        }
        if self.calls_of(caller).next().is_some() {
            return Err(Refusal::CallerBusy);
        }
        let found = self.find(&start);
        Ok(self.place(now, start, found, effects))
    }

    fn find(&self, start: &Start) -> Found {
        if start.reach == Reach::Silent {
            return Found::Free;
        }
        let mut calls = self.calls_of(start.callee);
        let Some(first) = calls.next() else {
            return Found::Free;
        };
        let rings = start.call_waiting && start.reach == Reach::Devices;
        match first.talking_side(start.callee) {
            Some(side) if rings && side.away.is_none() && calls.next().is_none() => {
                Found::Talking(side.party.clone())
            }
            Some(_) | None => Found::Busy,
        }
    }

    /// Makes the call: it rings, or it is over at once.
    fn place(
        &mut self,
        now: Timestamp,
        start: Start,
        found: Found,
        effects: &mut Vec<Effect>,
    ) -> Reply {
        let Start { call, callee, .. } = start;
        let (busy, waits_on) = match found {
            Found::Free => (false, None),
            Found::Talking(party) => (false, Some(party)),
            Found::Busy => (true, None),
        };
        let nobody = match start.reach {
            Reach::Devices => false,
            // To whom somebody blocks, that person is away.
            Reach::Nobody | Reach::Silent => true,
            Reach::Quiet => !start.connected,
        };
        let device = waits_on.as_ref().map(|party| party.device);
        self.insert(Live {
            id: call,
            attempt: start.attempt,
            revision: 0,
            conversation: start.conversation,
            started_at: now,
            reach: start.reach,
            attempts: vec![(start.from.user, start.attempt)],
            joined: false,
            caller: Side {
                sent: Some(Remote {
                    description: start.description,
                    candidates: Vec::new(),
                }),
                ..Side::new(start.from)
            },
            callee,
            state: State::Ringing {
                devices: BTreeSet::new(),
                waits_on,
                expires_at: now + self.timeouts.ring,
                unreachable_at: nobody.then(|| now + self.timeouts.unreachable),
            },
        });
        if busy {
            let ending = Ending::found(EndReason::Busy, now);
            self.change(call, Change::Ended(ending), effects);
        } else {
            effects.extend(self.save(call));
            effects.extend((start.reach == Reach::Devices).then_some(Effect::Tell {
                call,
                user: callee,
                device,
            }));
        }
        Reply::Call(call)
    }

    /// A resent start finds its call, if it is the same one from the same device.
    fn started_before(&self, call: CallId, start: &Start) -> Result<Reply, Refusal> {
        let conversation = match self.calls.get(&call) {
            Some(live) => Some(live.conversation),
            None => self.recent.get(call).map(Ended::conversation),
        };
        let view = self.view_for(call, start.from.user, start.from.device);
        let takes_part = view.is_some_and(|view| view.here == Here::TakesPart);
        if takes_part && conversation == Some(start.conversation) {
            Ok(Reply::Call(call))
        } else {
            Err(Refusal::AttemptUsed)
        }
    }

    /// Glare: whoever starts a call to somebody who is calling them at that moment answers instead.
    fn join(
        &mut self,
        now: Timestamp,
        call: CallId,
        from: Party,
        attempt: AttemptId,
        effects: &mut Vec<Effect>,
    ) {
        let expires_at = now + self.timeouts.connect;
        self.attempts.insert((from.user, attempt), call);
        self.update(call, effects, |live| {
            live.attempts.push((from.user, attempt));
            live.joined = true;
            // Who calls back is not quiet to that caller any more.
            live.reach = Reach::Devices;
            live.accept(now, from, None, expires_at);
            Ok(Change::Answered)
        })
        .ok();
    }

    /// The call by which the callee rings the caller at this moment. A blocked one is none.
    fn rings_caller(&self, start: &Start) -> Option<CallId> {
        self.ringing(start.callee, start.from.user)
            .filter(|live| live.reach != Reach::Silent)
            .map(|live| live.id)
    }

    /// The call by which one account rings another.
    fn ringing(&self, from: UserId, to: UserId) -> Option<&Live> {
        self.live_of(from).find(|live| {
            live.caller.party.user == from && live.callee == to && live.callee_side().is_none()
        })
    }

    /// The live calls of an account that it knows of.
    fn calls_of(&self, user: UserId) -> impl Iterator<Item = &Live> {
        self.live_of(user)
            .filter(move |live| live.role(user).is_some())
    }
}
