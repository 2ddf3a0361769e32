//! Two devices and a call, made from numbers. Shared by the tests of this crate.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "not every test needs all of it, and a test may panic"
)]

use std::fmt::Write as _;

use ed25519_dalek::SigningKey;
use identity::check::{Known, signed};
use identity::code::commitment;
use identity::device_key;
use identity::layout::{CallName, End};
use protocol::call::Role;
use protocol::description::{CallDescription, CodeNonce, DescriptionKind, Fingerprint};
use protocol::identity::CodePart;
use protocol::{AttemptId, UserId};
use serde_json::json;

/// A device in one connection.
pub(crate) struct Device {
    pub(crate) key: SigningKey,
    pub(crate) end: End,
    pub(crate) role: Role,
}

pub(crate) fn device(number: u8, role: Role) -> Device {
    let key = SigningKey::from_bytes(&[number; 32]);
    let end = End {
        key: device_key(&key),
        fingerprint: fingerprint(number),
    };
    Device { key, end, role }
}

pub(crate) fn fingerprint(number: u8) -> Fingerprint {
    format!("{number:02x}").repeat(32).parse().unwrap()
}

pub(crate) fn nonce(number: u8) -> CodeNonce {
    format!("{:02x}", !number).repeat(32).parse().unwrap()
}

pub(crate) fn attempt(number: u8) -> AttemptId {
    AttemptId(
        format!("00000000-0000-7000-8000-0000000001{number:02x}")
            .parse()
            .unwrap(),
    )
}

pub(crate) fn user(number: u8) -> UserId {
    UserId(
        format!("00000000-0000-7000-8000-0000000000{number:02x}")
            .parse()
            .unwrap(),
    )
}

pub(crate) fn call() -> CallName {
    CallName {
        attempt: attempt(1),
        caller: user(1),
        callee: user(2),
    }
}

/// Ada's offer that begins a connection.
pub(crate) fn first_offer(ada: &Device) -> CallDescription {
    let promise = commitment(attempt(1), &ada.end.fingerprint, &nonce(1));
    make(
        ada,
        None,
        DescriptionKind::Offer,
        Some(CodePart::Commitment(promise)),
    )
}

/// The answer to an offer that began one.
pub(crate) fn first_answer(bob: &Device, ada: &Device) -> CallDescription {
    let part = CodePart::Nonce(nonce(2));
    make(bob, Some(&ada.end), DescriptionKind::Answer, Some(part))
}

/// An offer or an answer in a connection that goes on.
pub(crate) fn next(own: &Device, other: &Device, kind: DescriptionKind) -> CallDescription {
    make(own, Some(&other.end), kind, None)
}

pub(crate) fn make(
    own: &Device,
    other: Option<&End>,
    kind: DescriptionKind,
    code: Option<CodePart>,
) -> CallDescription {
    let dtls = match kind {
        DescriptionKind::Offer => "actpass",
        DescriptionKind::Answer => "active",
    };
    let mut description: CallDescription = serde_json::from_value(json!({
        "epoch": 258, "kind": kind, "ufrag": "Yx3+", "pwd": "q8W1vHkq0mXk9pYc2dRt5uZa",
        "fingerprint": own.end.fingerprint, "dtls": dtls,
        "codecs": [
            {"codec": "red", "payload_type": 63, "over": 111},
            {"codec": "opus", "payload_type": 111, "fec": true, "dtx": false, "cbr": true,
             "max_average_bitrate": 32_000},
        ],
        "extensions": [{"id": 4, "kind": "mid"}, {"id": 1, "kind": "audio_level"}],
        "direction": "sendrecv",
        "identity": {
            "attempt": attempt(1), "key": own.end.key, "code": null, "signature": "00".repeat(64),
        },
    }))
    .unwrap();
    description.identity.code = code;
    let call = call();
    signed(&known(&call, own, other), &own.key, description)
}

pub(crate) fn known<'a>(call: &'a CallName, own: &'a Device, other: Option<&'a End>) -> Known<'a> {
    Known {
        call,
        role: own.role,
        own: &own.end,
        other,
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
