//! The web client, which `build.rs` has put into the binary.
//!
//! Files below `/assets/` have a hash in their names and are kept by browsers for good; everything else
//! is asked for again each time and answered with 304 while it is the same. A path that names no file
//! is a view of the client and gets its page.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use protocol::error::ErrorCode;

use super::problem;
use crate::error::Refusal;

const PAGE: &str = "/index.html";
const FOR_GOOD: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// A file of the client.
#[derive(Debug)]
struct File {
    /// From the root, such as `/index.html`. The table is sorted by it.
    path: &'static str,
    content_type: &'static str,
    /// Of the content, for `ETag`.
    hash: &'static str,
    plain: &'static [u8],
    /// Where it is smaller.
    gzip: Option<&'static [u8]>,
}

static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/web.rs"));

/// Every file of the web client in this program: its path, and what it holds.
pub(crate) fn client_files() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    FILES.iter().map(|file| (file.path, file.plain))
}

/// Serves a file of the client, or its page.
pub(super) fn serve(request: &Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let message = "The web client can only be read: GET or HEAD.";
        let refusal = Refusal::new(ErrorCode::Unsupported, message);
        let mut response = problem::respond(StatusCode::METHOD_NOT_ALLOWED, refusal);
        let allowed = HeaderValue::from_static("GET, HEAD");
        response.headers_mut().insert(header::ALLOW, allowed);
        return response;
    }
    let path = request.uri().path();
    match find(path) {
        Some(file) => respond(file, request.headers()),
        None => Refusal::not_found("file").into_response(),
    }
}

fn find(path: &str) -> Option<&'static File> {
    let wanted = if is_view(path) { PAGE } else { path };
    let at = FILES.binary_search_by_key(&wanted, |file| file.path).ok()?;
    FILES.get(at)
}

/// A view has no dot in its last part; a file that is gone must not look like the page.
fn is_view(path: &str) -> bool {
    path.rsplit('/')
        .next()
        .is_none_or(|last| !last.contains('.'))
}

fn respond(file: &'static File, asked: &HeaderMap) -> Response {
    let packed = file.gzip.filter(|_| accepts_gzip(asked));
    let suffix = if packed.is_some() { "-gzip" } else { "" };
    let etag = format!("\"{}{suffix}\"", file.hash);
    let has_it = header_text(asked, header::IF_NONE_MATCH)
        .split(',')
        .any(|known| {
            let known = known.trim();
            known == "*" || known.strip_prefix("W/").unwrap_or(known) == etag
        });
    let (status, body) = if has_it {
        (StatusCode::NOT_MODIFIED, Body::empty())
    } else {
        let bytes = Bytes::from_static(packed.unwrap_or(file.plain));
        (StatusCode::OK, Body::from(bytes))
    };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(file.content_type),
    );
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    let for_good = file.path.starts_with("/assets/");
    headers.insert(
        header::CACHE_CONTROL,
        if for_good { FOR_GOOD } else { ASK_AGAIN },
    );
    if let Ok(etag) = HeaderValue::try_from(etag) {
        headers.insert(header::ETAG, etag);
    }
    if packed.is_some() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// Whether `Accept-Encoding` has gzip with a weight other than nought (RFC 9110 §12.5.3).
fn accepts_gzip(asked: &HeaderMap) -> bool {
    header_text(asked, header::ACCEPT_ENCODING)
        .split(',')
        .any(|coding| {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
            let weight = weight
                .trim()
                .strip_prefix("q=")
                .and_then(|weight| weight.parse::<f32>().ok());
            matches!(name.trim(), "gzip" | "*") && weight.is_some_and(|weight| weight > 0.0)
        })
}

fn header_text(headers: &HeaderMap, name: header::HeaderName) -> &str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_has_the_page() {
        assert!(FILES.is_sorted_by_key(|file| file.path));
        for view in ["/", "/index.html", "/conversations/1", "/a.b/c"] {
            assert_eq!(find(view).unwrap().path, PAGE, "{view}");
        }
        for missing in ["/assets/gone.js", "/x.php", "/../etc/passwd.txt"] {
            assert!(find(missing).is_none(), "{missing}");
        }
    }

    #[test]
    fn gzip_is_sent_to_whoever_takes_it() {
        for (asked, accepted) in [
            ("gzip, deflate, br", true),
            ("br;q=1.0, gzip;q=0.8", true),
            ("*", true),
            ("gzip;q=0", false),
            ("br", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, asked.parse().unwrap());
            assert_eq!(accepts_gzip(&headers), accepted, "{asked}");
        }
    }
}
