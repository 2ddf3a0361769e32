//! What was acknowledged is there, and there once, however often the process is killed and in the middle of whatever.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::Method;
use protocol::call::{CallLog, CallRecord, CallState, EndReason};
use protocol::chat::{History, Message, MessageBody};
use protocol::error::ErrorCode;
use protocol::limits::{CALL_LOG_PAGE_RECORDS, HISTORY_PAGE_MESSAGES};
use protocol::socket::{Outcome, RequestBody, ServerFrame};
use protocol::{CallId, ConversationId, MessageId};
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Message as Frame;

use crate::app::{Asking, User, register_at};
use crate::command::Running;
use crate::device::{Device, befriend, message};
use crate::phone::{candidate, description, start};

const KILLS: u32 = 50;
/// Devices that write, half of them Ada's and half of them Ben's.
const WRITERS: usize = 4;
/// Requests that each of them keeps under way, so that every kill cuts some off.
const UNDER_WAY: usize = 8;
/// Messages that each of them sends to one server at most: as many as a socket may send at once.
const MESSAGES_PER_SERVER: u32 = 100;
/// A server is killed after this many answers to messages at most, or to what was asked of calls, and up to so much later.
const MESSAGE_ANSWERS_MAX: u64 = 60;
const CALL_ANSWERS_MAX: u64 = 12;
const DELAY_MAX_MICROSECONDS: u64 = 4_000;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_or_doubled_by_50_kills() {
    let mut chance = Chance::new();
    let mut story = Story::begin().await;
    for n in 0..KILLS {
        let (counted, answers) = if n % 2 == 0 {
            (Asked::Message, 1 + chance.below(MESSAGE_ANSWERS_MAX))
        } else {
            (Asked::Call, 1 + chance.below(CALL_ANSWERS_MAX))
        };
        let load = Load::new(counted, answers);
        let delay = Duration::from_micros(chance.below(DELAY_MAX_MICROSECONDS));
        story.load_and_kill(load, delay, chance.next()).await;
    }
    story.finish().await;
}

/// The same four people on the same data, whatever happens to the server.
struct Story {
    directory: tempfile::TempDir,
    running: Running,
    /// Ada and Ben write, Cleo calls Dan.
    users: [User; 4],
    written: ConversationId,
    called: ConversationId,
    /// The text of everything that was sent, and once it was acknowledged its number.
    sent: BTreeMap<MessageId, String>,
    acknowledged: BTreeMap<MessageId, u64>,
    /// What each writer does not know the fate of.
    cut_off: Vec<BTreeMap<u32, RequestBody>>,
    /// Kills that left somebody with such.
    kills_that_cut: u32,
    calls: Calls,
}

/// What Cleo and Dan were told of their calls.
#[derive(Default)]
struct Calls {
    begun: BTreeSet<CallId>,
    ended: BTreeMap<CallId, EndReason>,
}

