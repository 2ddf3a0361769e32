//! The words of Ahoy: what clients and servers say to each other, and nothing else.
//!
//! Wire types, ids, limits and error codes, shared by the server, the native client and
//! (through generated TypeScript) the web client. The rule kept here: no I/O, no clock,
//! no randomness and no behaviour beyond checking that a value is well formed.
//!
//! The conversation, in the order in which it usually happens:
//!
//! 1. `POST /api/v1/accounts` or `/api/v1/sessions` → [`account::SignedIn`].
//! 2. The WebSocket `/api/v1/socket`: [`socket::Opening`] → [`socket::Welcome`], the snapshot.
//! 3. [`socket::ClientFrame`]s, each answered by exactly one `ok` or `error`;
//!    [`socket::ServerFrame`]s as hints that something changed.
//! 4. A call: `start_call` → `call` (ringing) → `answer_call` → `call` (connecting), then
//!    `candidates` both ways → `report_call` → `call` (active) → `hang_up` → `call` (ended).
//!
//! `docs/protocol.md` tells it to a stranger.

pub mod account;
pub mod call;
pub mod chat;
pub mod control;
pub mod description;
pub mod error;
pub mod factors;
pub mod identity;
mod ids;
pub mod limits;
pub mod managing;
pub mod registration;
pub mod relay;
pub mod settings;
pub mod socket;
mod text;
mod time;
#[cfg(feature = "typescript")]
pub mod typescript;

pub use ids::{
    AttemptId, CallId, ConversationId, DeviceId, InvalidId, InviteId, MessageId, PasskeyId,
    SessionId, UserId,
};
pub use text::{
    DeviceName, DisplayName, InvalidText, MessageText, PasskeyName, Password, Username,
};
pub use time::{Milliseconds, Timestamp};
