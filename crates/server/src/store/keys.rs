//! The keys of devices and what others of the same account say of them, in SQL.

use std::collections::BTreeMap;

use protocol::description::{DeviceKey, InvalidDescription, Signature};
use protocol::identity::{Endorsement, ListedDevice, OwnDevice, PersonKeys};
use protocol::{DeviceId, SessionId, UserId};
use rusqlite::{Row, params};

use super::{Connection, StoreError};

/// The key of a session's device, where it has told one.
///
/// # Errors
/// [`StoreError`].
pub fn find(db: &Connection, session: SessionId) -> Result<Option<DeviceKey>, StoreError> {
    let mut statement = db.prepare_cached("SELECT key FROM device_keys WHERE session = ?1")?;
    let mut rows = statement.query([session.0])?;
    rows.next()?.map(|row| key(row, 0)).transpose()
}

/// Keeps the key of a session's device, which has none yet.
///
/// # Errors
/// [`StoreError`].
pub fn put(
    db: &Connection,
    account: UserId,
    session: SessionId,
    key: &DeviceKey,
) -> Result<(), StoreError> {
    db.prepare_cached("INSERT INTO device_keys (session, account, key) VALUES (?1, ?2, ?3)")?
        .execute(params![session.0, account.0, key.as_str()])?;
    Ok(())
}

/// Keeps what one device of an account says of another. Says whether there is such a one.
///
/// # Errors
/// [`StoreError`].
pub fn endorse(
    db: &Connection,
    account: UserId,
    key: &DeviceKey,
    endorsement: &Endorsement,
) -> Result<bool, StoreError> {
    let kept = db
        .prepare_cached(
            "INSERT OR REPLACE INTO endorsements (session, by_key, signature)
             SELECT session, ?3, ?4 FROM device_keys WHERE account = ?1 AND key = ?2",
        )?
        .execute(params![
            account.0,
            key.as_str(),
            endorsement.by.as_str(),
            endorsement.signature.as_str()
        ])?;
    Ok(kept > 0)
}

/// The keys of an account's devices, the oldest session first, with what only the account itself may know.
///
/// # Errors
/// [`StoreError`].
pub fn of(db: &Connection, account: UserId) -> Result<PersonKeys, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT device_keys.session, device_keys.key, devices.name, by_key, signature FROM device_keys
         JOIN sessions ON sessions.id = device_keys.session
         JOIN devices ON devices.id = sessions.device
         LEFT JOIN endorsements ON endorsements.session = device_keys.session
         WHERE device_keys.account = ?1 ORDER BY device_keys.session, by_key",
    )?;
    let mut rows = statement.query([account.0])?;
    let mut devices: BTreeMap<SessionId, ListedDevice> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let session = SessionId(row.get(0)?);
        let device = match devices.entry(session) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(new) => new.insert(listed(row, session)?),
        };
        device.endorsements.extend(endorsement(row)?);
    }
    Ok(PersonKeys {
        person: account,
        devices: devices.into_values().collect(),
    })
}

/// The keys of all devices that are signed in.
///
/// # Errors
/// [`StoreError`].
pub fn all(db: &Connection) -> Result<Vec<(DeviceId, DeviceKey)>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT sessions.device, device_keys.key FROM device_keys
         JOIN sessions ON sessions.id = device_keys.session",
    )?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push((DeviceId(row.get(0)?), key(row, 1)?));
    }
    Ok(all)
}

fn listed(row: &Row<'_>, session: SessionId) -> Result<ListedDevice, StoreError> {
    let name: String = row.get(2)?;
    let name = name
        .parse()
        .map_err(|error| StoreError::Corrupt(format!("a device is called {name:?}: {error}")))?;
    Ok(ListedDevice {
        key: key(row, 1)?,
        endorsements: Vec::new(),
        own: Some(OwnDevice { name, session }),
    })
}

fn endorsement(row: &Row<'_>) -> Result<Option<Endorsement>, StoreError> {
    let Some(signature) = row.get::<_, Option<String>>(4)? else {
        return Ok(None);
    };
    let signature: Signature = signature.parse().map_err(|error| corrupt(&error))?;
    let by = key(row, 3)?;
    Ok(Some(Endorsement { by, signature }))
}

fn key(row: &Row<'_>, column: usize) -> Result<DeviceKey, StoreError> {
    let text: String = row.get(column)?;
    text.parse().map_err(|error| corrupt(&error))
}

fn corrupt(error: &InvalidDescription) -> StoreError {
    StoreError::Corrupt(format!("a device's key: {error}"))
}
