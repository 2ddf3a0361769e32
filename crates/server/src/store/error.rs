//! What the store says when it does not do what it was asked, and when it cannot be opened.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// What keeps the database from keeping anything at the moment, though nothing is wrong with what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// No space is left.
    #[error("the disk is full")]
    Full,
    /// Another program writes, or keeps others from writing.
    #[error("another program has the database locked")]
    Locked,
    /// The file system, or the right to write to it, was taken away.
    #[error("the database can only be read")]
    ReadOnly,
    /// The disk does not do what it is told.
    #[error("the disk reports errors")]
    Disk,
}

impl Trouble {
    /// What an error of SQLite says of the disk; nothing where it is about what was asked.
    pub(super) fn of(error: &rusqlite::Error) -> Option<Self> {
        match error.sqlite_error_code()? {
            ErrorCode::DiskFull => Some(Self::Full),
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Some(Self::Locked),
            ErrorCode::ReadOnly => Some(Self::ReadOnly),
            ErrorCode::SystemIoFailure | ErrorCode::CannotOpen => Some(Self::Disk),
            _ => None,
        }
    }
}

/// Why the store did not do what it was asked. What the caller should foresee, such as a taken
/// username, is part of the `Ok` value instead.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database said no: a damaged file, or a fault of ours.
    #[error("the database failed: {0}")]
    Database(#[from] rusqlite::Error),
    /// Nothing can be kept at the moment; nothing of what was asked was.
    #[error("nothing can be kept: {0}")]
    Trouble(Trouble),
    /// The group of writes could not be committed; nothing of it was kept.
    #[error("the database could not commit: {0}")]
    Commit(String),
    /// The server is stopping.
    #[error("the store is closed")]
    Closed,
    /// More writes wait than can be done soon.
    #[error("too many writes wait")]
    Busy,
    /// The closure panicked; nothing of it was kept.
    #[error("a panic while using the database")]
    Panicked,
    /// What is kept makes no sense, such as a text that was valid when it went in.
    #[error("the database holds what it should not: {0}")]
    Corrupt(String),
}

impl StoreError {
    /// Tells trouble with the disk from everything else that SQLite may say.
    pub(super) fn judged(self) -> Self {
        match self {
            Self::Database(error) => {
                Trouble::of(&error).map_or(Self::Database(error), Self::Trouble)
            }
            other => other,
        }
    }
}

/// Why the store cannot be opened. Each text is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// SQLite cannot use the file.
    #[error("cannot open {}: {source}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The file cannot be made or written.
    #[error("cannot write to {}: {source}; give this user the right to, and make sure that the disk is not full", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not as Ahoy left it.
    #[error(
        "{} is damaged ({what}) and was left as it is; put the newest backup in its place with `ahoy restore FILE --force`, \
         and keep a copy of the data directory if you want to try to save more",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// There is a log of changes to a database, and no database.
    #[error(
        "{} is missing, but its log {}-wal is there; put the database back beside it or restore a backup with \
         `ahoy restore FILE --force`, or delete the log to begin with an empty database",
        path.display(), path.display()
    )]
    Missing {
        /// The database that is missing.
        path: PathBuf,
    },
    /// Another program made it.
    #[error("{} is not a database of Ahoy; choose another directory with --data DIR, or move the file away", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// It is a backup that was put in place by hand, and lacks what `ahoy restore` does.
    #[error("{} is a backup; move it out of the data directory, then put it in place with `ahoy restore FILE`", path.display())]
    Backup {
        /// The file.
        path: PathBuf,
    },
    /// It is something else than a backup.
    #[error("{} is not a backup of Ahoy; name a file that `ahoy backup` has made", path.display())]
    NoBackup {
        /// The file.
        path: PathBuf,
    },
    /// SQLite takes names in UTF-8 alone.
    #[error("the name {} is not UTF-8; choose another", path.display())]
    Name {
        /// The file.
        path: PathBuf,
    },
    /// No space is left.
    #[error("no space is left to write {}; free some, then try again", path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// It is in use.
    #[error("another program has {} locked; close it (such as sqlite3, or a job that copies files), then try again", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// A newer version of the program has written it.
    #[error(
        "{} was written by a newer version of Ahoy (schema {found}; this one knows up to {known}); \
         install that version or a newer one",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The schema found.
        found: u32,
        /// The newest schema known here.
        known: u32,
    },
    /// A thread could not be started.
    #[error("cannot start a thread for the database: {0}")]
    Thread(#[from] std::io::Error),
}

impl OpenError {
    /// What SQLite says of a file, in words for whoever starts the program.
    pub(super) fn of(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Damaged {
                path,
                what: source.to_string(),
            },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked { path },
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(_) | None => Self::Database { path, source },
        }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    #[test]
    fn trouble_with_the_disk_is_told_from_faults() {
        for (code, trouble) in [
            (ffi::SQLITE_FULL, Some(Trouble::Full)),
            (ffi::SQLITE_BUSY, Some(Trouble::Locked)),
            (ffi::SQLITE_BUSY_SNAPSHOT, Some(Trouble::Locked)),
            (ffi::SQLITE_READONLY, Some(Trouble::ReadOnly)),
            (ffi::SQLITE_IOERR_WRITE, Some(Trouble::Disk)),
            (ffi::SQLITE_IOERR_FSYNC, Some(Trouble::Disk)),
            (ffi::SQLITE_CANTOPEN, Some(Trouble::Disk)),
            (ffi::SQLITE_CONSTRAINT_UNIQUE, None),
            (ffi::SQLITE_CORRUPT, None),
        ] {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            assert_eq!(Trouble::of(&error), trouble, "{error}");
        }
    }
}
