//! How a refusal travels over HTTP: `application/problem+json` (RFC 9457), one status for each code.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use protocol::error::{ErrorCode, Problem};

use super::incidents::Refused;
use crate::error::Refusal;

/// The content type of every error.
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// The status that goes with a code.
const fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::BadRequest => StatusCode::BAD_REQUEST,
        ErrorCode::Unsupported => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorCode::Unauthenticated | ErrorCode::WrongCredentials => StatusCode::UNAUTHORIZED,
        ErrorCode::Forbidden
        | ErrorCode::ConfirmationRequired
        | ErrorCode::NotAccepted
        | ErrorCode::Blocked
        | ErrorCode::RegistrationClosed
        | ErrorCode::InviteNeeded
        | ErrorCode::AccountDisabled => StatusCode::FORBIDDEN,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::UsernameTaken | ErrorCode::WrongState | ErrorCode::Conflict => {
            StatusCode::CONFLICT
        }
        ErrorCode::Expired | ErrorCode::LinkInvalid => StatusCode::GONE,
        ErrorCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::PasswordGuessable => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        respond(status(self.code), self)
    }
}

/// A refusal under a status that its code alone does not tell, such as 405.
pub(super) fn respond(status: StatusCode, refusal: Refusal) -> Response {
    let retry_after = refusal.retry_after;
    let problem = Problem {
        status: status.as_u16(),
        code: refusal.code,
        title: refusal.message,
        field: refusal.field,
        retry_after,
    };
    let mut response = (status, Json(problem)).into_response();
    if let Some(incident) = refusal.incident {
        let concerns = refusal.concerns;
        response
            .extensions_mut()
            .insert(Refused { incident, concerns });
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
    if let Some(length) = retry_after {
        let seconds = length.0.div_ceil(1000);
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
