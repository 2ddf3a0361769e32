//! Relayed sockets: peers outside, and which of them are none.

use std::net::SocketAddr;
use std::time::Duration;

use relay::{
    Command, Config, Delivery, DropReason, Group, InvalidConfig, Key, Ports, RelayedRange,
};
use relay::{Relay, SocketId};
use turn_types::AddressFamily;
use turn_types::attribute::RequestedAddressFamily;
use turn_types::message::ALLOCATE;

use crate::world::{Answer, Guest, World, data_of, sent, udp};

const PEER: &str = "8.8.4.4:5000";

#[test]
fn an_allocation_waits_for_its_socket() {
    let mut world = world(false);
    let mut guest = world.guest("call", "laptop", 1000);
    let (request, socket, port) = ask(&mut world, &mut guest);
    assert!((50_000..=50_009).contains(&port));
    assert_eq!(world.give(guest.id, &request), None, "still waiting");
    let answer = opened(&mut world, &guest, &request, socket);
    let relayed = SocketAddr::from(([11, 0, 0, 1], port));
    assert_eq!(answer.relayed(), relayed);
    let again = guest.answer(&mut world, &request);
    assert_eq!(again.relayed(), relayed);
    assert_eq!(world.relay.poll_command(), None);
}

#[test]
fn a_port_that_cannot_be_had_is_replaced_by_another_some_times() {
    let mut world = world(false);
    let mut guest = world.guest("call", "laptop", 1000);
    let (request, mut socket, mut port) = ask(&mut world, &mut guest);
    let mut out = Vec::new();
    for _ in 0..7 {
        let delivery = world.relay.socket_failed(socket, &mut out);
        assert_eq!(delivery, Delivery::Nothing);
        let (next, next_port) = wanted(&mut world);
        assert_ne!((socket, port), (next, next_port));
        (socket, port) = (next, next_port);
    }
    let delivery = world.relay.socket_failed(socket, &mut out);
    let refused = sent(delivery, out).unwrap();
    assert_eq!(guest.read(&request, refused.bytes).error, Some(508));
    assert_eq!(world.allocations(), 0);
}

#[test]
fn peers_outside_are_reached_and_heard() {
    let mut world = world(false);
    let (mut guest, socket) = allocated(&mut world, "call", "laptop", 1000);
    let peer: SocketAddr = PEER.parse().unwrap();
    assert_eq!(from_peer(&mut world, socket, peer, b"early"), None);
    assert_eq!(guest.permit(&mut world, peer).error, None);
    let out = guest.send(&mut world, peer, b"hello").unwrap();
    assert_eq!(out.to, Delivery::Peer { socket, to: peer });
    assert_eq!(out.bytes, b"hello");
    let back = from_peer(&mut world, socket, peer, b"hello back").unwrap();
    assert_eq!(back.to, Delivery::Client(guest.id));
    assert_eq!(data_of(&back.bytes), (peer, b"hello back".to_vec()));
    let stranger = "9.9.9.9:5000".parse().unwrap();
    assert_eq!(from_peer(&mut world, socket, stranger, b"noise"), None);
    let same_host = "8.8.4.4:6000".parse().unwrap();
    assert!(from_peer(&mut world, socket, same_host, b"permitted by address").is_some());
}

#[test]
fn own_allocations_of_a_call_meet_inside_and_those_of_others_do_not() {
    let mut world = world(false);
    let (mut one, _) = allocated(&mut world, "call", "one", 1000);
    let (mut other, _) = allocated(&mut world, "call", "other", 1001);
    let (mut intruder, _) = allocated(&mut world, "elsewhere", "laptop", 1002);
    for guest in [&mut one, &mut other, &mut intruder] {
        let external = "11.0.0.1:1".parse().unwrap();
        assert_eq!(guest.permit(&mut world, external).error, None);
    }
    let (a, b) = (one.relayed(), other.relayed());
    let inside = one.send(&mut world, b, b"sound").unwrap();
    assert_eq!(inside.to, Delivery::Client(other.id));
    assert_eq!(data_of(&inside.bytes), (a, b"sound".to_vec()));
    assert!(intruder.send(&mut world, b, b"noise").is_none());
    assert_eq!(world.dropped(DropReason::PeerDenied), 1);
}

