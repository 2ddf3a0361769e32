//! The server's driver: carries out what the switchboard asks for, and passes requests on.

use call::switchboard::{self, Effect, Reach, Refusal, Reply, Request};
use protocol::socket::RequestBody;
use protocol::{CallId, DeviceId, Timestamp, UserId};

use super::values::other;
use super::{Frame, TABS, Tab, World};

impl World {
    pub(super) fn tell_server(&mut self, input: switchboard::Input) {
        assert_eq!(self.server(input), Ok(Reply::Done));
    }

    pub(super) fn server(&mut self, input: switchboard::Input) -> Result<Reply, Refusal> {
        let handled = self.board.handle(Timestamp(self.now), input);
        for effect in handled.effects {
            self.carry_out(effect);
        }
        self.assert_calls_are_sound();
        handled.reply
    }

    pub(super) fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Save(row) => {
                let call = row.call.id;
                if let Some(before) = self.rows.get(&call) {
                    assert!(
                        before.record().end.is_none(),
                        "{call} changed after its end"
                    );
                    assert!(
                        before.call.revision < row.call.revision,
                        "revision of {call}"
                    );
                    if let Some(winner) = &before.callee {
                        assert_eq!(Some(winner), row.callee.as_ref(), "two winners of {call}");
                    }
                }
                if row.record().end.is_some() {
                    *self.ends.entry(call).or_default() += 1;
                }
                self.rows.insert(call, *row);
            }
            Effect::Tell { call, user, device } => {
                for tab in self.tabs_of(user, device) {
                    let device = self.tabs[tab].me.device;
                    if let Some(view) = self.board.view_for(call, user, device) {
                        self.push_to_client(tab, Frame::Call(view, Timestamp(self.now)));
                    }
                }
            }
            Effect::Description {
                call,
                user,
                device,
                description,
            } => {
                for tab in self.tabs_of(user, Some(device)) {
                    self.push_to_client(tab, Frame::Description(call, description.clone()));
                }
            }
            Effect::Candidates {
                call,
                user,
                device,
                epoch,
                candidates,
            } => {
                for tab in self.tabs_of(user, Some(device)) {
                    self.push_to_client(tab, Frame::Candidates(call, epoch, candidates.clone()));
                }
            }
            Effect::InCall { .. } => {}
        }
    }

    pub(super) fn request(&mut self, tab: usize, id: u32, body: RequestBody) {
        let from = self.tabs[tab].me.clone();
        let ask = |call, request| switchboard::Input::Request {
            call,
            from: from.clone(),
            request,
        };
        let input = match body {
            RequestBody::StartCall {
                attempt,
                conversation,
                description,
            } => {
                let callee = other(conversation, from.user);
                let reached = self
                    .tabs
                    .iter()
                    .any(|tab| tab.me.user == callee && tab.socket);
                switchboard::Input::Start(switchboard::Start {
                    call: CallId(self.id()),
                    attempt,
                    conversation,
                    from: from.clone(),
                    callee,
                    description,
                    reach: if reached {
                        Reach::Devices
                    } else {
                        Reach::Nobody
                    },
                })
            }
            RequestBody::RingCall { call } => ask(call, Request::Ring),
            RequestBody::AnswerCall {
                call,
                description,
                candidates,
            } => ask(
                call,
                Request::Answer {
                    description,
                    candidates,
                },
            ),
            RequestBody::DescribeCall { call, description } => {
                ask(call, Request::Describe { description })
            }
            RequestBody::AddCandidates {
                call,
                epoch,
                candidates,
            } => ask(call, Request::AddCandidates { epoch, candidates }),
            RequestBody::DeclineCall { call } => ask(call, Request::Decline),
            RequestBody::CancelCall { call } => ask(call, Request::Cancel),
            RequestBody::HangUp { call } => ask(call, Request::HangUp),
            RequestBody::ReportCall { call, report } => ask(call, Request::Report { report }),
            other => panic!("a handset does not ask for {other:?}"),
        };
        let now = Timestamp(self.now);
        let frame = match self.server(input) {
            Ok(Reply::Done) => Frame::Done(id, None),
            Ok(Reply::Call(call)) => {
                let view = self.board.view_for(call, from.user, from.device).unwrap();
                Frame::Done(id, Some((view, now)))
            }
            Err(refusal) => Frame::Refused(id, refusal),
        };
        self.push_to_client(tab, frame);
    }

    pub(super) fn push_to_client(&mut self, tab: usize, frame: Frame) {
        let at = self.now + self.delay();
        let link = &mut self.tabs[tab].to_client;
        let at = link.back().map_or(at, |(last, _)| at.max(*last));
        link.push_back((at, frame));
    }

    pub(super) fn is_connected(&self, user: UserId, device: DeviceId) -> bool {
        !self.tabs_of(user, Some(device)).is_empty()
    }

    pub(super) fn tabs_of(&self, user: UserId, device: Option<DeviceId>) -> Vec<usize> {
        let is = |tab: &Tab| {
            tab.socket && tab.me.user == user && device.is_none_or(|d| d == tab.me.device)
        };
        (0..TABS).filter(|&tab| is(&self.tabs[tab])).collect()
    }
}
