//! What the relay's one lock lets through, without any socket: threads give packets of their own streams to the same relay
//! as fast as they can. How it does with more processors than the machine has, it does not tell.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use relay::{
    Bandwidth, ClientId, Config, Credential, Delivery, Device, Group, Key, Now, Quotas, Relay,
    Transport, UnixSeconds,
};

use crate::load::{PACKET_BYTES, PAYLOAD_BYTES};
use crate::turn::{CHANNEL, Client, Login};

/// Calls, each with a stream each way.
const CALLS: usize = 32;
/// How long the packets of one row are counted.
const RUN: Duration = Duration::from_secs(2);
/// A packet costs less than a look at the clock, so there is one look for so many.
const PACKETS_PER_LOOK: u32 = 256;
const KEY: Key = Key::new([7; 32]);
const CREDENTIAL_LIFE_SECONDS: u64 = 600;

/// So many threads, and the packets that they passed on in a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Passed {
    pub(crate) threads: usize,
    pub(crate) packets_per_second: u64,
}

/// Measures one thread, two, and so on up to one for each processor.
pub(crate) fn measure() -> io::Result<Vec<Passed>> {
    let relay = Shared::new()?;
    let clients = relay.allocate()?;
    let processors = thread::available_parallelism()?.get();
    (1..=processors)
        .map(|threads| relay.pass(&clients, threads))
        .collect()
}

struct Shared {
    core: Mutex<Relay>,
    started: Instant,
    unix: UnixSeconds,
}

impl Shared {
    fn new() -> io::Result<Self> {
        let bandwidth = Bandwidth {
            bytes_per_second: u32::MAX,
            burst_bytes: u32::MAX,
        };
        let quotas = Quotas {
            bandwidth,
            stranger_answers_per_second: 1_000_000,
            ..Quotas::default()
        };
        let config = Config {
            quotas,
            ..Config::default()
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "the clock of a program that measures"
        )]
        let (started, today) = (Instant::now(), SystemTime::now());
        let unix = today
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_err(io::Error::other)?;
        Ok(Self {
            core: Mutex::new(Relay::new(config, KEY).map_err(io::Error::other)?),
            started,
            unix: UnixSeconds(unix.as_secs()),
        })
    }

    fn now(&self) -> Now {
        let elapsed = self.started.elapsed();
        Now {
            elapsed,
            unix: UnixSeconds(self.unix.0 + elapsed.as_secs()),
        }
    }

    fn receive(&self, now: Now, client: ClientId, packet: &[u8], out: &mut Vec<u8>) -> Delivery {
        let mut core = self.core.lock().unwrap_or_else(PoisonError::into_inner);
        core.receive(now, client, packet, out)
    }

    /// Gives every client its allocation and channel, over a real socket, which is not used after that.
    fn allocate(&self) -> io::Result<Vec<ClientId>> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_read_timeout(Some(Duration::from_millis(50)))?;
        let at = socket.local_addr()?;
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let serving = scope.spawn(|| self.serve(&socket, at, &over));
            // They stay open till all have theirs: a port that is free again would be another's client with this one's allocation.
            let calls: io::Result<Vec<_>> = (0..CALLS).map(|call| self.call(call, at)).collect();
            over.store(true, Ordering::Relaxed);
            serving
                .join()
                .map_err(|_| io::Error::other("the relay panicked"))??;
            let own = |socket: &UdpSocket| Ok(client(at, socket.local_addr()?));
            calls?.iter().flatten().map(own).collect()
        })
    }

    fn serve(&self, socket: &UdpSocket, at: SocketAddr, over: &AtomicBool) -> io::Result<()> {
        let mut packet = [0; 1500];
        let mut out = Vec::new();
        while !over.load(Ordering::Relaxed) {
            let (length, from) = match socket.recv_from(&mut packet) {
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error),
            };
            let packet = &packet[..length];
            if let Delivery::Client(to) =
                self.receive(self.now(), client(at, from), packet, &mut out)
            {
                socket.send_to(&out, to.remote)?;
            }
        }
        Ok(())
    }

    /// The sockets of the two devices of a call.
    fn call(&self, call: usize, at: SocketAddr) -> io::Result<[UdpSocket; 2]> {
        let sockets = [connected(at)?, connected(at)?];
        let [mut one, mut other] = [
            Client::new(&sockets[0], self.login(call, "one")?),
            Client::new(&sockets[1], self.login(call, "other")?),
        ];
        let relayed = [one.allocate()?, other.allocate()?];
        one.bind(relayed[1])?;
        other.bind(relayed[0])?;
        Ok(sockets)
    }

    fn login(&self, call: usize, side: &str) -> io::Result<Login> {
        let group = Group::new(&format!("call-{call}")).map_err(io::Error::other)?;
        let device = Device::new(side).map_err(io::Error::other)?;
        let expires = UnixSeconds(self.unix.0 + CREDENTIAL_LIFE_SECONDS);
        let credential = Credential::mint(&KEY, &group, &device, expires);
        Ok(Login {
            username: credential.username,
            password: credential.password.reveal().to_owned(),
        })
    }

    /// So many threads at once, each with streams of its own.
    fn pass(&self, clients: &[ClientId], threads: usize) -> io::Result<Passed> {
        let until = self.started.elapsed() + RUN;
        let passed = thread::scope(|scope| {
            let shares = clients.chunks(clients.len().div_ceil(threads));
            let running: Vec<_> = shares
                .map(|share| scope.spawn(move || self.flood(share, until)))
                .collect();
            running
                .into_iter()
                .map(|thread| {
                    thread
                        .join()
                        .map_err(|_| io::Error::other("the relay panicked"))?
                })
                .sum::<io::Result<u64>>()
        })?;
        Ok(Passed {
            threads,
            packets_per_second: passed / RUN.as_secs(),
        })
    }

    /// Every packet must come out at the other end of its call.
    fn flood(&self, clients: &[ClientId], until: Duration) -> io::Result<u64> {
        let packet = channel_data();
        let mut out = Vec::with_capacity(packet.len());
        let mut passed = 0;
        for (round, &client) in clients.iter().cycle().enumerate() {
            let now = self.now();
            if now.elapsed >= until {
                break;
            }
            for _ in 0..PACKETS_PER_LOOK {
                match self.receive(now, client, &packet, &mut out) {
                    Delivery::Client(to) if to != client => passed += 1,
                    other => {
                        return Err(io::Error::other(format!("round {round}: {other:?}")));
                    }
                }
            }
        }
        Ok(passed)
    }
}

fn connected(to: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.connect(to)?;
    Ok(socket)
}

fn client(local: SocketAddr, remote: SocketAddr) -> ClientId {
    ClientId {
        transport: Transport::Udp,
        local,
        remote,
    }
}

fn channel_data() -> Vec<u8> {
    let mut packet = vec![0x55; PACKET_BYTES];
    packet[..2].copy_from_slice(&CHANNEL.to_be_bytes());
    packet[2..4].copy_from_slice(&PAYLOAD_BYTES.to_be_bytes());
    packet
}
