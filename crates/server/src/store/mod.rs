//! What Ahoy keeps: SQLite in WAL mode, and the only home of SQL.
//!
//! The rule kept here: [`Store::write`] answers only after its change would survive a power cut. One
//! thread writes, in groups ([`writer`]); a few threads read ([`readers`]). A write sees every write
//! before it; a read sees every write that was answered before it began.
//!
//! Callers hand over a closure of the functions of the modules here, each a plain
//! `fn(&Connection, …) -> Result<_, StoreError>`, and never write SQL themselves:
//!
//! ```text
//! let person = app.store.read(move |db| store::accounts::person(db, user)).await?;
//! ```
//!
//! Ids go in as `user.0` and come out as `UserId(row.get("id")?)`: the UUID crate's 16-byte BLOB.

pub mod accounts;
pub mod calls;
pub mod chat;
mod check;
pub(crate) mod copy;
mod error;
pub mod factors;
pub mod invites;
pub mod keys;
pub mod managed;
pub mod messages;
mod migrations;
pub mod missed;
pub mod passkeys;
pub mod people;
mod readers;
pub mod sessions;
pub mod settings;
mod writer;

use std::fs::{self, File, OpenOptions};
use std::io;
use std::num::NonZeroUsize;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

pub use rusqlite::Connection;
use rusqlite::types::Type;
use rusqlite::{OpenFlags, Row};

pub use copy::Content;
pub use error::{OpenError, StoreError, Trouble};
use readers::Readers;
use writer::Writer;

/// The name of the database in the data directory.
pub const DATABASE_FILE: &str = "ahoy.db";
/// How long to wait for another process that has the database locked.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);
/// Page cache of each connection, in KiB (SQLite's negative unit): small, the kernel caches as well.
const CACHE_KIB: i32 = 512;

/// The database. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Store {
    writer: Writer,
    readers: Readers,
}

impl Store {
    /// Opens the database in a directory, makes it where there is none, and brings its schema up to date. One that is
    /// damaged, foreign or newer is refused and left as it is ([`check`]).
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(directory: &Path) -> Result<Self, OpenError> {
        let path = directory.join(DATABASE_FILE);
        let failed = |source| OpenError::of(&path, source);
        if path.exists() {
            make_for_owner(&path)?;
            check::before_use(&path)?;
        } else {
            create(&path)?;
        }
        let mut connection = connect(&path, OpenFlags::default()).map_err(failed)?;
        migrations::apply(&mut connection, &path)?;
        let writer = Writer::start(connection)?;
        let readers = Readers::start(reader_count(), || {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            connect(&path, flags).map_err(failed)
        })?;
        Ok(Self { writer, readers })
    }

    /// Changes something. Answers once the change is durable; an `Err` leaves nothing of it behind.
    ///
    /// # Errors
    /// Whatever the closure says, and the store's own reasons.
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.writer.write(work).await
    }

    /// Hands a change over without waiting. `then` gets the result that [`Store::write`] would answer
    /// with, on the writer's thread and in the order in which changes were handed over: what it
    /// tells is told in the order in which it was kept. It must not wait.
    ///
    /// # Errors
    /// [`StoreError::Busy`] and [`StoreError::Closed`]; then nothing is done and `then` is not called.
    pub fn hand_over<T, F, G>(&self, work: F, then: G) -> Result<(), StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        G: FnOnce(Result<T, StoreError>) + Send + 'static,
    {
        self.writer.hand_over(work, then)
    }

    /// Looks something up.
    ///
    /// # Errors
    /// Whatever the closure says, and the store's own reasons.
    pub async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.readers.read(work).await
    }

    /// Finishes the writes that were handed over, then closes the database. Later writes and reads
    /// get [`StoreError::Closed`].
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// One reader for each core, at most four: reads are short, and each connection holds memory.
fn reader_count() -> usize {
    std::thread::available_parallelism()
        .map_or(1, NonZeroUsize::get)
        .min(4)
}

/// Makes an empty database, which takes its name when it is complete: one that has the name and is empty was not made here.
fn create(path: &Path) -> Result<(), OpenError> {
    if check::size(&check::beside(path, "-wal"))? > 0 {
        return Err(OpenError::Missing {
            path: path.to_owned(),
        });
    }
    let fresh = check::beside(path, ".new");
    for suffix in ["", "-journal", "-wal", "-shm"] {
        // What a start left that did not come to its end.
        remove(&check::beside(&fresh, suffix))?;
    }
    make_for_owner(&fresh)?;
    let failed = |source| OpenError::of(&fresh, source);
    let mut connection = connect(&fresh, OpenFlags::default()).map_err(failed)?;
    // Synced once, as a whole: until then it is nobody's.
    connection
        .pragma_update(None, "synchronous", "off")
        .map_err(failed)?;
    migrations::apply(&mut connection, &fresh)?;
    connection.close().map_err(|(_, source)| failed(source))?;
    let named = File::open(&fresh)
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::rename(&fresh, path))
        .and_then(|()| sync_directory(path));
    named.map_err(|source| OpenError::File {
        path: path.to_owned(),
        source,
    })
}

fn remove(path: &Path) -> Result<(), OpenError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(OpenError::File {
            path: path.to_owned(),
            source,
        }),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Makes the name of a file durable.
fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

/// SQLite gives its other files the rights of this one.
fn make_for_owner(path: &Path) -> Result<(), OpenError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    options
        .open(path)
        .map(drop)
        .map_err(|source| OpenError::File {
            path: path.to_owned(),
            source,
        })
}

fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(LOCK_PATIENCE)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    if !flags.contains(OpenFlags::SQLITE_OPEN_READ_ONLY) {
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
    }
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Reads a text column whose type checks itself.
fn text<T>(row: &Row<'_>, column: &str) -> rusqlite::Result<T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    let index = row.as_ref().column_index(column)?;
    let text: String = row.get(index)?;
    let invalid =
        |error| rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(error));
    text.parse().map_err(invalid)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An empty database in memory, for the tests of the functions here.
    pub(crate) fn database() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        connection
            .pragma_update(None, "foreign_keys", true)
            .unwrap();
        migrations::apply(&mut connection, Path::new("memory")).unwrap();
        connection
    }

    #[tokio::test]
    async fn what_was_written_is_read_and_readers_cannot_write() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path()).unwrap();
        let add = "INSERT INTO accounts (id, username, display_name, password, created_at)
            VALUES (zeroblob(16), 'ada', 'Ada', 'p', 0)";
        store
            .write(move |db| Ok(db.execute(add, [])?))
            .await
            .unwrap();
        let count = |db: &Connection| {
            let count = db.query_row("SELECT count(*) FROM accounts", [], |row| row.get(0));
            Ok::<u32, StoreError>(count?)
        };
        assert_eq!(store.read(count).await.unwrap(), 1);
        let sneaky = store
            .read(|db| Ok(db.execute("DELETE FROM accounts", [])?))
            .await;
        assert!(matches!(sneaky, Err(StoreError::Database(_))));
        store.close().await;
        assert!(matches!(store.read(count).await, Err(StoreError::Closed)));
    }

    #[tokio::test]
    async fn every_commit_is_synchronous() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path()).unwrap();
        let settings = store
            .write(|db| {
                let journal: String =
                    db.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
                let synchronous: u32 =
                    db.pragma_query_value(None, "synchronous", |row| row.get(0))?;
                let keys: bool = db.pragma_query_value(None, "foreign_keys", |row| row.get(0))?;
                Ok((journal, synchronous, keys))
            })
            .await
            .unwrap();
        assert_eq!(settings, ("wal".to_owned(), 2, true));
    }
}
