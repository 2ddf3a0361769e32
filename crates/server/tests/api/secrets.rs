//! What is secret is neither in the log nor in the database, whatever the log level.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

use hyper::Method;
use protocol::account::{SignedIn, Token};
use protocol::call::CallReport;
use protocol::description::{CallDescription, Candidate};
use protocol::socket::RequestBody;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::app::{Asking, register_at};
use crate::device::{Device, befriend};
use crate::phone::{candidate, description, start};

const LOG: &str = "the log";
const PASSWORD: &str = "canary password 4711";
const MESSAGE: &str = "canary message 4712";
const UFRAG: &str = "canaryufrag4713";
const PWD: &str = "canarypwd4714abcdefghijkl";
const FINGERPRINT: &str = "ca9a7ca9a7ca9a7ca9a7ca9a7ca9a7ca9a7ca9a7ca9a7ca9a7ca9a7ca9a74715";
const SIGNATURE: &str = "5109a7415109a7415109a7415109a741";
const CANDIDATE_ADDRESS: &str = "198.51.100.247";

/// What a log of everything and a disk were found to have, by name.
type Kept = Vec<(String, Vec<u8>)>;

/// The program itself, which logs all that it can.
pub(crate) struct Program {
    child: Child,
    log: JoinHandle<std::io::Result<Vec<u8>>>,
    pub(crate) address: SocketAddr,
    directory: TempDir,
}

impl Program {
    fn start() -> Self {
        Self::start_with(&["--log", "trace"])
    }

    pub(crate) fn start_with(more: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_ahoy"));
        let options = ["--listen", "127.0.0.1:0", "--relay", "off", "--data"];
        let mut child = command
            .args(options)
            .arg(directory.path())
            .args(more)
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
        Self {
            child,
            log,
            address,
            directory,
        }
    }

    /// What it has logged, once it was killed.
    pub(crate) fn log(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        String::from_utf8(self.log.join().unwrap().unwrap()).unwrap()
    }

    /// Killed, so that what was written is found as it lies on the disk, the log of the database included.
    fn kill(mut self) -> Kept {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let mut kept = vec![(LOG.to_owned(), self.log.join().unwrap().unwrap())];
        assert!(contains(&kept[0].1, "signed in"), "the log was read");
        for entry in std::fs::read_dir(self.directory.path()).unwrap() {
            let path = entry.unwrap().path();
            if !path.is_file() {
                continue; // The socket for orders keeps nothing.
            }
            kept.push((path.display().to_string(), std::fs::read(path).unwrap()));
        }
        let has_writes = kept.iter().any(|(name, _)| name.ends_with("ahoy.db-wal"));
        assert!(has_writes, "the writes were read");
        kept
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

#[track_caller]
fn assert_nowhere(kept: &Kept, secret: &str) {
    for (name, bytes) in kept {
        assert!(!contains(bytes, secret), "{secret} in {name}");
    }
}

#[tokio::test]
async fn neither_the_log_nor_the_database_has_passwords_or_tokens() {
    let program = Program::start();
    let address = program.address;
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

    let kept = program.kill();
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
        assert_nowhere(&kept, secret);
    }
}

/// Everything of a call that tells who talks from where, or lets somebody into it.
#[tokio::test]
async fn a_whole_call_leaves_no_description_address_or_message_in_the_log_and_no_description_on_the_disk()
 {
    let program = Program::start();
    let mut ada = Device::connect(
        program.address,
        &register_at(program.address, "ada", "Ada").await,
    )
    .await;
    let mut ben = Device::connect(
        program.address,
        &register_at(program.address, "ben", "Ben").await,
    )
    .await;
    let conversation = befriend(&mut ada, &mut ben).await;
    ada.write(conversation, MESSAGE).await;
    let refused = ada.ask_json(
        json!({ "type": "send_message", "conversation": conversation, "text": [MESSAGE] }),
    );
    refused.await.unwrap_err();

    let RequestBody::StartCall { attempt, .. } = start(conversation) else {
        panic!("no start");
    };
    let offer = marked(&description("offer", 0));
    let begin = RequestBody::StartCall {
        attempt,
        conversation,
        description: offer,
    };
    ada.ask(begin).await.unwrap();
    let call = ben.told_call(|_| true).await.call.id;
    ben.ask(RequestBody::RingCall { call }).await.unwrap();
    let answer = RequestBody::AnswerCall {
        call,
        description: marked(&description("answer", 0)),
        candidates: vec![marked_candidate(1)],
    };
    ben.ask(answer).await.unwrap();
    let candidates = vec![marked_candidate(2)];
    ada.ask(RequestBody::AddCandidates {
        call,
        epoch: 0,
        candidates,
    })
    .await
    .unwrap();
    assert_eq!(ben.told_candidates().await, [marked_candidate(2)]);
    // One that is refused, because refusals explain.
    let mut bad = serde_json::to_value(marked(&description("offer", 9))).unwrap();
    bad["pwd"] = json!([PWD]);
    ada.ask_json(json!({ "type": "describe_call", "call": call, "description": bad }))
        .await
        .unwrap_err();
    for device in [&mut ada, &mut ben] {
        device.report(call, CallReport::Connected).await.unwrap();
    }
    ada.hang_up(call).await.unwrap();
    ben.told_end(call).await;
    ben.told_entry(|record| record.end.is_some()).await;

    let kept = program.kill();
    for secret in [UFRAG, PWD, FINGERPRINT, CANDIDATE_ADDRESS, SIGNATURE] {
        assert_nowhere(&kept, secret);
    }
    let (log, disk): (Vec<_>, Vec<_>) = kept.into_iter().partition(|(name, _)| name == LOG);
    assert_nowhere(&log, MESSAGE);
    assert!(
        contains(&log[0].1, &call.to_string()),
        "the log tells of the call"
    );
    let has_message = disk.iter().any(|(_, bytes)| contains(bytes, MESSAGE));
    assert!(has_message, "the canary is found where it belongs");
}

fn marked(description: &CallDescription) -> CallDescription {
    let mut marked: Value = serde_json::to_value(description).unwrap();
    marked["ufrag"] = json!(UFRAG);
    marked["pwd"] = json!(PWD);
    marked["fingerprint"] = json!(FINGERPRINT);
    marked["identity"]["signature"] = json!(SIGNATURE.repeat(4));
    serde_json::from_value(marked).unwrap()
}

fn marked_candidate(n: u8) -> Candidate {
    let mut marked = serde_json::to_value(candidate(n)).unwrap();
    marked["address"] = json!(CANDIDATE_ADDRESS);
    serde_json::from_value(marked).unwrap()
}
