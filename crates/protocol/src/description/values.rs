//! Single values of a description, each checked where it is parsed.
//!
//! Their alphabets have no white space and no line break, so that none of them can carry a second
//! line into the SDP that a receiver builds.

use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::InvalidDescription;
use crate::limits::{FOUNDATION_CHARS, ICE_PWD_CHARS, ICE_UFRAG_CHARS};

macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $what:literal, $form:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
        #[cfg_attr(feature = "typescript", ts(type = "string"))]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidDescription;

            fn try_from(text: String) -> Result<Self, InvalidDescription> {
                let check: fn(&str) -> bool = $check;
                if check(&text) {
                    Ok(Self(text))
                } else {
                    Err(InvalidDescription::Form { what: $what, form: $form })
                }
            }
        }

        impl FromStr for $name {
            type Err = InvalidDescription;

            fn from_str(text: &str) -> Result<Self, InvalidDescription> {
                text.to_owned().try_into()
            }
        }
    };
}

/// `ice-char` of RFC 8839 §5.1.
fn is_ice_char(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'+' || c == b'/'
}

checked_text! {
    /// ICE user name fragment.
    IceUfrag, "ufrag", "4–256 of a–z A–Z 0–9 + /",
    |text| ICE_UFRAG_CHARS.contains(&text.len()) && text.bytes().all(is_ice_char)
}
checked_text! {
    /// ICE password.
    IcePwd, "pwd", "22–256 of a–z A–Z 0–9 + /",
    |text| ICE_PWD_CHARS.contains(&text.len()) && text.bytes().all(is_ice_char)
}
checked_text! {
    /// SHA-256 of a certificate (RFC 8122 §5, without its colons).
    Fingerprint, "fingerprint", "64 of 0–9 a–f: SHA-256 in lower-case hex",
    |text| is_hex(text, 64)
}
checked_text! {
    /// The public half of a device's Ed25519 key pair (RFC 8032).
    DeviceKey, "key", "64 of 0–9 a–f: 32 bytes in lower-case hex",
    |text| is_hex(text, 64)
}
checked_text! {
    /// An Ed25519 signature (RFC 8032).
    Signature, "signature", "128 of 0–9 a–f: 64 bytes in lower-case hex",
    |text| is_hex(text, 128)
}
checked_text! {
    /// What an offerer promises of its nonce before it knows the other one.
    CodeCommitment, "commitment", "64 of 0–9 a–f: 32 bytes in lower-case hex",
    |text| is_hex(text, 64)
}
checked_text! {
    /// One side's share of the randomness in the code that two people compare.
    CodeNonce, "nonce", "64 of 0–9 a–f: 32 bytes in lower-case hex",
    |text| is_hex(text, 64)
}
checked_text! {
    /// ICE foundation.
    Foundation, "foundation", "1–32 of a–z A–Z 0–9 + /",
    |text| FOUNDATION_CHARS.contains(&text.len()) && text.bytes().all(is_ice_char)
}
checked_text! {
    /// An IP address, or a `.local` name that hides one (draft-ietf-mmusic-mdns-ice-candidates).
    CandidateAddress, "address", "an IPv4 or IPv6 address, or a name under .local",
    |text| text.parse::<IpAddr>().is_ok() || is_mdns_name(text)
}

/// One spelling for each value, so that equal texts are equal bytes.
fn is_hex(text: &str, chars: usize) -> bool {
    text.len() == chars && text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_mdns_name(text: &str) -> bool {
    text.strip_suffix(".local").is_some_and(|label| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|c| c.is_ascii_alphanumeric() || c == b'-')
    })
}

macro_rules! checked_number {
    ($(#[$doc:meta])* $name:ident, $what:literal, $form:literal, $range:pat) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "u8")]
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        pub struct $name(u8);

        impl $name {
            /// The number.
            pub const fn value(self) -> u8 {
                self.0
            }
        }

        impl TryFrom<u8> for $name {
            type Error = InvalidDescription;

            fn try_from(number: u8) -> Result<Self, InvalidDescription> {
                match number {
                    $range => Ok(Self(number)),
                    _ => Err(InvalidDescription::Form { what: $what, form: $form }),
                }
            }
        }
    };
}

checked_number! {
    /// A dynamic RTP payload type (RFC 3551 §6; the lower range is RFC 5761 §4's).
    PayloadType, "payload_type", "35–63 or 96–127", 35..=63 | 96..=127
}
checked_number! {
    /// The number of a header extension in the one-byte form (RFC 8285 §4.2).
    ExtensionId, "extension id", "1–14", 1..=14
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_outside_local_are_no_address() {
        for text in [
            "example.org",
            "x.local.example.org",
            ".local",
            "a b.local",
            "1.2.3",
            "a\n.local",
        ] {
            assert!(text.parse::<CandidateAddress>().is_err(), "{text}");
        }
    }
}
