//! The socket of a device.

use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as Frame;

use crate::Failure;
use crate::person::Person;

pub(crate) const PONG: &str = r#"{"type":"pong"}"#;

pub(crate) struct Socket(pub(crate) WebSocketStream<TcpStream>);

impl Socket {
    /// Opens one and says hello; `receive_bytes` is how much the system keeps of what is not read.
    pub(crate) async fn open(
        server: SocketAddr,
        person: &Person,
        receive_bytes: Option<u32>,
    ) -> Result<Self, Failure> {
        let mut socket = Self::open_unnamed(server, receive_bytes).await?;
        let hello = json!({ "type": "hello", "token": person.token, "device": person.device, "protocol": 1 });
        socket.send(&hello).await?;
        let welcome = socket.next().await?;
        if welcome["type"] != "welcome" {
            return Err(format!("no welcome but {welcome}").into());
        }
        Ok(socket)
    }

    /// Opens one and says nothing.
    pub(crate) async fn open_unnamed(
        server: SocketAddr,
        receive_bytes: Option<u32>,
    ) -> Result<Self, Failure> {
        let socket = TcpSocket::new_v4()?;
        if let Some(bytes) = receive_bytes {
            socket.set_recv_buffer_size(bytes)?;
        }
        let stream = socket.connect(server).await?;
        stream.set_nodelay(true)?;
        let url = format!("ws://{server}/api/v1/socket");
        let (socket, _) = tokio_tungstenite::client_async(url, stream).await?;
        Ok(Self(socket))
    }

    pub(crate) async fn send(&mut self, frame: &Value) -> Result<(), Failure> {
        self.send_text(frame.to_string()).await
    }

    pub(crate) async fn send_text(&mut self, text: impl Into<String>) -> Result<(), Failure> {
        Ok(self.0.send(Frame::text(text.into())).await?)
    }

    /// The next frame; pings are answered and left out.
    pub(crate) async fn next(&mut self) -> Result<Value, Failure> {
        loop {
            match self.0.next().await {
                Some(Ok(Frame::Text(text))) => {
                    let frame: Value = serde_json::from_str(&text)?;
                    if frame["type"] != "ping" {
                        return Ok(frame);
                    }
                    self.send_text(PONG).await?;
                }
                Some(Ok(Frame::Close(why))) => return Err(format!("closed: {why:?}").into()),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
                None => return Err("the socket ended".into()),
            }
        }
    }

    /// The answer to a request.
    pub(crate) async fn answer(&mut self, id: u32) -> Result<Value, Failure> {
        loop {
            let frame = self.next().await?;
            if frame["id"] == id {
                return match frame["type"].as_str() {
                    Some("ok") => Ok(frame["outcome"].clone()),
                    _ => Err(format!("refused: {frame}").into()),
                };
            }
        }
    }

    /// The message with an id.
    pub(crate) async fn message(&mut self, id: &str) -> Result<Value, Failure> {
        loop {
            let frame = self.next().await?;
            if frame["type"] == "message" && frame["message"]["id"] == id {
                return Ok(frame["message"].clone());
            }
        }
    }
}

/// Two who have accepted each other, their sockets, and their conversation.
pub(crate) struct Pair {
    pub(crate) people: [Person; 2],
    pub(crate) sockets: [Socket; 2],
    pub(crate) conversation: String,
    pub(crate) next_id: u32,
}

impl Pair {
    pub(crate) async fn meet(server: SocketAddr, name: &str) -> Result<Self, Failure> {
        let one = Person::register(server, &format!("{name}a")).await?;
        let other = Person::register(server, &format!("{name}b")).await?;
        let mut ada = Socket::open(server, &one, None).await?;
        let mut ben = Socket::open(server, &other, None).await?;
        let open = json!({ "id": 1, "type": "open_conversation", "person": other.id });
        ada.send(&open).await?;
        let opened = ada.answer(1).await?;
        let conversation = opened.pointer("/conversation/id").and_then(Value::as_str);
        let conversation = conversation.ok_or("no conversation")?.to_owned();
        let (frame, id) = message(&conversation, 2, "Hello.");
        ada.send(&frame).await?;
        ada.answer(2).await?;
        ben.message(&id).await?;
        ben.send(&json!({ "id": 1, "type": "accept_contact", "conversation": conversation }))
            .await?;
        ben.answer(1).await?;
        Ok(Self {
            people: [one, other],
            sockets: [ada, ben],
            conversation,
            next_id: 3,
        })
    }
}

/// A request that writes a new message, and the message's id.
pub(crate) fn message(conversation: &str, id: u32, text: &str) -> (Value, String) {
    let message = uuid::Uuid::now_v7().to_string();
    let frame = json!({ "id": id, "type": "send_message", "conversation": conversation, "message": message, "text": text });
    (frame, message)
}
