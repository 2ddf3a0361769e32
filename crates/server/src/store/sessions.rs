//! Sessions and their devices.

use protocol::limits::{REFRESH_IDLE_LIFE, SESSION_LIFE};
use protocol::{SessionId, Timestamp};
use rusqlite::Connection;

use super::StoreError;

/// Whether a session was neither ended nor left to die.
///
/// # Errors
/// [`StoreError::Database`].
pub fn is_alive(db: &Connection, session: SessionId, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sessions
                WHERE id = ?1 AND last_used_at > ?2 AND signed_in_at > ?3)";
    let (idle, absolute) = (now - REFRESH_IDLE_LIFE, now - SESSION_LIFE);
    let mut statement = db.prepare_cached(sql)?;
    Ok(statement.query_row((session.0, idle.0, absolute.0), |row| row.get(0))?)
}
