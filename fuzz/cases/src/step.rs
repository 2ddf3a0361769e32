//! Something that happens to the relay, and how it stands in the input.

use std::net::{IpAddr, SocketAddr};

use crate::reader::Reader;

/// Something that happens to the relay. In the input: the number of its kind (modulo how many there are), then its fields in order,
/// most significant byte first, texts with their length before them in two bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// A packet of a client, as it is.
    Packet {
        /// Whose.
        from: u8,
        /// The packet.
        bytes: &'a [u8],
    },
    /// A request with attributes of any kind, signed by its sender.
    Signed {
        /// Whose.
        from: u8,
        /// The method's number (RFC 8489 §18.2).
        method: u8,
        /// One after the other: type, length, value, padding.
        attributes: &'a [u8],
    },
    /// Data on a channel.
    Channel {
        /// Whose.
        from: u8,
        /// Which channel, counted from 0x4000.
        number: u8,
        /// The data.
        payload: &'a [u8],
    },
    /// A datagram at a relayed socket.
    Peer {
        /// Which, in order of their opening.
        socket: u8,
        /// From where.
        peer: SocketAddr,
        /// The data.
        payload: &'a [u8],
    },
    /// The socket that was wanted last could be opened.
    Opened,
    /// The socket that was wanted last could not be opened.
    Failed,
    /// Time goes by.
    Pass {
        /// How much.
        milliseconds: u32,
    },
    /// The host's calendar is changed.
    ClockSet {
        /// Seconds since 1970.
        unix: u64,
    },
    /// The stream of a client is closed.
    Gone {
        /// Whose.
        client: u8,
    },
    /// A call is over.
    End {
        /// Which.
        group: u8,
    },
    /// A client gets a new credential and asks for a nonce.
    Fresh {
        /// Which.
        client: u8,
    },
}

/// How many kinds there are.
const KINDS: u8 = 11;

impl<'a> Step<'a> {
    /// The steps of an input, up to one that is cut off.
    pub fn read_all(input: &'a [u8]) -> impl Iterator<Item = Self> {
        let mut reader = Reader(input);
        std::iter::from_fn(move || Self::read(&mut reader))
    }

    fn read(input: &mut Reader<'a>) -> Option<Self> {
        Some(match input.byte()? % KINDS {
            0 => Self::Packet {
                from: input.byte()?,
                bytes: input.bytes()?,
            },
            1 => Self::Signed {
                from: input.byte()?,
                method: input.byte()?,
                attributes: input.bytes()?,
            },
            2 => Self::Channel {
                from: input.byte()?,
                number: input.byte()?,
                payload: input.bytes()?,
            },
            3 => Self::Peer {
                socket: input.byte()?,
                peer: input.address()?,
                payload: input.bytes()?,
            },
            4 => Self::Opened,
            5 => Self::Failed,
            6 => Self::Pass {
                milliseconds: input.array().map(u32::from_be_bytes)?,
            },
            7 => Self::ClockSet {
                unix: input.array().map(u64::from_be_bytes)?,
            },
            8 => Self::Gone {
                client: input.byte()?,
            },
            9 => Self::End {
                group: input.byte()?,
            },
            _ => Self::Fresh {
                client: input.byte()?,
            },
        })
    }

    /// Writes the step as it stands in an input.
    pub fn write(&self, input: &mut Vec<u8>) {
        match *self {
            Self::Packet { from, bytes } => {
                input.extend_from_slice(&[0, from]);
                write_bytes(bytes, input);
            }
            Self::Signed {
                from,
                method,
                attributes,
            } => {
                input.extend_from_slice(&[1, from, method]);
                write_bytes(attributes, input);
            }
            Self::Channel {
                from,
                number,
                payload,
            } => {
                input.extend_from_slice(&[2, from, number]);
                write_bytes(payload, input);
            }
            Self::Peer {
                socket,
                peer,
                payload,
            } => {
                input.extend_from_slice(&[3, socket]);
                write_address(peer, input);
                write_bytes(payload, input);
            }
            Self::Opened => input.push(4),
            Self::Failed => input.push(5),
            Self::Pass { milliseconds } => {
                input.push(6);
                input.extend_from_slice(&milliseconds.to_be_bytes());
            }
            Self::ClockSet { unix } => {
                input.push(7);
                input.extend_from_slice(&unix.to_be_bytes());
            }
            Self::Gone { client } => input.extend_from_slice(&[8, client]),
            Self::End { group } => input.extend_from_slice(&[9, group]),
            Self::Fresh { client } => input.extend_from_slice(&[10, client]),
        }
    }
}

fn write_bytes(bytes: &[u8], input: &mut Vec<u8>) {
    let length = u16::try_from(bytes.len()).expect("a packet is shorter");
    input.extend_from_slice(&length.to_be_bytes());
    input.extend_from_slice(bytes);
}

fn write_address(address: SocketAddr, input: &mut Vec<u8>) {
    match address.ip() {
        IpAddr::V4(ip) => {
            input.push(1);
            input.extend_from_slice(&ip.octets());
        }
        IpAddr::V6(ip) => {
            input.push(0);
            input.extend_from_slice(&ip.octets());
        }
    }
    input.extend_from_slice(&address.port().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_step_is_read_again() {
        let steps = [
            Step::Packet {
                from: 7,
                bytes: b"packet",
            },
            Step::Signed {
                from: 1,
                method: 3,
                attributes: b"attributes",
            },
            Step::Channel {
                from: 0,
                number: 2,
                payload: b"",
            },
            Step::Peer {
                socket: 0,
                peer: "192.0.2.1:53".parse().unwrap(),
                payload: b"answer",
            },
            Step::Peer {
                socket: 1,
                peer: "[2001:db8::1]:53".parse().unwrap(),
                payload: b"answer",
            },
            Step::Opened,
            Step::Failed,
            Step::Pass {
                milliseconds: 70_000,
            },
            Step::ClockSet {
                unix: 1_800_000_000,
            },
            Step::Gone { client: 3 },
            Step::End { group: 1 },
            Step::Fresh { client: 2 },
        ];
        let mut input = Vec::new();
        for step in &steps {
            step.write(&mut input);
        }
        assert_eq!(Step::read_all(&input).collect::<Vec<_>>(), steps);
    }
}
