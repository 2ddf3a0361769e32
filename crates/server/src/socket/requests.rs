//! Which part of the server carries out which request.

use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;

use call::switchboard::Request as CallRequest;
use protocol::socket::{Outcome, RequestBody};
use protocol::{CallId, Milliseconds};

use super::Client;
use crate::allowances::Deed;
use crate::app::Shared;
use crate::calls;
use crate::chat::{self, Wish};
use crate::error::Refusal;
use crate::keys;

/// A request under way.
pub(super) type Answer = Pin<Box<dyn Future<Output = Result<Outcome, Refusal>> + Send>>;

/// Begins to carry out a request. What changes something takes its place in the order of changes when
/// the answer is first polled.
pub(super) fn carry_out(
    app: &Shared,
    client: &Arc<Client>,
    age: Milliseconds,
    body: RequestBody,
) -> Answer {
    if let Err(refusal) = count(app, client, &body) {
        return Box::pin(ready(Err(refusal)));
    }
    let app = Arc::clone(app);
    let asker = client.asker();
    let wish = |app, conversation, wish| -> Answer {
        Box::pin(chat::wish(app, asker, conversation, wish))
    };
    match body {
        // The token belongs to the socket's loop, which takes this request itself.
        RequestBody::Renew { .. } => {
            Box::pin(async { Err(Refusal::internal(&"`renew` was not taken by the loop")) })
        }
        RequestBody::PublishKey { key } => Box::pin(keys::publish(app, client.identity(), key)),
        RequestBody::EndorseKey { key, signature } => {
            Box::pin(keys::endorse(app, client.identity(), key, signature))
        }
        RequestBody::OpenConversation { person } => {
            Box::pin(chat::open_conversation(app, asker, person))
        }
        RequestBody::SendMessage {
            conversation,
            message,
            text,
        } => Box::pin(chat::send_message(app, asker, conversation, message, text)),
        RequestBody::MarkRead { conversation, seq } => {
            Box::pin(chat::mark_read(app, asker, conversation, seq))
        }
        RequestBody::Typing {
            conversation,
            active,
        } => Box::pin(chat::typing(app, asker, conversation, active)),
        RequestBody::AcceptContact { conversation } => wish(app, conversation, Wish::Accept),
        RequestBody::BlockContact { conversation } => wish(app, conversation, Wish::Block),
        RequestBody::UnblockContact { conversation } => wish(app, conversation, Wish::Unblock),
        RequestBody::MuteConversation {
            conversation,
            muted,
        } => wish(app, conversation, Wish::Mute(muted)),
        RequestBody::HideAddress {
            conversation,
            hidden,
        } => wish(app, conversation, Wish::HideAddress(hidden)),
        RequestBody::MarkCallsSeen => Box::pin(chat::mark_calls_seen(app, asker)),
        RequestBody::StartCall {
            attempt,
            conversation,
            description,
        } => {
            let from = client.party();
            Box::pin(calls::start(app, from, attempt, conversation, description))
        }
        RequestBody::RingCall { call } => of_call(app, client, age, call, CallRequest::Ring),
        RequestBody::AnswerCall {
            call,
            description,
            candidates,
        } => {
            let request = CallRequest::Answer {
                description,
                candidates,
            };
            of_call(app, client, age, call, request)
        }
        RequestBody::TakeCall { call, description } => {
            of_call(app, client, age, call, CallRequest::Take { description })
        }
        RequestBody::SetSound { call, sound } => {
            of_call(app, client, age, call, CallRequest::SetSound { sound })
        }
        RequestBody::DescribeCall { call, description } => {
            let request = CallRequest::Describe { description };
            of_call(app, client, age, call, request)
        }
        RequestBody::AddCandidates {
            call,
            epoch,
            candidates,
        } => {
            let request = CallRequest::AddCandidates { epoch, candidates };
            of_call(app, client, age, call, request)
        }
        RequestBody::AccessRelay { call } => {
            Box::pin(ready(calls::access_relay(&app, &client.party(), call)))
        }
        RequestBody::TestRelay => Box::pin(ready(calls::test_relay(&app, client.device.id))),
        RequestBody::DeclineCall { call } => of_call(app, client, age, call, CallRequest::Decline),
        RequestBody::CancelCall { call } => of_call(app, client, age, call, CallRequest::Cancel),
        RequestBody::HangUp { call, heard_ago } => {
            of_call(app, client, age, call, CallRequest::HangUp { heard_ago })
        }
        RequestBody::ReportCall {
            call,
            report,
            heard_ago,
        } => {
            let request = CallRequest::Report { report, heard_ago };
            of_call(app, client, age, call, request)
        }
    }
}

fn count(app: &Shared, client: &Client, body: &RequestBody) -> Result<(), Refusal> {
    match deed(body) {
        Some(deed) => app
            .allowances
            .take(app.clock.instant(), deed, client.party().user),
        None => Ok(()),
    }
}

/// What counts against an account's allowance, beside the rate of each socket. What belongs to a call that is there
/// never does: whoever talks too much must still be able to hang up.
fn deed(body: &RequestBody) -> Option<Deed> {
    match body {
        RequestBody::SendMessage { .. } => Some(Deed::Write),
        RequestBody::StartCall { .. } => Some(Deed::Call),
        RequestBody::OpenConversation { .. } => Some(Deed::Open),
        RequestBody::AcceptContact { .. }
        | RequestBody::BlockContact { .. }
        | RequestBody::UnblockContact { .. }
        | RequestBody::MuteConversation { .. }
        | RequestBody::HideAddress { .. } => Some(Deed::Change),
        _ => None,
    }
}

fn of_call(
    app: Shared,
    client: &Client,
    age: Milliseconds,
    call: CallId,
    request: CallRequest,
) -> Answer {
    let from = client.party();
    Box::pin(async move { calls::request(&app, from, call, request, age).await })
}
