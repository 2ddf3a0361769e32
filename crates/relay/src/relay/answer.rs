//! Answers to requests, in one shape: signed if the request was, with a fingerprint if it had one.

use crate::wire::{Class, IntegrityKey, Kind, Message, Transaction, Writer};

/// Attributes named in one refusal, so that it stays small.
const UNKNOWN_NAMED_MAX: usize = 8;

/// Why a request is refused (RFC 8489 §14.8, RFC 8656 §19).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    BadRequest,
    Forbidden,
    AllocationMismatch,
    AddressFamilyNotSupported,
    WrongCredentials,
    UnsupportedTransport,
    PeerAddressFamilyMismatch,
    AllocationQuotaReached,
    InsufficientCapacity,
}

impl Refusal {
    fn code_and_reason(self) -> (u16, &'static str) {
        match self {
            Self::BadRequest => (400, "Bad Request"),
            Self::Forbidden => (403, "Forbidden"),
            Self::AllocationMismatch => (437, "Allocation Mismatch"),
            Self::AddressFamilyNotSupported => (440, "Address Family not Supported"),
            Self::WrongCredentials => (441, "Wrong Credentials"),
            Self::UnsupportedTransport => (442, "Unsupported Transport Protocol"),
            Self::PeerAddressFamilyMismatch => (443, "Peer Address Family Mismatch"),
            Self::AllocationQuotaReached => (486, "Allocation Quota Reached"),
            Self::InsufficientCapacity => (508, "Insufficient Capacity"),
        }
    }
}

/// What an answer takes over from its request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question {
    pub(super) method: crate::wire::Method,
    pub(super) transaction: Transaction,
    pub(super) fingerprint: bool,
}

impl Question {
    pub(super) fn of(request: &Message<'_>) -> Self {
        Self {
            method: request.method(),
            transaction: request.transaction(),
            fingerprint: request.has(Kind::FINGERPRINT),
        }
    }

    pub(super) fn success<'a>(&self, out: &'a mut Vec<u8>) -> Writer<'a> {
        Writer::new(out, Class::Success, self.method, self.transaction)
    }

    pub(super) fn error<'a>(&self, out: &'a mut Vec<u8>, code: u16, reason: &str) -> Writer<'a> {
        Writer::new(out, Class::Error, self.method, self.transaction).error(code, reason)
    }

    pub(super) fn refuse(&self, out: &mut Vec<u8>, refusal: Refusal, key: &IntegrityKey) {
        let (code, reason) = refusal.code_and_reason();
        self.finish(self.error(out, code, reason), Some(key));
    }

    pub(super) fn finish(&self, writer: Writer<'_>, key: Option<&IntegrityKey>) {
        let writer = match key {
            Some(key) => writer.sign(key),
            None => writer,
        };
        let writer = if self.fingerprint {
            writer.fingerprint()
        } else {
            writer
        };
        writer.finish();
    }
}

/// The attributes of a request that must be refused, as the value of UNKNOWN-ATTRIBUTES; nothing where there is none.
pub(super) fn unknown_attributes(request: &Message<'_>) -> Option<Vec<u8>> {
    let unknown: Vec<u8> = request
        .attributes()
        .filter(|attribute| attribute.kind.must_be_refused())
        .take(UNKNOWN_NAMED_MAX)
        .flat_map(|attribute| attribute.kind.0.to_be_bytes())
        .collect();
    (!unknown.is_empty()).then_some(unknown)
}
