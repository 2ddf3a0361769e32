//! Where a page was loaded from, as far as passkeys and authenticator apps care: a host name and the origin of its pages.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;

use super::{Peer, origin};
use crate::accounts::Site;
use crate::app::Shared;
use crate::config::{Config, Origin};
use crate::error::Refusal;

/// The site that a request came to; nothing where that is an IP address.
#[derive(Debug)]
pub(super) struct AtSite(pub(super) Option<Site>);

/// The host by which people know the server, such as `ahoy.example`.
#[derive(Debug)]
pub(super) struct HostName(pub(super) String);

impl FromRequestParts<Shared> for AtSite {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Refusal> {
        let peer = Peer::from_request_parts(parts, app).await?;
        let own = own_origin(&app.config, peer, &parts.headers);
        Ok(Self(
            own.and_then(|own| Site::new(own.host(), own.to_string())),
        ))
    }
}

impl FromRequestParts<Shared> for HostName {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Infallible> {
        let public = app.config.public_url();
        let public = public.map(|url| url.origin().host().to_owned());
        let host = public.or_else(|| origin::host(&parts.headers).map(str::to_owned));
        Ok(Self(host.unwrap_or_else(|| "Ahoy".to_owned())))
    }
}

/// The public URL where there is one; else the host that the request was sent to, by the browser's scheme.
fn own_origin(config: &Config, peer: Peer, headers: &HeaderMap) -> Option<Origin> {
    if let Some(url) = config.public_url() {
        return Some(url.origin().clone());
    }
    let scheme = if peer.secure { "https" } else { "http" };
    let host = origin::host(headers)?;
    format!("{scheme}://{host}").parse().ok()
}
