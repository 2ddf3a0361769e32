//! The data directory: made for the owner alone, and used by one process at a time.
//!
//! The lock is the kernel's (`flock`): it ends with the process, however that ends, so a file that is left behind locks
//! nobody out. The process id in it is for people; nothing is decided by it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};

/// The file whose lock says that a process uses the directory.
pub(crate) const LOCK_FILE: &str = "ahoy.lock";

/// Why the data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// It cannot be made or written.
    #[error(
        "cannot write to the data directory {}: {source}; choose another with --data DIR, or give \
         this user the right to write there",
        path.display()
    )]
    Unwritable {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process uses it.
    #[error(
        "another ahoy{} already uses the data directory {}; stop that one first, or choose another \
         directory with --data DIR",
        process.map_or_else(String::new, |id| format!(" (process {id})")),
        path.display()
    )]
    InUse {
        /// The directory.
        path: PathBuf,
        /// Its process, where that could be read.
        process: Option<u32>,
    },
}

/// A data directory that this process holds. The lock goes with the value, or with the process.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    _lock: File,
}

impl Directory {
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        let unwritable = |source| DataError::Unwritable {
            path: path.to_owned(),
            source,
        };
        if !path.is_dir() {
            let mut builder = DirBuilder::new();
            builder.recursive(true).mode(0o700);
            builder.create(path).map_err(unwritable)?;
        }
        let path = fs::canonicalize(path).map_err(unwritable)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let lock = options.mode(0o600).open(path.join(LOCK_FILE));
        let mut lock = lock.map_err(unwritable)?;
        match lock.try_lock() {
            Ok(()) => {
                sign(&mut lock);
                give_to_owner_of(&path, &lock);
                Ok(Self { path, _lock: lock })
            }
            Err(TryLockError::WouldBlock) => {
                let process = signed_by(&mut lock);
                Err(DataError::InUse { path, process })
            }
            Err(TryLockError::Error(source)) => Err(unwritable(source)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Says whose lock it is.
fn sign(lock: &mut File) {
    let signed = lock
        .set_len(0)
        .and_then(|()| writeln!(lock, "{}", std::process::id()));
    if let Err(error) = signed {
        // Such as on a full disk. The lock holds all the same.
        tracing::debug!(%error, "the process id could not be left in the lock file");
    }
}

/// An administrator who backs up or restores first leaves a lock file that the server's user can open.
fn give_to_owner_of(directory: &Path, lock: &File) {
    let given = fs::metadata(directory).and_then(|directory| {
        if lock.metadata()?.uid() == directory.uid() {
            return Ok(());
        }
        fchown(lock, Some(directory.uid()), Some(directory.gid()))
    });
    if let Err(error) = given {
        tracing::debug!(%error, "the lock file could not be given to the owner of the data directory");
    }
}

/// Another one's process id. Nothing where it could not be left, or is not there yet.
fn signed_by(lock: &mut File) -> Option<u32> {
    let mut text = String::new();
    lock.read_to_string(&mut text).ok()?;
    text.trim_end().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_at_a_time_and_the_other_is_told_whose_turn_it_is() {
        let data = tempfile::tempdir().unwrap();
        let held = Directory::open(data.path()).unwrap();
        let error = Directory::open(data.path()).unwrap_err();
        let DataError::InUse { process, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(process, Some(std::process::id()));
        drop(held);
        Directory::open(data.path()).unwrap();
    }

    #[test]
    fn a_lock_file_that_was_left_behind_locks_nobody_out() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join(LOCK_FILE), "4294967295\nand more").unwrap();
        Directory::open(data.path()).unwrap();
        let signed = fs::read_to_string(data.path().join(LOCK_FILE)).unwrap();
        assert_eq!(signed, format!("{}\n", std::process::id()));
    }

    #[test]
    fn a_lock_without_a_process_id_still_locks() {
        let data = tempfile::tempdir().unwrap();
        let _held = Directory::open(data.path()).unwrap();
        fs::write(data.path().join(LOCK_FILE), "").unwrap();
        let error = Directory::open(data.path()).unwrap_err();
        assert!(
            error.to_string().starts_with("another ahoy already uses"),
            "{error}"
        );
    }
}
