//! A relay with a clock moved by hand, and guests who talk to it.

use std::net::SocketAddr;
use std::time::Duration;

use relay::{
    ClientId, Config, Credential, Delivery, Device, DropReason, Group, Key, Now, Relay, Transport,
    UnixSeconds,
};
use stun_types::attribute::{AttributeWrite, ErrorCode, Nonce, Realm, Username, XorMappedAddress};
use stun_types::message::{
    IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageClass, MessageIntegrityCredentials,
    MessageType, MessageWrite, MessageWriteExt, MessageWriteVec, Method, TransactionId,
};
use turn_types::attribute::{
    ChannelNumber, Data, Lifetime, RequestedTransport, XorPeerAddress, XorRelayedAddress,
};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, DATA, REFRESH, SEND};

/// The key of every relay here.
pub(crate) const KEY: Key = Key::new([7; 32]);

/// Where the relay listens.
pub(crate) const LOCAL: &str = "192.0.2.1:3478";

pub(crate) struct World {
    pub(crate) relay: Relay,
    pub(crate) now: Now,
}

/// Something that the relay sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) to: Delivery,
    pub(crate) bytes: Vec<u8>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Config::default())
    }

    pub(crate) fn with(config: Config) -> Self {
        let now = Now {
            elapsed: Duration::from_secs(5),
            unix: UnixSeconds(1_800_000_000),
        };
        let relay = Relay::new(config, KEY).unwrap();
        Self { relay, now }
    }

    /// Lets time go by.
    pub(crate) fn pass(&mut self, time: Duration) {
        self.now.elapsed += time;
        self.now.unix.0 += time.as_secs();
        self.relay.handle_timeout(self.now);
    }

    pub(crate) fn give(&mut self, client: ClientId, packet: &[u8]) -> Option<Sent> {
        let mut out = Vec::new();
        let to = self.relay.receive(self.now, client, packet, &mut out);
        sent(to, out)
    }

    pub(crate) fn dropped(&self, reason: DropReason) -> u64 {
        self.relay.counters().dropped(reason)
    }

    pub(crate) fn allocations(&self) -> u64 {
        self.relay.counters().allocations
    }

    /// A guest with a fresh credential, who has not said anything yet.
    pub(crate) fn guest(&self, group: &str, device: &str, port: u16) -> Guest {
        let expires = UnixSeconds(self.now.unix.0 + 600);
        let group = Group::new(group).unwrap();
        let device = Device::new(device).unwrap();
        let credential = Credential::mint(&KEY, &group, &device, expires);
        Guest::new(
            client(Transport::Udp, port),
            &credential.username,
            credential.password.reveal(),
        )
    }

    /// A guest with an allocation.
    pub(crate) fn allocated(&mut self, group: &str, device: &str, port: u16) -> Guest {
        let mut guest = self.guest(group, device, port);
        let answer = guest.allocate(self);
        guest.relayed = Some(answer.relayed());
        guest
    }

    /// Two guests of a group with allocations, who permit each other.
    pub(crate) fn pair(&mut self, group: &str, ports: [u16; 2]) -> (Guest, Guest) {
        let mut one = self.allocated(group, "one", ports[0]);
        let mut other = self.allocated(group, "other", ports[1]);
        assert_eq!(one.permit(self, other.relayed()).error, None);
        assert_eq!(other.permit(self, one.relayed()).error, None);
        (one, other)
    }
}

pub(crate) fn sent(to: Delivery, bytes: Vec<u8>) -> Option<Sent> {
    if to == Delivery::Nothing {
        assert!(bytes.is_empty(), "nothing to send, yet {bytes:?}");
        None
    } else {
        Some(Sent { to, bytes })
    }
}

pub(crate) fn client(transport: Transport, port: u16) -> ClientId {
    ClientId {
        transport,
        local: LOCAL.parse().unwrap(),
        remote: SocketAddr::from(([198, 51, 100, 1], port)),
    }
}

/// A TURN client that does what it is told.
pub(crate) struct Guest {
    pub(crate) id: ClientId,
    username: String,
    password: String,
    nonce: Option<String>,
    transactions: u32,
    relayed: Option<SocketAddr>,
}

