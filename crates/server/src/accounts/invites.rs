//! Who is let in: the mode of registration, and invites.
//!
//! The first account of a server is let in whatever the mode, because nobody is there to invite it. It
//! is decided with the insertion, by the one writer, so that of two at once only one is the first.

use protocol::account::Token;
use protocol::error::ErrorCode;
use protocol::limits::{INVITE_DAYS_MAX, INVITE_USES_MAX, INVITES_OPEN_MAX};
use protocol::registration::{Admission, Invite, MadeInvite, NewInvite, Registration, ShownInvite};
use protocol::{InviteId, Milliseconds, Timestamp, UserId};

use super::{Accounts, refresh};
use crate::app::Ruled;
use crate::error::Refusal;
use crate::secrets;
use crate::store::invites::InviteHash;
use crate::store::{self, Connection, StoreError};

/// Who may register, and by which invite.
#[derive(Debug)]
pub(super) struct Door {
    mode: Registration,
    invite: Option<InviteHash>,
}

impl Door {
    pub(super) fn new(mode: Registration, invite: Option<&Token>) -> Self {
        Self {
            mode,
            invite: invite.map(refresh::hash),
        }
    }

    /// Whether it opens now, and by which invite.
    pub(super) fn opens(
        &self,
        db: &Connection,
        now: Timestamp,
    ) -> Result<Ruled<Option<Invite>>, StoreError> {
        let first = store::accounts::is_empty(db)?;
        let shown = match &self.invite {
            Some(secret) => store::invites::find(db, secret, now)?
                .map_or(Shown::Useless, |invite| Shown::Good(Box::new(invite))),
            None => Shown::Nothing,
        };
        Ok(decide(self.mode, first, shown))
    }
}

/// What whoever registers has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shown {
    Nothing,
    /// An invite that is used up, withdrawn, expired or was never made.
    Useless,
    Good(Box<Invite>),
}

fn decide(mode: Registration, first: bool, shown: Shown) -> Ruled<Option<Invite>> {
    match (mode, shown) {
        _ if first => Ok(None),
        (Registration::Closed, _) => Err(closed()),
        (_, Shown::Useless) => Err(invalid()),
        (_, Shown::Good(invite)) => Ok(Some(*invite)),
        (Registration::Open, Shown::Nothing) => Ok(None),
        (Registration::Invite, Shown::Nothing) => {
            let message = "This server is by invitation. Ask somebody who is here for a link.";
            Err(Refusal::new(ErrorCode::InviteNeeded, message))
        }
    }
}

impl Accounts {
    /// Who may register.
    ///
    /// # Errors
    /// The store's reasons.
    pub async fn admission(&self) -> Result<Admission, Refusal> {
        Ok(Admission {
            registration: self.registration,
            first: self.store.read(store::accounts::is_empty).await?,
        })
    }

    /// Makes an invite; `inviter` is nothing for the host.
    ///
    /// # Errors
    /// [`ErrorCode::BadRequest`] for numbers out of bounds, [`ErrorCode::RegistrationClosed`] where nobody
    /// could use it, [`ErrorCode::Conflict`] where too many are open.
    pub async fn invite(
        &self,
        inviter: Option<UserId>,
        NewInvite { uses, days }: NewInvite,
    ) -> Result<MadeInvite, Refusal> {
        if self.registration == Registration::Closed {
            let message = "Registration is closed, so an invite would let nobody in. The host may set \
                           registration to invite.";
            return Err(Refusal::new(ErrorCode::RegistrationClosed, message));
        }
        check_bounds("uses", uses, INVITE_USES_MAX)?;
        check_bounds("days", days, INVITE_DAYS_MAX)?;
        let now = self.clock.now();
        let (secret, hash) = refresh::new();
        let new = store::invites::NewInvite {
            id: InviteId(secrets::new_id(now)),
            secret: hash,
            inviter,
            created_at: now,
            expires_at: now + Milliseconds::from_seconds(u64::from(days) * 24 * 3600),
            uses,
        };
        let make = move |db: &Connection| {
            let open = store::invites::list(db, now)?.len();
            if open >= INVITES_OPEN_MAX as usize {
                return Ok(Err(too_many()));
            }
            store::invites::insert(db, &new)?;
            let made = store::invites::find(db, &new.secret, now)?;
            // Nothing only where its maker is no administrator any more.
            Ok(made.ok_or_else(not_administrator))
        };
        let invite = self.store.write(make).await??;
        tracing::info!(invite.id = %invite.id, uses, days, "invite made");
        Ok(MadeInvite { invite, secret })
    }

