//! A device on its socket: what it asks, what it is told, how its socket ends.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use protocol::chat::{Contact, Conversation, Message};
use protocol::error::ErrorCode;
use protocol::socket::{Outcome, RequestBody, RequestError, ServerFrame, Welcome};
use protocol::{ConversationId, MessageId, UserId};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message as Frame};
use uuid::Uuid;

use crate::app::{TestApp, User, register_at};
use crate::phone::key;

/// Whatever takes longer is missing. Generous, because machines that test are busy.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

/// A socket of which the server does not know whose it is.
pub(crate) struct Socket(WebSocketStream<TcpStream>);

/// A device that has said hello.
pub(crate) struct Device {
    pub(crate) socket: Socket,
    pub(crate) welcome: Welcome,
    /// News that nobody has waited for yet.
    told: VecDeque<ServerFrame>,
    next_id: u32,
}

impl TestApp {
    /// Opens a socket and says nothing.
    pub(crate) async fn open(&self) -> Socket {
        Socket::open(self.address, None).await.unwrap()
    }

    /// Opens a socket and says hello.
    pub(crate) async fn connect(&self, user: &User) -> Device {
        Device::connect(self.address, user).await
    }

    /// Waits until the server has noticed that nobody of the account is connected.
    pub(crate) async fn until_gone(&self, user: UserId) {
        let gone = async {
            while self.server.app().hub.is_connected(user) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(DEADLINE, gone)
            .await
            .expect("gone in time");
    }

    /// Registers somebody and connects them.
    pub(crate) async fn join(&self, username: &str) -> Device {
        let user = self.register(username).await;
        self.connect(&user).await
    }

    /// Two people who have accepted each other, and their conversation.
    pub(crate) async fn contacts(&self) -> (Device, Device, ConversationId) {
        let mut ada = self.join("ada").await;
        let mut ben = self.join("ben").await;
        let conversation = befriend(&mut ada, &mut ben).await;
        (ada, ben, conversation)
    }
}

/// Two people who have accepted each other on a server in a process of its own, and their conversation.
pub(crate) async fn contacts_at(address: SocketAddr) -> ([User; 2], [Device; 2], ConversationId) {
    let users = [
        register_at(address, "ada", "Ada").await,
        register_at(address, "ben", "Ben").await,
    ];
    let mut ada = Device::connect(address, &users[0]).await;
    let mut ben = Device::connect(address, &users[1]).await;
    let conversation = befriend(&mut ada, &mut ben).await;
    (users, [ada, ben], conversation)
}

/// One writes, the other accepts; both have heard of it.
pub(crate) async fn befriend(ada: &mut Device, ben: &mut Device) -> ConversationId {
    let conversation = ada.open_conversation(ben.me()).await.id;
    ada.write(conversation, "Hello, it's Ada.").await;
    ben.told_message().await;
    let accept = RequestBody::AcceptContact { conversation };
    let Outcome::Conversation { conversation: seen } = ben.ask(accept).await.unwrap() else {
        panic!("no conversation");
    };
    assert_eq!(seen.contact, Contact::Accepted);
    ada.told_conversation(|seen| seen.contact == Contact::Accepted)
        .await;
    ada.forget();
    ben.forget();
    conversation
}

/// A new UUIDv7 of a client.
pub(crate) fn new_id() -> Uuid {
    server::secrets::new_id(server::clock::Clock::default().now())
}

impl Socket {
    pub(crate) async fn open(address: SocketAddr, origin: Option<&str>) -> Result<Self, Error> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut request = format!("ws://{address}/api/v1/socket").into_client_request()?;
        if let Some(origin) = origin {
            let origin = origin.parse().expect("an origin is a header value");
            request.headers_mut().insert("origin", origin);
        }
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await?;
        Ok(Self(socket))
    }

    pub(crate) async fn send(&mut self, text: impl Into<String>) {
        self.0.send(Frame::text(text.into())).await.unwrap();
    }

    /// Sends any frame, whether or not the server still listens.
    pub(crate) async fn try_send(&mut self, frame: Frame) -> Result<(), Error> {
        self.0.send(frame).await
    }

