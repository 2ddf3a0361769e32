//! The stable codes by which clients tell errors apart. The words beside a code may change, the code may not.

use serde::{Deserialize, Serialize};

use crate::Milliseconds;

/// What went wrong, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum ErrorCode {
    /// The request is not of the form that is described; the message names the field.
    BadRequest,
    /// A variant, version or content type that this server does not know.
    Unsupported,
    /// No token, or one that is not valid any more: refresh or sign in.
    Unauthenticated,
    /// Username or password is wrong, it is not said which; or a code or passkey opens nothing.
    WrongCredentials,
    /// A ticket, challenge or setup is used up or too old: begin anew.
    Expired,
    /// Who sits there must be proven anew first: `POST /api/v1/sessions/current/confirmation`.
    ConfirmationRequired,
    /// Valid, but not allowed to this account.
    Forbidden,
    /// Nothing there, or nothing that this account may see.
    NotFound,
    /// Somebody has this username.
    UsernameTaken,
    /// The server takes no new accounts.
    RegistrationClosed,
    /// Who registers on this server needs an invite.
    InviteNeeded,
    /// The link is used up, withdrawn or expired.
    LinkInvalid,
    /// An administrator has disabled the account.
    AccountDisabled,
    /// The new password is among the first that somebody would try: choose another.
    PasswordGuessable,
    /// The other person has not accepted, or takes nothing from this account.
    NotAccepted,
    /// This account has blocked the other person.
    Blocked,
    /// The call is not in a state in which this can be done; the `call` that follows says which it is. Or there is no factor
    /// that recovery codes could stand in for.
    WrongState,
    /// The same id was used before for something else; a passkey that somebody has, or one too many.
    Conflict,
    /// Larger than allowed.
    TooLarge,
    /// Too often; `retry_after` says when to come back.
    RateLimited,
    /// The server is busy, stopping, or cannot write to its disk; try again.
    Unavailable,
    /// The server's disk is full: nothing of the request was kept, and nothing will be until its host frees space.
    StorageFull,
    /// A fault of the server, logged there under the id given.
    Internal,
}

/// An HTTP error: `application/problem+json` (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Problem {
    /// The HTTP status again.
    pub status: u16,
    /// What went wrong, for programs.
    pub code: ErrorCode,
    /// What went wrong and what to do, for people.
    pub title: String,
    /// The field of the request that is wrong, where one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub field: Option<String>,
    /// Try again after so long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub retry_after: Option<Milliseconds>,
}
