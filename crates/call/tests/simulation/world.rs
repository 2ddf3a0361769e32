//! The world of the simulation: the server's driver, the clients' drivers, and the network between them.

mod clients;
mod server;
mod values;

use std::collections::{BTreeMap, VecDeque};

use call::handset::{Handset, HandsetView, Input};
use call::switchboard::{self, Party, Refusal, Row, Switchboard};
use protocol::call::{CallState, CallView};
use protocol::description::{CallDescription, Candidate};
use protocol::socket::RequestBody;
use protocol::{AttemptId, CallId, DeviceId, Timestamp};
use uuid::Uuid;
use values::{conversation, user};

pub(crate) const PEOPLE: usize = 3;
/// The person and the device of each tab: two tabs share a device of the second person.
const TAB_OWNERS: [(usize, u128); TABS] = [(0, 1), (0, 2), (1, 1), (1, 1), (1, 2), (2, 1)];
pub(crate) const TABS: usize = 6;

pub(crate) struct World {
    now: i64,
    random: u64,
    ids: u128,
    board: Switchboard,
    tabs: Vec<Tab>,
    /// The store.
    rows: BTreeMap<CallId, Row>,
    ends: BTreeMap<CallId, u32>,
}

struct Tab {
    me: Party,
    /// Its clock is so far behind the server's.
    clock: i64,
    handset: Handset,
    socket: bool,
    greeted: bool,
    requests: u32,
    /// Requests without an answer, resent after a reconnect.
    pending: Vec<(u32, RequestBody)>,
    to_server: VecDeque<(i64, u32, RequestBody)>,
    to_client: VecDeque<(i64, Frame)>,
    /// What the device will tell, and the microphone's or the peer's number that it belongs to.
    soon: Vec<(i64, u64, Input)>,
    microphone: Option<u64>,
    peer: Option<u64>,
    microphone_broken: bool,
}

