//! The log of what was refused: it is there, it tells nobody's secrets, and nobody writes lines of it.

use std::net::SocketAddr;

use hyper::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::app::{Answer, Asking, User, register_at, sign_in_body};
use crate::device::Device;
use crate::secrets::Program;

/// Where a proxy says that the client is.
const CLIENT: &str = "198.51.100.247";
const TYPED: &str = "typed-4717";
/// What somebody would like to see at the beginning of a line, in a colour.
const FORGED: &str = "\r\n2027-01-15T08:00:00Z  INFO forged-4716\u{1b}[31m\u{9b}31m";

#[tokio::test]
async fn what_is_refused_is_logged_by_ids_and_routes_and_addresses_at_debug_alone() {
    for (level, has_address) in [("info", false), ("info,server::incidents=debug", true)] {
        let proxy = ["--trusted-proxy", "127.0.0.1", "--registration", "open"];
        let program = Program::start_with(&[&["--log", level], &proxy[..]].concat());
        let address = program.address;
        let [ada, ben] = [register_at(address, "ada", "Ada").await, {
            register_at(address, "ben", "Ben").await
        }];
        for name in ["ada", TYPED] {
            let wrong = sign_in_body(name, "incorrect horse");
            assert_eq!(post(address, "/api/v1/sessions", &wrong).await.status, 401);
        }
        let forged = get(address, "/api/v1/me").bearer(&format!("{}x", ada.token()));
        assert_eq!(forged.send().await.status, 401);
        let forbidden = get(address, "/api/v1/accounts").by(&ben).send().await;
        assert_eq!(forbidden.status, 403);
        let link = json!({ "reset": TYPED });
        let link = post(address, "/api/v1/resets/show", &link).await;
        assert_eq!(link.status, 410);
        let mut is_refused = false;
        for _ in 0..1_000 {
            is_refused |= get(address, "/api/v1/me").send().await.status == 429;
        }
        assert!(is_refused);

        let log = program.log();
        let id = |user: &User| format!("user.id={}", user.signed_in.me.id);
        for parts in [
            [
                "INFO",
                "wrong password",
                &id(&ada),
                "at=\"/api/v1/sessions\"",
            ],
            [
                "INFO",
                "wrong password",
                "omitted=0",
                "at=\"/api/v1/sessions\"",
            ],
            [
                "WARN",
                "not of this server",
                "omitted=0",
                "at=\"/api/v1/me\"",
            ],
            ["WARN", "not allowed", &id(&ben), "at=\"/api/v1/accounts\""],
            ["INFO", "link", "omitted=0", "at=\"/api/v1/resets/show\""],
            ["INFO", "limit was met", "omitted=0", "at=\"/api/v1/me\""],
        ] {
            let has_all = |line: &str| parts.iter().all(|part| line.contains(part));
            assert!(log.lines().any(has_all), "{parts:?} in {log}");
        }
        assert!(!log.contains(TYPED), "{log}");
        assert_eq!(log.contains(CLIENT), has_address, "{log}");
        let met = log.lines().filter(|line| line.contains("limit was met"));
        assert!(met.count() < 100, "{log}");
    }
}

#[tokio::test]
async fn nobody_writes_lines_of_the_log() {
    for format in ["text", "json"] {
        let program = Program::start_with(&["--log", "trace", "--log-format", format]);
        let address = program.address;
        let ada = register_at(address, "ada", "Ada").await;
        type_everywhere(address, &ada).await;

        let log = program.log();
        assert!(log.contains("wrong password"), "the log was read: {log}");
        for line in log.lines() {
            assert!(!line.contains(['\u{1b}', '\u{9b}']), "{line:?}");
            if format == "json" {
                let line: Value = serde_json::from_str(line).unwrap();
                assert!(line["timestamp"].as_str().unwrap().ends_with('Z'), "{line}");
            } else {
                assert!(!line.starts_with("2027-01-15T08:00:00Z"), "{line:?}");
            }
        }
    }
}

/// Wherever somebody may write something.
async fn type_everywhere(address: SocketAddr, ada: &User) {
    let account = |field: &str, text: &str| {
        let mut body = json!({
            "username": "ben", "display_name": "Ben", "password": "correct horse battery",
            "device": { "name": "x" }, "invite": "x",
        });
        body[field] = json!(text);
        body
    };
    for field in ["username", "display_name", "password", "invite", FORGED] {
        post(address, "/api/v1/accounts", &account(field, FORGED)).await;
    }
    let mut device = account("username", "carl");
    device["device"]["name"] = json!(FORGED);
    post(address, "/api/v1/accounts", &device).await;
    for (name, password) in [(FORGED, "correct horse battery"), ("ada", FORGED)] {
        post(address, "/api/v1/sessions", &sign_in_body(name, password)).await;
    }
    for (path, field) in [
        ("/api/v1/sessions/refresh", "refresh_token"),
        ("/api/v1/resets/show", "reset"),
        ("/api/v1/invites/show", "invite"),
        ("/api/v1/sessions/second-factor", "ticket"),
    ] {
        post(address, path, &json!({ field: FORGED })).await;
    }
    let escaped: Vec<_> = FORGED.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let escaped = escaped.concat();
    for path in [
        format!("/api/v1/{escaped}"),
        format!("/{escaped}"),
        format!("/api/v1/people?q={escaped}"),
        format!("/api/v1/accounts?after={escaped}"),
        format!("/api/v1/sessions/{escaped}"),
    ] {
        Asking::new(address, Method::GET, &path)
            .by(ada)
            .send()
            .await;
    }
    for raw in [
        format!("GET /{FORGED} HTTP/1.1\r\nHost: x\r\n\r\n"),
        format!("{FORGED} / HTTP/1.1\r\nHost: x\r\n\r\n"),
        "GET / HTTP/1.1\r\nHost: \u{1b}[31mx\r\nOrigin: \u{1b}[31mx\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \u{9b}31m\r\n\r\n".to_owned(),
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(raw.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        // It may be cut off without an answer.
        drop(stream.read_to_end(&mut answer).await);
    }
    let mut socket = Device::connect(address, ada).await;
    for kind in [FORGED, "send_message", "open_conversation"] {
        let wrong =
            json!({ "type": kind, "conversation": FORGED, "text": FORGED, "person": FORGED });
        assert!(socket.ask_json(wrong).await.is_err());
    }
}

fn get(address: SocketAddr, path: &str) -> Asking {
    Asking::new(address, Method::GET, path).header("x-forwarded-for", CLIENT)
}

async fn post(address: SocketAddr, path: &str, body: &Value) -> Answer {
    let asking = Asking::new(address, Method::POST, path).json(body);
    asking.header("x-forwarded-for", CLIENT).send().await
}