impl Story {
    async fn begin() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let running = Running::start(&directory, &[]);
        let address: SocketAddr = running.address().parse().unwrap();
        let mut users = Vec::new();
        let mut devices = Vec::new();
        for name in ["ada", "ben", "cleo", "dan"] {
            users.push(register_at(address, name, name).await);
            devices.push(Device::connect(address, &users[users.len() - 1]).await);
        }
        let [ada, ben, cleo, dan] = &mut devices[..] else {
            unreachable!("four people")
        };
        Self {
            written: befriend(ada, ben).await,
            called: befriend(cleo, dan).await,
            users: users.try_into().ok().unwrap(),
            directory,
            running,
            sent: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            cut_off: vec![BTreeMap::new(); WRITERS],
            kills_that_cut: 0,
            calls: Calls::default(),
        }
    }

    fn address(&self) -> SocketAddr {
        self.running.address().parse().unwrap()
    }

    /// Messages and calls until the kill, and a new server on the same data.
    async fn load_and_kill(&mut self, load: Load, delay: Duration, turn: u64) {
        let address = self.address();
        let load = Arc::new(load);
        let mut writers = Vec::new();
        for (n, cut_off) in self.cut_off.drain(..).enumerate() {
            let device = Device::connect(address, &self.users[n % 2]).await;
            let (conversation, load) = (self.written, Arc::clone(&load));
            writers.push(tokio::spawn(write(device, conversation, cut_off, load)));
        }
        let cleo = Device::connect(address, &self.users[2]).await;
        let dan = Device::connect(address, &self.users[3]).await;
        let talking = tokio::spawn(talk(cleo, dan, self.called, turn, Arc::clone(&load)));
        load.enough.notified().await;
        #[expect(
            clippy::disallowed_methods,
            reason = "any moment will do, and none is waited for"
        )]
        tokio::time::sleep(delay).await;
        self.running.kill();

        for writer in writers {
            let written = writer.await.unwrap();
            self.sent.extend(written.sent);
            self.acknowledged.extend(written.acknowledged);
            self.cut_off.push(written.cut_off);
        }
        self.kills_that_cut += u32::from(self.cut_off.iter().any(|requests| !requests.is_empty()));
        let calls = talking.await.unwrap();
        self.calls.begun.extend(calls.begun);
        self.calls.ended.extend(calls.ended);
        self.running = Running::start(&self.directory, &[]);
    }

    /// What was cut off last is sent again, then everything is there once.
    async fn finish(mut self) {
        // Now and then all is said before a kill comes, the last one among them.
        assert!(self.kills_that_cut > KILLS / 4, "{}", self.kills_that_cut);
        let address = self.address();
        for (n, requests) in std::mem::take(&mut self.cut_off).into_iter().enumerate() {
            let mut device = Device::connect(address, &self.users[n % 2]).await;
            for request in requests.into_values() {
                let Ok(Outcome::Message { message }) = device.ask(request).await else {
                    panic!("a resend was refused");
                };
                self.acknowledged.insert(message.id, message.seq);
            }
        }
        self.check_messages().await;
        self.check_calls().await;
    }

    async fn check_messages(&self) {
        let hello = 1;
        let kept = timeline(self.address(), &self.users[0], self.written).await;
        assert_eq!(kept.len(), self.sent.len() + hello, "each is there once");
        for message in &kept[hello..] {
            let MessageBody::Text { text } = &message.body else {
                panic!("{message:?}");
            };
            assert_eq!(
                self.sent.get(&message.id).map(String::as_str),
                Some(text.as_str())
            );
            assert_eq!(self.acknowledged.get(&message.id), Some(&message.seq));
        }
    }

    async fn check_calls(&self) {
        let mut cleo = Device::connect(self.address(), &self.users[2]).await;
        let mut calls = Calls::default();
        end_all(&mut cleo, &mut calls).await.expect("a server");
        let log = log(self.address(), &self.users[2]).await;
        let records: BTreeMap<CallId, &CallRecord> = log.iter().map(|r| (r.call, r)).collect();
        assert_eq!(records.len(), log.len(), "each call is in the log once");
        assert!(
            log.iter().all(|record| record.end.is_some()),
            "no call is left over"
        );
        for call in &self.calls.begun {
            assert!(records.contains_key(call), "a call that was acknowledged");
        }
        for (call, reason) in self.calls.ended.iter().chain(&calls.ended) {
            assert_eq!(records[call].end.map(|end| end.reason), Some(*reason));
        }
        let hello = 1;
        let kept = timeline(self.address(), &self.users[3], self.called).await;
        let entries: BTreeSet<MessageId> = kept[hello..].iter().map(|m| m.id).collect();
        let called: BTreeSet<MessageId> = records.keys().map(|call| (*call).into()).collect();
        assert_eq!((entries.len(), &entries), (kept.len() - hello, &called));
        let hung_up = |reason: &EndReason| matches!(reason, EndReason::HungUp { .. });
        for reason in [EndReason::Cancelled, EndReason::Declined] {
            assert!(
                self.calls.ended.values().any(|ended| *ended == reason),
                "{reason:?}"
            );
        }
        assert!(self.calls.ended.values().any(hung_up));
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Message,
    Call,
}

