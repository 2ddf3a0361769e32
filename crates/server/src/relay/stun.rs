//! A STUN server for Binding requests over UDP (RFC 8489), IPv4 and IPv6.
//!
//! [`answer`] decides and knows no socket; [`Stun`] moves the packets. Whatever is no well-formed
//! Binding request is dropped without an answer. There is no authentication, because the answer
//! tells the sender nothing but its own address.

use std::io;
use std::net::SocketAddr;

use stun_types::attribute::{
    Attribute, AttributeStaticType, AttributeType, ErrorCode, Fingerprint, MessageIntegrity,
    MessageIntegritySha256, Nonce, Realm, UnknownAttributes, Userhash, Username, XorMappedAddress,
};
use stun_types::message::{
    BINDING, Message, MessageClass, MessageWrite, MessageWriteExt, MessageWriteVec, StunWriteError,
};
use tokio::net::UdpSocket;
use tracing::subscriber::NoSubscriber;

/// Largest request read, in bytes; a Binding request without credentials has 20 to 28.
const REQUEST_MAX_BYTES: usize = 576;

/// Unknown attributes named in one error, so that it stays small.
const UNKNOWN_NAMED_MAX: usize = 8;

/// Receive errors in a row after which a socket is given up: it will not heal by itself.
const RECEIVE_ERRORS_MAX: u32 = 32;

/// Understood, in that a server without credentials may ignore them (RFC 8489 §9).
const IGNORED: [AttributeType; 6] = [
    Username::TYPE,
    Userhash::TYPE,
    Realm::TYPE,
    Nonce::TYPE,
    MessageIntegrity::TYPE,
    MessageIntegritySha256::TYPE,
];

/// The STUN server on its bound socket.
#[derive(Debug)]
pub struct Stun {
    socket: UdpSocket,
    address: SocketAddr,
}

impl Stun {
    /// Binds the socket; port 0 takes a free one.
    ///
    /// # Errors
    /// Why the address cannot be bound.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = UdpSocket::bind(address).await?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop` is ready.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        tokio::select! {
            () = stop => {}
            () = self.serve() => tracing::error!(
                "STUN has stopped; devices behind NAT may not find each other until a restart"
            ),
        }
    }

    async fn serve(&self) {
        let mut packet = [0; REQUEST_MAX_BYTES];
        let mut errors = 0;
        while errors < RECEIVE_ERRORS_MAX {
            match self.socket.recv_from(&mut packet).await {
                Ok((length, from)) => {
                    errors = 0;
                    if let Some(answer) = quietly(|| answer(&packet[..length], from))
                        && let Err(error) = self.socket.try_send_to(&answer, from)
                    {
                        // The request is repeated by its sender, as is every lost packet.
                        tracing::debug!(%error, "STUN answer not sent");
                    }
                }
                Err(error) => {
                    errors += 1;
                    tracing::warn!(%error, "STUN socket failed to receive");
                }
            }
        }
    }
}

/// The parser warns in the log about whatever it does not like; anybody could fill the disk with that.
fn quietly<T>(work: impl FnOnce() -> T) -> T {
    tracing::subscriber::with_default(NoSubscriber::new(), work)
}

/// The answer to one packet; nothing where it deserves none.
fn answer(packet: &[u8], from: SocketAddr) -> Option<Vec<u8>> {
    let request = Message::from_bytes(packet).ok()?;
    if request.class() != MessageClass::Request || request.method() != BINDING {
        return None;
    }
    build(&request, from).ok()
}

