//! MESSAGE-INTEGRITY and FINGERPRINT (RFC 8489 §14.5, §14.7).

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::{Digest as _, Md5};
use sha1::Sha1;
use subtle::ConstantTimeEq as _;

use super::HEADER_BYTES;

/// Header and value of FINGERPRINT.
pub(super) const FINGERPRINT_BYTES: usize = 8;

/// What the CRC-32 of a fingerprint is masked with.
const FINGERPRINT_MASK: u32 = 0x5354_554e;

/// Header and value of MESSAGE-INTEGRITY.
pub(super) const INTEGRITY_BYTES: usize = 24;

/// What a client signs its messages with. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct IntegrityKey(Box<[u8]>);

impl IntegrityKey {
    /// Of the long-term mechanism: MD5 of `username:realm:password` (RFC 8489 §18.5.1.1), as browsers make it.
    pub(crate) fn long_term(username: &str, realm: &str, password: &str) -> Self {
        let digest = Md5::new()
            .chain_update(username)
            .chain_update(":")
            .chain_update(realm)
            .chain_update(":")
            .chain_update(password)
            .finalize();
        Self(digest.as_slice().into())
    }

    /// Of the short-term mechanism: the password itself; only the samples of RFC 5769 need it.
    #[cfg(test)]
    pub(super) fn short_term(password: &str) -> Self {
        Self(password.as_bytes().into())
    }

    fn sign(&self, parts: &[&[u8]]) -> [u8; 20] {
        // At most 64 bytes, the block of SHA-1, which RFC 2104 §2 fills up with zeros.
        let mut block = [0; 64];
        block[..self.0.len()].copy_from_slice(&self.0);
        let mut mac = Hmac::<Sha1>::new(&block.into());
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for IntegrityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IntegrityKey(…)")
    }
}

/// The signature of a message up to `offset`, where MESSAGE-INTEGRITY begins.
pub(super) fn signature(bytes: &[u8], offset: usize, key: &IntegrityKey) -> [u8; 20] {
    let header = header_up_to(bytes, offset + INTEGRITY_BYTES);
    key.sign(&[&header, &bytes[4..offset]])
}

pub(super) fn is_right(bytes: &[u8], offset: usize, value: &[u8], key: &IntegrityKey) -> bool {
    signature(bytes, offset, key).ct_eq(value).into()
}

/// The value of a FINGERPRINT that begins at `offset`.
pub(super) fn fingerprint(bytes: &[u8], offset: usize) -> [u8; 4] {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&header_up_to(bytes, offset + FINGERPRINT_BYTES));
    crc.update(&bytes[4..offset]);
    (crc.finalize() ^ FINGERPRINT_MASK).to_be_bytes()
}

/// Whether a message ends with its fingerprint.
pub(super) fn fingerprint_is_right(bytes: &[u8]) -> bool {
    bytes
        .len()
        .checked_sub(FINGERPRINT_BYTES)
        .filter(|&offset| offset >= HEADER_BYTES)
        .is_some_and(|offset| bytes[offset + 4..] == fingerprint(bytes, offset))
}

/// Type and length as they would stand in a message that ends at `end`.
fn header_up_to(bytes: &[u8], end: usize) -> [u8; 4] {
    let length = u16::try_from(end - HEADER_BYTES).unwrap_or(u16::MAX);
    let [high, low] = length.to_be_bytes();
    [bytes[0], bytes[1], high, low]
}
