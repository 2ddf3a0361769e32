//! What reads the bytes of strangers, without the connection that they come over: for the fuzzers (`fuzz/cases`).
//!
//! Each function calls the one that the server itself calls, and decides nothing. What comes over other ways is public where
//! it is: access tokens ([`crate::accounts::tokens`]), passkeys ([`crate::accounts::webauthn`]), the host's orders
//! ([`crate::console::Order`]) and the config file ([`crate::config::Config::parse`]).

use protocol::error::ErrorCode;
use protocol::socket::{Hello, RequestBody};
use serde::de::DeserializeOwned;

use crate::error::Refusal;
use crate::http;
use crate::socket::{self, Close, Said};

/// What a text frame of a client is taken for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A sign of life, or a question for one.
    Ping,
    /// A request and the number under which it is answered.
    Request(u32, Box<RequestBody>),
    /// Nothing that is carried out: the code, and the frame that says so.
    Refused(ErrorCode, String),
}

/// The first frame of a socket.
///
/// # Errors
/// Why the socket is closed.
pub fn hello(text: &str) -> Result<Hello, Close> {
    socket::parse_hello(text)
}

/// Any later frame.
///
/// # Errors
/// Why the socket is closed.
pub fn frame(text: &str) -> Result<Frame, Close> {
    Ok(match socket::understand(text)? {
        Said::Ping | Said::Pong => Frame::Ping,
        Said::Request { id, body, .. } => Frame::Request(id, body),
        Said::Refused(id, refusal) => {
            let code = refusal.code;
            let answer = socket::answer(id, Err(refusal));
            Frame::Refused(code, answer.as_str().to_owned())
        }
    })
}

/// A body of the HTTP API.
///
/// # Errors
/// What the client is told.
pub fn body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    http::parse_body(bytes)
}
