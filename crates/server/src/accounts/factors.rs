//! One's own factors: adding, listing, removing.
//!
//! The rules kept here: whoever changes them was proven to be the owner a moment ago; what is set up counts only once it
//! was shown to work; the first factor brings recovery codes, so that nobody locks themselves out.

use protocol::account::Token;
use protocol::error::ErrorCode;
use protocol::factors::{
    AddAuthenticatorApp, AddPasskey, AuthenticatorAppSetup, Factors, FactorsChanged, WebAuthn,
};
use protocol::limits::{
    AUTHENTICATOR_APP_SETUP_LIFE, PASSKEY_CHALLENGE_LIFE, PASSKEYS_PER_ACCOUNT,
};
use protocol::{PasskeyId, PasskeyName, UserId};

use super::tokens::Claims;
use super::webauthn::{self, Site};
use super::{Accounts, codes, expired};
use crate::app::Ruled;
use crate::error::Refusal;
use crate::secrets;
use crate::store::passkeys::{Added, NewPasskey};
use crate::store::{self, Connection, StoreError};

impl Accounts {
    /// All of an account's factors.
    ///
    /// # Errors
    /// The store's reasons.
    pub async fn factors(&self, user: UserId, site: Option<&Site>) -> Result<Factors, Refusal> {
        let possible = site.is_some();
        let list = self
            .store
            .read(move |db| store::factors::list(db, user, possible));
        Ok(list.await?)
    }

    /// A new secret for an authenticator app, which the session then shows to have arrived there.
    ///
    /// # Errors
    /// [`ErrorCode::ConfirmationRequired`], and the store's reasons.
    pub async fn begin_app(
        &self,
        asking: &Claims,
        host: &str,
    ) -> Result<AuthenticatorAppSetup, Refusal> {
        self.require_confirmed(asking).await?;
        let person = self.person(asking.user).await?;
        let secret = secrets::random();
        let (now, life) = (self.clock.now(), AUTHENTICATOR_APP_SETUP_LIFE);
        self.waiting.apps.put(now, asking.session, life, secret);
        Ok(AuthenticatorAppSetup {
            secret: codes::secret_text(&secret),
            uri: codes::key_uri(&secret, host, person.username.as_str()),
            expires_in: life,
        })
    }

    /// Keeps the app, in place of one before, if it shows the right code.
    ///
    /// # Errors
    /// [`ErrorCode::BadRequest`] at `code`, [`ErrorCode::Expired`], and the store's reasons.
    pub async fn add_app(
        &self,
        asking: &Claims,
        shown: AddAuthenticatorApp,
        site: Option<&Site>,
    ) -> Result<FactorsChanged, Refusal> {
        let now = self.clock.now();
        let waits = self
            .waiting
            .apps
            .with(now, &asking.session, |secret| *secret);
        let secret = waits.ok_or_else(|| expired("Setting up the app"))?;
        let step = codes::step_of(&secret, &shown.code, now).ok_or_else(|| {
            let message =
                "This is not the code that the app shows now. Is the phone's clock right?";
            Refusal::new(ErrorCode::BadRequest, message).at("code")
        })?;
        // Taken by one: of two requests at once the second finds nothing.
        let taken = self.waiting.apps.take(now, &asking.session);
        taken.ok_or_else(|| expired("Setting up the app"))?;
        let user = asking.user;
        self.change_factors(user, site, move |db| {
            let is_first = !store::factors::any(db, user)?;
            store::factors::put_app(db, user, &secret, step, now)?;
            Ok(Ok(is_first.then(|| new_codes(db, user)).transpose()?))
        })
        .await
    }

    /// Takes the authenticator app away.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`], [`ErrorCode::ConfirmationRequired`], and the store's reasons.
    pub async fn remove_app(
        &self,
        asking: &Claims,
        site: Option<&Site>,
    ) -> Result<FactorsChanged, Refusal> {
        self.require_confirmed(asking).await?;
        let user = asking.user;
        self.change_factors(user, site, move |db| {
            let removed = store::factors::remove_app(db, user)?;
            Ok(found(removed, "authenticator app").map(|()| None))
        })
        .await
    }

    /// New recovery codes in place of all before.
    ///
    /// # Errors
    /// [`ErrorCode::WrongState`] where there is no factor that they could stand in for,
    /// [`ErrorCode::ConfirmationRequired`], and the store's reasons.
    pub async fn new_recovery_codes(
        &self,
        asking: &Claims,
        site: Option<&Site>,
    ) -> Result<FactorsChanged, Refusal> {
        self.require_confirmed(asking).await?;
        let user = asking.user;
        self.change_factors(user, site, move |db| {
            if !store::factors::any(db, user)? {
                let message =
                    "Recovery codes stand in for an authenticator app or a passkey. Add one first.";
                return Ok(Err(Refusal::new(ErrorCode::WrongState, message)));
            }
            Ok(Ok(Some(new_codes(db, user)?)))
        })
        .await
    }

