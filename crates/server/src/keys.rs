//! The keys of devices: kept, listed, and passed on. Clients check what they are worth; the server vouches for nothing.
//!
//! The rules kept here: a device has one key for as long as it is signed in; its account and the account's contacts are told all
//! keys whenever one of them comes, goes or is endorsed; a description carries the key of the device that sends it. What this
//! server knows in memory is what the database says: read at the start, changed right after each commit.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use protocol::description::{CallDescription, DeviceKey, Signature};
use protocol::error::ErrorCode;
use protocol::identity::{Endorsement, ListedDevice, PersonKeys};
use protocol::socket::{Outcome, ServerFrame};
use protocol::{DeviceId, UserId};

use crate::app::{App, Shared, write_and_tell};
use crate::error::Refusal;
use crate::hub::Identity;
use crate::store::{self, Connection, Store, StoreError};

/// The key of every device that is signed in and has told it. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    of_devices: Arc<RwLock<HashMap<DeviceId, DeviceKey>>>,
}

/// An account's keys and who is told of them.
#[derive(Debug)]
struct News {
    keys: PersonKeys,
    contacts: Vec<UserId>,
}

impl Keys {
    /// What the database says.
    ///
    /// # Errors
    /// The store's reasons.
    pub async fn load(store: &Store) -> Result<Self, StoreError> {
        let all = store.read(store::keys::all).await?;
        Ok(Self {
            of_devices: Arc::new(RwLock::new(all.into_iter().collect())),
        })
    }

    /// Checks that a description carries the key of the device that sends it.
    ///
    /// # Errors
    /// [`ErrorCode::BadRequest`].
    pub fn check(&self, from: DeviceId, description: &CallDescription) -> Result<(), Refusal> {
        let keys = self
            .of_devices
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if keys.get(&from) == Some(&description.identity.key) {
            return Ok(());
        }
        let message = "description: The key in it is not this device's. Send `publish_key` first.";
        Err(Refusal::new(ErrorCode::BadRequest, message).at("description"))
    }

    fn put(&self, device: DeviceId, key: DeviceKey) {
        let mut keys = self
            .of_devices
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        keys.insert(device, key);
    }

    fn drop(&self, device: DeviceId) {
        let mut keys = self
            .of_devices
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        keys.remove(&device);
    }
}

/// Keeps the key of a device; the same one again changes nothing.
///
/// # Errors
/// [`ErrorCode::Conflict`] where the device has another one; the store's reasons.
pub async fn publish(app: Shared, from: Identity, key: DeviceKey) -> Result<Outcome, Refusal> {
    let Identity {
        user,
        device,
        session,
    } = from;
    write_and_tell(
        app,
        move |db| match store::keys::find(db, session)? {
            Some(known) if known == key => Ok(Ok(None)),
            Some(_) => {
                let message = "This device has another key. Sign in again to begin with a new one.";
                Ok(Err(Refusal::new(ErrorCode::Conflict, message).at("key")))
            }
            None => {
                store::keys::put(db, user, session, &key)?;
                Ok(Ok(Some((News::load(db, user)?, key))))
            }
        },
        move |app, published| {
            if let Some((news, key)) = published {
                app.keys.put(device, key.clone());
                news.tell(app);
            }
        },
    )
    .await?;
    Ok(Outcome::Done)
}

/// Keeps what a device says of another one of its account.
///
/// # Errors
/// [`ErrorCode::NotFound`] where the account has no such key; [`ErrorCode::WrongState`] where the asker has told none;
/// [`ErrorCode::BadRequest`] where it speaks of itself; the store's reasons.
pub async fn endorse(
    app: Shared,
    from: Identity,
    key: DeviceKey,
    signature: Signature,
) -> Result<Outcome, Refusal> {
    let Identity { user, device, .. } = from;
    let own = {
        let keys = app.keys.of_devices.read();
        keys.unwrap_or_else(PoisonError::into_inner)
            .get(&device)
            .cloned()
    };
    let Some(by) = own else {
        let message = "This device has told no key. Send `publish_key` first.";
        return Err(Refusal::new(ErrorCode::WrongState, message));
    };
    if by == key {
        let message = "A device cannot endorse itself; another one of the account must.";
        return Err(Refusal::new(ErrorCode::BadRequest, message).at("key"));
    }
    let endorsement = Endorsement { by, signature };
    write_and_tell(
        app,
        move |db| {
            if !store::keys::endorse(db, user, &key, &endorsement)? {
                return Ok(Err(Refusal::not_found("device").at("key")));
            }
            Ok(Ok(News::load(db, user)?))
        },
        move |app, news| news.tell(app),
    )
    .await?;
    Ok(Outcome::Done)
}

/// A session was ended, and its device's key with it.
pub async fn session_ended(app: &App, user: UserId, device: DeviceId) {
    app.keys.drop(device);
    match app.store.read(move |db| News::load(db, user)).await {
        Ok(news) => news.tell(app),
        // Whoever reconnects gets the list anew.
        Err(error) => tracing::warn!(%error, "contacts were not told that a device is gone"),
    }
}

/// What the snapshot of an account says: its own keys and those of its contacts.
///
/// # Errors
/// The store's reasons.
pub fn snapshot(db: &Connection, user: UserId) -> Result<Vec<PersonKeys>, StoreError> {
    let mut all = vec![store::keys::of(db, user)?];
    for contact in store::chat::contacts(db, user)? {
        all.push(for_others(&store::keys::of(db, contact)?));
    }
    Ok(all)
}

/// The keys of two people who have just become contacts, each for the other.
///
/// # Errors
/// The store's reasons.
pub fn of_both(db: &Connection, both: [UserId; 2]) -> Result<[PersonKeys; 2], StoreError> {
    let [a, b] = both;
    Ok([
        for_others(&store::keys::of(db, a)?),
        for_others(&store::keys::of(db, b)?),
    ])
}

impl News {
    fn load(db: &Connection, user: UserId) -> Result<Self, StoreError> {
        Ok(Self {
            keys: store::keys::of(db, user)?,
            contacts: store::chat::contacts(db, user)?,
        })
    }

    fn tell(&self, app: &App) {
        let keys = for_others(&self.keys);
        app.hub
            .send(&self.contacts, &ServerFrame::Keys { keys }, None);
        let keys = self.keys.clone();
        app.hub
            .send(&[self.keys.person], &ServerFrame::Keys { keys }, None);
    }
}

/// Without what only the account itself may know.
fn for_others(keys: &PersonKeys) -> PersonKeys {
    let without = |device: &ListedDevice| ListedDevice {
        own: None,
        ..device.clone()
    };
    PersonKeys {
        person: keys.person,
        devices: keys.devices.iter().map(without).collect(),
    }
}
