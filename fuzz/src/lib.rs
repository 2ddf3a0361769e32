//! A relay with four clients, two of them in one call, and a list of things that happen to it.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use relay::{
    ClientId, Command, Config, Credential, Delivery, Device, Group, Key, Now, Ports, Relay,
    RelayedRange, SocketId, Transport, UnixSeconds,
};
use stun_types::attribute::{AttributeStaticType as _, Nonce};
use stun_types::message::{
    IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageClass, MessageIntegrityCredentials,
    MessageType, MessageWrite, MessageWriteExt, MessageWriteVec, Method,
};

const KEY: Key = Key::new([7; 32]);

/// Clients that send; each has a credential of its own.
const CLIENTS: u8 = 4;

/// Something that happens to the relay.
#[derive(Debug, Arbitrary)]
pub enum Step {
    /// Bytes as they are.
    Packet {
        from: u8,
        bytes: Vec<u8>,
    },
    /// A message with attributes as they are, signed by its sender.
    Signed {
        from: u8,
        method: u8,
        attributes: Vec<(u16, Vec<u8>)>,
    },
    /// Data on a channel.
    Channel {
        from: u8,
        number: u8,
        payload: Vec<u8>,
    },
    /// A datagram at a relayed socket.
    Peer {
        socket: u8,
        peer: SocketAddr,
        payload: Vec<u8>,
    },
    Opened,
    Failed,
    Pass {
        milliseconds: u32,
    },
    ClockSet {
        unix: u64,
    },
    Gone {
        client: u8,
    },
    End {
        group: u8,
    },
}

pub struct World {
    relay: Relay,
    now: Now,
    credentials: Vec<(Credential, String)>,
    sockets: Vec<SocketId>,
    wanted: Vec<SocketId>,
    out: Vec<u8>,
}

impl World {
    pub fn new(with_sockets: bool) -> Self {
        let ports = if with_sockets {
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
        let mut world = Self {
            relay: Relay::new(config, KEY).expect("a good configuration"),
            now: Now {
                elapsed: Duration::from_secs(1),
                unix: UnixSeconds(1_800_000_000),
            },
            credentials: Vec::new(),
            sockets: Vec::new(),
            wanted: Vec::new(),
            out: Vec::new(),
        };
        for place in 0..CLIENTS {
            world.introduce(place);
        }
        world
    }

    /// Gives a client a credential and a nonce; all but the last ask for an allocation.
    fn introduce(&mut self, place: u8) {
        let device = Device::new(&format!("device-{place}")).expect("a name");
        let expires = UnixSeconds(self.now.unix.0 + 600);
        let credential = Credential::mint(&KEY, &group(place / 2), &device, expires);
        self.credentials.push((credential, String::new()));
        let allocate = [(0x0019, vec![17, 0, 0, 0])];
        let mut bare = vec![0, 3, 0, 0, 0x21, 0x12, 0xa4, 0x42];
        bare.extend_from_slice(&[0; 12]);
        self.receive(client(place), &bare);
        let challenge = Message::from_bytes(&self.out).expect("a challenge");
        let nonce = challenge.attribute::<Nonce>().expect("a nonce");
        self.credentials[usize::from(place)].1 = nonce.nonce().to_owned();
        if place + 1 < CLIENTS {
            self.signed(place, 3, &allocate);
        }
    }

    pub fn step(&mut self, step: Step) {
        match step {
            Step::Packet { from, bytes } => self.receive(client(from), &bytes),
            Step::Signed {
                from,
                method,
                attributes,
            } => self.signed(from % CLIENTS, method % 12, &attributes),
            Step::Channel {
                from,
                number,
                payload,
            } => {
                let mut packet = vec![0x40, number % 4];
                let length = u16::try_from(payload.len()).unwrap_or(0);
                packet.extend_from_slice(&length.to_be_bytes());
                packet.extend_from_slice(&payload);
                self.receive(client(from), &packet);
            }
            Step::Peer {
                socket,
                peer,
                payload,
            } => {
                if let Some(&socket) = self.sockets.get(usize::from(socket)) {
                    let out = &mut self.out;
                    let to = self
                        .relay
                        .receive_from_peer(self.now, socket, peer, &payload, out);
                    self.check(to);
                }
            }
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
            Step::Pass { milliseconds } => {
                self.now.elapsed += Duration::from_millis(milliseconds.into());
                self.now.unix.0 = self
                    .now
                    .unix
                    .0
                    .saturating_add(u64::from(milliseconds) / 1000);
                self.relay.handle_timeout(self.now);
                let due = self.relay.poll_timeout();
                assert!(
                    due.is_none_or(|due| due > self.now.elapsed),
                    "a timeout that stays"
                );
            }
            Step::ClockSet { unix } => self.now.unix = UnixSeconds(unix),
            Step::Gone { client: place } => self.relay.client_gone(client(place)),
            Step::End { group: place } => self.relay.end_group(self.now, &group(place % 2)),
        }
        self.carry_out();
    }

    fn signed(&mut self, from: u8, method: u8, attributes: &[(u16, Vec<u8>)]) {
        let (credential, nonce) = &self.credentials[usize::from(from)];
        let kind =
            MessageType::from_class_method(MessageClass::Request, Method::new(method.into()));
        let mut message = Message::builder(kind, 7.into(), MessageWriteVec::new());
        for (kind, value) in attributes.iter().filter(|(kind, _)| is_free(*kind)) {
            let value = &value[..value.len().min(64)];
            let attribute = stun_types::attribute::RawAttribute::new((*kind).into(), value);
            let _ = message.add_attribute(&attribute);
        }
        let username = stun_types::attribute::Username::new(&credential.username);
        message
            .add_attribute(&username.expect("short"))
            .expect("room");
        let realm = stun_types::attribute::Realm::new(Relay::REALM);
        message.add_attribute(&realm.expect("short")).expect("room");
        let nonce = Nonce::new(nonce).expect("short");
        message.add_attribute(&nonce).expect("room");
        let key = LongTermKeyCredentials::new(
            credential.username.clone(),
            credential.password.reveal().to_owned(),
            Relay::REALM.to_owned(),
        );
        let key = MessageIntegrityCredentials::from(key);
        message
            .add_message_integrity(&key, IntegrityAlgorithm::Sha1)
            .expect("room");
        let packet = message.finish();
        self.receive(client(from), &packet);
    }

    pub fn receive(&mut self, client: ClientId, packet: &[u8]) {
        let to = self.relay.receive(self.now, client, packet, &mut self.out);
        if to == Delivery::Client(client) {
            assert!(self.out.len() <= 3 * packet.len().max(20) + 128);
        }
        self.check(to);
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
        let counters = self.relay.counters();
        assert!(counters.allocations <= u64::from(CLIENTS) + 256);
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

/// Whether the attribute is not one that signing adds.
fn is_free(kind: u16) -> bool {
    ![0x0006, 0x0008, 0x0014, 0x0015, 0x001c, 0x8028].contains(&kind)
        && kind != stun_types::attribute::Fingerprint::TYPE.value()
}

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

fn group(place: u8) -> Group {
    Group::new(&format!("call-{place}")).expect("a name")
}
