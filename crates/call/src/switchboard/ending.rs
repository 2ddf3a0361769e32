//! How a call ends: which reason a request states, when that was, and how long the two heard each other.
//!
//! Devices say how long ago they wanted something, because a request may have waited for a socket. The end that
//! happened first is the truth: a live call takes the first one stated, and one that has ended is corrected by `recent`.

use protocol::call::{CallEnd, CallReport, EndReason, Role};
use protocol::limits::REQUEST_AGE_MAX;
use protocol::{Milliseconds, Timestamp, UserId};

use super::Request;

/// An end before it is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) reason: EndReason,
    pub(super) at: Timestamp,
    /// Until when they heard each other, where that was not until the end.
    pub(super) heard_until: Option<Timestamp>,
    /// The side whose device stated it; nothing where the server found it out.
    pub(super) stated_by: Option<Role>,
}

/// What a stated end is judged by; the same for a live call and for one that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) caller: UserId,
    pub(super) callee: UserId,
    pub(super) started_at: Timestamp,
    pub(super) answered_at: Option<Timestamp>,
    /// Since when they hear each other.
    pub(super) since: Option<Timestamp>,
}

impl Ending {
    /// An end that the server found out.
    pub(super) const fn found(reason: EndReason, at: Timestamp) -> Self {
        Self {
            reason,
            at,
            heard_until: None,
            stated_by: None,
        }
    }

    /// The end as it is recorded.
    pub(super) fn end(&self, facts: &Facts) -> CallEnd {
        let heard_until = self.heard_until.unwrap_or(self.at);
        CallEnd {
            reason: self.reason,
            ended_at: self.at,
            talked: facts.since.map(|since| heard_until.since(since)),
        }
    }
}

impl Facts {
    /// When something happened that a device tells only now: not before the answer, which came first or the device
    /// could not have told it, and not before the call.
    pub(super) fn event_time(&self, now: Timestamp, age: Milliseconds) -> Timestamp {
        let earliest = self.answered_at.unwrap_or(self.started_at);
        (now - age.min(REQUEST_AGE_MAX)).max(earliest)
    }

    /// The end that a request of one side states; nothing where it states none that fits this call.
    pub(super) fn stated(
        &self,
        request: &Request,
        role: Role,
        now: Timestamp,
        age: Milliseconds,
    ) -> Option<Ending> {
        let at = self.event_time(now, age);
        let heard_until = match request {
            Request::Report {
                report: CallReport::Lost,
                heard_ago,
            } => heard_ago.map(|ago| at - ago),
            _ => None,
        };
        Some(Ending {
            reason: self.reason(request, role)?,
            at,
            heard_until,
            stated_by: Some(role),
        })
    }

    /// Before the answer, hanging up is what it would be called then: cancelling or declining.
    fn reason(&self, request: &Request, role: Role) -> Option<EndReason> {
        let answered = self.answered_at.is_some();
        match (request, role) {
            (Request::Report { report, .. }, _) => self.reported(*report, role),
            (Request::Cancel, Role::Caller) | (Request::HangUp { .. }, _) if answered => {
                Some(EndReason::HungUp {
                    by: self.user(role),
                })
            }
            (Request::Decline | Request::HangUp { .. }, Role::Callee) if !answered => {
                Some(EndReason::Declined)
            }
            (Request::Cancel | Request::HangUp { .. }, Role::Caller) => Some(EndReason::Cancelled),
            (
                Request::Ring
                | Request::Answer { .. }
                | Request::Describe { .. }
                | Request::AddCandidates { .. }
                | Request::Decline
                | Request::Cancel
                | Request::Take { .. }
                | Request::SetSound { .. }
                | Request::HangUp { .. },
                _,
            ) => None,
        }
    }

    fn reported(&self, report: CallReport, role: Role) -> Option<EndReason> {
        let answered = self.answered_at.is_some();
        match report {
            CallReport::Failed { cause } => Some(EndReason::Failed { cause }),
            CallReport::Lost => answered.then_some(EndReason::Lost),
            CallReport::PeerHungUp => answered.then_some(EndReason::HungUp {
                by: self.user(role.other()),
            }),
            CallReport::Connected => None,
        }
    }

    const fn user(&self, role: Role) -> UserId {
        match role {
            Role::Caller => self.caller,
            Role::Callee => self.callee,
        }
    }
}
