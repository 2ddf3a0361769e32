//! The texts of the wire as bytes and back. A text was checked when it was parsed, so reading cannot fail.

use std::fmt::Write as _;
use std::str::FromStr;

/// The bytes of a text that has two characters of 0–9 a–f for each of `N`.
pub(crate) fn read<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = pair.iter().fold(0, |sum, &c| (sum << 4) | digit(c));
    }
    bytes
}

/// A value of the wire for bytes.
#[expect(
    clippy::expect_used,
    reason = "hex of the right length has the form that is asked for"
)]
pub(crate) fn write<T: FromStr<Err: std::fmt::Debug>>(bytes: &[u8]) -> T {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text.parse().expect("hex of the right length")
}

const fn digit(c: u8) -> u8 {
    match c {
        b'0'..=b'9' => c - b'0',
        _ => c.wrapping_sub(b'a').wrapping_add(10) & 0x0f,
    }
}
