//! The server: its switchboard, and what its store holds.

use std::collections::BTreeMap;

use call::switchboard::{
    Effect, Handled, Input, Party, Reach, Reply, Request, Row, Start, Switchboard, Timeouts,
};
use protocol::socket::RequestBody;
use protocol::{CallId, DeviceId, Milliseconds, Timestamp, UserId};
use uuid::Uuid;

use crate::check;
use crate::device::{BEGINNING, Frame, Sent, person};
use crate::values::{other, user};

#[derive(Debug, Clone)]
pub(crate) struct Server {
    /// Its clock, which stands still but when a timer fires.
    now: Timestamp,
    pub(crate) board: Switchboard,
    pub(crate) rows: BTreeMap<CallId, Row>,
    pub(crate) calls: u128,
    /// Which devices have a socket, as far as the server knows.
    pub(crate) connected: [bool; 4],
}

/// A frame on its way to a device.
pub(crate) type Told = (usize, Frame);

impl Server {
    pub(crate) fn new() -> Self {
        Self {
            now: BEGINNING,
            board: Switchboard::new(Timeouts::default()),
            rows: BTreeMap::new(),
            calls: 0,
            connected: [false; 4],
        }
    }

    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.board.poll_timeout()
    }

    pub(crate) fn tick(&mut self, out: &mut Vec<Told>) {
        self.now = self.now.max(self.deadline().unwrap());
        let reply = self.handle(Input::Tick, None, out);
        assert_eq!(reply, Ok(Reply::Done));
    }

    /// A socket is there, perhaps while an older one still seems to be.
    pub(crate) fn connects(&mut self, device: usize, out: &mut Vec<Told>) {
        let Party {
            user, device: id, ..
        } = party(device);
        if !std::mem::replace(&mut self.connected[device], true) {
            let reply = self.handle(Input::DeviceConnected { user, device: id }, None, out);
            assert_eq!(reply, Ok(Reply::Done));
        }
        out.push((
            device,
            Frame::Welcome(self.board.snapshot(user, id), self.now),
        ));
    }

    pub(crate) fn loses(&mut self, device: usize, out: &mut Vec<Told>) {
        self.connected[device] = false;
        let Party { user, device, .. } = party(device);
        let reply = self.handle(Input::DeviceGone { user, device }, None, out);
        assert_eq!(reply, Ok(Reply::Done));
    }

    pub(crate) fn request(&mut self, device: usize, sent: Sent, out: &mut Vec<Told>) {
        let Sent { id, body, age, .. } = sent;
        let from = party(device);
        let takes = matches!(body, RequestBody::TakeCall { .. }).then(|| from.clone());
        let input = self.input(&from, body, age);
        let reply = self.handle(input, takes.as_ref(), out);
        let frame = match reply {
            Ok(Reply::Done) => Frame::Done(id, None),
            Ok(Reply::Call(call)) => {
                let view = self.board.view_for(call, from.user, from.device).unwrap();
                Frame::Done(id, Some((view, self.now)))
            }
            Err(refusal) => Frame::Refused(id, refusal),
        };
        out.push((device, frame));
    }

    fn handle(
        &mut self,
        input: Input,
        takes: Option<&Party>,
        out: &mut Vec<Told>,
    ) -> Result<Reply, call::switchboard::Refusal> {
        let Handled { reply, effects } = self.board.handle(self.now, input);
        for effect in effects {
            match effect {
                Effect::Save(row) => {
                    check::save(self.rows.get(&row.call.id), &row, takes);
                    self.rows.insert(row.call.id, *row);
                }
                Effect::Tell { call, user, device } => {
                    for to in self.devices_of(user, device) {
                        let view = self.board.view_for(call, user, party(to).device);
                        out.extend(view.map(|view| (to, Frame::Call(view, self.now))));
                    }
                }
                Effect::Description {
                    call,
                    user,
                    device,
                    description,
                } => {
                    for to in self.devices_of(user, Some(device)) {
                        out.push((to, Frame::Description(call, description.clone())));
                    }
                }
                Effect::Candidates { .. } => panic!("nobody has candidates here"),
                Effect::InCall { .. } => {}
            }
        }
        check::server(self);
        reply
    }

    fn devices_of(&self, user: UserId, device: Option<DeviceId>) -> Vec<usize> {
        let fits = |&to: &usize| {
            let party = party(to);
            self.connected[to] && party.user == user && device.is_none_or(|d| d == party.device)
        };
        (0..4).filter(fits).collect()
    }

    fn input(&mut self, from: &Party, body: RequestBody, age: Milliseconds) -> Input {
        let (call, request) = match body {
            RequestBody::StartCall {
                attempt,
                conversation,
                description,
            } => {
                self.calls += 1;
                let callee = other(conversation, from.user);
                let connected = !self.devices_of(callee, None).is_empty();
                return Input::Start(Start {
                    call: CallId(Uuid::from_u128(self.calls)),
                    attempt,
                    conversation,
                    from: from.clone(),
                    callee,
                    description,
                    reach: if connected {
                        Reach::Devices
                    } else {
                        Reach::Nobody
                    },
                    connected,
                    call_waiting: true,
                });
            }
            RequestBody::RingCall { call } => (call, Request::Ring),
            RequestBody::AnswerCall {
                call,
                description,
                candidates,
            } => (
                call,
                Request::Answer {
                    description,
                    candidates,
                },
            ),
            RequestBody::TakeCall { call, description } => (call, Request::Take { description }),
            RequestBody::SetSound { call, sound } => (call, Request::SetSound { sound }),
            RequestBody::DescribeCall { call, description } => {
                (call, Request::Describe { description })
            }
            RequestBody::DeclineCall { call } => (call, Request::Decline),
            RequestBody::CancelCall { call } => (call, Request::Cancel),
            RequestBody::HangUp { call, heard_ago } => (call, Request::HangUp { heard_ago }),
            RequestBody::ReportCall {
                call,
                report,
                heard_ago,
            } => (call, Request::Report { report, heard_ago }),
            other => panic!("a phone does not ask for {other:?}"),
        };
        let from = from.clone();
        Input::Request {
            call,
            from,
            request,
            age,
        }
    }
}

pub(crate) fn party(device: usize) -> Party {
    let user = user(person(device));
    Party {
        user,
        device: DeviceId(Uuid::from_u128(user.0.as_u128() * 16 + device as u128)),
        device_name: format!("device {device}").parse().unwrap(),
    }
}
