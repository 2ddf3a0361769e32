//! Getting, keeping and losing an allocation.

use std::time::Duration;

use relay::{Config, DropReason, Group, Quotas, Transport};
use stun_types::attribute::UnknownAttributes;
use turn_types::AddressFamily;
use turn_types::attribute::{
    AdditionalAddressFamily, DontFragment, EvenPort, RequestedAddressFamily, RequestedTransport,
    ReservationToken,
};
use turn_types::message::ALLOCATE;

use crate::world::{Attributes, World, client, udp};

#[test]
fn a_stranger_is_challenged_and_a_guest_gets_an_address() {
    let mut world = World::new();
    let mut guest = world.guest("call", "laptop", 1000);
    let request = guest.request(ALLOCATE, |_| vec![Box::new(udp())]);
    let challenge = guest.answer(&mut world, &request);
    assert_eq!(challenge.error, Some(401));
    assert_eq!(world.allocations(), 0);

    let answer = guest.allocate(&mut world);
    assert_eq!(answer.relayed().ip().to_string(), "192.0.0.8");
    assert!(answer.relayed().port() >= 1024);
    assert_eq!(answer.mapped(), guest.id.remote);
    assert_eq!(answer.lifetime(), 600);
    assert_eq!(world.allocations(), 1);
}

#[test]
fn the_same_request_again_gets_the_same_answer_and_another_one_none() {
    let mut world = World::new();
    let mut guest = world.guest("call", "laptop", 1000);
    let request = guest.request(ALLOCATE, |_| vec![Box::new(udp())]);
    let challenge = guest.answer(&mut world, &request);
    guest.set_nonce(&challenge.nonce());
    let request = guest.request(ALLOCATE, |_| vec![Box::new(udp())]);
    let first = guest.answer(&mut world, &request);
    let again = guest.answer(&mut world, &request);
    assert_eq!(first.bytes, again.bytes);
    assert_eq!(guest.allocate(&mut world).error, Some(437));
    assert_eq!(world.allocations(), 1);
}

#[test]
fn every_allocation_has_an_address_of_its_own() {
    let mut world = World::new();
    let mut relayed: Vec<_> = (0..200)
        .map(|i| {
            world
                .allocated(&format!("call-{i}"), "laptop", 1000 + i)
                .relayed()
        })
        .collect();
    relayed.sort_unstable();
    relayed.dedup();
    assert_eq!(relayed.len(), 200);
}

#[test]
fn lifetime_is_between_ten_minutes_and_an_hour() {
    let mut world = World::new();
    let mut guest = world.allocated("call", "laptop", 1000);
    assert_eq!(guest.refresh(&mut world, 1).lifetime(), 600);
    assert_eq!(guest.refresh(&mut world, 1200).lifetime(), 1200);
    assert_eq!(guest.refresh(&mut world, u32::MAX).lifetime(), 3600);
}

#[test]
fn an_allocation_lives_as_long_as_it_is_refreshed_though_its_credential_expired() {
    let mut world = World::new();
    let mut guest = world.allocated("call", "laptop", 1000);
    for _ in 0..20 {
        world.pass(Duration::from_secs(590));
        assert_eq!(guest.refresh(&mut world, 600).lifetime(), 600);
    }
    assert_eq!(
        world.relay.poll_timeout(),
        Some(world.now.elapsed + Duration::from_mins(10))
    );
    world.pass(Duration::from_secs(599));
    assert_eq!(world.allocations(), 1);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.allocations(), 0);
    assert_eq!(world.relay.poll_timeout(), None);
    assert_eq!(guest.refresh(&mut world, 600).error, Some(401), "expired");
}

#[test]
fn refresh_with_nothing_deletes() {
    let mut world = World::new();
    let mut guest = world.allocated("call", "laptop", 1000);
    assert_eq!(guest.refresh(&mut world, 0).lifetime(), 0);
    assert_eq!(world.allocations(), 0);
    assert_eq!(guest.refresh(&mut world, 0).error, Some(437));
    assert_eq!(guest.allocate(&mut world).error, None);
}

#[test]
fn a_closed_stream_takes_its_allocation_along() {
    let mut world = World::new();
    let mut guest = world.guest("call", "laptop", 1000);
    guest.id = client(Transport::Tls, 1000);
    assert_eq!(guest.allocate(&mut world).error, None);
    world.relay.client_gone(client(Transport::Tcp, 1000));
    assert_eq!(world.allocations(), 1, "another client");
    world.relay.client_gone(guest.id);
    assert_eq!(world.allocations(), 0);
}

#[test]
fn an_ended_call_takes_its_allocations_along_and_no_other() {
    let mut world = World::new();
    let (mut one, _) = world.pair("call", [1000, 1001]);
    world.allocated("other", "laptop", 1002);
    let group = Group::new("call").unwrap();
    world.relay.end_group(world.now, &group);
    assert_eq!(world.allocations(), 1);
    assert_eq!(one.refresh(&mut world, 600).error, Some(401));
    assert!(one.send_on(&mut world, 0x4000, b"sound").is_none());
    assert_eq!(world.dropped(DropReason::NoAllocation), 1);
}

