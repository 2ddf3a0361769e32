//! Conversations: who may write to whom, and who hears of it.
//!
//! The rules kept here: everything that changes something runs in one write of the store, is
//! acknowledged once that is durable, and is told to devices in the order in which it was kept.
//! Somebody who is blocked is not told so; nothing of theirs arrives, and they see nothing new.

mod contacts;
mod messages;
mod reading;

use protocol::chat::Conversation;
use protocol::error::ErrorCode;
use protocol::identity::PersonKeys;
use protocol::socket::{Outcome, ServerFrame};
use protocol::{ConversationId, UserId};

use crate::accounts::Introduction;
use crate::app::{App, Ruled, Shared, write_and_tell};
use crate::error::Refusal;
use crate::hub::ConnectionId;
use crate::keys;
use crate::secrets;
use crate::store::chat::{Seen, Standing};
use crate::store::{self, Connection, StoreError};

pub use contacts::{Wish, wish};
pub use messages::send_message;
pub use reading::{mark_calls_seen, mark_read, typing};

/// Who asks, from which socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asker {
    /// The account.
    pub user: UserId,
    /// The socket; it gets the answer and is left out of what the others are told.
    pub connection: ConnectionId,
}

/// Finds or makes the conversation with a person. Nobody is told.
///
/// # Errors
/// [`ErrorCode::BadRequest`] for oneself, [`ErrorCode::NotFound`] for nobody.
pub async fn open_conversation(
    app: Shared,
    asker: Asker,
    person: UserId,
) -> Result<Outcome, Refusal> {
    if person == asker.user {
        let message = "A conversation is with somebody else; nobody can write to themselves.";
        return Err(Refusal::new(ErrorCode::BadRequest, message).at("person"));
    }
    let clock = app.clock.clone();
    let opened = app
        .store
        .write(move |db| {
            let now = clock.now();
            let new = ConversationId(secrets::new_id(now));
            match store::chat::open(db, asker.user, person, new, now)? {
                Some(id) => store::chat::conversation(db, id, asker.user),
                None => Ok(None),
            }
        })
        .await?;
    let seen = opened.ok_or_else(|| Refusal::not_found("person"))?;
    Ok(outcome(app.presences.show(seen)))
}

/// Tells both of two people who became contacts by an invite, in the order of the commits.
///
/// # Errors
/// The store's reasons.
pub async fn tell_introduction(app: Shared, introduction: Introduction) -> Result<(), Refusal> {
    let Introduction {
        inviter,
        conversation,
    } = introduction;
    let load = move |db: &Connection| match ruled_standing(db, conversation, inviter)? {
        Ok(standing) => Ok(Ok((Both::load(db, &standing)?, standing))),
        Err(refusal) => Ok(Err(refusal)),
    };
    let told = write_and_tell(app, load, |app, (both, standing)| {
        both.tell(app, standing, Audience::Both);
    });
    told.await.map(drop)
}

/// How the two of a conversation stand.
///
/// # Errors
/// [`ErrorCode::NotFound`] where the account is not one of them.
pub async fn standing(
    app: &App,
    conversation: ConversationId,
    user: UserId,
) -> Result<Standing, Refusal> {
    let found = app
        .store
        .read(move |db| store::chat::standing(db, conversation, user))
        .await?;
    found.ok_or_else(no_conversation)
}

/// There is no such conversation, or it is other people's.
pub fn no_conversation() -> Refusal {
    Refusal::not_found("conversation").at("conversation")
}

/// The standing of the asker, or the refusal.
fn ruled_standing(
    db: &Connection,
    conversation: ConversationId,
    user: UserId,
) -> Result<Ruled<Standing>, StoreError> {
    let standing = store::chat::standing(db, conversation, user)?;
    Ok(standing.ok_or_else(no_conversation))
}

/// A conversation as both see it.
#[derive(Debug)]
struct Both {
    mine: Seen,
    theirs: Seen,
    /// The keys of each, for the other; only where they are contacts.
    keys: Option<[PersonKeys; 2]>,
}

impl Both {
    fn load(db: &Connection, standing: &Standing) -> Result<Self, StoreError> {
        let of = |user| {
            let seen = store::chat::conversation(db, standing.conversation, user)?;
            seen.ok_or_else(|| StoreError::Corrupt("a conversation has one side".to_owned()))
        };
        Ok(Self {
            mine: of(standing.mine.user)?,
            theirs: of(standing.theirs.user)?,
            keys: if standing.is_mutual() {
                let both = [standing.mine.user, standing.theirs.user];
                Some(keys::of_both(db, both)?)
            } else {
                None
            },
        })
    }

    /// Shows the conversation to all devices of the asker, or of both.
    fn tell(&self, app: &App, standing: &Standing, audience: Audience) {
        let show = |user, seen: &Seen| {
            let conversation = app.presences.show(seen.clone());
            app.hub
                .send(&[user], &ServerFrame::Conversation { conversation }, None);
        };
        show(standing.mine.user, &self.mine);
        if audience == Audience::Both {
            show(standing.theirs.user, &self.theirs);
            if let Some([mine, theirs]) = &self.keys {
                let send = |user, keys: &PersonKeys| {
                    let keys = keys.clone();
                    app.hub.send(&[user], &ServerFrame::Keys { keys }, None);
                };
                send(standing.theirs.user, mine);
                send(standing.mine.user, theirs);
            }
        }
    }
}

/// Who is shown a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Audience {
    Asker,
    Both,
}

fn outcome(conversation: Conversation) -> Outcome {
    Outcome::Conversation {
        conversation: Box::new(conversation),
    }
}
