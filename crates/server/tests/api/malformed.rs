//! A thousand malformed frames of each kind, and two hundred malformed bodies: every one is answered or the socket is closed with the
//! code that the protocol gives, nothing panics, and nobody else notices.
//!
//! The mutations are random by a fixed seed, so a failure shows the same frame again.

use hyper::Method;
use protocol::error::ErrorCode;
use protocol::limits::close;
use protocol::socket::{RequestBody, ServerFrame};
use protocol::{ConversationId, UserId};
use serde_json::{Map, Value, json};

use crate::app::{TestApp, User};
use crate::device::{Device, Socket, new_id};
use crate::phone::{candidate, description, key};

/// Malformed ones of each kind.
const OF_EACH_KIND: u32 = 1_000;
/// One in so many is broken as bytes, and no JSON any more as a rule; the others as JSON.
const BYTES_ONE_IN: usize = 20;

#[tokio::test]
async fn a_thousand_malformed_frames_of_each_kind_do_no_harm() {
    let app = TestApp::start_with(|config| {
        config.limits.requests_per_second = 1_000_000;
        config.limits.requests_burst = 1_000_000;
    })
    .await;
    let user = app.register("mallory").await;
    let (mut ada, mut ben, conversation) = app.contacts().await;
    let kinds = valid_frames(conversation, ben.me(), &user);
    let known = include_str!("../../../../web/src/protocol/RequestBody.ts");
    assert_eq!(
        known.matches("\"type\": \"").count(),
        kinds.len(),
        "one of every kind"
    );
    let mut chance = Chance(0x5eed_2026);
    let mut device = app.connect(&user).await;
    let (mut answered, mut closed) = (0_u32, 0_u32);
    for valid in &kinds {
        let read = serde_json::from_value::<RequestBody>(valid.clone());
        assert!(read.is_ok(), "{valid}: {read:?}");
        for _ in 0..OF_EACH_KIND {
            let frame = malformed(valid, &mut chance);
            match told(&mut device, &frame).await {
                Ok(()) => answered += 1,
                Err(code) => {
                    let expected = [close::BAD_FRAME, close::TOO_LARGE];
                    assert!(expected.contains(&code), "{code} after {frame}");
                    device = app.connect(&user).await;
                    closed += 1;
                }
            }
        }
    }
    assert!(
        answered > closed && closed > 0,
        "{answered} answered, {closed} closed"
    );
    for device in [&mut ada, &mut ben] {
        device.write(conversation, "Still there?").await;
    }
}

#[tokio::test]
async fn a_thousand_malformed_hellos_let_nobody_in() {
    let app = TestApp::start().await;
    let user = app.register("ada").await;
    let hello = json!({
        "type": "hello", "token": "a.b.c", "device": user.signed_in.device.id, "protocol": 1,
    });
    let mut chance = Chance(0xe110);
    for _ in 0..OF_EACH_KIND {
        let frame = malformed(&hello, &mut chance);
        let mut socket = Socket::open(app.address, None).await.unwrap();
        socket.send(frame.clone()).await;
        let code = socket.frame_or_code().await.expect_err("nobody is let in");
        let expected = [
            close::BAD_FRAME,
            close::TOO_LARGE,
            close::UNAUTHENTICATED,
            close::UNSUPPORTED,
        ];
        assert!(expected.contains(&code), "{code} after {frame}");
    }
    app.connect(&user).await;
}

#[tokio::test]
async fn malformed_bodies_of_each_kind_are_refused_and_break_nothing() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    // No password that could be one: what is right by chance must not cost a thousand hashes.
    let account = json!({ "username": "eve", "display_name": "Eve", "password": "short", "device": { "name": "x" } });
    let kinds = [
        (Method::POST, "/api/v1/accounts", account.clone()),
        (Method::POST, "/api/v1/sessions", account),
        (
            Method::POST,
            "/api/v1/sessions/refresh",
            json!({ "refresh_token": "x" }),
        ),
        (
            Method::PATCH,
            "/api/v1/me",
            json!({ "display_name": "\u{202e}" }),
        ),
        (
            Method::PUT,
            "/api/v1/me/settings",
            json!({ "do_not_disturb": { "until": 7 }, "quiet_hours": { "from": 1, "to": 2, "time_zone": "no" } }),
        ),
    ];
    let mut chance = Chance(0x00b0_d1e5);
    for (method, path, valid) in &kinds {
        for _ in 0..OF_EACH_KIND / 5 {
            let body = malformed(valid, &mut chance);
            let asking = app
                .ask(method.clone(), path)
                .by(&ada)
                .header("content-type", "application/json");
            let answer = asking.body(body.clone()).send().await;
            assert!(
                answer.status.as_u16() < 500,
                "{method} {path} {body}: {answer:?}"
            );
            if answer.status.is_client_error() {
                answer.problem();
            }
        }
    }
    assert_eq!(app.get("/api/v1/me").by(&ada).send().await.status, 200);
}

/// Sends a frame and a question that is always answered, so what came of the frame is known.
async fn told(device: &mut Device, frame: &str) -> Result<(), u16> {
    const PROBE: u32 = 4_000_000_001;
    device.socket.send(frame).await;
    let probe = json!({ "type": "no such thing", "id": PROBE });
    // A socket that was closed takes nothing more; the code is read below.
    let probe = tokio_tungstenite::tungstenite::Message::text(probe.to_string());
    let _closed = device.socket.try_send(probe).await;
    loop {
        if let ServerFrame::Error(error) = device.socket.frame_or_code().await? {
            assert_ne!(error.code, ErrorCode::Internal, "{frame}: {error:?}");
            if error.id == Some(PROBE) {
                return Ok(());
            }
        }
    }
}

