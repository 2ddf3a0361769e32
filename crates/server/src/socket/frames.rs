//! What comes in and goes out, as frames.
//!
//! A frame is read in two steps: first its id and type, then its body. So whatever is wrong with the
//! body, the answer finds the request that it belongs to.

use std::borrow::Cow;

use protocol::Milliseconds;
use protocol::error::ErrorCode;
use protocol::socket::{Outcome, RequestBody, RequestError, ServerFrame};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::error::Category;
use serde_json::{Map, Value};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use super::Close;
use crate::error::Refusal;

/// Fields of a frame among which the wrong one is looked for. Requests have up to six.
const FIELDS_MAX: usize = 16;

/// What arrived on the wire.
#[derive(Debug)]
pub(super) enum Arrival {
    /// A text frame.
    Text(Utf8Bytes),
    /// A control frame; the library has answered it.
    Control,
}

/// Takes a frame of at most `max_bytes` off the wire.
pub(super) fn arrival(
    frame: Option<Result<Message, Error>>,
    max_bytes: usize,
) -> Result<Arrival, Close> {
    match frame {
        Some(Ok(message)) if message.len() > max_bytes => Err(Close::TooLarge),
        Some(Ok(Message::Text(text))) => Ok(Arrival::Text(text)),
        Some(Ok(Message::Binary(_)) | Err(Error::Utf8(_))) => Err(Close::NotJson),
        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(Arrival::Control),
        Some(Err(Error::Capacity(_))) => Err(Close::TooLarge),
        Some(Err(Error::Protocol(error))) if !is_goodbye(&error) => Err(Close::Protocol),
        // Everything else is the network's way of saying that nobody is there.
        Some(Ok(Message::Close(_)) | Err(_)) | None => Err(Close::Gone),
    }
}

fn is_goodbye(error: &tokio_tungstenite::tungstenite::error::ProtocolError) -> bool {
    use tokio_tungstenite::tungstenite::error::ProtocolError;
    matches!(
        error,
        ProtocolError::ResetWithoutClosingHandshake
            | ProtocolError::SendAfterClosing
            | ProtocolError::ReceivedAfterClosing
    )
}

/// What a client says, as far as it can be understood.
#[derive(Debug)]
pub(crate) enum Said {
    /// The answer to a `ping`.
    Pong,
    /// A question whether anybody is there.
    Ping,
    /// A request, and how old it is.
    Request {
        id: u32,
        age: Milliseconds,
        body: Box<RequestBody>,
    },
    /// A request that is refused as it stands.
    Refused(Option<u32>, Refusal),
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'a, str>>,
    id: Option<u32>,
    age: Option<Milliseconds>,
}

/// Understands a text frame.
///
/// # Errors
/// [`Close::NotJson`] where it is no JSON object.
pub(crate) fn understand(text: &str) -> Result<Said, Close> {
    let envelope = match serde_json::from_str::<Envelope<'_>>(text) {
        Ok(envelope) => envelope,
        Err(error) if error.classify() == Category::Data && is_object(text) => {
            let message = "A request has a text `type`, a whole number `id` and perhaps a whole number `age`, each once.";
            return Ok(Said::Refused(
                None,
                Refusal::new(ErrorCode::BadRequest, message),
            ));
        }
        Err(_) => return Err(Close::NotJson),
    };
    let bad = |message: &str, field| Refusal::new(ErrorCode::BadRequest, message).at(field);
    let Some(kind) = envelope.kind else {
        let refusal = bad("The frame has no `type`.", "type");
        return Ok(Said::Refused(envelope.id, refusal));
    };
    match &*kind {
        "pong" => return Ok(Said::Pong),
        "ping" => return Ok(Said::Ping),
        _ => {}
    }
    let Some(id) = envelope.id else {
        let message = "The request has no `id`; choose a whole number to know its answer by.";
        return Ok(Said::Refused(None, bad(message, "id")));
    };
    Ok(match serde_json::from_str::<RequestBody>(text) {
        Ok(body) => Said::Request {
            id,
            age: envelope.age.unwrap_or_default(),
            body: Box::new(body),
        },
        Err(error) => Said::Refused(Some(id), misunderstood(text, &kind, &error.to_string())),
    })
}

