//! One contender under one load: sets the streams up, lets them run, says what it took.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::time::Duration;

use crate::contender::{Contender, Kind};
use crate::cpu;
use crate::forwarder;
use crate::load::{self, Stream, Streams};
use crate::turn::{self, Client};

/// What is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    /// So many streams of voice, evenly spread in time.
    Voice { streams: usize },
    /// So many streams, each with packets on the way at every moment: as fast as they come back. The contender has one
    /// processor for itself and the load generator another.
    Saturated { streams: usize },
}

impl Load {
    pub(crate) const fn streams(self) -> usize {
        match self {
            Self::Voice { streams } | Self::Saturated { streams } => streams,
        }
    }
}

/// A contender under a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) kind: Kind,
    pub(crate) load: Load,
}

/// What was measured of it in one round.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) cell: Cell,
    pub(crate) figures: Figures,
}

/// What a round took.
#[derive(Debug, Clone)]
pub(crate) struct Figures {
    pub(crate) wall: Duration,
    /// Packets that should have been sent; in a saturated row as many as were.
    pub(crate) offered: u64,
    pub(crate) sent: u64,
    pub(crate) received: u64,
    /// From the moment a packet was sent to the moment it was read, in order.
    pub(crate) delays: Vec<Duration>,
    /// Processor time of the contender.
    pub(crate) server_cpu: Duration,
    /// Processor time of this program.
    pub(crate) own_cpu: Duration,
}

/// How long the streams run before anything is counted.
const WARM_UP: Duration = Duration::from_millis(500);
/// How long they are counted.
const RUN: Duration = Duration::from_secs(5);
/// Clients with one source address: servers limit what one may ask for.
const CLIENTS_PER_ADDRESS: usize = 50;
/// Where the contender runs in a saturated row, and where this program does.
const PROCESSORS: [usize; 2] = [0, 1];

/// Measures one cell.
pub(crate) fn measure(cell: Cell, ahoy: &Path) -> io::Result<Figures> {
    let contender = match cell.load {
        Load::Voice { .. } => Contender::start(cell.kind, ahoy)?,
        Load::Saturated { .. } => {
            let all = load::processors()?;
            load::stay_on(&[PROCESSORS[0]])?;
            let started = Contender::start(cell.kind, ahoy);
            load::stay_on(&all)?;
            started?
        }
    };
    let streams = streams(&contender, cell.load.streams())?;
    run(cell.load, &streams, WARM_UP)?;
    let (server, own) = (cpu::used(contender.process())?, cpu::own());
    let ran = run(cell.load, &streams, RUN)?;
    let mut delays = ran.delays;
    delays.sort_unstable();
    Ok(Figures {
        wall: RUN,
        offered: ran.offered,
        sent: ran.sent,
        received: delays.len() as u64,
        delays,
        server_cpu: cpu::used(contender.process())?.saturating_sub(server),
        own_cpu: ran.cpu.saturating_sub(own),
    })
}

fn run(load: Load, streams: &Streams, time: Duration) -> io::Result<load::Ran> {
    match load {
        Load::Voice { .. } => load::voice(streams, time),
        Load::Saturated { .. } => {
            let all = load::processors()?;
            load::stay_on(&[PROCESSORS[1]])?;
            let ran = load::saturated(streams, time);
            load::stay_on(&all)?;
            ran
        }
    }
}

/// Two streams for each pair of clients, one each way.
fn streams(contender: &Contender, count: usize) -> io::Result<Streams> {
    let mut streams = Vec::new();
    for pair in 0..count / 2 {
        let sockets = [socket(contender, pair)?, socket(contender, pair)?];
        match [contender.login(pair, 0)?, contender.login(pair, 1)?] {
            [Some(one), Some(other)] => {
                let mut clients = [
                    Client::new(&sockets[0], one),
                    Client::new(&sockets[1], other),
                ];
                let relayed = [clients[0].allocate()?, clients[1].allocate()?];
                clients[0].bind(relayed[1])?;
                clients[1].bind(relayed[0])?;
            }
            _ => register(&sockets, pair)?,
        }
        let header = match contender.kind() {
            Kind::Ahoy | Kind::Coturn => Some(turn::CHANNEL),
            Kind::Forwarder => None,
        };
        streams.extend(sockets.map(|socket| Stream::new(socket, header)));
    }
    Streams::new(streams)
}

/// A client's, at an address that few others have.
fn socket(contender: &Contender, pair: usize) -> io::Result<UdpSocket> {
    let block = 1 + pair * 2 / CLIENTS_PER_ADDRESS;
    let block = u8::try_from(block).map_err(io::Error::other)?;
    let socket = UdpSocket::bind(SocketAddr::from((Ipv4Addr::new(127, 0, 1, block), 0)))?;
    socket.connect(contender.address())?;
    Ok(socket)
}

fn register(sockets: &[UdpSocket; 2], pair: usize) -> io::Result<()> {
    let mut name = forwarder::REGISTER.to_vec();
    name.extend_from_slice(&(pair as u64).to_be_bytes());
    for socket in sockets {
        socket.send(&name)?;
        let mut answer = [0; 32];
        socket.set_read_timeout(Some(Duration::from_secs(1)))?;
        socket.recv(&mut answer)?;
    }
    Ok(())
}
