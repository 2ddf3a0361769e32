//! People, conversations and descriptions.

#[path = "descriptions.rs"]
#[expect(dead_code, reason = "candidates have no part in these worlds")]
mod descriptions;

use protocol::description::{CallDescription, DescriptionKind, Fingerprint, Signature};
use protocol::{AttemptId, ConversationId, UserId};
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

/// A description of a peer connection; every one has an `ufrag` of its own.
pub(crate) fn description(
    kind: DescriptionKind,
    epoch: u16,
    ufrag: u64,
    ends: &Ends,
) -> CallDescription {
    let mut made = descriptions::description(kind, epoch, &format!("{ufrag:08x}"));
    made.fingerprint = ends.own_fingerprint();
    made.identity.attempt = ends.attempt;
    let over = ends.other.filter(|_| !made.begins() || !ends.begins);
    made.identity.signature = signature(ends.own, over);
    if !ends.begins {
        made.identity.code = None;
    }
    made
}

/// What a device knows of a connection when it makes a description or takes one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ends {
    pub(crate) attempt: AttemptId,
    pub(crate) own: u64,
    /// The other side's certificate, once a description of it was taken; for the answer to an offer, that offer's.
    pub(crate) other: Option<u64>,
    /// Whether the connection begins with the description.
    pub(crate) begins: bool,
}

impl Ends {
    fn own_fingerprint(&self) -> Fingerprint {
        format!("{:064x}", self.own).parse().unwrap()
    }

    /// What is wrong with a description that came; `identity::check` tells it of real ones.
    pub(crate) fn forged(&self, came: &CallDescription) -> Option<&'static str> {
        let by = certificate(came);
        let over = Some(self.own).filter(|_| !came.begins());
        if came.identity.attempt != self.attempt {
            Some("another call")
        } else if came.identity.code.is_some() != self.other.is_none() {
            Some("another beginning")
        } else if self.other.is_some_and(|other| other != by) {
            Some("another end")
        } else if came.identity.signature != signature(by, over) {
            Some("another signature")
        } else {
            None
        }
    }
}

/// Stands for one: it names both certificates.
fn signature(by: u64, over: Option<u64>) -> Signature {
    format!("{by:064x}{:064x}", over.unwrap_or(0))
        .parse()
        .unwrap()
}

/// The certificate that a description is of.
pub(crate) fn certificate(description: &CallDescription) -> u64 {
    u64::from_str_radix(&description.fingerprint.as_str()[48..], 16).unwrap()
}
