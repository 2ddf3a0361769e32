//! The server's view of calls: it owns every live call and decides what becomes of it.
//!
//! The driver hands in an [`Input`] with the server's time, carries out the [`Effect`]s in their order,
//! then sends the reply; [`Reply::Call`] is sent as [`Switchboard::view_for`] shows it to the requester.
//! The rules kept here: a person is in at most one call; the first answer wins; every call ends once,
//! for one reason, with one record; a device that is away ends no call. It does no I/O, reads no clock
//! and knows neither contacts nor sockets.

mod consequences;
mod effect;
mod input;
mod live;
mod recent;
mod requests;
#[cfg(test)]
mod tests;
mod timeouts;

use std::collections::{BTreeMap, BTreeSet};

use protocol::call::{CallState, CallView, EndReason, Here, Remote};
use protocol::{AttemptId, CallId, DeviceId, Timestamp, UserId};

pub use effect::{Effect, Handled, Row};
pub use input::{Input, Party, Reach, Refusal, Reply, Request, Start};
use live::{Change, Live, Side, State};
use recent::{Ended, Recent};
pub use timeouts::Timeouts;

/// All live calls of a server.
#[derive(Default)]
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
                age: _,
            } => self.request(now, call, &from, request, &mut effects),
            Input::DeviceConnected { user, device } => {
                self.each_of(now, user, &mut effects, |live| {
                    live.device_connected(user, device)
                });
                Ok(Reply::Done)
            }
            Input::DeviceGone { user, device } => {
                self.each_of(now, user, &mut effects, |live| {
                    live.device_gone(now, user, device)
                });
                Ok(Reply::Done)
            }
            Input::SessionEnded { user, device } => {
                self.each_of(now, user, &mut effects, |live| {
                    live.session_ended(now, user, device)
                });
                Ok(Reply::Done)
            }
            Input::AccountGone { user } => {
                self.each_of(now, user, &mut effects, |live| {
                    Change::Ended(live.account_gone(user))
                });
                Ok(Reply::Done)
            }
            Input::Restore(rows) => {
                for row in rows {
                    self.restore(now, row, &mut effects);
                }
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

    /// Whether an account is in an answered call, for presence.
    pub fn in_call(&self, user: UserId) -> bool {
        self.live_of(user).any(|live| live.callee_side().is_some())
    }

    fn start(
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
        requests::check_offer(&start.description)?;
        let theirs = self.ringing(start.callee, caller);
        if let Some(call) = theirs
            .filter(|live| live.reach != Reach::Silent)
            .map(|live| live.id)
        {
            self.join(now, call, start.from, start.attempt, effects);
            return Ok(Reply::Call(call));
        }
        // A blocked caller may not see a difference.
        if let Some(call) = self.ringing(caller, start.callee).map(|live| live.id) {
            self.change(now, call, Change::Ended(EndReason::Replaced), effects);
        }
        if self.is_busy(caller) {
            return Err(Refusal::CallerBusy);
        }
        let busy = start.reach != Reach::Silent && self.is_busy(start.callee);
        Ok(self.place(now, start, busy, effects))
    }

    /// Makes the call: it rings, or it is over at once because the callee is in another.
    fn place(
        &mut self,
        now: Timestamp,
        start: Start,
        busy: bool,
        effects: &mut Vec<Effect>,
    ) -> Reply {
        let Start { call, callee, .. } = start;
        let unreachable_at =
            (start.reach == Reach::Nobody).then(|| now + self.timeouts.unreachable);
        self.insert(Live {
            id: call,
            revision: 0,
            conversation: start.conversation,
            started_at: now,
            reach: start.reach,
            attempts: vec![(start.from.user, start.attempt)],
            joined: false,
            caller: Side {
                party: start.from,
                away: None,
                sent: Some(Remote {
                    description: start.description,
                    candidates: Vec::new(),
                }),
            },
            callee,
            state: State::Ringing {
                devices: BTreeSet::new(),
                expires_at: now + self.timeouts.ring,
                unreachable_at,
            },
        });
        if busy {
            self.change(now, call, Change::Ended(EndReason::Busy), effects);
        } else {
            effects.extend(self.save(call));
            effects.extend((start.reach == Reach::Devices).then_some(Effect::Tell {
                call,
                user: callee,
                device: None,
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
        self.update(now, call, effects, |live| {
            live.attempts.push((from.user, attempt));
            live.joined = true;
            live.accept(from, None, expires_at);
            Ok(Change::Answered)
        })
        .ok();
    }

    fn request(
        &mut self,
        now: Timestamp,
        call: CallId,
        from: &Party,
        request: Request,
        effects: &mut Vec<Effect>,
    ) -> Result<Reply, Refusal> {
        let reply = match request {
            Request::Answer { .. } | Request::Take { .. } => Reply::Call(call),
            Request::Ring
            | Request::Describe { .. }
            | Request::AddCandidates { .. }
            | Request::SetSound { .. }
            | Request::Decline
            | Request::Cancel
            | Request::HangUp { .. }
            | Request::Report { .. } => Reply::Done,
        };
        if !self.calls.contains_key(&call) {
            return self.request_after_end(call, from, &request, reply);
        }
        let timeouts = self.timeouts;
        self.update(now, call, effects, |live| {
            live.request(now, from, request, &timeouts)
        })?;
        Ok(reply)
    }

    /// Whatever asks for an end, or for the state, is served; the rest comes too late.
    fn request_after_end(
        &self,
        call: CallId,
        from: &Party,
        request: &Request,
        reply: Reply,
    ) -> Result<Reply, Refusal> {
        self.view_for(call, from.user, from.device)
            .ok_or(Refusal::NoCall)?;
        match request {
            Request::Ring
            | Request::Answer { .. }
            | Request::Decline
            | Request::Cancel
            | Request::HangUp { .. }
            | Request::Report { .. } => Ok(reply),
            Request::Take { .. }
            | Request::SetSound { .. }
            | Request::Describe { .. }
            | Request::AddCandidates { .. } => Err(Refusal::Over),
        }
    }

    fn restore(&mut self, now: Timestamp, row: Row, effects: &mut Vec<Effect>) {
        let away = |party| Side {
            party,
            away: Some(now),
            sent: None,
        };
        let state = match (row.call.state, row.callee) {
            (CallState::Ringing { expires_at, .. }, _) => State::Ringing {
                devices: BTreeSet::new(),
                expires_at,
                unreachable_at: None,
            },
            (CallState::Connecting { expires_at }, Some(callee)) => State::Connecting {
                callee: away(callee),
                sounds: None,
                // The time that the server was gone was no time to connect.
                expires_at: expires_at.max(now + self.timeouts.connect),
            },
            (CallState::Active { since }, Some(callee)) => State::Active {
                callee: away(callee),
                since,
            },
            (CallState::Connecting { .. } | CallState::Active { .. }, None)
            | (CallState::Ended { .. }, _) => return,
        };
        let call = row.call.id;
        self.insert(Live {
            id: call,
            revision: row.call.revision.saturating_add(1),
            conversation: row.call.conversation,
            started_at: row.call.started_at,
            reach: row.reach,
            attempts: vec![(row.call.caller, row.attempt)],
            joined: false,
            caller: away(row.caller),
            callee: row.call.callee,
            state,
        });
        effects.extend(self.save(call));
    }

    fn tick(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        while let Some(&(at, call)) = self.deadlines.first()
            && at <= now
        {
            self.deadlines.remove(&(at, call));
            let live = self.remove(call);
            let due = live.as_ref().and_then(|live| live.deadline(&self.timeouts));
            let reason = due.map_or(EndReason::Lost, |(_, reason)| reason);
            self.finish(now, live, reason, effects);
        }
    }

    /// Lets something happen to every call of an account.
    fn each_of(
        &mut self,
        now: Timestamp,
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
            self.update(now, call, effects, |live| Ok(happen(live)))
                .ok();
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

    /// The call by which one account rings another.
    fn ringing(&self, from: UserId, to: UserId) -> Option<&Live> {
        self.live_of(from).find(|live| {
            live.caller.party.user == from && live.callee == to && live.callee_side().is_none()
        })
    }

    /// Whether an account is in a live call that it knows of.
    fn is_busy(&self, user: UserId) -> bool {
        self.live_of(user).any(|live| live.role(user).is_some())
    }

    fn live_of(&self, user: UserId) -> impl Iterator<Item = &Live> {
        self.of_user
            .get(&user)
            .into_iter()
            .flatten()
            .filter_map(|call| self.calls.get(call))
    }
}