/// One frame of every kind that the server knows.
fn valid_frames(conversation: ConversationId, person: UserId, user: &User) -> Vec<Value> {
    let call = new_id();
    let (offer, answer) = (description("offer", 0), description("answer", 0));
    let sound = json!({ "muted": true, "on_hold": false, "change": 3 });
    let frames = [
        json!({ "type": "renew", "token": user.token() }),
        json!({ "type": "publish_key", "key": key(1) }),
        json!({ "type": "endorse_key", "key": key(2), "signature": "5e".repeat(64) }),
        json!({ "type": "open_conversation", "person": person }),
        json!({ "type": "send_message", "conversation": conversation, "message": new_id(), "text": "Ahoy" }),
        json!({ "type": "mark_read", "conversation": conversation, "seq": 1 }),
        json!({ "type": "typing", "conversation": conversation, "active": true }),
        json!({ "type": "accept_contact", "conversation": conversation }),
        json!({ "type": "block_contact", "conversation": conversation }),
        json!({ "type": "unblock_contact", "conversation": conversation }),
        json!({ "type": "mute_conversation", "conversation": conversation, "muted": true }),
        json!({ "type": "hide_address", "conversation": conversation, "hidden": true }),
        json!({ "type": "mark_calls_seen" }),
        json!({ "type": "start_call", "attempt": new_id(), "conversation": conversation, "description": offer }),
        json!({ "type": "ring_call", "call": call }),
        json!({ "type": "answer_call", "call": call, "description": answer, "candidates": [candidate(1)] }),
        json!({ "type": "take_call", "call": call, "description": offer }),
        json!({ "type": "set_sound", "call": call, "sound": sound }),
        json!({ "type": "describe_call", "call": call, "description": answer }),
        json!({ "type": "add_candidates", "call": call, "epoch": 0, "candidates": [candidate(1), candidate(2)] }),
        json!({ "type": "access_relay", "call": call }),
        json!({ "type": "test_relay" }),
        json!({ "type": "decline_call", "call": call }),
        json!({ "type": "cancel_call", "call": call }),
        json!({ "type": "hang_up", "call": call, "heard_ago": 7 }),
        json!({ "type": "report_call", "call": call, "report": { "report": "connected" }, "heard_ago": 7 }),
    ];
    let mut frames = Vec::from(frames);
    for frame in &mut frames {
        frame["id"] = json!(7);
        frame["age"] = json!(10);
    }
    frames
}

/// Reproducible chance (xorshift64*, Vigna 2016).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap() % end
    }
}

/// A frame with one to three mistakes in it.
fn malformed(valid: &Value, chance: &mut Chance) -> String {
    if chance.below(BYTES_ONE_IN) == 0 {
        return broken_bytes(&valid.to_string(), chance);
    }
    let mut value = valid.clone();
    for _ in 0..=chance.below(3) {
        mutate(&mut value, chance);
    }
    let text = value.to_string();
    // A name twice: which of the two counts must not matter.
    if chance.below(10) == 0 {
        text.replacen('{', r#"{"id":8,"type":7,"#, 1)
    } else {
        text
    }
}

/// Changes a value somewhere inside; objects stay objects on the outside, so that most frames are still read.
fn mutate(value: &mut Value, chance: &mut Chance) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let names: Vec<String> = fields.keys().cloned().collect();
            let name = &names[chance.below(names.len())];
            match chance.below(4) {
                0 => drop(fields.remove(name)),
                1 => drop(fields.insert(format!("{name}\u{0}"), junk(chance))),
                2 => drop(fields.insert(name.clone(), junk(chance))),
                _ => {
                    if let Some(inner) = fields.get_mut(name) {
                        mutate(inner, chance);
                    }
                }
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let index = chance.below(items.len());
            if chance.below(4) == 0 {
                let item = items[index].clone();
                items.extend(std::iter::repeat_n(item, 70));
            } else {
                mutate(&mut items[index], chance);
            }
        }
        other => *other = junk(chance),
    }
}

fn junk(chance: &mut Chance) -> Value {
    match chance.below(16) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(-1),
        3 => json!(u64::MAX),
        4 => json!(i64::MIN),
        5 => json!(1e308),
        6 => json!(0.5),
        7 => json!(""),
        8 => json!("\u{0}\u{202e}\u{feff}"),
        9 => json!("x".repeat(3_000)),
        10 => json!([]),
        11 => Value::Object(Map::new()),
        12 => json!("00000000-0000-0000-0000-000000000000"),
        13 => json!("'; DROP TABLE accounts; --"),
        14 => json!("<script>canary()</script>\r\na=candidate:1"),
        _ => (0..60).fold(json!(1), |inner, _| json!([inner])),
    }
}

fn broken_bytes(text: &str, chance: &mut Chance) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let at = chance.below(chars.len());
    match chance.below(4) {
        0 => chars.truncate(at),
        1 => chars[at] = '\u{fffd}',
        2 => drop(chars.remove(at)),
        _ => chars.insert(at, ['"', '{', '}', '\\', '\u{0}', ','][chance.below(6)]),
    }
    chars.into_iter().collect()
}
