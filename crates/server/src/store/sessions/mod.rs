//! Sessions and their devices. A row is a living session; ending one deletes it.

mod confirmation;
mod rotation;

use protocol::account::{Device, Person, RefreshBy, Session};
use protocol::limits::{REFRESH_IDLE_LIFE, SESSION_LIFE, SESSIONS_PER_ACCOUNT};
use protocol::{DeviceId, DeviceName, SessionId, Timestamp, UserId};
use rusqlite::{Connection, Row, params};

pub use confirmation::{Confirmed, ConfirmedBy, confirm, confirmed};
pub use rotation::{Rotation, is_refresh, rotate};

use super::{StoreError, accounts};

/// SHA-256 of a refresh token.
pub type RefreshHash = [u8; 32];

/// A session to be made.
#[derive(Debug)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// The device that the client says it is.
    pub claimed: Option<DeviceId>,
    /// The id of the device where it is none of the account's.
    pub fresh_device: DeviceId,
    /// The device's name.
    pub device_name: DeviceName,
    /// Its first refresh token.
    pub refresh: RefreshHash,
    /// How that travels.
    pub refresh_by: RefreshBy,
    /// What the person has proven themselves by.
    pub confirmed_by: ConfirmedBy,
    /// When.
    pub now: Timestamp,
}

/// A session that was made, and those that had to go for it.
#[derive(Debug)]
pub struct Opened {
    /// Its device.
    pub device: Device,
    /// The device's session before, and the one unused for longest where there were too many.
    pub ended: Vec<SessionId>,
}

/// Whether a session was neither ended nor left to die, and its account is not disabled.
///
/// # Errors
/// [`StoreError::Database`].
pub fn is_alive(db: &Connection, session: SessionId, now: Timestamp) -> Result<bool, StoreError> {
    let mut alive = db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM sessions JOIN accounts ON accounts.id = sessions.account
                        WHERE sessions.id = ?1 AND last_used_at > ?2 AND signed_in_at > ?3
                          AND disabled_at IS NULL)",
    )?;
    let (idle, absolute) = oldest(now);
    Ok(alive.query_row(params![session.0, idle.0, absolute.0], |row| row.get(0))?)
}

/// Makes a session. A device has one at most, and an account [`SESSIONS_PER_ACCOUNT`].
///
/// # Errors
/// [`StoreError::Database`].
pub fn open(db: &Connection, new: &NewSession) -> Result<Opened, StoreError> {
    let device = device(db, new)?;
    let mut ended = end_of_device(db, device)?;
    ended.extend(end_surplus(db, new.user)?);
    let mut insert = db.prepare_cached(
        "INSERT INTO sessions
           (id, account, device, refresh, cookie, signed_in_at, last_used_at, confirmed_at, confirmed_by)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?6, ?7)",
    )?;
    insert.execute(params![
        new.id.0,
        new.user.0,
        device.0,
        new.refresh,
        new.refresh_by == RefreshBy::Cookie,
        new.now.0,
        new.confirmed_by.as_str(),
    ])?;
    let device = Device {
        id: device,
        name: new.device_name.clone(),
    };
    Ok(Opened { device, ended })
}

/// The account's device that was claimed, renamed, or a new one.
fn device(db: &Connection, new: &NewSession) -> Result<DeviceId, StoreError> {
    if let Some(claimed) = new.claimed {
        let mut rename =
            db.prepare_cached("UPDATE devices SET name = ?3 WHERE id = ?1 AND account = ?2")?;
        let name = new.device_name.as_str();
        if rename.execute(params![claimed.0, new.user.0, name])? == 1 {
            return Ok(claimed);
        }
    }
    let mut insert = db.prepare_cached(
        "INSERT INTO devices (id, account, name, created_at) VALUES (?1, ?2, ?3, ?4)",
    )?;
    insert.execute(params![
        new.fresh_device.0,
        new.user.0,
        new.device_name.as_str(),
        new.now.0,
    ])?;
    Ok(new.fresh_device)
}

fn end_of_device(db: &Connection, device: DeviceId) -> Result<Vec<SessionId>, StoreError> {
    let mut delete = db.prepare_cached("DELETE FROM sessions WHERE device = ?1 RETURNING id")?;
    let ended = delete.query_map([device.0], session_id)?;
    Ok(ended.collect::<Result<_, _>>()?)
}

