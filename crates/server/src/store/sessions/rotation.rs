//! Refresh tokens: each is good once, and puts the next one in its place.

use protocol::account::{Device, Person, RefreshBy};
use protocol::limits::REFRESH_LOST_ANSWER;
use protocol::{SessionId, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{RefreshHash, end, oldest, owner, session_id};
use crate::store::StoreError;

/// What the use of a refresh token leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// The next one counts from now on.
    Rotated {
        /// The session.
        session: SessionId,
        /// Whose.
        person: Person,
        /// On which device.
        device: Device,
    },
    /// It was used before: somebody has stolen it, or its successor. The session has been ended.
    Stolen(SessionId),
    /// The session is too old, and has been ended.
    Expired(SessionId),
    /// No session has it.
    Unknown,
}

/// Whether a refresh token is, or once was, some session's. Spares a write for those made up.
///
/// # Errors
/// [`StoreError::Database`].
pub fn is_refresh(db: &Connection, refresh: &RefreshHash) -> Result<bool, StoreError> {
    let mut known = db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM sessions WHERE refresh = ?1)
             OR EXISTS (SELECT 1 FROM spent_refreshes WHERE refresh = ?1)",
    )?;
    Ok(known.query_row([refresh], |row| row.get(0))?)
}

/// Uses a refresh token and puts the next one in its place.
///
/// The one before the newest is accepted once more for [`REFRESH_LOST_ANSWER`], while the newest was
/// never used: its answer got lost on the way. Any other use of a spent one ends the session.
///
/// # Errors
/// [`StoreError::Database`].
pub fn rotate(
    db: &Connection,
    used: &RefreshHash,
    used_by: RefreshBy,
    next: &RefreshHash,
    now: Timestamp,
) -> Result<Rotation, StoreError> {
    let Some(found) = family(db, used)? else {
        return Ok(Rotation::Unknown);
    };
    // A token that left its cookie was taken out by force.
    if found.cookie != (used_by == RefreshBy::Cookie) {
        end(db, found.session)?;
        return Ok(Rotation::Stolen(found.session));
    }
    let (idle, absolute) = oldest(now);
    if found.last_used_at <= idle || found.signed_in_at <= absolute {
        end(db, found.session)?;
        return Ok(Rotation::Expired(found.session));
    }
    let lost_answer = found.is_previous && now.since(found.last_used_at) <= REFRESH_LOST_ANSWER;
    if !found.is_newest && !lost_answer {
        end(db, found.session)?;
        return Ok(Rotation::Stolen(found.session));
    }
    put_next(db, &found, next, now)?;
    let (person, device) = owner(db, found.session)?;
    Ok(Rotation::Rotated {
        session: found.session,
        person,
        device,
    })
}

/// The session of a refresh token, newest or spent.
struct Family {
    session: SessionId,
    refresh: RefreshHash,
    is_newest: bool,
    is_previous: bool,
    cookie: bool,
    signed_in_at: Timestamp,
    last_used_at: Timestamp,
}

fn family(db: &Connection, used: &RefreshHash) -> Result<Option<Family>, StoreError> {
    let mut family = db.prepare_cached(
        "SELECT id, refresh, refresh = ?1 AS is_newest, coalesce(previous = ?1, 0) AS is_previous,
                cookie, signed_in_at, last_used_at
         FROM sessions
         WHERE refresh = ?1
            OR id = (SELECT session FROM spent_refreshes WHERE spent_refreshes.refresh = ?1)",
    )?;
    let family = family.query_row([used], |row| {
        Ok(Family {
            session: session_id(row)?,
            refresh: row.get("refresh")?,
            is_newest: row.get("is_newest")?,
            is_previous: row.get("is_previous")?,
            cookie: row.get("cookie")?,
            signed_in_at: Timestamp(row.get("signed_in_at")?),
            last_used_at: Timestamp(row.get("last_used_at")?),
        })
    });
    Ok(family.optional()?)
}

