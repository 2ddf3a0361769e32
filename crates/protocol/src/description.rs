//! What two devices must know of each other to connect: a typed description and typed candidates.
//!
//! No SDP travels. The sender takes these values out of its browser's SDP, the receiver rebuilds
//! SDP from one template, so nothing can be injected and no browser detail leaks. Every value is
//! checked on parsing; [`CallDescription::check`] and [`Candidate::check`] see to what spans
//! several values.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::limits::{
    CODECS_MAX, EXTENSIONS_MAX, FOUNDATION_CHARS, ICE_PWD_CHARS, ICE_UFRAG_CHARS, STUN_PORT,
};

/// One side's part of a negotiation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct CallDescription {
    /// 0 for the first negotiation of a call, one more with every new offer (an ICE restart).
    /// An answer carries the epoch of its offer.
    pub epoch: u16,
    /// Offer or answer.
    pub kind: DescriptionKind,
    /// ICE user name fragment (RFC 8839 §5.4).
    pub ufrag: IceUfrag,
    /// ICE password (RFC 8839 §5.4).
    pub pwd: IcePwd,
    /// Hash of the certificate that this side will show in DTLS.
    pub fingerprint: Fingerprint,
    /// Who opens the DTLS handshake (RFC 8842 §5).
    pub dtls: DtlsRole,
    /// In order of preference. The order matters: RED must stand where the browser put it.
    pub codecs: Vec<Codec>,
    /// RTP header extensions (RFC 8285), one-byte form.
    pub extensions: Vec<Extension>,
    /// Whether sound is sent, received or both.
    pub direction: Direction,
}

/// Offer or answer (RFC 3264).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum DescriptionKind {
    /// Proposes.
    Offer,
    /// Settles.
    Answer,
}

/// Who opens the DTLS handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum DtlsRole {
    /// Either; in offers only.
    Actpass,
    /// This side; in answers only.
    Active,
    /// The other side; in answers only.
    Passive,
}

/// Which way sound goes, seen from the sender of the description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum Direction {
    /// Both ways.
    Sendrecv,
    /// Only out.
    Sendonly,
    /// Only in.
    Recvonly,
    /// Not at all.
    Inactive,
}

/// A codec that Ahoy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "codec", rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum Codec {
    /// Opus at 48 kHz (RFC 7587). The switches say what this side wishes to receive.
    Opus {
        /// RTP payload type.
        payload_type: PayloadType,
        /// Forward error correction inside the packets.
        fec: bool,
        /// Silence is not sent.
        dtx: bool,
        /// Packets of constant size, so that their sizes tell nothing of the words.
        cbr: bool,
        /// Bits per second, 6,000–510,000; the codec's own default where missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        max_average_bitrate: Option<u32>,
    },
    /// Redundant audio (RFC 2198) over another codec of the list.
    Red {
        /// RTP payload type.
        payload_type: PayloadType,
        /// Payload type of the codec that is carried twice.
        over: PayloadType,
    },
}

impl Codec {
    /// The RTP payload type.
    pub const fn payload_type(self) -> PayloadType {
        match self {
            Self::Opus { payload_type, .. } | Self::Red { payload_type, .. } => payload_type,
        }
    }
}

/// An RTP header extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Extension {
    /// Its number in the packets, 1–14.
    pub id: ExtensionId,
    /// Which one.
    pub kind: ExtensionKind,
}

/// A header extension that Ahoy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum ExtensionKind {
    /// `urn:ietf:params:rtp-hdrext:sdes:mid` (RFC 9143).
    Mid,
    /// `urn:ietf:params:rtp-hdrext:ssrc-audio-level` (RFC 6464).
    AudioLevel,
    /// `http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time`.
    AbsSendTime,
    /// `http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01`.
    TransportCc,
}

/// One address at which a device may be reached, always UDP, always component 1 (RFC 8839 §5.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Candidate {
    /// Groups candidates of one base and kind.
    pub foundation: Foundation,
    /// Higher is tried first.
    pub priority: u32,
    /// Where.
    pub address: CandidateAddress,
    /// UDP port.
    pub port: u16,
    /// How it was found.
    pub kind: CandidateKind,
}

/// How a candidate was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum CandidateKind {
    /// An address of the device itself.
    Host,
    /// What a STUN server saw.
    Srflx,
    /// What the peer saw.
    Prflx,
    /// An address of a relay.
    Relay,
}

