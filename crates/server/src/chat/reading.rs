//! What was read or seen, and who types.

use protocol::ConversationId;
use protocol::error::ErrorCode;
use protocol::socket::{Outcome, ServerFrame};

use super::{Asker, ruled_standing, standing};
use crate::app::{App, Ruled, Shared, write_and_tell};
use crate::error::Refusal;
use crate::store::chat::Standing;
use crate::store::messages::Left;
use crate::store::{self, Connection, StoreError};

/// A mark that moved.
#[derive(Debug)]
struct Moved {
    standing: Standing,
    mine: Left,
    theirs: Left,
}

/// Marks everything up to a number as read. A smaller number than before changes nothing.
///
/// # Errors
/// [`ErrorCode::NotFound`]; [`ErrorCode::BadRequest`] for a number that no message has.
pub async fn mark_read(
    app: Shared,
    asker: Asker,
    conversation: ConversationId,
    seq: u64,
) -> Result<Outcome, Refusal> {
    write_and_tell(
        app,
        move |db| match ruled_standing(db, conversation, asker.user)? {
            Ok(standing) => write(db, standing, seq),
            Err(refusal) => Ok(Err(refusal)),
        },
        move |app, moved| {
            if let Some(moved) = moved {
                tell(app, asker, moved);
            }
        },
    )
    .await?;
    Ok(Outcome::Done)
}

fn write(
    db: &Connection,
    mut standing: Standing,
    seq: u64,
) -> Result<Ruled<Option<Moved>>, StoreError> {
    if seq > standing.last_seq {
        let message = format!("There is no message {seq} yet.");
        return Ok(Err(Refusal::new(ErrorCode::BadRequest, message).at("seq")));
    }
    if seq <= standing.mine.read_seq {
        return Ok(Ok(None));
    }
    standing.mine.read_seq = seq;
    store::chat::set_side(db, standing.conversation, &standing.mine)?;
    let mine = store::messages::left(db, &standing)?;
    let theirs = store::messages::left(db, &standing.reversed())?;
    Ok(Ok(Some(Moved {
        standing,
        mine,
        theirs,
    })))
}

fn tell(app: &App, asker: Asker, moved: &Moved) {
    let standing = &moved.standing;
    let read = |left: Left| ServerFrame::Read {
        conversation: standing.conversation,
        user: asker.user,
        seq: standing.mine.read_seq,
        unread: left.unread,
        missed: left.missed,
    };
    let mine = read(moved.mine);
    app.hub.send(&[asker.user], &mine, Some(asker.connection));
    // What a person has read is told to those whom they accepted.
    if standing.mine.accepted && !standing.mine.blocked && !standing.theirs.blocked {
        let theirs = read(moved.theirs);
        app.hub.send(&[standing.theirs.user], &theirs, None);
    }
}

/// Nothing that the asker missed until now counts as missed any more.
///
/// # Errors
/// The store's reasons.
pub async fn mark_calls_seen(app: Shared, asker: Asker) -> Result<Outcome, Refusal> {
    write_and_tell(
        app,
        move |db| {
            let conversations = store::missed::mark_seen(db, asker.user)?;
            let seen = conversations
                .into_iter()
                .map(|id| store::chat::conversation(db, id, asker.user));
            let seen: Vec<_> = seen
                .filter_map(Result::transpose)
                .collect::<Result<_, _>>()?;
            Ok(Ok(seen))
        },
        move |app, seen| {
            for seen in seen {
                let conversation = app.presences.show(seen.clone());
                let frame = ServerFrame::Conversation { conversation };
                app.hub.send(&[asker.user], &frame, None);
            }
        },
    )
    .await?;
    Ok(Outcome::Done)
}

/// Tells a contact that somebody types, or stopped. Others are not told, and the asker not that.
///
/// # Errors
/// [`ErrorCode::NotFound`].
pub async fn typing(
    app: Shared,
    asker: Asker,
    conversation: ConversationId,
    active: bool,
) -> Result<Outcome, Refusal> {
    let standing = standing(&app, conversation, asker.user).await?;
    if standing.is_mutual() {
        let frame = ServerFrame::Typing {
            conversation,
            active,
        };
        app.hub.send(&[standing.theirs.user], &frame, None);
    }
    Ok(Outcome::Done)
}
