//! Second factors and recovery codes, in SQL.
//!
//! The rule kept here: what is good once is used up by the same statement that finds it. Recovery codes exist only
//! beside a factor that they stand in for.

use protocol::factors::{Factors, SecondFactorWay};
use protocol::{Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{StoreError, passkeys};

/// The secret of an authenticator app.
pub type AppSecret = [u8; 20];
/// SHA-256 of a recovery code.
pub type CodeHash = [u8; 32];

/// What can prove more than the account's password; empty where the password is enough.
///
/// # Errors
/// [`StoreError::Database`].
pub fn ways(db: &Connection, account: UserId) -> Result<Vec<SecondFactorWay>, StoreError> {
    let mut query = db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM authenticator_apps WHERE account = ?1),
                EXISTS (SELECT 1 FROM passkeys WHERE account = ?1),
                EXISTS (SELECT 1 FROM recovery_codes WHERE account = ?1)",
    )?;
    let has: [bool; 3] = query.query_row([account.0], |row| {
        Ok([row.get(0)?, row.get(1)?, row.get(2)?])
    })?;
    let ways = [
        SecondFactorWay::AuthenticatorApp,
        SecondFactorWay::Passkey,
        SecondFactorWay::RecoveryCode,
    ];
    let all = ways.into_iter().zip(has);
    Ok(all.filter_map(|(way, has)| has.then_some(way)).collect())
}

/// Whether the account has a factor besides its password, recovery codes not counted.
///
/// # Errors
/// [`StoreError::Database`].
pub fn any(db: &Connection, account: UserId) -> Result<bool, StoreError> {
    let is_factor = |way: &SecondFactorWay| *way != SecondFactorWay::RecoveryCode;
    Ok(ways(db, account)?.iter().any(is_factor))
}

/// All of an account's factors, as their owner may see them.
///
/// # Errors
/// [`StoreError::Database`].
pub fn list(
    db: &Connection,
    account: UserId,
    passkeys_possible: bool,
) -> Result<Factors, StoreError> {
    let app = db
        .prepare_cached("SELECT added_at FROM authenticator_apps WHERE account = ?1")?
        .query_row([account.0], |row| row.get(0).map(Timestamp))
        .optional()?;
    Ok(Factors {
        authenticator_app: app,
        passkeys: passkeys::list(db, account)?,
        recovery_codes_left: codes_left(db, account)?,
        passkeys_possible,
    })
}

/// The secret of an account's authenticator app.
///
/// # Errors
/// [`StoreError::Database`].
pub fn app_secret(db: &Connection, account: UserId) -> Result<Option<AppSecret>, StoreError> {
    let mut query =
        db.prepare_cached("SELECT secret FROM authenticator_apps WHERE account = ?1")?;
    Ok(query.query_row([account.0], |row| row.get(0)).optional()?)
}

/// Keeps the secret of an authenticator app, in place of the one before; `step` is that of the code just shown.
///
/// # Errors
/// [`StoreError::Database`].
pub fn put_app(
    db: &Connection,
    account: UserId,
    secret: &AppSecret,
    step: u64,
    now: Timestamp,
) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT OR REPLACE INTO authenticator_apps (account, secret, last_step, added_at)
         VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![account.0, secret, step.cast_signed(), now.0])?;
    Ok(())
}

/// Uses up the code of a step. False: it, or a later one, was taken before, or the app has another secret by now.
///
/// # Errors
/// [`StoreError::Database`].
pub fn use_step(
    db: &Connection,
    account: UserId,
    secret: &AppSecret,
    step: u64,
) -> Result<bool, StoreError> {
    let used = db
        .prepare_cached(
            "UPDATE authenticator_apps SET last_step = ?3
             WHERE account = ?1 AND secret = ?2 AND last_step < ?3",
        )?
        .execute(params![account.0, secret, step.cast_signed()])?;
    Ok(used == 1)
}

/// Takes the authenticator app away. False: there was none.
///
/// # Errors
/// [`StoreError::Database`].
pub fn remove_app(db: &Connection, account: UserId) -> Result<bool, StoreError> {
    let removed = db
        .prepare_cached("DELETE FROM authenticator_apps WHERE account = ?1")?
        .execute([account.0])?;
    drop_idle_codes(db, account)?;
    Ok(removed == 1)
}

