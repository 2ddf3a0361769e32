//! The snapshot that answers `hello`.
//!
//! The socket is in the hub before the snapshot is taken, so whatever happens meanwhile waits in its
//! queue and follows the snapshot. Something may so be told twice, never left out; all of it is
//! recognised by its number or revision.

use protocol::limits::{MESSAGE_MAX_CHARS, PROTOCOL_VERSION};
use protocol::socket::{IceServers, Limits, Welcome};

use super::{Client, Close};
use crate::app::App;
use crate::hub::{Identity, Seat};
use crate::keys;
use crate::store;

/// Takes the snapshot for a socket that has its seat in the hub.
///
/// # Errors
/// [`Close::SessionEnded`] where the session does not live any more; [`Close::Internal`].
pub(super) async fn welcome(
    app: &App,
    seat: &Seat,
    identity: Identity,
) -> Result<(Client, Welcome), Close> {
    let Identity {
        user,
        device,
        session,
    } = identity;
    let now = app.clock.now();
    let found = app.store.read(move |db| {
        if !store::sessions::is_alive(db, session, now)? {
            return Ok(None);
        }
        let Some((person, device)) = store::sessions::find(db, session)? else {
            return Ok(None);
        };
        Ok(Some((
            person,
            device,
            store::managed::is_administrator(db, user)?,
            store::settings::get(db, user)?,
            store::chat::conversations(db, user)?,
            keys::snapshot(db, user)?,
        )))
    });
    let found = found.await.map_err(|error| {
        tracing::error!(%error, "a snapshot could not be taken");
        Close::Internal
    })?;
    let (person, device_of_session, administrator, settings, conversations, keys) =
        found.ok_or(Close::SessionEnded)?;
    if person.id != user || device_of_session.id != device {
        return Err(Close::BadToken);
    }
    // The switchboard learns of the device before it is asked what the device must know.
    app.calls.look_at(user, device);
    let calls = app.calls.snapshot(user, device);
    let conversations = conversations
        .into_iter()
        .map(|seen| app.presences.show(seen))
        .collect();
    let client = Client {
        person: person.clone(),
        device: device_of_session.clone(),
        session,
        connection: seat.id(),
    };
    let welcome = Welcome {
        protocol: PROTOCOL_VERSION,
        now: app.clock.now(),
        me: person,
        device: device_of_session,
        session,
        administrator,
        search: app.config.search,
        settings,
        conversations,
        keys,
        calls,
        ice: IceServers {
            stun_port: app.relay.as_ref().map(|relay| relay.address().port()),
            relay: app.relay_mode(),
        },
        limits: limits(app),
    };
    Ok((client, welcome))
}

fn limits(app: &App) -> Limits {
    let timers = &app.config.calls;
    Limits {
        message_max_chars: u32::try_from(MESSAGE_MAX_CHARS).unwrap_or(u32::MAX),
        silence_limit: app.config.limits.silence_limit_ms,
        device_ring_timeout: timers.device_ring_timeout_ms,
        restart_after: timers.restart_after_ms,
        lost_after: timers.lost_after_ms,
    }
}
