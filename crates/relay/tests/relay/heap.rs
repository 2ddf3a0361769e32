//! Relayed sound touches no heap: by channels and by indications, inside the process and through sockets.

use std::net::SocketAddr;
use std::time::Duration;

use allocation_counter::measure;
use relay::{
    Bandwidth, ClientId, Command, Config, Delivery, Ports, Quotas, RelayedRange, SocketId,
};

use crate::world::{World, channel_data, indication};

const PACKETS: usize = 1_000;

#[test]
fn between_two_clients() {
    let mut world = World::with(config(Ports::One));
    let (mut one, mut other) = world.pair("call", [1000, 1001]);
    let by_indication = indication(1.into(), other.relayed(), &[7; 160]);
    assert_eq!(allocated(&mut world, one.id, &by_indication), 0);
    one.bind(&mut world, 0x4000, other.relayed());
    let by_channel = channel_data(0x4000, &[7; 160]);
    assert_eq!(
        allocated(&mut world, one.id, &by_channel),
        0,
        "into an indication"
    );
    other.bind(&mut world, 0x4000, one.relayed());
    assert_eq!(allocated(&mut world, one.id, &by_channel), 0);
}

#[test]
fn to_and_from_a_peer() {
    let mut world = World::with(config(Ports::Range(RelayedRange {
        ports: 50_000..=50_009,
        external_v4: Some([11, 0, 0, 1].into()),
        external_v6: None,
        allow_private: false,
    })));
    let peer: SocketAddr = "8.8.4.4:5000".parse().unwrap();
    let mut guest = world.guest("call", "laptop", 1000);
    guest.sign_in(&mut world);
    let request = guest.request(turn_types::message::ALLOCATE, |_| {
        vec![Box::new(crate::world::udp())]
    });
    assert_eq!(world.give(guest.id, &request), None);
    let Some(Command::OpenSocket { socket, .. }) = world.relay.poll_command() else {
        panic!("no socket is wanted");
    };
    let mut out = Vec::new();
    let opened = world.relay.socket_opened(world.now, socket, &mut out);
    assert_eq!(opened, Delivery::Client(guest.id));
    guest.permit(&mut world, peer);
    let by_indication = indication(1.into(), peer, &[7; 160]);
    assert_eq!(allocated(&mut world, guest.id, &by_indication), 0);
    assert_eq!(allocated_from_peer(&mut world, socket, peer), 0);
    guest.bind(&mut world, 0x4000, peer);
    let by_channel = channel_data(0x4000, &[7; 160]);
    assert_eq!(allocated(&mut world, guest.id, &by_channel), 0);
    assert_eq!(allocated_from_peer(&mut world, socket, peer), 0);
}

/// Heap allocations of many packets from a client, every one of which is sent on.
fn allocated(world: &mut World, client: ClientId, packet: &[u8]) -> u64 {
    let mut out = Vec::with_capacity(packet.len() + 64);
    measure(|| {
        for _ in 0..PACKETS {
            world.now.elapsed += Duration::from_micros(1);
            let to = world.relay.receive(world.now, client, packet, &mut out);
            assert_ne!(to, Delivery::Nothing);
        }
    })
    .count_total
}

fn allocated_from_peer(world: &mut World, socket: SocketId, peer: SocketAddr) -> u64 {
    let payload = [7; 160];
    let mut out = Vec::with_capacity(payload.len() + 64);
    measure(|| {
        for _ in 0..PACKETS {
            let relay = &mut world.relay;
            let to = relay.receive_from_peer(world.now, socket, peer, &payload, &mut out);
            assert_ne!(to, Delivery::Nothing);
        }
    })
    .count_total
}

#[test]
fn the_counter_counts() {
    assert_eq!(measure(|| drop(vec![0_u8; 8])).count_total, 1);
}

fn config(ports: Ports) -> Config {
    Config {
        ports,
        quotas: Quotas {
            bandwidth: Bandwidth {
                bytes_per_second: 1_000_000_000,
                burst_bytes: 1_000_000_000,
            },
            ..Quotas::default()
        },
        ..Config::default()
    }
}
