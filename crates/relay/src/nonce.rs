//! Nonces that are not remembered: a time, and a MAC of it and of whom it was given to.

use std::net::IpAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use crate::client::ClientId;
use crate::credential::Key;

/// How long a nonce is taken. A browser then gets 438 with the next and goes on by itself.
const LIFETIME: Duration = Duration::from_mins(10);

/// Time in seconds (4 bytes) and MAC (8 bytes): as text 16, so that a challenge stays small. Guessing the MAC gains nothing
/// without a password.
const BYTES: usize = 12;

/// Length of a nonce as text.
pub(crate) const TEXT_BYTES: usize = 16;

/// A nonce for a client.
pub(crate) fn issue(key: &Key, now: Duration, client: &ClientId) -> [u8; TEXT_BYTES] {
    // Seconds of a process's life; after 136 years old nonces would be taken again.
    let seconds = u32::try_from(now.as_secs()).unwrap_or(u32::MAX);
    let mut text = [0; TEXT_BYTES];
    let encoded = URL_SAFE_NO_PAD.encode_slice(bytes(key, seconds, client), &mut text);
    debug_assert_eq!(encoded, Ok(TEXT_BYTES));
    text
}

/// Whether the nonce was given to this client, not long ago.
pub(crate) fn is_good(key: &Key, now: Duration, client: &ClientId, nonce: &[u8]) -> bool {
    let mut shown = [0; BYTES];
    if nonce.len() != TEXT_BYTES || URL_SAFE_NO_PAD.decode_slice(nonce, &mut shown).is_err() {
        return false;
    }
    let seconds = u32::from_be_bytes([shown[0], shown[1], shown[2], shown[3]]);
    let age = now.checked_sub(Duration::from_secs(seconds.into()));
    let genuine = shown.ct_eq(&bytes(key, seconds, client));
    bool::from(genuine) && age.is_some_and(|age| age <= LIFETIME)
}

fn bytes(key: &Key, seconds: u32, client: &ClientId) -> [u8; BYTES] {
    let seconds = seconds.to_be_bytes();
    let transport = [client.transport as u8];
    let address = match client.remote.ip().to_canonical() {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    let port = client.remote.port().to_be_bytes();
    let mac = key.sign(&[b"nonce:", &seconds, &transport, &address.octets(), &port]);
    let mut bytes = [0; BYTES];
    bytes[..4].copy_from_slice(&seconds);
    bytes[4..].copy_from_slice(&mac[..8]);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Transport;

    #[test]
    fn is_good_for_whom_it_was_given_to_and_for_ten_minutes() {
        let key = Key::new([1; 32]);
        let start = Duration::from_secs(100);
        let nonce = issue(&key, start, &client(1));
        assert!(is_good(&key, start, &client(1), &nonce));
        assert!(is_good(&key, start + LIFETIME, &client(1), &nonce));
        let late = start + LIFETIME + Duration::from_secs(1);
        assert!(!is_good(&key, late, &client(1), &nonce));
        assert!(!is_good(&key, start, &client(2), &nonce));
        assert!(!is_good(&Key::new([2; 32]), start, &client(1), &nonce));
        let over_tcp = ClientId {
            transport: Transport::Tcp,
            ..client(1)
        };
        assert!(!is_good(&key, start, &over_tcp, &nonce));
    }

    #[test]
    fn forged_ones_are_not_good() {
        let key = Key::new([1; 32]);
        let now = Duration::from_secs(100);
        let nonce = issue(&key, now, &client(1));
        for place in 0..nonce.len() {
            let mut forged = nonce;
            forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
            assert!(!is_good(&key, now, &client(1), &forged));
        }
        assert!(!is_good(&key, now, &client(1), b""));
        assert!(!is_good(&key, now, &client(1), &[0xff; TEXT_BYTES]));
        let from_the_future = issue(&key, now + Duration::from_mins(1), &client(1));
        assert!(!is_good(&key, now, &client(1), &from_the_future));
    }

    fn client(port: u16) -> ClientId {
        ClientId {
            transport: Transport::Udp,
            local: ([192, 0, 2, 1], 3478).into(),
            remote: ([198, 51, 100, 1], port).into(),
        }
    }
}
