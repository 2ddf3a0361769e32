//! Accepting, blocking, muting, hiding one's address, and taking it back.

use protocol::ConversationId;
use protocol::chat::{Contact, Presence};
use protocol::error::ErrorCode;
use protocol::socket::{Outcome, ServerFrame};

use super::{Asker, Audience, Both, outcome, ruled_standing};
use crate::app::{App, Ruled, Shared, write_and_tell};
use crate::error::Refusal;
use crate::store::chat::{Side, Standing};
use crate::store::{self, Connection, StoreError};

/// What one person wants of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// To hear from them.
    Accept,
    /// Not to hear from them.
    Block,
    /// To take the block back.
    Unblock,
    /// Not to be rung by them, or to be rung again.
    Mute(bool),
    /// Not to let them learn one's IP address, or to let them.
    HideAddress(bool),
}

#[derive(Debug)]
struct Granted {
    before: Standing,
    after: Standing,
    both: Both,
}

/// Carries a wish out; one that is fulfilled already changes nothing.
///
/// # Errors
/// [`ErrorCode::NotFound`]; to accept: [`ErrorCode::Blocked`] while blocked, [`ErrorCode::Forbidden`]
/// where the other person has not written.
pub async fn wish(
    app: Shared,
    asker: Asker,
    conversation: ConversationId,
    wish: Wish,
) -> Result<Outcome, Refusal> {
    let shared = app.clone();
    let granted = write_and_tell(
        app,
        move |db| match ruled_standing(db, conversation, asker.user)? {
            Ok(standing) => write(db, standing, wish),
            Err(refusal) => Ok(Err(refusal)),
        },
        tell,
    )
    .await?;
    Ok(outcome(shared.presences.show(granted.both.mine)))
}

fn write(db: &Connection, before: Standing, wish: Wish) -> Result<Ruled<Granted>, StoreError> {
    let mine = match decide(&before, wish) {
        Ok(mine) => mine,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if mine != before.mine {
        store::chat::set_side(db, before.conversation, &mine)?;
    }
    let after = Standing {
        mine,
        ..before.clone()
    };
    let both = Both::load(db, &after)?;
    Ok(Ok(Granted {
        before,
        after,
        both,
    }))
}

fn decide(standing: &Standing, wish: Wish) -> Result<Side, Refusal> {
    let mine = standing.mine;
    match (wish, standing.contact()) {
        (Wish::Accept, Contact::Request) => Ok(Side {
            accepted: true,
            ..mine
        }),
        (Wish::Accept, Contact::Accepted) => Ok(mine),
        (Wish::Accept, Contact::Blocked) => {
            let message = "You have blocked this person. Unblock them first.";
            Err(Refusal::new(ErrorCode::Blocked, message))
        }
        (Wish::Accept, Contact::None | Contact::Requested) => {
            let message = "This person has not written to you, so there is nothing to accept.";
            Err(Refusal::new(ErrorCode::Forbidden, message))
        }
        (Wish::Block, _) => Ok(Side {
            blocked: true,
            ..mine
        }),
        (Wish::Unblock, _) => Ok(Side {
            blocked: false,
            ..mine
        }),
        (Wish::Mute(muted), _) => Ok(Side { muted, ..mine }),
        (Wish::HideAddress(hides_address), _) => Ok(Side {
            hides_address,
            ..mine
        }),
    }
}

fn tell(app: &App, granted: &Granted) {
    let Granted {
        before,
        after,
        both,
    } = granted;
    if before.mine == after.mine {
        return;
    }
    let Side {
        user,
        hides_address,
        ..
    } = after.mine;
    app.hidden
        .set_from_one(user, after.conversation, hides_address);
    let accepted = after.mine.accepted && !before.mine.accepted;
    // A block is nobody's business but the asker's; an acceptance is what the other waits for.
    let audience = if accepted && !after.theirs.blocked {
        Audience::Both
    } else {
        Audience::Asker
    };
    both.tell(app, after, audience);
    if before.is_mutual() != after.is_mutual() && !accepted {
        let presence = if after.is_mutual() {
            app.presences.of(user, None)
        } else {
            Presence::Offline { last_seen: None }
        };
        let frame = ServerFrame::Presence { user, presence };
        app.hub.send(&[after.theirs.user], &frame, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::UserId;
    use uuid::Uuid;

    #[test]
    fn only_a_request_of_the_other_can_be_accepted() {
        for (mine, theirs, expected) in [
            (false, true, Ok(true)),
            (true, true, Ok(true)),
            (true, false, Err(ErrorCode::Forbidden)),
            (false, false, Err(ErrorCode::Forbidden)),
        ] {
            let decided = decide(&standing(mine, theirs, false), Wish::Accept);
            let decided = decided.map(|side| side.accepted).map_err(|r| r.code);
            assert_eq!(decided, expected, "{mine} {theirs}");
        }
        let blocked = decide(&standing(false, true, true), Wish::Accept);
        assert_eq!(blocked.unwrap_err().code, ErrorCode::Blocked);
    }

    #[test]
    fn unblocking_gives_back_what_was_before_the_block() {
        let before = standing(true, true, false);
        let blocked = Standing {
            mine: decide(&before, Wish::Block).unwrap(),
            ..before.clone()
        };
        assert_eq!(blocked.contact(), Contact::Blocked);
        assert!(!blocked.is_mutual());
        assert_eq!(blocked.reversed().contact(), Contact::Accepted);
        assert_eq!(decide(&blocked, Wish::Unblock).unwrap(), before.mine);
    }

    fn standing(mine: bool, theirs: bool, blocked: bool) -> Standing {
        let side = |n, accepted, blocked| Side {
            user: UserId(Uuid::from_u128(n)),
            accepted,
            blocked,
            muted: false,
            hides_address: false,
            read_seq: 0,
        };
        Standing {
            conversation: ConversationId(Uuid::from_u128(9)),
            last_seq: 1,
            mine: side(1, mine, blocked),
            theirs: side(2, theirs, false),
        }
    }
}