/// A port forwarded on the host's own address would otherwise be reached from inside the firewall.
#[test]
fn the_hosts_own_ports_are_out_of_reach() {
    let mut world = world(true);
    let (mut guest, socket) = allocated(&mut world, "call", "laptop", 1000);
    let external = "11.0.0.1:8080".parse().unwrap();
    assert_eq!(guest.permit(&mut world, external).error, None);
    assert!(guest.send(&mut world, external, b"GET /").is_none());
    assert_eq!(guest.bind(&mut world, 0x4000, external).error, None);
    assert!(guest.send_on(&mut world, 0x4000, b"GET /").is_none());
    assert_eq!(world.dropped(DropReason::PeerDenied), 2);
    let inside = "192.168.1.10:8080".parse().unwrap();
    assert_eq!(guest.permit(&mut world, inside).error, Some(403), "its own");
    assert_eq!(from_peer(&mut world, socket, external, b"forged"), None);
}

#[test]
fn private_peers_are_the_hosts_choice_and_loopback_is_nobodys() {
    for allowed in [false, true] {
        let mut world = world(allowed);
        let (mut guest, _) = allocated(&mut world, "call", "laptop", 1000);
        let private = "192.168.1.20:9".parse().unwrap();
        let answer = guest.permit(&mut world, private);
        assert_eq!(answer.error, (!allowed).then_some(403));
        for denied in [
            "127.0.0.1:80",
            "169.254.169.254:80",
            "0.0.0.0:80",
            "224.0.0.1:80",
        ] {
            let answer = guest.permit(&mut world, denied.parse().unwrap());
            assert_eq!(answer.error, Some(403), "{denied}");
        }
        let other_family = "[2606:4700::1]:9".parse().unwrap();
        assert_eq!(guest.permit(&mut world, other_family).error, Some(443));
    }
}

#[test]
fn an_ipv6_allocation_judges_hidden_ipv4_as_ipv4() {
    let mut world = world(false);
    let mut guest = world.guest("call", "laptop", 1000);
    guest.sign_in(&mut world);
    let request = guest.request(ALLOCATE, |_| {
        vec![
            Box::new(udp()),
            Box::new(RequestedAddressFamily::new(AddressFamily::IPV6)),
        ]
    });
    assert_eq!(world.give(guest.id, &request), None);
    let (socket, port) = wanted(&mut world);
    let answer = opened(&mut world, &guest, &request, socket);
    assert_eq!(
        answer.relayed(),
        SocketAddr::new("2a00::1".parse().unwrap(), port)
    );
    for (peer, error) in [
        ("[2606:4700::1]:9", None),
        ("[64:ff9b::808:808]:9", None),
        ("[::1]:80", Some(403)),
        ("[::ffff:127.0.0.1]:80", Some(403)),
        ("[::127.0.0.1]:80", Some(403)),
        ("[2002:7f00:1::]:80", Some(403)),
        ("[64:ff9b::a9fe:a9fe]:80", Some(403)),
        ("[64:ff9b::b00:1]:80", Some(403)),
        ("[::ffff:11.0.0.1]:80", Some(403)),
        ("[fd00::1]:80", Some(403)),
        ("8.8.8.8:80", Some(443)),
    ] {
        let answer = guest.permit(&mut world, peer.parse().unwrap());
        assert_eq!(answer.error, error, "{peer}");
    }
}

#[test]
fn sockets_are_closed_with_their_allocations() {
    let mut world = world(false);
    let (mut deleted, first) = allocated(&mut world, "one", "laptop", 1000);
    let (_, second) = allocated(&mut world, "two", "laptop", 1001);
    let (gone, third) = allocated(&mut world, "three", "laptop", 1002);
    let (_, fourth) = allocated(&mut world, "four", "laptop", 1003);
    deleted.refresh(&mut world, 0);
    assert_eq!(
        world.relay.poll_command(),
        Some(Command::CloseSocket(first))
    );
    world
        .relay
        .end_group(world.now, &Group::new("two").unwrap());
    assert_eq!(
        world.relay.poll_command(),
        Some(Command::CloseSocket(second))
    );
    world.relay.client_gone(gone.id);
    assert_eq!(
        world.relay.poll_command(),
        Some(Command::CloseSocket(third))
    );
    world.pass(Duration::from_mins(10));
    assert_eq!(
        world.relay.poll_command(),
        Some(Command::CloseSocket(fourth))
    );
    let mut out = Vec::new();
    let late = world.relay.socket_opened(world.now, fourth, &mut out);
    assert_eq!(late, Delivery::Nothing);
    assert_eq!(
        from_peer(&mut world, fourth, PEER.parse().unwrap(), b"late"),
        None
    );
}

