//! Data between two clients of a call.

use std::time::Duration;

use relay::{Bandwidth, Config, Delivery, DropReason, Quotas, Transport};

use crate::world::{World, channel_data, client, data_of};

#[test]
fn an_indication_comes_out_as_one_from_the_relayed_address_of_its_sender() {
    let mut world = World::new();
    let (mut one, other) = world.pair("call", [1000, 1001]);
    for length in [0, 1, 2, 3, 4, 160, 1_200] {
        let payload = vec![9; length];
        let sent = one.send(&mut world, other.relayed(), &payload).unwrap();
        assert_eq!(sent.to, Delivery::Client(other.id));
        assert_eq!(data_of(&sent.bytes), (one.relayed(), payload));
    }
}

#[test]
fn channels_are_each_sides_own() {
    let mut world = World::new();
    let (mut one, mut other) = world.pair("call", [1000, 1001]);
    one.bind(&mut world, 0x4001, other.relayed());
    let sent = one.send_on(&mut world, 0x4001, b"one").unwrap();
    assert_eq!(data_of(&sent.bytes), (one.relayed(), b"one".to_vec()));

    other.bind(&mut world, 0x4fff, one.relayed());
    let sent = one.send_on(&mut world, 0x4001, b"two").unwrap();
    assert_eq!(sent.to, Delivery::Client(other.id));
    assert_eq!(sent.bytes, channel_data(0x4fff, b"two"));

    let back = other.send_on(&mut world, 0x4fff, b"three").unwrap();
    assert_eq!(back.to, Delivery::Client(one.id));
    assert_eq!(back.bytes, channel_data(0x4001, b"three"));
}

#[test]
fn channel_data_is_padded_to_streams_and_not_to_datagrams() {
    let mut world = World::new();
    let mut one = world.allocated("call", "one", 1000);
    let mut other = world.guest("call", "other", 1001);
    other.id = client(Transport::Tls, 1001);
    let relayed = other.allocate(&mut world).relayed();
    other.bind(&mut world, 0x4000, one.relayed());
    one.bind(&mut world, 0x4000, relayed);
    let to_stream = one.send_on(&mut world, 0x4000, b"abcde").unwrap();
    let padded = [channel_data(0x4000, b"abcde"), vec![0; 3]].concat();
    assert_eq!(to_stream.bytes, padded);
    let to_datagram = other.send_on(&mut world, 0x4000, b"abcde").unwrap();
    assert_eq!(to_datagram.bytes, channel_data(0x4000, b"abcde"));
    let with_padding = world.give(one.id, &padded).unwrap();
    assert_eq!(with_padding.bytes, padded, "taken from a datagram as well");
}

#[test]
fn nothing_passes_before_both_sides_permit_each_other() {
    let mut world = World::new();
    let mut one = world.allocated("call", "one", 1000);
    let mut other = world.allocated("call", "other", 1001);
    let to = other.relayed();
    assert!(one.send(&mut world, to, b"early").is_none());
    one.permit(&mut world, to);
    assert!(one.send(&mut world, to, b"early").is_none());
    assert_eq!(world.dropped(DropReason::NoPermission), 2);
    other.permit(&mut world, one.relayed());
    assert!(one.send(&mut world, to, b"now").is_some());
    assert!(one.send_on(&mut world, 0x4000, b"unbound").is_none());
    assert_eq!(world.dropped(DropReason::NoChannel), 1);
}

#[test]
fn counters_tell_what_passed() {
    let mut world = World::new();
    let (mut one, other) = world.pair("call", [1000, 1001]);
    for _ in 0..10 {
        one.send(&mut world, other.relayed(), &[0; 160]);
    }
    let counters = world.relay.counters();
    assert_eq!(counters.allocations, 2);
    assert_eq!(counters.allocations_made, 2);
    assert_eq!(counters.challenges, 2);
    let passed = counters.from_clients;
    assert_eq!((passed.packets, passed.bytes), (10, 1_600));
    assert_eq!(counters.to_clients, passed);
}

/// Sound with three earlier packets in each: 32 kbit/s four times, 50 packets a second.
#[test]
fn redundant_sound_passes_and_a_flood_does_not() {
    let mut world = World::new();
    let (mut one, other) = world.pair("call", [1000, 1001]);
    let to = other.relayed();
    let sound = vec![0; 356];
    for _ in 0..50 * 60 {
        world.pass(Duration::from_millis(20));
        if world.now.elapsed.as_millis().is_multiple_of(100_000) {
            one.permit(&mut world, to);
        }
        assert!(one.send(&mut world, to, &sound).is_some());
    }
    let before = world.relay.counters().to_clients.bytes;
    for _ in 0..10_000 {
        world.pass(Duration::from_millis(1));
        one.send(&mut world, to, &[0; 1_000]);
    }
    let bytes = world.relay.counters().to_clients.bytes - before;
    let limit = 10 * 24_000 + 72_000;
    assert!(bytes <= limit, "{bytes}");
    assert!(bytes > limit - 72_000, "{bytes}");
    assert!(world.dropped(DropReason::Bandwidth) > 9_000);
}

#[test]
fn one_who_is_flooded_is_protected_by_a_rate_of_its_own() {
    let mut world = World::with(Config {
        quotas: Quotas {
            bandwidth: Bandwidth {
                bytes_per_second: 1_000,
                burst_bytes: 1_000,
            },
            ..Quotas::default()
        },
        ..Config::default()
    });
    let (_, other) = world.pair("call", [1000, 1001]);
    let passed = (0..10)
        .filter_map(|place| {
            let mut sender = world.allocated("call", &format!("more-{place}"), 2000 + place);
            sender.permit(&mut world, other.relayed());
            sender.send(&mut world, other.relayed(), &[0; 1_000])
        })
        .count();
    assert_eq!(passed, 1);
}
