//! The server's view of calls: it owns every live call and decides what becomes of it.
//!
//! The driver hands in an [`Input`] with the server's time, carries out the [`Effect`]s in their order,
//! then sends the reply; [`Reply::Call`] is sent as [`Switchboard::view_for`] shows it to the requester.
//! The rules kept here: a device talks in at most one call, a second one is on hold or waits to be answered; the first
//! answer wins; every call has one record with one end, the one that happened first; a device that is away ends no
//! call. It does no I/O, reads no clock and knows neither contacts nor sockets nor settings.

mod consequences;
mod describing;
mod devices;
mod effect;
mod ending;
mod holding;
mod input;
mod live;
mod recent;
mod requests;
mod restoring;
mod showing;
mod starting;
mod taking;
#[cfg(test)]
mod tests;
mod timeouts;

use std::collections::{BTreeMap, BTreeSet};

use protocol::call::CallView;
use protocol::{AttemptId, CallId, DeviceId, Timestamp, UserId};

pub use effect::{Effect, Handled, Row};
use ending::Ending;
pub use input::{Input, Party, Reach, Refusal, Reply, Request, Start};
use live::{Change, Live, State};
use recent::Recent;
use requests::Asked;
pub use timeouts::Timeouts;

/// All live calls of a server.
#[derive(Debug, Clone, Default)]
pub struct Switchboard {
    timeouts: Timeouts,
    calls: BTreeMap<CallId, Live>,
    /// The live calls of each account, silent ones included.
    of_user: BTreeMap<UserId, BTreeSet<CallId>>,
    /// When live calls end by themselves.
    deadlines: BTreeSet<(Timestamp, CallId)>,
    /// The calls of attempts, live and recent.
    attempts: BTreeMap<(UserId, AttemptId), CallId>,
    recent: Recent,
}

/// How many live calls there are in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Nobody answered yet.
    pub ringing: u64,
    /// Answered; the devices look for a path.
    pub connecting: u64,
    /// They hear each other.
    pub active: u64,
}

impl Switchboard {
    /// A switchboard without calls.
    pub fn new(timeouts: Timeouts) -> Self {
        Self {
            timeouts,
            ..Self::default()
        }
    }

    /// Something happened.
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Handled {
        let mut effects = Vec::new();
        let reply = match input {
            Input::Start(start) => self.start(now, start, &mut effects),
            Input::Request {
                call,
                from,
                request,
                age,
            } => {
                let from = &from;
                let asked = Asked {
                    from,
                    request,
                    now,
                    age,
                };
                self.request(call, asked, &mut effects)
            }
            Input::DeviceConnected { user, device } => {
                self.each_of(user, &mut effects, |live| {
                    live.device_connected(user, device)
                });
                Ok(Reply::Done)
            }
            Input::DeviceGone { user, device } => {
                self.each_of(user, &mut effects, |live| {
                    live.device_gone(now, user, device)
                });
                Ok(Reply::Done)
            }
            Input::SessionEnded { user, device } => {
                self.each_of(user, &mut effects, |live| {
                    live.session_ended(now, user, device)
                });
                Ok(Reply::Done)
            }
            Input::AccountGone { user } => {
                self.each_of(user, &mut effects, |live| {
                    Change::Ended(Ending::found(live.account_gone(user), now))
                });
                Ok(Reply::Done)
            }
            Input::Restore(rows) => {
                self.restore(now, rows, &mut effects);
                Ok(Reply::Done)
            }
            Input::Tick => {
                self.tick(now, &mut effects);
                Ok(Reply::Done)
            }
        };
        Handled { reply, effects }
    }

    /// When to hand in [`Input::Tick`]; nothing while no call can end by itself.
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|&(at, _)| at)
    }

    /// A live or recently ended call as one device is shown it; nothing where it must not see it.
    pub fn view_for(&self, call: CallId, user: UserId, device: DeviceId) -> Option<CallView> {
        match self.calls.get(&call) {
            Some(live) => live.view(user, device),
            None => self.recent.get(call)?.view(user, device),
        }
    }

    /// Every live call of an account as one device is shown it, for `welcome`.
    pub fn snapshot(&self, user: UserId, device: DeviceId) -> Vec<CallView> {
        self.live_of(user)
            .filter_map(|live| live.view(user, device))
            .collect()
    }

    /// Whether an account's attempt has its call, live or recent: then a start by it is one that is sent again.
    pub fn knows(&self, user: UserId, attempt: AttemptId) -> bool {
        self.attempts.contains_key(&(user, attempt))
    }

    /// How many live calls there are.
    pub fn count(&self) -> Count {
        let mut count = Count::default();
        for live in self.calls.values() {
            match live.state {
                State::Ringing { .. } => count.ringing += 1,
                State::Connecting { .. } => count.connecting += 1,
                State::Active { .. } => count.active += 1,
            }
        }
        count
    }

    /// Whether an account is in an answered call, for presence.
    pub fn in_call(&self, user: UserId) -> bool {
        self.live_of(user).any(|live| live.callee_side().is_some())
    }

    fn tick(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        while let Some(&(at, call)) = self.deadlines.first()
            && at <= now
        {
            self.deadlines.remove(&(at, call));
            let Some(live) = self.remove(call) else {
                continue;
            };
            let ending = live.overdue(now, &self.timeouts);
            self.finish(&live, &ending, effects);
        }
    }

    /// Lets something happen to every call of an account.
    fn each_of(
        &mut self,
        user: UserId,
        effects: &mut Vec<Effect>,
        happen: impl Fn(&mut Live) -> Change,
    ) {
        let calls: Vec<CallId> = self
            .of_user
            .get(&user)
            .into_iter()
            .flatten()
            .copied()
            .collect();
        for call in calls {
            self.update(call, effects, |live| Ok(happen(live))).ok();
        }
    }

    fn insert(&mut self, live: Live) {
        let call = live.id;
        for user in [live.caller.party.user, live.callee] {
            self.of_user.entry(user).or_default().insert(call);
        }
        for &attempt in &live.attempts {
            self.attempts.insert(attempt, call);
        }
        self.deadlines
            .extend(live.deadline(&self.timeouts).map(|(at, _)| (at, call)));
        self.calls.insert(call, live);
    }

    fn remove(&mut self, call: CallId) -> Option<Live> {
        let live = self.calls.remove(&call)?;
        for user in [live.caller.party.user, live.callee] {
            if let Some(calls) = self.of_user.get_mut(&user) {
                calls.remove(&call);
                if calls.is_empty() {
                    self.of_user.remove(&user);
                }
            }
        }
        if let Some((at, _)) = live.deadline(&self.timeouts) {
            self.deadlines.remove(&(at, call));
        }
        Some(live)
    }

    fn live_of(&self, user: UserId) -> impl Iterator<Item = &Live> {
        self.of_user
            .get(&user)
            .into_iter()
            .flatten()
            .filter_map(|call| self.calls.get(call))
    }
}
