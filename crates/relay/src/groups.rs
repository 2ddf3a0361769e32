//! Groups: which allocations belong together, and which groups are over.
//!
//! A group that is over is remembered until every credential that was made for it has expired, by the clock
//! of the day and by the steady one, so that a clock that is set brings no credential back to life.

use std::collections::HashMap;
use std::time::Duration;

use crate::allocations::Slot;
use crate::credential::{CREDENTIAL_LIFETIME_MAX, Group};
use crate::time::{Now, UnixSeconds};

#[derive(Debug, Default)]
pub(crate) struct Groups(HashMap<Group, State>);

#[derive(Debug)]
enum State {
    Running(Vec<Slot>),
    Over(UnixSeconds),
}

impl Groups {
    pub(crate) fn is_over(&self, group: &Group) -> bool {
        matches!(self.0.get(group), Some(State::Over(_)))
    }

    /// Its allocations.
    pub(crate) fn members(&self, group: &Group) -> &[Slot] {
        match self.0.get(group) {
            Some(State::Running(members)) => members,
            Some(State::Over(_)) | None => &[],
        }
    }

    pub(crate) fn join(&mut self, group: &Group, slot: Slot) {
        let state = self.0.entry(group.clone());
        if let State::Running(members) = state.or_insert_with(|| State::Running(Vec::new())) {
            members.push(slot);
        }
    }

    pub(crate) fn leave(&mut self, group: &Group, slot: Slot) {
        if let Some(State::Running(members)) = self.0.get_mut(group) {
            members.retain(|&member| member != slot);
            if members.is_empty() {
                self.0.remove(group);
            }
        }
    }

    /// Marks a group, whose allocations have left, as over. Says when to ask [`Groups::forget`].
    pub(crate) fn end(&mut self, now: Now, group: &Group) -> Duration {
        let until = UnixSeconds(now.unix.0.saturating_add(CREDENTIAL_LIFETIME_MAX.as_secs()));
        self.0.insert(group.clone(), State::Over(until));
        now.elapsed + CREDENTIAL_LIFETIME_MAX
    }

    /// Forgets a group that is over, if none of its credentials can be good any more; else says when to ask again.
    pub(crate) fn forget(&mut self, now: Now, group: &Group) -> Option<Duration> {
        let Some(State::Over(until)) = self.0.get(group) else {
            return None;
        };
        match until.0.checked_sub(now.unix.0) {
            None | Some(0) => {
                self.0.remove(group);
                None
            }
            // The clock of the day was set back meanwhile.
            Some(left) => {
                Some(now.elapsed + Duration::from_secs(left).min(CREDENTIAL_LIFETIME_MAX))
            }
        }
    }
}
