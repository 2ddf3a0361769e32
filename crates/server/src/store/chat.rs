//! Conversations and messages in SQL.
//!
//! Numbers are given here: a message's `seq` is the conversation's `last_seq` plus one, in the same
//! write, so there is no gap and no double. Who may do what is not decided here but in `chat`.

use protocol::account::Person;
use protocol::chat::{Contact, Conversation, Message, MessageBody};
use protocol::{CallId, ConversationId, MessageId, MessageText, Timestamp, UserId};
use rusqlite::{OptionalExtension, Row, named_params, params};

use super::{Connection, StoreError, calls};

/// Unread messages are counted up to here; a client shows "99+" long before.
pub const UNREAD_COUNTED_MAX: u64 = 1_000;

/// How the two people of a conversation stand to each other, as one of them sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The conversation.
    pub conversation: ConversationId,
    /// The number of the newest message; 0 while there is none.
    pub last_seq: u64,
    /// The one who looks.
    pub mine: Side,
    /// The other.
    pub theirs: Side,
}

/// One of the two people of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Side {
    /// Who.
    pub user: UserId,
    /// Whether they want to hear from the other.
    pub accepted: bool,
    /// Whether they have blocked the other.
    pub blocked: bool,
    /// How far they have read.
    pub read_seq: u64,
}

impl Standing {
    /// How it is shown. A block by the other person is not.
    pub fn contact(&self) -> Contact {
        match (self.mine.accepted, self.theirs.accepted) {
            _ if self.mine.blocked => Contact::Blocked,
            (true, true) => Contact::Accepted,
            (true, false) => Contact::Requested,
            (false, true) => Contact::Request,
            (false, false) => Contact::None,
        }
    }

    /// Whether both accepted and neither blocked: they may call, see presence and typing.
    pub fn is_mutual(&self) -> bool {
        self.mine.accepted && self.theirs.accepted && !self.mine.blocked && !self.theirs.blocked
    }

    /// The same conversation, as the other person sees it.
    pub fn reversed(&self) -> Self {
        Self {
            mine: self.theirs,
            theirs: self.mine,
            ..*self
        }
    }
}

/// A conversation as one of its people sees it, with what is needed to say whether the other is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The conversation; its `presence` is not filled in.
    pub conversation: Conversation,
    /// Whether the two are contacts; see [`Standing::is_mutual`].
    pub mutual: bool,
    /// When the other person's last device left.
    pub last_seen: Option<Timestamp>,
}

/// What became of a message handed in.
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

/// Finds or makes the conversation of two people. Nothing where `other` does not exist.
///
/// # Errors
/// [`StoreError`].
pub fn open(
    db: &Connection,
    me: UserId,
    other: UserId,
    new: ConversationId,
    now: Timestamp,
) -> Result<Option<ConversationId>, StoreError> {
    let exists = "SELECT 1 FROM accounts WHERE id = ?1";
    if !db.prepare_cached(exists)?.exists([other.0])? {
        return Ok(None);
    }
    let (low, high) = if me < other { (me, other) } else { (other, me) };
    let inserted = db
        .prepare_cached(
            "INSERT INTO conversations (id, low, high, created_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (low, high) DO NOTHING",
        )?
        .execute(params![new.0, low.0, high.0, now.0])?;
    if inserted == 1 {
        let mut member =
            db.prepare_cached("INSERT INTO members (conversation, account) VALUES (?1, ?2)")?;
        member.execute(params![new.0, low.0])?;
        member.execute(params![new.0, high.0])?;
        return Ok(Some(new));
    }
    let id = db
        .prepare_cached("SELECT id FROM conversations WHERE low = ?1 AND high = ?2")?
        .query_row([low.0, high.0], |row| row.get(0))?;
    Ok(Some(ConversationId(id)))
}

