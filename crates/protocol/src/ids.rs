//! One newtype per id, so that a call id is never taken for a user id.
//!
//! All are UUIDs, version 7 where this project makes them, written in lower case with hyphens.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Text that is no UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no UUID; write it as 01890a5d-ac96-774b-bcce-b302099a8057")]
pub struct InvalidId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
        #[cfg_attr(feature = "typescript", ts(type = "string"))]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::try_parse(text).map(Self).map_err(|_| InvalidId)
            }
        }
    };
}

id! {
    /// An account.
    UserId
}
id! {
    /// One installation of a client in which one account is signed in: a browser profile, a phone, a terminal.
    DeviceId
}
id! {
    /// One signed-in period of one device. Ending it takes the device's access away.
    SessionId
}
id! {
    /// A passkey, by a number of ours; the authenticator's own name for it is longer.
    PasskeyId
}
id! {
    /// The one conversation of a pair of people.
    ConversationId
}
id! {
    /// A message, made by the client that writes it, so that a resend is recognised.
    MessageId
}
id! {
    /// A call, made by the server. The timeline entry of a call has the same id.
    CallId
}
id! {
    /// An invite. It is no secret; what the link carries is.
    InviteId
}
id! {
    /// One press of the phone icon, made by the client, so that a resent `start_call` finds its call.
    AttemptId
}

impl From<CallId> for MessageId {
    fn from(call: CallId) -> Self {
        Self(call.0)
    }
}
