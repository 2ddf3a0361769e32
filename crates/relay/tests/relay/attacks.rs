//! What people have tried with other relays, and what becomes of it here.

use std::time::Duration;

use relay::{
    ClientId, Credential, Delivery, Device, DropReason, Group, Key, Transport, UnixSeconds,
};
use stun_types::message::{BINDING, Message, MessageWrite, MessageWriteVec};
use turn_types::message::ALLOCATE;

use crate::world::{Guest, KEY, World, client, udp};

/// As a proxy into the host's own machine or network: with one port there is nowhere to go but to the same call.
#[test]
fn no_peer_but_the_other_end_of_the_call_is_reached() {
    let mut world = World::new();
    let mut guest = world.allocated("call", "laptop", 1000);
    let inside = [
        "127.0.0.1:8080",
        "0.0.0.0:8080",
        "10.0.0.1:22",
        "169.254.169.254:80",
        "192.0.2.1:3478",
        "192.168.1.1:53",
        "255.255.255.255:9",
        "8.8.8.8:53",
    ];
    for (peer, channel) in inside.into_iter().zip(0x4000..) {
        let peer = peer.parse().unwrap();
        assert_eq!(guest.permit(&mut world, peer).error, None, "{peer}");
        assert_eq!(guest.bind(&mut world, channel, peer).error, None, "{peer}");
        assert!(guest.send(&mut world, peer, b"GET /").is_none(), "{peer}");
        let sent = guest.send_on(&mut world, channel, b"GET /");
        assert!(sent.is_none(), "{peer}");
    }
    assert_eq!(world.dropped(DropReason::PeerDenied), 16);
    assert_eq!(world.relay.counters().from_clients.packets, 0);
    for peer in [
        "[::1]:8080",
        "[::ffff:127.0.0.1]:8080",
        "[64:ff9b::7f00:1]:80",
    ] {
        let answer = guest.permit(&mut world, peer.parse().unwrap());
        assert_eq!(answer.error, Some(443), "{peer}");
    }
}

/// A browser that is refused one address of the other side gives up before it knows the next.
#[test]
fn who_names_addresses_of_no_use_first_is_reached_all_the_same() {
    let mut world = World::new();
    let mut guest = world.allocated("call", "laptop", 1000);
    let mut other = world.allocated("call", "phone", 1001);
    for useless in ["192.168.1.7:50000", "203.0.113.7:50000"] {
        let answer = guest.permit(&mut world, useless.parse().unwrap());
        assert_eq!(answer.error, None, "{useless}");
    }
    assert_eq!(guest.permit(&mut world, other.relayed()).error, None);
    assert_eq!(other.permit(&mut world, guest.relayed()).error, None);
    let heard = guest.send(&mut world, other.relayed(), b"ahoy").unwrap();
    assert_eq!(heard.to, Delivery::Client(other.id));
}

#[test]
fn another_call_cannot_be_reached() {
    let mut world = World::new();
    let (_, victim) = world.pair("call", [1000, 1001]);
    let mut intruder = world.allocated("other-call", "laptop", 1002);
    assert_eq!(intruder.permit(&mut world, victim.relayed()).error, None);
    assert!(
        intruder
            .send(&mut world, victim.relayed(), b"noise")
            .is_none()
    );
    intruder.bind(&mut world, 0x4000, victim.relayed());
    assert!(intruder.send_on(&mut world, 0x4000, b"noise").is_none());
    assert_eq!(world.dropped(DropReason::PeerDenied), 2);
}

#[test]
fn a_credential_is_worth_nothing_after_its_call() {
    let mut world = World::new();
    let mut used = world.allocated("call", "laptop", 1000);
    let mut unused = world.guest("call", "phone", 1001);
    world
        .relay
        .end_group(world.now, &Group::new("call").unwrap());
    assert_eq!(used.allocate(&mut world).error, Some(401));
    for _ in 0..10 {
        assert_eq!(unused.allocate(&mut world).error, Some(401));
        world.pass(Duration::from_secs(59));
    }
    assert_eq!(world.allocations(), 0);
}

/// The memory that a call is over outlasts every credential for it, and goes then.
#[test]
fn a_clock_that_is_set_back_revives_no_credential() {
    let mut world = World::new();
    let mut guest = world.guest("call", "laptop", 1000);
    let start = world.now.unix;
    world
        .relay
        .end_group(world.now, &Group::new("call").unwrap());
    for _ in 0..20 {
        world.pass(Duration::from_mins(10));
        world.now.unix = start;
        assert_eq!(guest.allocate(&mut world).error, Some(401));
    }
    world.now.unix.0 += 900;
    world.pass(Duration::from_mins(15));
    assert_eq!(world.relay.poll_timeout(), None, "forgotten");
    assert_eq!(guest.allocate(&mut world).error, Some(401), "expired");
}

