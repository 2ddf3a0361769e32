//! A server for one test, and a client that speaks to it.

use std::net::SocketAddr;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use protocol::account::SignedIn;
use protocol::error::{ErrorCode, Problem};
use protocol::{Milliseconds, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use server::Server;
use server::clock::Clock;
use server::config::Config;
use tempfile::TempDir;
use tokio::net::TcpStream;

/// Where the clock stands when a test begins.
pub(crate) const START: Timestamp = Timestamp(1_800_000_000_000);
/// Everybody's password, unless a test says otherwise.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A server of its own for one test.
pub(crate) struct TestApp {
    pub(crate) server: Server,
    pub(crate) clock: Clock,
    pub(crate) address: SocketAddr,
    /// Deleted with the value.
    pub(crate) directory: TempDir,
}

/// Somebody who is signed in on one device by way of the body.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) signed_in: SignedIn,
}

/// A request on its way.
pub(crate) struct Asking {
    address: SocketAddr,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// With a configuration that differs from [`Config::for_tests`].
    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_with_clock(Clock::fixed(START), change).await
    }

    /// By a clock of the test's choice.
    pub(crate) async fn start_with_clock(clock: Clock, change: impl FnOnce(&mut Config)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut config = Config::for_tests(directory.path());
        change(&mut config);
        let server = Server::start_with(config, clock.clone()).await.unwrap();
        let address = server.addresses()[0];
        Self {
            server,
            clock,
            address,
            directory,
        }
    }

    /// Stops softly and starts again on the same data.
    pub(crate) async fn restart(self) -> Self {
        let config = self.server.app().config.clone();
        assert!(self.server.shutdown().await, "everything ended by itself");
        let server = Server::start_with(config, self.clock.clone())
            .await
            .unwrap();
        Self {
            address: server.addresses()[0],
            server,
            clock: self.clock,
            directory: self.directory,
        }
    }

    pub(crate) fn advance(&self, length: Milliseconds) {
        self.clock.advance(length);
    }

    pub(crate) fn get(&self, path: &str) -> Asking {
        self.ask(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Asking {
        self.ask(Method::POST, path).json(body)
    }

    pub(crate) fn ask(&self, method: Method, path: &str) -> Asking {
        Asking::new(self.address, method, path)
    }

    /// The origin of the server's own page.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Makes an account whose display name is its username.
    pub(crate) async fn register(&self, username: &str) -> User {
        self.register_as(username, username).await
    }

    pub(crate) async fn register_as(&self, username: &str, display_name: &str) -> User {
        register_at(self.address, username, display_name).await
    }

    /// Signs in on one more device.
    pub(crate) async fn sign_in(&self, username: &str) -> User {
        let body = sign_in_body(username, PASSWORD);
        let answer = self.post("/api/v1/sessions", &body).send().await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        User {
            signed_in: answer.json(),
        }
    }

    /// Uses a refresh token of a native client.
    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        let body = json!({ "refresh_token": token });
        self.post("/api/v1/sessions/refresh", &body).send().await
    }
}

/// Makes an account on whatever server is there.
pub(crate) async fn register_at(address: SocketAddr, username: &str, display_name: &str) -> User {
    let body = json!({
        "username": username, "display_name": display_name, "password": PASSWORD,
        "device": { "name": format!("{username}'s device") },
    });
    let asking = Asking::new(address, Method::POST, "/api/v1/accounts");
    let answer = asking.json(&body).send().await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    User {
        signed_in: answer.json(),
    }
}

pub(crate) fn sign_in_body(username: &str, password: &str) -> Value {
    json!({
        "username": username, "password": password,
        "device": { "name": format!("another device of {username}") },
    })
}

impl User {
    pub(crate) fn token(&self) -> &str {
        self.signed_in.access_token.expose()
    }

    pub(crate) fn refresh_token(&self) -> &str {
        self.signed_in.refresh_token.as_ref().unwrap().expose()
    }
}

impl Asking {
    pub(crate) fn new(address: SocketAddr, method: Method, path: &str) -> Self {
        Self {
            address,
            method,
            path: path.to_owned(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).unwrap();
        self.headers.append(HeaderName::from_static(name), value);
        self
    }

    /// Signs the request with somebody's access token.
    pub(crate) fn by(self, user: &User) -> Self {
        self.bearer(user.token())
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json")
            .body(body.to_string())
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) async fn send(self) -> Answer {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .unwrap();
        tokio::spawn(connection);
        let mut request = Request::builder().method(self.method).uri(self.path);
        if !self.headers.contains_key("host") {
            request = request.header("host", self.address.to_string());
        }
        let mut request = request.body(Full::new(self.body)).unwrap();
        request.headers_mut().extend(self.headers);
        let (parts, body) = sender.send_request(request).await.unwrap().into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }
}

impl Answer {
    pub(crate) fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The status and the code of an error, after checking that it has the form of one.
    #[track_caller]
    pub(crate) fn refused(&self) -> (u16, ErrorCode) {
        let problem = self.problem();
        (problem.status, problem.code)
    }

    #[track_caller]
    pub(crate) fn problem(&self) -> Problem {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{self:?}"
        );
        let problem: Problem = self.json();
        assert_eq!(problem.status, self.status.as_u16());
        assert!(!problem.title.is_empty());
        problem
    }

    /// A header that must be there once.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut values = self.headers.get_all(name).iter();
        let value = values
            .next()
            .unwrap_or_else(|| panic!("no {name} in {self:?}"));
        assert!(values.next().is_none(), "{name} twice in {self:?}");
        value.to_str().unwrap()
    }
}