    /// A challenge for the browser to make a passkey.
    ///
    /// # Errors
    /// [`ErrorCode::ConfirmationRequired`], [`ErrorCode::Unsupported`] where the page was loaded from an IP address, and
    /// the store's reasons.
    pub async fn begin_passkey(
        &self,
        asking: &Claims,
        site: Option<&Site>,
    ) -> Result<WebAuthn, Refusal> {
        let site = site.ok_or_else(webauthn::impossible)?;
        self.require_confirmed(asking).await?;
        let (user, person) = (asking.user, self.person(asking.user).await?);
        let known = self
            .store
            .read(move |db| store::passkeys::credentials(db, user));
        let (making, options) = webauthn::begin(site, &person, known.await?)?;
        let (now, life) = (self.clock.now(), PASSKEY_CHALLENGE_LIFE);
        self.waiting.making.put(now, asking.session, life, making);
        Ok(options)
    }

    /// Keeps the passkey that the browser has made.
    ///
    /// # Errors
    /// [`ErrorCode::Expired`], [`ErrorCode::BadRequest`], [`ErrorCode::Conflict`] for one that is known or one too many,
    /// and the store's reasons.
    pub async fn add_passkey(
        &self,
        asking: &Claims,
        add: AddPasskey,
        site: Option<&Site>,
    ) -> Result<FactorsChanged, Refusal> {
        let here = site.ok_or_else(webauthn::impossible)?;
        let (now, user) = (self.clock.now(), asking.user);
        let making = self.waiting.making.take(now, &asking.session);
        let making = making.ok_or_else(|| expired("Making the passkey"))?;
        let made = webauthn::finish(here, making, &add.credential)?;
        let new = NewPasskey {
            id: PasskeyId(secrets::new_id(now)),
            account: user,
            credential: made.credential,
            name: add.name,
            fixed_state: made.fixed_state,
            moving_state: made.moving_state,
            added_at: now,
        };
        self.change_factors(user, site, move |db| {
            let is_first = !store::factors::any(db, user)?;
            match store::passkeys::insert(db, &new)? {
                Added::Kept => Ok(Ok(is_first.then(|| new_codes(db, user)).transpose()?)),
                Added::Known => Ok(Err(conflict("This passkey is added already."))),
                Added::TooMany => Ok(Err(conflict(&format!(
                    "An account has at most {PASSKEYS_PER_ACCOUNT} passkeys. Remove one first."
                )))),
            }
        })
        .await
    }

    /// Calls a passkey something else.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`], and the store's reasons.
    pub async fn rename_passkey(
        &self,
        asking: &Claims,
        id: PasskeyId,
        name: PasskeyName,
        site: Option<&Site>,
    ) -> Result<FactorsChanged, Refusal> {
        let user = asking.user;
        self.change_factors(user, site, move |db| {
            let renamed = store::passkeys::rename(db, user, id, &name)?;
            Ok(found(renamed, "passkey").map(|()| None))
        })
        .await
    }

    /// Removes a passkey.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`], [`ErrorCode::ConfirmationRequired`], and the store's reasons.
    pub async fn remove_passkey(
        &self,
        asking: &Claims,
        id: PasskeyId,
        site: Option<&Site>,
    ) -> Result<FactorsChanged, Refusal> {
        self.require_confirmed(asking).await?;
        let user = asking.user;
        self.change_factors(user, site, move |db| {
            let removed = store::passkeys::remove(db, user, id)?;
            Ok(found(removed, "passkey").map(|()| None))
        })
        .await
    }

    /// Carries a change out and tells what there is afterwards.
    async fn change_factors<W>(
        &self,
        user: UserId,
        site: Option<&Site>,
        work: W,
    ) -> Result<FactorsChanged, Refusal>
    where
        W: FnOnce(&Connection) -> Result<Ruled<Option<Vec<Token>>>, StoreError> + Send + 'static,
    {
        let possible = site.is_some();
        let change = move |db: &Connection| {
            Ok::<_, StoreError>(match work(db)? {
                Err(refusal) => Err(refusal),
                Ok(recovery_codes) => Ok(FactorsChanged {
                    factors: store::factors::list(db, user, possible)?,
                    recovery_codes,
                }),
            })
        };
        let changed = self.store.write(change).await??;
        tracing::info!(user.id = %user, "factors changed");
        Ok(changed)
    }
}

fn new_codes(db: &Connection, user: UserId) -> Result<Vec<Token>, StoreError> {
    let (codes, hashes) = codes::recovery_codes();
    store::factors::replace_codes(db, user, &hashes)?;
    Ok(codes)
}

fn found(is_there: bool, what: &str) -> Result<(), Refusal> {
    if is_there {
        Ok(())
    } else {
        Err(Refusal::not_found(what))
    }
}

fn conflict(message: &str) -> Refusal {
    Refusal::new(ErrorCode::Conflict, message)
}
