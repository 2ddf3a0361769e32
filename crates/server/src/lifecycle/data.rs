//! The data directory: made for the owner alone, and used by one process at a time.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
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
        "another ahoy already uses the data directory {}; stop that one first, or choose another \
         directory with --data DIR",
        path.display()
    )]
    InUse {
        /// The directory.
        path: PathBuf,
    },
}

/// A data directory that this process holds. The lock goes with the value, or with the process.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    _lock: File,
}

impl Directory {
    pub(super) fn open(path: &Path) -> Result<Self, DataError> {
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
        options.write(true).create(true).truncate(false).mode(0o600);
        let lock = options.open(path.join(LOCK_FILE)).map_err(unwritable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(DataError::InUse { path }),
            Err(TryLockError::Error(source)) => Err(unwritable(source)),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}
