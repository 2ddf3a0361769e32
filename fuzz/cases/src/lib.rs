//! What the fuzzers do with their input: one function for each target, which panics where a rule is broken.
//!
//! The targets in `fuzz/fuzz_targets` call these functions and do nothing else; `tests/corpus.rs` gives them the kept
//! input in every `cargo test`. Input is read as it comes, byte by byte, so that a kept file means the same for good and a
//! fuzzer that changes one byte changes one thing. Nothing here looks for input.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a broken rule is a panic: that is how a fuzzer hears of it"
)]

mod attributes;
mod bodies;
mod identities;
mod passkeys;
mod reader;
mod step;
mod tokens;
mod world;

use protocol::description::{CallDescription, Candidate};
use protocol::{DeviceName, DisplayName};
use relay::{BadFrame, Framer};

use crate::bodies::check_name;

pub use attributes::signed_request;
pub use bodies::{body, config, frame, order};
pub use identities::identity;
pub use passkeys::{answer, new_passkey, passkey};
pub use step::Step;
pub use tokens::{token, token_parts};
pub use world::{Guest, World, client};

/// Target `description`: JSON of a description or a candidate, as a device sends it. What is taken says the same when it is passed on.
pub fn description(input: &[u8]) {
    if let Ok(description) = serde_json::from_slice::<CallDescription>(input)
        && description.check().is_ok()
    {
        let text = serde_json::to_string(&description).expect("what was read can be written");
        let again: CallDescription = serde_json::from_str(&text).expect("and read again");
        assert_eq!(again, description);
        assert!(again.check().is_ok());
    }
    if let Ok(candidate) = serde_json::from_slice::<Candidate>(input)
        && candidate.check().is_ok()
    {
        let text = serde_json::to_string(&candidate).expect("what was read can be written");
        let again: Candidate = serde_json::from_str(&text).expect("and read again");
        assert_eq!(again, candidate);
        assert!(again.check().is_ok());
    }
}

/// Target `name`: what somebody calls themselves. A name that is taken is in its one form, and one that is kept can be shown.
pub fn name(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if let Ok(name) = text.parse::<DisplayName>() {
        check_name(name.as_str());
        assert_eq!(
            DisplayName::kept(name.as_str()),
            name,
            "nothing is taken from a name"
        );
    }
    check_name(DisplayName::kept(text).as_str());
    check_name(DeviceName::kept(text).as_str());
}

/// Target `relay_datagram`: everything that can happen to the relay, in any order. The first byte says whether it has a port range.
pub fn relay_datagram(input: &[u8]) {
    let Some((&ports, steps)) = input.split_first() else {
        return;
    };
    let mut world = World::new(ports % 2 == 1);
    for step in Step::read_all(steps) {
        world.step(step);
    }
}

/// Target `relay_stream`: a stream from a stranger, in pieces of the first byte's size: the same packets, whatever the pieces.
pub fn relay_stream(input: &[u8]) {
    let Some((&piece, stream)) = input.split_first() else {
        return;
    };
    let (packets, end) = cut(stream, usize::from(piece) + 1);
    let (whole, whole_end) = cut(stream, Framer::FRAME_MAX_BYTES);
    assert_eq!(packets, whole);
    assert_eq!(end, whole_end);
    let mut world = World::new(false);
    for packet in packets {
        world.receive(client(1), &packet);
    }
}

fn cut(stream: &[u8], piece: usize) -> (Vec<Vec<u8>>, Option<BadFrame>) {
    let mut framer = Framer::new();
    let mut packets = Vec::new();
    let mut rest = stream;
    while !rest.is_empty() {
        let room = framer.room();
        assert!(!room.is_empty(), "the stream is stuck");
        let length = piece.min(room.len()).min(rest.len());
        room[..length].copy_from_slice(&rest[..length]);
        framer.filled(length);
        rest = &rest[length..];
        loop {
            match framer.next_frame() {
                Ok(Some(packet)) => packets.push(packet.to_vec()),
                Ok(None) => break,
                Err(bad) => return (packets, Some(bad)),
            }
        }
    }
    (packets, None)
}
