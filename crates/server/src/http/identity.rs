//! Who asks: the bearer token of a request.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use protocol::account::Token;
use protocol::error::ErrorCode;

use crate::accounts::tokens::Claims;
use crate::app::Shared;
use crate::error::Refusal;

/// The one who asks: the token is genuine and its session lives.
#[derive(Debug, Clone, Copy)]
pub struct Authenticated(pub Claims);

impl FromRequestParts<Shared> for Authenticated {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Refusal> {
        let token = bearer(parts).ok_or_else(|| {
            let message =
                "This needs an access token: Authorization: Bearer …. Sign in to get one.";
            Refusal::new(ErrorCode::Unauthenticated, message)
        })?;
        app.accounts.authenticate(&token).await.map(Self)
    }
}

/// The one who asks, where they are an administrator of this server.
#[derive(Debug, Clone, Copy)]
pub struct Administrator(pub Claims);

impl FromRequestParts<Shared> for Administrator {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Refusal> {
        let Authenticated(claims) = Authenticated::from_request_parts(parts, app).await?;
        app.accounts.check_administrator(claims.user).await?;
        Ok(Self(claims))
    }
}

/// The access token that a request carries (RFC 6750 §2.1); it may be worth nothing.
fn bearer(parts: &Parts) -> Option<Token> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let is_bearer = scheme.eq_ignore_ascii_case("bearer");
    is_bearer.then(|| Token::new(token.trim().to_owned()))
}
