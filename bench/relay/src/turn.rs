//! As much of a TURN client as it takes to get a channel (RFC 8656).

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use stun_types::attribute::{AttributeWrite, ErrorCode, Nonce, Realm, Username};
use stun_types::message::{
    BINDING, IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageClass, MessageType,
    MessageWrite as _, MessageWriteExt as _, MessageWriteVec, Method, TransactionId,
};
use turn_types::attribute::{ChannelNumber, RequestedTransport, XorPeerAddress, XorRelayedAddress};
use turn_types::message::{ALLOCATE, CHANNEL_BIND};

/// The channel of every client here.
pub(crate) const CHANNEL: u16 = 0x4000;

/// Answers are waited for so long before a request is sent again.
const RESEND_AFTER: Duration = Duration::from_millis(250);
/// Times that a request is sent.
const TRIES: u32 = 12;

/// A user name and its password.
#[derive(Debug)]
pub(crate) struct Login {
    pub(crate) username: String,
    pub(crate) password: String,
}

/// A client with the challenge that it got.
#[derive(Debug)]
pub(crate) struct Client<'a> {
    socket: &'a UdpSocket,
    login: Login,
    challenge: Option<Challenge>,
    transactions: u32,
}

#[derive(Debug)]
struct Challenge {
    realm: String,
    nonce: String,
}

/// Asks for an answer to a Binding request until there is one.
pub(crate) fn wait_until_it_answers(server: SocketAddr, patience: Duration) -> io::Result<()> {
    let socket = UdpSocket::bind(("127.0.0.1", 0))?;
    socket.connect(server)?;
    let kind = MessageType::from_class_method(MessageClass::Request, BINDING);
    let request = Message::builder(kind, TransactionId::from(1), MessageWriteVec::new()).finish();
    let tries = patience.as_millis() / RESEND_AFTER.as_millis();
    for _ in 0..tries {
        if exchange(&socket, &request)?.is_some() {
            return Ok(());
        }
    }
    Err(io::Error::other("it does not answer"))
}

impl<'a> Client<'a> {
    /// On a socket that is connected to the server.
    pub(crate) fn new(socket: &'a UdpSocket, login: Login) -> Self {
        Self {
            socket,
            login,
            challenge: None,
            transactions: 0,
        }
    }

    /// Asks for a relayed address.
    pub(crate) fn allocate(&mut self) -> io::Result<SocketAddr> {
        let udp =
            |_| -> Attributes { vec![Box::new(RequestedTransport::new(RequestedTransport::UDP))] };
        let answer = self.ask(ALLOCATE, udp)?;
        let answer = Message::from_bytes(&answer).map_err(io::Error::other)?;
        let relayed = answer
            .attribute::<XorRelayedAddress>()
            .map_err(io::Error::other)?;
        Ok(relayed.addr(answer.transaction_id()))
    }

    /// Binds [`CHANNEL`] to a peer.
    pub(crate) fn bind(&mut self, peer: SocketAddr) -> io::Result<()> {
        self.ask(CHANNEL_BIND, |transaction| {
            vec![
                Box::new(ChannelNumber::new(CHANNEL)),
                Box::new(XorPeerAddress::new(peer, transaction)),
            ]
        })
        .map(drop)
    }

    /// Sends a request, once more with the challenge where the server wants that.
    fn ask(
        &mut self,
        method: Method,
        attributes: impl Fn(TransactionId) -> Attributes,
    ) -> io::Result<Vec<u8>> {
        let mut refusal = 0;
        for _ in 0..TRIES {
            let request = self.request(method, &attributes)?;
            let Some(bytes) = exchange(self.socket, &request)? else {
                continue;
            };
            let answer = Message::from_bytes(&bytes).map_err(io::Error::other)?;
            if answer.class() == MessageClass::Success {
                return Ok(bytes);
            }
            let code = answer.attribute::<ErrorCode>().map_err(io::Error::other)?;
            refusal = code.code();
            match refusal {
                401 | 438 => self.challenge = Some(challenge(&answer)?),
                _ => break,
            }
        }
        Err(io::Error::other(format!(
            "{method:?} was not granted: {refusal}"
        )))
    }

    fn request(
        &mut self,
        method: Method,
        attributes: impl Fn(TransactionId) -> Attributes,
    ) -> io::Result<Vec<u8>> {
        self.transactions += 1;
        let port = self.socket.local_addr()?.port();
        let transaction =
            TransactionId::from(u128::from(self.transactions) << 32 | u128::from(port));
        let kind = MessageType::from_class_method(MessageClass::Request, method);
        let mut message = Message::builder(kind, transaction, MessageWriteVec::new());
        for attribute in attributes(transaction) {
            message
                .add_attribute(&*attribute)
                .map_err(io::Error::other)?;
        }
        if let Some(challenge) = &self.challenge {
            self.sign(&mut message, challenge)?;
        }
        Ok(message.finish())
    }

    fn sign(&self, message: &mut MessageWriteVec, challenge: &Challenge) -> io::Result<()> {
        let Login { username, password } = &self.login;
        let Challenge { realm, nonce } = challenge;
        let name = Username::new(username).map_err(io::Error::other)?;
        let realm_attribute = Realm::new(realm).map_err(io::Error::other)?;
        let nonce = Nonce::new(nonce).map_err(io::Error::other)?;
        let attributes: [&dyn AttributeWrite; 3] = [&name, &realm_attribute, &nonce];
        for attribute in attributes {
            message.add_attribute(attribute).map_err(io::Error::other)?;
        }
        let key = LongTermKeyCredentials::new(username.clone(), password.clone(), realm.clone());
        message
            .add_message_integrity(&key.into(), IntegrityAlgorithm::Sha1)
            .map_err(io::Error::other)
    }
}

type Attributes = Vec<Box<dyn AttributeWrite>>;

fn challenge(answer: &Message<'_>) -> io::Result<Challenge> {
    let realm = answer.attribute::<Realm>().map_err(io::Error::other)?;
    let nonce = answer.attribute::<Nonce>().map_err(io::Error::other)?;
    Ok(Challenge {
        realm: realm.realm().to_owned(),
        nonce: nonce.nonce().to_owned(),
    })
}

/// Sends a request and waits for an answer; nothing where none came in time, or nobody is there yet.
fn exchange(socket: &UdpSocket, request: &[u8]) -> io::Result<Option<Vec<u8>>> {
    socket.set_read_timeout(Some(RESEND_AFTER))?;
    let mut answer = vec![0; 1500];
    let mut received = socket.send(request).and_then(|_| socket.recv(&mut answer));
    if received.as_ref().is_err_and(nobody_listens) {
        // Told at once; the server may still be starting, so the time is waited for all the same.
        received = socket.recv(&mut answer);
    }
    match received {
        Ok(length) => {
            answer.truncate(length);
            // One that came late belongs to the request before.
            Ok((answer.get(8..20) == request.get(8..20)).then_some(answer))
        }
        Err(error) if is_silence(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn nobody_listens(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ConnectionRefused
}

/// Nobody listens yet, or nothing came in time.
fn is_silence(error: &io::Error) -> bool {
    use io::ErrorKind::{TimedOut, WouldBlock};
    nobody_listens(error) || matches!(error.kind(), TimedOut | WouldBlock)
}
