//! STUN messages and `ChannelData` as bytes (RFC 8489 §5, §14; RFC 8656 §12, §18).
//!
//! Read in place and written into the caller's buffer, without heap allocation and without a word in any log:
//! every byte comes from anybody. A message is taken only whole: its length must be the packet's.

mod address;
mod attribute;
mod channel;
mod integrity;
mod message;
#[cfg(test)]
mod rfc5769;
mod writer;

pub(crate) use attribute::Kind;
pub(crate) use channel::{ChannelData, NUMBERS as CHANNEL_NUMBERS, write_channel_data};
pub(crate) use integrity::IntegrityKey;
pub(crate) use message::{Class, Message, Method, Transaction};
pub(crate) use writer::Writer;

/// The same in every STUN message (RFC 8489 §5).
const MAGIC_COOKIE: [u8; 4] = 0x2112_a442_u32.to_be_bytes();

/// Bytes before the attributes.
const HEADER_BYTES: usize = 20;
