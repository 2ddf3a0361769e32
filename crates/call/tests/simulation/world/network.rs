//! Sockets as TCP makes them: what arrives, arrives in order; what is lost, is lost with all that came after it, and
//! either end finds that out by itself. A device may have an old socket and a new one at once.

use protocol::call::CallView;
use protocol::description::{CallDescription, Candidate};
use protocol::limits::SILENCE_LIMIT;
use protocol::{CallId, Timestamp};

use call::switchboard::{self, Refusal};

use super::page::Pending;
use super::{Weather, What, World};

/// The longest that a frame is under way.
pub(super) const LONGEST_DELAY: i64 = 5_000;
/// The longest that a client waits before it connects again.
const LONGEST_BACKOFF: i64 = 5_000;
/// One frame in so many is lost in a storm.
const LOST_ONE_IN: u64 = 120;

#[derive(Debug)]
pub(super) enum Frame {
    Welcome(Vec<CallView>, Timestamp),
    Call(CallView, Timestamp),
    Description(CallId, CallDescription),
    Candidates(CallId, u16, Vec<Candidate>),
    Done(u32, Option<(CallView, Timestamp)>),
    Refused(u32, Refusal),
}

pub(super) struct Socket {
    pub(super) page: usize,
    life: u32,
    /// Each end holds it for open.
    client: bool,
    pub(super) server: bool,
    up: Direction,
    down: Direction,
}

#[derive(Default)]
struct Direction {
    sent: u64,
    arrived: u64,
    /// No frame from this number on arrives any more.
    cut: Option<u64>,
    last_arrival: i64,
}

impl World {
    /// A page begins to connect, after a while.
    pub(super) fn connect(&mut self, page: usize, backoff: i64) {
        let life = self.pages[page].life;
        let delay = self.delay();
        self.later(backoff + delay, What::Connects { page, life });
    }

    pub(super) fn connects(&mut self, page: usize, life: u32) {
        let Some(it) = self.pages.get(page).filter(|it| it.life == life) else {
            return;
        };
        if it.socket.is_some() || !it.online {
            return;
        }
        if it.signed_out {
            return self.start_anew(page);
        }
        let (user, device) = (it.me.user, it.me.device);
        if !self.is_connected(device) {
            self.tell_server(switchboard::Input::DeviceConnected { user, device });
        }
        let socket = self.sockets.len();
        self.sockets.push(Socket {
            page,
            life,
            client: true,
            server: true,
            up: Direction::default(),
            down: Direction::default(),
        });
        self.pages[page].socket = Some(socket);
        self.tell(|world| format!("{} connects", world.name(page)));
        let calls = self.server.board.snapshot(user, device);
        let now = self.server_now();
        self.send_down(socket, Frame::Welcome(calls, now));
    }

    pub(super) fn send_up(&mut self, page: usize, sent: Pending) {
        let Some(socket) = self.pages[page].socket else {
            return;
        };
        let at = self.now + self.delay();
        let up = &mut self.sockets[socket].up;
        let (number, at) = up.send(at);
        self.at(
            at,
            What::Up {
                socket,
                number,
                sent,
            },
        );
        self.maybe_lose(socket);
    }

    pub(super) fn send_down(&mut self, socket: usize, frame: Frame) {
        self.check_frame(socket, &frame);
        let at = self.now + self.delay();
        let (number, at) = self.sockets[socket].down.send(at);
        self.at(
            at,
            What::Down {
                socket,
                number,
                frame,
            },
        );
        self.maybe_lose(socket);
    }

    pub(super) fn arrives_at_server(&mut self, socket: usize, number: u64, sent: Pending) {
        let it = &mut self.sockets[socket];
        if it.up.takes(number) && it.server {
            let page = it.page;
            self.request(page, socket, sent);
        }
    }

    pub(super) fn arrives_at_client(&mut self, socket: usize, number: u64, frame: Frame) {
        let it = &mut self.sockets[socket];
        let page = it.page;
        if it.down.takes(number) && it.client && it.life == self.pages[page].life {
            self.frame(page, frame);
        }
    }

    /// The client closes its socket; what it sent before still arrives.
    pub(super) fn close_socket(&mut self, page: usize) {
        let Some(socket) = self.pages[page].socket else {
            return;
        };
        let delay = self.delay();
        let at = self.sockets[socket].up.last_arrival.max(self.now + delay);
        self.at(at, What::ServerLoses { socket });
        self.client_loses(socket);
    }