fn build(request: &Message<'_>, from: SocketAddr) -> Result<Vec<u8>, StunWriteError> {
    let unknown: Vec<_> = request
        .iter_attributes()
        .map(|(_, attribute)| attribute.get_type())
        .filter(|kind| kind.comprehension_required() && !IGNORED.contains(kind))
        .take(UNKNOWN_NAMED_MAX)
        .collect();
    let mut response = if unknown.is_empty() {
        let mut response = Message::builder_success(request, MessageWriteVec::with_capacity(64));
        let from = SocketAddr::new(from.ip().to_canonical(), from.port());
        response.add_attribute(&XorMappedAddress::new(from, request.transaction_id()))?;
        response
    } else {
        let mut response = Message::builder_error(request, MessageWriteVec::with_capacity(64));
        let reason = ErrorCode::new(420, "Unknown")?;
        response.add_attribute(&reason)?;
        response.add_attribute(&UnknownAttributes::new(&unknown))?;
        response
    };
    if request.has_attribute(Fingerprint::TYPE) {
        response.add_fingerprint()?;
    }
    Ok(response.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binding_request_learns_its_own_address() {
        for from in ["192.0.2.1:32853", "[2001:db8::1]:9"] {
            let from = from.parse().unwrap();
            let answer = answer(&request(), from).unwrap();
            let message = Message::from_bytes(&answer).unwrap();
            assert_eq!(message.class(), MessageClass::Success);
            assert_eq!(mapped(&message), from);
            assert!(!message.has_attribute(Fingerprint::TYPE));
        }
    }

    #[test]
    fn ipv4_seen_through_an_ipv6_socket_is_told_as_ipv4() {
        let answer = answer(&request(), "[::ffff:192.0.2.1]:32853".parse().unwrap()).unwrap();
        let message = Message::from_bytes(&answer).unwrap();
        assert_eq!(mapped(&message), "192.0.2.1:32853".parse().unwrap());
    }

    #[test]
    fn fingerprint_is_answered_with_fingerprint() {
        let mut request = Message::builder_request(BINDING, MessageWriteVec::new());
        request.add_fingerprint().unwrap();
        let answer = answer(&request.finish(), "192.0.2.1:1".parse().unwrap()).unwrap();
        // Parsing checks the value of the fingerprint.
        assert!(
            Message::from_bytes(&answer)
                .unwrap()
                .has_attribute(Fingerprint::TYPE)
        );
    }

    /// RFC 5769 §2.2: the XOR-MAPPED-ADDRESS of 192.0.2.1:32853 under the sample's transaction.
    #[test]
    fn address_is_written_as_in_rfc_5769() {
        let mut request = vec![0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42];
        request.extend_from_slice(&SAMPLE_TRANSACTION);
        let answer = answer(&request, "192.0.2.1:32853".parse().unwrap()).unwrap();
        let expected = [
            0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43,
        ];
        assert_eq!(answer[20..], expected);
    }

    /// RFC 5769 §2.1: a check between peers carries PRIORITY, which means nothing to a STUN server.
    #[test]
    fn unknown_required_attribute_is_refused_by_name() {
        let mut request = vec![0x00, 0x01, 0x00, 0x08, 0x21, 0x12, 0xa4, 0x42];
        request.extend_from_slice(&SAMPLE_TRANSACTION);
        request.extend_from_slice(&[0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff]);
        let answer = answer(&request, "192.0.2.1:1".parse().unwrap()).unwrap();
        let message = Message::from_bytes(&answer).unwrap();
        assert_eq!(message.attribute::<ErrorCode>().unwrap().code(), 420);
        let unknown = message.attribute::<UnknownAttributes>().unwrap();
        assert!(unknown.has_attribute(AttributeType::new(0x0024)));
    }

    #[test]
    fn garbage_responses_and_other_methods_get_no_answer() {
        let from = "192.0.2.1:1".parse().unwrap();
        let request = request();
        assert_eq!(answer(b"", from), None);
        assert_eq!(answer(&[0xff; 100], from), None);
        for length in 0..request.len() {
            assert_eq!(answer(&request[..length], from), None);
        }
        let own_answer = answer(&request, from).unwrap();
        assert_eq!(answer(&own_answer, from), None, "a loop of two servers");
        let allocate = stun_types::message::Method::new(3);
        let allocate = Message::builder_request(allocate, MessageWriteVec::new()).finish();
        assert_eq!(answer(&allocate, from), None);
    }

    /// Flips every byte of a request with attributes to every value; nothing may panic or grow.
    #[test]
    fn answer_is_at_most_three_times_the_request_whatever_it_holds() {
        let mut request = Message::builder_request(BINDING, MessageWriteVec::new());
        request
            .add_attribute(&Username::new("someone").unwrap())
            .unwrap();
        request.add_fingerprint().unwrap();
        let request = request.finish();
        let from = "[2001:db8::1]:9".parse().unwrap();
        for i in 0..request.len() {
            for value in 0..=u8::MAX {
                let mut packet = request.clone();
                packet[i] = value;
                if let Some(answer) = answer(&packet, from) {
                    assert!(answer.len() <= 3 * packet.len());
                }
            }
        }
    }

    const SAMPLE_TRANSACTION: [u8; 12] = [
        0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae,
    ];

    fn request() -> Vec<u8> {
        Message::builder_request(BINDING, MessageWriteVec::new()).finish()
    }

    fn mapped(message: &Message<'_>) -> SocketAddr {
        message
            .attribute::<XorMappedAddress>()
            .unwrap()
            .addr(message.transaction_id())
    }
}