#[test]
fn an_expired_credential_allocates_nothing() {
    let mut world = World::new();
    let mut guest = world.guest("call", "laptop", 1000);
    world.pass(Duration::from_mins(10));
    assert_eq!(guest.allocate(&mut world).error, Some(401));
}

#[test]
fn a_credential_for_ever_allocates_nothing() {
    let mut world = World::new();
    let group = Group::new("call").unwrap();
    let device = Device::new("laptop").unwrap();
    let expires = UnixSeconds(world.now.unix.0 + 3_600);
    let credential = Credential::mint(&KEY, &group, &device, expires);
    let id = client(Transport::Udp, 1000);
    let mut guest = Guest::new(id, &credential.username, credential.password.reveal());
    assert_eq!(guest.allocate(&mut world).error, Some(401));
}

#[test]
fn guessed_credentials_allocate_nothing() {
    let mut world = World::new();
    let genuine = world.guest("call", "laptop", 999);
    let group = Group::new("call").unwrap();
    let device = Device::new("laptop").unwrap();
    let expires = UnixSeconds(world.now.unix.0 + 600);
    let foreign = Credential::mint(&Key::new([8; 32]), &group, &device, expires);
    let later = format!("{}:call:laptop", expires.0 + 1);
    for (port, username, password) in [
        (1000, genuine.username(), ""),
        (1001, genuine.username(), "password"),
        (1002, genuine.username(), foreign.password.reveal()),
        (1003, later.as_str(), foreign.password.reveal()),
        (1004, "admin", "admin"),
        (1005, "1800000600:call", "x"),
        (1006, "18446744073709551615:call:laptop", "x"),
    ] {
        let mut guest = Guest::new(client(Transport::Udp, port), username, password);
        assert_eq!(guest.allocate(&mut world).error, Some(401), "{username}");
    }
    assert_eq!(world.allocations(), 0);
}

#[test]
fn one_users_allocation_is_not_anothers_to_change() {
    let mut world = World::new();
    let mut guest = world.allocated("call", "laptop", 1000);
    let other = world.guest("call", "phone", 1001);
    guest.take_credential_of(&other);
    assert_eq!(guest.refresh(&mut world, 0).error, Some(441));
    let peer = guest.relayed();
    assert_eq!(guest.permit(&mut world, peer).error, Some(441));
    assert_eq!(guest.allocate(&mut world).error, Some(441));
    assert_eq!(world.allocations(), 1);
}

#[test]
fn a_nonce_is_good_for_whom_it_was_made_alone() {
    let mut world = World::new();
    let mut one = world.guest("call", "laptop", 1000);
    let request = one.request(ALLOCATE, |_| vec![Box::new(udp())]);
    let nonce = one.answer(&mut world, &request).nonce();
    let mut other = world.guest("call", "phone", 1001);
    for forged in [nonce.as_str(), "", "AAAAAAAAAAAAAAAA", "obMatJos2AAAA", "ö"] {
        other.set_nonce(forged);
        let request = other.request(ALLOCATE, |_| vec![Box::new(udp())]);
        let answer = other.answer(&mut world, &request);
        assert_eq!(answer.error, Some(438), "{forged}");
    }
    one.set_nonce(&nonce);
    world.pass(Duration::from_mins(11));
    let request = one.request(ALLOCATE, |_| vec![Box::new(udp())]);
    assert_eq!(one.answer(&mut world, &request).error, Some(438), "old");
}

/// A packet that was recorded and is sent again from elsewhere.
#[test]
fn a_replayed_request_from_another_address_does_nothing() {
    let mut world = World::new();
    let mut guest = world.allocated("call", "laptop", 1000);
    let delete = guest.request(turn_types::message::REFRESH, |_| {
        vec![Box::new(turn_types::attribute::Lifetime::new(0))]
    });
    let thief = Guest::new(client(Transport::Udp, 1001), "", "");
    assert_eq!(thief.answer(&mut world, &delete).error, Some(438));
    assert_eq!(world.allocations(), 1);
}

