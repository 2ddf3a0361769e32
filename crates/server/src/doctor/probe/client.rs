//! The web client as the server gives it out, against the one in this program.
//!
//! It is asked for as any program would, so a server that gives the doctor one page and browsers another is not found out.

use std::net::SocketAddr;
use std::pin::pin;

use axum::http::header::HOST;
use http_body_util::{BodyExt as _, Collected, Empty, Limited};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use super::super::findings::{ClientFinding, Target};
use super::{PATIENCE, web};
use crate::http::client_files;

/// Compares every file of the web client.
pub(in super::super) async fn compare(target: &Target, at: SocketAddr) -> ClientFinding {
    let (mut same, mut differs) = (0, Vec::new());
    for (path, ours) in client_files() {
        match timeout(PATIENCE, get(target, at, path, ours.len())).await {
            Ok(Ok(Some(theirs))) if theirs == ours => same += 1,
            Ok(Ok(_)) => differs.push(path.to_owned()),
            Ok(Err(_)) | Err(_) => return ClientFinding::Silent,
        }
    }
    if differs.is_empty() {
        ClientFinding::Same(same)
    } else {
        ClientFinding::Differs(differs)
    }
}

/// What is at a path; nothing where no file is, or one that is longer than `expected` bytes.
async fn get(
    target: &Target,
    at: SocketAddr,
    path: &str,
    expected: usize,
) -> Result<Option<Bytes>, String> {
    let stream = web::connect(target, at).await?;
    let handshake = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|error| error.to_string())?;
    let request = Request::get(path).header(HOST, web::authority(target));
    let request = request.body(Empty::<Bytes>::new());
    let request = request.map_err(|error| error.to_string())?;
    let mut asked = pin!(async {
        let response = sender.send_request(request).await;
        let response = response.map_err(|error| error.to_string())?;
        if response.status() != 200 {
            return Ok(None);
        }
        // One that is too long differs, and need not be read to its end.
        let body = Limited::new(response.into_body(), expected).collect().await;
        Ok(body.ok().map(Collected::to_bytes))
    });
    tokio::select! {
        biased;
        read = &mut asked => read,
        // The connection may be over once it has brought all.
        _ended = connection => asked.await,
    }
}
