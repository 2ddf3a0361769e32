//! Accounts: who exists, under which name, with which password.

use protocol::account::Person;
use protocol::{DeviceId, DisplayName, Timestamp, UserId, Username};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{StoreError, people, text};

/// An account to be made.
#[derive(Debug)]
pub struct NewAccount {
    /// Who.
    pub person: Person,
    /// Argon2id in PHC form.
    pub password: String,
    /// When.
    pub created_at: Timestamp,
}

/// What is needed to check a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Whose.
    pub person: Person,
    /// Argon2id in PHC form.
    pub password: String,
    /// Whether the device named is one of the account's.
    pub known_device: bool,
}

/// Makes an account; the first one as administrator. False: somebody has the username.
///
/// # Errors
/// [`StoreError::Database`].
pub fn insert(db: &Connection, account: &NewAccount) -> Result<bool, StoreError> {
    let Person {
        id,
        username,
        display_name,
    } = &account.person;
    let mut insert = db.prepare_cached(
        "INSERT INTO accounts (id, username, display_name, password, created_at, administrator)
         VALUES (?1, ?2, ?3, ?4, ?5, NOT EXISTS (SELECT 1 FROM accounts))
         ON CONFLICT (username) DO NOTHING",
    )?;
    let inserted = insert.execute(params![
        id.0,
        username.as_str(),
        display_name.as_str(),
        account.password,
        account.created_at.0,
    ])?;
    if inserted == 1 {
        people::index(db, &account.person)?;
    }
    Ok(inserted == 1)
}

/// Whether nobody has an account yet.
///
/// # Errors
/// [`StoreError::Database`].
pub fn is_empty(db: &Connection) -> Result<bool, StoreError> {
    let mut empty = db.prepare_cached("SELECT NOT EXISTS (SELECT 1 FROM accounts)")?;
    Ok(empty.query_row([], |row| row.get(0))?)
}

/// Whether somebody has a username.
///
/// # Errors
/// [`StoreError::Database`].
pub fn is_taken(db: &Connection, username: &Username) -> Result<bool, StoreError> {
    let mut taken =
        db.prepare_cached("SELECT EXISTS (SELECT 1 FROM accounts WHERE username = ?1)")?;
    Ok(taken.query_row([username.as_str()], |row| row.get(0))?)
}

/// What is needed to check the password of a username that signs in on a device.
///
/// # Errors
/// [`StoreError::Database`].
pub fn credentials(
    db: &Connection,
    username: &Username,
    device: Option<DeviceId>,
) -> Result<Option<Credentials>, StoreError> {
    let mut credentials = db.prepare_cached(
        "SELECT id, username, display_name, password,
                EXISTS (SELECT 1 FROM devices WHERE devices.id = ?2 AND devices.account = accounts.id)
                  AS known_device
         FROM accounts WHERE username = ?1",
    )?;
    let device = device.map(|device| device.0);
    let found = credentials.query_row(params![username.as_str(), device], |row| {
        Ok(Credentials {
            person: person_of(row)?,
            password: row.get("password")?,
            known_device: row.get("known_device")?,
        })
    });
    Ok(found.optional()?)
}

/// The hash of an account's password.
///
/// # Errors
/// [`StoreError::Database`].
pub fn password(db: &Connection, user: UserId) -> Result<Option<String>, StoreError> {
    let mut query = db.prepare_cached("SELECT password FROM accounts WHERE id = ?1")?;
    Ok(query.query_row([user.0], |row| row.get(0)).optional()?)
}

/// Replaces the password's hash, such as by one with newer parameters.
///
/// # Errors
/// [`StoreError::Database`].
pub fn set_password(db: &Connection, user: UserId, password: &str) -> Result<(), StoreError> {
    let mut update = db.prepare_cached("UPDATE accounts SET password = ?2 WHERE id = ?1")?;
    update.execute(params![user.0, password])?;
    Ok(())
}

/// An account, as others see it.
///
/// # Errors
/// [`StoreError::Database`].
pub fn person(db: &Connection, user: UserId) -> Result<Option<Person>, StoreError> {
    let mut person =
        db.prepare_cached("SELECT id, username, display_name FROM accounts WHERE id = ?1")?;
    Ok(person.query_row([user.0], person_of).optional()?)
}

/// Changes the name that others see. Nothing where there is no such account.
///
/// # Errors
/// [`StoreError::Database`].
pub fn rename(
    db: &Connection,
    user: UserId,
    display_name: &DisplayName,
) -> Result<Option<Person>, StoreError> {
    let mut update = db.prepare_cached("UPDATE accounts SET display_name = ?2 WHERE id = ?1")?;
    update.execute(params![user.0, display_name.as_str()])?;
    let Some(person) = person(db, user)? else {
        return Ok(None);
    };
    people::index(db, &person)?;
    Ok(Some(person))
}

/// Reads the columns `id`, `username` and `display_name` of a row.
///
/// # Errors
/// Where one is missing or holds what it should not.
pub fn person_of(row: &Row<'_>) -> rusqlite::Result<Person> {
    Ok(Person {
        id: UserId(row.get("id")?),
        username: text(row, "username")?,
        display_name: DisplayName::kept(&row.get::<_, String>("display_name")?),
    })
}
