//! The states of the whole, and what may happen in each.
//!
//! A machine is pure, so what it makes of one thing is worked out once and remembered; a state of the whole is a row of
//! numbers of machines and channels.
//!
//! Each machine has a clock of its own that only its own timers move: timers of one machine fire in their order, those
//! of different machines in any order and whatever is under way. That is more than can happen, and nothing of what can
//! happen to the order of things is left out for want of time.
//!
//! Many orders make no difference: what one device does and what another does, each with its own channels. So where a device
//! has a frame to take, only this device's moves are looked at in that state (`ample`): everything that others may do
//! before leaves these moves as they are, and comes after them to the same end. Not so where a move
//! changes what `check` looks at, or where a lost socket may empty the channels. That is partial order reduction by ample
//! sets (Clarke, Grumberg, Peled: Model Checking, chapter 10); its fourth condition holds because no run goes round.

use std::collections::HashMap;

use protocol::CallId;

use crate::check;
use crate::device::{Device, Frame, Press, Sent, person};
use crate::mark::{self, Mark, Store};
use crate::plain::plain;
use crate::server::{Server, Told};

const DEVICES: usize = 4;
/// More than any channel ever holds.
const CHANNEL_MAX: usize = 32;

/// What people and the network may do, how often.
#[derive(Clone, Default)]
pub(crate) struct Alphabet {
    dials: [u8; DEVICES],
    takes: [u8; DEVICES],
    losses: [u8; DEVICES],
    idle: [bool; DEVICES],
    absent: [bool; DEVICES],
}

impl Alphabet {
    /// Nobody begins anything; whatever the screen offers may be pressed.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The device calls the other person, once more.
    pub(crate) fn dials(mut self, device: usize) -> Self {
        self.dials[device] += 1;
        self
    }

    /// Nobody presses anything on the device; it rings, is told, and falls silent.
    pub(crate) fn lies_there(mut self, device: usize) -> Self {
        self.idle[device] = true;
        self
    }

    /// The device is switched off.
    pub(crate) fn without(mut self, device: usize) -> Self {
        self.absent[device] = true;
        self
    }

    /// A call is moved to the device, once more.
    pub(crate) fn takes(mut self, device: usize) -> Self {
        self.takes[device] += 1;
        self
    }

    /// The device loses its socket, once more, with all that is under way.
    pub(crate) fn loses_socket(mut self, device: usize) -> Self {
        self.losses[device] += 1;
        self
    }
}

/// Numbers of what is where. `links` has four bits for each device, then two for its losses that are left.
#[derive(Clone, Copy)]
pub(crate) struct State {
    server: u32,
    devices: [u32; DEVICES],
    up: [u32; DEVICES],
    down: [u32; DEVICES],
    links: u32,
}

/// A socket that is gone, and who knows.
const GONE: u32 = 1;
const CLIENT_KNOWS: u32 = 2;
const SERVER_KNOWS: u32 = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Move {
    /// The next request of a device arrives.
    Up(usize),
    /// The next frame for a device arrives.
    Down(usize),
    Device(usize, Press),
    ServerTick,
    SocketDies(usize),
    ServerNotices(usize),
    Connects(usize),
}

/// A device and what the search asks of it again and again.
struct Known {
    device: Device,
    presses: Vec<Press>,
    talks: Option<CallId>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum What {
    Frame(u32),
    Press(Press),
    Connects,
    Loses,
}

/// What came of something: the machine afterwards, and what it sent to or from which device.
type Outcome = (u32, Vec<(usize, u32)>);

pub(crate) struct Model {
    servers: Store<Server>,
    devices: Store<Known>,
    channels: Store<Vec<u32>>,
    sent: Store<Sent>,
    frames: Store<Frame>,
    of_device: HashMap<(u32, What), Outcome>,
    of_server: HashMap<(u32, usize, What), Outcome>,
    /// Whether a call may be on two devices of a person for a moment, because it moves.
    moves: bool,
}

impl Model {
    pub(crate) fn new() -> Self {
        let mut channels = Store::new();
        channels.number(mark::of_words(&[]), Vec::new);
        Self {
            servers: Store::new(),
            devices: Store::new(),
            channels,
            sent: Store::new(),
            frames: Store::new(),
            of_device: HashMap::new(),
            of_server: HashMap::new(),
            moves: false,
        }
    }

    /// Everybody is connected and greeted, and nothing has happened.
    pub(crate) fn first(&mut self, alphabet: &Alphabet) -> State {
        self.moves = alphabet.takes.iter().any(|&takes| takes > 0);
        let mut server = Server::new();
        let devices = std::array::from_fn(|number| {
            let mut device = Device::new(
                number,
                alphabet.dials[number],
                alphabet.takes[number],
                alphabet.idle[number],
            );
            if !alphabet.absent[number] {
                let mut told = Vec::new();
                server.connects(number, &mut told);
                for (_, frame) in told {
                    device.frame(frame, &mut Vec::new());
                }
            }
            self.keep_device(device)
        });
        let losses = alphabet.losses.iter().zip(0..);
        State {
            server: self.keep_server(server),
            devices,
            up: [0; DEVICES],
            down: [0; DEVICES],
            links: losses.fold(0, |links, (&left, device)| {
                links | u32::from(left) << (16 + 2 * device)
            }),
        }
    }

