//! Messages in SQL.
//!
//! Numbers are given here: a message's `seq` is the conversation's `last_seq` plus one, in the same
//! write, so there is no gap and no double.

use protocol::chat::{Message, MessageBody};
use protocol::{CallId, ConversationId, MessageId, MessageText, Timestamp, UserId};
use rusqlite::{Row, params};

use super::chat::Standing;
use super::{Connection, StoreError, calls, missed};

/// Unread messages are counted up to here; a client shows "99+" long before.
pub const UNREAD_COUNTED_MAX: u64 = 1_000;

/// What became of a message or call handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended {
    /// It is new and has its number.
    New(Message),
    /// Its id was used before, by this message or another one.
    Known(Message),
}

/// One page of a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// The newest messages.
    Newest,
    /// Those before a number.
    Before(u64),
    /// Those after a number.
    After(u64),
}

/// Gives a text the next number of its conversation.
///
/// # Errors
/// [`StoreError`].
pub fn append_text(
    db: &Connection,
    standing: &Standing,
    id: MessageId,
    text: &MessageText,
    now: Timestamp,
) -> Result<Appended, StoreError> {
    let message = Message {
        id,
        conversation: standing.conversation,
        seq: standing.last_seq + 1,
        author: standing.mine.user,
        sent_at: now,
        body: MessageBody::Text { text: text.clone() },
    };
    let inserted = db
        .prepare_cached(
            "INSERT INTO messages (conversation, seq, id, author, sent_at, kind, text)
             VALUES (?1, ?2, ?3, ?4, ?5, 'text', ?6) ON CONFLICT (id) DO NOTHING",
        )?
        .execute(params![
            message.conversation.0,
            message.seq.cast_signed(),
            id.0,
            message.author.0,
            now.0,
            text.as_str(),
        ])?;
    if inserted == 0 {
        let known = message_by_id(db, id)?;
        return known
            .map(Appended::Known)
            .ok_or_else(|| StoreError::Corrupt(format!("message {id} is there and is not")));
    }
    count_message(db, message.conversation)?;
    Ok(Appended::New(message))
}

/// Puts a call into the timeline, or finds where it stands there.
///
/// # Errors
/// [`StoreError`].
pub fn append_call(
    db: &Connection,
    conversation: ConversationId,
    call: CallId,
    caller: UserId,
    now: Timestamp,
) -> Result<Appended, StoreError> {
    let id = MessageId::from(call);
    if let Some(known) = message_by_id(db, id)? {
        return Ok(Appended::Known(known));
    }
    db.prepare_cached(
        "INSERT INTO messages (conversation, seq, id, author, sent_at, kind)
             SELECT id, last_seq + 1, ?2, ?3, ?4, 'call' FROM conversations WHERE id = ?1",
    )?
    .execute(params![conversation.0, id.0, caller.0, now.0])?;
    count_message(db, conversation)?;
    message_by_id(db, id)?
        .map(Appended::New)
        .ok_or_else(|| StoreError::Corrupt(format!("call {call} has no conversation")))
}

fn count_message(db: &Connection, conversation: ConversationId) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE conversations SET last_seq = last_seq + 1 WHERE id = ?1")?
        .execute([conversation.0])?;
    Ok(())
}

/// A message, wherever it stands.
///
/// # Errors
/// [`StoreError`].
pub fn message_by_id(db: &Connection, id: MessageId) -> Result<Option<Message>, StoreError> {
    let sql = format!("{SELECT_MESSAGE} WHERE m.id = ?1");
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query([id.0])?;
    rows.next()?.map(message).transpose()
}

/// The message of a number; nothing where there is none.
pub(super) fn by_number(
    db: &Connection,
    conversation: ConversationId,
    number: u64,
) -> Result<Option<Message>, StoreError> {
    let sql = format!("{SELECT_MESSAGE} WHERE m.conversation = ?1 AND m.seq = ?2");
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(params![conversation.0, number.cast_signed()])?;
    rows.next()?.map(message).transpose()
}

/// One page of a timeline, oldest first, and whether there is more in that direction.
///
/// # Errors
/// [`StoreError`].
pub fn history(
    db: &Connection,
    conversation: ConversationId,
    page: Page,
    limit: u32,
) -> Result<(Vec<Message>, bool), StoreError> {
    let (range, order, bound) = match page {
        Page::Newest => ("m.seq > ?2", "DESC", 0),
        Page::Before(bound) => ("m.seq < ?2", "DESC", bound),
        Page::After(bound) => ("m.seq > ?2", "ASC", bound),
    };
    let sql = format!(
        "{SELECT_MESSAGE} WHERE m.conversation = ?1 AND {range} ORDER BY m.seq {order} LIMIT ?3"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let bound = i64::try_from(bound).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![conversation.0, bound, limit.saturating_add(1)])?;
    let mut messages = Vec::new();
    while let Some(row) = rows.next()? {
        messages.push(message(row)?);
    }
    let more = messages.len() > limit as usize;
    messages.truncate(limit as usize);
    if !matches!(page, Page::After(_)) {
        messages.reverse();
    }
    Ok((messages, more))
}

/// What somebody has not read of the other person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Messages and missed calls.
    pub unread: u64,
    /// Missed calls that were not seen in the call log either.
    pub missed: u64,
}

/// What is not read of the other person, counted up to [`UNREAD_COUNTED_MAX`].
///
/// # Errors
/// [`StoreError`].
pub fn left(db: &Connection, standing: &Standing) -> Result<Left, StoreError> {
    let sql = format!(
        "SELECT count(*), count(missed) FROM (
           SELECT iif(k.seen = 0, 1, NULL) AS missed FROM messages m LEFT JOIN calls k ON k.id = m.id AND m.kind = 'call'
           WHERE m.conversation = ?1 AND m.seq > ?2 AND m.author <> ?3
             AND (m.kind = 'text' OR k.end_reason IN {missed})
           LIMIT ?4)",
        missed = missed::MISSED,
    );
    let left = db.prepare_cached(&sql)?.query_row(
        params![
            standing.conversation.0,
            standing.mine.read_seq.cast_signed(),
            standing.mine.user.0,
            UNREAD_COUNTED_MAX.cast_signed(),
        ],
        |row| {
            Ok(Left {
                unread: seq(row, 0)?,
                missed: seq(row, 1)?,
            })
        },
    )?;
    Ok(left)
}

const SELECT_MESSAGE: &str = "SELECT m.id, m.conversation, m.seq, m.author, m.sent_at, m.kind, m.text,
        k.caller, k.callee, k.started_at, k.end_reason, k.end_cause, k.ended_by, k.ended_at, k.talked
 FROM messages m LEFT JOIN calls k ON k.id = m.id AND m.kind = 'call'";

fn message(row: &Row<'_>) -> Result<Message, StoreError> {
    let id = MessageId(row.get("id")?);
    let conversation = ConversationId(row.get("conversation")?);
    let body = match row.get::<_, Option<String>>("text")? {
        Some(text) => MessageBody::Text {
            text: text
                .parse()
                .map_err(|error| StoreError::Corrupt(format!("message {id}: {error}")))?,
        },
        None => MessageBody::Call {
            record: calls::record(row, CallId(id.0), conversation)?,
        },
    };
    Ok(Message {
        id,
        conversation,
        seq: seq(row, 2)?,
        author: UserId(row.get("author")?),
        sent_at: Timestamp(row.get("sent_at")?),
        body,
    })
}

/// Numbers of messages are never negative, and SQLite knows no unsigned ones.
pub(super) fn seq(row: &Row<'_>, index: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(index).map(i64::cast_unsigned)
}
