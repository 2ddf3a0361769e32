//! Credentials: who may allocate, in which call, until when.
//!
//! The password is a MAC of the username under the relay's key, so nothing is stored for a credential that is
//! given out, and the process that has the key can make one. The username is
//! `<expiry in unix seconds>:<group>:<device>`; browsers use it for the long-term mechanism (RFC 8489 §9.2).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use thiserror::Error;

use crate::time::UnixSeconds;

/// Longest name of a group or device, in bytes.
const NAME_MAX_BYTES: usize = 64;

/// The relay's secret: it signs credentials and nonces. `Debug` hides it.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl Key {
    /// From 32 random bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// HMAC-SHA256 of the parts, one after the other, under this key.
    pub(crate) fn sign(&self, parts: &[&[u8]]) -> [u8; 32] {
        // A key shorter than the block of the hash is filled up with zeros (RFC 2104 §2).
        let mut block = [0; 64];
        block[..self.0.len()].copy_from_slice(&self.0);
        let mut mac = Hmac::<Sha256>::new(&block.into());
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// Whose allocations may talk to each other: those of one call, or of one test.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group(Box<str>);

/// One device of a group, whose allocations are counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Device(Box<str>);

/// A name that cannot stand in a username.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("use 1 to {NAME_MAX_BYTES} letters, digits, '-' or '_'")]
pub struct InvalidName;

impl Group {
    /// Names a group by 1 to 64 ASCII letters, digits, `-` or `_`.
    ///
    /// # Errors
    /// The name has something else in it.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        Ok(Self(checked(name)?.into()))
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Device {
    /// Names a device by 1 to 64 ASCII letters, digits, `-` or `_`.
    ///
    /// # Errors
    /// The name has something else in it.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        Ok(Self(checked(name)?.into()))
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn checked(name: &str) -> Result<&str, InvalidName> {
    let fits = (1..=NAME_MAX_BYTES).contains(&name.len());
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if fits && name.bytes().all(plain) {
        Ok(name)
    } else {
        Err(InvalidName)
    }
}

/// What a device shows to allocate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// `<expiry>:<group>:<device>`.
    pub username: String,
    /// Its password.
    pub password: Secret,
}

/// A password of the relay. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The password itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Credential {
    /// Makes the credential of a device of a group. The relay takes it until `expires`, for new allocations, if that is at most
    /// [`CREDENTIAL_LIFETIME_MAX`](crate::CREDENTIAL_LIFETIME_MAX) ahead.
    pub fn mint(key: &Key, group: &Group, device: &Device, expires: UnixSeconds) -> Self {
        let username = format!("{}:{}:{}", expires.0, group.as_str(), device.as_str());
        let password = password_of(key, &username);
        Self { username, password }
    }
}

/// The one password that belongs to a username.
fn password_of(key: &Key, username: &str) -> Secret {
    Secret(STANDARD.encode(key.sign(&[b"credential:", username.as_bytes()])))
}
