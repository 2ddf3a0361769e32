//! The schema and its steps, which only go forward. `PRAGMA user_version` counts the steps taken.
//!
//! A released step is never edited; the next change is a new file.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::OpenError;

const STEPS: [&str; 1] = [include_str!("../../migrations/0001_start.sql")];

/// Takes the steps that are missing, all or none of them.
pub(super) fn apply(connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::Database {
        path: path.to_owned(),
        source,
    };
    // Takes the write lock first, so that two processes never migrate at once.
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    let found: u32 = transaction
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(failed)?;
    let known = u32::try_from(STEPS.len()).unwrap_or(u32::MAX);
    if found > known {
        return Err(OpenError::Newer {
            path: path.to_owned(),
            found,
            known,
        });
    }
    for step in STEPS.iter().skip(found as usize) {
        transaction.execute_batch(step).map_err(failed)?;
    }
    transaction
        .pragma_update(None, "user_version", known)
        .map_err(failed)?;
    transaction.commit().map_err(failed)
}

#[cfg(test)]
mod tests {
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