    /// The server closes a socket; what it sent before still arrives.
    pub(super) fn close_from_server(&mut self, socket: usize) {
        let delay = self.delay();
        let at = self.sockets[socket].down.last_arrival.max(self.now + delay);
        self.at(at, What::ClientLoses { socket });
        self.server_loses(socket);
    }

    /// Nothing goes through any more, and nobody is told.
    pub(super) fn kill_socket(&mut self, socket: usize) {
        if self.sockets[socket].up.cut.is_some() {
            return;
        }
        let silence = i64::try_from(SILENCE_LIMIT.0).unwrap();
        let chance = &mut self.chance;
        let it = &mut self.sockets[socket];
        for direction in [&mut it.up, &mut it.down] {
            let under_way = direction.sent - direction.arrived;
            direction.cut = Some(direction.arrived + chance.below(under_way + 1));
        }
        for what in [What::ClientLoses { socket }, What::ServerLoses { socket }] {
            let longest = if self.chance.one_in(2) { 500 } else { silence };
            let after = self.chance.upto(longest);
            self.later(after, what);
        }
    }

    /// The server is gone: nothing of what was under way to it arrives.
    pub(super) fn lose_all_sockets(&mut self) {
        for socket in 0..self.sockets.len() {
            if self.sockets[socket].server {
                self.kill_socket(socket);
                let it = &mut self.sockets[socket];
                it.server = false;
                it.up.cut = Some(it.up.arrived);
            }
        }
    }

    pub(super) fn client_loses(&mut self, socket: usize) {
        let it = &mut self.sockets[socket];
        it.client = false;
        let (page, life) = (it.page, it.life);
        let it = &mut self.pages[page];
        if it.life != life || it.socket != Some(socket) {
            return;
        }
        it.socket = None;
        let online = it.online;
        if std::mem::take(&mut it.greeted) {
            self.input(page, call::phone::Input::SocketLost);
        }
        if online {
            let longest = if self.healed || self.chance.one_in(2) {
                500
            } else {
                LONGEST_BACKOFF
            };
            let backoff = self.chance.upto(longest);
            self.connect(page, backoff);
        }
    }

    pub(super) fn server_loses(&mut self, socket: usize) {
        let it = &mut self.sockets[socket];
        if !std::mem::take(&mut it.server) {
            return;
        }
        let me = &self.pages[it.page].me;
        let (user, device) = (me.user, me.device);
        if !self.is_connected(device) {
            self.tell_server(switchboard::Input::DeviceGone { user, device });
        }
    }

    pub(super) fn go_offline(&mut self, page: usize) {
        self.pages[page].online = false;
        if let Some(socket) = self.pages[page].socket {
            self.kill_socket(socket);
        }
        self.break_paths_of(page);
        let back = self.chance.upto(120_000);
        self.later(back, What::ComesOnline { page });
    }

    pub(super) fn come_online(&mut self, page: usize) {
        if std::mem::replace(&mut self.pages[page].online, true) {
            return;
        }
        self.tell(|world| format!("{} is online again", world.name(page)));
        self.mend_paths_of(page);
        if self.pages[page].socket.is_none() {
            self.connect(page, 0);
        }
    }

    fn maybe_lose(&mut self, socket: usize) {
        if self.weather == Weather::Storm && !self.healed && self.chance.one_in(LOST_ONE_IN) {
            self.tell(|world| {
                let page = world.sockets[socket].page;
                format!("the network loses a frame of {}", world.name(page))
            });
            self.kill_socket(socket);
        }
    }

    /// How long a frame is under way.
    pub(super) fn delay(&mut self) -> i64 {
        let longest = match self.weather {
            _ if self.healed => 100,
            Weather::Fair => 100,
            Weather::Dull => 500,
            Weather::Storm => *self.chance.of(&[100, 500, 500, 2_000, LONGEST_DELAY]),
        };
        self.chance.upto(longest)
    }
}

impl Direction {
    fn send(&mut self, at: i64) -> (u64, i64) {
        let number = self.sent;
        self.sent += 1;
        self.last_arrival = self.last_arrival.max(at);
        (number, self.last_arrival)
    }

    fn takes(&mut self, number: u64) -> bool {
        let takes = self.cut.is_none_or(|cut| number < cut);
        if takes {
            self.arrived = number + 1;
        }
        takes
    }
}
