//! Copies of the database: a backup, and a backup made ready for use again.
//!
//! A backup is one consistent moment of the database, also while a server writes. It holds no sessions: who restores an old
//! state must not bring back a session that was ended since, nor a refresh token that was replaced since. Calls
//! under way end in it, with what was talked until then. Nothing that was deleted is left in its file.

use std::path::Path;

use call::switchboard::Reach;
use protocol::Timestamp;
use protocol::call::{CallEnd, CallState, EndReason, FailCause};
use rusqlite::{Connection, ErrorCode, OpenFlags, params};

use super::check::{self, APPLICATION, BACKUP_APPLICATION, Kind, Peek};
use super::{LOCK_PATIENCE, OpenError, StoreError, calls, messages, migrations};

/// What a backup holds, for people to see that it is what they think.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// When it was made.
    pub made_at: Timestamp,
    /// The version of the program that made it.
    pub program: String,
    /// How many accounts.
    pub accounts: u64,
    /// How many messages, calls in the timelines included.
    pub messages: u64,
}

/// Whether a server uses the database that is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Nobody does, and nobody begins to.
    Resting,
    /// A server may.
    Online,
}

/// Makes a backup of the database at `source` in the empty file at `target`, and looks through all of it.
///
/// # Errors
/// See [`OpenError`]; what is in `target` is then worth nothing.
pub(crate) fn back_up(
    source: &Path,
    using: Use,
    target: &Path,
    now: Timestamp,
) -> Result<Content, OpenError> {
    copy(source, using, target)?;
    let failed = |source| OpenError::of(target, source);
    let mut connection = Connection::open(target).map_err(failed)?;
    migrations::apply(&mut connection, target)?;
    leave_out(&connection, now).map_err(|error| match error {
        StoreError::Database(source) => failed(source),
        error => check::damaged(target, &error.to_string()),
    })?;
    connection.close().map_err(|(_, source)| failed(source))?;
    examine(target)
}

/// Looks through a backup.
///
/// # Errors
/// See [`OpenError`]: it is no backup, is damaged, or a newer version has made it.
pub(crate) fn examine(backup: &Path) -> Result<Content, OpenError> {
    let failed = |source| OpenError::of(backup, source);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(backup, flags).map_err(failed)?;
    connection
        .pragma_update(None, "trusted_schema", false)
        .map_err(failed)?;
    if check::kind(&connection, backup)? != Kind::Backup {
        return Err(OpenError::NoBackup {
            path: backup.to_owned(),
        });
    }
    check::look_through(&connection, backup, "integrity_check(1)")?;
    check::references(&connection, backup)?;
    let content = "SELECT made_at, program, (SELECT count(*) FROM accounts), (SELECT count(*) FROM messages) FROM backup";
    connection
        .query_row(content, [], |row| {
            Ok(Content {
                made_at: Timestamp(row.get(0)?),
                program: row.get(1)?,
                accounts: row.get::<_, i64>(2)?.cast_unsigned(),
                messages: row.get::<_, i64>(3)?.cast_unsigned(),
            })
        })
        .map_err(failed)
}

/// Turns a copy of a backup into a database to be used.
///
/// # Errors
/// See [`OpenError`].
pub(crate) fn make_ready(copy: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::of(copy, source);
    let connection = Connection::open(copy).map_err(failed)?;
    connection
        .execute_batch("DROP TABLE backup")
        .and_then(|()| connection.pragma_update(None, "application_id", APPLICATION))
        .map_err(failed)?;
    connection.close().map_err(|(_, source)| failed(source))
}

/// One read transaction over all of it; a server's writes go on meanwhile.
fn copy(source: &Path, using: Use, target: &Path) -> Result<(), OpenError> {
    let failed = |error| OpenError::of(source, error);
    let into = |connection: &Connection| {
        if check::kind(connection, source)? == Kind::Backup {
            return Err(OpenError::Backup {
                path: source.to_owned(),
            });
        }
        let name = target.to_str().ok_or_else(|| OpenError::Name {
            path: target.to_owned(),
        })?;
        match connection.execute("VACUUM INTO ?1", [name]) {
            Ok(_) => Ok(()),
            // It is the copy for which there is no room.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => {
                Err(OpenError::of(target, error))
            }
            Err(error) => Err(failed(error)),
        }
    };
    match using {
        Use::Resting => into(&Peek::open(source)?.connection),
        Use::Online => {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(source, flags).map_err(failed)?;
            connection.busy_timeout(LOCK_PATIENCE).map_err(failed)?;
            into(&connection)
        }
    }
}

fn leave_out(db: &Connection, now: Timestamp) -> Result<(), StoreError> {
    db.pragma_update(None, "foreign_keys", true)?;
    // The bytes of what is deleted are overwritten.
    db.pragma_update(None, "secure_delete", true)?;
    let transaction = db.unchecked_transaction()?;
    db.execute_batch("DELETE FROM sessions; DELETE FROM spent_refreshes;")?;
    end_calls(db, now)?;
    db.execute_batch(
        "CREATE TABLE backup (made_at INTEGER NOT NULL, program TEXT NOT NULL) STRICT",
    )?;
    db.execute(
        "INSERT INTO backup VALUES (?1, ?2)",
        params![now.0, env!("CARGO_PKG_VERSION")],
    )?;
    db.pragma_update(None, "application_id", BACKUP_APPLICATION)?;
    Ok(transaction.commit()?)
}

/// Else a restored server would take them up again, and count all the time since as talked.
fn end_calls(db: &Connection, now: Timestamp) -> Result<(), StoreError> {
    for mut row in calls::alive(db)? {
        let (reason, talked) = match row.call.state {
            CallState::Active { since } => (EndReason::Lost, Some(now.since(since))),
            CallState::Connecting { .. } => {
                let cause = FailCause::Timeout;
                (EndReason::Failed { cause }, None)
            }
            CallState::Ringing { .. } | CallState::Ended { .. } => (EndReason::NoAnswer, None),
        };
        row.call.state = CallState::Ended {
            end: CallEnd {
                reason,
                ended_at: now.max(row.call.started_at),
                talked,
            },
        };
        calls::save(db, &row)?;
        // Who is blocked is not told so by an entry that only they would have.
        if row.reach != Reach::Silent {
            let call = &row.call;
            messages::append_call(db, call.conversation, call.id, call.caller, call.started_at)?;
        }
    }
    Ok(())
}
