//! Conversations: requests, messages, reading, typing, presence, history.

use std::collections::BTreeSet;

use protocol::chat::{Contact, History, MessageBody, Presence};
use protocol::error::ErrorCode;
use protocol::limits::{HISTORY_PAGE_MESSAGES, REQUEST_MAX_MESSAGES};
use protocol::socket::{Outcome, RequestBody, ServerFrame};
use protocol::{ConversationId, MessageId, UserId};
use serde_json::json;

use crate::app::TestApp;
use crate::device::{Device, befriend, message, new_id};

#[tokio::test]
async fn message_reaches_all_devices_of_both_but_the_one_that_wrote() {
    let app = TestApp::start().await;
    let user = app.register("ada").await;
    let mut laptop = app.connect(&user).await;
    let mut phone = app.connect(&app.sign_in("ada").await).await;
    let mut ben = app.join("ben").await;
    let conversation = befriend(&mut laptop, &mut ben).await;
    phone.all_told().await;
    let written = laptop.write(conversation, "On both?").await;
    assert_eq!(written.seq, 2);
    assert_eq!(phone.told_message().await, written);
    assert_eq!(ben.told_message().await, written);
    assert!(laptop.all_told().await.is_empty());
}

#[tokio::test]
async fn nobody_hears_of_a_conversation_before_its_first_message() {
    let app = TestApp::start().await;
    let mut ada = app.join("ada").await;
    let mut ben = app.join("ben").await;
    let opened = ada.open_conversation(ben.me()).await;
    assert_eq!((opened.contact, opened.last_seq), (Contact::None, 0));
    assert!(ben.all_told().await.is_empty());
    assert_eq!(ada.open_conversation(ben.me()).await.id, opened.id);
    assert_eq!(ben.open_conversation(ada.me()).await.id, opened.id);
    ada.write(opened.id, "Hello").await;
    let told = ben.all_told().await;
    let [
        ServerFrame::Conversation { conversation },
        ServerFrame::Message { message },
    ] = &told[..]
    else {
        panic!("{told:?}");
    };
    assert_eq!(conversation.contact, Contact::Request);
    assert_eq!(conversation.unread, 1);
    assert_eq!(message.seq, 1);
    let mine = ada.told_conversation(|_| true).await;
    assert_eq!(mine.contact, Contact::Requested);
}

#[tokio::test]
async fn conversation_is_with_somebody_else_who_exists() {
    let app = TestApp::start().await;
    let mut ada = app.join("ada").await;
    let me = ada.me();
    let with = |person| RequestBody::OpenConversation { person };
    let oneself = ada.ask(with(me)).await;
    assert_eq!(Device::refused(oneself), ErrorCode::BadRequest);
    let nobody = ada.ask(with(UserId(new_id()))).await;
    assert_eq!(Device::refused(nobody), ErrorCode::NotFound);
}

#[tokio::test]
async fn strangers_can_do_nothing_in_a_conversation() {
    let app = TestApp::start().await;
    let (_ada, _ben, conversation) = app.contacts().await;
    let user = app.register("eve").await;
    let mut eve = app.connect(&user).await;
    for body in [
        message(conversation, "Let me in"),
        RequestBody::MarkRead {
            conversation,
            seq: 1,
        },
        RequestBody::Typing {
            conversation,
            active: true,
        },
        RequestBody::AcceptContact { conversation },
        RequestBody::BlockContact { conversation },
        RequestBody::UnblockContact { conversation },
    ] {
        let shown = format!("{body:?}");
        assert_eq!(
            Device::refused(eve.ask(body).await),
            ErrorCode::NotFound,
            "{shown}"
        );
    }
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let answer = app.get(&path).by(&user).send().await;
    assert_eq!(answer.refused(), (404, ErrorCode::NotFound));
}

