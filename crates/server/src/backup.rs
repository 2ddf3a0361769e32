//! `ahoy backup` and `ahoy restore`: the database as one file, and back.
//!
//! The rules kept here: nothing is overwritten unasked, a file has its name when all of it is written and was looked
//! through, and a restore that was cut off is brought to its end by whoever comes next ([`finish`]).
//!
//! A backup has no keys: those that sign access tokens (`keys.json`), the relay's, and those of certificates (`tls/`) stay
//! where they are. With them a thief of backups could sign in as anybody; without them a host loses nothing, because
//! the server makes new ones. What the database holds of sessions is left out as well ([`crate::store::Content`]).

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, chown};
use std::path::{Path, PathBuf};

use protocol::Timestamp;

use crate::accounts::keys::KEYS_FILE;
use crate::lifecycle::{DataError, Directory};
use crate::store::copy::{self, Use};
use crate::store::{Content, DATABASE_FILE, OpenError};

/// A restored database that is complete and has not taken its place yet.
const RESTORED: &str = "ahoy.db.restored";
/// One that is being written.
const RESTORING: &str = "ahoy.db.restoring";
/// What belongs to the database before: its log and that log's index, and the keys, so that no token of before is good.
const REPLACED: [&str; 4] = ["ahoy.db-wal", "ahoy.db-shm", "ahoy.db-journal", KEYS_FILE];
/// Backups hold messages: they are their owner's alone.
const OWNER_ONLY: u32 = 0o600;

/// Why there is no backup, or nothing was restored. Each text is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The data directory cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A database cannot be used.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// There is nothing to back up.
    #[error("there is no database in {}; name the data directory with --data DIR or in the config file", path.display())]
    Nothing {
        /// The data directory.
        path: PathBuf,
    },
    /// There is a file of that name.
    #[error("{} is there already; name another file, or add --force to overwrite it", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// It would be lost together with what it is a backup of.
    #[error("{} is in the data directory, where a backup would be lost with it; name a file elsewhere", path.display())]
    Inside {
        /// The file.
        path: PathBuf,
    },
    /// There is a database in the data directory.
    #[error(
        "the data directory {} has a database already; choose another with --data DIR, or add --force to replace it: what is \
         in it is then lost",
        path.display()
    )]
    Occupied {
        /// The data directory.
        path: PathBuf,
    },
    /// The backup is not as it was written.
    #[error("the backup {} is damaged ({what}) and nothing was restored; take another one", path.display())]
    Damaged {
        /// The backup.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The copy that was just written is wrong.
    #[error("the copy at {} did not come out right ({what}), so it was removed; look at the disk that it was for", path.display())]
    Miscopied {
        /// The copy.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A file cannot be read or written.
    #[error("cannot use {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Writes a backup of a data directory, whether or not a server uses it, and looks through all of it.
///
/// # Errors
/// See [`BackupError`]; no file of that name is then new or changed.
pub fn back_up(
    data: &Path,
    file: &Path,
    force: bool,
    now: Timestamp,
) -> Result<Content, BackupError> {
    let source = data.join(DATABASE_FILE);
    if !source.exists() {
        return Err(BackupError::Nothing {
            path: data.to_owned(),
        });
    }
    let file = place(data, file)?;
    if !force && file.exists() {
        return Err(BackupError::Exists { path: file });
    }
    let (_held, using) = match Directory::open(data) {
        Ok(directory) => (Some(directory), Use::Resting),
        Err(DataError::InUse { .. }) => (None, Use::Online),
        Err(error) => return Err(error.into()),
    };
    let fresh = Fresh::make(beside(&file, ".new"))?;
    let content = copy::back_up(&source, using, &fresh.path, now).map_err(|error| match error {
        OpenError::Damaged { path, what } if path == fresh.path => {
            BackupError::Miscopied { path, what }
        }
        error => error.into(),
    })?;
    fresh.take_name(&file)?;
    Ok(content)
}

/// Puts a backup in the place of a data directory's database.
///
/// # Errors
/// See [`BackupError`]; the data directory is then as it was.
pub fn restore(data: &Path, file: &Path, force: bool) -> Result<Content, BackupError> {
    let mut backup = File::open(file).map_err(|source| used(file, source))?;
    let content = copy::examine(file).map_err(|error| match error {
        OpenError::Damaged { path, what } => BackupError::Damaged { path, what },
        error => error.into(),
    })?;
    let directory = Directory::open(data)?;
    let data = directory.path();
    finish(data)?;
    let has_database = [DATABASE_FILE, "ahoy.db-wal"]
        .iter()
        .any(|name| data.join(name).exists());
    if has_database && !force {
        return Err(BackupError::Occupied {
            path: data.to_owned(),
        });
    }
    let fresh = Fresh::make(data.join(RESTORING))?;
    fresh.fill(&mut backup)?;
    // Looked through once more: this is what will be used.
    copy::examine(&fresh.path).map_err(|error| match error {
        OpenError::Damaged { path, what } => BackupError::Miscopied { path, what },
        error => error.into(),
    })?;
    copy::make_ready(&fresh.path)?;
    fresh.give_to_owner_of(data)?;
    // From here on it is restored, whatever happens.
    fresh.take_name(&data.join(RESTORED))?;
    finish(data)?;
    Ok(content)
}

/// Brings a restore to its end that was cut off. Only for who holds the data directory.
///
/// # Errors
/// [`BackupError::File`]; calling it again goes on.
pub(crate) fn finish(data: &Path) -> Result<(), BackupError> {
    let restored = data.join(RESTORED);
    if !restored.exists() {
        return Ok(());
    }
    for name in REPLACED {
        let path = data.join(name);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(used(&path, source));
            }
            Ok(()) | Err(_) => {}
        }
    }
    let path = data.join(DATABASE_FILE);
    fs::rename(&restored, &path)
        .and_then(|()| sync_directory(&path))
        .map_err(|source| used(&path, source))
}

