//! The test vectors of RFC 5769.

use std::net::SocketAddr;

use crate::wire::{Class, IntegrityKey, Kind, Message, Method, Writer};

/// §2.1: a request with a short-term credential.
#[test]
fn request() {
    let bytes = bytes(CHECK);
    let message = Message::parse(&bytes).unwrap();
    assert_eq!(message.class(), Class::Request);
    assert_eq!(message.method(), Method::BINDING);
    assert_eq!(message.text(Kind::USERNAME), Some("evtj:h6vY"));
    assert!(message.is_signed_with(&short_term()));
    assert!(!message.is_signed_with(&IntegrityKey::short_term("VOkJxbRl1RmTxUk/WvJxBT")));
}

/// §2.2 and §2.3: answers that tell an address, read and written.
#[test]
fn answers() {
    let v4 = "192.0.2.1:32853";
    let v6 = "[2001:db8:1234:5678:11:2233:4455:6677]:32853";
    for (hex, address) in [(ANSWER_V4, v4), (ANSWER_V6, v6)] {
        let bytes = bytes(hex);
        let address: SocketAddr = address.parse().unwrap();
        let message = Message::parse(&bytes).unwrap();
        assert_eq!(message.class(), Class::Success);
        let mapped = message.find(Kind::XOR_MAPPED_ADDRESS).unwrap();
        assert_eq!(message.address(&mapped), Some(address));
        assert!(message.is_signed_with(&short_term()));

        let mut out = Vec::new();
        Writer::new(
            &mut out,
            Class::Success,
            Method::BINDING,
            message.transaction(),
        )
        // The sample fills up with a space, outside of the length.
        .attribute(SOFTWARE, b"test vector ")
        .address(Kind::XOR_MAPPED_ADDRESS, address)
        .sign(&short_term())
        .fingerprint()
        .finish();
        // The two differ in the length of SOFTWARE, so also in what covers it.
        assert_eq!(out[..23], bytes[..23]);
        let end = 20 + 16 + mapped.value.len() + 4;
        assert_eq!(out[24..end], bytes[24..end]);
        let written = Message::parse(&out).unwrap();
        assert!(written.is_signed_with(&short_term()));
    }
}

/// §2.4: a request with a long-term credential, as TURN uses it.
#[test]
fn request_with_long_term_credential() {
    let bytes = bytes(LONG_TERM);
    let message = Message::parse(&bytes).unwrap();
    let username = message.text(Kind::USERNAME).unwrap();
    assert_eq!(username, "\u{30de}\u{30c8}\u{30ea}\u{30c3}\u{30af}\u{30b9}");
    let realm = message.text(Kind::REALM).unwrap();
    let key = IntegrityKey::long_term(username, realm, "TheMatrIX");
    assert!(message.is_signed_with(&key));
    let wrong = IntegrityKey::long_term(username, realm, "TheMatrix");
    assert!(!message.is_signed_with(&wrong));

    let mut out = Vec::new();
    Writer::new(
        &mut out,
        Class::Request,
        Method::BINDING,
        message.transaction(),
    )
    .attribute(Kind::USERNAME, username.as_bytes())
    .attribute(Kind::NONCE, b"f//499k954d6OL34oL9FSTvy64sA")
    .attribute(Kind::REALM, realm.as_bytes())
    .sign(&key)
    .finish();
    assert_eq!(out, bytes, "written anew");
}

/// What stands behind the signature is not signed: its fingerprint could become an attribute that nobody knows.
#[test]
fn no_bit_up_to_the_signature_can_be_changed() {
    for (hex, key) in [
        (CHECK, short_term()),
        (ANSWER_V4, short_term()),
        (
            LONG_TERM,
            IntegrityKey::long_term(
                "\u{30de}\u{30c8}\u{30ea}\u{30c3}\u{30af}\u{30b9}",
                "example.org",
                "TheMatrIX",
            ),
        ),
    ] {
        let sample = bytes(hex);
        let seal = Message::parse(&sample).and_then(|it| it.find(Kind::MESSAGE_INTEGRITY));
        let end = seal.unwrap().offset + 24;
        for bit in 0..end * 8 {
            let mut changed = sample.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let signed = Message::parse(&changed).is_some_and(|it| it.is_signed_with(&key));
            assert!(!signed, "bit {bit}");
        }
    }
}

const SOFTWARE: Kind = Kind(0x8022);

fn short_term() -> IntegrityKey {
    IntegrityKey::short_term("VOkJxbRl1RmTxUk/WvJxBt")
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: String = hex.split_whitespace().collect();
    (0..digits.len() / 2)
        .map(|place| u8::from_str_radix(&digits[2 * place..2 * place + 2], 16).unwrap())
        .collect()
}

const CHECK: &str = "\
    00010058 2112a442 b7e7a701 bc34d686 fa87dfae 80220010 5354554e 20746573 \
    7420636c 69656e74 00240004 6e0001ff 80290008 932ff9b1 51263b36 00060009 \
    6576746a 3a683676 59202020 00080014 9aeaa70c bfd8cb56 781ef2b5 b2d3f249 \
    c1b571a2 80280004 e57a3bcf";

const ANSWER_V4: &str = "\
    0101003c 2112a442 b7e7a701 bc34d686 fa87dfae 8022000b 74657374 20766563 \
    746f7220 00200008 0001a147 e112a643 00080014 2b91f599 fd9e90c3 8c7489f9 \
    2af9ba53 f06be7d7 80280004 c07d4c96";

const ANSWER_V6: &str = "\
    01010048 2112a442 b7e7a701 bc34d686 fa87dfae 8022000b 74657374 20766563 \
    746f7220 00200014 0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9 00080014 \
    a382954e 4be67bf1 1784c97c 8292c275 bfe3ed41 80280004 c8fb0b4c";

const LONG_TERM: &str = "\
    00010060 2112a442 78ad3433 c6ad72c0 29da412e 00060012 e3839ee3 8388e383 \
    aae38383 e382afe3 82b90000 0015001c 662f2f34 39396b39 35346436 4f4c3334 \
    6f4c3946 53547679 36347341 0014000b 6578616d 706c652e 6f726700 00080014 \
    f6702465 6dd64a3e 02b8e071 2e85c9a2 8ca89666";
