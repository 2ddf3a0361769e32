//! Reading a STUN message.

use std::net::SocketAddr;

use super::attribute::{Attribute, Kind};
use super::integrity::{self, IntegrityKey};
use super::{HEADER_BYTES, MAGIC_COOKIE, address};

/// What a message is: a question, a remark, or an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Request,
    Indication,
    Success,
    Error,
}

/// What a message is about: 12 bits (RFC 8489 §5, RFC 8656 §17).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Method(pub(super) u16);

impl Method {
    pub(crate) const BINDING: Self = Self(0x001);
    pub(crate) const ALLOCATE: Self = Self(0x003);
    pub(crate) const REFRESH: Self = Self(0x004);
    pub(crate) const SEND: Self = Self(0x006);
    pub(crate) const DATA: Self = Self(0x007);
    pub(crate) const CREATE_PERMISSION: Self = Self(0x008);
    pub(crate) const CHANNEL_BIND: Self = Self(0x009);
}

/// Which answer belongs to which request.
pub(crate) type Transaction = [u8; 12];

/// A well-formed message: every attribute lies within it, and a fingerprint, where there is one, is right.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message<'a> {
    bytes: &'a [u8],
}

impl<'a> Message<'a> {
    /// Nothing where the bytes are no STUN message, are cut off, or have something behind it.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let header: &[u8; HEADER_BYTES] = bytes.first_chunk()?;
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let well_formed = header[0] < 0x40
            && header[4..8] == MAGIC_COOKIE
            && length.is_multiple_of(4)
            && HEADER_BYTES + length == bytes.len();
        let message = Self { bytes };
        (well_formed && message.attributes_are_whole()).then_some(message)
    }

    fn attributes_are_whole(&self) -> bool {
        let mut offset = HEADER_BYTES;
        while offset < self.bytes.len() {
            let Some(attribute) = attribute_at(self.bytes, offset) else {
                return false;
            };
            let next = end_of(&attribute);
            if attribute.kind == Kind::FINGERPRINT
                && (next != self.bytes.len() || !integrity::fingerprint_is_right(self.bytes))
            {
                return false;
            }
            offset = next;
        }
        true
    }

    pub(crate) fn class(&self) -> Class {
        match (self.bytes[0] & 0x01, self.bytes[1] & 0x10) {
            (0, 0) => Class::Request,
            (0, _) => Class::Indication,
            (_, 0) => Class::Success,
            _ => Class::Error,
        }
    }

    pub(crate) fn method(&self) -> Method {
        let [high, low] = [u16::from(self.bytes[0]), u16::from(self.bytes[1])];
        Method((high & 0x3e) << 6 | (low & 0xe0) >> 1 | (low & 0x0f))
    }

    pub(crate) fn transaction(&self) -> Transaction {
        let mut transaction = Transaction::default();
        transaction.copy_from_slice(&self.bytes[8..HEADER_BYTES]);
        transaction
    }

    /// The attributes that count: what stands behind the message's integrity is nobody's word (RFC 8489 §14.5).
    pub(crate) fn attributes(&self) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        let bytes = self.bytes;
        let mut offset = HEADER_BYTES;
        let mut sealed = false;
        std::iter::from_fn(move || {
            loop {
                let attribute = attribute_at(bytes, offset)?;
                offset = end_of(&attribute);
                let seal = matches!(
                    attribute.kind,
                    Kind::MESSAGE_INTEGRITY | Kind::MESSAGE_INTEGRITY_SHA256 | Kind::FINGERPRINT
                );
                if seal || !sealed {
                    sealed |= seal;
                    return Some(attribute);
                }
            }
        })
    }

    /// The first attribute of a kind; later ones are ignored (RFC 8489 §14).
    pub(crate) fn find(&self, kind: Kind) -> Option<Attribute<'a>> {
        self.attributes().find(|attribute| attribute.kind == kind)
    }

    pub(crate) fn has(&self, kind: Kind) -> bool {
        self.find(kind).is_some()
    }

    /// The value of an attribute that has exactly so many bytes.
    pub(crate) fn fixed<const N: usize>(&self, kind: Kind) -> Option<[u8; N]> {
        self.find(kind)?.value.try_into().ok()
    }

    /// The value of an attribute that is text.
    pub(crate) fn text(&self, kind: Kind) -> Option<&'a str> {
        std::str::from_utf8(self.find(kind)?.value).ok()
    }

    /// The value of an attribute that is an masked address.
    pub(crate) fn address(&self, attribute: &Attribute<'_>) -> Option<SocketAddr> {
        address::read(attribute.value, &self.transaction())
    }

    /// Whether the message was signed with the key (MESSAGE-INTEGRITY, RFC 8489 §14.5).
    pub(crate) fn is_signed_with(&self, key: &IntegrityKey) -> bool {
        self.find(Kind::MESSAGE_INTEGRITY).is_some_and(|attribute| {
            integrity::is_right(self.bytes, attribute.offset, attribute.value, key)
        })
    }
}

fn attribute_at(bytes: &[u8], offset: usize) -> Option<Attribute<'_>> {
    let rest = bytes.get(offset..)?;
    let header: &[u8; 4] = rest.first_chunk()?;
    let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    rest.get(..4 + length.next_multiple_of(4))?;
    Some(Attribute {
        kind: Kind(u16::from_be_bytes([header[0], header[1]])),
        value: &rest[4..4 + length],
        offset,
    })
}

fn end_of(attribute: &Attribute<'_>) -> usize {
    attribute.offset + 4 + attribute.value.len().next_multiple_of(4)
}
