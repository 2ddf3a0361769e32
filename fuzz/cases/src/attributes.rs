//! Requests whose attributes come out of an input and whose signature is right.

use stun_types::attribute::{
    AttributeStaticType as _, Fingerprint, Nonce, RawAttribute, Realm, Username,
};
use stun_types::message::{
    IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageClass, MessageIntegrityCredentials,
    MessageType, MessageWrite, MessageWriteExt, MessageWriteVec, Method,
};

use crate::reader::Reader;
use crate::world::Guest;

/// Longest value that is signed, in bytes. An address has 20, and longer ones are refused for their length whatever they are.
const VALUE_MAX_BYTES: usize = 64;

/// Attributes in one request; more would not fit into a packet.
const ATTRIBUTES_MAX: usize = 16;

/// A request with the attributes of a block (type, length, value, padding to four bytes), signed by a guest.
pub fn signed_request(guest: &Guest, method: u8, block: &[u8]) -> Vec<u8> {
    let kind = MessageType::from_class_method(MessageClass::Request, Method::new(method.into()));
    let mut message = Message::builder(kind, 7.into(), MessageWriteVec::new());
    for (kind, value) in read_all(block).take(ATTRIBUTES_MAX) {
        let value = &value[..value.len().min(VALUE_MAX_BYTES)];
        // Some kinds may not stand there twice, or not behind others: such a request goes without.
        let _ = message.add_attribute(&RawAttribute::new(kind.into(), value));
    }
    let username = Username::new(&guest.credential.username).expect("short");
    message.add_attribute(&username).expect("room");
    let realm = Realm::new(relay::Relay::REALM).expect("short");
    message.add_attribute(&realm).expect("room");
    let nonce = Nonce::new(&guest.nonce).expect("short");
    message.add_attribute(&nonce).expect("room");
    message
        .add_message_integrity(&integrity(guest), IntegrityAlgorithm::Sha1)
        .expect("room");
    message.finish()
}

fn integrity(guest: &Guest) -> MessageIntegrityCredentials {
    LongTermKeyCredentials::new(
        guest.credential.username.clone(),
        guest.credential.password.reveal().to_owned(),
        relay::Relay::REALM.to_owned(),
    )
    .into()
}

/// The attributes of a block, but for those that signing adds.
fn read_all(block: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut reader = Reader(block);
    std::iter::from_fn(move || {
        let kind = reader.number()?;
        let value = reader.bytes()?;
        let padding = value.len().next_multiple_of(4) - value.len();
        reader.0 = reader.0.get(padding..).unwrap_or_default();
        Some((kind, value))
    })
    .filter(|(kind, _)| is_free(*kind))
}

/// Whether the attribute is not one that signing adds.
fn is_free(kind: u16) -> bool {
    ![
        0x0006,
        0x0008,
        0x0014,
        0x0015,
        0x001c,
        Fingerprint::TYPE.value(),
    ]
    .contains(&kind)
}
