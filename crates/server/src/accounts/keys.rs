//! The keys that sign access tokens: a ring in a file of the data directory, outside the database, so
//! that a copy of the database signs nothing.
//!
//! One key signs (`current`), one waits (`next`, published early so that others can fetch it), and
//! those that signed before are accepted until their last token has expired (`retired`).

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use protocol::{Milliseconds, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{files, secrets};

/// The name of the ring in the data directory.
pub const KEYS_FILE: &str = "keys.json";
/// A key signs for so long, then the next one does.
const ROTATE_AFTER: Milliseconds = Milliseconds::from_seconds(30 * 24 * 3600);
/// A retired key is accepted for so long: twice the life of a token.
const RETIRED_LIFE: Milliseconds = Milliseconds::from_seconds(20 * 60);

/// Why there is no ring.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file cannot be read or written.
    #[error("cannot use the key file {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not what was written there.
    #[error(
        "the key file {} is damaged ({mistake}); restore it, or delete it: everybody then \
         refreshes once, nothing else is lost",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        mistake: String,
    },
}

/// A key that signs.
#[derive(Clone)]
pub struct Key {
    id: String,
    secret: [u8; 32],
    public: [u8; 32],
}

/// The ring.
pub struct KeyRing {
    path: PathBuf,
    keys: RwLock<Keys>,
}

#[derive(Clone)]
struct Keys {
    current: Arc<Key>,
    signs_since: Timestamp,
    next: Arc<Key>,
    retired: Vec<(Arc<Key>, Timestamp)>,
}

/// A public key for others, as RFC 8037 §2 writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PublicKey {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    #[serde(rename = "use")]
    purpose: &'static str,
    /// The `kid` of the tokens that it checks.
    kid: String,
    /// The key, base64url.
    x: String,
}

/// The public keys (RFC 7517 §5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct KeySet {
    keys: Vec<PublicKey>,
}

/// The ring as it is kept.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    current: StoredKey,
    next: StoredKey,
    retired: Vec<StoredKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredKey {
    /// Base64url.
    secret: String,
    /// When it began to sign; of a retired one, when it stopped. Milliseconds since 1970.
    at: Timestamp,
}

impl Key {
    fn new(secret: [u8; 32]) -> Self {
        let public = SigningKey::from_bytes(&secret).verifying_key().to_bytes();
        // Short is enough: it tells a handful of keys apart and protects nothing.
        let id = URL_SAFE_NO_PAD.encode(&Sha256::digest(public)[..9]);
        Self { id, secret, public }
    }

    /// Its `kid`.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn secret(&self) -> &[u8] {
        &self.secret
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl KeyRing {
    /// Reads the ring of a data directory, or makes one, and rotates it where it is time.
    ///
    /// # Errors
    /// See [`KeysError`].
    pub fn open(directory: &Path, now: Timestamp) -> Result<Self, KeysError> {
        let path = directory.join(KEYS_FILE);
        let keys = match fs::read(&path) {
            Ok(text) => Keys::parse(&text).map_err(|mistake| KeysError::Damaged {
                path: path.clone(),
                mistake,
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let keys = Keys::new(now);
                keep(&path, &keys)?;
                keys
            }
            Err(source) => return Err(KeysError::File { path, source }),
        };
        let ring = Self {
            path,
            keys: RwLock::new(keys),
        };
        ring.rotate(now)?;
        Ok(ring)
    }

    /// Lets the next key sign where the current one has signed for 30 days, and forgets retired ones
    /// whose last token has expired. True where something changed.
    ///
    /// # Errors
    /// [`KeysError::File`]; the keys then stay as they were.
    pub fn rotate(&self, now: Timestamp) -> Result<bool, KeysError> {
        let keys = self
            .keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let Some(keys) = keys.rotated(now) else {
            return Ok(false);
        };
        keep(&self.path, &keys)?;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(true)
    }

    /// The key that signs.
    pub fn current(&self) -> Arc<Key> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&keys.current)
    }

    /// The public half of a key that may have signed a token that is still good.
    pub(super) fn public(&self, id: &str, now: Timestamp) -> Option<[u8; 32]> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let retired = keys.retired.iter();
        let retired = retired
            .filter(|(_, at)| now.since(*at) < RETIRED_LIFE)
            .map(|(key, _)| key);
        [&keys.current, &keys.next]
            .into_iter()
            .chain(retired)
            .find(|key| key.id == id)
            .map(|key| key.public)
    }

    /// All public keys.
    pub fn key_set(&self) -> KeySet {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let retired = keys.retired.iter().map(|(key, _)| key);
        let all = [&keys.current, &keys.next].into_iter().chain(retired);
        KeySet {
            keys: all.map(|key| PublicKey::of(key)).collect(),
        }
    }
}

impl PublicKey {
    fn of(key: &Key) -> Self {
        Self {
            kty: "OKP",
            crv: "Ed25519",
            alg: "EdDSA",
            purpose: "sig",
            kid: key.id.clone(),
            x: URL_SAFE_NO_PAD.encode(key.public),
        }
    }
}

impl Keys {
    fn new(now: Timestamp) -> Self {
        Self {
            current: Arc::new(Key::new(secrets::random())),
            signs_since: now,
            next: Arc::new(Key::new(secrets::random())),
            retired: Vec::new(),
        }
    }

    /// Nothing where all is as it should be.
    fn rotated(mut self, now: Timestamp) -> Option<Self> {
        let before = self.retired.len();
        self.retired.retain(|(_, at)| now.since(*at) < RETIRED_LIFE);
        let mut changed = self.retired.len() != before;
        if now.since(self.signs_since) >= ROTATE_AFTER {
            let next = std::mem::replace(&mut self.next, Arc::new(Key::new(secrets::random())));
            let retired = std::mem::replace(&mut self.current, next);
            self.retired.push((retired, now));
            self.signs_since = now;
            changed = true;
        }
        changed.then_some(self)
    }

    fn parse(text: &[u8]) -> Result<Self, String> {
        let stored: Stored = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        let retired = stored.retired.iter();
        let retired = retired.map(|key| Ok((Arc::new(key.parse()?), key.at)));
        Ok(Self {
            current: Arc::new(stored.current.parse()?),
            signs_since: stored.current.at,
            next: Arc::new(stored.next.parse()?),
            retired: retired.collect::<Result<_, String>>()?,
        })
    }

    fn stored(&self) -> Stored {
        let retired = self.retired.iter();
        Stored {
            current: StoredKey::of(&self.current, self.signs_since),
            next: StoredKey::of(&self.next, self.signs_since),
            retired: retired.map(|(key, at)| StoredKey::of(key, *at)).collect(),
        }
    }
}

impl StoredKey {
    fn of(key: &Key, at: Timestamp) -> Self {
        let secret = URL_SAFE_NO_PAD.encode(key.secret);
        Self { secret, at }
    }

    fn parse(&self) -> Result<Key, String> {
        let secret = URL_SAFE_NO_PAD.decode(&self.secret).ok();
        let secret = secret.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        secret
            .map(Key::new)
            .ok_or_else(|| "a key is not 32 bytes of base64url".to_owned())
    }
}

/// Replaces the file in one step, so that a crash leaves the old ring or the new one.
fn keep(path: &Path, keys: &Keys) -> Result<(), KeysError> {
    let json = serde_json::to_vec_pretty(&keys.stored()).map_err(io::Error::from);
    let written = json.and_then(|json| files::write_private(path, &json));
    written.map_err(|source| KeysError::File {
        path: path.to_owned(),
        source,
    })
}
