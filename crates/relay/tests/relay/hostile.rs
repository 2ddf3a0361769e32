//! Bytes that no client would send.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use relay::{Delivery, Framer, Relay, Transport};
use stun_types::message::{BINDING, Message};
use turn_types::attribute::{ChannelNumber, Lifetime, XorPeerAddress};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH};

use crate::world::{Attributes, Guest, World, channel_data, client, indication, udp};

/// What is done to a packet that was well formed.
#[derive(Debug, Clone)]
enum Damage {
    Set(Index, u8),
    Cut(Index),
    Append(Vec<u8>),
    Insert(Index, Vec<u8>),
    Remove(Index),
}

impl Damage {
    fn apply(&self, packet: &mut Vec<u8>) {
        let length = packet.len();
        if length == 0 {
            return;
        }
        match self {
            Self::Set(at, value) => packet[at.index(length)] = *value,
            Self::Cut(at) => packet.truncate(at.index(length)),
            Self::Append(more) => packet.extend_from_slice(more),
            Self::Insert(at, more) => {
                let at = at.index(length);
                packet.splice(at..at, more.iter().copied());
            }
            Self::Remove(at) => {
                packet.remove(at.index(length));
            }
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        4 => (any::<Index>(), any::<u8>()).prop_map(|(at, value)| Damage::Set(at, value)),
        1 => any::<Index>().prop_map(Damage::Cut),
        1 => vec(any::<u8>(), 1..8).prop_map(Damage::Append),
        1 => (any::<Index>(), vec(any::<u8>(), 1..8)).prop_map(|(at, more)| Damage::Insert(at, more)),
        1 => any::<Index>().prop_map(Damage::Remove),
    ]
}

proptest! {
    #[test]
    fn random_bytes_do_no_harm(packets in vec(vec(any::<u8>(), 0..200), 1..20)) {
        let (mut world, guest) = running();
        for packet in packets {
            survive(&mut world, &guest, &packet);
        }
    }

    /// Length and cookie are right, so that more than the first lines of the parser are reached.
    #[test]
    fn random_attributes_do_no_harm(
        kind in any::<u16>(),
        attributes in vec((any::<u8>(), 0..0x30_u8, vec(any::<u8>(), 0..24)), 0..8),
    ) {
        let (mut world, guest) = running();
        let mut packet = (kind & 0x3fff).to_be_bytes().to_vec();
        packet.extend_from_slice(&[0, 0, 0x21, 0x12, 0xa4, 0x42]);
        packet.extend_from_slice(&[7; 12]);
        for (high, low, value) in attributes {
            let length = u8::try_from(value.len()).unwrap();
            packet.extend_from_slice(&[high & 0x80, low, 0, length]);
            packet.extend_from_slice(&value);
            packet.resize(packet.len().next_multiple_of(4), 0);
        }
        let length = u16::try_from(packet.len() - 20).unwrap();
        packet[2..4].copy_from_slice(&length.to_be_bytes());
        survive(&mut world, &guest, &packet);
    }

    #[test]
    fn damaged_packets_do_no_harm(which in any::<Index>(), damage in vec(damage(), 1..6)) {
        let (mut world, mut guest) = running();
        let packets = well_formed(&mut guest);
        let mut packet = packets[which.index(packets.len())].clone();
        for damage in damage {
            damage.apply(&mut packet);
        }
        survive(&mut world, &guest, &packet);
    }

    #[test]
    fn random_streams_do_no_harm(pieces in vec(vec(any::<u8>(), 0..300), 0..30)) {
        let (mut world, mut guest) = running();
        guest.id = client(Transport::Tcp, 1000);
        let mut framer = Framer::new();
        for piece in pieces {
            let room = framer.room();
            let length = piece.len().min(room.len());
            room[..length].copy_from_slice(&piece[..length]);
            framer.filled(length);
            loop {
                match framer.next_frame() {
                    Ok(Some(frame)) => {
                        let frame = frame.to_vec();
                        survive(&mut world, &guest, &frame);
                    }
                    Ok(None) => break,
                    Err(_) => return Ok(()),
                }
            }
        }
    }

    /// Whatever a peer sends comes out whole, or not at all.
    #[test]
    fn payload_passes_unchanged(payload in vec(any::<u8>(), 0..1_400)) {
        let (mut world, guest) = running();
        let sent = guest.send_on(&mut world, 0x4000, &payload).unwrap();
        prop_assert_eq!(&sent.bytes, &channel_data(0x4000, &payload));
    }
}

#[test]
fn well_formed_packets_are_what_they_should_be() {
    let (mut world, mut guest) = running();
    for (place, packet) in well_formed(&mut guest).iter().enumerate() {
        assert!(world.give(guest.id, packet).is_some(), "packet {place}");
    }
}

/// A guest in a call whose other end hears it on a channel.
fn running() -> (World, Guest) {
    let mut world = World::new();
    let (mut guest, mut other) = world.pair("call", [1000, 1001]);
    guest.bind(&mut world, 0x4000, other.relayed());
    other.bind(&mut world, 0x4000, guest.relayed());
    guest.set_relayed(other.relayed());
    (world, guest)
}

fn well_formed(guest: &mut Guest) -> Vec<Vec<u8>> {
    let peer = guest.relayed();
    vec![
        guest.request(BINDING, |_| Attributes::new()),
        guest.request(ALLOCATE, |_| vec![Box::new(udp())]),
        guest.request(REFRESH, |_| vec![Box::new(Lifetime::new(600))]),
        guest.request(CREATE_PERMISSION, |transaction| {
            vec![Box::new(XorPeerAddress::new(peer, transaction))]
        }),
        guest.request(CHANNEL_BIND, |transaction| {
            vec![
                Box::new(ChannelNumber::new(0x4000)),
                Box::new(XorPeerAddress::new(peer, transaction)),
            ]
        }),
        indication(1.into(), peer, b"sound"),
        channel_data(0x4000, b"sound"),
    ]
}

/// Gives the packet to the relay, from the guest and from a stranger, and checks what must always hold.
fn survive(world: &mut World, guest: &Guest, packet: &[u8]) {
    for id in [guest.id, client(guest.id.transport, 9)] {
        let mut out = Vec::new();
        let to = world.relay.receive(world.now, id, packet, &mut out);
        assert_eq!(to == Delivery::Nothing, out.is_empty());
        assert!(out.len() <= Relay::PACKET_MAX_BYTES + 64);
        if to == Delivery::Client(id) {
            Message::from_bytes(&out).unwrap();
        }
        assert!(!matches!(to, Delivery::Peer { .. }), "no socket was opened");
    }
    assert!(world.allocations() <= 2);
    world.pass(Duration::from_millis(1));
}
