//! Writing a message.

use protocol::chat::{Message, MessageBody};
use protocol::error::ErrorCode;
use protocol::limits::REQUEST_MAX_MESSAGES;
use protocol::socket::{Outcome, ServerFrame};
use protocol::{ConversationId, MessageId, MessageText};

use super::{Asker, Audience, Both, ruled_standing};
use crate::app::{App, Ruled, Shared, write_and_tell};
use crate::error::Refusal;
use crate::store::chat::Standing;
use crate::store::messages::Appended;
use crate::store::{self, Connection, StoreError};

/// A message as it was stored, and what its devices must hear.
#[derive(Debug)]
struct Sent {
    message: Message,
    /// Nothing for a resend: everybody heard of it the first time.
    news: Option<News>,
}

#[derive(Debug)]
struct News {
    standing: Standing,
    /// Where the message changed more than the timeline: it is the first, or it accepted a request.
    conversation: Option<Both>,
}

/// Writes a message. Writing back to somebody who asked first accepts the request.
///
/// # Errors
/// [`ErrorCode::NotFound`], [`ErrorCode::Blocked`], [`ErrorCode::NotAccepted`]; [`ErrorCode::Conflict`]
/// where the id was used for something else.
pub async fn send_message(
    app: Shared,
    asker: Asker,
    conversation: ConversationId,
    id: MessageId,
    text: MessageText,
) -> Result<Outcome, Refusal> {
    let clock = app.clock.clone();
    let sent = write_and_tell(
        app,
        move |db| {
            let standing = match ruled_standing(db, conversation, asker.user)? {
                Ok(standing) => standing,
                Err(refusal) => return Ok(Err(refusal)),
            };
            write(db, standing, id, &text, clock.now())
        },
        move |app, sent| tell(app, asker, sent),
    )
    .await?;
    Ok(Outcome::Message {
        message: sent.message,
    })
}

fn write(
    db: &Connection,
    mut standing: Standing,
    id: MessageId,
    text: &MessageText,
    now: protocol::Timestamp,
) -> Result<Ruled<Sent>, StoreError> {
    if let Err(refusal) = may_write(&standing) {
        // A resend of what was stored before the door was shut is still acknowledged.
        let known = store::messages::message_by_id(db, id)?;
        return Ok(known.map_or(Err(refusal), |known| resent(known, &standing, text)));
    }
    let message = match store::messages::append_text(db, &standing, id, text, now)? {
        Appended::New(message) => message,
        Appended::Known(known) => return Ok(resent(known, &standing, text)),
    };
    standing.last_seq = message.seq;
    let changes_contact = !standing.mine.accepted;
    if changes_contact {
        standing.mine.accepted = true;
        store::chat::set_side(db, standing.conversation, &standing.mine)?;
    }
    let conversation = if changes_contact || message.seq == 1 {
        Some(Both::load(db, &standing)?)
    } else {
        None
    };
    let news = Some(News {
        standing,
        conversation,
    });
    Ok(Ok(Sent { message, news }))
}

/// Whether a person may write. A block by the other person looks like a request not accepted.
fn may_write(standing: &Standing) -> Result<(), Refusal> {
    if standing.mine.blocked {
        let message = "You have blocked this person. Unblock them to write.";
        return Err(Refusal::new(ErrorCode::Blocked, message));
    }
    if standing.theirs.blocked {
        return Err(not_accepted());
    }
    if !standing.theirs.accepted && standing.last_seq >= REQUEST_MAX_MESSAGES {
        return Err(not_accepted());
    }
    Ok(())
}

/// In the same words for whoever waits and for whoever is blocked, so that they tell nothing of a block.
fn not_accepted() -> Refusal {
    let message = "This person has not accepted your messages; more are taken once they do.";
    Refusal::new(ErrorCode::NotAccepted, message)
}

/// The answer to an id that is known: the same message again, or a conflict.
fn resent(known: Message, standing: &Standing, text: &MessageText) -> Ruled<Sent> {
    let same = known.conversation == standing.conversation
        && known.author == standing.mine.user
        && matches!(&known.body, MessageBody::Text { text: known } if known == text);
    if same {
        return Ok(Sent {
            message: known,
            news: None,
        });
    }
    let message = "This message id was used for another message. Make a new one.";
    Err(Refusal::new(ErrorCode::Conflict, message).at("message"))
}

fn tell(app: &App, asker: Asker, sent: &Sent) {
    let Some(news) = &sent.news else {
        return;
    };
    if let Some(conversation) = &news.conversation {
        conversation.tell(app, &news.standing, Audience::Both);
    }
    let both = [news.standing.mine.user, news.standing.theirs.user];
    let frame = ServerFrame::Message {
        message: sent.message.clone(),
    };
    app.hub.send(&both, &frame, Some(asker.connection));
    if news.standing.is_mutual() && news.conversation.is_some() {
        // They became contacts just now: each may see whether the other is there.
        app.presences.look_at(asker.user);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::chat::Side;
    use protocol::UserId;
    use uuid::Uuid;

    #[test]
    fn request_takes_only_so_many_messages() {
        let standing = standing(true, false);
        assert_eq!(may_write(&standing), Ok(()));
        let full = Standing {
            last_seq: REQUEST_MAX_MESSAGES,
            ..standing
        };
        assert_eq!(may_write(&full).unwrap_err().code, ErrorCode::NotAccepted);
        // The one who was asked may always write back.
        assert_eq!(may_write(&full.reversed()), Ok(()));
    }

    #[test]
    fn block_is_told_to_its_author_and_hidden_from_the_other() {
        let waiting = Standing {
            last_seq: REQUEST_MAX_MESSAGES,
            ..standing(true, false)
        };
        let mut standing = standing(true, true);
        standing.mine.blocked = true;
        assert_eq!(may_write(&standing).unwrap_err().code, ErrorCode::Blocked);
        assert_eq!(may_write(&standing.reversed()), may_write(&waiting));
    }

    fn standing(mine: bool, theirs: bool) -> Standing {
        let side = |n, accepted| Side {
            user: UserId(Uuid::from_u128(n)),
            accepted,
            blocked: false,
            muted: false,
            hides_address: false,
            read_seq: 0,
        };
        Standing {
            conversation: ConversationId(Uuid::from_u128(9)),
            last_seq: 1,
            mine: side(1, mine),
            theirs: side(2, theirs),
        }
    }
}