#[tokio::test]
async fn resent_message_is_stored_once_and_its_id_is_for_nothing_else() {
    let app = TestApp::start().await;
    let (mut ada, mut ben, conversation) = app.contacts().await;
    let request = message(conversation, "Once");
    let first = ada.ask(request.clone()).await.unwrap();
    assert_eq!(ada.ask(request.clone()).await.unwrap(), first);
    let RequestBody::SendMessage { message: id, .. } = request else {
        unreachable!()
    };
    let reused = |conversation, text: &str| RequestBody::SendMessage {
        conversation,
        message: id,
        text: text.parse().unwrap(),
    };
    let other_text = ada.ask(reused(conversation, "Twice")).await;
    assert_eq!(Device::refused(other_text), ErrorCode::Conflict);
    let other_author = ben.ask(reused(conversation, "Once")).await;
    assert_eq!(Device::refused(other_author), ErrorCode::Conflict);
    assert_eq!(ben.told_message().await.seq, 2);
    assert!(ben.all_told().await.is_empty());
    assert_eq!(ada.write(conversation, "Next").await.seq, 3);
}

#[tokio::test]
async fn message_must_be_a_message() {
    let app = TestApp::start().await;
    let (mut ada, _ben, conversation) = app.contacts().await;
    let good = serde_json::to_value(message(conversation, "x")).unwrap();
    for (field, value) in [
        ("text", json!("")),
        ("text", json!(" \n ")),
        ("text", json!("x".repeat(8_001))),
        ("text", json!("a\u{0}b")),
        ("text", json!(7)),
        ("message", json!("no id")),
        ("conversation", json!(null)),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        let error = ada.ask_json(bad).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::BadRequest);
        assert!(error.message.contains(field), "{}", error.message);
    }
    let longest = "李".repeat(8_000);
    let written = ada.write(conversation, &longest).await;
    assert!(matches!(written.body, MessageBody::Text { text } if text.as_str() == longest));
}

#[tokio::test]
async fn request_takes_only_so_many_messages_and_writing_back_accepts_it() {
    let app = TestApp::start().await;
    let mut ada = app.join("ada").await;
    let mut ben = app.join("ben").await;
    let conversation = ada.open_conversation(ben.me()).await.id;
    for _ in 0..REQUEST_MAX_MESSAGES {
        ada.write(conversation, "Please").await;
    }
    let one_more = ada.ask(message(conversation, "Please!")).await;
    assert_eq!(Device::refused(one_more), ErrorCode::NotAccepted);
    ben.write(conversation, "All right").await;
    let accepted = ada
        .told_conversation(|seen| seen.contact == Contact::Accepted)
        .await;
    assert_eq!(accepted.presence, Some(Presence::Online));
    ben.told_conversation(|seen| seen.contact == Contact::Accepted)
        .await;
    assert_eq!(
        ada.write(conversation, "Thanks").await.seq,
        REQUEST_MAX_MESSAGES + 2
    );
}

#[tokio::test]
async fn only_a_request_of_the_other_can_be_accepted() {
    let app = TestApp::start().await;
    let mut ada = app.join("ada").await;
    let mut ben = app.join("ben").await;
    let conversation = ada.open_conversation(ben.me()).await.id;
    let accept = || RequestBody::AcceptContact { conversation };
    assert_eq!(
        Device::refused(ben.ask(accept()).await),
        ErrorCode::Forbidden
    );
    ada.write(conversation, "Hello").await;
    assert_eq!(
        Device::refused(ada.ask(accept()).await),
        ErrorCode::Forbidden
    );
    ben.ask(accept()).await.unwrap();
    ben.ask(accept()).await.unwrap();
}

#[tokio::test]
async fn blocked_person_is_not_told_and_reaches_nobody() {
    let app = TestApp::start().await;
    let (mut ada, mut ben, conversation) = app.contacts().await;
    let blocked = ben.ask(RequestBody::BlockContact { conversation }).await;
    let Ok(Outcome::Conversation { conversation: seen }) = blocked else {
        panic!("{blocked:?}");
    };
    assert_eq!((seen.contact, seen.presence), (Contact::Blocked, None));
    let told = ada.all_told().await;
    assert!(
        matches!(
            told[..],
            [ServerFrame::Presence {
                presence: Presence::Offline { last_seen: None },
                ..
            }]
        ),
        "{told:?}"
    );
    let refusal = ada.ask(message(conversation, "Ben?")).await.unwrap_err();
    assert_eq!(refusal.code, ErrorCode::NotAccepted);
    assert!(!refusal.message.contains("block"), "{}", refusal.message);
    ada.ask(RequestBody::Typing {
        conversation,
        active: true,
    })
    .await
    .unwrap();
    ada.ask(RequestBody::MarkRead {
        conversation,
        seq: 1,
    })
    .await
    .unwrap();
    ben.forget();
    assert!(ben.all_told().await.is_empty());
    let own = ben.ask(message(conversation, "No")).await;
    assert_eq!(Device::refused(own), ErrorCode::Blocked);
    ben.ask(RequestBody::UnblockContact { conversation })
        .await
        .unwrap();
    let seen = ada.told(|frame| match frame {
        ServerFrame::Presence { presence, .. } => Some(*presence),
        _ => None,
    });
    assert_eq!(seen.await, Presence::Online);
    ada.write(conversation, "There you are").await;
}

