//! What people decided about calls, in SQL. What is allowed is checked in `settings`.

use protocol::settings::{DoNotDisturb, QuietHours, Settings};
use protocol::{Timestamp, UserId};
use rusqlite::{OptionalExtension as _, Row, named_params};

use super::{Connection, StoreError};

/// An account's settings; the defaults where it never changed any.
///
/// # Errors
/// [`StoreError`].
pub fn get(db: &Connection, user: UserId) -> Result<Settings, StoreError> {
    let found = db
        .prepare_cached("SELECT * FROM settings WHERE account = ?1")?
        .query_row([user.0], settings)
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// Keeps an account's settings, in place of those before.
///
/// # Errors
/// [`StoreError`].
pub fn set(db: &Connection, user: UserId, settings: &Settings) -> Result<(), StoreError> {
    let until = settings.do_not_disturb.and_then(|dnd| dnd.until);
    let quiet = settings.quiet_hours.as_ref();
    db.prepare_cached(
        "INSERT OR REPLACE INTO settings
           (account, call_waiting, dnd, dnd_until, quiet_from, quiet_to, quiet_zone, second_call,
           hide_address)
         VALUES (:account, :call_waiting, :dnd, :dnd_until, :quiet_from, :quiet_to, :quiet_zone,
           :second_call, :hide_address)",
    )?
    .execute(named_params! {
        ":account": user.0,
        ":call_waiting": settings.call_waiting,
        ":dnd": settings.do_not_disturb.is_some(),
        ":dnd_until": until.map(|at| at.0),
        ":quiet_from": quiet.map(|quiet| quiet.from),
        ":quiet_to": quiet.map(|quiet| quiet.to),
        ":quiet_zone": quiet.map(|quiet| quiet.time_zone.as_str()),
        ":second_call": settings.second_call_passes,
        ":hide_address": settings.hide_address,
    })?;
    Ok(())
}

/// The accounts that hide their address from everybody.
///
/// # Errors
/// [`StoreError`].
pub fn hidden(db: &Connection) -> Result<Vec<UserId>, StoreError> {
    let mut statement = db.prepare_cached("SELECT account FROM settings WHERE hide_address")?;
    let hidden = statement.query_map([], |row| row.get(0).map(UserId))?;
    Ok(hidden.collect::<Result<_, _>>()?)
}

fn settings(row: &Row<'_>) -> rusqlite::Result<Settings> {
    let dnd: bool = row.get("dnd")?;
    let until: Option<i64> = row.get("dnd_until")?;
    let from: Option<u16> = row.get("quiet_from")?;
    let quiet_hours = from
        .map(|from| {
            Ok::<_, rusqlite::Error>(QuietHours {
                from,
                to: row.get("quiet_to")?,
                time_zone: row.get("quiet_zone")?,
            })
        })
        .transpose()?;
    Ok(Settings {
        call_waiting: row.get("call_waiting")?,
        do_not_disturb: dnd.then_some(DoNotDisturb {
            until: until.map(Timestamp),
        }),
        quiet_hours,
        second_call_passes: row.get("second_call")?,
        hide_address: row.get("hide_address")?,
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::store::tests::database;

    #[test]
    fn settings_come_back_as_they_were_kept() {
        let db = database();
        let ada = UserId(Uuid::from_u128(1));
        let ben = UserId(Uuid::from_u128(2));
        for (user, name) in [(ada, "ada"), (ben, "ben")] {
            let sql = "INSERT INTO accounts (id, username, display_name, password, created_at) VALUES (?1, ?2, ?2, 'p', 0)";
            db.execute(sql, (user.0, name)).unwrap();
        }
        assert_eq!(get(&db, ada).unwrap(), Settings::default());
        let quiet_hours = Some(QuietHours {
            from: 1_320,
            to: 0,
            time_zone: "Europe/Berlin".to_owned(),
        });
        for do_not_disturb in [
            None,
            Some(DoNotDisturb { until: None }),
            Some(DoNotDisturb {
                until: Some(Timestamp(7)),
            }),
        ] {
            for (call_waiting, second_call_passes, quiet_hours) in
                [(true, false, None), (false, true, quiet_hours.clone())]
            {
                let settings = Settings {
                    call_waiting,
                    do_not_disturb,
                    quiet_hours,
                    second_call_passes,
                    hide_address: second_call_passes,
                };
                set(&db, ada, &settings).unwrap();
                assert_eq!(get(&db, ada).unwrap(), settings);
                let hides = settings.hide_address.then_some(ada);
                assert_eq!(hidden(&db).unwrap(), Vec::from_iter(hides));
            }
        }
        assert_eq!(get(&db, ben).unwrap(), Settings::default());
    }
}
