//! Writes the input that a fuzzer starts from: what TURN clients really send, in order, a good token and a good passkey.
//! `fuzz/corpus` holds it already.
//!
//! `cargo run --package cases --example seeds`; then, in `fuzz`, `cargo +nightly fuzz run relay_datagram`. Descriptions come from
//! browsers, and their seeds were made by `web/src/call/description.ts` from the SDP in `web/src/call/fixtures`.

use std::io;
use std::net::SocketAddr;
use std::path::Path;

use cases::{Step, World, answer, new_passkey, signed_request, token_parts};
use ed25519_dalek::SigningKey;

/// TURN methods (RFC 8656 §17).
const ALLOCATE: u8 = 3;
const REFRESH: u8 = 4;
const CREATE_PERMISSION: u8 = 8;
const CHANNEL_BIND: u8 = 9;

/// REQUESTED-TRANSPORT: UDP.
const UDP: [u8; 8] = [0, 0x19, 0, 4, 17, 0, 0, 0];
/// LIFETIME: none.
const NO_LIFETIME: [u8; 8] = [0, 0x0d, 0, 4, 0, 0, 0, 0];
/// UDP, and ADDITIONAL-ADDRESS-FAMILY: IPv6.
const BOTH_FAMILIES: [u8; 16] = [0, 0x19, 0, 4, 17, 0, 0, 0, 0x80, 0, 0, 4, 2, 0, 0, 0];
/// UDP, and REQUESTED-ADDRESS-FAMILY: IPv6.
const SIX: [u8; 16] = [0, 0x19, 0, 4, 17, 0, 0, 0, 0, 0x17, 0, 4, 2, 0, 0, 0];
/// UDP, and EVEN-PORT with the next one reserved.
const EVEN: [u8; 16] = [0, 0x19, 0, 4, 17, 0, 0, 0, 0, 0x18, 0, 1, 0x80, 0, 0, 0];

fn main() -> io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    let world = World::new(false);
    let [one, other] = [0, 1].map(|place| world.guest(place).relayed);
    let (Some(one), Some(other)) = (one, other) else {
        return Err(io::Error::other("the guests got no relayed address"));
    };
    let foreign = SocketAddr::from(([12, 0, 0, 1], 5_000));
    let inputs = [
        ("call-one-port", input(0, &call(one, other))),
        ("call-range", input(1, &call(foreign, foreign))),
        ("allocations-one-port", input(0, &allocations())),
        ("allocations-range", input(1, &allocations())),
    ];
    for (name, input) in inputs {
        save(&corpus, "relay_datagram", name, &input)?;
    }
    for piece in [0, 6, 255] {
        let input = [&[piece], stream(&world, other).as_slice()].concat();
        save(&corpus, "relay_stream", &format!("seed-{piece}"), &input)?;
    }
    // A good token, a new passkey and its answer, each behind the number of its kind.
    let key = SigningKey::from_bytes(&[3; 32]);
    for (target, name, kind, parts) in [
        ("token", "signed", 1, token_parts()),
        ("passkey", "answer", 1, answer(b'=', 6)),
        ("passkey", "new", 2, new_passkey(&key)),
    ] {
        save(&corpus, target, name, &[&[kind], &parts[..]].concat())?;
    }
    Ok(())
}

fn save(corpus: &Path, target: &str, name: &str, input: &[u8]) -> io::Result<()> {
    let folder = corpus.join(target);
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(name), input)
}

fn input(ports: u8, steps: &[Vec<u8>]) -> Vec<u8> {
    [vec![ports], steps.concat()].concat()
}

fn written(step: &Step) -> Vec<u8> {
    let mut input = Vec::new();
    step.write(&mut input);
    input
}

fn signed(from: u8, method: u8, attributes: &[u8]) -> Vec<u8> {
    written(&Step::Signed {
        from,
        method,
        attributes,
    })
}

