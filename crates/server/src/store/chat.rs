//! Conversations and their two people in SQL. Who may do what is not decided here but in `chat`.

use protocol::account::Person;
use protocol::chat::{Contact, Conversation};
use protocol::{ConversationId, DisplayName, Timestamp, UserId};
use rusqlite::{OptionalExtension, Row, named_params, params};

use super::messages::{self, seq};
use super::{Connection, StoreError};

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
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a decision of its own"
)]
pub struct Side {
    /// Who.
    pub user: UserId,
    /// Whether they want to hear from the other.
    pub accepted: bool,
    /// Whether they have blocked the other.
    pub blocked: bool,
    /// Whether they want not to be rung by the other.
    pub muted: bool,
    /// Whether they hide their IP address from the other.
    pub hides_address: bool,
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

/// Makes two people contacts. Nothing where `other` does not exist.
///
/// # Errors
/// [`StoreError`].
pub fn introduce(
    db: &Connection,
    me: UserId,
    other: UserId,
    new: ConversationId,
    now: Timestamp,
) -> Result<Option<ConversationId>, StoreError> {
    let opened = open(db, me, other, new, now)?;
    if let Some(conversation) = opened {
        db.prepare_cached("UPDATE members SET accepted = 1 WHERE conversation = ?1")?
            .execute([conversation.0])?;
    }
    Ok(opened)
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
                    mine.accepted, mine.blocked, mine.muted, mine.hides_address, mine.read_seq,
                    theirs.account, theirs.accepted, theirs.blocked, theirs.muted, theirs.hides_address,
                    theirs.read_seq
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
                    muted: row.get(3)?,
                    hides_address: row.get(4)?,
                    read_seq: seq(row, 5)?,
                },
                theirs: Side {
                    user: UserId(row.get(6)?),
                    accepted: row.get(7)?,
                    blocked: row.get(8)?,
                    muted: row.get(9)?,
                    hides_address: row.get(10)?,
                    read_seq: seq(row, 11)?,
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
        "UPDATE members SET accepted = :accepted, blocked = :blocked, muted = :muted,
           hides_address = :hides_address, read_seq = :read_seq
         WHERE conversation = :conversation AND account = :account",
    )?
    .execute(named_params! {
        ":conversation": conversation.0,
        ":account": side.user.0,
        ":accepted": side.accepted,
        ":blocked": side.blocked,
        ":muted": side.muted,
        ":hides_address": side.hides_address,
        ":read_seq": side.read_seq.cast_signed(),
    })?;
    Ok(())
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

/// All conversations of an account that have a message or are with a contact: the new ones of the latter
/// first, then the one with the newest message.
///
/// # Errors
/// [`StoreError`].
pub fn conversations(db: &Connection, me: UserId) -> Result<Vec<Seen>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT c.id FROM members mine
         JOIN conversations c ON c.id = mine.conversation
         LEFT JOIN messages m ON m.conversation = c.id AND m.seq = c.last_seq
         JOIN members theirs ON theirs.conversation = c.id AND theirs.account <> ?1
         WHERE mine.account = ?1 AND (m.id IS NOT NULL OR (mine.accepted AND theirs.accepted))
         ORDER BY m.sent_at DESC NULLS FIRST, m.id DESC, c.id DESC",
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

/// Who hides their address from whom, of all accounts.
///
/// # Errors
/// [`StoreError`].
pub fn hidden(db: &Connection) -> Result<Vec<(UserId, ConversationId)>, StoreError> {
    let mut statement =
        db.prepare_cached("SELECT account, conversation FROM members WHERE hides_address")?;
    let hidden = statement.query_map([], |row| {
        Ok((UserId(row.get(0)?), ConversationId(row.get(1)?)))
    })?;
    Ok(hidden.collect::<Result<_, _>>()?)
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

fn seen(db: &Connection, standing: &Standing) -> Result<Seen, StoreError> {
    let (person, last_seen) = db
        .prepare_cached(
            "SELECT id, username, display_name, last_seen_at FROM accounts WHERE id = ?1",
        )?
        .query_row([standing.theirs.user.0], |row| {
            Ok((person(row), row.get::<_, Option<i64>>(3)?))
        })?;
    let newest = messages::by_number(db, standing.conversation, standing.last_seq)?;
    let left = messages::left(db, standing)?;
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
        unread: left.unread,
        missed: left.missed,
        muted: standing.mine.muted,
        hides_address: standing.mine.hides_address,
        last_message: newest,
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
        display_name: DisplayName::kept(&row.get::<_, String>(2)?),
    })
}
