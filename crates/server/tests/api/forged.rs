//! What comes from elsewhere in somebody's name: forged tokens, requests of foreign pages, paths and headers with tricks in them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ed25519_dalek::{Signer as _, SigningKey};
use hyper::{Method, StatusCode};
use protocol::account::SignedIn;
use protocol::limits::close;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error;

use crate::app::{Answer, PASSWORD, START, TestApp, User};
use crate::device::Socket;

#[tokio::test]
async fn sixty_forged_tokens_open_nothing_over_http_or_the_socket() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let forged = forged_tokens(&app, &ada).await;
    assert!(forged.len() >= 60, "{} tokens", forged.len());
    for (what, token) in forged {
        let answer = app.get("/api/v1/me").bearer(&token).send().await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}: {token}");
        let mut socket = app.open().await;
        let hello = json!({
            "type": "hello", "token": token, "device": ada.signed_in.device.id, "protocol": 1,
        });
        socket.send(hello.to_string()).await;
        assert_eq!(
            socket.closed().await,
            close::UNAUTHENTICATED,
            "{what}: {token}"
        );
    }
    app.connect(&ada).await;
}

/// Everything that a token can lie about, and for each of it another way to sign.
async fn forged_tokens(app: &TestApp, ada: &User) -> Vec<(String, String)> {
    let [header, claims, signature]: [&str; 3] = ada
        .token()
        .split('.')
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    let header: Value = serde_json::from_slice(&BASE64.decode(header).unwrap()).unwrap();
    let key_set: Value = app.get("/.well-known/jwks.json").send().await.json();
    let public = key_set["keys"].as_array().unwrap().iter();
    let mut public = public
        .filter(|key| key["kid"] == header["kid"])
        .map(|key| key["x"].as_str().unwrap());
    let public = BASE64.decode(public.next_back().unwrap()).unwrap();
    let foreign = SigningKey::from_bytes(&[7; 32]);
    let mut forged = Vec::new();
    let mut add = |what: String, header: &Value, claims: &str| {
        let signed = format!("{}.{claims}", encode(header));
        let by_foreign = BASE64.encode(foreign.sign(signed.as_bytes()).to_bytes());
        let by_public = BASE64.encode(hmac(&public, signed.as_bytes()));
        for (how, signature) in [
            ("unsigned", ""),
            ("with another's signature", signature),
            ("signed by a foreign key", &by_foreign),
            ("signed by the public key as a secret", &by_public),
        ] {
            forged.push((format!("{what}, {how}"), format!("{signed}.{signature}")));
        }
    };
    for algorithm in [
        "none", "None", "nOnE", "", "HS256", "HS512", "RS256", "PS256", "ES256", "ES256K", "eddsa",
        "EdDSA ",
    ] {
        let header = with(&header, "alg", json!(algorithm));
        add(format!("alg {algorithm:?}"), &header, claims);
    }
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": BASE64.encode(foreign.verifying_key().as_bytes()) });
    for (field, value) in [
        ("jwk", jwk),
        ("jku", json!("https://evil.example/jwks.json")),
        ("x5u", json!("https://evil.example/chain.pem")),
        ("kid", json!("../../keys.json")),
        ("kid", json!("' OR 1=1 --")),
        ("kid", json!("/dev/null")),
        ("kid", json!(["a"])),
        ("kid", Value::Null),
        ("typ", json!("JWT")),
        ("crit", json!(["exp"])),
    ] {
        let header = with(&header, field, value.clone());
        add(format!("{field} {value}"), &header, claims);
    }
    // The header is the server's, and so none of these has its signature.
    let genuine: Value = serde_json::from_slice(&BASE64.decode(claims).unwrap()).unwrap();
    let later = START.0 / 1000 + 1_000_000;
    for (field, value) in [
        ("exp", json!(later)),
        ("sub", json!("admin")),
        ("aud", json!("elsewhere")),
        ("sid", Value::Null),
    ] {
        let claims = encode(&with(&genuine, field, value.clone()));
        add(format!("{field} {value}"), &header, &claims);
    }
    let own = format!("{}.{claims}.{signature}", encode(&header));
    let unchanged = forged
        .iter()
        .position(|(_, token)| *token == own || token == ada.token());
    assert_eq!(unchanged, None, "one of them is genuine");
    forged
}

