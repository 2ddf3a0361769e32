//! Going on with the calls that the store had when the server started.
//!
//! A row has the state only: no descriptions, which the devices send again, and nothing of what they do with their
//! sound, which they send again where they are shown something else.

use std::collections::BTreeSet;

use protocol::call::CallState;
use protocol::{CallId, Timestamp};

use super::live::{Live, Side, State};
use super::{Effect, Party, Row, Switchboard};

impl Switchboard {
    pub(super) fn restore(&mut self, now: Timestamp, rows: Vec<Row>, effects: &mut Vec<Effect>) {
        let calls: Vec<CallId> = rows
            .into_iter()
            .filter_map(|row| {
                let live = self.restored(now, row)?;
                let call = live.id;
                self.insert(live);
                Some(call)
            })
            .collect();
        for call in calls {
            self.wait_again(call);
            effects.extend(self.save(call));
        }
    }

    /// The call of a row; nothing for one that is over or makes no sense.
    fn restored(&self, now: Timestamp, row: Row) -> Option<Live> {
        let away = |party| Side {
            away: Some(now),
            ..Side::new(party)
        };
        let state = match (row.call.state, row.callee) {
            (CallState::Ringing { expires_at, .. }, _) => State::Ringing {
                devices: BTreeSet::new(),
                waits_on: None,
                expires_at,
                unreachable_at: None,
            },
            (CallState::Connecting { expires_at }, Some(callee)) => State::Connecting {
                callee: away(callee),
                answered_at: (expires_at - self.timeouts.connect).max(row.call.started_at),
                connected: None,
                // The time that the server was gone was no time to connect.
                expires_at: expires_at.max(now + self.timeouts.connect),
            },
            (CallState::Active { since }, Some(callee)) => State::Active {
                callee: away(callee),
                answered_at: since,
                since,
            },
            (CallState::Connecting { .. } | CallState::Active { .. }, None)
            | (CallState::Ended { .. }, _) => return None,
        };
        Some(Live {
            id: row.call.id,
            attempt: row.call.attempt,
            revision: row.call.revision.saturating_add(1),
            conversation: row.call.conversation,
            started_at: row.call.started_at,
            reach: row.reach,
            attempts: vec![(row.call.caller, row.call.attempt)],
            joined: false,
            caller: away(row.caller),
            callee: row.call.callee,
            state,
        })
    }

    /// A call that waited behind another one goes on waiting there.
    fn wait_again(&mut self, call: CallId) {
        let told = self.calls.get(&call).filter(|live| live.reach.is_told());
        let Some(callee) = told.map(|live| live.callee) else {
            return;
        };
        let party: Option<Party> = self
            .live_of(callee)
            .filter(|live| live.id != call)
            .find_map(|live| live.talking_side(callee))
            .map(|side| side.party.clone());
        if let Some(live) = self.calls.get_mut(&call)
            && let State::Ringing { waits_on, .. } = &mut live.state
        {
            *waits_on = party;
        }
    }
}