#[test]
fn requests_that_cannot_be_met_are_refused_by_the_right_code() {
    let cases: [(fn() -> Attributes, u16); 10] = [
        (Vec::new, 400),
        (|| vec![Box::new(RequestedTransport::new(6))], 442),
        (
            || {
                vec![
                    Box::new(udp()),
                    Box::new(RequestedAddressFamily::new(AddressFamily::IPV6)),
                ]
            },
            440,
        ),
        (|| vec![Box::new(udp()), Box::new(EvenPort::new(true))], 508),
        (
            || vec![Box::new(udp()), Box::new(ReservationToken::new(1))],
            508,
        ),
        (
            || {
                vec![
                    Box::new(udp()),
                    Box::new(ReservationToken::new(1)),
                    Box::new(EvenPort::new(false)),
                ]
            },
            400,
        ),
        (
            || {
                vec![
                    Box::new(udp()),
                    Box::new(ReservationToken::new(1)),
                    Box::new(RequestedAddressFamily::new(AddressFamily::IPV4)),
                ]
            },
            400,
        ),
        (
            || {
                vec![
                    Box::new(udp()),
                    Box::new(RequestedAddressFamily::new(AddressFamily::IPV4)),
                    Box::new(AdditionalAddressFamily::new(AddressFamily::IPV6)),
                ]
            },
            400,
        ),
        (|| vec![Box::new(udp()), Box::new(DontFragment::new())], 420),
        // Nothing wrong with it: the last case shows that the others are refused for what they have more.
        (
            || {
                vec![
                    Box::new(udp()),
                    Box::new(RequestedAddressFamily::new(AddressFamily::IPV4)),
                ]
            },
            0,
        ),
    ];
    for (case, (attributes, code)) in cases.into_iter().enumerate() {
        let mut world = World::new();
        let mut guest = world.guest("call", "laptop", 1000);
        let answer = guest.ask(&mut world, ALLOCATE, |_| attributes());
        assert_eq!(answer.error.unwrap_or(0), code, "case {case}");
        assert_eq!(world.allocations(), u64::from(code == 0));
        if code == 420 {
            let unknown = answer.message();
            let unknown = unknown.attribute::<UnknownAttributes>().unwrap();
            assert!(unknown.has_attribute(0x001a.into()));
        }
    }
}

#[test]
fn an_even_port_can_be_asked_for() {
    let mut world = World::new();
    for port in 1000..1020 {
        let mut guest = world.guest("call", &format!("device-{port}"), port);
        let answer = guest.ask(&mut world, ALLOCATE, |_| {
            vec![Box::new(udp()), Box::new(EvenPort::new(false))]
        });
        assert_eq!(answer.relayed().port() % 2, 0);
    }
}

#[test]
fn a_device_has_a_quota_and_another_device_its_own() {
    let mut world = World::new();
    for port in 0..24 {
        world.allocated("call", "laptop", 1000 + port);
    }
    let refused = world.guest("call", "laptop", 2000).allocate(&mut world);
    assert_eq!(refused.error, Some(486));
    world.allocated("call", "phone", 2001);
    world.allocated("other-call", "laptop", 2002);
    assert_eq!(world.allocations(), 26);
}

#[test]
fn silent_allocations_of_a_device_make_room_for_its_new_ones() {
    let mut world = World::new();
    let mut guests: Vec<_> = (0..24)
        .map(|port| world.allocated("call", "laptop", 1000 + port))
        .collect();
    world.pass(Duration::from_secs(31));
    let peer = guests[5].relayed();
    for guest in guests
        .iter_mut()
        .filter(|guest| guest.id.remote.port() != 1003)
    {
        // Dropped for want of a permission, and a sign of life all the same.
        assert!(guest.send(&mut world, peer, b"check").is_none());
    }
    let fresh = world.allocated("call", "laptop", 2000);
    assert_eq!(world.allocations(), 24);
    assert!(
        guests[3]
            .send(&mut world, fresh.relayed(), b"check")
            .is_none()
    );
    assert_eq!(world.dropped(DropReason::NoAllocation), 1, "the silent one");
    let refused = world.guest("call", "laptop", 2001).allocate(&mut world);
    assert_eq!(refused.error, Some(486), "the others are in use");
}

#[test]
fn the_relay_has_a_quota() {
    let quotas = Quotas {
        allocations: 3,
        ..Quotas::default()
    };
    let mut world = World::with(Config {
        quotas,
        ..Config::default()
    });
    let mut first = world.allocated("call-0", "laptop", 1000);
    world.allocated("call-1", "laptop", 1001);
    world.allocated("call-2", "laptop", 1002);
    let mut late = world.guest("call-3", "laptop", 1003);
    assert_eq!(late.allocate(&mut world).error, Some(508));
    assert_eq!(first.refresh(&mut world, 0).error, None);
    assert_eq!(late.allocate(&mut world).error, None);
}