    /// All that may happen next, or as much of it as makes a difference.
    pub(crate) fn moves(&mut self, state: &State) -> Vec<Move> {
        if let Some(moves) = self.ample(state) {
            return moves;
        }
        let mut moves = Vec::new();
        for device in 0..DEVICES {
            if state.up[device] != 0 {
                moves.push(Move::Up(device));
            }
            self.device_moves(state, device, &mut moves);
            let link = state.link(device);
            if link & GONE == 0 && state.losses(device) > 0 {
                moves.push(Move::SocketDies(device));
            }
            if link & GONE != 0 && link & CLIENT_KNOWS == 0 {
                moves.push(Move::Device(device, Press::SocketLost));
            }
            if link & GONE != 0 && link & SERVER_KNOWS == 0 {
                moves.push(Move::ServerNotices(device));
            }
            if link & GONE != 0 && link & CLIENT_KNOWS != 0 {
                moves.push(Move::Connects(device));
            }
        }
        if self.servers.get(state.server).deadline().is_some() {
            moves.push(Move::ServerTick);
        }
        moves
    }

    fn device_moves(&self, state: &State, device: usize, moves: &mut Vec<Move>) {
        if state.down[device] != 0 {
            moves.push(Move::Down(device));
        }
        let known = self.devices.get(state.devices[device]);
        moves.extend(
            known
                .presses
                .iter()
                .map(|&press| Move::Device(device, press)),
        );
    }

    /// The moves of one device that has a frame to take, where the others may wait.
    fn ample(&mut self, state: &State) -> Option<Vec<Move>> {
        let mut best: Option<Vec<Move>> = None;
        for device in 0..DEVICES {
            if state.down[device] == 0 || state.link(device) & GONE != 0 || state.losses(device) > 0
            {
                continue;
            }
            let mut moves = Vec::new();
            self.device_moves(state, device, &mut moves);
            let fewer = best.as_ref().is_none_or(|best| moves.len() < best.len());
            if fewer && self.are_unseen(state, device, &moves) {
                best = Some(moves);
            }
        }
        best
    }

    /// Whether none of a device's moves changes what is looked at together with another device.
    fn are_unseen(&mut self, state: &State, device: usize, moves: &[Move]) -> bool {
        let talks = self.devices.get(state.devices[device]).talks;
        moves.iter().all(|&one| {
            let after = self.after(state, one);
            self.devices.get(after.devices[device]).talks == talks
        })
    }

    pub(crate) fn after(&mut self, state: &State, one: Move) -> State {
        let mut next = *state;
        match one {
            Move::Up(device) => {
                let sent = self.pop(&mut next.up[device]);
                self.server_does(&mut next, device, What::Frame(sent));
            }
            Move::Down(device) => {
                let frame = self.pop(&mut next.down[device]);
                self.device_does(&mut next, device, What::Frame(frame));
            }
            Move::Device(device, press) => {
                if press == Press::SocketLost {
                    next.set_link(device, next.link(device) | CLIENT_KNOWS);
                }
                self.device_does(&mut next, device, What::Press(press));
            }
            Move::ServerTick => {
                self.server_does(&mut next, 0, What::Press(Press::Tick));
            }
            Move::SocketDies(device) => {
                next.links -= 1 << (16 + 2 * device);
                next.set_link(device, GONE);
                next.up[device] = 0;
                next.down[device] = 0;
            }
            Move::ServerNotices(device) => {
                next.set_link(device, next.link(device) | SERVER_KNOWS);
                self.server_does(&mut next, device, What::Loses);
            }
            Move::Connects(device) => {
                next.set_link(device, 0);
                self.server_does(&mut next, device, What::Connects);
            }
        }
        self.check(&next);
        next
    }

    fn check(&self, state: &State) {
        let talks = |device: usize| self.devices.get(state.devices[device]).talks;
        for person in [0, 2] {
            let both = talks(person).is_some() && talks(person) == talks(person + 1);
            assert!(
                self.moves || !both,
                "both devices of a person talk in one call"
            );
        }
    }

    /// What must be so where nothing can happen any more.
    pub(crate) fn check_rest(&self, state: &State) {
        check::server_at_rest(self.servers.get(state.server));
        for device in state.devices {
            check::device_at_rest(&self.devices.get(device).device);
        }
    }

    fn device_does(&mut self, state: &mut State, device: usize, what: What) {
        let key = (state.devices[device], what);
        if !self.of_device.contains_key(&key) {
            let outcome = self.device_outcome(state, device, what);
            self.of_device.insert(key, outcome);
        }
        let (after, sent) = &self.of_device[&key];
        state.devices[device] = *after;
        if state.link(device) & GONE == 0 {
            for &(_, sent) in sent {
                push(&mut self.channels, &mut state.up[device], sent);
            }
        }
    }