/// A description or candidate that is not allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDescription {
    /// A value is not of its form.
    #[error("{what} is not of its form: {form}")]
    Form {
        /// The value.
        what: &'static str,
        /// What it must look like.
        form: &'static str,
    },
    /// No codec, or too many of something.
    #[error("{what}: between {min} and {max} are allowed")]
    Count {
        /// Of what.
        what: &'static str,
        /// The least number.
        min: usize,
        /// The greatest number.
        max: usize,
    },
    /// The same payload type or extension twice.
    #[error("{0} occurs twice")]
    Twice(&'static str),
    /// RED over a payload type that is not Opus of the same list.
    #[error("red must lie over an opus of the same list")]
    RedOverNothing,
    /// No Opus.
    #[error("opus is missing")]
    NoOpus,
    /// `actpass` outside an offer, or anything else inside one.
    #[error("an offer says actpass, an answer active or passive")]
    DtlsRole,
    /// A bit rate that Opus does not have.
    #[error("max_average_bitrate must be 6000 to 510000 bits per second")]
    BitRate,
    /// An address that leads to no other device: loopback, multicast, link-local, unspecified and the like.
    #[error("the address leads to no other device")]
    Address,
    /// A port that belongs to a system service.
    #[error("the port must be {STUN_PORT}, 443 or from 1024 on")]
    Port,
}

impl CallDescription {
    /// Checks what spans several values.
    ///
    /// # Errors
    /// Says which rule is broken; see [`InvalidDescription`].
    pub fn check(&self) -> Result<(), InvalidDescription> {
        count("codecs", self.codecs.len(), 1, CODECS_MAX)?;
        count("extensions", self.extensions.len(), 0, EXTENSIONS_MAX)?;
        for (i, codec) in self.codecs.iter().enumerate() {
            if self.codecs[..i]
                .iter()
                .any(|c| c.payload_type() == codec.payload_type())
            {
                return Err(InvalidDescription::Twice("a payload type"));
            }
            match *codec {
                Codec::Opus {
                    max_average_bitrate: Some(rate),
                    ..
                } if !(6_000..=510_000).contains(&rate) => {
                    return Err(InvalidDescription::BitRate);
                }
                Codec::Opus { .. } => {}
                Codec::Red { over, .. } if self.is_opus(over) => {}
                Codec::Red { .. } => return Err(InvalidDescription::RedOverNothing),
            }
        }
        if !self
            .codecs
            .iter()
            .any(|codec| matches!(codec, Codec::Opus { .. }))
        {
            return Err(InvalidDescription::NoOpus);
        }
        for (i, extension) in self.extensions.iter().enumerate() {
            let before = &self.extensions[..i];
            if before
                .iter()
                .any(|e| e.id == extension.id || e.kind == extension.kind)
            {
                return Err(InvalidDescription::Twice("an extension"));
            }
        }
        match (self.kind, self.dtls) {
            (DescriptionKind::Offer, DtlsRole::Actpass)
            | (DescriptionKind::Answer, DtlsRole::Active | DtlsRole::Passive) => Ok(()),
            (DescriptionKind::Offer, DtlsRole::Active | DtlsRole::Passive)
            | (DescriptionKind::Answer, DtlsRole::Actpass) => Err(InvalidDescription::DtlsRole),
        }
    }

    fn is_opus(&self, payload_type: PayloadType) -> bool {
        self.codecs
            .iter()
            .any(|codec| matches!(*codec, Codec::Opus { payload_type: p, .. } if p == payload_type))
    }
}

impl Candidate {
    /// Checks that the address can belong to another device and the port to no system service.
    ///
    /// # Errors
    /// [`InvalidDescription::Address`] or [`InvalidDescription::Port`].
    pub fn check(&self) -> Result<(), InvalidDescription> {
        if let Ok(ip) = self.address.as_str().parse::<IpAddr>()
            && !leads_elsewhere(ip)
        {
            return Err(InvalidDescription::Address);
        }
        match self.port {
            443 | STUN_PORT | 1024.. => Ok(()),
            _ => Err(InvalidDescription::Port),
        }
    }
}

fn count(what: &'static str, n: usize, min: usize, max: usize) -> Result<(), InvalidDescription> {
    if (min..=max).contains(&n) {
        Ok(())
    } else {
        Err(InvalidDescription::Count { what, min, max })
    }
}

/// Whether an address can be that of another device. IPv4 hidden inside IPv6 is judged as IPv4.
fn leads_elsewhere(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            !(ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_multicast()
                || ip.is_broadcast()
                || ip.is_link_local()
                || ip.octets()[0] == 0
                || ip.octets()[0] >= 240)
        }
        IpAddr::V6(ip) => match embedded_v4(ip) {
            Some(v4) => leads_elsewhere(IpAddr::V4(v4)),
            None => {
                !(ip.is_loopback()
                    || ip.is_unspecified()
                    || ip.is_multicast()
                    || ip.is_unicast_link_local())
            }
        },
    }
}