/// Puts recovery codes in the place of all before.
///
/// # Errors
/// [`StoreError::Database`].
pub fn replace_codes(
    db: &Connection,
    account: UserId,
    hashes: &[CodeHash],
) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM recovery_codes WHERE account = ?1")?
        .execute([account.0])?;
    let mut insert =
        db.prepare_cached("INSERT INTO recovery_codes (account, hash) VALUES (?1, ?2)")?;
    for hash in hashes {
        insert.execute(params![account.0, hash])?;
    }
    Ok(())
}

/// Uses up a recovery code. False: the account has no such code.
///
/// # Errors
/// [`StoreError::Database`].
pub fn use_code(db: &Connection, account: UserId, hash: &CodeHash) -> Result<bool, StoreError> {
    let used = db
        .prepare_cached("DELETE FROM recovery_codes WHERE account = ?1 AND hash = ?2")?
        .execute(params![account.0, hash])?;
    Ok(used == 1)
}

/// How many recovery codes were not used yet.
///
/// # Errors
/// [`StoreError::Database`].
pub fn codes_left(db: &Connection, account: UserId) -> Result<u32, StoreError> {
    let mut query = db.prepare_cached("SELECT count(*) FROM recovery_codes WHERE account = ?1")?;
    Ok(query.query_row([account.0], |row| row.get(0))?)
}

/// Takes every factor away, so that the password alone is enough again.
///
/// # Errors
/// [`StoreError::Database`].
pub fn remove_all(db: &Connection, account: UserId) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM passkeys WHERE account = ?1")?
        .execute([account.0])?;
    remove_app(db, account)?;
    Ok(())
}

/// Recovery codes go with the last factor that they stand in for.
pub(super) fn drop_idle_codes(db: &Connection, account: UserId) -> Result<(), StoreError> {
    if !any(db, account)? {
        replace_codes(db, account, &[])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sessions::tests::{USER, signed_in};

    const SECRET: AppSecret = [1; 20];

    #[test]
    fn a_step_is_taken_once_and_none_before_it() {
        let db = signed_in();
        put_app(&db, USER, &SECRET, 100, Timestamp(0)).unwrap();
        assert!(!use_step(&db, USER, &SECRET, 100).unwrap(), "set up by it");
        assert!(use_step(&db, USER, &SECRET, 102).unwrap());
        assert!(!use_step(&db, USER, &SECRET, 102).unwrap());
        assert!(!use_step(&db, USER, &SECRET, 101).unwrap());
        assert!(!use_step(&db, USER, &[2; 20], 103).unwrap());
        assert!(use_step(&db, USER, &SECRET, 103).unwrap());
    }

    #[test]
    fn a_recovery_code_is_good_once_and_goes_with_the_last_factor() {
        let db = signed_in();
        put_app(&db, USER, &SECRET, 0, Timestamp(0)).unwrap();
        replace_codes(&db, USER, &[[1; 32], [2; 32]]).unwrap();
        assert!(use_code(&db, USER, &[1; 32]).unwrap());
        assert!(!use_code(&db, USER, &[1; 32]).unwrap());
        let app_and_codes = [
            SecondFactorWay::AuthenticatorApp,
            SecondFactorWay::RecoveryCode,
        ];
        assert_eq!(ways(&db, USER).unwrap(), app_and_codes);

        assert!(remove_app(&db, USER).unwrap());
        assert_eq!(ways(&db, USER).unwrap(), []);
        assert!(!use_code(&db, USER, &[2; 32]).unwrap());
    }

    #[test]
    fn all_factors_can_be_taken_away_at_once() {
        let db = signed_in();
        put_app(&db, USER, &SECRET, 0, Timestamp(0)).unwrap();
        passkeys::tests::add(&db, 1);
        replace_codes(&db, USER, &[[1; 32]]).unwrap();
        remove_all(&db, USER).unwrap();
        assert_eq!(ways(&db, USER).unwrap(), []);
    }
}
