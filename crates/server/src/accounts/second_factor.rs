//! The second half of a sign-in: a code after the password.
//!
//! The rules kept here: a ticket opens one session of the account whose password was checked, for whoever got it, within
//! minutes and a few attempts; it is worth nothing once the password was changed or the account disabled. Guesses are
//! counted for the account across its tickets.

use protocol::Timestamp;
use protocol::account::{DeviceClaim, RefreshBy, Token};
use protocol::error::ErrorCode;
use protocol::factors::{CodeWay, SecondFactor, SecondFactorRequired, SecondFactorWay};
use protocol::limits::{SECOND_FACTOR_ATTEMPTS, SECOND_FACTOR_LIFE};

use super::sign_in::{Opening, Proven, disabled};
use super::{Accounts, Opened, codes, expired, refresh};
use crate::error::Refusal;
use crate::store::sessions::{ConfirmedBy, RefreshHash};
use crate::store::{self, Connection, StoreError};

/// A sign-in whose password was right.
#[derive(Debug)]
pub(super) struct Ticket {
    proven: Proven,
    device: DeviceClaim,
    until: Timestamp,
    attempts: u32,
}

/// What a code leads to.
enum Judged {
    Opened {
        opened: store::sessions::Opened,
        opening: Box<Opening>,
        codes_left: Option<u32>,
    },
    Wrong,
    PasswordChanged,
    Disabled,
}

impl Accounts {
    pub(super) fn wait_for_factor(
        &self,
        proven: Proven,
        device: DeviceClaim,
        ways: Vec<SecondFactorWay>,
    ) -> SecondFactorRequired {
        let now = self.clock.now();
        let (token, hash) = refresh::new();
        let ticket = Ticket {
            proven,
            device,
            until: now + SECOND_FACTOR_LIFE,
            attempts: 0,
        };
        let tickets = &self.waiting.tickets;
        tickets.put(now, hash, SECOND_FACTOR_LIFE, ticket);
        SecondFactorRequired {
            ticket: token,
            expires_in: SECOND_FACTOR_LIFE,
            ways,
        }
    }

    /// How the refresh token of the session that a ticket stands for will travel.
    pub fn refresh_by(&self, ticket: &Token) -> Option<RefreshBy> {
        let (name, now) = (refresh::hash(ticket), self.clock.now());
        let tickets = &self.waiting.tickets;
        tickets.with(now, &name, |ticket| ticket.device.refresh_by)
    }

    /// Opens the session that a ticket stands for.
    ///
    /// # Errors
    /// [`ErrorCode::Expired`] where the ticket is not good any more, [`ErrorCode::WrongCredentials`],
    /// [`ErrorCode::AccountDisabled`], [`ErrorCode::RateLimited`], and the store's reasons.
    pub async fn second_factor(&self, shown: SecondFactor) -> Result<Opened, Refusal> {
        let (name, now) = (refresh::hash(&shown.ticket), self.clock.now());
        // Taken out while it is looked at, so that two codes at once open one session.
        let ticket = self.waiting.tickets.take(now, &name);
        let ticket = ticket.ok_or_else(|| expired("This sign-in"))?;
        let (user, known_device) = (ticket.proven.person.id, ticket.proven.known_device);
        if let Err(refusal) = self.throttle.begin_factor(now, user, known_device) {
            self.put_back(name, ticket);
            return Err(refusal);
        }
        let opening = Opening::new(
            self,
            ticket.proven.person.clone(),
            ticket.device.clone(),
            ConfirmedBy::Password,
        );
        let judge = move |db: &Connection| Ok((judge(db, &ticket, &shown, opening, now)?, ticket));
        let (judged, mut ticket) = self.store.write(judge).await?;
        match judged {
            Judged::Opened {
                opened,
                opening,
                codes_left,
            } => {
                self.throttle.factor_succeeded(user, known_device);
                let mut opened = opening.finish(self, opened)?;
                opened.signed_in.recovery_codes_left = codes_left;
                Ok(opened)
            }
            Judged::PasswordChanged => Err(expired("This sign-in")),
            Judged::Disabled => Err(disabled().concerning(user)),
            Judged::Wrong => {
                ticket.attempts += 1;
                if ticket.attempts < SECOND_FACTOR_ATTEMPTS {
                    self.put_back(name, ticket);
                }
                let message = "This code is wrong, or was used before.";
                Err(Refusal::new(ErrorCode::WrongCredentials, message)
                    .at("code")
                    .concerning(user))
            }
        }
    }

    fn put_back(&self, name: RefreshHash, ticket: Ticket) {
        let now = self.clock.now();
        let left = ticket.until.since(now);
        self.waiting.tickets.put(now, name, left, ticket);
    }
}

fn judge(
    db: &Connection,
    ticket: &Ticket,
    shown: &SecondFactor,
    opening: Opening,
    now: Timestamp,
) -> Result<Judged, StoreError> {
    let user = ticket.proven.person.id;
    if !ticket.proven.still_holds(db)? {
        return Ok(Judged::PasswordChanged);
    }
    if store::managed::is_disabled(db, user)? {
        return Ok(Judged::Disabled);
    }
    let is_right = match shown.way {
        CodeWay::AuthenticatorApp => match store::factors::app_secret(db, user)? {
            None => false,
            Some(secret) => match codes::step_of(&secret, &shown.code, now) {
                None => false,
                Some(step) => store::factors::use_step(db, user, &secret, step)?,
            },
        },
        CodeWay::RecoveryCode => {
            let hash = codes::recovery_hash(&shown.code);
            store::factors::use_code(db, user, &hash)?
        }
    };
    if !is_right {
        return Ok(Judged::Wrong);
    }
    let codes_left = match shown.way {
        CodeWay::AuthenticatorApp => None,
        CodeWay::RecoveryCode => Some(store::factors::codes_left(db, user)?),
    };
    Ok(Judged::Opened {
        opened: store::sessions::open(db, &opening.session)?,
        opening: Box::new(opening),
        codes_left,
    })
}
