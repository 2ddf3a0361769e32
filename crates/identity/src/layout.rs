//! What a device signs of a description: bytes of one fixed layout, never JSON.
//!
//! Everything that a description says is in it, so that whoever carries it can change nothing: neither the certificate, nor that
//! packets are to have a constant size. It names the call by the caller's attempt, the two people, and both ends; the other end is
//! all zeros in an offer that begins a connection, and there alone.

use protocol::call::Role;
use protocol::description::{
    CallDescription, Codec, DescriptionKind, DeviceKey, Direction, DtlsRole, ExtensionKind,
    Fingerprint,
};
use protocol::identity::CodePart;
use protocol::{AttemptId, UserId};

use crate::hex;

const LABEL: &[u8] = b"ahoy call description 1\0";

/// The call that descriptions belong to, as both devices must know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallName {
    /// The caller's attempt.
    pub attempt: AttemptId,
    /// Who called.
    pub caller: UserId,
    /// Who was called.
    pub callee: UserId,
}

/// One end of a connection: a device and its certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// The device's key.
    pub key: DeviceKey,
    /// Hash of the certificate of this one connection.
    pub fingerprint: Fingerprint,
}

/// The bytes that the device of `sender` signs. Its signature in `description` is not looked at.
pub fn signed_bytes(
    call: &CallName,
    sender: Role,
    description: &CallDescription,
    other: Option<&End>,
) -> Vec<u8> {
    let mut bytes = LABEL.to_vec();
    bytes.extend(call.attempt.0.as_bytes());
    bytes.extend(call.caller.0.as_bytes());
    bytes.extend(call.callee.0.as_bytes());
    bytes.push(match sender {
        Role::Caller => 0,
        Role::Callee => 1,
    });
    bytes.push(match description.kind {
        DescriptionKind::Offer => 0,
        DescriptionKind::Answer => 1,
    });
    bytes.push(match description.dtls {
        DtlsRole::Actpass => 0,
        DtlsRole::Active => 1,
        DtlsRole::Passive => 2,
    });
    bytes.extend(description.epoch.to_be_bytes());
    let zeros = [0; 32];
    bytes.extend(hex::read::<32>(description.identity.key.as_str()));
    bytes.extend(other.map_or(zeros, |end| hex::read(end.key.as_str())));
    bytes.extend(hex::read::<32>(description.fingerprint.as_str()));
    bytes.extend(other.map_or(zeros, |end| hex::read(end.fingerprint.as_str())));
    text(&mut bytes, description.ufrag.as_str());
    text(&mut bytes, description.pwd.as_str());
    let (tag, code) = match &description.identity.code {
        None => (0, zeros),
        Some(CodePart::Commitment(commitment)) => (1, hex::read(commitment.as_str())),
        Some(CodePart::Nonce(nonce)) => (2, hex::read(nonce.as_str())),
    };
    bytes.push(tag);
    bytes.extend(code);
    media(&mut bytes, description);
    bytes
}

/// A length of two bytes and the text: an ICE password may have 256 characters.
fn text(bytes: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    bytes.extend(length.to_be_bytes());
    bytes.extend(text.as_bytes());
}

/// How sound is sent: each list as its length and its entries.
fn media(bytes: &mut Vec<u8>, description: &CallDescription) {
    bytes.push(u8::try_from(description.codecs.len()).unwrap_or(u8::MAX));
    for codec in &description.codecs {
        match *codec {
            Codec::Opus {
                payload_type,
                fec,
                dtx,
                cbr,
                max_average_bitrate,
            } => {
                let flags = u8::from(fec) | u8::from(dtx) << 1 | u8::from(cbr) << 2;
                bytes.extend([0, payload_type.value(), flags]);
                bytes.extend(max_average_bitrate.unwrap_or(0).to_be_bytes());
            }
            Codec::Red { payload_type, over } => {
                bytes.extend([1, payload_type.value(), over.value()]);
            }
        }
    }
    bytes.push(u8::try_from(description.extensions.len()).unwrap_or(u8::MAX));
    for extension in &description.extensions {
        let kind = match extension.kind {
            ExtensionKind::Mid => 0,
            ExtensionKind::AudioLevel => 1,
            ExtensionKind::AbsSendTime => 2,
            ExtensionKind::TransportCc => 3,
        };
        bytes.extend([extension.id.value(), kind]);
    }
    bytes.push(match description.direction {
        Direction::Sendrecv => 0,
        Direction::Sendonly => 1,
        Direction::Recvonly => 2,
        Direction::Inactive => 3,
    });
}