fn put_next(
    db: &Connection,
    found: &Family,
    next: &RefreshHash,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut spend = db.prepare_cached(
        "INSERT INTO spent_refreshes (refresh, session, spent_at) VALUES (?1, ?2, ?3)",
    )?;
    spend.execute(params![found.refresh, found.session.0, now.0])?;
    // One that was spent so long ago is dead by its age alone.
    let mut forget =
        db.prepare_cached("DELETE FROM spent_refreshes WHERE session = ?1 AND spent_at <= ?2")?;
    forget.execute(params![found.session.0, oldest(now).0.0])?;
    // Once more, and no further: after a lost answer there is no `previous`.
    let previous = found.is_newest.then_some(found.refresh);
    let mut update = db.prepare_cached(
        "UPDATE sessions SET refresh = ?2, previous = ?3, last_used_at = ?4 WHERE id = ?1",
    )?;
    update.execute(params![found.session.0, next, previous, now.0])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use protocol::limits::{REFRESH_IDLE_LIFE, SESSION_LIFE};

    use super::*;
    use crate::store::sessions::is_alive;
    use crate::store::sessions::tests::{SESSION, signed_in};

    const MINUTE: i64 = 60_000;

    #[test]
    fn a_refresh_token_is_good_once() {
        let db = signed_in();
        assert!(matches!(
            rotate_at(&db, 1, 2, MINUTE),
            Rotation::Rotated { .. }
        ));
        assert!(matches!(
            rotate_at(&db, 2, 3, 2 * MINUTE),
            Rotation::Rotated { .. }
        ));
        assert_eq!(rotate_at(&db, 9, 4, 2 * MINUTE), Rotation::Unknown);
        assert!(is_alive(&db, SESSION, Timestamp(2 * MINUTE)).unwrap());
    }

    #[test]
    fn the_use_of_any_spent_token_ends_the_session() {
        for (spent, at) in [(1, 3 * MINUTE), (2, 3 * MINUTE + 30_001)] {
            let db = signed_in();
            for number in 1..=2 {
                rotate_at(&db, number, number + 1, 3 * MINUTE);
            }
            assert_eq!(
                rotate_at(&db, spent, 9, at),
                Rotation::Stolen(SESSION),
                "{spent}"
            );
            assert!(!is_alive(&db, SESSION, Timestamp(at)).unwrap());
            assert_eq!(rotate_at(&db, 3, 9, at), Rotation::Unknown);
        }
    }

    #[test]
    fn the_token_before_is_taken_once_more_when_its_answer_got_lost() {
        let db = signed_in();
        rotate_at(&db, 1, 2, MINUTE);
        assert!(matches!(
            rotate_at(&db, 1, 3, MINUTE + 30_000),
            Rotation::Rotated { .. }
        ));
        assert!(matches!(
            rotate_at(&db, 3, 4, 2 * MINUTE),
            Rotation::Rotated { .. }
        ));
    }

    #[test]
    fn neither_a_third_use_nor_the_lost_successor_is_taken() {
        for again in [1, 2] {
            let db = signed_in();
            rotate_at(&db, 1, 2, MINUTE);
            rotate_at(&db, 1, 3, MINUTE + 10);
            assert_eq!(
                rotate_at(&db, again, 4, MINUTE + 20),
                Rotation::Stolen(SESSION)
            );
        }
    }

    #[test]
    fn a_session_dies_of_disuse_and_of_age() {
        let (idle, life) = (as_i64(REFRESH_IDLE_LIFE), as_i64(SESSION_LIFE));
        let db = signed_in();
        assert!(is_alive(&db, SESSION, Timestamp(idle - 1)).unwrap());
        assert!(!is_alive(&db, SESSION, Timestamp(idle)).unwrap());
        assert_eq!(rotate_at(&db, 1, 2, idle), Rotation::Expired(SESSION));

        let db = signed_in();
        let mut at = 0;
        let mut used = 1;
        while at + idle / 2 < life {
            at += idle / 2;
            assert!(matches!(
                rotate_at(&db, used, used + 1, at),
                Rotation::Rotated { .. }
            ));
            used += 1;
        }
        assert_eq!(
            rotate_at(&db, used, used + 1, life),
            Rotation::Expired(SESSION)
        );
    }

    #[test]
    fn a_cookie_that_comes_in_a_body_was_stolen() {
        let db = signed_in();
        let rotation = rotate(&db, &[1; 32], RefreshBy::Cookie, &[2; 32], Timestamp(1));
        assert_eq!(rotation.unwrap(), Rotation::Stolen(SESSION));
    }

    fn rotate_at(db: &Connection, used: u8, next: u8, at: i64) -> Rotation {
        rotate(db, &[used; 32], RefreshBy::Body, &[next; 32], Timestamp(at)).unwrap()
    }

    fn as_i64(length: protocol::Milliseconds) -> i64 {
        i64::try_from(length.0).unwrap()
    }
}