/// How the two stand; nothing where `me` is not one of them.
///
/// # Errors
/// [`StoreError`].
pub fn standing(
    db: &Connection,
    conversation: ConversationId,
    me: UserId,
) -> Result<Option<Standing>, StoreError> {
    let standing = db
        .prepare_cached(
            "SELECT c.last_seq,
                    mine.accepted, mine.blocked, mine.read_seq,
                    theirs.account, theirs.accepted, theirs.blocked, theirs.read_seq
             FROM conversations c
             JOIN members mine ON mine.conversation = c.id AND mine.account = ?2
             JOIN members theirs ON theirs.conversation = c.id AND theirs.account <> ?2
             WHERE c.id = ?1",
        )?
        .query_row([conversation.0, me.0], |row| {
            Ok(Standing {
                conversation,
                last_seq: seq(row, 0)?,
                mine: Side {
                    user: me,
                    accepted: row.get(1)?,
                    blocked: row.get(2)?,
                    read_seq: seq(row, 3)?,
                },
                theirs: Side {
                    user: UserId(row.get(4)?),
                    accepted: row.get(5)?,
                    blocked: row.get(6)?,
                    read_seq: seq(row, 7)?,
                },
            })
        })
        .optional()?;
    Ok(standing)
}

/// Keeps what one person wants of the other.
///
/// # Errors
/// [`StoreError`].
pub fn set_side(
    db: &Connection,
    conversation: ConversationId,
    side: &Side,
) -> Result<(), StoreError> {
    db.prepare_cached(
        "UPDATE members SET accepted = :accepted, blocked = :blocked, read_seq = :read_seq
         WHERE conversation = :conversation AND account = :account",
    )?
    .execute(named_params! {
        ":conversation": conversation.0,
        ":account": side.user.0,
        ":accepted": side.accepted,
        ":blocked": side.blocked,
        ":read_seq": side.read_seq.cast_signed(),
    })?;
    Ok(())
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
) -> Result<Message, StoreError> {
    let id = MessageId::from(call);
    if !db
        .prepare_cached("SELECT 1 FROM messages WHERE id = ?1")?
        .exists([id.0])?
    {
        db.prepare_cached(
            "INSERT INTO messages (conversation, seq, id, author, sent_at, kind)
             SELECT id, last_seq + 1, ?2, ?3, ?4, 'call' FROM conversations WHERE id = ?1",
        )?
        .execute(params![conversation.0, id.0, caller.0, now.0])?;
        count_message(db, conversation)?;
    }
    message_by_id(db, id)?
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

/// A conversation as `me` sees it; nothing where `me` is not part of it.
///
/// # Errors
/// [`StoreError`].
pub fn conversation(
    db: &Connection,
    id: ConversationId,
    me: UserId,
) -> Result<Option<Seen>, StoreError> {
    let Some(standing) = standing(db, id, me)? else {
        return Ok(None);
    };
    seen(db, &standing).map(Some)
}

/// All conversations of an account that have a message, the one with the newest message first.
///
/// # Errors
/// [`StoreError`].
pub fn conversations(db: &Connection, me: UserId) -> Result<Vec<Seen>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT c.id FROM members mine
         JOIN conversations c ON c.id = mine.conversation
         JOIN messages m ON m.conversation = c.id AND m.seq = c.last_seq
         WHERE mine.account = ?1 ORDER BY m.sent_at DESC, m.id DESC",
    )?;
    let ids = statement.query_map([me.0], |row| row.get(0).map(ConversationId))?;
    let ids = ids.collect::<Result<Vec<_>, _>>()?;
    let seen = ids.into_iter().map(|id| conversation(db, id, me));
    seen.filter_map(Result::transpose).collect()
}

/// The people who may see whether `me` is there.
///
/// # Errors
/// [`StoreError`].
pub fn contacts(db: &Connection, me: UserId) -> Result<Vec<UserId>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT theirs.account FROM members mine
         JOIN members theirs ON theirs.conversation = mine.conversation AND theirs.account <> ?1
         WHERE mine.account = ?1 AND mine.accepted AND theirs.accepted
           AND NOT mine.blocked AND NOT theirs.blocked",
    )?;
    let contacts = statement.query_map([me.0], |row| row.get(0).map(UserId))?;
    Ok(contacts.collect::<Result<_, _>>()?)
}

