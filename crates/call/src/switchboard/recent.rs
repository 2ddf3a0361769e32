//! The calls that ended a while ago, so that late and repeated requests find them. Bounded; the store has the rest.

use std::collections::{BTreeMap, VecDeque};

use protocol::call::{Call, CallView, Here, Role};
use protocol::{AttemptId, CallId, DeviceId, UserId};

use super::{Party, Reach, Row};

/// Ended calls remembered, at most.
const RECENT_MAX: usize = 1024;

#[derive(Default)]
pub(super) struct Recent {
    calls: BTreeMap<CallId, Ended>,
    oldest_first: VecDeque<CallId>,
}

pub(super) struct Ended {
    call: Call,
    caller: Party,
    callee: Option<Party>,
    silent: bool,
    attempts: Vec<(UserId, AttemptId)>,
}

impl Ended {
    pub(super) fn new(row: &Row, attempts: Vec<(UserId, AttemptId)>) -> Self {
        Self {
            call: row.call.clone(),
            caller: row.caller.clone(),
            callee: row.callee.clone(),
            silent: row.reach == Reach::Silent,
            attempts,
        }
    }

    pub(super) fn conversation(&self) -> protocol::ConversationId {
        self.call.conversation
    }

    pub(super) fn view(&self, user: UserId, device: DeviceId) -> Option<CallView> {
        let (role, own) = if user == self.call.caller {
            (Role::Caller, Some(&self.caller))
        } else if user == self.call.callee && !self.silent {
            (Role::Callee, self.callee.as_ref())
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
            call: self.call.clone(),
            role,
            here,
            remote: None,
            epoch: 0,
        })
    }
}

impl Recent {
    pub(super) fn get(&self, call: CallId) -> Option<&Ended> {
        self.calls.get(&call)
    }

    /// Remembers a call; what was forgotten for it gives back its attempts.
    pub(super) fn remember(&mut self, ended: Ended) -> Vec<(UserId, AttemptId)> {
        self.oldest_first.push_back(ended.call.id);
        self.calls.insert(ended.call.id, ended);
        if self.calls.len() <= RECENT_MAX {
            return Vec::new();
        }
        self.oldest_first
            .pop_front()
            .and_then(|oldest| self.calls.remove(&oldest))
            .map(|forgotten| forgotten.attempts)
            .unwrap_or_default()
    }
}
