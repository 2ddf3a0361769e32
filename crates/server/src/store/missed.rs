//! Missed calls in SQL: which they are, and which of them were seen.

use protocol::{ConversationId, Timestamp, UserId};
use rusqlite::OptionalExtension as _;

use super::{Connection, StoreError};

/// The end reasons that count as missed, for an `IN`; [`protocol::call::EndReason::is_missed`] in SQL.
pub(super) const MISSED: &str = "('cancelled', 'busy', 'no_answer', 'unreachable')";

/// When the newest call ended that an account missed of another one.
///
/// # Errors
/// [`StoreError`].
pub fn last(db: &Connection, me: UserId, of: UserId) -> Result<Option<Timestamp>, StoreError> {
    let sql = format!(
        "SELECT ended_at FROM calls
         WHERE callee = ?1 AND caller = ?2 AND reach <> 'silent' AND end_reason IN {MISSED}
         ORDER BY id DESC LIMIT 1"
    );
    let at = db
        .prepare_cached(&sql)?
        .query_row([me.0, of.0], |row| row.get(0).map(Timestamp))
        .optional()?;
    Ok(at)
}

/// Every call that an account missed until now counts as seen. Where some of them were counted as missed.
///
/// # Errors
/// [`StoreError`].
pub fn mark_seen(db: &Connection, me: UserId) -> Result<Vec<ConversationId>, StoreError> {
    let unseen = format!("seen = 0 AND callee = ?1 AND end_reason IN {MISSED}");
    let counted = format!(
        "SELECT DISTINCT m.conversation FROM calls k
         JOIN messages m ON m.id = k.id
         JOIN members mine ON mine.conversation = m.conversation AND mine.account = ?1
         WHERE {unseen} AND m.seq > mine.read_seq"
    );
    let mut statement = db.prepare_cached(&counted)?;
    let conversations = statement
        .query_map([me.0], |row| row.get(0).map(ConversationId))?
        .collect::<Result<_, _>>()?;
    let mark = format!("UPDATE calls SET seen = 1 WHERE {unseen}");
    db.prepare_cached(&mark)?.execute([me.0])?;
    Ok(conversations)
}

#[cfg(test)]
mod tests {
    use call::switchboard::{self, Party, Reach};
    use protocol::call::{Call, CallEnd, CallSound, CallState, EndReason};
    use protocol::{AttemptId, CallId, DeviceId};
    use uuid::Uuid;

    use super::*;
    use crate::store::tests::database;
    use crate::store::{calls, chat, messages};

    #[test]
    fn counts_follow_an_end_that_is_amended() {
        let (db, conversation, [ada, ben]) = two();
        let ended = |call: u128, reason| {
            calls::save(&db, &row(conversation, [ada, ben], call, reason)).unwrap();
            let id = CallId(Uuid::from_u128(call));
            messages::append_call(&db, conversation, id, ada.0, Timestamp(1)).unwrap();
        };
        let left = || {
            let standing = chat::standing(&db, conversation, ben.0).unwrap().unwrap();
            let left = messages::left(&db, &standing).unwrap();
            (left.unread, left.missed)
        };
        ended(1, EndReason::NoAnswer);
        assert_eq!(left(), (1, 1));
        ended(1, EndReason::HungUp { by: ada.0 });
        assert_eq!(left(), (0, 0));
        ended(1, EndReason::Cancelled);
        assert_eq!(left(), (1, 1));
        assert_eq!(mark_seen(&db, ben.0).unwrap(), [conversation]);
        ended(1, EndReason::NoAnswer);
        assert_eq!(left(), (1, 0), "seen stays seen");
        ended(2, EndReason::Declined);
        assert!(mark_seen(&db, ben.0).unwrap().is_empty());
        ended(2, EndReason::Cancelled);
        assert_eq!(left(), (2, 1), "it was no missed call when calls were seen");
        assert_eq!(last(&db, ben.0, ada.0).unwrap(), Some(Timestamp(30)));
        assert_eq!(last(&db, ada.0, ben.0).unwrap(), None);
    }

    #[test]
    fn missed_calls_are_found_by_their_indexes() {
        let db = database();
        let plan = |sql: &str| {
            let sql = format!("EXPLAIN QUERY PLAN {sql}");
            let mut plan = db.prepare(&sql).unwrap();
            let lines = plan
                .query_map([], |row| row.get::<_, String>("detail"))
                .unwrap();
            lines.collect::<Result<Vec<_>, _>>().unwrap().join("\n")
        };
        let missed = format!(
            "SELECT * FROM calls WHERE callee = x'00' AND reach <> 'silent' AND end_reason IN {MISSED}
             AND (NULL IS NULL OR id < NULL) ORDER BY id DESC LIMIT 50"
        );
        let unseen = format!(
            "UPDATE calls SET seen = 1 WHERE seen = 0 AND callee = x'00' AND end_reason IN {MISSED}"
        );
        for (sql, index) in [(missed, "calls_missed"), (unseen, "calls_unseen")] {
            let plan = plan(&sql);
            assert!(plan.contains(index), "{plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{plan}");
        }
    }

    /// Two people with a device each, and their conversation.
    fn two() -> (Connection, ConversationId, [(UserId, DeviceId); 2]) {
        let db = database();
        let people = [1, 2].map(|n: u128| {
            let (user, device) = (Uuid::from_u128(n), Uuid::from_u128(n + 10));
            let account = "INSERT INTO accounts (id, username, display_name, password, created_at) VALUES (?1, ?2, ?2, 'p', 0)";
            db.execute(account, (user, format!("user{n}"))).unwrap();
            let add = "INSERT INTO devices VALUES (?1, ?2, 'Laptop', 0)";
            db.execute(add, (device, user)).unwrap();
            (UserId(user), DeviceId(device))
        });
        let new = ConversationId(Uuid::from_u128(20));
        let opened = chat::open(&db, people[0].0, people[1].0, new, Timestamp(0));
        let conversation = opened.unwrap().unwrap();
        (db, conversation, people)
    }

    fn row(
        conversation: ConversationId,
        [from, to]: [(UserId, DeviceId); 2],
        call: u128,
        reason: EndReason,
    ) -> switchboard::Row {
        let party = |(user, device)| Party {
            user,
            device,
            device_name: "Laptop".parse().unwrap(),
        };
        let end = CallEnd {
            reason,
            ended_at: Timestamp(30),
            talked: None,
        };
        switchboard::Row {
            call: Call {
                id: CallId(Uuid::from_u128(call)),
                attempt: AttemptId(Uuid::from_u128(call)),
                revision: 1,
                conversation,
                caller: from.0,
                callee: to.0,
                started_at: Timestamp(1),
                state: CallState::Ended { end },
                caller_sound: CallSound::default(),
                callee_sound: CallSound::default(),
            },
            caller: party(from),
            callee: Some(party(to)),
            reach: Reach::Quiet,
        }
    }
}