/// What the clients of a server have been answered, and when it is enough.
struct Load {
    counted: Asked,
    answers: AtomicU64,
    limit: u64,
    enough: Notify,
}

impl Load {
    fn new(counted: Asked, limit: u64) -> Self {
        Self {
            counted,
            answers: AtomicU64::new(0),
            limit,
            enough: Notify::new(),
        }
    }

    fn answered(&self, asked: Asked) {
        if asked == self.counted && self.answers.fetch_add(1, Ordering::Relaxed) + 1 == self.limit {
            self.enough.notify_one();
        }
    }
}

struct Written {
    sent: BTreeMap<MessageId, String>,
    acknowledged: BTreeMap<MessageId, u64>,
    cut_off: BTreeMap<u32, RequestBody>,
}

/// Sends again what was cut off, then writes on until the server is gone.
async fn write(
    mut device: Device,
    conversation: ConversationId,
    cut_off: BTreeMap<u32, RequestBody>,
    load: Arc<Load>,
) -> Written {
    let mut again = cut_off.into_values();
    let mut written = Written {
        sent: BTreeMap::new(),
        acknowledged: BTreeMap::new(),
        cut_off: BTreeMap::new(),
    };
    let mut ids = 0..MESSAGES_PER_SERVER;
    loop {
        if written.cut_off.len() < UNDER_WAY
            && let Some(id) = ids.next()
        {
            let new = || message(conversation, &format!("number {id}"));
            let request = again.next().unwrap_or_else(new);
            let RequestBody::SendMessage { message, text, .. } = &request else {
                unreachable!("a message")
            };
            written.sent.insert(*message, text.to_string());
            let mut body = serde_json::to_value(&request).unwrap();
            body["id"] = id.into();
            written.cut_off.insert(id, request);
            let sent = device.socket.try_send(Frame::text(body.to_string()));
            if sent.await.is_err() {
                break;
            }
            continue;
        }
        if written.cut_off.is_empty() {
            break;
        }
        let Some((id, message)) = answer(&mut device).await else {
            break;
        };
        let asked = written.cut_off.remove(&id);
        asked.expect("an answer to what was asked");
        written.acknowledged.insert(message.id, message.seq);
        load.answered(Asked::Message);
    }
    // What was not sent at all is sent next time.
    for request in again {
        let id = u32::MAX - u32::try_from(written.cut_off.len()).unwrap();
        written.cut_off.insert(id, request);
    }
    written
}

/// The next acknowledgement, or nothing where the server is gone.
async fn answer(device: &mut Device) -> Option<(u32, Message)> {
    loop {
        match device.socket.frame_or_end().await? {
            ServerFrame::Ok {
                id,
                outcome: Outcome::Message { message },
            } => {
                return Some((id, message));
            }
            ServerFrame::Error(error) => panic!("{error:?}"),
            _ => {}
        }
    }
}

