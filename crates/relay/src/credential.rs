//! Credentials: who may allocate, in which call, until when.
//!
//! The password is a MAC of the username under the relay's key, so nothing is stored for a credential that is
//! given out, and the process that has the key can make one. The username is
//! `<expiry in unix seconds>:<group>:<device>`; browsers use it for the long-term mechanism (RFC 8489 §9.2).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use thiserror::Error;

use crate::time::UnixSeconds;
use crate::wire::IntegrityKey;

/// A credential that would expire later than this from now is not taken, so that the relay knows when it may forget a call that is over.
/// Who mints one asks for some minutes less, for a clock that is set.
pub const CREDENTIAL_LIFETIME_MAX: Duration = Duration::from_mins(15);

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
pub struct Group(Arc<str>);

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
    /// [`CREDENTIAL_LIFETIME_MAX`] ahead.
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

/// What a username says, as long as nobody has shown its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    expires: UnixSeconds,
    pub(crate) group: Group,
    pub(crate) device: Device,
}

impl Claim {
    /// Nothing where the relay would not have minted such a username.
    pub(crate) fn read(username: &str) -> Option<Self> {
        let (expires, names) = username.split_once(':')?;
        let (group, device) = names.split_once(':')?;
        Some(Self {
            expires: UnixSeconds(expires.parse().ok()?),
            group: Group::new(group).ok()?,
            device: Device::new(device).ok()?,
        })
    }

    /// Whether the credential has not expired, nor will too late.
    pub(crate) fn is_timely(&self, now: UnixSeconds) -> bool {
        let left = self.expires.0.checked_sub(now.0);
        left.is_some_and(|left| left > 0 && left <= CREDENTIAL_LIFETIME_MAX.as_secs())
    }

    /// What messages of its owner are signed with.
    pub(crate) fn integrity_key(key: &Key, username: &str, realm: &str) -> IntegrityKey {
        IntegrityKey::long_term(username, realm, password_of(key, username).reveal())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_hide_themselves() {
        let key = Key::new([0x61; 32]);
        let credential = mint(&key, 1_000);
        assert_eq!(format!("{key:?}"), "Key(…)");
        assert!(!format!("{credential:?}").contains(credential.password.reveal()));
    }

    #[test]
    fn username_tells_what_was_minted() {
        let credential = mint(&Key::new([1; 32]), 1_000);
        assert_eq!(credential.username, "1000:call-1:laptop");
        let claim = Claim::read(&credential.username).unwrap();
        assert_eq!(claim.group.as_str(), "call-1");
        assert_eq!(claim.device.as_str(), "laptop");
        assert_eq!(claim.expires, UnixSeconds(1_000));
    }

    #[test]
    fn password_depends_on_every_part() {
        let key = Key::new([1; 32]);
        let password = mint(&key, 1_000).password;
        assert!(mint(&key, 1_000).password == password);
        assert!(mint(&key, 1_001).password != password);
        assert!(mint(&Key::new([2; 32]), 1_000).password != password);
    }

    #[test]
    fn other_usernames_claim_nothing() {
        for username in [
            "",
            "1000",
            "1000:call",
            "1000::device",
            "1000:call:",
            "x:call:device",
            "-1:call:device",
            "99999999999999999999:call:device",
            "1000:call:device:more",
            "1000:ca ll:device",
            "1000:cäll:device",
        ] {
            assert_eq!(Claim::read(username), None, "{username}");
        }
    }

    #[test]
    fn names_are_short_and_plain() {
        assert!(Group::new(&"a".repeat(64)).is_ok());
        assert_eq!(Group::new(&"a".repeat(65)), Err(InvalidName));
        assert_eq!(Device::new("a:b"), Err(InvalidName));
        assert_eq!(Device::new(""), Err(InvalidName));
    }

    #[test]
    fn is_timely_until_it_expires_and_not_too_far_ahead() {
        let claim = Claim::read("1000:call:device").unwrap();
        assert!(claim.is_timely(UnixSeconds(999)));
        assert!(!claim.is_timely(UnixSeconds(1_000)));
        let earliest = 1_000 - CREDENTIAL_LIFETIME_MAX.as_secs();
        assert!(claim.is_timely(UnixSeconds(earliest)));
        assert!(!claim.is_timely(UnixSeconds(earliest - 1)));
    }

    fn mint(key: &Key, expires: u64) -> Credential {
        let group = Group::new("call-1").unwrap();
        let device = Device::new("laptop").unwrap();
        Credential::mint(key, &group, &device, UnixSeconds(expires))
    }
}
