//! Invites in SQL. Who may make one, and who needs one, is not decided here but in `accounts`.
//!
//! The rule kept here: an invite is good only while it is neither used up nor expired, and while its
//! maker is an administrator who may sign in, if it is not the host's.

use protocol::account::Person;
use protocol::registration::Invite;
use protocol::{InviteId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{StoreError, accounts};

/// SHA-256 of what an invite's link carries.
pub type InviteHash = [u8; 32];

/// An invite to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewInvite {
    /// Its id.
    pub id: InviteId,
    /// SHA-256 of what its link carries.
    pub secret: InviteHash,
    /// Who makes it; nothing for the host.
    pub inviter: Option<UserId>,
    /// When.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// So many may register by it.
    pub uses: u32,
}

/// The columns of an invite, and its rule; `?1` is the time.
const GOOD: &str = "
    SELECT invites.id AS invite, invites.created_at AS created_at, expires_at, uses, used,
           accounts.id AS id, username, display_name
    FROM invites LEFT JOIN accounts ON accounts.id = invites.inviter
    WHERE expires_at > ?1 AND used < uses
      AND (inviter IS NULL OR (administrator AND disabled_at IS NULL))";

/// Makes an invite.
///
/// # Errors
/// [`StoreError::Database`].
pub fn insert(db: &Connection, new: &NewInvite) -> Result<(), StoreError> {
    let mut insert = db.prepare_cached(
        "INSERT INTO invites (id, secret, inviter, created_at, expires_at, uses)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    insert.execute(params![
        new.id.0,
        new.secret,
        new.inviter.map(|inviter| inviter.0),
        new.created_at.0,
        new.expires_at.0,
        new.uses,
    ])?;
    Ok(())
}

/// The good invite whose link carries what has this hash.
///
/// # Errors
/// [`StoreError::Database`].
pub fn find(
    db: &Connection,
    secret: &InviteHash,
    now: Timestamp,
) -> Result<Option<Invite>, StoreError> {
    let mut find = db.prepare_cached(&format!("{GOOD} AND secret = ?2"))?;
    Ok(find.query_row(params![now.0, secret], invite).optional()?)
}

/// The good invites, newest first.
///
/// # Errors
/// [`StoreError::Database`].
pub fn list(db: &Connection, now: Timestamp) -> Result<Vec<Invite>, StoreError> {
    let mut list = db.prepare_cached(&format!("{GOOD} ORDER BY invite DESC"))?;
    let invites = list.query_map([now.0], invite)?;
    Ok(invites.collect::<Result<_, _>>()?)
}

/// Counts one more who registers by an invite that [`find`] found in the same write.
///
/// # Errors
/// [`StoreError::Database`].
pub fn spend(db: &Connection, invite: InviteId) -> Result<(), StoreError> {
    let mut spend = db.prepare_cached("UPDATE invites SET used = used + 1 WHERE id = ?1")?;
    spend.execute([invite.0])?;
    Ok(())
}

/// Withdraws an invite. False: there is none.
///
/// # Errors
/// [`StoreError::Database`].
pub fn withdraw(db: &Connection, invite: InviteId) -> Result<bool, StoreError> {
    let mut delete = db.prepare_cached("DELETE FROM invites WHERE id = ?1")?;
    Ok(delete.execute([invite.0])? == 1)
}

/// Forgets the invites that nobody can use any more.
///
/// # Errors
/// [`StoreError::Database`].
pub fn forget_spent(db: &Connection, now: Timestamp) -> Result<(), StoreError> {
    db.execute(
        "DELETE FROM invites WHERE expires_at <= ?1 OR used >= uses",
        [now.0],
    )?;
    Ok(())
}

fn invite(row: &Row<'_>) -> rusqlite::Result<Invite> {
    let inviter: Option<uuid::Uuid> = row.get("id")?;
    let person: Option<rusqlite::Result<Person>> = inviter.map(|_| accounts::person_of(row));
    Ok(Invite {
        id: InviteId(row.get("invite")?),
        inviter: person.transpose()?,
        created_at: Timestamp(row.get("created_at")?),
        expires_at: Timestamp(row.get("expires_at")?),
        uses: row.get("uses")?,
        used: row.get("used")?,
    })
}