#[tokio::test]
async fn reading_is_told_to_my_devices_and_to_the_other() {
    let app = TestApp::start().await;
    let user = app.register("ada").await;
    let mut laptop = app.connect(&user).await;
    let mut phone = app.connect(&app.sign_in("ada").await).await;
    let mut ben = app.join("ben").await;
    let conversation = befriend(&mut laptop, &mut ben).await;
    for text in ["one", "two", "three"] {
        ben.write(conversation, text).await;
    }
    let read = |seq| RequestBody::MarkRead { conversation, seq };
    laptop.ask(read(3)).await.unwrap();
    let told = |frame: &ServerFrame| match *frame {
        ServerFrame::Read {
            user, seq, unread, ..
        } => Some((user, seq, unread)),
        _ => None,
    };
    let me = laptop.me();
    assert_eq!(phone.told(told).await, (me, 3, 1));
    // Of Ada's one message Ben has read nothing.
    assert_eq!(ben.told(told).await, (me, 3, 1));
    laptop.ask(read(2)).await.unwrap();
    ben.forget();
    assert!(ben.all_told().await.is_empty(), "a mark never goes back");
    let beyond = laptop.ask(read(5)).await;
    assert_eq!(Device::refused(beyond), ErrorCode::BadRequest);
    let again = app.connect(&user).await;
    let seen = &again.welcome.conversations[0];
    assert_eq!((seen.read_seq, seen.last_seq, seen.unread), (3, 4, 1));
}

#[tokio::test]
async fn typing_is_told_to_contacts_only() {
    let app = TestApp::start().await;
    let (mut ada, mut ben, conversation) = app.contacts().await;
    let typing = |conversation, active| RequestBody::Typing {
        conversation,
        active,
    };
    ada.ask(typing(conversation, true)).await.unwrap();
    let active = ben.told(|frame| match *frame {
        ServerFrame::Typing { active, .. } => Some(active),
        _ => None,
    });
    assert!(active.await);
    let mut eve = app.join("eve").await;
    let request = eve.open_conversation(ben.me()).await.id;
    eve.write(request, "Hello").await;
    ben.told_message().await;
    ben.forget();
    eve.ask(typing(request, true)).await.unwrap();
    assert!(ben.all_told().await.is_empty());
}

#[tokio::test]
async fn contacts_see_each_other_come_and_go_and_nobody_else_does() {
    let app = TestApp::start().await;
    let (mut ada, ben, _) = app.contacts().await;
    let mut eve = app.join("eve").await;
    let request = eve.open_conversation(ben.me()).await.id;
    eve.write(request, "Hello").await;
    eve.forget();
    let them = ben.me();
    drop(ben);
    let presence = |frame: &ServerFrame| match *frame {
        ServerFrame::Presence { user, presence } => Some((user, presence)),
        _ => None,
    };
    let last_seen = Some(app.clock.now());
    let gone = Presence::Offline { last_seen };
    assert_eq!(ada.told(presence).await, (them, gone));
    let back = app.sign_in("ben").await;
    let _back = app.connect(&back).await;
    assert_eq!(ada.told(presence).await, (them, Presence::Online));
    assert!(eve.all_told().await.is_empty());
}