#[test]
fn a_range_that_is_used_up_is_told() {
    let mut world = world(false);
    for place in 0..10 {
        allocated(&mut world, &format!("call-{place}"), "laptop", 1000 + place);
    }
    let mut late = world.guest("late", "laptop", 2000);
    assert_eq!(late.allocate(&mut world).error, Some(508));
}

#[test]
fn settings_that_serve_nobody_are_refused() {
    let good = range(false);
    let cases = [
        (
            RelayedRange {
                ports: 80..=90,
                ..good.clone()
            },
            InvalidConfig::Range(80, 90),
        ),
        #[expect(clippy::reversed_empty_ranges, reason = "the fault to be found")]
        (
            RelayedRange {
                ports: 2000..=1999,
                ..good.clone()
            },
            InvalidConfig::Range(2000, 1999),
        ),
        (
            RelayedRange {
                external_v4: None,
                external_v6: None,
                ..good.clone()
            },
            InvalidConfig::NoExternalAddress,
        ),
        (
            RelayedRange {
                external_v4: Some([0, 0, 0, 0].into()),
                ..good
            },
            InvalidConfig::ExternalAddress([0, 0, 0, 0].into()),
        ),
    ];
    for (range, error) in cases {
        let config = Config {
            ports: Ports::Range(range),
            ..Config::default()
        };
        let refused = Relay::new(config, Key::new([1; 32])).map(|_| ());
        assert_eq!(refused, Err(error));
    }
    let mut config = Config::default();
    config.quotas.allocations = 0;
    let refused = Relay::new(config, Key::new([1; 32])).map(|_| ());
    assert_eq!(refused, Err(InvalidConfig::ZeroQuota("allocations in all")));
}

fn range(allow_private: bool) -> RelayedRange {
    RelayedRange {
        ports: 50_000..=50_009,
        external_v4: Some([11, 0, 0, 1].into()),
        external_v6: Some("2a00::1".parse().unwrap()),
        allow_private,
    }
}

fn world(allow_private: bool) -> World {
    World::with(Config {
        ports: Ports::Range(range(allow_private)),
        own_addresses: vec![[192, 168, 1, 10].into()],
        ..Config::default()
    })
}

/// The socket that the relay wants, and its port.
fn wanted(world: &mut World) -> (SocketId, u16) {
    match world.relay.poll_command() {
        Some(Command::OpenSocket { socket, local }) => {
            assert!(local.ip().is_unspecified());
            (socket, local.port())
        }
        other => panic!("{other:?} opens nothing"),
    }
}

/// Asks for an allocation: the request, the socket that it waits for, and its port.
fn ask(world: &mut World, guest: &mut Guest) -> (Vec<u8>, SocketId, u16) {
    guest.sign_in(world);
    let request = guest.request(ALLOCATE, |_| vec![Box::new(udp())]);
    assert_eq!(world.give(guest.id, &request), None);
    let (socket, port) = wanted(world);
    (request, socket, port)
}

fn opened(world: &mut World, guest: &Guest, request: &[u8], socket: SocketId) -> Answer {
    let mut out = Vec::new();
    let to = world.relay.socket_opened(world.now, socket, &mut out);
    assert_eq!(to, Delivery::Client(guest.id));
    guest.read(request, out)
}

fn allocated(world: &mut World, group: &str, device: &str, port: u16) -> (Guest, SocketId) {
    let mut guest = world.guest(group, device, port);
    let (request, socket, _) = ask(world, &mut guest);
    let answer = opened(world, &guest, &request, socket);
    guest.set_relayed(answer.relayed());
    (guest, socket)
}

fn from_peer(
    world: &mut World,
    socket: SocketId,
    peer: SocketAddr,
    payload: &[u8],
) -> Option<crate::world::Sent> {
    let mut out = Vec::new();
    let relay = &mut world.relay;
    let to = relay.receive_from_peer(world.now, socket, peer, payload, &mut out);
    sent(to, out)
}