#[test]
fn a_flood_of_allocations_ends_at_the_quota() {
    let mut world = World::new();
    let mut refused = 0;
    for port in 1000..1200 {
        world.pass(Duration::from_millis(50));
        let answer = world.guest("call", "laptop", port).allocate(&mut world);
        refused += u32::from(answer.error == Some(486));
    }
    assert_eq!(world.allocations(), 24);
    assert_eq!(refused, 176);
}

/// Forged senders: no allocation, no memory, and each victim hears little.
#[test]
fn a_flood_from_strangers_leaves_nothing_behind() {
    let mut world = World::new();
    let mut guest = world.guest("call", "laptop", 1000);
    let request = guest.request(ALLOCATE, |_| vec![Box::new(udp())]);
    let (mut questions, mut answers) = (0, 0);
    for i in 0..100_000_u32 {
        let [_, a, b, c] = i.to_be_bytes();
        let victim = ClientId {
            remote: ([203, a, b, c], 53).into(),
            ..guest.id
        };
        questions += request.len();
        answers += world
            .give(victim, &request)
            .map_or(0, |sent| sent.bytes.len());
    }
    assert_eq!(world.allocations(), 0);
    assert_eq!(world.relay.poll_timeout(), None);
    assert!(answers * 2 <= questions * 5, "{answers} for {questions}");
    let one_victim = (0..100_000)
        .filter(|_| world.give(guest.id, &request).is_some())
        .count();
    assert!(one_victim <= 500, "{one_victim}");
    assert!(world.dropped(DropReason::Stranger) > 99_000);
}

/// The port of somebody in a call is no way round the limit.
#[test]
fn binding_requests_in_the_name_of_a_guest_are_limited_as_well() {
    let mut world = World::new();
    let guest = world.allocated("call", "laptop", 1000);
    let request = Message::builder_request(BINDING, MessageWriteVec::new()).finish();
    let answered = (0..10_000)
        .filter(|_| world.give(guest.id, &request).is_some())
        .count();
    assert!(answered <= 500, "{answered}");
}

/// What strangers get is never more than three times what they sent, and for what browsers send less than that.
#[test]
fn answers_to_strangers_amplify_little() {
    let bare = |method| {
        let mut message = Message::builder_request(BINDING, MessageWriteVec::new()).finish();
        message[1] = method;
        message
    };
    for remote in ["192.0.2.7:1", "[2001:db8::1]:1"] {
        for method in [1, 3, 4, 8, 9] {
            let mut world = World::new();
            let id = ClientId {
                remote: remote.parse().unwrap(),
                ..client(Transport::Udp, 1)
            };
            let request = bare(method);
            let answer = world.give(id, &request).unwrap();
            assert!(answer.bytes.len() <= 3 * request.len());
        }
    }
    let mut world = World::new();
    let mut guest = world.guest("call", "laptop", 1000);
    let first = guest.request(ALLOCATE, |_| vec![Box::new(udp())]);
    let challenge = guest.answer(&mut world, &first);
    assert!(challenge.bytes.len() * 9 <= first.len() * 16);
    guest.set_nonce("stale");
    let signed = guest.request(ALLOCATE, |_| vec![Box::new(udp())]);
    let challenge = guest.answer(&mut world, &signed);
    assert_eq!(challenge.error, Some(438));
    assert!(challenge.bytes.len() <= signed.len());
}

#[test]
fn an_answer_is_no_question() {
    let mut world = World::new();
    let id = client(Transport::Udp, 1);
    let request = Message::builder_request(BINDING, MessageWriteVec::new()).finish();
    let answer = world.give(id, &request).unwrap();
    assert_eq!(world.give(id, &answer.bytes), None, "a loop of two servers");
    let mut guest = world.guest("call", "laptop", 1000);
    let request = guest.request(ALLOCATE, |_| vec![Box::new(udp())]);
    let challenge = guest.answer(&mut world, &request);
    assert_eq!(world.give(guest.id, &challenge.bytes), None);
}

#[test]
fn permissions_and_channels_have_a_limit() {
    let mut world = World::new();
    let (mut one, other) = world.pair("call", [1000, 1001]);
    let ip = other.relayed().ip();
    let bound = (0..40)
        .map(|place| one.bind(&mut world, 0x4000 + place, (ip, 2000 + place).into()))
        .filter(|answer| answer.error.is_none())
        .count();
    assert_eq!(bound, 32);
    let refused = one.bind(&mut world, 0x4100, (ip, 3000).into());
    assert_eq!(refused.error, Some(508));
}
