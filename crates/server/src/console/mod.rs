//! Commands on the host that change what a server keeps: `ahoy invite` and `ahoy account …`.
//!
//! The rule kept here: one process uses the data directory. A running server takes orders over a Unix socket
//! in it, which only its owner may open; where none runs, the command takes the directory's lock and carries
//! the order out by itself. Either way it is the same code, [`carry_out`].

mod ask;
mod listener;
mod words;

use protocol::managing::ManagedAccount;
use protocol::registration::NewInvite;
use protocol::{Timestamp, Username};
use serde::{Deserialize, Serialize};

use crate::accounts::{Accounts, Change, FactorsAtReset};
use crate::config::{AccountVerb, InviteOptions};
use crate::error::Refusal;
use crate::store::managed::Which;

pub use ask::{AskError, ask};
pub(crate) use listener::Listener;

/// The socket in the data directory.
const SOCKET_FILE: &str = "ahoy.sock";
/// Largest order, in bytes.
const ORDER_MAX_BYTES: u64 = 4 * 1024;

/// What the host wants, as one JSON text on the socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub enum Order {
    /// An invite.
    Invite(NewInvite),
    /// All accounts.
    List,
    /// That an account cannot sign in.
    Disable {
        /// Whose.
        username: Username,
    },
    /// That it can again.
    Enable {
        /// Whose.
        username: Username,
    },
    /// A link for a new password.
    ResetPassword {
        /// Whose.
        username: Username,
        /// Whether the second factor and passkeys go too.
        #[serde(default)]
        without_second_factor: bool,
    },
    /// One more administrator.
    Promote {
        /// Who.
        username: Username,
    },
    /// One less.
    Demote {
        /// Who.
        username: Username,
    },
}

/// What came of an order, as one JSON text on the socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// An invite was made.
    Invited {
        /// What to give to those who are invited.
        link: String,
        /// So many may register by it.
        uses: u32,
        /// Until when it is good.
        expires_at: Timestamp,
    },
    /// All accounts, by username.
    Accounts {
        /// They.
        accounts: Vec<ManagedAccount>,
    },
    /// An account was changed.
    Changed {
        /// As it is now.
        account: ManagedAccount,
    },
    /// A password was taken away.
    Reset {
        /// What to give to the account's person.
        link: String,
        /// Until when it is good.
        expires_at: Timestamp,
        /// Whether an authenticator app is still asked for.
        authenticator_app: bool,
        /// So many passkeys still sign in.
        passkeys: u32,
    },
    /// Nothing was done.
    Refused {
        /// Why, and what to do.
        message: String,
    },
}

impl From<&InviteOptions> for Order {
    fn from(options: &InviteOptions) -> Self {
        Self::Invite(NewInvite {
            uses: options.uses,
            days: options.days,
        })
    }
}

impl From<&AccountVerb> for Order {
    fn from(verb: &AccountVerb) -> Self {
        match verb.clone() {
            AccountVerb::List => Self::List,
            AccountVerb::Disable(name) => Self::Disable {
                username: name.username,
            },
            AccountVerb::Enable(name) => Self::Enable {
                username: name.username,
            },
            AccountVerb::ResetPassword(options) => Self::ResetPassword {
                username: options.username,
                without_second_factor: options.without_second_factor,
            },
            AccountVerb::Promote(name) => Self::Promote {
                username: name.username,
            },
            AccountVerb::Demote(name) => Self::Demote {
                username: name.username,
            },
        }
    }
}

/// Carries an order out. `url` is where people find the server.
async fn carry_out(accounts: &Accounts, url: &str, order: Order) -> Answer {
    let done = match order {
        Order::Invite(wanted) => invite(accounts, url, wanted).await,
        Order::List => list(accounts).await,
        Order::ResetPassword {
            username,
            without_second_factor,
        } => {
            let factors = if without_second_factor {
                FactorsAtReset::Removed
            } else {
                FactorsAtReset::Kept
            };
            reset(accounts, url, username, factors).await
        }
        Order::Disable { username } => change(accounts, username, Change::Disable).await,
        Order::Enable { username } => change(accounts, username, Change::Enable).await,
        Order::Promote { username } => change(accounts, username, Change::Promote).await,
        Order::Demote { username } => change(accounts, username, Change::Demote).await,
    };
    done.unwrap_or_else(|refusal| Answer::Refused {
        message: refusal.message,
    })
}

async fn invite(accounts: &Accounts, url: &str, wanted: NewInvite) -> Result<Answer, Refusal> {
    let made = accounts.invite(None, wanted).await?;
    Ok(Answer::Invited {
        link: format!("{url}/#invite={}", made.secret.expose()),
        uses: made.invite.uses,
        expires_at: made.invite.expires_at,
    })
}

async fn list(accounts: &Accounts) -> Result<Answer, Refusal> {
    let accounts = accounts.list(None, u32::MAX - 1).await?.accounts;
    Ok(Answer::Accounts { accounts })
}

async fn change(
    accounts: &Accounts,
    username: Username,
    change: Change,
) -> Result<Answer, Refusal> {
    let account = accounts.change(Which::Name(username), change).await?;
    Ok(Answer::Changed { account })
}

async fn reset(
    accounts: &Accounts,
    url: &str,
    username: Username,
    factors: FactorsAtReset,
) -> Result<Answer, Refusal> {
    let which = Which::Name(username);
    let reset = accounts.reset_password(which, factors).await?;
    Ok(Answer::Reset {
        link: format!("{url}/#reset={}", reset.secret.expose()),
        expires_at: reset.expires_at,
        authenticator_app: reset.authenticator_app,
        passkeys: reset.passkeys,
    })
}
