//! STUN and TURN as a device speaks them (RFC 8489, RFC 8656), as far as a test needs.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use ::relay::{Credential, Relay};
use protocol::relay::RelayTransport;
use stun_types::attribute::{
    AttributeStaticType as _, AttributeWrite, ErrorCode, Nonce, Realm, Username, XorMappedAddress,
};
use stun_types::message::{
    BINDING, IntegrityAlgorithm, IntegrityKey, LongTermKeyCredentials, Message, MessageClass,
    MessageType, MessageWrite as _, MessageWriteExt as _, MessageWriteVec, Method, StunWriteError,
    TransactionId,
};
use tokio::time::{interval, timeout};
use turn_types::attribute::{
    Data, Lifetime, RequestedTransport, XorPeerAddress, XorRelayedAddress,
};
use turn_types::message::{ALLOCATE, CREATE_PERMISSION, DATA, REFRESH, SEND};

use super::super::findings::{PortFinding, Through};
use super::PATIENCE;
use super::wire::Wire;
use crate::secrets;

/// A request over UDP is sent again after so long.
const RESEND_AFTER: Duration = Duration::from_millis(500);
/// The protocol number of UDP, which relayed addresses speak.
const UDP: u8 = 17;
/// A second of a call: 50 packets of 160 bytes, one every 20 ms.
const PACKETS: u8 = 50;
const PACKET_BYTES: usize = 160;
const PACKET_EVERY: Duration = Duration::from_millis(20);

/// Asks for this machine's address by STUN.
pub(in super::super) async fn ask_stun(to: SocketAddr) -> PortFinding {
    let asked = async {
        let mut wire = Wire::open(RelayTransport::Udp, to, "").await?;
        ask(BINDING, None, None).send(&mut wire).await
    };
    match timeout(PATIENCE, asked).await {
        Ok(Ok(Answer::Success {
            has_mapped: true, ..
        })) => PortFinding::Answered,
        Ok(Ok(Answer::Error { code, .. })) => PortFinding::Refused(code),
        // Refused by the system, cut off, or nothing in time.
        Ok(
            Ok(Answer::Success {
                has_mapped: false, ..
            })
            | Err(_),
        )
        | Err(_) => PortFinding::Silent,
    }
}

/// A line to the relay with an address there.
pub(in super::super) struct Allocation {
    wire: Wire,
    access: Access,
    /// The address that the relay gave out.
    pub(in super::super) relayed: SocketAddr,
}

/// Asks the relay for an address. Without a credential it only sees whether a relay answers.
pub(in super::super) async fn allocate(
    transport: RelayTransport,
    to: SocketAddr,
    host: &str,
    credential: Option<&Credential>,
) -> Result<Allocation, PortFinding> {
    let silent = |_| PortFinding::Silent;
    let opened = timeout(PATIENCE, Wire::open(transport, to, host)).await;
    let mut wire = opened.map_err(|_| PortFinding::Silent)?.map_err(silent)?;
    let transport = RequestedTransport::new(UDP);
    let first = ask(ALLOCATE, Some(&transport), None).send(&mut wire).await;
    let Answer::Error { code, challenge } = first.map_err(silent)? else {
        // Whoever lets strangers in is no relay of ours.
        return Err(PortFinding::Refused(200));
    };
    let (Some(Challenge { realm, nonce }), 401) = (challenge, code) else {
        return Err(PortFinding::Refused(code));
    };
    let Some(credential) = credential else {
        let is_ours = realm == Relay::REALM;
        return Err(if is_ours {
            PortFinding::Answered
        } else {
            PortFinding::Refused(code)
        });
    };
    let key = LongTermKeyCredentials::new(
        credential.username.clone(),
        credential.password.reveal().to_owned(),
        realm.clone(),
    );
    let access = Access {
        username: credential.username.clone(),
        realm,
        nonce,
        key: key.make_key(IntegrityAlgorithm::Sha1),
    };
    let second = ask(ALLOCATE, Some(&transport), Some(&access));
    let second = second.send(&mut wire).await;
    match second.map_err(silent)? {
        Answer::Success {
            relayed: Some(relayed),
            ..
        } => Ok(Allocation {
            wire,
            access,
            relayed,
        }),
        Answer::Success { relayed: None, .. } => Err(PortFinding::Silent),
        Answer::Error { code, .. } => Err(PortFinding::Refused(code)),
    }
}

/// Sends a second of a call from one to the other. Nothing where the relay does not let them talk.
pub(in super::super) async fn send_through(
    from: &mut Allocation,
    to: &mut Allocation,
) -> Option<Through> {
    from.permit(to.relayed).await?;
    to.permit(from.relayed).await?;
    let mut seen = [false; PACKETS as usize];
    let mut pace = interval(PACKET_EVERY);
    for number in 0..PACKETS {
        pace.tick().await;
        from.send_to(to.relayed, &[number; PACKET_BYTES])
            .await
            .ok()?;
    }
    // Late ones may still be on their way.
    while let Ok(Ok(packet)) = timeout(RESEND_AFTER, to.wire.receive()).await {
        if let Some(number) =
            number_in(&packet).and_then(|number| seen.get_mut(usize::from(number)))
        {
            *number = true;
        }
    }
    let arrived = seen.iter().filter(|&&seen| seen).count();
    Some(Through {
        sent: PACKETS.into(),
        arrived: u32::try_from(arrived).unwrap_or(u32::MAX),
    })
}

