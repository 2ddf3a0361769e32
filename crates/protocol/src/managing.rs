//! What an administrator sees and does of the accounts of a server.
//!
//! Every request here needs the access token of an administrator, but for the last step of a reset,
//! which is the account's own person's: they have the link.

use serde::{Deserialize, Serialize};

use crate::account::{Person, Token};
use crate::{Password, Timestamp};

/// An account, as an administrator sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ManagedAccount {
    /// Whose.
    pub person: Person,
    /// Whether it may manage accounts.
    pub administrator: bool,
    /// Whether it may not sign in.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When a device of it was last there, as far as is known.
    pub last_used_at: Option<Timestamp>,
}

/// The answer to `GET /api/v1/accounts`, by username.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ManagedAccounts {
    /// A page of them.
    pub accounts: Vec<ManagedAccount>,
    /// Whether there are more.
    pub more: bool,
}

/// `PATCH /api/v1/accounts/{id}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ChangeAccount {
    /// Whether it may not sign in. To disable ends its sessions and calls at once.
    pub disabled: bool,
}

/// The answer to `POST /api/v1/accounts/{id}/reset`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct PasswordReset {
    /// What the link carries. Nobody can look it up later.
    pub secret: Token,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// Whether the next sign-in asks for the code of an authenticator app, as before.
    pub authenticator_app: bool,
    /// So many passkeys of the account still sign in.
    pub passkeys: u32,
}

/// `POST /api/v1/resets/show`: whose password is it?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ShowReset {
    /// What the link carries.
    pub reset: Token,
}

/// `POST /api/v1/resets`: chooses the new password. The link is worth nothing afterwards.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ChoosePassword {
    /// What the link carries.
    pub reset: Token,
    /// The new password.
    pub password: Password,
}
