//! Sends packets and reads what comes back.
//!
//! Voice is sent by one thread and read by another, so that neither waits for the other; a saturated load by one thread that
//! sends a packet for each that it has read.

use std::io::{self, ErrorKind};
use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::epoll;
use rustix::fd::OwnedFd;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::cpu;

/// From one packet of a stream to its next.
const INTERVAL: Duration = Duration::from_millis(20);
/// What a packet carries: 20 ms of Opus at 64 kbit/s.
pub(crate) const PAYLOAD_BYTES: u16 = 160;
/// With the header of channel data.
pub(crate) const PACKET_BYTES: usize = 4 + PAYLOAD_BYTES as usize;
/// Packets of a stream that are on the way at once in a saturated load.
const WINDOW: usize = 4;
/// Packets that have not come back so long after the last one was sent are lost.
const GRACE: Duration = Duration::from_millis(300);
/// In a saturated load: so long without any packet, and a new window is sent.
const STALL: Duration = Duration::from_millis(50);
/// Sockets asked for at once.
const EVENTS: usize = 64;

/// One direction of a call, as the socket of its sender; the next in the list, or the one before it, is its receiver.
#[derive(Debug)]
pub(crate) struct Stream {
    socket: UdpSocket,
    /// The channel whose header its packets have.
    channel: Option<u16>,
}

/// All of them, and what tells which have something to read.
#[derive(Debug)]
pub(crate) struct Streams {
    all: Vec<Stream>,
    readable: OwnedFd,
}

/// What became of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) offered: u64,
    pub(crate) sent: u64,
    pub(crate) delays: Vec<Duration>,
    /// Processor time of this program at its end.
    pub(crate) cpu: Duration,
}

/// A packet as it is written and read.
#[derive(Debug)]
struct Packet {
    bytes: [u8; PACKET_BYTES],
    began: Instant,
}

impl Stream {
    pub(crate) fn new(socket: UdpSocket, channel: Option<u16>) -> Self {
        Self { socket, channel }
    }

    /// Whether it could be sent.
    fn send(&self, packet: &mut Packet) -> bool {
        self.socket.send(packet.stamped(self.channel)).is_ok()
    }

    /// How long a packet has travelled; nothing where none waits.
    fn read(&self, packet: &mut Packet) -> io::Result<Option<Duration>> {
        match self.socket.recv(&mut packet.bytes) {
            Ok(length) => packet.age(length, self.channel).map(Some),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Packet {
    fn new(began: Instant) -> Self {
        Self {
            bytes: [0; PACKET_BYTES],
            began,
        }
    }

    fn stamped(&mut self, channel: Option<u16>) -> &[u8] {
        let [one, other] = channel.unwrap_or_default().to_be_bytes();
        let [high, low] = PAYLOAD_BYTES.to_be_bytes();
        self.bytes[..4].copy_from_slice(&[one, other, high, low]);
        let age = nanoseconds(now().duration_since(self.began));
        self.bytes[4..12].copy_from_slice(&age.to_be_bytes());
        &self.bytes[start(channel)..]
    }

    fn age(&self, length: usize, channel: Option<u16>) -> io::Result<Duration> {
        let at = 4 - start(channel);
        let stamp = self.bytes.get(at..at + 8).and_then(|it| it.try_into().ok());
        let stamp = stamp.filter(|_| length == self.bytes.len() - start(channel));
        let stamp = stamp.ok_or_else(|| io::Error::other("a packet came back changed"))?;
        let sent = Duration::from_nanos(u64::from_be_bytes(stamp));
        Ok(now().duration_since(self.began).saturating_sub(sent))
    }
}

/// Where a packet begins: channel data has a header.
const fn start(channel: Option<u16>) -> usize {
    if channel.is_some() { 0 } else { 4 }
}

impl Streams {
    pub(crate) fn new(all: Vec<Stream>) -> io::Result<Self> {
        let readable = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        for (place, stream) in all.iter().enumerate() {
            stream.socket.set_nonblocking(true)?;
            let data = epoll::EventData::new_u64(place as u64);
            epoll::add(&readable, &stream.socket, data, epoll::EventFlags::IN)?;
        }
        Ok(Self { all, readable })
    }

    /// Reads one packet of each socket that has one, waiting at most so long for the first. Says how many there were.
    fn read(
        &self,
        wait: Duration,
        packet: &mut Packet,
        mut take: impl FnMut(usize, Duration),
    ) -> io::Result<usize> {
        let mut events = [epoll::Event {
            flags: epoll::EventFlags::empty(),
            data: epoll::EventData::new_u64(0),
        }; EVENTS];
        let timeout = rustix::event::Timespec {
            tv_sec: 0,
            tv_nsec: i64::from(wait.subsec_nanos()),
        };
        let count = epoll::wait(&self.readable, &mut events, Some(&timeout))?;
        for event in &events[..count] {
            let place = usize::try_from(event.data.u64()).map_err(io::Error::other)?;
            if let Some(age) = self.all[place].read(packet)? {
                take(place, age);
            }
        }
        Ok(count)
    }
}

/// Lets all streams talk for so long.
pub(crate) fn voice(streams: &Streams, time: Duration) -> io::Result<Ran> {
    let began = now();
    let ended = AtomicBool::new(false);
    let sent = AtomicU64::new(0);
    let rounds = u32::try_from(time.as_millis() / INTERVAL.as_millis()).unwrap_or(u32::MAX);
    let offered = u64::from(rounds) * streams.all.len() as u64;
    let delays = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut packet = Packet::new(began);
            let mut delays = Vec::with_capacity(usize::try_from(offered).unwrap_or_default());
            let mut quiet_since = now();
            loop {
                let read = streams.read(GRACE, &mut packet, |_, age| delays.push(age))?;
                if read > 0 {
                    quiet_since = now();
                }
                let all = delays.len() as u64 >= sent.load(Ordering::Relaxed);
                if ended.load(Ordering::Acquire) && (all || now() >= quiet_since + GRACE) {
                    return Ok::<_, io::Error>(delays);
                }
            }
        });
        let mut packet = Packet::new(began);
        let step = INTERVAL / u32::try_from(streams.all.len()).unwrap_or(u32::MAX);
        for round in 0..rounds {
            let mut due = began + INTERVAL * round;
            for stream in &streams.all {
                wait_until(due);
                sent.fetch_add(u64::from(stream.send(&mut packet)), Ordering::Relaxed);
                due += step;
            }
        }
        ended.store(true, Ordering::Release);
        reader
            .join()
            .map_err(|_| io::Error::other("the reader failed"))?
    })?;
    Ok(Ran {
        offered,
        sent: sent.into_inner(),
        delays,
        cpu: cpu::own(),
    })
}

