//! What a database file is, found out before anything of it is changed.
//!
//! The rule kept here: a file that is damaged, foreign or newer than this program is refused and stays as it is, byte for
//! byte, its log included. So the check reads the log in memory, writes nothing back and leaves no file behind.
//! Damage that changes no structure, such as another letter in a text, is not found: pages carry no checksum.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _};

use super::{LOCK_PATIENCE, OpenError, migrations};

/// `PRAGMA application_id` of a database in use: "Ahoy" in ASCII.
pub(super) const APPLICATION: i32 = 0x4168_6F79;
/// That of a backup: the same with a B at its end.
pub(super) const BACKUP_APPLICATION: i32 = 0x4168_6F42;
/// Larger databases are not looked through at start: 256 MiB take about a second, and hold a million messages.
const LOOKED_THROUGH_MAX_BYTES: u64 = 256 * 1024 * 1024;
/// How long to wait for the file to be ours alone. Whoever just looks at it may go on to.
const ALONE_PATIENCE: Duration = Duration::from_millis(200);

/// Refuses a database that must not be used.
///
/// # Errors
/// See [`OpenError`].
pub(super) fn before_use(path: &Path) -> Result<(), OpenError> {
    let bytes = size(path)?;
    if bytes == 0 {
        // A new database takes its name when it is complete, so this one has lost what was in it.
        return Err(damaged(path, "it is empty"));
    }
    let log_bytes = size(&beside(path, "-wal"))?;
    let peek = Peek::open(path)?;
    let kind = kind(&peek.connection, path)?;
    if kind == Kind::Backup {
        return Err(OpenError::Backup {
            path: path.to_owned(),
        });
    }
    if bytes.saturating_add(log_bytes) > LOOKED_THROUGH_MAX_BYTES {
        tracing::info!(
            "the database is too large to be looked through at every start; `ahoy backup` does so"
        );
        return Ok(());
    }
    look_through(&peek.connection, path, "quick_check(1)")?;
    if log_bytes > 0 {
        // After a clean stop there is no log. A log that belongs to another database can leave every page in order,
        // and then what refers to each other does not fit.
        references(&peek.connection, path)?;
    }
    Ok(())
}

/// What the program is to make of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One in use.
    Live,
    /// A backup.
    Backup,
}

/// Whose database it is, and whether this program understands it.
pub(super) fn kind(connection: &Connection, path: &Path) -> Result<Kind, OpenError> {
    let failed = |source| OpenError::of(path, source);
    let application: i32 = connection
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(failed)?;
    let found: u32 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(failed)?;
    let kind = match application {
        APPLICATION | 0 => Kind::Live,
        BACKUP_APPLICATION => Kind::Backup,
        _ => return Err(foreign(path)),
    };
    let known = migrations::known();
    if found > known {
        return Err(OpenError::Newer {
            path: path.to_owned(),
            found,
            known,
        });
    }
    // Without the mark, and for all versions from the first on, this is what tells.
    let accounts = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'accounts'";
    let accounts: Option<i32> = connection
        .query_row(accounts, [], |row| row.get(0))
        .optional()
        .map_err(failed)?;
    if found == 0 || accounts.is_none() {
        return Err(foreign(path));
    }
    Ok(kind)
}

/// Runs one of SQLite's own checks.
pub(super) fn look_through(
    connection: &Connection,
    path: &Path,
    check: &str,
) -> Result<(), OpenError> {
    let found: String = connection
        .query_row(&format!("PRAGMA {check}"), [], |row| row.get(0))
        .map_err(|source| OpenError::of(path, source))?;
    match found.as_str() {
        "ok" => Ok(()),
        found => Err(damaged(path, &found.replace('\n', "; "))),
    }
}

/// Everything that is referred to is there.
pub(super) fn references(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let broken: Option<(String, String)> = connection
        .query_row("PRAGMA foreign_key_check", [], |row| {
            Ok((row.get("table")?, row.get("parent")?))
        })
        .optional()
        .map_err(|source| OpenError::of(path, source))?;
    match broken {
        None => Ok(()),
        Some((table, parent)) => Err(damaged(
            path,
            &format!("{table} refer to {parent} that are not there"),
        )),
    }
}