    /// The open invites, newest first.
    ///
    /// # Errors
    /// The store's reasons.
    pub async fn invites(&self) -> Result<Vec<Invite>, Refusal> {
        let now = self.clock.now();
        let list = self.store.read(move |db| store::invites::list(db, now));
        Ok(list.await?)
    }

    /// Withdraws an invite.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`].
    pub async fn withdraw_invite(&self, invite: InviteId) -> Result<(), Refusal> {
        let withdraw = self
            .store
            .write(move |db| store::invites::withdraw(db, invite));
        if withdraw.await? {
            tracing::info!(invite.id = %invite, "invite withdrawn");
            Ok(())
        } else {
            Err(Refusal::not_found("invite"))
        }
    }

    /// Whose invite it is.
    ///
    /// # Errors
    /// [`ErrorCode::LinkInvalid`], [`ErrorCode::RegistrationClosed`].
    pub async fn show_invite(&self, secret: &Token) -> Result<ShownInvite, Refusal> {
        if self.registration == Registration::Closed {
            return Err(closed());
        }
        let (secret, now) = (refresh::hash(secret), self.clock.now());
        let find = self
            .store
            .read(move |db| store::invites::find(db, &secret, now));
        let invite = find.await?.ok_or_else(invalid)?;
        Ok(ShownInvite {
            inviter: invite.inviter,
            expires_at: invite.expires_at,
        })
    }
}

fn check_bounds(field: &str, number: u32, max: u32) -> Result<(), Refusal> {
    if (1..=max).contains(&number) {
        return Ok(());
    }
    let message = format!("{field} must be from 1 to {max}.");
    Err(Refusal::new(ErrorCode::BadRequest, message).at(field))
}

fn closed() -> Refusal {
    let message = "This server takes no new accounts. Ask whoever runs it.";
    Refusal::new(ErrorCode::RegistrationClosed, message)
}

fn invalid() -> Refusal {
    let message = "This invite is used up, withdrawn or expired. Ask for another one.";
    Refusal::new(ErrorCode::LinkInvalid, message)
}

fn too_many() -> Refusal {
    let message = format!("{INVITES_OPEN_MAX} invites are open already. Withdraw some first.");
    Refusal::new(ErrorCode::Conflict, message)
}

pub(super) fn not_administrator() -> Refusal {
    let message = "Only an administrator of this server may do that.";
    Refusal::new(ErrorCode::Forbidden, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mode_and_the_invite_decide_and_the_first_is_always_let_in() {
        use Registration::{Closed, Invite as ByInvite, Open};
        let good = Shown::Good(Box::new(invite()));
        for (mode, shown, expected) in [
            (Open, Shown::Nothing, Ok(false)),
            (Open, Shown::Useless, Err(ErrorCode::LinkInvalid)),
            (Open, good.clone(), Ok(true)),
            (ByInvite, Shown::Nothing, Err(ErrorCode::InviteNeeded)),
            (ByInvite, Shown::Useless, Err(ErrorCode::LinkInvalid)),
            (ByInvite, good.clone(), Ok(true)),
            (Closed, Shown::Nothing, Err(ErrorCode::RegistrationClosed)),
            (Closed, Shown::Useless, Err(ErrorCode::RegistrationClosed)),
            (Closed, good, Err(ErrorCode::RegistrationClosed)),
        ] {
            let decided = decide(mode, false, shown.clone());
            let decided = decided.map(|invite| invite.is_some());
            assert_eq!(decided.map_err(|refusal| refusal.code), expected, "{mode}");
            assert_eq!(decide(mode, true, shown), Ok(None), "the first, {mode}");
        }
    }

    fn invite() -> Invite {
        Invite {
            id: InviteId(uuid::Uuid::from_u128(1)),
            inviter: None,
            created_at: Timestamp(0),
            expires_at: Timestamp(1),
            uses: 1,
            used: 0,
        }
    }
}
