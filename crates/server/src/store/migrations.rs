//! The schema and its steps, which only go forward. `PRAGMA user_version` counts the steps taken.
//!
//! A released step is never edited; the next change is a new file.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::OpenError;
use super::check::APPLICATION;

const STEPS: [&str; 6] = [
    include_str!("../../migrations/0001_start.sql"),
    include_str!("../../migrations/0002_settings.sql"),
    include_str!("../../migrations/0003_hide_address.sql"),
    include_str!("../../migrations/0004_keys.sql"),
    include_str!("../../migrations/0005_registration.sql"),
    include_str!("../../migrations/0006_factors.sql"),
];

/// The newest schema that this program knows.
pub(super) fn known() -> u32 {
    u32::try_from(STEPS.len()).unwrap_or(u32::MAX)
}

/// Takes the steps that are missing, all or none of them. Where none is missing, nothing is written.
pub(super) fn apply(connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
    take(connection, path, &STEPS)
}

fn take(connection: &mut Connection, path: &Path, steps: &[&str]) -> Result<(), OpenError> {
    let known = u32::try_from(steps.len()).unwrap_or(u32::MAX);
    let failed = |source| OpenError::of(path, source);
    // Takes the write lock first, so that two processes never migrate at once.
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    let found: u32 = transaction
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(failed)?;
    if found > known {
        return Err(OpenError::Newer {
            path: path.to_owned(),
            found,
            known,
        });
    }
    for step in steps.iter().skip(found as usize) {
        transaction.execute_batch(step).map_err(failed)?;
    }
    if found < known {
        transaction
            .pragma_update(None, "user_version", known)
            .map_err(failed)?;
    }
    let application: i32 = transaction
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(failed)?;
    // Databases were not marked from the first version on.
    if application == 0 {
        transaction
            .pragma_update(None, "application_id", APPLICATION)
            .map_err(failed)?;
    }
    transaction.commit().map_err(failed)
}

#[cfg(test)]
mod tests {
    use rusqlite::OptionalExtension as _;
    use rusqlite::types::Value;

    use super::*;