pub(super) fn damaged(path: &Path, what: &str) -> OpenError {
    OpenError::Damaged {
        path: path.to_owned(),
        what: what.to_owned(),
    }
}

fn foreign(path: &Path) -> OpenError {
    OpenError::Foreign {
        path: path.to_owned(),
    }
}

/// The name of a file that SQLite keeps beside a database.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// 0 where there is none.
pub(super) fn size(path: &Path) -> Result<u64, OpenError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(source) => Err(OpenError::File {
            path: path.to_owned(),
            source,
        }),
    }
}

/// A connection that leaves no trace: with the file locked for itself it keeps the index of the log in memory, and it never
/// writes the log back. Where another program looks at the database, it joins in as SQLite usually does.
pub(super) struct Peek {
    // Closed before its traces are removed.
    pub(super) connection: Connection,
    _traces: Traces,
}

/// Files that were not there before; removed where they are empty.
struct Traces(Vec<PathBuf>);

impl Peek {
    pub(super) fn open(path: &Path) -> Result<Self, OpenError> {
        let files = ["-wal", "-shm"].map(|suffix| beside(path, suffix));
        let mut traces = Traces(files.into_iter().filter(|file| !file.exists()).collect());
        let mut connection = peek(path, "exclusive", ALONE_PATIENCE);
        if let Err(error) = &connection
            && error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
        {
            // They are the other program's as well.
            traces.0.clear();
            connection = peek(path, "normal", LOCK_PATIENCE);
        }
        Ok(Self {
            connection: connection.map_err(|source| OpenError::of(path, source))?,
            _traces: traces,
        })
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        for file in &self.0 {
            if fs::metadata(file).is_ok_and(|metadata| metadata.len() == 0) {
                // One that stays behind does no harm.
                let _left = fs::remove_file(file);
            }
        }
    }
}

