//! The relay's key: new at every start, and left in the data directory, so that `ahoy doctor` on the same machine can
//! make a credential for its test. Nothing else reads it back.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use ::relay::Key;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use protocol::relay::RelayMode;

use crate::secrets;

/// The name of the file in the data directory: 32 bytes as base64.
pub const KEY_FILE: &str = "relay.key";
/// Readable and writable by the owner alone.
const OWNER_ONLY: u32 = 0o600;

/// Why the key of a relay cannot be left or read.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("cannot use the key file {}: {source}; give this user the right to", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not what a relay left there.
    #[error("the key file {} is damaged; start ahoy again, which makes a new one", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

/// Makes a key; where the relay forwards sound, leaves it in the data directory in place of the last one.
pub(super) fn renew(data: &Path, mode: RelayMode) -> Result<Key, KeyError> {
    let bytes: [u8; 32] = secrets::random();
    let path = data.join(KEY_FILE);
    let kept = match mode {
        RelayMode::Off => remove(&path),
        RelayMode::Fallback | RelayMode::Always => keep(&path, &bytes),
    };
    kept.map_err(|source| KeyError::File { path, source })?;
    Ok(Key::new(bytes))
}

/// The key of the relay that runs on this data directory.
///
/// # Errors
/// See [`KeyError`]; a file that is not there means that no relay runs, or none that forwards sound.
pub fn read(data: &Path) -> Result<Key, KeyError> {
    let path = data.join(KEY_FILE);
    match fs::read_to_string(&path) {
        Ok(text) => {
            let bytes = STANDARD.decode(text.trim_end()).ok();
            let bytes = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
            bytes.map(Key::new).ok_or(KeyError::Damaged { path })
        }
        Err(source) => Err(KeyError::File { path, source }),
    }
}

/// Written beside it first, so that whoever reads finds the old key or the new one.
fn keep(path: &Path, bytes: &[u8; 32]) -> io::Result<()> {
    let fresh = path.with_extension("key.new");
    remove(&fresh)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(OWNER_ONLY);
    let mut file = options.open(&fresh)?;
    writeln!(file, "{}", STANDARD.encode(bytes))?;
    fs::rename(&fresh, path)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use ::relay::{Credential, Device, Group, UnixSeconds};

    use super::*;

    #[test]
    fn the_key_that_is_left_is_the_one_in_use_and_the_owners_alone() {
        let data = tempfile::tempdir().unwrap();
        let first = renew(data.path(), RelayMode::Fallback).unwrap();
        assert_eq!(mint(&read(data.path()).unwrap()), mint(&first));
        let second = renew(data.path(), RelayMode::Always).unwrap();
        assert_eq!(mint(&read(data.path()).unwrap()), mint(&second));
        assert_ne!(
            mint(&first),
            mint(&second),
            "a restart ends every credential"
        );
        let file = fs::metadata(data.path().join(KEY_FILE)).unwrap();
        assert_eq!(file.permissions().mode() & 0o777, OWNER_ONLY);
    }

    #[test]
    fn a_relay_that_is_off_leaves_no_key() {
        let data = tempfile::tempdir().unwrap();
        renew(data.path(), RelayMode::Fallback).unwrap();
        renew(data.path(), RelayMode::Off).unwrap();
        assert!(matches!(read(data.path()), Err(KeyError::File { .. })));
    }

    #[test]
    fn a_damaged_file_is_told() {
        let data = tempfile::tempdir().unwrap();
        for text in ["", "c2hvcnQ=", "not base64"] {
            fs::write(data.path().join(KEY_FILE), text).unwrap();
            assert!(matches!(read(data.path()), Err(KeyError::Damaged { .. })));
        }
    }

    fn mint(key: &Key) -> Credential {
        let group = Group::new("group").unwrap();
        let device = Device::new("device").unwrap();
        Credential::mint(key, &group, &device, UnixSeconds(0))
    }
}