/// IPv4 in its four IPv6 disguises: mapped, compatible (RFC 4291 §2.5.5), NAT64 (RFC 6052), 6to4 (RFC 3056).
fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = ip.segments();
    let v4 = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match segments {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(v4(high, low))
        }
        // `::` and `::1` are themselves, not 0.0.0.0 and 0.0.0.1 in disguise.
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => Some(v4(high, low)),
        [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

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
    |text| text.len() == 64 && text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
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
    fn a_good_description_passes_and_weighs_little() {
        let text = good().to_string();
        let description: CallDescription = serde_json::from_str(&text).unwrap();
        assert_eq!(description.check(), Ok(()));
        assert_eq!(serde_json::to_value(&description).unwrap(), good());
        assert!(text.len() < 700, "{} bytes", text.len());
    }

    #[test]
    fn line_breaks_cannot_be_smuggled_into_any_text() {
        for key in ["ufrag", "pwd", "fingerprint"] {
            let mut bad = good();
            let value = format!("{}\r\na=candidate:x", bad[key].as_str().unwrap());
            bad[key] = value.into();
            assert!(
                serde_json::from_value::<CallDescription>(bad).is_err(),
                "{key}"
            );
        }
    }

    #[test]
    fn rules_that_span_values_are_kept() {
        check(
            |d| d["codecs"] = serde_json::json!([]),
            "codecs: between 1 and 4 are allowed",
        );
        check(
            |d| d["codecs"][0]["over"] = 96.into(),
            "red must lie over an opus",
        );
        check(
            |d| d["codecs"][0]["payload_type"] = 111.into(),
            "a payload type occurs twice",
        );
        check(
            |d| d["codecs"] = serde_json::json!([d["codecs"][0]]),
            "red must lie over",
        );
        check(
            |d| d["codecs"][1]["max_average_bitrate"] = 5.into(),
            "max_average_bitrate",
        );
        check(
            |d| d["extensions"][1]["id"] = 4.into(),
            "an extension occurs twice",
        );
        check(|d| d["dtls"] = "active".into(), "an offer says actpass");
        check(|d| d["kind"] = "answer".into(), "an offer says actpass");
    }

    #[test]
    fn candidates_lead_to_other_devices_only() {
        let elsewhere = [
            "192.0.2.7",
            "10.0.0.1",
            "fd00::2",
            "2001:db8::1",
            "a-1.local",
            "2002:c000:207::1",
        ];
        for address in elsewhere {
            assert_eq!(candidate(address, 50_000).check(), Ok(()), "{address}");
        }
        let nowhere = [
            "127.0.0.1",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "169.254.169.254",
            "::",
            "::1",
            "ff02::1",
            "fe80::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "::ffff:169.254.169.254",
        ];
        for address in nowhere {
            assert_eq!(
                candidate(address, 50_000).check(),
                Err(InvalidDescription::Address),
                "{address}"
            );
        }
        assert_eq!(
            candidate("192.0.2.7", 22).check(),
            Err(InvalidDescription::Port)
        );
        assert_eq!(candidate("192.0.2.7", 443).check(), Ok(()));
        assert_eq!(candidate("192.0.2.7", 3478).check(), Ok(()));
    }

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

    fn check(spoil: fn(&mut serde_json::Value), expected: &str) {
        let mut value = good();
        spoil(&mut value);
        let description: CallDescription = serde_json::from_value(value).unwrap();
        let error = description.check().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    fn candidate(address: &str, port: u16) -> Candidate {
        Candidate {
            foundation: "1".parse().unwrap(),
            priority: 2_122_260_223,
            address: address.parse().unwrap(),
            port,
            kind: CandidateKind::Host,
        }
    }

    fn good() -> serde_json::Value {
        serde_json::json!({
            "epoch": 0,
            "kind": "offer",
            "ufrag": "Yx3+",
            "pwd": "q8W1vHkq0mXk9pYc2dRt5uZa",
            "fingerprint": "ab".repeat(32),
            "dtls": "actpass",
            "codecs": [
                {"codec": "red", "payload_type": 63, "over": 111},
                {"codec": "opus", "payload_type": 111, "fec": true, "dtx": true, "cbr": true,
                 "max_average_bitrate": 32_000},
            ],
            "extensions": [{"id": 4, "kind": "mid"}, {"id": 1, "kind": "audio_level"}],
            "direction": "sendrecv",
        })
    }
}
