//! The one error that requests end in, over HTTP and over the socket alike.
//!
//! Which error where: `store` has [`StoreError`]; what fails at start has its own enums in `config` and
//! `lifecycle`; everything that answers a client returns [`Refusal`]. Only `http` knows statuses, only
//! `socket` knows frames. A fault of ours is logged here, once, under an id that the client is told,
//! and says nothing else outside.

use protocol::error::ErrorCode;
use protocol::{Milliseconds, UserId};

use crate::incidents::Incident;
use crate::secrets;
use crate::store::{StoreError, Trouble};

/// How long a client waits before it tries a busy server again.
pub const BUSY_RETRY: Milliseconds = Milliseconds::from_seconds(2);
/// How long a client waits before it tries a server again whose disk fails.
pub const DISK_RETRY: Milliseconds = Milliseconds::from_seconds(5);

/// Why a request was not carried out, in words for the person who asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// For programs.
    pub code: ErrorCode,
    /// What went wrong and what to do, for people.
    pub message: String,
    /// The field of the request that is wrong, where one is.
    pub field: Option<String>,
    /// Try again after so long.
    pub retry_after: Option<Milliseconds>,
    /// What it is for the log, where it is worth a line; nobody outside is told.
    pub incident: Option<Incident>,
    /// Whose account it is about, for that line.
    pub concerns: Option<UserId>,
}

impl Refusal {
    /// A refusal with its words.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            field: None,
            retry_after: None,
            incident: Incident::of(code),
            concerns: None,
        }
    }

    /// Names the field that is wrong.
    pub fn at(self, field: impl Into<String>) -> Self {
        Self {
            field: Some(field.into()),
            ..self
        }
    }

    /// Names, for the log alone, whose account it is about.
    pub fn concerning(self, user: UserId) -> Self {
        Self {
            concerns: Some(user),
            ..self
        }
    }

    /// Says when to come back.
    pub fn after(self, length: Milliseconds) -> Self {
        Self {
            retry_after: Some(length),
            ..self
        }
    }

    /// There is nothing there, or nothing that this account may see.
    pub fn not_found(what: &str) -> Self {
        Self::new(ErrorCode::NotFound, format!("There is no such {what}."))
    }

    /// The server is too busy, or stopping.
    pub fn unavailable() -> Self {
        let message = "The server is busy or stopping. Try again in a moment.";
        Self::new(ErrorCode::Unavailable, message).after(BUSY_RETRY)
    }

    /// The disk fails. The writer has said so in the log, and goes on by itself when it can.
    fn trouble(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Full => {
                let message = "The server's disk is full, so this was not kept. Tell whoever runs the server, and \
                               try again when there is space.";
                Self::new(ErrorCode::StorageFull, message)
            }
            Trouble::Locked | Trouble::ReadOnly | Trouble::Disk => {
                let message = "The server cannot write to its disk at the moment, so this was not kept. Try again \
                               soon; if it stays so, tell whoever runs the server.";
                Self::new(ErrorCode::Unavailable, message).after(DISK_RETRY)
            }
        }
    }

    /// A fault of ours: logs the cause and tells only an id.
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        let fault = u32::from_be_bytes(secrets::random());
        tracing::error!(fault.id = format!("{fault:08x}"), %cause, "a request failed by a fault of ours");
        let message = format!("The server made a mistake. Its log has it under {fault:08x}.");
        Self::new(ErrorCode::Internal, message)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Closed | StoreError::Busy => Self::unavailable(),
            StoreError::Trouble(trouble) => Self::trouble(trouble),
            StoreError::Database(_)
            | StoreError::Commit(_)
            | StoreError::Panicked
            | StoreError::Corrupt(_) => Self::internal(&error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_with_the_disk_is_told_with_what_to_do() {
        let full = Refusal::from(StoreError::Trouble(Trouble::Full));
        assert_eq!(
            (full.code, full.retry_after),
            (ErrorCode::StorageFull, None)
        );
        assert!(full.message.contains("whoever runs the server"));
        for trouble in [Trouble::Locked, Trouble::ReadOnly, Trouble::Disk] {
            let refusal = Refusal::from(StoreError::Trouble(trouble));
            assert_eq!(refusal.code, ErrorCode::Unavailable);
            assert_eq!(refusal.retry_after, Some(DISK_RETRY));
            assert!(refusal.message.contains("was not kept"));
        }
    }
}