fn peek(path: &Path, locking: &str, patience: Duration) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.busy_timeout(patience)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "locking_mode", locking)?;
    // The first read takes the lock.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rusqlite::params;

    use super::super::{DATABASE_FILE, Store, connect, create};
    use super::*;

    #[test]
    fn a_database_as_ahoy_left_it_is_used() {
        let directory = database();
        before_use(&file(&directory)).unwrap();
        let log = log_of(&directory);
        fs::write(beside(&file(&directory), "-wal"), log).unwrap();
        before_use(&file(&directory)).unwrap();
    }

    #[test]
    fn a_damaged_header_is_refused() {
        refused(&database(), |bytes| bytes[..16].fill(b'x'), "damaged");
    }

    #[test]
    fn a_damaged_page_in_the_middle_is_refused() {
        let damage = |bytes: &mut Vec<u8>| {
            let page = bytes.len() / 4096 / 2;
            bytes[page * 4096..][..4096].fill(0xA5);
        };
        refused(&database(), damage, "damaged");
    }

    #[test]
    fn a_truncated_file_is_refused() {
        refused(
            &database(),
            |bytes| bytes.truncate(bytes.len() / 2),
            "damaged",
        );
        refused(&database(), |bytes| bytes.truncate(100), "damaged");
        refused(&database(), Vec::clear, "it is empty");
    }

    #[test]
    fn the_log_of_another_database_is_refused() {
        let (directory, other) = (database(), database());
        fs::write(beside(&file(&directory), "-wal"), log_of(&other)).unwrap();
        refused(&directory, |_| {}, "damaged");
    }

    #[test]
    fn a_log_without_its_database_is_refused() {
        let directory = database();
        fs::write(beside(&file(&directory), "-wal"), log_of(&directory)).unwrap();
        fs::remove_file(file(&directory)).unwrap();
        let before = all(directory.path());
        let error = Store::open(directory.path()).unwrap_err();
        assert!(matches!(error, OpenError::Missing { .. }), "{error}");
        assert_eq!(all(directory.path()), before);
    }

    #[test]
    fn a_newer_database_is_refused_also_where_only_its_log_says_so() {
        let directory = database();
        let newer = Connection::open(file(&directory)).unwrap();
        newer
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
            .unwrap();
        newer.pragma_update(None, "user_version", 999).unwrap();
        drop(newer);
        assert!(size(&beside(&file(&directory), "-wal")).unwrap() > 0);
        // The index of the log goes with the process.
        fs::remove_file(beside(&file(&directory), "-shm")).unwrap();
        refused(&directory, |_| {}, "newer version");
    }

    #[test]
    fn the_database_of_another_program_is_refused() {
        for sql in [
            "CREATE TABLE notes (text)",
            "PRAGMA application_id = 7",
            "PRAGMA user_version = 1",
        ] {
            let directory = tempfile::tempdir().unwrap();
            let other = Connection::open(file(&directory)).unwrap();
            other.execute_batch(sql).unwrap();
            drop(other);
            refused(&directory, |_| {}, "not a database of Ahoy");
        }
    }

    #[test]
    fn a_backup_put_in_place_by_hand_is_refused() {
        let directory = database();
        let backup = Connection::open(file(&directory)).unwrap();
        backup
            .pragma_update(None, "application_id", BACKUP_APPLICATION)
            .unwrap();
        drop(backup);
        refused(&directory, |_| {}, "ahoy restore");
    }

    #[test]
    fn a_database_that_another_program_looks_at_is_used_and_a_locked_one_is_not() {
        let directory = database();
        let other = Connection::open(file(&directory)).unwrap();
        other
            .execute_batch("BEGIN; SELECT count(*) FROM accounts")
            .unwrap();
        before_use(&file(&directory)).unwrap();
        other
            .execute_batch("COMMIT; PRAGMA locking_mode = exclusive; BEGIN EXCLUSIVE")
            .unwrap();
        let error = before_use(&file(&directory)).unwrap_err();
        assert!(matches!(error, OpenError::Locked { .. }), "{error}");
    }

    /// A refusal that says this and changes no byte of any file.
    #[track_caller]
    fn refused(directory: &tempfile::TempDir, damage: impl FnOnce(&mut Vec<u8>), words: &str) {
        let path = file(directory);
        let mut bytes = fs::read(&path).unwrap();
        damage(&mut bytes);
        fs::write(&path, bytes).unwrap();
        let before = all(directory.path());
        let error = Store::open(directory.path()).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(
            all(directory.path()) == before,
            "the files are as they were"
        );
    }

    fn all(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
        let entries = fs::read_dir(directory).unwrap();
        let files = entries.map(|entry| entry.unwrap().path());
        files
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect()
    }

    fn file(directory: &tempfile::TempDir) -> PathBuf {
        directory.path().join(DATABASE_FILE)
    }

    /// Two people and what they wrote, after a clean stop.
    fn database() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        let path = file(&directory);
        create(&path).unwrap();
        let db = connect(&path, OpenFlags::default()).unwrap();
        for name in ["ada", "ben"] {
            db.execute(
                "INSERT INTO accounts SELECT randomblob(16), ?1, ?1, 'p', 0, NULL, 0, NULL",
                [name],
            )
            .unwrap();
        }
        db.execute_batch(
            "INSERT INTO conversations SELECT randomblob(16), min(id), max(id), 0, 1 FROM accounts",
        )
        .unwrap();
        write(&db, 1..2_000);
        directory
    }

    fn write(db: &Connection, seqs: std::ops::Range<u32>) {
        let transaction = db.unchecked_transaction().unwrap();
        for seq in seqs {
            let sql = "INSERT INTO messages SELECT id, ?1, randomblob(16), low, 0, 'text', ?2 FROM conversations";
            db.execute(sql, params![seq, "a text of some length ".repeat(4)])
                .unwrap();
        }
        transaction.commit().unwrap();
    }

    /// What a process leaves that is killed after it has written.
    fn log_of(directory: &tempfile::TempDir) -> Vec<u8> {
        let copy = tempfile::tempdir().unwrap();
        fs::copy(file(directory), file(&copy)).unwrap();
        let db = connect(&file(&copy), OpenFlags::default()).unwrap();
        write(&db, 2_000..2_100);
        let log = fs::read(beside(&file(&copy), "-wal")).unwrap();
        assert!(!log.is_empty());
        log
    }
}
