//! What follows from a change of a call: the next revision, kept before it is told, and the end.

use protocol::call::{CallEnd, CallState, EndReason};
use protocol::{CallId, Timestamp};

use super::live::{Change, Live, State};
use super::recent::Ended;
use super::{Effect, Reach, Refusal, Switchboard};

impl Switchboard {
    /// Lets something happen to a call and sees to all that follows from it.
    pub(super) fn update(
        &mut self,
        now: Timestamp,
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
        self.change(now, call, change?, effects);
        Ok(())
    }

    pub(super) fn change(
        &mut self,
        now: Timestamp,
        call: CallId,
        change: Change,
        effects: &mut Vec<Effect>,
    ) {
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
                    effects.extend(in_call(live, true));
                }
            }
            Change::Ended(reason) => {
                let live = self.remove(call);
                self.finish(now, live, reason, effects);
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
        let row = self.calls.get(&call)?.row()?;
        Some(Effect::Save(Box::new(row)))
    }

    /// Ends a call that is not live any more.
    pub(super) fn finish(
        &mut self,
        now: Timestamp,
        live: Option<Live>,
        reason: EndReason,
        effects: &mut Vec<Effect>,
    ) {
        let Some(live) = live else { return };
        let Some(mut row) = live.row() else { return };
        let talked = match live.state {
            State::Active { since, .. } => Some(now.since(since)),
            State::Ringing { .. } | State::Connecting { .. } => None,
        };
        row.call.revision = live.revision.saturating_add(1);
        row.call.state = CallState::Ended {
            end: CallEnd {
                reason,
                ended_at: now,
                talked,
            },
        };
        let ended = Ended::new(&row, live.attempts.clone());
        effects.push(Effect::Save(Box::new(row)));
        effects.extend(tell_both(&live));
        if live.callee_side().is_some() {
            effects.extend(in_call(&live, false));
        }
        for attempt in self.recent.remember(ended) {
            self.attempts.remove(&attempt);
        }
    }
}

/// Tells all devices of both; a callee who must not know is not told.
fn tell_both(live: &Live) -> impl Iterator<Item = Effect> + use<> {
    let call = live.id;
    let callee = (live.reach != Reach::Silent).then_some(live.callee);
    std::iter::once(live.caller.party.user)
        .chain(callee)
        .map(move |user| Effect::Tell {
            call,
            user,
            device: None,
        })
}

fn in_call(live: &Live, in_call: bool) -> [Effect; 2] {
    [live.caller.party.user, live.callee].map(|user| Effect::InCall { user, in_call })
}
