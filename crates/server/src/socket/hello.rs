//! The first frame: from a stranger to a client.

use futures_util::{Stream, StreamExt as _};
use protocol::Timestamp;
use protocol::limits::{HELLO_MAX_BYTES, PROTOCOL_VERSION};
use protocol::socket::{Hello, Opening};
use serde::Deserialize;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::Close;
use super::frames::{Arrival, arrival};
use crate::accounts::tokens::Claims;
use crate::app::App;
use crate::hub::Identity;
use crate::places::Place;

/// A socket that has not said who it is. Saying so consumes it.
#[derive(Debug)]
pub(super) struct Stranger {
    place: Place,
}

/// Whose token it was.
#[derive(Debug, Clone, Copy)]
pub(super) struct Credentials {
    /// Whose socket it is.
    pub identity: Identity,
    /// When the token runs out.
    pub expires_at: Timestamp,
}

impl Stranger {
    pub(super) fn new(place: Place) -> Self {
        Self { place }
    }

    /// Waits for `hello` and checks its token.
    ///
    /// # Errors
    /// Why the socket is closed.
    pub(super) async fn hello<S>(self, app: &App, socket: &mut S) -> Result<Credentials, Close>
    where
        S: Stream<Item = Result<Message, Error>> + Unpin,
    {
        let deadline = app.config.limits.hello_deadline_ms.as_duration();
        let text = tokio::select! {
            () = app.stopping.cancelled() => return Err(Close::GoingAway),
            read = tokio::time::timeout(deadline, first_text(socket)) => {
                read.map_err(|_| Close::NoHello)??
            }
        };
        let hello = parse(&text)?;
        let claims = app.accounts.tokens().verify(app.clock.now(), &hello.token);
        let claims = claims.map_err(|invalid| {
            super::note(app, None, &invalid.into());
            Close::BadToken
        })?;
        if claims.device != hello.device {
            return Err(Close::BadToken);
        }
        drop(self.place);
        Ok(Credentials::of(&claims))
    }
}

impl Credentials {
    pub(super) fn of(claims: &Claims) -> Self {
        Self {
            identity: Identity {
                user: claims.user,
                device: claims.device,
                session: claims.session,
            },
            expires_at: claims.expires_at,
        }
    }
}

async fn first_text<S>(socket: &mut S) -> Result<String, Close>
where
    S: Stream<Item = Result<Message, Error>> + Unpin,
{
    loop {
        match arrival(socket.next().await, HELLO_MAX_BYTES)? {
            Arrival::Text(text) => return Ok(text.as_str().to_owned()),
            Arrival::Control => {}
        }
    }
}

/// What every version of `hello` has.
#[derive(Deserialize)]
struct AnyHello {
    #[serde(rename = "type")]
    kind: String,
    protocol: u16,
}

/// Understands `hello`.
pub(crate) fn parse(text: &str) -> Result<Hello, Close> {
    if serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
        return Err(Close::NotJson);
    }
    // The version first: another one may have a `hello` of another form.
    let any: AnyHello = serde_json::from_str(text).map_err(|_| Close::BadHello)?;
    if any.kind != "hello" {
        return Err(Close::BadHello);
    }
    if any.protocol != PROTOCOL_VERSION {
        return Err(Close::Version);
    }
    match serde_json::from_str(text) {
        Ok(Opening::Hello(hello)) => Ok(hello),
        Err(_) => Err(Close::BadHello),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hello_of_another_version_is_unsupported_whatever_its_form() {
        assert_eq!(
            parse(r#"{"type":"hello","protocol":2,"ticket":"x"}"#).err(),
            Some(Close::Version)
        );
    }

    #[test]
    fn first_frame_that_is_no_hello_is_refused() {
        for (text, close) in [
            ("GET / HTTP/1.1", Close::NotJson),
            (r#"{"type":"send_message"}"#, Close::BadHello),
            (r#"{"type":"typing","protocol":1}"#, Close::BadHello),
            (r#"{"type":"hello","protocol":1}"#, Close::BadHello),
            (
                r#"{"type":"hello","protocol":1,"token":"t","device":"d"}"#,
                Close::BadHello,
            ),
        ] {
            assert_eq!(parse(text).err(), Some(close), "{text}");
        }
    }
}
