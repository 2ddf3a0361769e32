//! What follows from a change of a call: the next revision, kept before it is told, and the end.

use protocol::{CallId, DeviceId};

use super::ending::Ending;
use super::live::{Change, Live};
use super::recent::Ended;
use super::{Effect, Refusal, Switchboard};

impl Switchboard {
    /// Lets something happen to a call and sees to all that follows from it.
    pub(super) fn update(
        &mut self,
        call: CallId,
        effects: &mut Vec<Effect>,
        happen: impl FnOnce(&mut Live) -> Result<Change, Refusal>,
    ) -> Result<(), Refusal> {
        let live = self.calls.get_mut(&call).ok_or(Refusal::NoCall)?;
        let before = live.deadline(&self.timeouts);
        let change = happen(live);
        let after = live.deadline(&self.timeouts);
        if before != after {
            self.deadlines.extend(after.map(|(at, _)| (at, call)));
            if let Some((at, _)) = before
                && after.map(|(at, _)| at) != Some(at)
            {
                self.deadlines.remove(&(at, call));
            }
        }
        self.change(call, change?, effects);
        Ok(())
    }

    pub(super) fn change(&mut self, call: CallId, change: Change, effects: &mut Vec<Effect>) {
        match change {
            Change::Nothing => {}
            Change::Pass(passed) => effects.extend(passed),
            Change::Kept => effects.extend(self.revise(call)),
            Change::CallerSees => {
                effects.extend(self.revise(call));
                effects.extend(self.calls.get(&call).map(|live| Effect::Tell {
                    call,
                    user: live.caller.party.user,
                    device: Some(live.caller.party.device),
                }));
            }
            Change::Moved => {
                effects.extend(self.revise(call));
                effects.extend(self.calls.get(&call).into_iter().flat_map(tell_both));
            }
            Change::Answered => {
                effects.extend(self.revise(call));
                if let Some(live) = self.calls.get(&call) {
                    effects.extend(tell_both(live));
                    effects.extend(in_call(live));
                }
            }
            Change::Taken(passed) => {
                effects.extend(self.revise(call));
                effects.extend(self.calls.get(&call).into_iter().flat_map(tell_both));
                effects.extend(passed);
            }
            Change::Ended(ending) => {
                if let Some(live) = self.remove(call) {
                    self.finish(&live, &ending, effects);
                }
            }
        }
    }

    /// The next revision, kept.
    pub(super) fn revise(&mut self, call: CallId) -> Option<Effect> {
        let live = self.calls.get_mut(&call)?;
        live.revision = live.revision.saturating_add(1);
        self.save(call)
    }

    pub(super) fn save(&self, call: CallId) -> Option<Effect> {
        let row = self.calls.get(&call)?.row();
        Some(Effect::Save(Box::new(row)))
    }

    /// Ends a call that is not live any more.
    pub(super) fn finish(&mut self, live: &Live, ending: &Ending, effects: &mut Vec<Effect>) {
        let ended = Ended::new(live, ending);
        effects.push(ended.save());
        effects.extend(tell(live, None));
        if live.callee_side().is_some() {
            let both = [live.caller.party.user, live.callee];
            let free = both.into_iter().filter(|user| !self.in_call(*user));
            effects.extend(free.map(|user| Effect::InCall {
                user,
                in_call: false,
            }));
        }
        for attempt in self.recent.remember(ended) {
            self.attempts.remove(&attempt);
        }
    }
}

/// Tells the devices of both, of a call that waits behind another only the one that it waits on.
fn tell_both(live: &Live) -> impl Iterator<Item = Effect> + use<> {
    tell(live, live.waits_on().map(|party| party.device))
}

/// Tells all devices of the caller, and one or all of the callee's; a callee who must not know is not told.
fn tell(live: &Live, callees: Option<DeviceId>) -> impl Iterator<Item = Effect> + use<> {
    let call = live.id;
    let callee = live.reach.is_told().then_some((live.callee, callees));
    std::iter::once((live.caller.party.user, None))
        .chain(callee)
        .map(move |(user, device)| Effect::Tell { call, user, device })
}

fn in_call(live: &Live) -> [Effect; 2] {
    [live.caller.party.user, live.callee].map(|user| Effect::InCall {
        user,
        in_call: true,
    })
}
