//! Why the server closes a socket: each reason knows its close code and the words that go with it.

use protocol::limits::close;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// Why the server closes a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// The client left, or its network did; there is nobody to tell.
    Gone,
    /// A frame is no JSON object, or no text.
    NotJson,
    /// The first frame is not a well-formed `hello`.
    BadHello,
    /// No `hello` within [`protocol::limits::HELLO_DEADLINE`].
    NoHello,
    /// The token is not valid, has run out, or is another device's.
    BadToken,
    /// The token ran out and was not renewed within [`protocol::limits::TOKEN_RENEWAL_GRACE`].
    TokenExpired,
    /// The session was ended.
    SessionEnded,
    /// The client speaks another version of the protocol.
    Version,
    /// A frame is larger than allowed.
    TooLarge,
    /// The client breaks the rules of WebSocket (RFC 6455 §7.4.1).
    Protocol,
    /// Nothing was heard for [`protocol::limits::SILENCE_LIMIT`].
    Silent,
    /// The queue of frames that wait for the client is full.
    SlowReader,
    /// The request limit was passed again and again.
    TooManyRequests,
    /// The account has as many sockets as it may have.
    TooManySockets,
    /// The server stops.
    GoingAway,
    /// A fault of the server, in its log.
    Internal,
}

impl Close {
    /// The frame to send; nothing where nobody is there to read it.
    pub(crate) fn frame(self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::Gone => return None,
            Self::NotJson => (close::BAD_FRAME, "send JSON objects as text frames"),
            Self::BadHello => (
                close::BAD_FRAME,
                "open with hello: {\"type\":\"hello\",\"token\":…,\"device\":…,\"protocol\":…}",
            ),
            Self::NoHello => (close::UNAUTHENTICATED, "no hello in time"),
            Self::BadToken => (
                close::UNAUTHENTICATED,
                "the access token is not valid for this device; refresh the session",
            ),
            Self::TokenExpired => (
                close::UNAUTHENTICATED,
                "the access token ran out; refresh the session",
            ),
            Self::SessionEnded => (close::SESSION_ENDED, "the session was ended; sign in again"),
            Self::Version => (
                close::UNSUPPORTED,
                "this protocol version is not spoken here; update the client",
            ),
            Self::TooLarge => (close::TOO_LARGE, "the frame is larger than allowed"),
            Self::Protocol => (1002, "the frame breaks the rules of WebSocket"),
            Self::Silent => (close::SILENT, "nothing was heard for too long"),
            Self::SlowReader => (
                close::SLOW_READER,
                "frames are not read fast enough; come back and take the snapshot",
            ),
            Self::TooManyRequests => (close::TOO_MANY_REQUESTS, "too many requests"),
            Self::TooManySockets => (
                close::TOO_MANY_REQUESTS,
                "this account has too many sockets open",
            ),
            Self::GoingAway => (close::SERVER_RESTART, "the server stops; come back soon"),
            Self::Internal => (1011, "a fault of the server; come back"),
        };
        Some(CloseFrame {
            code: code.into(),
            reason: reason.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6455 §5.5: a control frame holds 125 bytes, two of which are the code.
    #[test]
    fn every_reason_fits_a_control_frame() {
        for close in [
            Close::NotJson,
            Close::BadHello,
            Close::NoHello,
            Close::BadToken,
            Close::TokenExpired,
            Close::SessionEnded,
            Close::Version,
            Close::TooLarge,
            Close::Protocol,
            Close::Silent,
            Close::SlowReader,
            Close::TooManyRequests,
            Close::TooManySockets,
            Close::GoingAway,
            Close::Internal,
        ] {
            let frame = close.frame().unwrap();
            assert!(frame.reason.len() <= 123, "{close:?}");
        }
    }
}
