//! What two devices must know of each other to connect: a typed description and typed candidates.
//!
//! No SDP travels. The sender takes these values out of its browser's SDP, the receiver rebuilds
//! SDP from one template, so nothing can be injected and no browser detail leaks. Every value is
//! checked on parsing; [`CallDescription::check`] and [`Candidate::check`] see to what spans
//! several values.

mod candidate;
mod values;

use serde::{Deserialize, Serialize};

pub use candidate::{Candidate, CandidateKind};
pub use values::{
    CandidateAddress, CodeCommitment, CodeNonce, DeviceKey, ExtensionId, Fingerprint, Foundation,
    IcePwd, IceUfrag, PayloadType, Signature,
};

use crate::identity::{CodePart, Identity};
use crate::limits::{CODECS_MAX, EXTENSIONS_MAX, STUN_PORT};

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
    /// Who made it. Without it a description is none.
    pub identity: Box<Identity>,
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
    /// A commitment in an answer, or a nonce in an offer.
    #[error("an offer may have a commitment, an answer a nonce")]
    Code,
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
            | (DescriptionKind::Answer, DtlsRole::Active | DtlsRole::Passive) => {}
            (DescriptionKind::Offer, DtlsRole::Active | DtlsRole::Passive)
            | (DescriptionKind::Answer, DtlsRole::Actpass) => {
                return Err(InvalidDescription::DtlsRole);
            }
        }
        match (self.kind, &self.identity.code) {
            (_, None)
            | (DescriptionKind::Offer, Some(CodePart::Commitment(_)))
            | (DescriptionKind::Answer, Some(CodePart::Nonce(_))) => Ok(()),
            (DescriptionKind::Offer, Some(CodePart::Nonce(_)))
            | (DescriptionKind::Answer, Some(CodePart::Commitment(_))) => {
                Err(InvalidDescription::Code)
            }
        }
    }

    /// Whether it is an offer that begins a connection, rather than one that goes on with the connection there is.
    pub const fn begins(&self) -> bool {
        matches!(self.identity.code, Some(CodePart::Commitment(_)))
    }

    fn is_opus(&self, payload_type: PayloadType) -> bool {
        self.codecs
            .iter()
            .any(|codec| matches!(*codec, Codec::Opus { payload_type: p, .. } if p == payload_type))
    }
}

fn count(what: &'static str, n: usize, min: usize, max: usize) -> Result<(), InvalidDescription> {
    if (min..=max).contains(&n) {
        Ok(())
    } else {
        Err(InvalidDescription::Count { what, min, max })
    }
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
        assert!(text.len() < 1_100, "{} bytes", text.len());
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
        check(
            |d| d["identity"]["code"] = serde_json::json!({"nonce": "ef".repeat(32)}),
            "an offer may have a commitment",
        );
    }

    #[test]
    fn a_description_of_nobody_is_none() {
        for field in ["attempt", "key", "signature"] {
            let mut bad = good();
            bad["identity"].as_object_mut().unwrap().remove(field);
            assert!(
                serde_json::from_value::<CallDescription>(bad).is_err(),
                "{field}"
            );
        }
        let mut bad = good();
        bad.as_object_mut().unwrap().remove("identity");
        assert!(serde_json::from_value::<CallDescription>(bad).is_err());
    }

    fn check(spoil: fn(&mut serde_json::Value), expected: &str) {
        let mut value = good();
        spoil(&mut value);
        let description: CallDescription = serde_json::from_value(value).unwrap();
        let error = description.check().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
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
            "identity": {
                "attempt": "00000000-0000-7000-8000-000000000021",
                "key": "cd".repeat(32),
                "code": {"commitment": "ef".repeat(32)},
                "signature": "01".repeat(64),
            },
        })
    }
}