#[tokio::test]
async fn forty_requests_of_foreign_pages_change_nothing() {
    let app = TestApp::start().await;
    let own = app.origin();
    let body = |username: &str| {
        json!({
            "username": username, "display_name": "Ada", "password": PASSWORD,
            "device": { "name": "x", "refresh_by": "cookie" },
        })
    };
    let made = app
        .post("/api/v1/accounts", &body("ada"))
        .header("origin", &own)
        .send()
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let cookie = made
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let host = own.strip_prefix("http://").unwrap();
    let port = app.address.port();
    let pages: Vec<Vec<(&str, String)>> = vec![
        vec![],
        vec![("origin", "null".to_owned())],
        vec![("origin", "https://evil.example".to_owned())],
        vec![("origin", format!("{own}.evil.example"))],
        vec![("origin", format!("http://evil.example:{port}"))],
        vec![("origin", format!("http://127.0.0.1:{}", port ^ 1))],
        vec![("origin", format!("https://{host}"))],
        vec![
            ("origin", own.clone()),
            ("sec-fetch-site", "cross-site".to_owned()),
        ],
        vec![
            ("origin", own.clone()),
            ("sec-fetch-site", "same-site".to_owned()),
        ],
        vec![("origin", own.clone()), ("origin", own.clone())],
    ];
    let requests = [
        (Method::POST, "/api/v1/sessions/refresh", json!({})),
        (Method::DELETE, "/api/v1/sessions/current", json!({})),
        (Method::POST, "/api/v1/sessions", body("ada")),
        (Method::POST, "/api/v1/accounts", body("mallory")),
    ];
    let mut forged = 0;
    for (method, path, body) in &requests {
        for page in &pages {
            let mut asking = app
                .ask(method.clone(), path)
                .json(body)
                .header("cookie", &cookie);
            for (name, value) in page {
                asking = asking.header(name, value);
            }
            let answer = asking.send().await;
            assert!(
                answer.status.is_client_error(),
                "{method} {path} {page:?}: {answer:?}"
            );
            assert!(
                !answer.headers.contains_key("set-cookie"),
                "{method} {path} {page:?}: {answer:?}"
            );
            forged += 1;
        }
    }
    assert_eq!(forged, 40);
    // What no page of another site can send without asking first, and nobody answers.
    let form = app.ask(Method::POST, "/api/v1/sessions/refresh").body("{}");
    let form = form
        .header("content-type", "text/plain")
        .header("origin", &own)
        .header("cookie", &cookie);
    assert_eq!(form.send().await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);

    let refreshed = app
        .post("/api/v1/sessions/refresh", &json!({}))
        .header("origin", &own);
    let refreshed = refreshed.header("cookie", &cookie).send().await;
    assert_eq!(
        refreshed.status,
        StatusCode::OK,
        "the session was neither ended nor used: {refreshed:?}"
    );
    let ada: SignedIn = refreshed.json();
    let free = app.register("mallory").await;
    assert_ne!(free.signed_in.me.id, ada.me.id, "the name was still free");
}

#[tokio::test]
async fn socket_opens_for_no_origin_that_only_resembles_ours() {
    let app = TestApp::start().await;
    let own = app.origin();
    let port = app.address.port();
    for origin in [
        "null".to_owned(),
        "https://evil.example".to_owned(),
        format!("{own}.evil.example"),
        format!("http://evil.example/{own}"),
        format!("http://evil.example?{own}"),
        format!("http://user@127.0.0.1:{port}@evil.example"),
        format!("http://127.0.0.1:{port}0"),
        "http://127.0.0.1".to_owned(),
        format!("https://127.0.0.1:{port}"),
        format!("ws://127.0.0.1:{port}"),
        format!("http://127.0.0.2:{port}"),
        format!("http://localhost:{port}"),
        format!("{own} https://evil.example"),
        "file://".to_owned(),
    ] {
        let Err(Error::Http(answer)) = Socket::open(app.address, Some(&origin)).await else {
            panic!("{origin} got in");
        };
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{origin}");
    }
    assert!(
        Socket::open(
            app.address,
            Some(&own.to_uppercase().replace("HTTP", "http"))
        )
        .await
        .is_ok()
    );
}

