//! An account, and requests over HTTP.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Failure;

const PASSWORD: &str = "tall ships and small boats";

/// Somebody who has an account, with a session of one device.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) device: String,
}

impl Person {
    pub(crate) async fn register(server: SocketAddr, name: &str) -> Result<Self, Failure> {
        let body = json!({ "username": name, "display_name": name, "password": PASSWORD, "device": { "name": "load" } });
        let (status, answer) = post(server, "/api/v1/accounts", &body).await?;
        let text = |at: &str| {
            answer
                .pointer(at)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        match (text("/me/id"), text("/access_token"), text("/device/id")) {
            (Some(id), Some(token), Some(device)) => Ok(Self { id, token, device }),
            _ => Err(format!("{name} could not register: {status} {answer}").into()),
        }
    }
}

/// A sign-in with a wrong password.
pub(crate) async fn guess(server: SocketAddr, name: &str) -> Result<u16, Failure> {
    let body = json!({ "username": name, "password": "not the password at all", "device": { "name": "load" } });
    Ok(post(server, "/api/v1/sessions", &body).await?.0)
}

/// On a connection of its own, as a stranger would.
async fn post(server: SocketAddr, path: &str, body: &Value) -> Result<(u16, Value), Failure> {
    let body = body.to_string();
    let mut stream = TcpStream::connect(server).await?;
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {server}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let status = answer.get(9..12).and_then(|status| status.parse().ok());
    let (_, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
    Ok((
        status.ok_or("no status")?,
        serde_json::from_str(body).unwrap_or(Value::Null),
    ))
}