/// What the relay answered to a request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) bytes: Vec<u8>,
    /// The code of an error.
    pub(crate) error: Option<u16>,
}

pub(crate) type Attributes = Vec<Box<dyn AttributeWrite>>;

impl Guest {
    pub(crate) fn new(id: ClientId, username: &str, password: &str) -> Self {
        Self {
            id,
            username: username.to_owned(),
            password: password.to_owned(),
            nonce: None,
            transactions: 0,
            relayed: None,
        }
    }

    pub(crate) fn relayed(&self) -> SocketAddr {
        self.relayed.unwrap()
    }

    pub(crate) fn username(&self) -> &str {
        &self.username
    }

    pub(crate) fn password(&self) -> &str {
        &self.password
    }

    pub(crate) fn set_relayed(&mut self, relayed: SocketAddr) {
        self.relayed = Some(relayed);
    }

    /// Gets a nonce.
    pub(crate) fn sign_in(&mut self, world: &mut World) {
        let request = self.request(ALLOCATE, |_| Attributes::new());
        self.nonce = Some(self.answer(world, &request).nonce());
    }

    /// Becomes somebody else on the same socket.
    pub(crate) fn take_credential_of(&mut self, other: &Self) {
        self.username.clone_from(&other.username);
        self.password.clone_from(&other.password);
    }

    pub(crate) fn set_nonce(&mut self, nonce: &str) {
        self.nonce = Some(nonce.to_owned());
    }

    fn integrity(&self) -> MessageIntegrityCredentials {
        LongTermKeyCredentials::new(
            self.username.clone(),
            self.password.clone(),
            Relay::REALM.to_owned(),
        )
        .into()
    }

    fn next_transaction(&mut self) -> TransactionId {
        self.transactions += 1;
        let id = u128::from(self.transactions) << 32 | u128::from(self.id.remote.port());
        TransactionId::from(id)
    }

    /// A request, signed if there is a nonce to do so with.
    pub(crate) fn request(
        &mut self,
        method: Method,
        attributes: impl Fn(TransactionId) -> Attributes,
    ) -> Vec<u8> {
        let transaction = self.next_transaction();
        let kind = MessageType::from_class_method(MessageClass::Request, method);
        let mut message = Message::builder(kind, transaction, MessageWriteVec::new());
        for attribute in attributes(transaction) {
            message.add_attribute(&*attribute).unwrap();
        }
        if let Some(nonce) = &self.nonce {
            let username = Username::new(&self.username).unwrap();
            message.add_attribute(&username).unwrap();
            let realm = Realm::new(Relay::REALM).unwrap();
            message.add_attribute(&realm).unwrap();
            message.add_attribute(&Nonce::new(nonce).unwrap()).unwrap();
            message
                .add_message_integrity(&self.integrity(), IntegrityAlgorithm::Sha1)
                .unwrap();
        }
        message.add_fingerprint().unwrap();
        message.finish()
    }

    /// Sends a request; where the relay wants a nonce or another one, once more with it.
    pub(crate) fn ask(
        &mut self,
        world: &mut World,
        method: Method,
        attributes: impl Fn(TransactionId) -> Attributes,
    ) -> Answer {
        let first = self.request(method, &attributes);
        let first = self.answer(world, &first);
        if first.error == Some(438) || first.error == Some(401) && self.nonce.is_none() {
            self.nonce = Some(first.nonce());
            let second = self.request(method, &attributes);
            return self.answer(world, &second);
        }
        first
    }

    /// Gives a request to the relay and checks the form of its answer.
    pub(crate) fn answer(&self, world: &mut World, request: &[u8]) -> Answer {
        let sent = world.give(self.id, request).expect("an answer");
        assert_eq!(sent.to, Delivery::Client(self.id));
        self.read(request, sent.bytes)
    }