/// Makes room for one more session.
fn end_surplus(db: &Connection, user: UserId) -> Result<Vec<SessionId>, StoreError> {
    let mut delete = db.prepare_cached(
        "DELETE FROM sessions WHERE id IN (
           SELECT id FROM sessions WHERE account = ?1
           ORDER BY last_used_at DESC, id DESC LIMIT -1 OFFSET ?2)
         RETURNING id",
    )?;
    let ended = delete.query_map(params![user.0, SESSIONS_PER_ACCOUNT - 1], session_id)?;
    Ok(ended.collect::<Result<_, _>>()?)
}

/// Whose session it is, and on which device.
fn owner(db: &Connection, session: SessionId) -> Result<(Person, Device), StoreError> {
    let mut owner = db.prepare_cached(
        "SELECT accounts.id, username, display_name, devices.id AS device, devices.name AS name
         FROM sessions
         JOIN accounts ON accounts.id = sessions.account
         JOIN devices ON devices.id = sessions.device
         WHERE sessions.id = ?1",
    )?;
    let owner = owner.query_row([session.0], |row| {
        Ok((accounts::person_of(row)?, device_of(row)?))
    });
    Ok(owner?)
}

/// A session's account and device, where it lives.
///
/// # Errors
/// [`StoreError::Database`].
pub fn find(db: &Connection, session: SessionId) -> Result<Option<(Person, Device)>, StoreError> {
    match owner(db, session) {
        Err(StoreError::Database(rusqlite::Error::QueryReturnedNoRows)) => Ok(None),
        found => found.map(Some),
    }
}

/// An account's sessions, newest use first; `asking` is the one that asks.
///
/// # Errors
/// [`StoreError::Database`].
pub fn list(
    db: &Connection,
    user: UserId,
    asking: SessionId,
    now: Timestamp,
) -> Result<Vec<Session>, StoreError> {
    let mut list = db.prepare_cached(
        "SELECT sessions.id, devices.id AS device, name, signed_in_at, last_used_at
         FROM sessions JOIN devices ON devices.id = sessions.device
         WHERE sessions.account = ?1 AND last_used_at > ?2 AND signed_in_at > ?3
         ORDER BY last_used_at DESC, sessions.id DESC",
    )?;
    let (idle, absolute) = oldest(now);
    let sessions = list.query_map(params![user.0, idle.0, absolute.0], |row| {
        let id = session_id(row)?;
        Ok(Session {
            id,
            device: device_of(row)?,
            signed_in_at: Timestamp(row.get("signed_in_at")?),
            last_used_at: Timestamp(row.get("last_used_at")?),
            current: id == asking,
        })
    })?;
    Ok(sessions.collect::<Result<_, _>>()?)
}

/// Ends a session of an account. False: it has no such session.
///
/// # Errors
/// [`StoreError::Database`].
pub fn end_own(db: &Connection, user: UserId, session: SessionId) -> Result<bool, StoreError> {
    let mut delete = db.prepare_cached("DELETE FROM sessions WHERE id = ?1 AND account = ?2")?;
    Ok(delete.execute(params![session.0, user.0])? == 1)
}

/// Ends an account's sessions, all or all but one, and says which.
///
/// # Errors
/// [`StoreError::Database`].
pub fn end_all(
    db: &Connection,
    user: UserId,
    but: Option<SessionId>,
) -> Result<Vec<SessionId>, StoreError> {
    let mut delete =
        db.prepare_cached("DELETE FROM sessions WHERE account = ?1 AND id IS NOT ?2 RETURNING id")?;
    let but = but.map(|session| session.0);
    let ended = delete.query_map(params![user.0, but], session_id)?;
    Ok(ended.collect::<Result<_, _>>()?)
}

/// Ends the session of its newest refresh token. Empty where there is none.
///
/// # Errors
/// [`StoreError::Database`].
pub fn end_by_refresh(
    db: &Connection,
    refresh: &RefreshHash,
) -> Result<Vec<SessionId>, StoreError> {
    let mut delete = db.prepare_cached("DELETE FROM sessions WHERE refresh = ?1 RETURNING id")?;
    let ended = delete.query_map([refresh], session_id)?;
    Ok(ended.collect::<Result<_, _>>()?)
}

fn end(db: &Connection, session: SessionId) -> Result<(), StoreError> {
    let mut delete = db.prepare_cached("DELETE FROM sessions WHERE id = ?1")?;
    delete.execute([session.0])?;
    Ok(())
}

/// Ends the sessions that were left to die, and says which.
///
/// # Errors
/// [`StoreError::Database`].
pub fn end_expired(db: &Connection, now: Timestamp) -> Result<Vec<SessionId>, StoreError> {
    let mut delete = db.prepare_cached(
        "DELETE FROM sessions WHERE last_used_at <= ?1 OR signed_in_at <= ?2 RETURNING id",
    )?;
    let (idle, absolute) = oldest(now);
    let ended = delete.query_map(params![idle.0, absolute.0], session_id)?;
    Ok(ended.collect::<Result<_, _>>()?)
}

