//! The description of the HTTP API for machines, `/api/v1/openapi.json`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Extension;
use axum::http::header;
use axum::response::IntoResponse;
use protocol::error::Problem;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, Modify, OpenApi as _, ToSchema as _};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::cookie;
use crate::app::Shared;

/// The description as it is sent: the handler's extension, because it is complete only with the last route.
#[derive(Debug, Clone)]
pub(super) struct Description(Arc<str>);

impl Description {
    pub(super) fn new(description: &OpenApi) -> Self {
        // Plain data with text keys; nothing in it can fail to become JSON.
        Self(description.to_json().unwrap_or_default().into())
    }
}

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::with_openapi(Frame::openapi()).routes(routes!(describe))
}

/// This description.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "operation",
    responses((status = 200, description = "An OpenAPI 3.1 document", content_type = "application/json"), Errors))]
async fn describe(Extension(description): Extension<Description>) -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "application/json")],
        description.0.to_string(),
    )
}

/// Any error: described once, because every route can end in one.
pub(super) struct Errors;

impl IntoResponses for Errors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name())));
        let response = ResponseBuilder::new()
            .description("What went wrong and what to do; `code` is stable, see `ErrorCode`")
            .content("application/problem+json", content.build());
        BTreeMap::from([("default".to_owned(), RefOr::T(response.build()))])
    }
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Ahoy",
        description = "Accounts, sessions, people and history. Chat and calls go over the socket; \
                       docs/protocol.md describes both."
    ),
    components(schemas(Problem)),
    modifiers(&Security),
)]
struct Frame;

struct Security;

impl Modify for Security {
    fn modify(&self, openapi: &mut OpenApi) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT");
        let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
            cookie::PLAIN_NAME,
            "The refresh token of a browser; named `__Host-ahoy` where the public URL is https.",
        )));
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("access_token", SecurityScheme::Http(bearer.build()));
        components.add_security_scheme("refresh_cookie", cookie);
    }
}
