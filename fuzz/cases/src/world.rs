//! A relay with four clients, two of them in each of two calls, and what must hold whatever happens to it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use relay::{
    ClientId, Command, Config, Credential, Delivery, Device, Group, Key, Now, Ports, Relay,
    RelayedRange, SocketId, Transport, UnixSeconds,
};
use stun_types::attribute::Nonce;
use stun_types::message::Message;

use crate::attributes::signed_request;
use crate::step::Step;

const KEY: Key = Key::new([7; 32]);

/// Clients with a credential of their own.
const GUESTS: u8 = 4;

/// Clients with the same group as their neighbour.
const GUESTS_OF_A_GROUP: u8 = 2;

/// Methods of STUN and TURN, and two that nobody knows.
const METHODS: u8 = 12;

/// Channels that data comes on.
const CHANNELS: u8 = 4;

/// What a client was given.
pub struct Guest {
    /// For one call and ten minutes.
    pub credential: Credential,
    /// Empty before the first challenge.
    pub nonce: String,
    /// Its first relayed address, where the relay has one port.
    pub relayed: Option<SocketAddr>,
}

/// A relay, its clock and its clients.
pub struct World {
    relay: Relay,
    now: Now,
    guests: Vec<Guest>,
    /// Sockets that were opened.
    sockets: Vec<SocketId>,
    /// Sockets that are to be opened.
    wanted: Vec<SocketId>,
    out: Vec<u8>,
}

impl World {
    /// A relay with one port or with a range of four. All clients but the last have asked for an allocation.
    pub fn new(with_range: bool) -> Self {
        let ports = if with_range {
            Ports::Range(RelayedRange {
                ports: 50_000..=50_003,
                external_v4: Some([11, 0, 0, 1].into()),
                external_v6: Some("2a00::1".parse().expect("an address")),
                allow_private: false,
            })
        } else {
            Ports::One
        };
        let config = Config {
            ports,
            own_addresses: vec![[11, 0, 0, 2].into()],
            ..Config::default()
        };
        let now = Now {
            elapsed: Duration::from_secs(1),
            unix: UnixSeconds(1_800_000_000),
        };
        let mut world = Self {
            relay: Relay::new(config, KEY).expect("a good configuration"),
            now,
            guests: (0..GUESTS).map(|place| guest(now, place)).collect(),
            sockets: Vec::new(),
            wanted: Vec::new(),
            out: Vec::new(),
        };
        for place in 0..GUESTS {
            world.challenge(place);
            assert!(!world.guests[usize::from(place)].nonce.is_empty());
        }
        for place in 0..GUESTS - 1 {
            world.signed(place, 3, &[0, 0x19, 0, 4, 17, 0, 0, 0]);
            world.guests[usize::from(place)].relayed = relayed(&world.out);
        }
        world
    }

    /// A client, to sign requests by hand.
    pub fn guest(&self, place: u8) -> &Guest {
        &self.guests[usize::from(place % GUESTS)]
    }

    /// Lets something happen.
    pub fn step(&mut self, step: Step) {
        match step {
            Step::Packet { from, bytes } => self.receive(client(from), bytes),
            Step::Signed {
                from,
                method,
                attributes,
            } => self.signed(from % GUESTS, method % METHODS, attributes),
            Step::Channel {
                from,
                number,
                payload,
            } => self.receive(client(from), &channel_data(number % CHANNELS, payload)),
            Step::Peer {
                socket,
                peer,
                payload,
            } => self.receive_from_peer(socket, peer, payload),
            Step::Opened => {
                if let Some(socket) = self.wanted.pop() {
                    self.sockets.push(socket);
                    let to = self.relay.socket_opened(self.now, socket, &mut self.out);
                    self.check(to);
                }
            }
            Step::Failed => {
                if let Some(socket) = self.wanted.pop() {
                    let to = self.relay.socket_failed(socket, &mut self.out);
                    self.check(to);
                }
            }
            Step::Pass { milliseconds } => self.pass(milliseconds),
            Step::ClockSet { unix } => self.now.unix = UnixSeconds(unix),
            Step::Gone { client: place } => self.relay.client_gone(client(place)),
            Step::End { group: place } => self.relay.end_group(self.now, &group(place % 2)),
            Step::Fresh { client: place } => {
                let place = place % GUESTS;
                self.guests[usize::from(place)].credential = guest(self.now, place).credential;
                self.challenge(place);
            }
        }
        self.carry_out();
    }

    /// Gives a packet of a client to the relay.
    pub fn receive(&mut self, from: ClientId, packet: &[u8]) {
        let to = self.relay.receive(self.now, from, packet, &mut self.out);
        match to {
            Delivery::Client(client) if client == from => {
                assert!(self.out.len() <= 3 * packet.len().max(20) + 128);
            }
            Delivery::Client(client) => {
                assert_eq!(group_of(client), group_of(from), "relayed out of the call");
            }
            Delivery::Nothing | Delivery::Peer { .. } => {}
        }
        self.check(to);
    }