/// A session last used, or signed in, at these times or before is dead.
fn oldest(now: Timestamp) -> (Timestamp, Timestamp) {
    (now - REFRESH_IDLE_LIFE, now - SESSION_LIFE)
}

fn session_id(row: &Row<'_>) -> rusqlite::Result<SessionId> {
    row.get("id").map(SessionId)
}

fn device_of(row: &Row<'_>) -> rusqlite::Result<Device> {
    Ok(Device {
        id: DeviceId(row.get("device")?),
        name: DeviceName::kept(&row.get::<_, String>("name")?),
    })
}

#[cfg(test)]
pub(super) mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::store::accounts::NewAccount;
    use crate::store::tests::database;

    #[test]
    fn a_device_has_one_session_and_an_account_ten() {
        let db = signed_in();
        let again = open(&db, &new(2, Some(DEVICE), 1)).unwrap();
        assert_eq!((again.device.id, again.ended), (DEVICE, vec![SESSION]));
        for number in 3..=11 {
            assert!(
                open(&db, &new(number, None, i64::from(number)))
                    .unwrap()
                    .ended
                    .is_empty()
            );
        }
        let eleventh = open(&db, &new(12, None, 12)).unwrap();
        assert_eq!(eleventh.ended, [session(2)]);
        let all = list(&db, USER, session(12), Timestamp(20)).unwrap();
        assert_eq!(all.len(), 10);
        assert!(all[0].current && all[0].id == session(12));
    }

    #[test]
    fn a_device_of_another_account_is_a_new_one_here() {
        let db = signed_in();
        let other = UserId(Uuid::from_u128(99));
        add_account(&db, other, "ben");
        let theirs = NewSession {
            user: other,
            ..new(2, Some(DEVICE), 1)
        };
        let opened = open(&db, &theirs).unwrap();
        assert_ne!(opened.device.id, DEVICE);
        assert!(is_alive(&db, SESSION, Timestamp(1)).unwrap());
    }

    #[test]
    fn one_ends_only_ones_own_sessions() {
        let db = signed_in();
        assert!(!end_own(&db, UserId(Uuid::from_u128(99)), SESSION).unwrap());
        assert!(end_own(&db, USER, SESSION).unwrap());
        assert!(!end_own(&db, USER, SESSION).unwrap());
    }

    #[test]
    fn all_sessions_are_ended_but_one() {
        let db = signed_in();
        let other = UserId(Uuid::from_u128(99));
        add_account(&db, other, "ben");
        let theirs = NewSession {
            user: other,
            ..new(9, None, 1)
        };
        open(&db, &theirs).unwrap();
        open(&db, &new(2, None, 1)).unwrap();
        assert_eq!(end_all(&db, USER, Some(session(2))).unwrap(), [SESSION]);
        assert_eq!(end_all(&db, USER, None).unwrap(), [session(2)]);
        assert!(is_alive(&db, session(9), Timestamp(2)).unwrap());
    }

    pub(in crate::store) const USER: UserId = UserId(Uuid::from_u128(1));
    pub(super) const SESSION: SessionId = SessionId(Uuid::from_u128(1));
    pub(super) const DEVICE: DeviceId = DeviceId(Uuid::from_u128(1));

    /// An account with one session since 0, refresh token 1.
    pub(in crate::store) fn signed_in() -> Connection {
        let db = database();
        add_account(&db, USER, "ada");
        open(&db, &new(1, None, 0)).unwrap();
        db
    }

    fn add_account(db: &Connection, id: UserId, username: &str) {
        let person = Person {
            id,
            username: username.parse().unwrap(),
            display_name: "Name".parse().unwrap(),
        };
        let (password, created_at) = ("p".to_owned(), Timestamp(0));
        let account = NewAccount {
            person,
            password,
            created_at,
        };
        assert!(accounts::insert(db, &account).unwrap());
    }

    fn new(number: u8, claimed: Option<DeviceId>, at: i64) -> NewSession {
        NewSession {
            id: session(number),
            user: USER,
            claimed,
            fresh_device: DeviceId(Uuid::from_u128(number.into())),
            device_name: "Firefox".parse().unwrap(),
            refresh: [number; 32],
            refresh_by: RefreshBy::Body,
            confirmed_by: ConfirmedBy::Password,
            now: Timestamp(at),
        }
    }

    fn session(number: u8) -> SessionId {
        SessionId(Uuid::from_u128(number.into()))
    }
}