#[tokio::test]
async fn no_path_leads_out_of_the_web_client() {
    let app = TestApp::start().await;
    let database = std::fs::read(app.directory.path().join("keys.json")).unwrap();
    for path in [
        "/../keys.json",
        "/assets/../../keys.json",
        "/%2e%2e/keys.json",
        "/%2e%2e%2fkeys.json",
        "/..%2fkeys.json",
        "/..%5ckeys.json",
        "/assets/..%252f..%252fkeys.json",
        "/./keys.json",
        "//keys.json",
        "/assets//../keys.json",
        "/%00keys.json",
        "/keys.json%00.js",
        "/etc/passwd",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "/assets/%c0%ae%c0%ae/keys.json",
        "/\\..\\keys.json",
        "/ahoy.db",
        "/ahoy-data/ahoy.db",
        "/.git/config",
        "/api/v1/../../keys.json",
        "/api/v1/sessions/..",
        "/api/v1/sessions/%2e%2e",
        "/api/v1/conversations/../messages",
        "/api/v1//me",
        "/API/V1/ME",
        "/api/v1/me/",
        "/api/v1/me;x",
    ] {
        let answer = raw(
            &app,
            &format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
        )
        .await;
        let status = status(&answer);
        assert!((200..500).contains(&status), "{path}: {answer}");
        assert!(
            !answer.contains("root:") && !answer.contains("\"secret\""),
            "{path}: {answer}"
        );
        assert!(
            !answer
                .as_bytes()
                .windows(64)
                .any(|part| database.starts_with(part)),
            "{path}"
        );
        let is_page = status == 200 && answer.contains("<div id=\"app\">");
        assert!(is_page || status >= 400, "{path}: {answer}");
    }
}

#[tokio::test]
async fn nothing_that_is_asked_becomes_a_header_of_the_answer() {
    let app = TestApp::start().await;
    let evil = "x%0d%0aSet-Cookie:%20evil=1%0d%0a%0d%0a<script>";
    for request in [
        format!("GET /api/v1/{evil} HTTP/1.1\r\nHost: a\r\n"),
        format!("GET /api/v1/people?query={evil} HTTP/1.1\r\nHost: a\r\n"),
        format!("GET /{evil} HTTP/1.1\r\nHost: a\r\n"),
        "GET / HTTP/1.1\r\nHost: a\r\n evil: folded\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a\rSet-Cookie: evil=1\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a\nSet-Cookie: evil=1\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a\r\nHost: evil.example\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: evil.example/; script-src *\r\n".to_owned(),
        "GET http://evil.example/ HTTP/1.1\r\nHost: a\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Host: evil.example\r\nX-Original-URL: /api/v1/me\r\n".to_owned(),
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n".to_owned(),
        "GE\u{0}T / HTTP/1.1\r\nHost: a\r\n".to_owned(),
    ] {
        let answer = raw(&app, &format!("{request}Connection: close\r\n\r\n")).await;
        let (head, _) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        assert!(!head.to_lowercase().contains("evil=1"), "{request}: {answer}");
        assert!(!head.contains("script-src *"), "{request}: {answer}");
        assert!(answer.is_empty() || status(&answer) < 500, "{request}: {answer}");
    }
    assert_eq!(app.get("/healthz").send().await.status, StatusCode::OK);
}

/// That each of them costs a password check as well, and so the same time, is seen by the queue of checks:
/// `too_many_password_checks_are_told_to_come_back`.
#[tokio::test]
async fn an_unknown_name_is_answered_word_for_word_like_a_wrong_password() {
    let app = TestApp::start_with(|config| config.limits.free_sign_in_failures = 100).await;
    app.register("ada").await;
    let body = |username: &str| json!({ "username": username, "password": "incorrect horse", "device": { "name": "x" } });
    let mut answers: Vec<Answer> = Vec::new();
    for username in ["ada", "nobody", "no name at all", "", "ADA", "\u{202e}ada"] {
        answers.push(app.post("/api/v1/sessions", &body(username)).send().await);
    }
    for answer in &answers[1..] {
        assert_eq!(answer.status, answers[0].status);
        assert_eq!(answer.body, answers[0].body);
        assert_eq!(answer.headers.keys_len(), answers[0].headers.keys_len());
    }
}

async fn raw(app: &TestApp, request: &str) -> String {
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    // The server may close before it has read everything.
    let _closed = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _reset = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> u16 {
    let code = answer
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3));
    code.unwrap_or_else(|| panic!("no answer: {answer:?}"))
        .parse()
        .unwrap()
}

fn with(value: &Value, field: &str, new: Value) -> Value {
    let mut value = value.clone();
    value[field] = new;
    value
}

fn encode(value: &Value) -> String {
    BASE64.encode(value.to_string())
}

/// HMAC-SHA-256 (RFC 2104) with a key of at most one block.
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let pad = |byte: u8| -> Vec<u8> {
        (0..64)
            .map(|n| key.get(n).copied().unwrap_or(0) ^ byte)
            .collect()
    };
    let inner = Sha256::new()
        .chain_update(pad(0x36))
        .chain_update(message)
        .finalize();
    Sha256::new()
        .chain_update(pad(0x5c))
        .chain_update(inner)
        .finalize()
        .into()
}