    fn receive_from_peer(&mut self, socket: u8, peer: SocketAddr, payload: &[u8]) {
        if let Some(&socket) = self.sockets.get(usize::from(socket)) {
            let out = &mut self.out;
            let to = self
                .relay
                .receive_from_peer(self.now, socket, peer, payload, out);
            assert!(!matches!(to, Delivery::Peer { .. }), "sent on to a peer");
            self.check(to);
        }
    }

    fn signed(&mut self, from: u8, method: u8, attributes: &[u8]) {
        let packet = signed_request(self.guest(from), method, attributes);
        self.receive(client(from), &packet);
    }

    /// Asks for an allocation without a signature and keeps the nonce of the answer; one who asks too often gets none.
    fn challenge(&mut self, place: u8) {
        let mut bare = vec![0, 3, 0, 0, 0x21, 0x12, 0xa4, 0x42];
        bare.extend_from_slice(&[0; 12]);
        self.receive(client(place), &bare);
        if let Ok(challenge) = Message::from_bytes(&self.out)
            && let Ok(nonce) = challenge.attribute::<Nonce>()
        {
            nonce
                .nonce()
                .clone_into(&mut self.guests[usize::from(place)].nonce);
        }
    }

    fn pass(&mut self, milliseconds: u32) {
        self.now.elapsed += Duration::from_millis(milliseconds.into());
        let seconds = u64::from(milliseconds) / 1000;
        self.now.unix.0 = self.now.unix.0.saturating_add(seconds);
        self.relay.handle_timeout(self.now);
        let due = self.relay.poll_timeout();
        assert!(
            due.is_none_or(|due| due > self.now.elapsed),
            "a timeout that stays"
        );
    }

    /// What must hold of everything that is sent.
    fn check(&self, to: Delivery) {
        assert_eq!(
            to == Delivery::Nothing,
            self.out.is_empty() && !matches!(to, Delivery::Peer { .. })
        );
        assert!(self.out.len() <= Relay::PACKET_MAX_BYTES + 64);
        if let Delivery::Peer { to, .. } = to {
            let own: [IpAddr; 2] = [[11, 0, 0, 1].into(), [11, 0, 0, 2].into()];
            let ip = to.ip().to_canonical();
            assert!(!own.contains(&ip) && !ip.is_loopback() && !ip.is_unspecified());
            if let IpAddr::V4(ip) = ip {
                assert!(!ip.is_private() && !ip.is_link_local() && !ip.is_multicast());
            }
        }
        let allocations = self.relay.counters().allocations;
        assert!(allocations <= GUESTS.into(), "without a credential");
    }

    fn carry_out(&mut self) {
        while let Some(command) = self.relay.poll_command() {
            match command {
                Command::OpenSocket { socket, local } => {
                    assert!((50_000..=50_003).contains(&local.port()));
                    self.wanted.push(socket);
                }
                Command::CloseSocket(closed) => {
                    self.wanted.retain(|socket| *socket != closed);
                }
            }
        }
    }
}

/// A client by its number: even ones over UDP, odd ones over TCP.
pub fn client(place: u8) -> ClientId {
    ClientId {
        transport: if place.is_multiple_of(2) {
            Transport::Udp
        } else {
            Transport::Tcp
        },
        local: SocketAddr::from(([11, 0, 0, 2], 3478)),
        remote: SocketAddr::from(([198, 51, 100, place], 1000)),
    }
}

fn guest(now: Now, place: u8) -> Guest {
    let device = Device::new(&format!("device-{place}")).expect("a name");
    let expires = UnixSeconds(now.unix.0.saturating_add(600));
    let credential = Credential::mint(&KEY, &group(place / GUESTS_OF_A_GROUP), &device, expires);
    Guest {
        credential,
        nonce: String::new(),
        relayed: None,
    }
}

/// The relayed address in an answer to Allocate (RFC 8656 §18.5), if it is an IPv4 one.
fn relayed(answer: &[u8]) -> Option<SocketAddr> {
    let message = Message::from_bytes(answer).ok()?;
    let attribute = message.raw_attribute(0x0016.into())?;
    let (&[_, 1], xored) = attribute.value.split_first_chunk()? else {
        return None;
    };
    let (port, ip) = xored.split_first_chunk()?;
    let port = u16::from_be_bytes(*port) ^ 0x2112;
    let ip = u32::from_be_bytes(ip.try_into().ok()?) ^ 0x2112_a442;
    Some(SocketAddr::from((Ipv4Addr::from(ip), port)))
}

fn group(place: u8) -> Group {
    Group::new(&format!("call-{place}")).expect("a name")
}

/// The call of a client; nobody but the guests is in one.
fn group_of(client: ClientId) -> Option<u8> {
    let IpAddr::V4(ip) = client.remote.ip() else {
        return None;
    };
    let place = ip.octets()[3];
    (place < GUESTS).then_some(place / GUESTS_OF_A_GROUP)
}

fn channel_data(number: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x40, number];
    let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
    packet.extend_from_slice(&length.to_be_bytes());
    packet.extend_from_slice(payload);
    packet
}
