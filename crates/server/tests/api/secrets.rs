//! What is secret is neither in the log nor in the database, whatever the log level.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use hyper::Method;
use protocol::account::{SignedIn, Token};
use serde_json::json;

use crate::app::Asking;

const PASSWORD: &str = "canary password 4711";

#[tokio::test]
async fn neither_the_log_nor_the_database_has_passwords_or_tokens() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ahoy"));
    command.args([
        "--listen",
        "127.0.0.1:0",
        "--relay",
        "off",
        "--log",
        "trace",
        "--data",
    ]);
    let mut child = command
        .arg(directory.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = child.stderr.take().unwrap();
    let log = std::thread::spawn(move || {
        let mut text = Vec::new();
        log.read_to_end(&mut text).map(|_| text)
    });
    let mut first_line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut first_line)
        .unwrap();
    let (_, address) = first_line.trim().split_once("http://").unwrap();
    let address = address.parse().unwrap();

    let body = json!({
        "username": "ada", "display_name": "Ada", "password": PASSWORD, "device": { "name": "x" },
    });
    let post = |path, body| Asking::new(address, Method::POST, path).json(body).send();
    let first: SignedIn = post("/api/v1/accounts", &body).await.json();
    let refresh = json!({ "refresh_token": first.refresh_token });
    let second: SignedIn = post("/api/v1/sessions/refresh", &refresh).await.json();
    let wrong = json!({ "username": "ada", "password": [PASSWORD], "device": { "name": "x" } });
    assert_eq!(post("/api/v1/sessions", &wrong).await.status, 400);
    let list = Asking::new(address, Method::GET, "/api/v1/sessions");
    assert_eq!(
        list.bearer(second.access_token.expose())
            .send()
            .await
            .status,
        200
    );

    // Killed, so that what was written is found as it lies on the disk, the log of the database included.
    child.kill().unwrap();
    child.wait().unwrap();
    let mut kept = vec![("the log".to_owned(), log.join().unwrap().unwrap())];
    assert!(
        kept[0].1.windows(9).any(|part| part == b"signed in"),
        "the log was read"
    );
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let path = entry.unwrap().path();
        kept.push((path.display().to_string(), std::fs::read(path).unwrap()));
    }
    assert!(
        kept.iter().any(|(name, _)| name.ends_with("ahoy.db-wal")),
        "the writes were read"
    );
    let tokens = [&first, &second].into_iter().flat_map(|signed_in| {
        [
            Some(&signed_in.access_token),
            signed_in.refresh_token.as_ref(),
        ]
        .into_iter()
        .flatten()
    });
    let secrets = tokens.map(Token::expose).chain([PASSWORD]);
    for secret in secrets {
        for (name, bytes) in &kept {
            let found = bytes
                .windows(secret.len())
                .any(|part| part == secret.as_bytes());
            assert!(!found, "{secret} in {name}");
        }
    }
}