/// Calls that are cancelled, declined, and answered and hung up, until the server is gone.
async fn talk(
    mut cleo: Device,
    mut dan: Device,
    conversation: ConversationId,
    mut turn: u64,
    load: Arc<Load>,
) -> Calls {
    let mut calls = Calls::default();
    // What ends this is the end of the server.
    let _gone: Option<()> = async {
        if end_all(&mut cleo, &mut calls).await? > 0 {
            // After three calls without an answer Cleo would have to wait: the next one is answered.
            turn = 1;
        }
        loop {
            let call = match cleo.ask_or_end(start(conversation)).await? {
                Ok(Outcome::Call { call, .. }) => call.call.id,
                // Messages make this server last for more calls than one may start.
                Err(refused) if refused.code == ErrorCode::RateLimited => {
                    return cleo.is_left_alone().await;
                }
                other => panic!("no call: {other:?}"),
            };
            calls.begun.insert(call);
            load.answered(Asked::Call);
            turn = turn.wrapping_add(1);
            let (who, how, reason) = match turn % 3 {
                0 => (
                    &mut cleo,
                    RequestBody::CancelCall { call },
                    EndReason::Cancelled,
                ),
                1 => (
                    &mut dan,
                    RequestBody::DeclineCall { call },
                    EndReason::Declined,
                ),
                _ => {
                    let answer = RequestBody::AnswerCall {
                        call,
                        description: description("answer", 0),
                        candidates: vec![candidate(1)],
                    };
                    dan.ask_or_end(answer).await?.unwrap();
                    load.answered(Asked::Call);
                    let by = dan.me();
                    let how = RequestBody::HangUp {
                        call,
                        heard_ago: None,
                    };
                    (&mut dan, how, EndReason::HungUp { by })
                }
            };
            who.ask_or_end(how).await?.unwrap();
            calls.ended.insert(call, reason);
            load.answered(Asked::Call);
        }
    }
    .await;
    calls
}

/// Ends what the kill has left, and says how many. Nothing where the server is gone.
async fn end_all(cleo: &mut Device, calls: &mut Calls) -> Option<usize> {
    let left = cleo.welcome.calls.len();
    for view in std::mem::take(&mut cleo.welcome.calls) {
        let call = view.call.id;
        let by = cleo.me();
        let (how, reason) = match view.call.state {
            CallState::Ringing { .. } => (RequestBody::CancelCall { call }, EndReason::Cancelled),
            _ => (
                RequestBody::HangUp {
                    call,
                    heard_ago: None,
                },
                EndReason::HungUp { by },
            ),
        };
        cleo.ask_or_end(how).await?.unwrap();
        calls.ended.insert(call, reason);
    }
    Some(left)
}

/// A whole conversation, page by page. Its numbers have no gap.
pub(crate) async fn timeline(
    address: SocketAddr,
    user: &User,
    conversation: ConversationId,
) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    loop {
        let after = messages.last().map_or(0, |message| message.seq);
        let path = format!(
            "/api/v1/conversations/{conversation}/messages?after={after}&limit={HISTORY_PAGE_MESSAGES}"
        );
        let asking = Asking::new(address, Method::GET, &path).by(user);
        let page: History = asking.send().await.json();
        messages.extend(page.messages);
        if !page.more {
            break;
        }
    }
    let seqs: Vec<u64> = messages.iter().map(|message| message.seq).collect();
    assert_eq!(seqs, (1..=messages.len() as u64).collect::<Vec<_>>());
    messages
}

/// A whole call log, page by page.
async fn log(address: SocketAddr, user: &User) -> Vec<CallRecord> {
    let mut calls: Vec<CallRecord> = Vec::new();
    loop {
        let before = calls
            .last()
            .map_or(String::new(), |last| format!("&before={}", last.call));
        let path = format!("/api/v1/calls?limit={CALL_LOG_PAGE_RECORDS}{before}");
        let asking = Asking::new(address, Method::GET, &path).by(user);
        let page: CallLog = asking.send().await.json();
        calls.extend(page.calls);
        if !page.more {
            return calls;
        }
    }
}

/// Random numbers that can be had again (`SplitMix64`).
struct Chance(u64);

impl Chance {
    /// From the variable `AHOY_TEST_SEED`, else from the system; printed, and so shown where the test fails.
    #[expect(clippy::print_stdout, reason = "it is there to be read")]
    fn new() -> Self {
        let seed = std::env::var("AHOY_TEST_SEED")
            .ok()
            .map(|seed| seed.parse().unwrap());
        let seed = seed.unwrap_or_else(|| u64::from_be_bytes(server::secrets::random()));
        println!("again with AHOY_TEST_SEED={seed}");
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}
