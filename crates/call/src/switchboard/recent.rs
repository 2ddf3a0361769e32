//! The calls that ended a while ago, so that late and repeated requests find them. Bounded; the store has the rest.
//!
//! The end that happened first is the truth: a device whose word of it waited for a socket corrects the record, once
//! for each side.

use std::collections::{BTreeMap, BTreeSet};

use protocol::call::{CallEnd, CallState, CallView, Here, Role};
use protocol::{AttemptId, CallId, ConversationId, DeviceId, UserId};

use super::ending::{Ending, Facts};
use super::live::Live;
use super::requests::Asked;
use super::{Effect, Refusal, Request, Row, Switchboard};

/// Ended calls remembered, at most.
const RECENT_MAX: usize = 4096;
/// Ended calls of one caller remembered, at most: whoever calls again and again makes others' calls forgotten last.
const RECENT_OF_CALLER_MAX: usize = 32;

#[derive(Debug, Clone, Default)]
pub(super) struct Recent {
    calls: BTreeMap<CallId, Ended>,
    /// In the order of their ends.
    order: BTreeMap<u64, CallId>,
    /// The same for each caller.
    of_caller: BTreeSet<(UserId, u64)>,
    /// How many have ended so far.
    ends: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Ended {
    row: Row,
    end: CallEnd,
    facts: Facts,
    attempts: Vec<(UserId, AttemptId)>,
    /// The sides that have said how it ended. Nobody says it twice: a resend is no earlier end, whatever its
    /// way through the network took.
    stated: Vec<Role>,
}

impl Ended {
    /// The record of a call that is over.
    pub(super) fn new(live: &Live, ending: &Ending) -> Self {
        let mut row = live.row();
        let facts = live.facts();
        let end = ending.end(&facts);
        row.call.revision = live.revision.saturating_add(1);
        row.call.state = CallState::Ended { end };
        Self {
            row,
            end,
            facts,
            attempts: live.attempts.clone(),
            stated: ending.stated_by.into_iter().collect(),
        }
    }

    pub(super) fn save(&self) -> Effect {
        Effect::Save(Box::new(self.row.clone()))
    }

    pub(super) fn conversation(&self) -> ConversationId {
        self.row.call.conversation
    }

    pub(super) fn view(&self, user: UserId, device: DeviceId) -> Option<CallView> {
        let (role, own) = if user == self.row.call.caller {
            (Role::Caller, Some(&self.row.caller))
        } else if user == self.row.call.callee && self.row.reach.is_told() {
            (Role::Callee, self.row.callee.as_ref())
        } else {
            return None;
        };
        let here = match own {
            Some(party) if party.device == device => Here::TakesPart,
            Some(party) => Here::Elsewhere {
                device: Some(party.device_name.clone()),
            },
            None => Here::Elsewhere { device: None },
        };
        Some(CallView {
            call: self.row.call.clone(),
            role,
            here,
            remote: None,
            epoch: 0,
        })
    }

    /// Takes an end that happened before the one recorded. Says whether it did.
    fn correct(&mut self, ending: &Ending) -> bool {
        let Some(side) = ending.stated_by.filter(|side| !self.stated.contains(side)) else {
            return false;
        };
        self.stated.push(side);
        if ending.at >= self.end.ended_at {
            return false;
        }
        self.end = ending.end(&self.facts);
        self.row.call.revision = self.row.call.revision.saturating_add(1);
        self.row.call.state = CallState::Ended { end: self.end };
        true
    }
}

impl Switchboard {
    /// Whatever asks for an end, or for the state, is served; the rest comes too late.
    pub(super) fn request_after_end(
        &mut self,
        call: CallId,
        asked: &Asked<'_>,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        let Asked { from, now, age, .. } = *asked;
        let ended = self.recent.calls.get_mut(&call).ok_or(Refusal::NoCall)?;
        let view = ended.view(from.user, from.device).ok_or(Refusal::NoCall)?;
        match asked.request {
            Request::Ring | Request::Answer { .. } | Request::Take { .. } | Request::Decline => {}
            Request::SetSound { .. } | Request::Describe { .. } | Request::AddCandidates { .. } => {
                return Err(Refusal::Over);
            }
            Request::Cancel | Request::HangUp { .. } | Request::Report { .. } => {
                if view.here == Here::TakesPart
                    && let Some(ending) = ended.facts.stated(&asked.request, view.role, now, age)
                    && ended.correct(&ending)
                {
                    effects.push(ended.save());
                }
            }
        }
        Ok(())
    }
}

impl Recent {
    pub(super) fn get(&self, call: CallId) -> Option<&Ended> {
        self.calls.get(&call)
    }

    /// Remembers a call; what was forgotten for it gives back its attempts.
    pub(super) fn remember(&mut self, ended: Ended) -> Vec<(UserId, AttemptId)> {
        let (call, caller) = (ended.row.call.id, ended.row.call.caller);
        self.order.insert(self.ends, call);
        self.of_caller.insert((caller, self.ends));
        self.ends += 1;
        self.calls.insert(call, ended);
        self.one_too_many(caller)
            .and_then(|oldest| self.forget(oldest))
            .map(|forgotten| forgotten.attempts)
            .unwrap_or_default()
    }

    fn one_too_many(&self, caller: UserId) -> Option<u64> {
        let mut of_caller = self.of_caller.range((caller, 0)..=(caller, u64::MAX));
        let oldest = of_caller.next().map(|(_, end)| *end);
        if of_caller.count() >= RECENT_OF_CALLER_MAX {
            return oldest;
        }
        let oldest = self.order.first_key_value().map(|(end, _)| *end);
        oldest.filter(|_| self.calls.len() > RECENT_MAX)
    }

    fn forget(&mut self, end: u64) -> Option<Ended> {
        let call = self.order.remove(&end)?;
        let ended = self.calls.remove(&call)?;
        self.of_caller.remove(&(ended.row.call.caller, end));
        Some(ended)
    }
}