fn is_object(text: &str) -> bool {
    text.trim_start().starts_with('{') && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// Says what is wrong with a body. `error` is what the parser said of it.
fn misunderstood(text: &str, kind: &str, error: &str) -> Refusal {
    if error.starts_with("unknown variant") && error.contains(&format!("`{kind}`")) {
        let message = format!("This server knows no request {kind:?}.");
        return Refusal::new(ErrorCode::Unsupported, message).at("type");
    }
    let refusal = |field: Option<String>| {
        let message = match &field {
            Some(field) if !error.contains(&format!("`{field}`")) => format!("{field}: {error}"),
            _ => error.to_owned(),
        };
        let refusal = Refusal::new(ErrorCode::BadRequest, message);
        match field {
            Some(field) => refusal.at(field),
            None => refusal,
        }
    };
    refusal(culprit(text, error))
}

/// The field that the parser stumbled over. It does not say, so fields are taken away one by one: the
/// complaint changes with the one that it was about. A frame with more fields than any request has gets no such help: the
/// work grows with their square.
fn culprit(text: &str, error: &str) -> Option<String> {
    if let Some(missing) = error.strip_prefix("missing field `") {
        return missing.split('`').next().map(str::to_owned);
    }
    let fields: Map<String, Value> = serde_json::from_str(text).ok()?;
    if fields.len() > FIELDS_MAX {
        return None;
    }
    let error_without = |field: &str| {
        let mut fewer = fields.clone();
        fewer.remove(field);
        serde_json::from_value::<RequestBody>(Value::Object(fewer)).map_err(|e| e.to_string())
    };
    let mut names = fields
        .keys()
        .filter(|name| !["type", "id", "age"].contains(&name.as_str()));
    names
        .find(|name| error_without(name).is_err_and(|other| !error.starts_with(&other)))
        .cloned()
}

/// The one answer to a request.
pub(crate) fn answer(id: Option<u32>, result: Result<Outcome, Refusal>) -> Utf8Bytes {
    let frame = match (result, id) {
        (Ok(outcome), Some(id)) => ServerFrame::Ok { id, outcome },
        (Ok(_), None) => return internal_error(None),
        (Err(refusal), id) => ServerFrame::Error(RequestError {
            id,
            code: refusal.code,
            message: refusal.message,
            retry_after: refusal.retry_after,
        }),
    };
    write(&frame).unwrap_or_else(|_| internal_error(id))
}

/// A frame as text.
pub(super) fn write(frame: &ServerFrame) -> Result<Utf8Bytes, serde_json::Error> {
    serde_json::to_string(frame)
        .map(Utf8Bytes::from)
        .inspect_err(|error| tracing::error!(%error, "a frame could not be written as JSON"))
}

/// For the case that an answer cannot be written, which a plain one always can.
fn internal_error(id: Option<u32>) -> Utf8Bytes {
    let id = id.map_or_else(String::new, |id| format!("\"id\":{id},"));
    let text = format!(
        "{{\"type\":\"error\",{id}\"code\":\"internal\",\"message\":\"The server made a mistake.\"}}"
    );
    Utf8Bytes::from(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_is_understood_whatever_else_stands_in_it() {
        let said = understand(
            r#"{"later":1,"type":"ring_call","call":"01890a5d-ac96-774b-bcce-b302099a8057","id":7,"age":1500}"#,
        );
        let Ok(Said::Request { id: 7, age, body }) = said else {
            panic!("{said:?}");
        };
        assert!(matches!(*body, RequestBody::RingCall { .. }));
        assert_eq!(age, Milliseconds(1_500));
        assert!(matches!(understand(r#"{"type":"pong"}"#), Ok(Said::Pong)));
        assert!(matches!(understand(r#"{"type":"ping"}"#), Ok(Said::Ping)));
    }

    #[test]
    fn unknown_type_is_unsupported_under_its_id() {
        let (id, refusal) = refused(r#"{"type":"fly","id":4}"#);
        assert_eq!((id, refusal.code), (Some(4), ErrorCode::Unsupported));
        assert!(refusal.message.contains("fly"));
    }

    #[test]
    fn unknown_variant_deep_inside_is_no_unknown_type() {
        let text = r#"{"type":"report_call","id":1,"call":"01890a5d-ac96-774b-bcce-b302099a8057","report":{"report":"dizzy"}}"#;
        let (_, refusal) = refused(text);
        assert_eq!(refusal.code, ErrorCode::BadRequest);
        assert_eq!(refusal.field.as_deref(), Some("report"));
    }

    #[test]
    fn bad_field_is_named() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        for (text, field) in [
            (r#"{"type":"ring_call","id":1}"#.to_owned(), "call"),
            (
                r#"{"type":"ring_call","id":1,"call":"x"}"#.to_owned(),
                "call",
            ),
            (
                format!(r#"{{"type":"mark_read","id":1,"conversation":"{id}","seq":-1}}"#),
                "seq",
            ),
            (
                format!(
                    r#"{{"type":"send_message","id":1,"conversation":"{id}","message":"{id}","text":" "}}"#
                ),
                "text",
            ),
            (
                r#"{"type":"typing","id":1,"conversation":7,"active":true}"#.to_owned(),
                "conversation",
            ),
        ] {
            let (id, refusal) = refused(&text);
            assert_eq!(
                (id, refusal.code),
                (Some(1), ErrorCode::BadRequest),
                "{text}"
            );
            assert_eq!(refusal.field.as_deref(), Some(field), "{text}: {refusal:?}");
            assert!(refusal.message.contains(field), "{}", refusal.message);
        }
    }

    #[test]
    fn wrong_field_is_not_looked_for_among_thousands() {
        let many: Vec<String> = (0..4_000).map(|i| format!(r#""a{i}":0,"#)).collect();
        let many = many.concat();
        let text = format!(r#"{{{many}"type":"typing","id":1,"conversation":7,"active":true}}"#);
        assert!(text.len() < protocol::limits::FRAME_MAX_BYTES);
        let (id, refusal) = refused(&text);
        assert_eq!((id, refusal.code), (Some(1), ErrorCode::BadRequest));
        assert_eq!(refusal.field, None);
    }

    #[test]
    fn envelope_that_cannot_be_read_is_refused_without_id() {
        for text in [
            r#"{"type":"ring_call"}"#,
            r#"{"type":"ring_call","id":-1}"#,
            r#"{"type":"ring_call","id":"1"}"#,
            r#"{"type":7,"id":1}"#,
            r#"{"type":"mark_calls_seen","id":1,"age":-1}"#,
            r#"{"type":"ring_call","id":1,"id":2}"#,
        ] {
            let (id, refusal) = refused(text);
            assert_eq!((id, refusal.code), (None, ErrorCode::BadRequest), "{text}");
        }
        assert_eq!(refused(r#"{"id":3}"#).0, Some(3));
    }

    #[test]
    fn what_is_no_json_object_closes() {
        for text in ["", "hello", "[]", "3", "null", "{", r#"{"type":"#, "{}x"] {
            assert!(
                matches!(understand(text), Err(Close::NotJson)),
                "{text}: {:?}",
                understand(text)
            );
        }
    }

    #[test]
    fn answer_to_nothing_readable_has_no_id() {
        let text = answer(None, Err(Refusal::new(ErrorCode::BadRequest, "No.")));
        assert_eq!(
            text.as_str(),
            r#"{"type":"error","code":"bad_request","message":"No."}"#
        );
    }

    fn refused(text: &str) -> (Option<u32>, Refusal) {
        match understand(text) {
            Ok(Said::Refused(id, refusal)) => (id, refusal),
            other => panic!("{text}: {other:?}"),
        }
    }
}
