//! Binding, permissions and channels.

use std::net::SocketAddr;
use std::time::Duration;

use relay::{ClientId, Delivery};
use stun_types::attribute::{
    AttributeStaticType, AttributeType, ErrorCode, Fingerprint, UnknownAttributes, XorMappedAddress,
};
use stun_types::message::{
    BINDING, Message, MessageClass, MessageWrite, MessageWriteExt, MessageWriteVec,
};
use turn_types::attribute::XorPeerAddress;
use turn_types::message::CREATE_PERMISSION;

use crate::world::{World, client};
use relay::Transport;

#[test]
fn binding_tells_a_client_its_own_address() {
    for (seen, told) in [
        ("192.0.2.7:32853", "192.0.2.7:32853"),
        ("[2001:db8::1]:9", "[2001:db8::1]:9"),
        ("[::ffff:192.0.2.7]:9", "192.0.2.7:9"),
    ] {
        let mut world = World::new();
        let id = ClientId {
            remote: seen.parse().unwrap(),
            ..client(Transport::Udp, 1)
        };
        let request = Message::builder_request(BINDING, MessageWriteVec::new()).finish();
        let sent = world.give(id, &request).unwrap();
        assert_eq!(sent.to, Delivery::Client(id));
        let answer = Message::from_bytes(&sent.bytes).unwrap();
        assert_eq!(answer.class(), MessageClass::Success);
        let mapped = answer.attribute::<XorMappedAddress>().unwrap();
        let expected: SocketAddr = told.parse().unwrap();
        assert_eq!(mapped.addr(answer.transaction_id()), expected);
        assert!(!answer.has_attribute(Fingerprint::TYPE));
    }
}

#[test]
fn binding_with_a_fingerprint_is_answered_with_one() {
    let mut world = World::new();
    let mut request = Message::builder_request(BINDING, MessageWriteVec::new());
    request.add_fingerprint().unwrap();
    let id = client(Transport::Udp, 1);
    let sent = world.give(id, &request.finish()).unwrap();
    // Parsing checks its value.
    let answer = Message::from_bytes(&sent.bytes).unwrap();
    assert!(answer.has_attribute(Fingerprint::TYPE));
}

/// RFC 5769 §2.1: a check between peers carries PRIORITY, which means nothing to a STUN server.
#[test]
fn unknown_required_attribute_is_refused_by_name() {
    let mut world = World::new();
    let mut request = vec![0x00, 0x01, 0x00, 0x08, 0x21, 0x12, 0xa4, 0x42];
    request.extend_from_slice(&[7; 12]);
    request.extend_from_slice(&[0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff]);
    let sent = world.give(client(Transport::Udp, 1), &request).unwrap();
    let answer = Message::from_bytes(&sent.bytes).unwrap();
    assert_eq!(answer.attribute::<ErrorCode>().unwrap().code(), 420);
    let unknown = answer.attribute::<UnknownAttributes>().unwrap();
    assert!(unknown.has_attribute(AttributeType::new(0x0024)));
}

#[test]
fn a_permission_lasts_five_minutes() {
    let mut world = World::new();
    let (mut one, mut other) = world.pair("call", [1000, 1001]);
    let to = other.relayed();
    world.pass(Duration::from_secs(299));
    assert!(one.send(&mut world, to, b"sound").is_some());
    world.pass(Duration::from_secs(1));
    assert!(one.send(&mut world, to, b"sound").is_none());
    one.permit(&mut world, to);
    assert!(one.send(&mut world, to, b"sound").is_none(), "one way only");
    other.permit(&mut world, one.relayed());
    assert!(one.send(&mut world, to, b"sound").is_some());
}

#[test]
fn a_channel_lasts_ten_minutes_and_its_permission_five() {
    let mut world = World::new();
    let (mut one, mut other) = world.pair("call", [1000, 1001]);
    one.bind(&mut world, 0x4000, other.relayed());
    world.pass(Duration::from_secs(299));
    assert!(one.send_on(&mut world, 0x4000, b"sound").is_some());
    world.pass(Duration::from_secs(1));
    assert!(one.send_on(&mut world, 0x4000, b"sound").is_none());
    one.permit(&mut world, other.relayed());
    other.permit(&mut world, one.relayed());
    assert!(one.send_on(&mut world, 0x4000, b"sound").is_some());
    one.refresh(&mut world, 3600);
    other.refresh(&mut world, 3600);
    world.pass(Duration::from_secs(299));
    one.permit(&mut world, other.relayed());
    other.permit(&mut world, one.relayed());
    world.pass(Duration::from_secs(1));
    assert!(one.send_on(&mut world, 0x4000, b"sound").is_none());
    one.bind(&mut world, 0x4000, other.relayed());
    assert!(one.send_on(&mut world, 0x4000, b"sound").is_some());
}

#[test]
fn a_channel_has_one_peer_and_a_peer_one_channel() {
    let mut world = World::new();
    let (mut one, other) = world.pair("call", [1000, 1001]);
    let peer = other.relayed();
    let another = SocketAddr::new(peer.ip(), peer.port() ^ 1);
    assert_eq!(one.bind(&mut world, 0x4000, peer).error, None);
    assert_eq!(one.bind(&mut world, 0x4000, peer).error, None, "again");
    assert_eq!(one.bind(&mut world, 0x4000, another).error, Some(400));
    assert_eq!(one.bind(&mut world, 0x4001, peer).error, Some(400));
    assert_eq!(one.bind(&mut world, 0x4001, another).error, None);
    for number in [0x0000, 0x3fff, 0x7fff, 0x8000, 0xffff] {
        let third = SocketAddr::new(peer.ip(), 1);
        assert_eq!(one.bind(&mut world, number, third).error, Some(400));
    }
}

#[test]
fn permissions_and_channels_need_an_allocation() {
    let mut world = World::new();
    let peer = "192.0.0.8:2000".parse().unwrap();
    let mut guest = world.guest("call", "laptop", 1000);
    assert_eq!(guest.permit(&mut world, peer).error, Some(437));
    assert_eq!(guest.bind(&mut world, 0x4000, peer).error, Some(437));
}

#[test]
fn permissions_come_all_or_none() {
    let mut world = World::new();
    let (mut one, _) = world.pair("call", [1000, 1001]);
    let ask = |peers: &'static [&str]| {
        move |transaction| {
            peers
                .iter()
                .map(|peer| Box::new(XorPeerAddress::new(peer.parse().unwrap(), transaction)) as _)
                .collect()
        }
    };
    let answer = one.ask(&mut world, CREATE_PERMISSION, ask(&[]));
    assert_eq!(answer.error, Some(400));
    let mixed = ask(&["192.0.0.8:1", "[2606:4700::1]:1"]);
    let answer = one.ask(&mut world, CREATE_PERMISSION, mixed);
    assert_eq!(answer.error, Some(443));
    let both = ask(&["192.0.0.8:1", "192.0.0.8:2"]);
    let answer = one.ask(&mut world, CREATE_PERMISSION, both);
    assert_eq!(answer.error, None);
}
