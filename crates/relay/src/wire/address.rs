//! Addresses as they stand in attributes: masked with the cookie and the transaction (RFC 8489 §14.2).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::MAGIC_COOKIE;
use super::message::Transaction;

/// Address families in attributes.
pub(super) const IPV4: u8 = 1;
pub(super) const IPV6: u8 = 2;

pub(super) fn read(value: &[u8], transaction: &Transaction) -> Option<SocketAddr> {
    let (header, address): (&[u8; 4], _) = value.split_first_chunk()?;
    let mask = mask(transaction);
    let port = u16::from_be_bytes([header[2] ^ mask[0], header[3] ^ mask[1]]);
    let address = match header[1] {
        IPV4 => IpAddr::V4(Ipv4Addr::from(xor::<4>(address.try_into().ok()?, &mask))),
        IPV6 => IpAddr::V6(Ipv6Addr::from(xor::<16>(address.try_into().ok()?, &mask))),
        _ => return None,
    };
    Some(SocketAddr::new(address, port))
}

/// The value of an attribute, and how many bytes of it count.
pub(super) fn write(address: SocketAddr, transaction: &Transaction) -> ([u8; 20], usize) {
    let mut value = [0; 20];
    let mask = mask(transaction);
    let [high, low] = address.port().to_be_bytes();
    value[2] = high ^ mask[0];
    value[3] = low ^ mask[1];
    match address.ip() {
        IpAddr::V4(ip) => {
            value[1] = IPV4;
            value[4..8].copy_from_slice(&xor(ip.octets(), &mask));
            (value, 8)
        }
        IpAddr::V6(ip) => {
            value[1] = IPV6;
            value[4..].copy_from_slice(&xor(ip.octets(), &mask));
            (value, 20)
        }
    }
}

fn mask(transaction: &Transaction) -> [u8; 16] {
    let mut mask = [0; 16];
    mask[..4].copy_from_slice(&MAGIC_COOKIE);
    mask[4..].copy_from_slice(transaction);
    mask
}

fn xor<const N: usize>(mut bytes: [u8; N], mask: &[u8; 16]) -> [u8; N] {
    for (byte, mask) in bytes.iter_mut().zip(mask) {
        *byte ^= mask;
    }
    bytes
}
