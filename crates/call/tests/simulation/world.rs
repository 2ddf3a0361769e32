//! The world of the simulation: time, and everything that is under way in it.

pub(crate) mod chance;
mod media;
mod names;
mod network;
mod page;
mod people;
mod rules;
mod server;
mod story;
pub(crate) mod tally;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use call::phone::Slot;
use call::switchboard::Reach;
use protocol::Timestamp;
use uuid::Uuid;

use super::script::{Script, Weather};
use chance::Chance;
use media::{End, Operation};
use network::{Frame, Socket};
use page::{Page, Pending};
use server::Server;
use tally::Tally;

/// When the story begins, by the server's clock.
const BEGINNING: i64 = 1_000_000_000;
/// More events than any story of a few minutes can have.
const EVENTS_MAX: u32 = 200_000;

pub(crate) struct World {
    /// True time, which is the server's; every device has a clock of its own.
    now: i64,
    chance: Chance,
    weather: Weather,
    /// The network is good from now on, and every device finds its way back.
    healed: bool,
    events: BinaryHeap<Reverse<Event>>,
    /// How many events there ever were: those of one moment happen in the order in which they were made.
    made: u64,
    happened: u32,
    ids: u128,
    server: Server,
    pages: Vec<Page>,
    sockets: Vec<Socket>,
    /// Whose calls do not ring at whom.
    unwanted: BTreeMap<(usize, usize), Reach>,
    /// Who is offered a second call.
    call_waiting: Vec<bool>,
    /// Pairs of pages between which no sound comes through.
    broken_paths: BTreeSet<(usize, usize)>,
    /// What happened, where it is told.
    story: Option<Vec<String>>,
    pub(crate) tally: Tally,
}

struct Event {
    at: i64,
    number: u64,
    what: What,
}

enum What {
    ServerTick,
    PageTick {
        page: usize,
        life: u32,
    },
    /// A request arrives at the server.
    Up {
        socket: usize,
        number: u64,
        sent: Pending,
    },
    /// A frame arrives at the client.
    Down {
        socket: usize,
        number: u64,
        frame: Frame,
    },
    ClientLoses {
        socket: usize,
    },
    ServerLoses {
        socket: usize,
    },
    /// A new socket is there.
    Connects {
        page: usize,
        life: u32,
    },
    ComesOnline {
        page: usize,
    },
    MicrophoneSettles {
        page: usize,
        slot: Slot,
        microphone: u64,
    },
    /// What the peer connection was asked for is done.
    Done {
        end: End,
        operation: Operation,
    },
    /// Two ends that know each other find a path.
    PathFound {
        end: End,
        other: End,
    },
    /// An end hears the other, as browsers tell about twice a second.
    Hears {
        end: End,
    },
    /// An end notices that nothing comes through any more.
    Silence {
        end: End,
    },
    /// An end gives up on a path, of the description with that mark.
    Fails {
        end: End,
        ufrag: String,
    },
    Control {
        to: End,
        from: End,
        message: protocol::control::ControlMessage,
    },
    Dials {
        page: usize,
        callee: usize,
    },
}

impl World {
    pub(crate) fn new(script: &Script, told: bool) -> Self {
        let mut world = Self {
            now: BEGINNING,
            chance: Chance::new(!script.seed),
            weather: script.weather,
            healed: false,
            events: BinaryHeap::new(),
            made: 0,
            happened: 0,
            ids: 0,
            server: Server::new(),
            pages: Vec::new(),
            sockets: Vec::new(),
            unwanted: script.unwanted.iter().copied().collect(),
            call_waiting: script.call_waiting.clone(),
            broken_paths: BTreeSet::new(),
            story: told.then(Vec::new),
            tally: Tally::default(),
        };
        for (person, &devices) in script.devices.iter().enumerate() {
            for device in 1..=devices {
                let clock = world.chance.between(-1_000_000, 1_000_000);
                world.pages.push(Page::new(person, device, clock));
            }
        }
        for page in 0..world.pages.len() {
            world.connect(page, 0);
        }
        world
    }

    /// Lets time pass, and everything happen that is due meanwhile.
    pub(crate) fn wait(&mut self, milliseconds: i64) {
        let until = self.now + milliseconds;
        while self
            .events
            .peek()
            .is_some_and(|Reverse(event)| event.at <= until)
        {
            let Some(Reverse(event)) = self.events.pop() else {
                break;
            };
            self.now = self.now.max(event.at);
            self.happened += 1;
            assert!(self.happened < EVENTS_MAX, "it never comes to rest");
            self.happen(event.what);
        }
        self.now = until;
    }

    fn happen(&mut self, what: What) {
        match what {
            What::ServerTick => self.server_tick(),
            What::PageTick { page, life } => self.page_tick(page, life),
            What::Up {
                socket,
                number,
                sent,
            } => self.arrives_at_server(socket, number, sent),
            What::Down {
                socket,
                number,
                frame,
            } => self.arrives_at_client(socket, number, frame),
            What::ClientLoses { socket } => self.client_loses(socket),
            What::ServerLoses { socket } => self.server_loses(socket),
            What::Connects { page, life } => self.connects(page, life),
            What::ComesOnline { page } => self.come_online(page),
            What::MicrophoneSettles {
                page,
                slot,
                microphone,
            } => {
                self.microphone_settles(page, slot, microphone);
            }
            What::Done { end, operation } => self.peer_did(end, operation),
            What::PathFound { end, other } => self.path_found(end, other),
            What::Hears { end } => self.hears(end),
            What::Silence { end } => self.falls_silent(end),
            What::Fails { end, ufrag } => self.path_fails(end, &ufrag),
            What::Control { to, from, message } => self.control_arrives(to, from, message),
            What::Dials { page, callee } => self.dial(page, callee),
        }
    }

    /// Makes something happen in so many milliseconds.
    fn later(&mut self, milliseconds: i64, what: What) {
        self.at(self.now + milliseconds, what);
    }

    fn at(&mut self, at: i64, what: What) {
        self.made += 1;
        self.events.push(Reverse(Event {
            at,
            number: self.made,
            what,
        }));
    }

    fn server_now(&self) -> Timestamp {
        Timestamp(self.now)
    }

    fn id(&mut self) -> Uuid {
        self.ids += 1;
        Uuid::from_u128(self.ids)
    }

    /// A number that nothing else has.
    fn number(&mut self) -> u64 {
        self.ids += 1;
        u64::try_from(self.ids).unwrap()
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Event {}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Event {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}