/// Two guests permit each other, bind channels, talk both ways and renew what they have. With a range the peer of both is foreign.
fn call(one: SocketAddr, other: SocketAddr) -> Vec<Vec<u8>> {
    let channel = |peer| [vec![0, 0x0c, 0, 4, 0x40, 0, 0, 0], peer_address(peer)].concat();
    let sound = |from| {
        written(&Step::Channel {
            from,
            number: 0,
            payload: b"sound",
        })
    };
    vec![
        [Step::Opened, Step::Opened, Step::Opened]
            .map(|step| written(&step))
            .concat(),
        signed(0, CREATE_PERMISSION, &peer_address(other)),
        signed(1, CREATE_PERMISSION, &peer_address(one)),
        written(&Step::Packet {
            from: 0,
            bytes: &send(other),
        }),
        signed(0, CHANNEL_BIND, &channel(other)),
        sound(0),
        signed(1, CHANNEL_BIND, &channel(one)),
        sound(1),
        written(&Step::Peer {
            socket: 0,
            peer: other,
            payload: b"sound",
        }),
        written(&Step::Pass {
            milliseconds: 240_000,
        }),
        signed(0, REFRESH, &[]),
        sound(0),
    ]
}

/// Allocations of both families come, fail, are given back, and go with their client or call; credentials run out.
fn allocations() -> Vec<Vec<u8>> {
    vec![
        written(&Step::Opened),
        signed(3, ALLOCATE, &BOTH_FAMILIES),
        [Step::Opened, Step::Failed]
            .map(|step| written(&step))
            .concat(),
        signed(3, REFRESH, &NO_LIFETIME),
        signed(3, ALLOCATE, &SIX),
        written(&Step::Failed),
        signed(3, ALLOCATE, &EVEN),
        written(&Step::Gone { client: 1 }),
        written(&Step::End { group: 0 }),
        signed(0, ALLOCATE, &UDP),
        written(&Step::Fresh { client: 2 }),
        written(&Step::ClockSet {
            unix: 1_900_000_000,
        }),
        signed(2, REFRESH, &[]),
        written(&Step::Pass {
            milliseconds: 3_600_000,
        }),
    ]
}

/// What a client says in a stream: a question, an allocation as a stranger and as a guest, data in both of its forms.
fn stream(world: &World, peer: SocketAddr) -> Vec<u8> {
    let guest = world.guest(1);
    [
        message([0, 1], &[]),
        message([0, ALLOCATE], &UDP),
        signed_request(guest, ALLOCATE, &UDP),
        signed_request(guest, CREATE_PERMISSION, &peer_address(peer)),
        signed_request(guest, REFRESH, &[]),
        send(peer),
        vec![0x40, 0, 0, 5, b's', b'o', b'u', b'n', b'd', 0, 0, 0],
    ]
    .concat()
}

/// A Send indication (RFC 8656 §11).
fn send(peer: SocketAddr) -> Vec<u8> {
    let data = [0, 0x13, 0, 5, b's', b'o', b'u', b'n', b'd', 0, 0, 0];
    message([0, 0x16], &[&peer_address(peer)[..], &data].concat())
}

fn message(kind: [u8; 2], attributes: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(attributes.len()).unwrap_or(0).to_be_bytes();
    let head = [kind[0], kind[1], high, low, 0x21, 0x12, 0xa4, 0x42];
    [&head[..], &[9; 12], attributes].concat()
}

/// XOR-PEER-ADDRESS (RFC 8656 §18.3).
fn peer_address(peer: SocketAddr) -> Vec<u8> {
    let SocketAddr::V4(peer) = peer else {
        return Vec::new();
    };
    let port = peer.port() ^ 0x2112;
    let ip = u32::from(*peer.ip()) ^ 0x2112_a442;
    [
        &[0, 0x12, 0, 8, 0, 1][..],
        &port.to_be_bytes(),
        &ip.to_be_bytes(),
    ]
    .concat()
}
