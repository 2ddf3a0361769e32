//! What was acknowledged is there, whatever happens to the process.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use hyper::Method;
use protocol::chat::{History, Message};
use protocol::limits::HISTORY_PAGE_MESSAGES;
use protocol::socket::{Outcome, RequestBody, ServerFrame};
use protocol::{ConversationId, MessageId};
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Message as Frame;

use crate::app::{Asking, User, register_at};
use crate::command::Running;
use crate::device::{Device, befriend, message};

/// Messages acknowledged before the process is killed.
const BEFORE_THE_KILL: u32 = 400;
/// Requests that each device keeps under way, so that the kill cuts some of them off.
const UNDER_WAY: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_messages_survive_kill_9() {
    let directory = tempfile::tempdir().unwrap();
    let mut running = Running::start(&directory, &[]);
    let address: SocketAddr = running.address().parse().unwrap();
    let users = [
        register_at(address, "ada", "Ada").await,
        register_at(address, "ben", "Ben").await,
    ];
    let mut ada = Device::connect(address, &users[0]).await;
    let mut ben = Device::connect(address, &users[1]).await;
    let conversation = befriend(&mut ada, &mut ben).await;
    drop((ada, ben));

    let count = Arc::new(Count::default());
    let mut writers = Vec::new();
    for n in 0..6 {
        let device = Device::connect(address, &users[n % 2]).await;
        writers.push(tokio::spawn(write(
            device,
            conversation,
            Arc::clone(&count),
        )));
    }
    count.reached.notified().await;
    running.kill();
    let mut acknowledged = BTreeMap::new();
    let mut cut_off = Vec::new();
    for writer in writers {
        let written = writer.await.unwrap();
        acknowledged.extend(written.acknowledged);
        cut_off.extend(written.cut_off);
    }
    assert!(acknowledged.len() >= BEFORE_THE_KILL as usize);
    assert!(!cut_off.is_empty(), "the kill cut nothing off");

    let running = Running::start(&directory, &[]);
    let address: SocketAddr = running.address().parse().unwrap();
    let kept = timeline(address, &users[0], conversation).await;
    let seqs: Vec<u64> = kept.iter().map(|message| message.seq).collect();
    let gap_free: Vec<u64> = (1..=kept.len() as u64).collect();
    assert_eq!(seqs, gap_free);
    let by_id: BTreeMap<MessageId, u64> = kept.iter().map(|m| (m.id, m.seq)).collect();
    assert_eq!(by_id.len(), kept.len(), "each is there once");
    for (id, seq) in &acknowledged {
        assert_eq!(by_id.get(id), Some(seq), "an acknowledged message");
    }

    // What was cut off may be sent again, whether or not it was kept.
    let mut devices = [
        Device::connect(address, &users[0]).await,
        Device::connect(address, &users[1]).await,
    ];
    for (n, request) in cut_off {
        let again = devices[n].ask(request).await.unwrap();
        let Outcome::Message { message } = again else {
            panic!("{again:?}");
        };
        if let Some(&seq) = by_id.get(&message.id) {
            assert_eq!(
                message.seq, seq,
                "it was kept before, and is not kept twice"
            );
        }
    }
    let after = timeline(address, &users[1], conversation).await;
    let seqs: Vec<u64> = after.iter().map(|message| message.seq).collect();
    assert_eq!(seqs, (1..=after.len() as u64).collect::<Vec<_>>());
}

#[derive(Default)]
struct Count {
    acknowledged: AtomicU32,
    reached: Notify,
}

struct Written {
    acknowledged: Vec<(MessageId, u64)>,
    /// Whose device, and what it had asked for.
    cut_off: Vec<(usize, RequestBody)>,
}

/// Writes until the server is gone.
async fn write(mut device: Device, conversation: ConversationId, count: Arc<Count>) -> Written {
    let whose = usize::from(device.welcome.me.username.as_str() == "ben");
    let mut under_way = BTreeMap::new();
    let mut acknowledged = Vec::new();
    for id in 0.. {
        let request = message(conversation, &format!("number {id} of {whose}"));
        let mut body = serde_json::to_value(&request).unwrap();
        body["id"] = id.into();
        under_way.insert(id, request);
        let sent = device.socket.try_send(Frame::text(body.to_string())).await;
        if sent.is_err() {
            break;
        }
        if under_way.len() < UNDER_WAY {
            continue;
        }
        let Some((id, message)) = answer(&mut device).await else {
            break;
        };
        under_way.remove(&id).expect("an answer to what was asked");
        acknowledged.push((message.id, message.seq));
        if count.acknowledged.fetch_add(1, Ordering::Relaxed) + 1 == BEFORE_THE_KILL {
            count.reached.notify_one();
        }
    }
    let cut_off = under_way.into_values().map(|request| (whose, request));
    Written {
        acknowledged,
        cut_off: cut_off.collect(),
    }
}

/// The next acknowledgement, or nothing where the server is gone.
async fn answer(device: &mut Device) -> Option<(u32, Message)> {
    loop {
        match device.socket.frame_or_end().await? {
            ServerFrame::Ok {
                id,
                outcome: Outcome::Message { message },
            } => return Some((id, message)),
            ServerFrame::Error(error) => assert_eq!(
                error.code,
                protocol::error::ErrorCode::RateLimited,
                "{error:?}"
            ),
            _ => {}
        }
    }
}

/// A whole conversation, page by page.
async fn timeline(address: SocketAddr, user: &User, conversation: ConversationId) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    loop {
        let after = messages.last().map_or(0, |message| message.seq);
        let path = format!(
            "/api/v1/conversations/{conversation}/messages?after={after}&limit={HISTORY_PAGE_MESSAGES}"
        );
        let page = Asking::new(address, Method::GET, &path)
            .by(user)
            .send()
            .await;
        let page: History = page.json();
        messages.extend(page.messages);
        if !page.more {
            return messages;
        }
    }
}
