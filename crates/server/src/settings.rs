//! What people decided about calls.
//!
//! The rule kept here: settings are kept whole, and every device of the account is told what they are now. What they
//! mean for a call is decided in `calls`.

mod hidden;
mod quiet;

use protocol::UserId;
use protocol::error::ErrorCode;
use protocol::settings::{InvalidSettings, Settings};
use protocol::socket::ServerFrame;

use crate::app::{App, Shared, write_and_tell};
use crate::error::Refusal;
use crate::store;

pub use hidden::Hidden;
pub use quiet::is_quiet;

/// An account's settings.
///
/// # Errors
/// The store's reasons.
pub async fn get(app: &App, user: UserId) -> Result<Settings, Refusal> {
    let read = app.store.read(move |db| store::settings::get(db, user));
    Ok(read.await?)
}

/// Replaces an account's settings; devices hear of it where that changes something.
///
/// # Errors
/// [`ErrorCode::BadRequest`], naming the field.
pub async fn put(app: Shared, user: UserId, settings: Settings) -> Result<Settings, Refusal> {
    check(&settings).map_err(|InvalidSettings { field, message }| {
        Refusal::new(ErrorCode::BadRequest, format!("{field}: {message}.")).at(field)
    })?;
    let after = settings.clone();
    write_and_tell(
        app,
        move |db| {
            let before = store::settings::get(db, user)?;
            let changed = before != after;
            if changed {
                store::settings::set(db, user, &after)?;
            }
            Ok(Ok(changed.then_some(after)))
        },
        move |app, changed| {
            if let Some(settings) = changed.clone() {
                app.hidden.set_from_all(user, settings.hide_address);
                let frame = ServerFrame::Settings { settings };
                app.hub.send(&[user], &frame, None);
            }
        },
    )
    .await?;
    Ok(settings)
}

fn check(settings: &Settings) -> Result<(), InvalidSettings> {
    settings.check()?;
    let zone = settings.quiet_hours.as_ref().map(|quiet| &quiet.time_zone);
    match zone {
        Some(zone) if quiet::time_zone(zone).is_none() => Err(InvalidSettings::NO_TIME_ZONE),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use protocol::settings::QuietHours;

    use super::*;

    #[test]
    fn what_is_wrong_is_named() {
        for (from, to, zone, field) in [
            (0, 1_439, "Europe/Berlin", None),
            (1_320, 420, "UTC", None),
            (0, 1, "Asia/Calcutta", None),
            (0, 1, "America/Argentina/Buenos_Aires", None),
            (1_440, 0, "UTC", Some("quiet_hours.from")),
            (0, 1_440, "UTC", Some("quiet_hours.to")),
            (420, 420, "UTC", Some("quiet_hours.to")),
            (0, 1, "", Some("quiet_hours.time_zone")),
            (0, 1, "Europe/Atlantis", Some("quiet_hours.time_zone")),
            (0, 1, "Etc/Unknown", Some("quiet_hours.time_zone")),
            (0, 1, "CET-1CEST", Some("quiet_hours.time_zone")),
            (0, 1, "../../etc/localtime", Some("quiet_hours.time_zone")),
            (0, 1, &"A".repeat(65), Some("quiet_hours.time_zone")),
        ] {
            let quiet_hours = Some(QuietHours {
                from,
                to,
                time_zone: zone.to_owned(),
            });
            let settings = Settings {
                quiet_hours,
                ..Settings::default()
            };
            let found = check(&settings).err().map(|error| error.field);
            assert_eq!(found, field, "{from} {to} {zone}");
        }
        assert_eq!(check(&Settings::default()), Ok(()));
    }
}
