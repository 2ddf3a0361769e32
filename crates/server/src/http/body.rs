//! What a request says, with every mistake in it told in our own form.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse as _;
use protocol::error::ErrorCode;
use protocol::limits::HTTP_BODY_MAX_BYTES;
use serde::de::DeserializeOwned;

use crate::app::Shared;
use crate::error::Refusal;

/// From the header to the end of the body: a client that dribbles it is let go.
const BODY_DEADLINE: Duration = Duration::from_secs(10);

/// A JSON body.
#[derive(Debug, Clone, Copy)]
pub struct Body<T>(pub T);

/// The query of an address.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

/// The variable parts of a path.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Shared> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, Refusal> {
        if !is_json(request.headers()) {
            let message = "The body must be JSON: Content-Type: application/json.";
            return Err(Refusal::new(ErrorCode::Unsupported, message));
        }
        let bytes = tokio::time::timeout(BODY_DEADLINE, Bytes::from_request(request, app)).await;
        let bytes = bytes.map_err(|_| bad("The body did not arrive in time."))?;
        parse(&bytes.map_err(refuse_bytes)?).map(Self)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

fn refuse_bytes(rejection: BytesRejection) -> Refusal {
    if rejection.into_response().status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        let message = format!("The body is larger than {HTTP_BODY_MAX_BYTES} bytes.");
        Refusal::new(ErrorCode::TooLarge, message)
    } else {
        bad("The body broke off.")
    }
}

/// Reads a body, and names the field that is wrong.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        explain(&path, &error.into_inner())
    })?;
    json.end().map_err(|error| explain(".", &error))?;
    Ok(value)
}

/// Names the field: the one that is wrong, or the one that is missing there.
fn explain(path: &str, error: &serde_json::Error) -> Refusal {
    let text = error.to_string();
    // The place in the text helps only with what is no JSON at all.
    let mistake = match text.rsplit_once(" at line ") {
        Some((mistake, _)) if error.is_data() => mistake,
        _ => &text,
    };
    if !error.is_data() {
        return bad(&format!("The body is no JSON: {mistake}."));
    }
    let missing = mistake
        .strip_prefix("missing field `")
        .and_then(|rest| rest.strip_suffix('`'));
    let field = match (path, missing) {
        (".", None) => None,
        (".", Some(missing)) => Some(missing.to_owned()),
        (path, None) => Some(path.to_owned()),
        (path, Some(missing)) => Some(format!("{path}.{missing}")),
    };
    match (field, missing) {
        (Some(field), Some(_)) => bad(&format!("{field} is missing.")).at(field),
        (Some(field), None) => bad(&format!("{field} {mistake}.")).at(field),
        (None, _) => bad(&format!("The body is not what is described: {mistake}.")),
    }
}

impl<T: DeserializeOwned + Send> FromRequestParts<Shared> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Refusal> {
        let query = axum::extract::Query::from_request_parts(parts, app).await;
        let query = query.map_err(|rejection| bad(&format!("{}.", rejection.body_text())))?;
        Ok(Self(query.0))
    }
}

impl<T: DeserializeOwned + Send> FromRequestParts<Shared> for Path<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Refusal> {
        let path = axum::extract::Path::from_request_parts(parts, app).await;
        let path = path.map_err(|rejection| bad(&format!("{}.", rejection.body_text())))?;
        Ok(Self(path.0))
    }
}

fn bad(message: &str) -> Refusal {
    Refusal::new(ErrorCode::BadRequest, message)
}

#[cfg(test)]
mod tests {
    use protocol::account::Register;

    use super::*;

    #[test]
    fn a_mistake_names_its_field() {
        for (body, field, words) in [
            ("{", None, "no JSON"),
            ("", None, "no JSON"),
            ("[]", None, "not what is described"),
            ("{} x", Some("username"), "username is missing."),
            (
                r#"{"username": "a"}"#,
                Some("username"),
                "username is too short: at least 3",
            ),
            (
                r#"{"username": 7}"#,
                Some("username"),
                "username invalid type",
            ),
            (
                r#"{"username": "ada", "display_name": "Ada", "password": "0123456789", "device": {}}"#,
                Some("device.name"),
                "device.name is missing.",
            ),
            (
                r#"{"username": "ada", "display_name": "Ada", "password": "0123456789", "device": {"name": " "}}"#,
                Some("device.name"),
                "device.name is empty.",
            ),
        ] {
            let refusal = parse::<Register>(body.as_bytes()).unwrap_err();
            assert_eq!(refusal.field.as_deref(), field, "{body}: {refusal:?}");
            assert!(refusal.message.contains(words), "{body}: {refusal:?}");
        }
    }

    #[test]
    fn nothing_may_follow_the_value() {
        let refusal = parse::<serde_json::Value>(b"{} x").unwrap_err();
        assert_eq!(refusal.code, ErrorCode::BadRequest);
    }
}
