//! Accounts as their administrators see them, and what these change, in SQL.

use protocol::managing::ManagedAccount;
use protocol::{SessionId, Timestamp, UserId, Username};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{StoreError, accounts};

/// SHA-256 of what the link of a password reset carries.
pub type ResetHash = [u8; 32];

/// Which account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// By its id.
    Id(UserId),
    /// By its username.
    Name(Username),
}

/// The columns of an account. A device's last use is when it left, or when it refreshed its tokens.
const MANAGED: &str = "
    SELECT id, username, display_name, administrator, disabled_at, created_at,
           (SELECT max(at) FROM (
              SELECT last_seen_at AS at
              UNION ALL
              SELECT last_used_at FROM sessions WHERE sessions.account = accounts.id)) AS last_used_at
    FROM accounts";

/// An account.
///
/// # Errors
/// [`StoreError::Database`].
pub fn find(db: &Connection, which: &Which) -> Result<Option<ManagedAccount>, StoreError> {
    let found = match which {
        Which::Id(id) => db
            .prepare_cached(&format!("{MANAGED} WHERE id = ?1"))?
            .query_row([id.0], managed),
        Which::Name(name) => db
            .prepare_cached(&format!("{MANAGED} WHERE username = ?1"))?
            .query_row([name.as_str()], managed),
    };
    Ok(found.optional()?)
}

/// So many accounts, by username, from after one.
///
/// # Errors
/// [`StoreError::Database`].
pub fn list(
    db: &Connection,
    after: Option<&Username>,
    limit: u32,
) -> Result<Vec<ManagedAccount>, StoreError> {
    let sql = format!("{MANAGED} WHERE username > ?1 ORDER BY username LIMIT ?2");
    let mut list = db.prepare_cached(&sql)?;
    // Every username sorts after the empty text.
    let after = after.map_or("", Username::as_str);
    let accounts = list.query_map(params![after, limit], managed)?;
    Ok(accounts.collect::<Result<_, _>>()?)
}

/// Whether an account may manage others now.
///
/// # Errors
/// [`StoreError::Database`].
pub fn is_administrator(db: &Connection, user: UserId) -> Result<bool, StoreError> {
    let mut asked = db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM accounts
                        WHERE id = ?1 AND administrator AND disabled_at IS NULL)",
    )?;
    Ok(asked.query_row([user.0], |row| row.get(0))?)
}

/// Whether an account may not sign in.
///
/// # Errors
/// [`StoreError::Database`].
pub fn is_disabled(db: &Connection, user: UserId) -> Result<bool, StoreError> {
    let mut asked = db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM accounts WHERE id = ?1 AND disabled_at IS NOT NULL)",
    )?;
    Ok(asked.query_row([user.0], |row| row.get(0))?)
}

/// Makes an account an administrator, or takes that back.
///
/// # Errors
/// [`StoreError::Database`].
pub fn set_administrator(db: &Connection, user: UserId, is: bool) -> Result<(), StoreError> {
    let mut set = db.prepare_cached("UPDATE accounts SET administrator = ?2 WHERE id = ?1")?;
    set.execute(params![user.0, is])?;
    Ok(())
}

/// Disables an account and ends its sessions, which it names.
///
/// # Errors
/// [`StoreError::Database`].
pub fn disable(
    db: &Connection,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<SessionId>, StoreError> {
    let mut disable = db.prepare_cached(
        "UPDATE accounts SET disabled_at = ?2 WHERE id = ?1 AND disabled_at IS NULL",
    )?;
    disable.execute(params![user.0, now.0])?;
    end_sessions(db, user)
}

/// Lets an account sign in again.
///
/// # Errors
/// [`StoreError::Database`].
pub fn enable(db: &Connection, user: UserId) -> Result<(), StoreError> {
    let mut enable = db.prepare_cached("UPDATE accounts SET disabled_at = NULL WHERE id = ?1")?;
    enable.execute([user.0])?;
    Ok(())
}

/// Puts a hash in the place of the password that nobody's fits, ends the sessions, which it names, and
/// keeps the link that replaces every one before.
///
/// # Errors
/// [`StoreError::Database`].
pub fn begin_reset(
    db: &Connection,
    user: UserId,
    nobodys: &str,
    secret: &ResetHash,
    expires_at: Timestamp,
) -> Result<Vec<SessionId>, StoreError> {
    accounts::set_password(db, user, nobodys)?;
    let mut keep = db.prepare_cached(
        "INSERT INTO password_resets (account, secret, expires_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (account) DO UPDATE SET secret = excluded.secret, expires_at = excluded.expires_at",
    )?;
    keep.execute(params![user.0, secret, expires_at.0])?;
    end_sessions(db, user)
}

/// Whose password the good link is for whose secret has this hash.
///
/// # Errors
/// [`StoreError::Database`].
pub fn reset(
    db: &Connection,
    secret: &ResetHash,
    now: Timestamp,
) -> Result<Option<protocol::account::Person>, StoreError> {
    let mut find = db.prepare_cached(
        "SELECT id, username, display_name
         FROM password_resets JOIN accounts ON accounts.id = password_resets.account
         WHERE secret = ?1 AND expires_at > ?2 AND disabled_at IS NULL",
    )?;
    let found = find.query_row(params![secret, now.0], accounts::person_of);
    Ok(found.optional()?)
}

/// Keeps the new password and forgets the link.
///
/// # Errors
/// [`StoreError::Database`].
pub fn finish_reset(db: &Connection, user: UserId, password: &str) -> Result<(), StoreError> {
    accounts::set_password(db, user, password)?;
    let mut forget = db.prepare_cached("DELETE FROM password_resets WHERE account = ?1")?;
    forget.execute([user.0])?;
    Ok(())
}

fn end_sessions(db: &Connection, user: UserId) -> Result<Vec<SessionId>, StoreError> {
    let mut delete = db.prepare_cached("DELETE FROM sessions WHERE account = ?1 RETURNING id")?;
    let ended = delete.query_map([user.0], |row| row.get("id").map(SessionId))?;
    Ok(ended.collect::<Result<_, _>>()?)
}

fn managed(row: &Row<'_>) -> rusqlite::Result<ManagedAccount> {
    Ok(ManagedAccount {
        person: accounts::person_of(row)?,
        administrator: row.get("administrator")?,
        disabled: row.get::<_, Option<i64>>("disabled_at")?.is_some(),
        created_at: Timestamp(row.get("created_at")?),
        last_used_at: row.get::<_, Option<i64>>("last_used_at")?.map(Timestamp),
    })
}
