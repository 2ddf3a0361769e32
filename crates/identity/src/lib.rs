//! Who is on the line, as pure functions of bytes.
//!
//! What a device signs of a description ([`layout`]), whether a description that came is the other device's word
//! ([`check`]), the code that two people compare ([`code`]), one device's word for another ([`endorsement`]), and how a key stands
//! to a person ([`standing`]). No randomness, no I/O: keys and nonces are handed in. The web client has its twin in
//! `web/src/identity`; both pass `tests/vectors.json`, and `docs/protocol.md` tells it to a stranger.

pub mod check;
pub mod code;
pub mod endorsement;
mod hex;
pub mod layout;
pub mod pictures;
pub mod standing;

use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use protocol::description::{DeviceKey, Signature};

/// The public half of a device's key pair.
pub fn device_key(key: &SigningKey) -> DeviceKey {
    hex::write(key.verifying_key().as_bytes())
}

/// Signs bytes of a layout of this crate.
pub fn sign(key: &SigningKey, bytes: &[u8]) -> Signature {
    hex::write(&key.sign(bytes).to_bytes())
}

/// Whether a key signed bytes. Strict (RFC 8032 §5.1.7 and no key of small order), so that one signature has one meaning.
pub fn is_signed(key: &DeviceKey, bytes: &[u8], signature: &Signature) -> bool {
    let signature = ed25519_dalek::Signature::from_bytes(&hex::read(signature.as_str()));
    VerifyingKey::from_bytes(&hex::read(key.as_str()))
        .is_ok_and(|key| key.verify_strict(bytes, &signature).is_ok())
}