/// Keeps [`WINDOW`] packets of every stream on the way for so long.
pub(crate) fn saturated(streams: &Streams, time: Duration) -> io::Result<Ran> {
    let began = now();
    let mut packet = Packet::new(began);
    let mut delays = Vec::new();
    let mut sent = 0;
    let mut arrived = Vec::with_capacity(EVENTS);
    while now() < began + time {
        arrived.clear();
        let count = streams.read(STALL, &mut packet, |place, age| {
            arrived.push(place);
            delays.push(age);
        })?;
        // The receiver of a stream is the sender of the other way, so it answers.
        for &place in &arrived {
            sent += u64::from(streams.all[place].send(&mut packet));
        }
        if count == 0 {
            for _ in 0..WINDOW {
                for stream in &streams.all {
                    sent += u64::from(stream.send(&mut packet));
                }
            }
        }
    }
    let cpu = cpu::own();
    while streams.read(GRACE, &mut packet, |_, age| delays.push(age))? > 0 {}
    Ok(Ran {
        offered: sent,
        sent,
        delays,
        cpu,
    })
}

/// Keeps this thread, and processes that it starts, on these processors.
pub(crate) fn stay_on(processors: &[usize]) -> io::Result<()> {
    let mut set = CpuSet::new();
    for &processor in processors {
        set.set(processor);
    }
    Ok(sched_setaffinity(None, &set)?)
}

/// Where this thread may run.
pub(crate) fn processors() -> io::Result<Vec<usize>> {
    let set = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU).filter(|&it| set.is_set(it)).collect())
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the clock of a program that measures"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[expect(
    clippy::disallowed_methods,
    reason = "packets of voice leave at their time"
)]
fn wait_until(due: Instant) {
    let left = due.saturating_duration_since(now());
    if !left.is_zero() {
        thread::sleep(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_tells_its_age_with_a_header_and_without() {
        for channel in [None, Some(0x4000)] {
            let mut packet = Packet::new(now());
            let bytes = packet.stamped(channel).to_vec();
            assert_eq!(bytes.len(), PACKET_BYTES - start(channel));
            packet.bytes[..bytes.len()].copy_from_slice(&bytes);
            assert!(packet.age(bytes.len(), channel).unwrap() < Duration::from_mins(1));
            assert!(packet.age(bytes.len() - 1, channel).is_err(), "cut off");
        }
    }
}
