//! The code that two people read to each other: five pictures, the same on both screens unless somebody is in between.
//!
//! The offerer commits to a nonce, the answerer sends its own, the offerer reveals. So neither side, nor anybody between them, can
//! choose what the code will be: whoever swaps certificates has one try for each connection, with a chance of one in 2³⁰.
//! Without the commitment an attacker would make certificates until the codes agree, which takes seconds.

use hkdf::Hkdf;
use protocol::AttemptId;
use protocol::description::{CodeCommitment, CodeNonce, DeviceKey, Fingerprint};
use sha2::{Digest as _, Sha256};

use crate::hex;
use crate::layout::End;

const COMMITMENT_LABEL: &[u8] = b"ahoy call commitment 1\0";
const CODE_LABEL: &[u8] = b"ahoy call code 1\0";
const MARK_LABEL: &[u8] = b"ahoy device mark 1\0";

/// Pictures in a code.
pub const CODE_PICTURES: usize = 5;
/// Pictures in a device's mark. It has no commitment: whoever wants to fake it may try keys at leisure, so it is longer.
pub const MARK_PICTURES: usize = 8;
/// Pictures to choose from (the table is in `docs/protocol.md`).
pub const PICTURES: u8 = 64;

/// What an offer that begins a connection says of the nonce that will be revealed.
pub fn commitment(attempt: AttemptId, offerer: &Fingerprint, nonce: &CodeNonce) -> CodeCommitment {
    let hash = Sha256::new()
        .chain_update(COMMITMENT_LABEL)
        .chain_update(attempt.0.as_bytes())
        .chain_update(hex::read::<32>(offerer.as_str()))
        .chain_update(hex::read::<32>(nonce.as_str()))
        .finalize();
    hex::write(&hash)
}

/// What both know of a connection once the offerer has revealed its nonce.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revealed {
    /// The caller's attempt.
    pub attempt: AttemptId,
    /// Whoever made the offer that began the connection.
    pub offerer: End,
    /// The other one.
    pub answerer: End,
    /// The offerer's nonce.
    pub offered: CodeNonce,
    /// The answerer's nonce.
    pub answered: CodeNonce,
}

/// The numbers of the pictures, each below [`PICTURES`].
///
/// # Panics
/// Never: HKDF-SHA-256 gives more than four bytes.
#[expect(clippy::expect_used, reason = "HKDF-SHA-256 gives up to 8,160 bytes")]
pub fn code(connection: &Revealed) -> [u8; CODE_PICTURES] {
    let Revealed {
        attempt,
        offerer,
        answerer,
        offered,
        answered,
    } = connection;
    let mut secret = [0; 64];
    secret[..32].copy_from_slice(&hex::read::<32>(offered.as_str()));
    secret[32..].copy_from_slice(&hex::read::<32>(answered.as_str()));
    let mut info = CODE_LABEL.to_vec();
    info.extend(attempt.0.as_bytes());
    info.extend(hex::read::<32>(offerer.fingerprint.as_str()));
    info.extend(hex::read::<32>(answerer.fingerprint.as_str()));
    info.extend(hex::read::<32>(offerer.key.as_str()));
    info.extend(hex::read::<32>(answerer.key.as_str()));
    let mut bits = [0; 4];
    Hkdf::<Sha256>::new(None, &secret)
        .expand(&info, &mut bits)
        .expect("four bytes");
    pictures(&bits)
}

/// What a person compares on their own two screens before one of their devices endorses the other.
pub fn mark(account: protocol::UserId, key: &DeviceKey) -> [u8; MARK_PICTURES] {
    let hash = Sha256::new()
        .chain_update(MARK_LABEL)
        .chain_update(account.0.as_bytes())
        .chain_update(hex::read::<32>(key.as_str()))
        .finalize();
    pictures(&hash)
}

/// Six bits for each picture, the highest first.
fn pictures<const N: usize>(bits: &[u8]) -> [u8; N] {
    std::array::from_fn(|i| {
        (0..6).fold(0, |picture, bit| {
            let at = i * 6 + bit;
            (picture << 1) | (bits[at / 8] >> (7 - at % 8) & 1)
        })
    })
}
