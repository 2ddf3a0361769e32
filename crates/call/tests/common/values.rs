//! People, conversations and descriptions.

#[path = "descriptions.rs"]
#[expect(dead_code, reason = "candidates have no part in these worlds")]
mod descriptions;

use protocol::description::{CallDescription, DescriptionKind};
use protocol::{ConversationId, UserId};
use uuid::Uuid;

pub(crate) fn user(person: usize) -> UserId {
    UserId(Uuid::from_u128(person as u128 + 0xa0))
}

/// The conversation of two; its id holds both.
pub(crate) fn conversation(a: usize, b: usize) -> ConversationId {
    let (a, b) = (user(a.min(b)), user(a.max(b)));
    ConversationId(Uuid::from_u128(a.0.as_u128() << 32 | b.0.as_u128()))
}

pub(crate) fn other(conversation: ConversationId, me: UserId) -> UserId {
    let both = conversation.0.as_u128();
    let (a, b) = (both >> 32, both & 0xffff_ffff);
    UserId(Uuid::from_u128(if a == me.0.as_u128() { b } else { a }))
}

/// A description of a peer connection with certificate `certificate`; every one has an `ufrag` of its own.
pub(crate) fn description(
    kind: DescriptionKind,
    epoch: u16,
    certificate: u64,
    ufrag: u64,
) -> CallDescription {
    CallDescription {
        fingerprint: format!("{certificate:064x}").parse().unwrap(),
        ..descriptions::description(kind, epoch, &format!("{ufrag:08x}"))
    }
}
