//! The cookie of a browser's refresh token: no script reads it, no other site sends it.

use axum::http::{HeaderMap, HeaderValue, header};
use protocol::account::Token;
use protocol::limits::REFRESH_IDLE_LIFE;

use super::Peer;

/// Its name where the browser is at no https address: a `__Host-` cookie must be `Secure`.
pub(super) const PLAIN_NAME: &str = "ahoy-refresh";
/// Its name where it is: the browser then sees to it that this host alone has set it.
const SECURE_NAME: &str = "__Host-ahoy";

/// The refresh token that a request carries.
pub(super) fn find(peer: Peer, headers: &HeaderMap) -> Option<Token> {
    let name = name(peer);
    let cookies = headers.get_all(header::COOKIE).iter();
    let mut pairs = cookies
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| cookies.split(';'));
    pairs.find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then(|| Token::new(value.to_owned()))
    })
}

/// The `Set-Cookie` that keeps a refresh token for as long as it may lie unused.
pub(super) fn keep(peer: Peer, token: &Token) -> HeaderValue {
    set(peer, token.expose(), REFRESH_IDLE_LIFE.0 / 1000)
}

/// The `Set-Cookie` that takes it away.
pub(super) fn forget(peer: Peer) -> HeaderValue {
    set(peer, "", 0)
}

fn set(peer: Peer, value: &str, max_age_seconds: u64) -> HeaderValue {
    let secure = if peer.secure { "; Secure" } else { "" };
    let name = name(peer);
    let cookie = format!(
        "{name}={value}; Path=/; Max-Age={max_age_seconds}; HttpOnly; SameSite=Strict{secure}"
    );
    // Tokens are base64url; a value that is no header would be none of ours.
    let mut cookie = HeaderValue::try_from(cookie).unwrap_or(HeaderValue::from_static(""));
    cookie.set_sensitive(true);
    cookie
}

fn name(peer: Peer) -> &'static str {
    if peer.secure { SECURE_NAME } else { PLAIN_NAME }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    const PLAIN: Peer = Peer {
        ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        secure: false,
    };

    #[test]
    fn with_https_the_cookie_is_bound_to_the_host() {
        let secure = Peer {
            secure: true,
            ..PLAIN
        };
        let token = Token::new("abc".to_owned());
        assert_eq!(
            keep(secure, &token),
            "__Host-ahoy=abc; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict; Secure"
        );
        assert_eq!(
            forget(PLAIN),
            "ahoy-refresh=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"
        );
    }

    #[test]
    fn it_is_found_among_others_and_only_by_its_whole_name() {
        let found = |cookies: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, cookies.parse().unwrap());
            find(PLAIN, &headers).map(|token| token.expose().to_owned())
        };
        assert_eq!(found("a=1; ahoy-refresh=xyz; b=2").as_deref(), Some("xyz"));
        assert_eq!(found("xahoy-refresh=xyz"), None);
        assert_eq!(found("__Host-ahoy=xyz"), None);
        assert_eq!(found("ahoy-refresh"), None);
    }
}
