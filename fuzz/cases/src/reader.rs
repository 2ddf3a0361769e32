//! Reads numbers and bytes off the front of an input; one that is too short ends there.

use std::net::{IpAddr, SocketAddr};

/// What is left of an input.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(crate) fn number(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    /// A length of two bytes and as many bytes, or those that are there.
    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.number()?).min(self.0.len());
        let (bytes, rest) = self.0.split_at(length);
        self.0 = rest;
        Some(bytes)
    }

    /// An odd byte and four, or an even one and sixteen; then a port.
    pub(crate) fn address(&mut self) -> Option<SocketAddr> {
        let ip = if self.byte()? % 2 == 1 {
            IpAddr::from(self.array::<4>()?)
        } else {
            IpAddr::from(self.array::<16>()?)
        };
        Some(SocketAddr::new(ip, self.number()?))
    }
}
