//! The server's driver: carries out what the switchboard asks for, and passes requests on. What is kept survives its
//! end; nothing is told before it is kept.

use std::collections::BTreeMap;

use call::switchboard::{self, Effect, Party, Reach, Refusal, Reply, Request, Row, Switchboard};
use protocol::socket::RequestBody;
use protocol::{CallId, DeviceId, UserId};

use super::names::person;
use super::network::Frame;
use super::page::Pending;
use super::{What, World};
use crate::values::other;

pub(super) struct Server {
    pub(super) board: Switchboard,
    /// The store.
    pub(super) rows: BTreeMap<CallId, Row>,
    /// How many records of an end each call has.
    pub(super) ends: BTreeMap<CallId, u32>,
    /// It dies when so many effects of the next input are carried out.
    pub(super) dies_after: Option<usize>,
    /// Who takes a call over at this moment.
    pub(super) takes: Option<Party>,
    /// Whose request is carried out at this moment.
    pub(super) asks: Option<Party>,
    tick_at: Option<i64>,
}

impl Server {
    pub(super) fn new() -> Self {
        Self {
            board: Switchboard::new(switchboard::Timeouts::default()),
            rows: BTreeMap::new(),
            ends: BTreeMap::new(),
            dies_after: None,
            takes: None,
            asks: None,
            tick_at: None,
        }
    }
}

impl World {
    pub(super) fn tell_server(&mut self, input: switchboard::Input) {
        let reply = self.ask_server(input);
        assert!(matches!(reply, None | Some(Ok(Reply::Done))), "{reply:?}");
    }

    /// Nothing, where the server died over it.
    pub(super) fn ask_server(
        &mut self,
        input: switchboard::Input,
    ) -> Option<Result<Reply, Refusal>> {
        self.tell(|_| format!("server ← {input:?}"));
        let now = self.server_now();
        let handled = self.server.board.handle(now, input);
        let dies_after = self.server.dies_after.take();
        for (i, effect) in handled.effects.into_iter().enumerate() {
            if dies_after == Some(i) {
                self.restart_server();
                return None;
            }
            self.carry_out(effect);
        }
        if dies_after.is_some() {
            self.restart_server();
            return None;
        }
        self.check_server();
        self.wake_server();
        Some(handled.reply)
    }

    fn wake_server(&mut self) {
        let at = self
            .server
            .board
            .poll_timeout()
            .map(|at| at.0.max(self.now));
        if at != self.server.tick_at {
            self.server.tick_at = at;
            if let Some(at) = at {
                self.at(at, What::ServerTick);
            }
        }
    }

    pub(super) fn server_tick(&mut self) {
        if self.server.tick_at == Some(self.now) {
            self.server.tick_at = None;
            self.tell_server(switchboard::Input::Tick);
        }
    }

    /// It dies and comes back, with what it kept.
    pub(super) fn restart_server(&mut self) {
        self.tell(|_| "the server dies and comes back".to_owned());
        self.lose_all_sockets();
        self.server.board = Switchboard::new(switchboard::Timeouts::default());
        self.server.tick_at = None;
        let live = self
            .server
            .rows
            .values()
            .filter(|row| row.record().end.is_none());
        let live = live.cloned().collect();
        self.tell_server(switchboard::Input::Restore(live));
    }

    fn carry_out(&mut self, effect: Effect) {
        self.tell(|_| format!("    server does {effect:?}"));
        match effect {
            Effect::Save(row) => self.save(*row),
            Effect::Tell { call, user, device } => {
                for socket in self.sockets_of(user, device) {
                    let device = self.pages[self.sockets[socket].page].me.device;
                    if let Some(view) = self.server.board.view_for(call, user, device) {
                        let now = self.server_now();
                        self.send_down(socket, Frame::Call(view, now));
                    }
                }
            }
            Effect::Description {
                call,
                user,
                device,
                description,
            } => {
                for socket in self.sockets_of(user, Some(device)) {
                    self.send_down(socket, Frame::Description(call, description.clone()));
                }
            }
            Effect::Candidates {
                call,
                user,
                device,
                epoch,
                candidates,
            } => {
                for socket in self.sockets_of(user, Some(device)) {
                    self.send_down(socket, Frame::Candidates(call, epoch, candidates.clone()));
                }
            }
            Effect::InCall { .. } => {}
        }
    }

    fn save(&mut self, row: Row) {
        self.check_save(&row);
        let before = self.server.rows.get(&row.call.id);
        if row.record().end.is_some() && before.is_none_or(|before| before.record().end.is_none()) {
            *self.server.ends.entry(row.call.id).or_default() += 1;
        }
        self.server.rows.insert(row.call.id, row);
    }

    pub(super) fn request(&mut self, page: usize, socket: usize, sent: Pending) {
        let Pending { id, body, .. } = sent;
        let takes = matches!(body, RequestBody::TakeCall { .. });
        self.server.takes = takes.then(|| self.pages[page].me.clone());
        self.server.asks = Some(self.pages[page].me.clone());
        let input = self.input_of(page, body, sent.wanted_at);
        let reply = self.ask_server(input);
        (self.server.takes, self.server.asks) = (None, None);
        let Some(reply) = reply else {
            return;
        };
        let me = &self.pages[page].me;
        let frame = match reply {
            Ok(Reply::Done) => Frame::Done(id, None),
            Ok(Reply::Call(call)) => {
                let view = self.server.board.view_for(call, me.user, me.device);
                Frame::Done(id, Some((view.unwrap(), self.server_now())))
            }
            Err(refusal) => Frame::Refused(id, refusal),
        };
        self.send_down(socket, frame);
    }

    fn input_of(&mut self, page: usize, body: RequestBody, wanted_at: i64) -> switchboard::Input {
        let from = self.pages[page].me.clone();
        let age = self.server_now().since(protocol::Timestamp(wanted_at));
        let (call, request) = match body {
            RequestBody::StartCall {
                attempt,
                conversation,
                description,
            } => {
                let callee = other(conversation, from.user);
                let reached = !self.sockets_of(callee, None).is_empty();
                return switchboard::Input::Start(switchboard::Start {
                    call: CallId(self.id()),
                    attempt,
                    conversation,
                    callee,
                    description,
                    reach: self.reach(person(from.user), person(callee), reached),
                    connected: reached,
                    call_waiting: self.call_waiting[person(callee)],
                    from,
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
            RequestBody::AddCandidates {
                call,
                epoch,
                candidates,
            } => (call, Request::AddCandidates { epoch, candidates }),
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
        switchboard::Input::Request {
            call,
            from,
            request,
            age,
        }
    }

    fn reach(&self, from: usize, to: usize, connected: bool) -> Reach {
        match self.unwanted.get(&(from, to)) {
            Some(&reach) => reach,
            None if connected => Reach::Devices,
            None => Reach::Nobody,
        }
    }

    pub(super) fn is_connected(&self, device: DeviceId) -> bool {
        let of = |page: usize| self.pages[page].me.device == device;
        self.sockets
            .iter()
            .any(|socket| socket.server && of(socket.page))
    }

    /// The server's open sockets of an account, or of one of its devices.
    pub(super) fn sockets_of(&self, user: UserId, device: Option<DeviceId>) -> Vec<usize> {
        let fits = |socket: usize| {
            let me = &self.pages[self.sockets[socket].page].me;
            self.sockets[socket].server && me.user == user && device.is_none_or(|d| d == me.device)
        };
        (0..self.sockets.len())
            .filter(|&socket| fits(socket))
            .collect()
    }
}
