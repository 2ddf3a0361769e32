//! Passkeys, in SQL: whose they are, what they are called, and what checks them.

use protocol::factors::Passkey;
use protocol::limits::PASSKEYS_PER_ACCOUNT;
use protocol::{PasskeyId, PasskeyName, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{StoreError, factors, text};

/// The part of a passkey that changes at each use: its counter above all.
pub type MovingState = [u8; 7];

/// A passkey to be kept.
#[derive(Debug)]
pub struct NewPasskey {
    /// Its number here.
    pub id: PasskeyId,
    /// Whose.
    pub account: UserId,
    /// The authenticator's name for it.
    pub credential: Vec<u8>,
    /// The owner's name for it.
    pub name: PasskeyName,
    /// Its public key.
    pub fixed_state: Vec<u8>,
    /// Its counter.
    pub moving_state: MovingState,
    /// When.
    pub added_at: Timestamp,
}

/// What checks the answer of a passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its number here.
    pub id: PasskeyId,
    /// Whose.
    pub account: UserId,
    /// Its public key.
    pub fixed_state: Vec<u8>,
    /// Its counter.
    pub moving_state: MovingState,
}

/// What comes of adding one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is kept.
    Kept,
    /// Somebody has it already.
    Known,
    /// The account has [`PASSKEYS_PER_ACCOUNT`].
    TooMany,
}

/// Keeps a passkey.
///
/// # Errors
/// [`StoreError::Database`].
pub fn insert(db: &Connection, new: &NewPasskey) -> Result<Added, StoreError> {
    let count: u32 = db
        .prepare_cached("SELECT count(*) FROM passkeys WHERE account = ?1")?
        .query_row([new.account.0], |row| row.get(0))?;
    if count >= PASSKEYS_PER_ACCOUNT {
        return Ok(Added::TooMany);
    }
    let inserted = db
        .prepare_cached(
            "INSERT INTO passkeys (id, account, credential, name, fixed_state, moving_state, added_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (credential) DO NOTHING",
        )?
        .execute(params![
            new.id.0,
            new.account.0,
            new.credential,
            new.name.as_str(),
            new.fixed_state,
            new.moving_state,
            new.added_at.0,
        ])?;
    Ok(if inserted == 1 {
        Added::Kept
    } else {
        Added::Known
    })
}

/// An account's passkeys, oldest first.
///
/// # Errors
/// [`StoreError::Database`].
pub fn list(db: &Connection, account: UserId) -> Result<Vec<Passkey>, StoreError> {
    let mut list = db.prepare_cached(
        "SELECT id, name, added_at, last_used_at FROM passkeys WHERE account = ?1 ORDER BY id",
    )?;
    let passkeys = list.query_map([account.0], |row| {
        Ok(Passkey {
            id: PasskeyId(row.get("id")?),
            name: text(row, "name")?,
            added_at: Timestamp(row.get("added_at")?),
            last_used_at: row.get::<_, Option<i64>>("last_used_at")?.map(Timestamp),
        })
    })?;
    Ok(passkeys.collect::<Result<_, _>>()?)
}

/// The authenticators' names for an account's passkeys.
///
/// # Errors
/// [`StoreError::Database`].
pub fn credentials(db: &Connection, account: UserId) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut query = db.prepare_cached("SELECT credential FROM passkeys WHERE account = ?1")?;
    let credentials = query.query_map([account.0], |row| row.get(0))?;
    Ok(credentials.collect::<Result<_, _>>()?)
}

/// What checks the passkey of this name.
///
/// # Errors
/// [`StoreError::Database`].
pub fn find(db: &Connection, credential: &[u8]) -> Result<Option<Kept>, StoreError> {
    let mut query = db.prepare_cached(
        "SELECT id, account, fixed_state, moving_state FROM passkeys WHERE credential = ?1",
    )?;
    let kept = query.query_row([credential], |row| {
        Ok(Kept {
            id: PasskeyId(row.get("id")?),
            account: UserId(row.get("account")?),
            fixed_state: row.get("fixed_state")?,
            moving_state: row.get("moving_state")?,
        })
    });
    Ok(kept.optional()?)
}

/// Notes a use. False: it was removed, or used otherwise, since it was [found](find).
///
/// # Errors
/// [`StoreError::Database`].
pub fn note_use(
    db: &Connection,
    found: &Kept,
    next: &MovingState,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let noted = db
        .prepare_cached(
            "UPDATE passkeys SET moving_state = ?3, last_used_at = ?4
             WHERE id = ?1 AND moving_state = ?2",
        )?
        .execute(params![found.id.0, found.moving_state, next, now.0])?;
    Ok(noted == 1)
}

/// Calls a passkey of an account something else. False: it has none of this number.
///
/// # Errors
/// [`StoreError::Database`].
pub fn rename(
    db: &Connection,
    account: UserId,
    id: PasskeyId,
    name: &PasskeyName,
) -> Result<bool, StoreError> {
    let renamed = db
        .prepare_cached("UPDATE passkeys SET name = ?3 WHERE id = ?1 AND account = ?2")?
        .execute(params![id.0, account.0, name.as_str()])?;
    Ok(renamed == 1)
}

/// Removes a passkey of an account. False: it has none of this number.
///
/// # Errors
/// [`StoreError::Database`].
pub fn remove(db: &Connection, account: UserId, id: PasskeyId) -> Result<bool, StoreError> {
    let removed = db
        .prepare_cached("DELETE FROM passkeys WHERE id = ?1 AND account = ?2")?
        .execute(params![id.0, account.0])?;
    factors::drop_idle_codes(db, account)?;
    Ok(removed == 1)
}

#[cfg(test)]
pub(super) mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::store::sessions::tests::{USER, signed_in};

    #[test]
    fn one_changes_ones_own_passkeys_only() {
        let db = signed_in();
        assert_eq!(add(&db, 1), Added::Kept);
        assert_eq!(add(&db, 1), Added::Known);
        let (id, other) = (PasskeyId(Uuid::from_u128(1)), UserId(Uuid::from_u128(99)));
        let name = "Key ring".parse().unwrap();
        assert!(!rename(&db, other, id, &name).unwrap());
        assert!(!remove(&db, other, id).unwrap());
        assert!(rename(&db, USER, id, &name).unwrap());
        assert_eq!(list(&db, USER).unwrap()[0].name, name);
        assert!(remove(&db, USER, id).unwrap());
        assert_eq!(find(&db, &[1; 16]).unwrap(), None);
    }

    #[test]
    fn of_two_uses_at_once_one_counts() {
        let db = signed_in();
        add(&db, 1);
        let found = find(&db, &[1; 16]).unwrap().unwrap();
        assert!(note_use(&db, &found, &[1; 7], Timestamp(5)).unwrap());
        assert!(!note_use(&db, &found, &[2; 7], Timestamp(5)).unwrap());
        let used = list(&db, USER).unwrap()[0].last_used_at;
        assert_eq!(used, Some(Timestamp(5)));
    }

    #[test]
    fn an_account_has_a_bounded_number() {
        let db = signed_in();
        for number in 1..=20 {
            assert_eq!(add(&db, number), Added::Kept);
        }
        assert_eq!(add(&db, 21), Added::TooMany);
    }

    pub(in crate::store) fn add(db: &Connection, number: u8) -> Added {
        let passkey = NewPasskey {
            id: PasskeyId(Uuid::from_u128(number.into())),
            account: USER,
            credential: vec![number; 16],
            name: "Passkey".parse().unwrap(),
            fixed_state: vec![number],
            moving_state: [0; 7],
            added_at: Timestamp(0),
        };
        insert(db, &passkey).unwrap()
    }
}