/// The full name of a backup, which must not lie in the data directory: no name there is free.
fn place(data: &Path, file: &Path) -> Result<PathBuf, BackupError> {
    let failed = |source| used(file, source);
    let is_directory = || failed(io::ErrorKind::IsADirectory.into());
    let name = file.file_name().ok_or_else(is_directory)?;
    let parent = file.parent().filter(|parent| *parent != Path::new(""));
    let parent = fs::canonicalize(parent.unwrap_or(Path::new("."))).map_err(failed)?;
    let path = parent.join(name);
    if path.is_dir() {
        return Err(is_directory());
    }
    if parent.starts_with(fs::canonicalize(data).map_err(failed)?) {
        return Err(BackupError::Inside { path });
    }
    Ok(path)
}

/// A file that is being written. Removed unless it takes its name.
struct Fresh {
    path: PathBuf,
    named: bool,
}

impl Fresh {
    /// Empty, for its owner alone. What an earlier one left is removed.
    fn make(path: PathBuf) -> Result<Self, BackupError> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(OWNER_ONLY);
        let made = match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => options.open(&path).map(drop),
        };
        match made {
            Ok(()) => Ok(Self { path, named: false }),
            Err(source) => Err(used(&path, source)),
        }
    }

    fn fill(&self, content: &mut File) -> Result<(), BackupError> {
        OpenOptions::new()
            .write(true)
            .open(&self.path)
            .and_then(|mut file| io::copy(content, &mut file))
            .map(drop)
            .map_err(|source| used(&self.path, source))
    }

    /// An administrator may restore for the user that the server runs as.
    fn give_to_owner_of(&self, directory: &Path) -> Result<(), BackupError> {
        let given = fs::metadata(directory).and_then(|directory| {
            if fs::metadata(&self.path)?.uid() == directory.uid() {
                return Ok(());
            }
            chown(&self.path, Some(directory.uid()), Some(directory.gid()))
        });
        given.map_err(|source| used(&self.path, source))
    }

    /// Durable, with its content.
    fn take_name(mut self, name: &Path) -> Result<(), BackupError> {
        let named = File::open(&self.path)
            .and_then(|file| file.sync_all())
            .and_then(|()| fs::rename(&self.path, name))
            .and_then(|()| sync_directory(name));
        self.named = named.is_ok();
        named.map_err(|source| used(name, source))
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if !self.named {
            for suffix in ["", "-journal"] {
                // The next one removes it too.
                let _left = fs::remove_file(beside(&self.path, suffix));
            }
        }
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

fn used(path: &Path, source: io::Error) -> BackupError {
    BackupError::File {
        path: path.to_owned(),
        source,
    }
}
