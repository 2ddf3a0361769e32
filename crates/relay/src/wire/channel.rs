//! `ChannelData`: four bytes before the payload (RFC 8656 §12.4).

use std::ops::RangeInclusive;

/// Numbers of channels. RFC 8656 §12 ends at 0x4fff; clients of RFC 5766 §11 choose up to 0x7ffe, and nothing else begins so here.
pub(crate) const NUMBERS: RangeInclusive<u16> = 0x4000..=0x7ffe;

/// Channel and length.
const HEADER_BYTES: usize = 4;

/// A packet on a channel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChannelData<'a> {
    pub(crate) number: u16,
    pub(crate) payload: &'a [u8],
}

impl<'a> ChannelData<'a> {
    /// Nothing where the bytes are none, are cut off, or have more than padding behind the payload.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (header, rest): (&[u8; HEADER_BYTES], _) = bytes.split_first_chunk()?;
        let number = u16::from_be_bytes([header[0], header[1]]);
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let fits = NUMBERS.contains(&number) && rest.len() <= length.next_multiple_of(4);
        let payload = rest.get(..length)?;
        fits.then_some(Self { number, payload })
    }
}

/// Appends a packet; `padded` as streams want it (RFC 8656 §12.5).
///
/// The payload came in as one packet, so its length fits the field.
pub(crate) fn write_channel_data(out: &mut Vec<u8>, number: u16, payload: &[u8], padded: bool) {
    let Ok(length) = u16::try_from(payload.len()) else {
        return;
    };
    out.extend_from_slice(&number.to_be_bytes());
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(payload);
    if padded {
        out.resize(out.len().next_multiple_of(4), 0);
    }
}
