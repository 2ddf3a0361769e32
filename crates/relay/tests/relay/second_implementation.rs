//! A TURN client written by others talks to the relay: `turn-client-proto`, over UDP and TCP.
//!
//! Payloads have a multiple of four bytes, because that client knows nothing of padding on streams (RFC 8656 §12.5).

use std::net::SocketAddr;
use std::time::Duration;

use relay::{ClientId, Delivery, Transport};
use turn_client_proto::api::{TransmitBuild, TurnConfig, TurnEvent, TurnPollRet, TurnRecvRet};
use turn_client_proto::prelude::TurnClientApi;
use turn_client_proto::stun::Instant;
use turn_client_proto::stun::agent::Transmit;
use turn_client_proto::tcp::TurnClientTcp;
use turn_client_proto::types::{TransportType, TurnCredentials};
use turn_client_proto::udp::TurnClientUdp;

use crate::world::{Guest, LOCAL, World, client};

/// What a client sends, and what it has heard.
struct Foreign<C> {
    client: C,
    id: ClientId,
    heard: Vec<(SocketAddr, Vec<u8>)>,
    events: Vec<TurnEvent>,
}

#[test]
fn two_clients_talk_over_datagrams() {
    let mut world = World::new();
    let [one, other] = [1000, 1001].map(|port| {
        let guest = world.guest("call", &format!("device-{port}"), port);
        let client = TurnClientUdp::allocate(guest.id.remote, server(), config(&guest));
        Foreign::new(client, guest.id)
    });
    talk(&mut world, one, other);
}

#[test]
fn two_clients_talk_over_streams() {
    let mut world = World::new();
    let [one, other] = [1000, 1001].map(|port| {
        let guest = world.guest("call", &format!("device-{port}"), port);
        let id = client(Transport::Tcp, port);
        let client = TurnClientTcp::allocate(id.remote, server(), config(&guest));
        Foreign::new(client, id)
    });
    talk(&mut world, one, other);
}

/// Allocates, talks by indications, then by channels, for more than an hour, and hangs up.
fn talk<C: TurnClientApi>(world: &mut World, mut one: Foreign<C>, mut other: Foreign<C>) {
    run(world, &mut one, &mut other);
    let (a, b) = (one.relayed(), other.relayed());
    assert_eq!(world.allocations(), 2);
    one.client
        .create_permission(TransportType::Udp, b.ip(), instant(world))
        .unwrap();
    other
        .client
        .create_permission(TransportType::Udp, a.ip(), instant(world))
        .unwrap();
    run(world, &mut one, &mut other);
    exchange(world, &mut one, &mut other, b"indications!");
    one.client
        .bind_channel(TransportType::Udp, b, instant(world))
        .unwrap();
    other
        .client
        .bind_channel(TransportType::Udp, a, instant(world))
        .unwrap();
    run(world, &mut one, &mut other);
    let bound = |event: &TurnEvent| matches!(event, TurnEvent::ChannelCreated(..));
    assert!(one.events.iter().any(bound) && other.events.iter().any(bound));
    for minute in 0..70_u8 {
        world.pass(Duration::from_mins(1));
        run(world, &mut one, &mut other);
        exchange(world, &mut one, &mut other, &[minute; 8]);
        exchange(world, &mut other, &mut one, &[minute; 160]);
    }
    one.client.delete(instant(world)).unwrap();
    run(world, &mut one, &mut other);
    assert_eq!(world.allocations(), 1);
}

fn exchange<C: TurnClientApi>(
    world: &mut World,
    from: &mut Foreign<C>,
    to: &mut Foreign<C>,
    payload: &[u8],
) {
    let peer = to.relayed();
    let now = instant(world);
    let transmit = from.client.send_to(TransportType::Udp, peer, payload, now);
    let packet = transmit.unwrap().map(TransmitBuild::build);
    let mut packets = vec![packet.expect("something to send").data];
    while let Some(more) = from.client.poll_transmit(now) {
        packets.push(more.data.to_vec());
    }
    for packet in packets {
        let sent = world.give(from.id, &packet).expect("delivered");
        assert_eq!(sent.to, Delivery::Client(to.id));
        to.hear(now, sent.bytes);
    }
    assert_eq!(to.heard.pop(), Some((from.relayed(), payload.to_vec())));
}

/// Lets both send what they want to, and hear the answers, until they want nothing for a second.
fn run<C: TurnClientApi>(world: &mut World, one: &mut Foreign<C>, other: &mut Foreign<C>) {
    for foreign in [one, other] {
        loop {
            let now = instant(world);
            while let Some(packet) = foreign.client.poll_transmit(now) {
                let answer = world.give(foreign.id, &packet.data).expect("an answer");
                assert_eq!(answer.to, Delivery::Client(foreign.id));
                foreign.hear(now, answer.bytes);
            }
            while let Some(event) = foreign.client.poll_event() {
                foreign.events.push(event);
            }
            let TurnPollRet::WaitUntil(next) = foreign.client.poll(now) else {
                break;
            };
            let wait = next.saturating_duration_since(now);
            if wait > Duration::from_secs(1) {
                break;
            }
            world.pass(wait.max(Duration::from_millis(1)));
        }
    }
}

impl<C: TurnClientApi> Foreign<C> {
    fn new(client: C, id: ClientId) -> Self {
        Self {
            client,
            id,
            heard: Vec::new(),
            events: Vec::new(),
        }
    }

    fn relayed(&self) -> SocketAddr {
        let mut relayed = self.client.relayed_addresses();
        relayed.next().expect("an allocation").1
    }

    fn hear(&mut self, now: Instant, bytes: Vec<u8>) {
        let transport = self.client.transport();
        let transmit = Transmit::new(bytes, transport, server(), self.id.remote);
        match self.client.recv(transmit, now) {
            TurnRecvRet::PeerData(data) => self.heard.push((data.peer, data.data().to_vec())),
            TurnRecvRet::Handled => {}
            other => panic!("{other:?}"),
        }
        while let Some(data) = self.client.poll_recv(now) {
            self.heard.push((data.peer, data.data().to_vec()));
        }
    }
}

fn config(guest: &Guest) -> TurnConfig {
    TurnConfig::new(TurnCredentials::new(guest.username(), guest.password()))
}

fn server() -> SocketAddr {
    LOCAL.parse().unwrap()
}

fn instant(world: &World) -> Instant {
    let nanoseconds = world.now.elapsed.as_nanos();
    Instant::from_nanos(i64::try_from(nanoseconds).unwrap())
}