#[tokio::test]
async fn numbers_have_no_gap_however_many_write_at_once() {
    let app = TestApp::start().await;
    let users = [app.register("ada").await, app.register("ben").await];
    let mut ada = app.connect(&users[0]).await;
    let mut ben = app.connect(&users[1]).await;
    let conversation = befriend(&mut ada, &mut ben).await;
    let mut writers = Vec::new();
    for n in 0..20 {
        let mut device = app.connect(&users[n % 2]).await;
        writers.push(tokio::spawn(async move {
            let mut seqs = Vec::new();
            for text in ["a", "b", "c", "d", "e"] {
                seqs.push(device.write(conversation, text).await.seq);
            }
            assert!(
                seqs.is_sorted(),
                "one device's messages keep their order: {seqs:?}"
            );
            seqs
        }));
    }
    let mut seqs = BTreeSet::new();
    for writer in writers {
        seqs.extend(writer.await.unwrap());
    }
    assert_eq!(seqs, (2..=101).collect());
    for expected in 2..=101 {
        assert_eq!(
            ada.told_message().await.seq,
            expected,
            "told in their order"
        );
    }
}

#[tokio::test]
async fn requests_of_one_socket_are_kept_in_their_order() {
    let app = TestApp::start().await;
    let (mut ada, mut ben, conversation) = app.contacts().await;
    let mut ids = Vec::new();
    for n in 0..50 {
        let mut body = serde_json::to_value(message(conversation, &n.to_string())).unwrap();
        ids.push(ada.begin(&mut body).await);
    }
    for id in ids {
        ada.answer(id).await.unwrap();
    }
    for n in 0..50 {
        let MessageBody::Text { text } = ben.told_message().await.body else {
            panic!("no text");
        };
        assert_eq!(text.as_str(), n.to_string());
    }
}

#[tokio::test]
async fn history_is_paged_both_ways() {
    let app = TestApp::start().await;
    let user = app.register("ada").await;
    let mut ada = app.connect(&user).await;
    let mut ben = app.join("ben").await;
    let conversation = befriend(&mut ada, &mut ben).await;
    for n in 2..=60 {
        ada.write(conversation, &n.to_string()).await;
    }
    let page = async |query: &str| -> (Vec<u64>, bool) {
        let path = format!("/api/v1/conversations/{conversation}/messages{query}");
        let history: History = app.get(&path).by(&user).send().await.json();
        let seqs = history.messages.iter().map(|message| message.seq);
        (seqs.collect(), history.more)
    };
    let newest = 60 - u64::from(HISTORY_PAGE_MESSAGES) + 1;
    assert_eq!(page("").await, ((newest..=60).collect(), true));
    assert_eq!(page("?before=4").await, (vec![1, 2, 3], false));
    assert_eq!(page("?before=5&limit=2").await, (vec![3, 4], true));
    assert_eq!(page("?after=57&limit=2").await, (vec![58, 59], true));
    assert_eq!(page("?after=58").await, (vec![59, 60], false));
    assert_eq!(page("?after=60").await, (vec![], false));
    for query in [
        "?limit=0",
        "?limit=51",
        "?before=1&after=1",
        "?before=x",
        "?after=-1",
    ] {
        let path = format!("/api/v1/conversations/{conversation}/messages{query}");
        let answer = app.get(&path).by(&user).send().await;
        assert_eq!(answer.refused(), (400, ErrorCode::BadRequest), "{query}");
    }
}

#[tokio::test]
async fn snapshot_shows_conversations_with_the_newest_first() {
    let app = TestApp::start().await;
    let user = app.register("ada").await;
    let mut ada = app.connect(&user).await;
    let mut with = Vec::new();
    for name in ["ben", "cleo"] {
        let mut other = app.join(name).await;
        let conversation = ada.open_conversation(other.me()).await.id;
        app.advance(protocol::Milliseconds(1));
        ada.write(conversation, name).await;
        other.told_message().await;
        with.push(conversation);
    }
    ada.open_conversation(app.join("dan").await.me()).await;
    let again = app.connect(&user).await;
    let conversations = &again.welcome.conversations;
    let shown: Vec<ConversationId> = conversations.iter().map(|seen| seen.id).collect();
    with.reverse();
    assert_eq!(shown, with, "the one without a message is left out");
    let last = conversations[0].last_message.as_ref().unwrap();
    assert_eq!(last.id, ids(&app, &user, with[0]).await[0]);
}

async fn ids(
    app: &TestApp,
    user: &crate::app::User,
    conversation: ConversationId,
) -> Vec<MessageId> {
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let history: History = app.get(&path).by(user).send().await.json();
    history.messages.iter().map(|message| message.id).collect()
}
