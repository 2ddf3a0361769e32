//! A TURN client on a real socket, made of `turn-client-proto`, which shares no line with the relay.
//!
//! Over TCP payloads have a multiple of four bytes, because that crate knows nothing of padding (RFC 8656 §12.5).

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use protocol::relay::RelayAccess;
use server::clock::Clock;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, timeout};
use turn_client_proto::api::{
    Transmit, TransmitBuild, TurnClientApi, TurnConfig, TurnEvent, TurnPollRet, TurnRecvRet,
};
use turn_client_proto::stun;
use turn_client_proto::tcp::TurnClientTcp;
use turn_client_proto::types::{TransportType, TurnCredentials};
use turn_client_proto::udp::TurnClientUdp;

use crate::device::DEADLINE;

/// One allocation, or an attempt at one.
pub(crate) struct Turn<C> {
    client: C,
    wire: Wire,
    began: Instant,
    heard: Vec<(SocketAddr, Vec<u8>)>,
    /// Transactions of the requests that went out signed.
    signed: Vec<Transaction>,
    /// The relay answered a signed request in a way that the client takes no notice of: unsigned.
    refused: bool,
}

type Transaction = [u8; 12];

enum Wire {
    Udp(UdpSocket),
    Tcp(TcpStream),
}

impl Turn<TurnClientUdp> {
    pub(crate) async fn udp(server: SocketAddr, access: &RelayAccess) -> Self {
        Self::udp_from(server.ip(), server, access).await
    }

    /// From that address of this machine.
    pub(crate) async fn udp_from(own: IpAddr, server: SocketAddr, access: &RelayAccess) -> Self {
        let socket = UdpSocket::bind((own, 0)).await.unwrap();
        socket.connect(server).await.unwrap();
        let local = socket.local_addr().unwrap();
        let client = TurnClientUdp::allocate(local, server, config(access));
        Self::new(client, Wire::Udp(socket))
    }
}

impl Turn<TurnClientTcp> {
    pub(crate) async fn tcp(server: SocketAddr, access: &RelayAccess) -> Self {
        let stream = TcpStream::connect(server).await.unwrap();
        let local = stream.local_addr().unwrap();
        let client = TurnClientTcp::allocate(local, server, config(access));
        Self::new(client, Wire::Tcp(stream))
    }
}

impl<C: TurnClientApi> Turn<C> {
    fn new(client: C, wire: Wire) -> Self {
        Self {
            client,
            wire,
            began: Clock::default().instant(),
            heard: Vec::new(),
            signed: Vec::new(),
            refused: false,
        }
    }

    /// Waits for the relayed address; nothing where the relay refuses one.
    pub(crate) async fn allocate(&mut self) -> Option<SocketAddr> {
        match self.event().await? {
            TurnEvent::AllocationCreated(_, relayed) => Some(relayed),
            TurnEvent::AllocationCreateFailed(_) => None,
            other => panic!("no allocation but {other:?}"),
        }
    }

    /// Whether the relay lets a peer in.
    pub(crate) async fn permit(&mut self, peer: IpAddr) -> bool {
        let now = self.now();
        let asked = self.client.create_permission(TransportType::Udp, peer, now);
        asked.unwrap();
        match self.event().await {
            Some(TurnEvent::PermissionCreated(..)) => true,
            Some(TurnEvent::PermissionCreateFailed(..)) => false,
            other => panic!("no permission but {other:?}"),
        }
    }

    pub(crate) async fn send(&mut self, peer: SocketAddr, payload: &[u8]) {
        let now = self.now();
        let sent = self.client.send_to(TransportType::Udp, peer, payload, now);
        let packet = sent.unwrap().map(TransmitBuild::build);
        self.wire.send(&packet.expect("a packet").data).await;
    }

    /// The next payload that arrives, and from whom.
    pub(crate) async fn hears(&mut self) -> (SocketAddr, Vec<u8>) {
        let hears = async {
            while self.heard.is_empty() {
                self.step().await;
            }
        };
        timeout(DEADLINE, hears).await.expect("a payload in time");
        self.heard.remove(0)
    }

    /// What comes of a request; nothing where the relay refuses the credential.
    async fn event(&mut self) -> Option<TurnEvent> {
        let event = async {
            loop {
                let event = self.client.poll_event();
                if event.is_some() || self.refused {
                    return event;
                }
                self.step().await;
            }
        };
        timeout(DEADLINE, event).await.expect("an event in time")
    }

    /// Sends what is to be sent, then takes one packet or waits until something is due.
    async fn step(&mut self) {
        let now = self.now();
        let next = match self.client.poll(now) {
            TurnPollRet::WaitUntil(next) => next.saturating_duration_since(now),
            TurnPollRet::Closed => Duration::ZERO,
            other => panic!("{other:?}"),
        };
        while let Some(packet) = self.client.poll_transmit(now) {
            if has_integrity(&packet.data) {
                self.signed.push(transaction(&packet.data));
            }
            self.wire.send(&packet.data).await;
        }
        let Ok(packet) = timeout(next.min(DEADLINE), self.wire.receive()).await else {
            return;
        };
        let (transport, from, to) = (
            self.client.transport(),
            self.client.remote_addr(),
            self.client.local_addr(),
        );
        let now = self.now();
        match self
            .client
            .recv(Transmit::new(packet, transport, from, to), now)
        {
            TurnRecvRet::PeerData(data) => self.heard.push((data.peer, data.data().to_vec())),
            TurnRecvRet::Handled => {}
            // An answer to a request that was sent twice is ignored as well, and means nothing.
            TurnRecvRet::Ignored(packet) => {
                self.refused |= self.signed.contains(&transaction(&packet.data));
            }
            icmp @ TurnRecvRet::PeerIcmp { .. } => panic!("{icmp:?}"),
        }
        while let Some(data) = self.client.poll_recv(now) {
            self.heard.push((data.peer, data.data().to_vec()));
        }
    }

    fn now(&self) -> stun::Instant {
        let nanoseconds = self.began.elapsed().as_nanos();
        stun::Instant::from_nanos(i64::try_from(nanoseconds).unwrap())
    }
}

/// Bytes 8 to 20 of a message (RFC 8489 §5).
fn transaction(message: &[u8]) -> Transaction {
    message[8..20].try_into().unwrap()
}

/// Whether a message has a MESSAGE-INTEGRITY (0x0008) among its attributes.
fn has_integrity(message: &[u8]) -> bool {
    let mut rest = &message[20..];
    while let [high, low, long, short, ..] = *rest {
        if [high, low] == [0x00, 0x08] {
            return true;
        }
        let length = usize::from(u16::from_be_bytes([long, short]));
        rest = &rest[4 + length.next_multiple_of(4)..];
    }
    false
}

impl Wire {
    async fn send(&mut self, bytes: &[u8]) {
        match self {
            Self::Udp(socket) => assert_eq!(socket.send(bytes).await.unwrap(), bytes.len()),
            Self::Tcp(stream) => stream.write_all(bytes).await.unwrap(),
        }
    }

    async fn receive(&mut self) -> Vec<u8> {
        let mut buffer = vec![0; 2048];
        let length = match self {
            Self::Udp(socket) => socket.recv(&mut buffer).await.unwrap(),
            Self::Tcp(stream) => stream.read(&mut buffer).await.unwrap(),
        };
        buffer.truncate(length);
        buffer
    }
}

fn config(access: &RelayAccess) -> TurnConfig {
    let RelayAccess {
        username, password, ..
    } = access;
    TurnConfig::new(TurnCredentials::new(username, password.reveal()))
}
