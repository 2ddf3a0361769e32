//! Which part of the server carries out which request.

use std::pin::Pin;
use std::sync::Arc;

use call::switchboard::Request as CallRequest;
use protocol::CallId;
use protocol::socket::{Outcome, RequestBody};

use super::Client;
use crate::app::Shared;
use crate::calls;
use crate::chat::{self, Wish};
use crate::error::Refusal;

/// A request under way.
pub(super) type Answer = Pin<Box<dyn Future<Output = Result<Outcome, Refusal>> + Send>>;

/// Begins to carry out a request. What changes something takes its place in the order of changes when
/// the answer is first polled.
pub(super) fn carry_out(app: &Shared, client: &Arc<Client>, body: RequestBody) -> Answer {
    let app = Arc::clone(app);
    let asker = client.asker();
    match body {
        // The token belongs to the socket's loop, which takes this request itself.
        RequestBody::Renew { .. } => {
            Box::pin(async { Err(Refusal::internal(&"`renew` was not taken by the loop")) })
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
        RequestBody::AcceptContact { conversation } => {
            Box::pin(chat::wish(app, asker, conversation, Wish::Accept))
        }
        RequestBody::BlockContact { conversation } => {
            Box::pin(chat::wish(app, asker, conversation, Wish::Block))
        }
        RequestBody::UnblockContact { conversation } => {
            Box::pin(chat::wish(app, asker, conversation, Wish::Unblock))
        }
        RequestBody::StartCall {
            attempt,
            conversation,
            description,
        } => Box::pin(calls::start(
            app,
            client.party(),
            attempt,
            conversation,
            description,
        )),
        RequestBody::RingCall { call } => of_call(app, client, call, CallRequest::Ring),
        RequestBody::AnswerCall {
            call,
            description,
            candidates,
        } => {
            let request = CallRequest::Answer {
                description,
                candidates,
            };
            of_call(app, client, call, request)
        }
        RequestBody::DescribeCall { call, description } => {
            of_call(app, client, call, CallRequest::Describe { description })
        }
        RequestBody::AddCandidates {
            call,
            epoch,
            candidates,
        } => {
            let request = CallRequest::AddCandidates { epoch, candidates };
            of_call(app, client, call, request)
        }
        RequestBody::DeclineCall { call } => of_call(app, client, call, CallRequest::Decline),
        RequestBody::CancelCall { call } => of_call(app, client, call, CallRequest::Cancel),
        RequestBody::HangUp { call } => of_call(app, client, call, CallRequest::HangUp),
        RequestBody::ReportCall { call, report } => {
            of_call(app, client, call, CallRequest::Report { report })
        }
    }
}

fn of_call(app: Shared, client: &Client, call: CallId, request: CallRequest) -> Answer {
    let from = client.party();
    Box::pin(async move { calls::request(&app, from, call, request).await })
}