impl Allocation {
    /// Gives the address back.
    pub(in super::super) async fn release(mut self) {
        let nothing = Lifetime::new(0);
        let release = ask(REFRESH, Some(&nothing), Some(&self.access));
        // A relay that does not hear it forgets the address some minutes later.
        let _unheard = release.send(&mut self.wire).await;
    }

    async fn permit(&mut self, peer: SocketAddr) -> Option<()> {
        let transaction = new_transaction();
        let peer = XorPeerAddress::new(peer, transaction);
        let asked = Request {
            method: CREATE_PERMISSION,
            transaction,
            attribute: Some(&peer),
            access: Some(&self.access),
        };
        let answer = asked.send(&mut self.wire).await.ok()?;
        matches!(answer, Answer::Success { .. }).then_some(())
    }

    async fn send_to(&mut self, peer: SocketAddr, payload: &[u8]) -> io::Result<()> {
        let kind = MessageType::from_class_method(MessageClass::Indication, SEND);
        let transaction = new_transaction();
        let mut message = Message::builder(kind, transaction, MessageWriteVec::new());
        let added = message
            .add_attribute(&XorPeerAddress::new(peer, transaction))
            .and_then(|()| message.add_attribute(&Data::new(payload)));
        added.map_err(io::Error::other)?;
        self.wire.send(&message.finish()).await
    }
}

/// With what requests are signed.
struct Access {
    username: String,
    realm: String,
    nonce: String,
    key: IntegrityKey,
}

struct Challenge {
    realm: String,
    nonce: String,
}

enum Answer {
    Success {
        has_mapped: bool,
        relayed: Option<SocketAddr>,
    },
    Error {
        code: u16,
        challenge: Option<Challenge>,
    },
}

struct Request<'a> {
    method: Method,
    transaction: TransactionId,
    attribute: Option<&'a dyn AttributeWrite>,
    access: Option<&'a Access>,
}

impl Request<'_> {
    /// Sends it, again and again where it may be lost, and waits for its answer.
    async fn send(&self, wire: &mut Wire) -> io::Result<Answer> {
        let packet = self.packet().map_err(io::Error::other)?;
        let waited = timeout(PATIENCE, async {
            loop {
                wire.send(&packet).await?;
                if !wire.may_lose() {
                    return self.answer(wire).await;
                }
                if let Ok(answer) = timeout(RESEND_AFTER, self.answer(wire)).await {
                    return answer;
                }
            }
        });
        waited
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    fn packet(&self) -> Result<Vec<u8>, StunWriteError> {
        let kind = MessageType::from_class_method(MessageClass::Request, self.method);
        let mut message = Message::builder(kind, self.transaction, MessageWriteVec::new());
        if let Some(attribute) = self.attribute {
            message.add_attribute(attribute)?;
        }
        if let Some(access) = self.access {
            message.add_attribute(&Username::new(&access.username)?)?;
            message.add_attribute(&Realm::new(&access.realm)?)?;
            message.add_attribute(&Nonce::new(&access.nonce)?)?;
            message.add_message_integrity_with_key(&access.key, IntegrityAlgorithm::Sha1)?;
        }
        Ok(message.finish())
    }

    /// Waits for the answer; what else comes is ignored.
    async fn answer(&self, wire: &mut Wire) -> io::Result<Answer> {
        loop {
            let packet = wire.receive().await?;
            if let Some(answer) = answer_in(&packet, self.transaction) {
                return Ok(answer);
            }
        }
    }
}

fn ask<'a>(
    method: Method,
    attribute: Option<&'a dyn AttributeWrite>,
    access: Option<&'a Access>,
) -> Request<'a> {
    Request {
        method,
        transaction: new_transaction(),
        attribute,
        access,
    }
}

fn new_transaction() -> TransactionId {
    u128::from_be_bytes(secrets::random()).into()
}

/// The answer to a request, if the packet is that.
fn answer_in(packet: &[u8], of: TransactionId) -> Option<Answer> {
    let message = Message::from_bytes(packet).ok()?;
    if message.transaction_id() != of {
        return None;
    }
    match message.class() {
        MessageClass::Success => {
            let relayed = message.attribute::<XorRelayedAddress>().ok();
            Some(Answer::Success {
                has_mapped: message.has_attribute(XorMappedAddress::TYPE),
                relayed: relayed.map(|relayed| relayed.addr(of)),
            })
        }
        MessageClass::Error => {
            let realm = message.attribute::<Realm>().ok();
            let nonce = message.attribute::<Nonce>().ok();
            Some(Answer::Error {
                code: message.attribute::<ErrorCode>().ok()?.code(),
                challenge: realm.zip(nonce).map(|(realm, nonce)| Challenge {
                    realm: realm.realm().to_owned(),
                    nonce: nonce.nonce().to_owned(),
                }),
            })
        }
        MessageClass::Request | MessageClass::Indication => None,
    }
}

/// The number of a packet that came through the relay.
fn number_in(packet: &[u8]) -> Option<u8> {
    let message = Message::from_bytes(packet).ok()?;
    let is_data = message.class() == MessageClass::Indication && message.method() == DATA;
    let data = is_data.then(|| message.attribute::<Data<'_>>().ok())??;
    data.data().first().copied()
}
