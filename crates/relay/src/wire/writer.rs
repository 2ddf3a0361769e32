//! Writing a STUN message.

use std::net::SocketAddr;

use super::attribute::Kind;
use super::integrity::{self, IntegrityKey};
use super::message::{Class, Method, Transaction};
use super::{HEADER_BYTES, MAGIC_COOKIE, address};

/// A message that is being written into an empty buffer.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    out: &'a mut Vec<u8>,
    transaction: Transaction,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(
        out: &'a mut Vec<u8>,
        class: Class,
        method: Method,
        transaction: Transaction,
    ) -> Self {
        let class = match class {
            Class::Request => 0x000,
            Class::Indication => 0x010,
            Class::Success => 0x100,
            Class::Error => 0x110,
        };
        let Method(method) = method;
        let kind = (method & 0xf80) << 2 | (method & 0x070) << 1 | method & 0x00f | class;
        out.clear();
        out.extend_from_slice(&kind.to_be_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&MAGIC_COOKIE);
        out.extend_from_slice(&transaction);
        Self { out, transaction }
    }

    pub(crate) fn attribute(self, kind: Kind, value: &[u8]) -> Self {
        self.parts(kind, &[value])
    }

    pub(crate) fn address(self, kind: Kind, address: SocketAddr) -> Self {
        let (value, length) = address::write(address, &self.transaction);
        self.attribute(kind, &value[..length])
    }

    /// ERROR-CODE (RFC 8489 §14.8).
    pub(crate) fn error(self, code: u16, reason: &str) -> Self {
        let [class, number] = [(code / 100).to_be_bytes()[1], (code % 100).to_be_bytes()[1]];
        self.parts(
            Kind::ERROR_CODE,
            &[&[0, 0, class, number], reason.as_bytes()],
        )
    }

    fn parts(self, kind: Kind, parts: &[&[u8]]) -> Self {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        // What is written is smaller than a packet, so every length fits.
        let length = u16::try_from(length).unwrap_or(u16::MAX);
        self.out.extend_from_slice(&kind.0.to_be_bytes());
        self.out.extend_from_slice(&length.to_be_bytes());
        for part in parts {
            self.out.extend_from_slice(part);
        }
        self.out.resize(self.out.len().next_multiple_of(4), 0);
        self
    }

    /// MESSAGE-INTEGRITY over what is written so far.
    pub(crate) fn sign(self, key: &IntegrityKey) -> Self {
        let signature = integrity::signature(self.out, self.out.len(), key);
        self.attribute(Kind::MESSAGE_INTEGRITY, &signature)
    }

    /// FINGERPRINT over what is written so far.
    pub(crate) fn fingerprint(self) -> Self {
        let value = integrity::fingerprint(self.out, self.out.len());
        self.attribute(Kind::FINGERPRINT, &value)
    }

    /// Says how long the message is.
    pub(crate) fn finish(self) {
        let length = u16::try_from(self.out.len() - HEADER_BYTES).unwrap_or(u16::MAX);
        self.out[2..4].copy_from_slice(&length.to_be_bytes());
    }
}
