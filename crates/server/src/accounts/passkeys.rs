//! What passkeys are used for: to sign in, and to confirm that it is the owner who sits there.
//!
//! The rules kept here: a challenge is good once, for minutes, and for what it was made for: a sign-in, or one session. A
//! sign-in names no account; the passkey does.

use protocol::SessionId;
use protocol::error::ErrorCode;
use protocol::factors::{PasskeyChallenge, PasskeyProof, SignInWithPasskey};
use protocol::limits::PASSKEY_CHALLENGE_LIFE;

use super::sign_in::{Opening, disabled};
use super::tokens::Claims;
use super::webauthn::{self, Answer, Asked, Site};
use super::{Accounts, Opened, expired, refresh};
use crate::app::Ruled;
use crate::error::Refusal;
use crate::store::passkeys::{Kept, MovingState};
use crate::store::sessions::ConfirmedBy;
use crate::store::{self, Connection, StoreError};

/// A challenge that was sent.
#[derive(Debug)]
pub(super) struct Challenge {
    asked: Asked,
    /// The session that is to be confirmed; nothing for a sign-in.
    confirms: Option<SessionId>,
}

impl Accounts {
    /// A challenge to passkeys: for a sign-in, or for the session that is to be confirmed.
    ///
    /// # Errors
    /// [`ErrorCode::Unsupported`] where the page was loaded from an IP address.
    pub fn ask_passkey(
        &self,
        site: Option<&Site>,
        confirms: Option<SessionId>,
    ) -> Result<PasskeyChallenge, Refusal> {
        let site = site.ok_or_else(webauthn::impossible)?;
        let (asked, options) = webauthn::ask(site)?;
        let (token, name) = refresh::new();
        let challenge = Challenge { asked, confirms };
        let (now, challenges) = (self.clock.now(), &self.waiting.challenges);
        challenges.put(now, name, PASSKEY_CHALLENGE_LIFE, challenge);
        Ok(PasskeyChallenge {
            challenge: token,
            options,
        })
    }

    /// Opens a session for whoever has a passkey. It takes no password: possession, and finger, face or PIN, are two factors.
    ///
    /// # Errors
    /// [`ErrorCode::WrongCredentials`], [`ErrorCode::Expired`], [`ErrorCode::AccountDisabled`], and the store's reasons.
    pub async fn sign_in_with_passkey(
        &self,
        wanted: SignInWithPasskey,
        site: Option<&Site>,
    ) -> Result<Opened, Refusal> {
        let SignInWithPasskey { passkey, device } = wanted;
        let (kept, next) = self.check_passkey(passkey, site, None).await?;
        let person = self.person(kept.account).await?;
        let opening = Opening::new(self, person, device, ConfirmedBy::Passkey);
        let now = self.clock.now();
        let open = move |db: &Connection| {
            if store::managed::is_disabled(db, kept.account)? {
                return Ok(Err(disabled().concerning(kept.account)));
            }
            if !store::passkeys::note_use(db, &kept, &next, now)? {
                return Ok::<Ruled<_>, StoreError>(Err(webauthn::refused()));
            }
            let opened = store::sessions::open(db, &opening.session)?;
            Ok(Ok((opened, opening)))
        };
        let (opened, opening) = self.store.write(open).await??;
        opening.finish(self, opened)
    }

    /// Checks a passkey of whoever is signed in.
    pub(super) async fn check_own_passkey(
        &self,
        asking: &Claims,
        proof: PasskeyProof,
        site: Option<&Site>,
    ) -> Result<(), Refusal> {
        let (kept, next) = self
            .check_passkey(proof, site, Some(asking.session))
            .await?;
        if kept.account != asking.user {
            let message = "This passkey is of another account.";
            return Err(Refusal::new(ErrorCode::WrongCredentials, message));
        }
        let now = self.clock.now();
        let note = self
            .store
            .write(move |db| store::passkeys::note_use(db, &kept, &next, now));
        if note.await? {
            Ok(())
        } else {
            Err(webauthn::refused())
        }
    }

    /// Which passkey has answered, and its next state. The challenge is used up, whatever comes of it.
    async fn check_passkey(
        &self,
        proof: PasskeyProof,
        site: Option<&Site>,
        confirms: Option<SessionId>,
    ) -> Result<(Kept, MovingState), Refusal> {
        let site = site.ok_or_else(webauthn::impossible)?;
        let name = refresh::hash(&proof.challenge);
        let challenge = self.waiting.challenges.take(self.clock.now(), &name);
        let challenge = challenge.filter(|challenge| challenge.confirms == confirms);
        let challenge = challenge.ok_or_else(|| expired("This challenge"))?;
        let answer = Answer::parse(&proof.credential)?;
        let credential = answer.credential();
        let kept = self
            .store
            .read(move |db| store::passkeys::find(db, &credential));
        let kept = kept.await?.ok_or_else(webauthn::refused)?;
        let next = answer.check(site, challenge.asked, &kept)?;
        Ok((kept, next))
    }
}
