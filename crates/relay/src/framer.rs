//! Cuts a stream of TCP or TLS into packets (RFC 8656 §12.5, RFC 8489 §6.2.2).
//!
//! A STUN message tells its length; `ChannelData` tells it without the padding to four bytes that streams have.
//! Memory is fixed: whoever announces more than [`Framer::FRAME_MAX_BYTES`] is cut off before he sends it.

use thiserror::Error;

/// The bytes of one stream that are not yet packets.
#[derive(Debug)]
pub struct Framer {
    buffer: Box<[u8; Self::FRAME_MAX_BYTES]>,
    /// Where the next frame begins.
    start: usize,
    /// Where what was read ends.
    end: usize,
}

/// Something that no TURN client sends: the stream cannot be cut any more and is to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadFrame {
    /// The first bytes belong neither to a STUN message nor to a channel.
    #[error("neither a STUN message nor channel data")]
    Unknown,
    /// A frame larger than a packet of sound or a request can be.
    #[error("a frame of {0} bytes; at most {max} are taken", max = Framer::FRAME_MAX_BYTES)]
    TooLong(usize),
}

impl Default for Framer {
    fn default() -> Self {
        Self::new()
    }
}

impl Framer {
    /// Largest frame taken, in bytes, header and padding included: twice what a network carries in one packet.
    pub const FRAME_MAX_BYTES: usize = 3_072;

    /// Bytes that tell the length of a frame.
    const PREFIX_BYTES: usize = 4;

    /// For a stream of which nothing has been read.
    pub fn new() -> Self {
        Self {
            buffer: Box::new([0; Self::FRAME_MAX_BYTES]),
            start: 0,
            end: 0,
        }
    }

    /// Room to read into; never empty once [`Framer::next_frame`] has given nothing.
    pub fn room(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        &mut self.buffer[self.end..]
    }

    /// Says that so many bytes were read into [`Framer::room`]; more than there was room for counts as all of it.
    pub fn filled(&mut self, bytes: usize) {
        self.end = self.end.saturating_add(bytes).min(self.buffer.len());
    }

    /// The next whole packet, without padding; nothing until more is read.
    ///
    /// # Errors
    /// The stream is none of TURN; every later call says so too.
    pub fn next_frame(&mut self) -> Result<Option<&[u8]>, BadFrame> {
        let waiting = &self.buffer[self.start..self.end];
        let Some(length) = frame_length(waiting)? else {
            return Ok(None);
        };
        if length.padded > Self::FRAME_MAX_BYTES {
            return Err(BadFrame::TooLong(length.padded));
        }
        if waiting.len() < length.padded {
            return Ok(None);
        }
        let start = self.start;
        self.start += length.padded;
        Ok(Some(&self.buffer[start..start + length.packet]))
    }
}

/// How long a frame is, in bytes.
struct FrameLength {
    packet: usize,
    padded: usize,
}

/// Nothing where too little is there to tell.
fn frame_length(bytes: &[u8]) -> Result<Option<FrameLength>, BadFrame> {
    let Some(first) = bytes.first() else {
        return Ok(None);
    };
    let header = match first {
        0x00..=0x3f => 20,
        0x40..=0x7f => 4,
        _ => return Err(BadFrame::Unknown),
    };
    let Some(prefix) = bytes.first_chunk::<{ Framer::PREFIX_BYTES }>() else {
        return Ok(None);
    };
    let packet = header + usize::from(u16::from_be_bytes([prefix[2], prefix[3]]));
    Ok(Some(FrameLength {
        packet,
        padded: packet.next_multiple_of(4),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BINDING: [u8; 20] = [
        0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
    ];

    /// Three bytes on a channel, padded.
    const DATA: [u8; 8] = [0x40, 0, 0, 3, 1, 2, 3, 0];

    #[test]
    fn cuts_the_same_packets_however_the_stream_arrives() {
        let stream = [&BINDING[..], &DATA, &[0x4f, 0xff, 0, 0], &BINDING].concat();
        let expected: [&[u8]; 4] = [&BINDING, &DATA[..7], &[0x4f, 0xff, 0, 0], &BINDING];
        for step in 1..=stream.len() {
            let mut framer = Framer::new();
            let mut packets = Vec::new();
            for piece in stream.chunks(step) {
                framer.room()[..piece.len()].copy_from_slice(piece);
                framer.filled(piece.len());
                while let Some(packet) = framer.next_frame().unwrap() {
                    packets.push(packet.to_vec());
                }
            }
            assert_eq!(packets, expected, "{step} bytes at a time");
        }
    }

    #[test]
    fn other_protocols_are_told_apart_by_their_first_byte() {
        for first in 0x80..=0xff {
            let mut framer = Framer::new();
            framer.room()[0] = first;
            framer.filled(1);
            assert_eq!(framer.next_frame(), Err(BadFrame::Unknown));
            assert_eq!(framer.next_frame(), Err(BadFrame::Unknown), "for good");
        }
    }

    #[test]
    fn a_large_frame_is_refused_when_it_is_announced() {
        let largest = u16::try_from(Framer::FRAME_MAX_BYTES - 4).unwrap();
        let mut framer = Framer::new();
        let [high, low] = largest.to_be_bytes();
        framer.room()[..4].copy_from_slice(&[0x40, 0, high, low]);
        framer.filled(4);
        assert_eq!(framer.next_frame(), Ok(None));
        let room = framer.room().len();
        framer.filled(room);
        let frame = framer.next_frame().unwrap().map(<[u8]>::len);
        assert_eq!(frame, Some(Framer::FRAME_MAX_BYTES));

        let mut framer = Framer::new();
        let [high, low] = (largest + 1).to_be_bytes();
        framer.room()[..4].copy_from_slice(&[0x40, 0, high, low]);
        framer.filled(4);
        let too_long = BadFrame::TooLong(Framer::FRAME_MAX_BYTES + 4);
        assert_eq!(framer.next_frame(), Err(too_long));
    }

    #[test]
    fn there_is_always_room_for_the_rest_of_a_frame() {
        let mut framer = Framer::new();
        for _ in 0..10_000 {
            let room = framer.room();
            assert!(!room.is_empty());
            let length = room.len().min(7);
            room[..length].copy_from_slice(&[0x40, 0, 0, 3, 1, 2, 3][..length]);
            framer.filled(length);
            while framer.next_frame().is_ok_and(|frame| frame.is_some()) {}
            if framer.next_frame().is_err() {
                framer = Framer::new();
            }
        }
    }
}