enum Frame {
    Welcome(Vec<CallView>, Timestamp),
    Call(CallView, Timestamp),
    Description(CallId, CallDescription),
    Candidates(CallId, u16, Vec<Candidate>),
    Done(u32, Option<(CallView, Timestamp)>),
    Refused(u32, Refusal),
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let tabs = TAB_OWNERS.iter().zip(0..);
        let mut world = Self {
            now: 1_000_000,
            random: seed | 1,
            ids: 0,
            board: Switchboard::new(switchboard::Timeouts::default()),
            tabs: tabs.map(|(&owner, i)| Tab::new(owner, i)).collect(),
            rows: BTreeMap::new(),
            ends: BTreeMap::new(),
        };
        (0..TABS).for_each(|tab| world.open_socket(tab));
        world
    }

    pub(crate) fn view(&self, tab: usize) -> HandsetView {
        self.tabs[tab].handset.view()
    }

    pub(crate) fn calls(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn dial(&mut self, tab: usize, callee: usize) {
        let own = TAB_OWNERS[tab].0;
        if own != callee {
            let attempt = AttemptId(self.id());
            let conversation = conversation(own, callee);
            self.person(
                tab,
                Input::Dial {
                    attempt,
                    conversation,
                },
            );
        }
    }

    pub(crate) fn person(&mut self, tab: usize, input: Input) {
        self.input(tab, input);
    }

    pub(crate) fn break_microphone(&mut self, tab: usize, broken: bool) {
        self.tabs[tab].microphone_broken = broken;
    }

    /// Something happens to the path of a tab that has one.
    pub(crate) fn path(&mut self, tab: usize, input: Input) {
        if self.tabs[tab].peer.is_some() {
            self.input(tab, input);
        }
    }

    pub(crate) fn cut_socket(&mut self, tab: usize) {
        let socket = &mut self.tabs[tab];
        if !socket.socket {
            return;
        }
        socket.socket = false;
        socket.to_server.clear();
        socket.to_client.clear();
        let greeted = std::mem::take(&mut socket.greeted);
        let Party { user, device, .. } = socket.me;
        if !self.is_connected(user, device) {
            self.tell_server(switchboard::Input::DeviceGone { user, device });
        }
        if greeted {
            self.input(tab, Input::SocketLost);
        }
    }

    pub(crate) fn open_socket(&mut self, tab: usize) {
        if self.tabs[tab].socket {
            return;
        }
        let Party { user, device, .. } = self.tabs[tab].me;
        if !self.is_connected(user, device) {
            self.tell_server(switchboard::Input::DeviceConnected { user, device });
        }
        self.tabs[tab].socket = true;
        let calls = self.board.snapshot(user, device);
        let now = Timestamp(self.now);
        self.push_to_client(tab, Frame::Welcome(calls, now));
    }

    /// The device signs out and in again.
    pub(crate) fn end_session(&mut self, tab: usize) {
        let Party { user, device, .. } = self.tabs[tab].me;
        self.tell_server(switchboard::Input::SessionEnded { user, device });
    }

    pub(crate) fn restart_server(&mut self) {
        (0..TABS).for_each(|tab| self.cut_socket(tab));
        self.board = Switchboard::new(switchboard::Timeouts::default());
        let live = self.rows.values().filter(|row| row.record().end.is_none());
        let live = live.cloned().collect();
        self.tell_server(switchboard::Input::Restore(live));
    }

    /// Lets time pass, and everything happen that is due meanwhile.
    pub(crate) fn wait(&mut self, milliseconds: i64) {
        let until = self.now + milliseconds;
        let mut steps = 0;
        while let Some(at) = self.next_moment().filter(|&at| at <= until) {
            self.now = self.now.max(at);
            self.happen();
            steps += 1;
            assert!(steps < 100_000, "it never comes to rest");
        }
        self.now = until;
    }

    /// Everybody is reachable again, everybody hangs up, and all timers run out.
    pub(crate) fn come_to_rest(&mut self) {
        (0..TABS).for_each(|tab| self.open_socket(tab));
        self.wait(60_000);
        (0..TABS).for_each(|tab| self.input(tab, Input::End));
        self.wait(600_000);
    }

    pub(crate) fn assert_nothing_is_left(&self) {
        assert_eq!(self.board.poll_timeout(), None, "a timer of the server");
        for (call, row) in &self.rows {
            assert!(row.record().end.is_some(), "{call} never ended");
            assert_eq!(self.ends.get(call), Some(&1), "ends of {call}");
        }
        for tab in &self.tabs {
            assert_eq!(tab.handset.view(), HandsetView::Idle);
            assert_eq!(tab.handset.poll_timeout(), None, "a timer of a handset");
            assert!(tab.microphone.is_none() && tab.peer.is_none());
            assert!(!self.board.in_call(tab.me.user));
            let snapshot = self.board.snapshot(tab.me.user, tab.me.device);
            assert_eq!(snapshot, Vec::new());
        }
    }

    fn next_moment(&self) -> Option<i64> {
        let board = self.board.poll_timeout().map(|at| at.0);
        let tabs = self.tabs.iter().flat_map(|tab| {
            let timer = tab.handset.poll_timeout().map(|at| at.0 + tab.clock);
            let up = tab.to_server.front().map(|(at, ..)| *at);
            let down = tab.to_client.front().map(|(at, _)| *at);
            let soon = tab.soon.iter().map(|(at, ..)| *at).min();
            [timer, up, down, soon].into_iter().flatten()
        });
        tabs.chain(board).min()
    }

    fn happen(&mut self) {
        if self.board.poll_timeout().is_some_and(|at| at.0 <= self.now) {
            self.tell_server(switchboard::Input::Tick);
        }
        for tab in 0..TABS {
            let now = self.now;
            if let Some((_, id, body)) =
                self.tabs[tab].to_server.pop_front_if(|(at, ..)| *at <= now)
            {
                self.request(tab, id, body);
            }
            if let Some((_, frame)) = self.tabs[tab].to_client.pop_front_if(|(at, _)| *at <= now) {
                self.frame(tab, frame);
            }
            let soon = &mut self.tabs[tab].soon;
            if let Some(i) = soon.iter().position(|(at, ..)| *at <= now) {
                let (_, of, input) = soon.remove(i);
                if Some(of) == self.tabs[tab].microphone || Some(of) == self.tabs[tab].peer {
                    if matches!(input, Input::MicrophoneFailed { .. }) {
                        self.tabs[tab].microphone = None;
                    }
                    self.input(tab, input);
                }
            }
            let timer = self.tabs[tab].handset.poll_timeout();
            if timer.is_some_and(|at| at.0 + self.tabs[tab].clock <= now) {
                self.input(tab, Input::Tick);
            }
        }
    }

    // What must be true at every moment.

    fn assert_tab_is_sound(&self, tab: usize) {
        let Tab {
            handset,
            microphone,
            peer,
            me,
            ..
        } = &self.tabs[tab];
        match handset.view() {
            HandsetView::Idle | HandsetView::Ended { .. } => {
                assert!(microphone.is_none(), "a microphone without a call");
                assert!(peer.is_none(), "a peer without a call");
            }
            HandsetView::Incoming { answering, .. } => {
                assert!(
                    answering || microphone.is_none(),
                    "a microphone before Answer"
                );
            }
            HandsetView::Outgoing { .. } => {}
            HandsetView::Active { call, .. } => {
                let row = &self.rows[&call];
                let callee = row.callee.as_ref().map(|callee| callee.device);
                let takes_part = row.caller.device == me.device || callee == Some(me.device);
                assert!(takes_part, "a device that takes no part talks");
                let twin = (0..TABS).filter(|&other| other != tab).find(|&other| {
                    self.tabs[other].me == *me
                        && matches!(self.view(other), HandsetView::Active { call: c, .. } if c == call)
                });
                assert_eq!(twin, None, "two tabs of a device are in one call");
            }
        }
    }

    fn assert_calls_are_sound(&self) {
        let live: Vec<&Row> = self
            .rows
            .values()
            .filter(|row| !matches!(row.call.state, CallState::Ended { .. }))
            .collect();
        for person in 0..PEOPLE {
            let of = live
                .iter()
                .filter(|row| row.call.caller == user(person) || row.call.callee == user(person));
            assert!(of.count() <= 1, "two calls at once");
        }
    }

    // Chance, which is the seed's.

    fn delay(&mut self) -> i64 {
        i64::try_from(self.next() % 400).unwrap()
    }

    /// xorshift64.
    fn next(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }

    fn id(&mut self) -> Uuid {
        self.ids += 1;
        Uuid::from_u128(self.ids)
    }
}

impl Tab {
    fn new((person, device): (usize, u128), tab: i64) -> Self {
        let me = user(person);
        let device = DeviceId(Uuid::from_u128(me.0.as_u128() * 16 + device));
        Self {
            me: Party {
                user: me,
                device,
                device_name: format!("device {device}").parse().unwrap(),
            },
            clock: tab * 500_000,
            handset: Handset::new(me, call::handset::Timeouts::default()),
            socket: false,
            greeted: false,
            requests: 0,
            pending: Vec::new(),
            to_server: VecDeque::new(),
            to_client: VecDeque::new(),
            soon: Vec::new(),
            microphone: None,
            peer: None,
            microphone_broken: false,
        }
    }
}