    #[test]
    fn steps_are_taken_once_and_a_newer_schema_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        apply(&mut connection, Path::new("db")).unwrap();
        apply(&mut connection, Path::new("db")).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        let error = apply(&mut connection, Path::new("db")).unwrap_err();
        assert!(
            matches!(error, OpenError::Newer { found: 99, .. }),
            "{error}"
        );
    }

    #[test]
    fn calls_of_version_1_are_kept_with_all_that_holds_for_them() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection
            .pragma_update(None, "foreign_keys", true)
            .unwrap();
        take(&mut connection, Path::new("db"), &STEPS[..1]).unwrap();
        connection.execute_batch(VERSION_1).unwrap();
        let columns = "id, conversation, caller, callee, attempt, caller_device, callee_device, reach, state,
            revision, started_at, expires_at, active_at, ended_at, end_reason, end_cause, ended_by, talked";
        let all = |connection: &Connection| {
            let sql = format!("SELECT {columns} FROM calls ORDER BY id");
            let mut statement = connection.prepare(&sql).unwrap();
            let count = statement.column_count();
            let rows = statement.query_map([], |row| {
                (0..count)
                    .map(|index| row.get::<_, Value>(index))
                    .collect::<Result<Vec<_>, _>>()
            });
            rows.unwrap().collect::<Result<Vec<_>, _>>().unwrap()
        };
        let before = all(&connection);
        apply(&mut connection, Path::new("db")).unwrap();
        assert_eq!(before.len(), 4);
        assert_eq!(all(&connection), before);

        let seen: (u32, u32) = connection
            .query_row(
                "SELECT (SELECT sum(seen) FROM calls), (SELECT sum(muted + hides_address) FROM members)",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        assert_eq!(
            seen,
            (0, 0),
            "nobody has seen, muted or hidden anything yet"
        );
        let mut names = connection
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'calls' AND sql IS NOT NULL ORDER BY name")
            .unwrap();
        let names = names.query_map([], |row| row.get::<_, String>(0)).unwrap();
        let expected = [
            "calls_alive",
            "calls_by_callee",
            "calls_by_caller",
            "calls_missed",
            "calls_unseen",
        ];
        assert_eq!(names.collect::<Result<Vec<_>, _>>().unwrap(), expected);

        let change = |sql: &str| connection.execute(sql, []);
        change("UPDATE calls SET reach = 'quiet' WHERE state = 'ended'").unwrap();
        for broken in [
            "UPDATE calls SET reach = 'loud'",
            "UPDATE calls SET state = 'ringing' WHERE state = 'ended'",
            "UPDATE calls SET active_at = 1 WHERE state = 'ended'",
            "UPDATE calls SET end_reason = NULL WHERE state = 'ended'",
            "UPDATE calls SET caller = zeroblob(16)",
            "UPDATE calls SET conversation = zeroblob(16)",
            "UPDATE calls SET callee_device = zeroblob(16)",
            "UPDATE calls SET attempt = x'00'",
            "UPDATE members SET muted = 2",
            "UPDATE members SET hides_address = 2",
        ] {
            change(broken).expect_err(broken);
        }
        let broken: Option<String> = connection
            .query_row("PRAGMA foreign_key_check", [], |row| row.get(0))
            .optional()
            .unwrap();
        assert_eq!(broken, None);
    }

    /// Two people, their conversation, and a call in each of the four states.
    const VERSION_1: &str = "
        INSERT INTO accounts VALUES (randomblob(16), 'ada', 'Ada', 'p', 1, NULL);
        INSERT INTO accounts VALUES (randomblob(16), 'ben', 'Ben', 'p', 1, 5);
        INSERT INTO devices SELECT randomblob(16), id, username, 1 FROM accounts;
        INSERT INTO conversations SELECT randomblob(16), min(id), max(id), 4, 1 FROM accounts;
        INSERT INTO members SELECT c.id, a.id, 1, 0, 0 FROM conversations c, accounts a;
        WITH people AS (
          SELECT a.id AS ada, b.id AS ben, d.id AS laptop, e.id AS phone, c.id AS conversation
          FROM accounts a, accounts b, devices d, devices e, conversations c
          WHERE a.username = 'ada' AND b.username = 'ben' AND d.account = a.id AND e.account = b.id)
        INSERT INTO calls
          SELECT x'00000000000000000000000000000001', conversation, ada, ben, randomblob(16), laptop, NULL,
            'devices', 'ringing', 0, 10, 20, NULL, NULL, NULL, NULL, NULL, NULL FROM people
          UNION ALL
          SELECT x'00000000000000000000000000000002', conversation, ada, ben, randomblob(16), laptop, phone,
            'nobody', 'connecting', 1, 10, 20, NULL, NULL, NULL, NULL, NULL, NULL FROM people
          UNION ALL
          SELECT x'00000000000000000000000000000003', conversation, ben, ada, randomblob(16), phone, laptop,
            'devices', 'active', 2, 10, NULL, 15, NULL, NULL, NULL, NULL, NULL FROM people
          UNION ALL
          SELECT x'00000000000000000000000000000004', conversation, ada, ben, randomblob(16), laptop, phone,
            'silent', 'ended', 3, 10, NULL, NULL, 30, 'failed', 'no_path', ben, 15 FROM people;";

    #[test]
    fn every_table_is_strict() {
        let mut connection = Connection::open_in_memory().unwrap();
        apply(&mut connection, Path::new("db")).unwrap();
        let lax: u32 = connection
            .query_row(
                "SELECT count(*) FROM pragma_table_list
                 WHERE schema = 'main' AND name NOT LIKE 'sqlite_%' AND strict = 0",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(lax, 0);
    }
}
