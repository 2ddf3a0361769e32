//! A connection after its handshake, and what is spoken on it.

use std::io;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, BufReader};
use tokio_rustls::server::TlsStream;

/// What is read ahead to see the first byte, in bytes.
const READ_AHEAD_BYTES: usize = 1024;

/// A connection after its handshake.
#[derive(Debug)]
pub struct Stream<S>(BufReader<TlsStream<S>>);

/// What is spoken inside TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inside {
    /// HTTP/1.1, and what it is upgraded to.
    Http1,
    /// HTTP/2.
    Http2,
    /// STUN and TURN, for the relay.
    Relay,
    /// Nothing: the client closed without a word.
    Silence,
}

impl<S> Stream<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    pub(super) fn new(stream: TlsStream<S>) -> Self {
        Self(BufReader::with_capacity(READ_AHEAD_BYTES, stream))
    }

    /// What is spoken: by the protocol that was agreed on, else by the first byte, which stays unread.
    /// Waits for that byte without a deadline of its own.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn inside(&mut self) -> io::Result<Inside> {
        let (_, session) = self.0.get_ref().get_ref();
        match session.alpn_protocol() {
            Some(b"h2") => return Ok(Inside::Http2),
            Some(agreed) if agreed.starts_with(b"stun.") => return Ok(Inside::Relay),
            _ => {}
        }
        let first = self.0.fill_buf().await?.first().copied();
        Ok(first.map_or(Inside::Silence, by_first_byte))
    }

    /// The connection with every byte that the client sent in it.
    pub fn into_inner(self) -> BufReader<TlsStream<S>> {
        self.0
    }
}

/// The two highest bits of a STUN message are nought and its type is small (RFC 8489 §5, §6.3), so it
/// begins with 0 to 3; a request line begins with a letter.
fn by_first_byte(first: u8) -> Inside {
    match first {
        0..=3 => Inside::Relay,
        _ => Inside::Http1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stun_and_http_differ_in_their_first_byte() {
        // Binding and Allocate requests, a success and an error (RFC 8489 §5, RFC 8656 §17).
        for kind in [0x0001_u16, 0x0003, 0x0101, 0x0113] {
            assert_eq!(by_first_byte(kind.to_be_bytes()[0]), Inside::Relay);
        }
        for first in *b"GPHDOCTgp \r\n\xff\x16\x40" {
            assert_eq!(by_first_byte(first), Inside::Http1);
        }
    }
}