    pub(crate) fn read(&self, request: &[u8], bytes: Vec<u8>) -> Answer {
        let message = Message::from_bytes(&bytes).unwrap();
        let request = Message::from_bytes(request).unwrap();
        assert_eq!(message.transaction_id(), request.transaction_id());
        assert_eq!(message.method(), request.method());
        let error = match message.class() {
            MessageClass::Success => None,
            MessageClass::Error => Some(message.attribute::<ErrorCode>().unwrap().code()),
            other => panic!("{other:?} is no answer"),
        };
        // RFC 8489 §9.2.4: all but the answers to somebody who is not known are signed.
        if !matches!(error, Some(400 | 401 | 438)) {
            message.validate_integrity(&self.integrity()).unwrap();
        }
        Answer { bytes, error }
    }

    pub(crate) fn allocate(&mut self, world: &mut World) -> Answer {
        self.ask(world, ALLOCATE, |_| vec![Box::new(udp())])
    }

    pub(crate) fn refresh(&mut self, world: &mut World, seconds: u32) -> Answer {
        self.ask(world, REFRESH, |_| vec![Box::new(Lifetime::new(seconds))])
    }

    pub(crate) fn permit(&mut self, world: &mut World, peer: SocketAddr) -> Answer {
        self.ask(world, CREATE_PERMISSION, |transaction| {
            vec![Box::new(XorPeerAddress::new(peer, transaction))]
        })
    }

    pub(crate) fn bind(&mut self, world: &mut World, channel: u16, peer: SocketAddr) -> Answer {
        self.ask(world, CHANNEL_BIND, |transaction| {
            vec![
                Box::new(ChannelNumber::new(channel)),
                Box::new(XorPeerAddress::new(peer, transaction)),
            ]
        })
    }

    /// A Send indication.
    pub(crate) fn send(
        &mut self,
        world: &mut World,
        peer: SocketAddr,
        payload: &[u8],
    ) -> Option<Sent> {
        let transaction = self.next_transaction();
        world.give(self.id, &indication(transaction, peer, payload))
    }

    pub(crate) fn send_on(&self, world: &mut World, channel: u16, payload: &[u8]) -> Option<Sent> {
        world.give(self.id, &channel_data(channel, payload))
    }
}

impl Answer {
    pub(crate) fn message(&self) -> Message<'_> {
        Message::from_bytes(&self.bytes).unwrap()
    }

    pub(crate) fn relayed(&self) -> SocketAddr {
        assert_eq!(self.error, None);
        let message = self.message();
        let relayed = message.attribute::<XorRelayedAddress>().unwrap();
        relayed.addr(message.transaction_id())
    }

    pub(crate) fn mapped(&self) -> SocketAddr {
        let message = self.message();
        let mapped = message.attribute::<XorMappedAddress>().unwrap();
        mapped.addr(message.transaction_id())
    }

    pub(crate) fn lifetime(&self) -> u32 {
        assert_eq!(self.error, None);
        self.message().attribute::<Lifetime>().unwrap().seconds()
    }

    pub(crate) fn nonce(&self) -> String {
        let message = self.message();
        message.attribute::<Nonce>().unwrap().nonce().to_owned()
    }
}

pub(crate) fn udp() -> RequestedTransport {
    RequestedTransport::new(RequestedTransport::UDP)
}

pub(crate) fn indication(transaction: TransactionId, peer: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let kind = MessageType::from_class_method(MessageClass::Indication, SEND);
    let mut message = Message::builder(kind, transaction, MessageWriteVec::new());
    message
        .add_attribute(&XorPeerAddress::new(peer, transaction))
        .unwrap();
    message.add_attribute(&Data::new(payload)).unwrap();
    message.finish()
}

pub(crate) fn channel_data(channel: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = channel.to_be_bytes().to_vec();
    packet.extend_from_slice(&u16::try_from(payload.len()).unwrap().to_be_bytes());
    packet.extend_from_slice(payload);
    packet
}

/// What a Data indication brings, and from whom.
pub(crate) fn data_of(bytes: &[u8]) -> (SocketAddr, Vec<u8>) {
    let message = Message::from_bytes(bytes).unwrap();
    assert_eq!(message.class(), MessageClass::Indication);
    assert_eq!(message.method(), DATA);
    let peer = message.attribute::<XorPeerAddress>().unwrap();
    let data = message.attribute::<Data<'_>>().unwrap();
    (peer.addr(message.transaction_id()), data.data().to_vec())
}
