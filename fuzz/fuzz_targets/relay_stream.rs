//! A stream from a stranger, in pieces of any size: the same packets, whatever the pieces.
#![no_main]

use fuzz::{World, client};
use libfuzzer_sys::fuzz_target;
use relay::{BadFrame, Framer};

fuzz_target!(|input: (u8, &[u8])| {
    let (step, stream) = input;
    let (packets, end) = cut(stream, usize::from(step) + 1);
    let (whole, whole_end) = cut(stream, Framer::FRAME_MAX_BYTES);
    assert_eq!(packets, whole);
    assert_eq!(end, whole_end);
    let mut world = World::new(false);
    for packet in packets {
        world.receive(client(1), &packet);
    }
});

fn cut(stream: &[u8], step: usize) -> (Vec<Vec<u8>>, Option<BadFrame>) {
    let mut framer = Framer::new();
    let mut packets = Vec::new();
    let mut rest = stream;
    while !rest.is_empty() {
        let room = framer.room();
        assert!(!room.is_empty(), "the stream is stuck");
        let length = step.min(room.len()).min(rest.len());
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