/// Keeps when an account's last device left.
///
/// # Errors
/// [`StoreError`].
pub fn set_last_seen(db: &Connection, user: UserId, at: Timestamp) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE accounts SET last_seen_at = ?2 WHERE id = ?1")?
        .execute(params![user.0, at.0])?;
    Ok(())
}

/// When an account's last device left; nothing where none was ever seen.
///
/// # Errors
/// [`StoreError`].
pub fn last_seen(db: &Connection, user: UserId) -> Result<Option<Timestamp>, StoreError> {
    let at = db
        .prepare_cached("SELECT last_seen_at FROM accounts WHERE id = ?1")?
        .query_row([user.0], |row| row.get::<_, Option<i64>>(0))
        .optional()?;
    Ok(at.flatten().map(Timestamp))
}

/// Messages and missed calls of the other person that are not read, counted up to [`UNREAD_COUNTED_MAX`].
///
/// # Errors
/// [`StoreError`].
pub fn unread(db: &Connection, standing: &Standing) -> Result<u64, StoreError> {
    let sql = format!(
        "SELECT count(*) FROM (
           SELECT 1 FROM messages m LEFT JOIN calls k ON k.id = m.id AND m.kind = 'call'
           WHERE m.conversation = ?1 AND m.seq > ?2 AND m.author <> ?3
             AND (m.kind = 'text' OR k.end_reason IN {missed})
           LIMIT ?4)",
        missed = calls::MISSED,
    );
    let count = db.prepare_cached(&sql)?.query_row(
        params![
            standing.conversation.0,
            standing.mine.read_seq.cast_signed(),
            standing.mine.user.0,
            UNREAD_COUNTED_MAX.cast_signed(),
        ],
        |row| seq(row, 0),
    )?;
    Ok(count)
}

fn seen(db: &Connection, standing: &Standing) -> Result<Seen, StoreError> {
    let (person, last_seen) = db
        .prepare_cached(
            "SELECT id, username, display_name, last_seen_at FROM accounts WHERE id = ?1",
        )?
        .query_row([standing.theirs.user.0], |row| {
            Ok((person(row), row.get::<_, Option<i64>>(3)?))
        })?;
    let sql = format!("{SELECT_MESSAGE} WHERE m.conversation = ?1 AND m.seq = ?2");
    let mut newest = db.prepare_cached(&sql)?;
    let mut newest = newest.query(params![
        standing.conversation.0,
        standing.last_seq.cast_signed()
    ])?;
    let conversation = Conversation {
        id: standing.conversation,
        person: person?,
        contact: standing.contact(),
        last_seq: standing.last_seq,
        read_seq: standing.mine.read_seq,
        // What a person has read is told to those whom they accepted.
        peer_read_seq: if standing.theirs.accepted {
            standing.theirs.read_seq
        } else {
            0
        },
        unread: unread(db, standing)?,
        last_message: newest.next()?.map(message).transpose()?,
        presence: None,
    };
    Ok(Seen {
        conversation,
        mutual: standing.is_mutual(),
        last_seen: last_seen.map(Timestamp),
    })
}

fn person(row: &Row<'_>) -> Result<Person, StoreError> {
    let corrupt = |error: protocol::InvalidText| StoreError::Corrupt(error.to_string());
    Ok(Person {
        id: UserId(row.get(0)?),
        username: row.get::<_, String>(1)?.parse().map_err(corrupt)?,
        display_name: row.get::<_, String>(2)?.parse().map_err(corrupt)?,
    })
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
fn seq(row: &Row<'_>, index: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(index).map(i64::cast_unsigned)
}
