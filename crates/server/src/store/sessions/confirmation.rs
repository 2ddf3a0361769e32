//! When, and by what, a session's owner was last proven to be the one who sits there.

use protocol::{SessionId, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::store::StoreError;

/// What somebody has proven themselves by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfirmedBy {
    /// The password, with a second factor where the account has one and a session was opened.
    Password,
    /// A passkey.
    Passkey,
}

/// A session's newest proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confirmed {
    /// When.
    pub at: Timestamp,
    /// By what.
    pub by: ConfirmedBy,
}

impl ConfirmedBy {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Passkey => "passkey",
        }
    }
}

/// A session's newest proof; nothing where the session is over.
///
/// # Errors
/// [`StoreError::Database`].
pub fn confirmed(db: &Connection, session: SessionId) -> Result<Option<Confirmed>, StoreError> {
    let mut query =
        db.prepare_cached("SELECT confirmed_at, confirmed_by FROM sessions WHERE id = ?1")?;
    let found = query.query_row([session.0], |row| {
        let by: String = row.get("confirmed_by")?;
        Ok(Confirmed {
            at: Timestamp(row.get("confirmed_at")?),
            // The column holds one of the two: its CHECK sees to that.
            by: if by == ConfirmedBy::Passkey.as_str() {
                ConfirmedBy::Passkey
            } else {
                ConfirmedBy::Password
            },
        })
    });
    Ok(found.optional()?)
}

/// Notes a new proof. False: the session is over.
///
/// # Errors
/// [`StoreError::Database`].
pub fn confirm(
    db: &Connection,
    session: SessionId,
    by: ConfirmedBy,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let noted = db
        .prepare_cached("UPDATE sessions SET confirmed_at = ?2, confirmed_by = ?3 WHERE id = ?1")?
        .execute(params![session.0, now.0, by.as_str()])?;
    Ok(noted == 1)
}