    fn device_outcome(&mut self, state: &State, device: usize, what: What) -> Outcome {
        let mut it = self.devices.get(state.devices[device]).device.clone();
        let mut sent = Vec::new();
        match what {
            What::Frame(frame) => it.frame(self.frames.get(frame).clone(), &mut sent),
            What::Press(press) => it.press(press, &mut sent),
            What::Connects | What::Loses => unreachable!("that is the server's"),
        }
        let sent = sent
            .into_iter()
            .map(|sent| (device, self.sent.number(mark::of(&sent), || sent)));
        let sent = sent.collect();
        (self.keep_device(it), sent)
    }

    fn server_key(&mut self, state: &State, device: usize, what: What) -> (u32, usize, What) {
        let key = (state.server, device, what);
        if !self.of_server.contains_key(&key) {
            let outcome = self.server_outcome(state, device, what);
            self.of_server.insert(key, outcome);
        }
        key
    }

    fn server_does(&mut self, state: &mut State, device: usize, what: What) {
        let key = self.server_key(state, device, what);
        let (after, told) = &self.of_server[&key];
        state.server = *after;
        for &(to, frame) in told {
            if state.link(to) & GONE == 0 {
                push(&mut self.channels, &mut state.down[to], frame);
            }
        }
    }

    fn server_outcome(&mut self, state: &State, device: usize, what: What) -> Outcome {
        let mut server = self.servers.get(state.server).clone();
        let mut told: Vec<Told> = Vec::new();
        match what {
            What::Frame(sent) => server.request(device, self.sent.get(sent).clone(), &mut told),
            What::Press(_) => server.tick(&mut told),
            What::Connects => server.connects(device, &mut told),
            What::Loses => server.loses(device, &mut told),
        }
        let told = told
            .into_iter()
            .map(|(to, frame)| (to, self.frames.number(mark::of(&frame), || frame)));
        let told = told.collect();
        (self.keep_server(server), told)
    }

    fn pop(&mut self, channel: &mut u32) -> u32 {
        let mut all = self.channels.get(*channel).clone();
        let first = all.remove(0);
        *channel = self.channels.number(mark::of_words(&all), || all);
        first
    }

    fn keep_server(&mut self, server: Server) -> u32 {
        self.servers.number(mark::of(&server), || server)
    }

    fn keep_device(&mut self, device: Device) -> u32 {
        self.devices.number(mark::of(&device), || Known {
            presses: device.presses(),
            talks: check::talks(&device.view().current),
            device,
        })
    }

    /// How many different machines and channels there were.
    pub(crate) fn parts(&self) -> String {
        format!(
            "{} switchboards, {} devices, {} channels",
            self.servers.len(),
            self.devices.len(),
            self.channels.len()
        )
    }

    /// What a move is, for people.
    pub(crate) fn tell(&self, state: &State, one: Move) -> String {
        let name = |device| format!("{} {}", ["Ada", "Ben"][person(device)], device % 2 + 1);
        let first = |channel: u32| self.channels.get(channel)[0];
        plain(match one {
            Move::Up(device) => {
                let sent = self.sent.get(first(state.up[device]));
                format!("server ← {} {sent:?}", name(device))
            }
            Move::Down(device) => {
                let frame = self.frames.get(first(state.down[device]));
                format!("{} ← {frame:?}", name(device))
            }
            Move::Device(device, press) => format!("{}: {press:?}", name(device)),
            Move::ServerTick => "server: Tick".to_owned(),
            Move::SocketDies(device) => format!("the socket of {} is dead", name(device)),
            Move::ServerNotices(device) => format!("the server gives {} up", name(device)),
            Move::Connects(device) => format!("{} connects", name(device)),
        })
    }

    /// What all screens show, for people.
    pub(crate) fn screens(&self, state: &State) -> String {
        let views = state.devices.iter().map(|&device| {
            let known = self.devices.get(device);
            plain(format!(
                "        {} {:?}\n",
                known.device.number,
                known.device.view()
            ))
        });
        views.collect()
    }
}

impl State {
    pub(crate) fn mark(&self) -> Mark {
        let mut words = [0; 2 + 3 * DEVICES];
        words[..2].copy_from_slice(&[self.server, self.links]);
        words[2..6].copy_from_slice(&self.devices);
        words[6..10].copy_from_slice(&self.up);
        words[10..].copy_from_slice(&self.down);
        mark::of_words(&words)
    }

    fn link(&self, device: usize) -> u32 {
        self.links >> (4 * device) & 0xf
    }

    fn set_link(&mut self, device: usize, link: u32) {
        self.links = self.links & !(0xf << (4 * device)) | link << (4 * device);
    }

    fn losses(&self, device: usize) -> u32 {
        self.links >> (16 + 2 * device) & 3
    }
}

fn push(channels: &mut Store<Vec<u32>>, channel: &mut u32, frame: u32) {
    let mut all = channels.get(*channel).clone();
    all.push(frame);
    assert!(all.len() <= CHANNEL_MAX, "a channel grows without bound");
    *channel = channels.number(mark::of_words(&all), || all);
}