    pub(crate) async fn hello(&mut self, user: &User) {
        let hello = json!({
            "type": "hello", "token": user.token(), "device": user.signed_in.device.id, "protocol": 1,
        });
        self.send(hello.to_string()).await;
    }

    /// The next frame; pings are answered and left out.
    pub(crate) async fn frame(&mut self) -> ServerFrame {
        self.frame_or_end().await.expect("an open socket")
    }

    /// The next frame, or nothing where the socket has ended, however it did.
    pub(crate) async fn frame_or_end(&mut self) -> Option<ServerFrame> {
        loop {
            let next = tokio::time::timeout(DEADLINE, self.0.next()).await;
            let Some(Ok(Frame::Text(text))) = next.expect("a frame in time") else {
                return None;
            };
            match serde_json::from_str(&text).unwrap() {
                // Whether it still arrives is seen by the next frame.
                ServerFrame::Ping => drop(self.try_send(Frame::text(r#"{"type":"pong"}"#)).await),
                frame => return Some(frame),
            }
        }
    }

    /// The next frame, or the code with which the server closes.
    pub(crate) async fn frame_or_code(&mut self) -> Result<ServerFrame, u16> {
        loop {
            let next = tokio::time::timeout(DEADLINE, self.0.next()).await;
            match next.expect("a frame in time") {
                Some(Ok(Frame::Text(text))) => match serde_json::from_str(&text).unwrap() {
                    ServerFrame::Ping => {
                        // The server may have closed since; its code comes next.
                        let _closed = self.try_send(Frame::text(r#"{"type":"pong"}"#)).await;
                    }
                    frame => return Ok(frame),
                },
                Some(Ok(Frame::Close(Some(close)))) => return Err(close.code.into()),
                Some(Ok(_)) => {}
                other => panic!("neither frame nor code but {other:?}"),
            }
        }
    }

    /// The code with which the server closes; whatever comes before it is read and dropped.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            let next = tokio::time::timeout(DEADLINE, self.0.next()).await;
            match next.expect("a close in time") {
                Some(Ok(Frame::Close(Some(close)))) => return close.code.into(),
                Some(Ok(_)) => {}
                other => panic!("no close frame but {other:?}"),
            }
        }
    }
}

impl Device {
    /// Connects and tells its key, as every device that may call does.
    pub(crate) async fn connect(address: SocketAddr, user: &User) -> Self {
        let mut device = Self::connect_without_key(address, user).await;
        let published = device.ask(RequestBody::PublishKey { key: key(1) }).await;
        assert_eq!(published, Ok(Outcome::Done));
        device
    }

    pub(crate) async fn connect_without_key(address: SocketAddr, user: &User) -> Self {
        let mut socket = Socket::open(address, None).await.unwrap();
        socket.hello(user).await;
        let ServerFrame::Welcome(welcome) = socket.frame().await else {
            panic!("no welcome");
        };
        Self {
            socket,
            welcome: *welcome,
            told: VecDeque::new(),
            next_id: 1,
        }
    }

    pub(crate) fn me(&self) -> UserId {
        self.welcome.me.id
    }

    /// Asks and waits for the one answer.
    pub(crate) async fn ask(&mut self, body: RequestBody) -> Result<Outcome, RequestError> {
        self.ask_json(serde_json::to_value(body).unwrap()).await
    }

    /// Asks something that may be malformed.
    pub(crate) async fn ask_json(&mut self, mut body: Value) -> Result<Outcome, RequestError> {
        let id = self.begin(&mut body).await;
        self.answer(id).await
    }

    /// Asks without waiting.
    pub(crate) async fn begin(&mut self, body: &mut Value) -> u32 {
        let id = self.next_id;
        self.next_id += 1;
        body["id"] = json!(id);
        self.socket.send(body.to_string()).await;
        id
    }

    /// Waits for the answer to a request. Answers may come in another order than the requests went.
    pub(crate) async fn answer(&mut self, expected: u32) -> Result<Outcome, RequestError> {
        self.told(|frame| match frame {
            ServerFrame::Ok { id, outcome } if *id == expected => Some(Ok(outcome.clone())),
            ServerFrame::Error(error) if error.id == Some(expected) => Some(Err(error.clone())),
            _ => None,
        })
        .await
    }

    /// Takes what comes until the server is gone.
    pub(crate) async fn is_left_alone<T>(&mut self) -> Option<T> {
        while self.socket.frame_or_end().await.is_some() {}
        None
    }

    /// Asks a server that may be gone before it answers.
    pub(crate) async fn ask_or_end(
        &mut self,
        body: RequestBody,
    ) -> Option<Result<Outcome, RequestError>> {
        let expected = self.next_id;
        self.next_id += 1;
        let mut body = serde_json::to_value(body).unwrap();
        body["id"] = json!(expected);
        self.socket
            .try_send(Frame::text(body.to_string()))
            .await
            .ok()?;
        loop {
            match self.socket.frame_or_end().await? {
                ServerFrame::Ok { id, outcome } if id == expected => return Some(Ok(outcome)),
                ServerFrame::Error(error) if error.id == Some(expected) => {
                    return Some(Err(error));
                }
                other => self.told.push_back(other),
            }
        }
    }

    #[track_caller]
    pub(crate) fn refused(result: Result<Outcome, RequestError>) -> ErrorCode {
        let error = result.expect_err("a refusal");
        assert!(!error.message.is_empty());
        error.code
    }

    /// The first news that fits, of those that came and those that will.
    pub(crate) async fn told<T>(&mut self, fits: impl Fn(&ServerFrame) -> Option<T>) -> T {
        for (index, frame) in self.told.iter().enumerate() {
            if let Some(found) = fits(frame) {
                self.told.remove(index);
                return found;
            }
        }
        loop {
            let frame = self.socket.frame().await;
            match fits(&frame) {
                Some(found) => return found,
                None => self.told.push_back(frame),
            }
        }
    }

    /// Everything told until now but keys, which are told whenever a device connects for the first time. Whatever the server told before it answers the next request is there.
    pub(crate) async fn all_told(&mut self) -> Vec<ServerFrame> {
        let mut told = self.every_frame().await;
        told.retain(|frame| !matches!(frame, ServerFrame::Keys { .. }));
        told
    }

    /// The same with keys.
    pub(crate) async fn every_frame(&mut self) -> Vec<ServerFrame> {
        let nothing = self.ask_json(json!({ "type": "nothing" })).await;
        assert_eq!(Self::refused(nothing), ErrorCode::Unsupported);
        self.told.drain(..).collect()
    }

    /// The same without who comes and goes, which is told in its own time.
    pub(crate) async fn all_told_but_presence(&mut self) -> Vec<ServerFrame> {
        let mut told = self.all_told().await;
        told.retain(|frame| !matches!(frame, ServerFrame::Presence { .. }));
        told
    }

    /// Drops the news that nobody waited for.
    pub(crate) fn forget(&mut self) {
        self.told.clear();
    }

    pub(crate) async fn told_message(&mut self) -> Message {
        self.told(|frame| match frame {
            ServerFrame::Message { message } => Some(message.clone()),
            _ => None,
        })
        .await
    }

    pub(crate) async fn told_conversation(
        &mut self,
        fits: impl Fn(&Conversation) -> bool,
    ) -> Conversation {
        self.told(|frame| match frame {
            ServerFrame::Conversation { conversation } if fits(conversation) => {
                Some(conversation.clone())
            }
            _ => None,
        })
        .await
    }

    pub(crate) async fn open_conversation(&mut self, person: UserId) -> Conversation {
        match self.ask(RequestBody::OpenConversation { person }).await {
            Ok(Outcome::Conversation { conversation }) => *conversation,
            other => panic!("no conversation but {other:?}"),
        }
    }

    /// Writes a message that must be taken.
    pub(crate) async fn write(&mut self, conversation: ConversationId, text: &str) -> Message {
        match self.ask(message(conversation, text)).await {
            Ok(Outcome::Message { message }) => message,
            other => panic!("no message but {other:?}"),
        }
    }
}

/// A request that writes a new message.
pub(crate) fn message(conversation: ConversationId, text: &str) -> RequestBody {
    RequestBody::SendMessage {
        conversation,
        message: MessageId(new_id()),
        text: text.parse().unwrap(),
    }
}
