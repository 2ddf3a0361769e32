//! From findings to words: each function judges what one probe found.
//!
//! Pure: no clock, no network. Every fault says what to do, with the port and, where a router must be told, the
//! address to forward to.

mod certificate;
mod client;
mod clock;
mod external;
mod relay;
#[cfg(test)]
mod sample;
mod server;
mod socket;
mod stun;
mod through;
mod ways;
mod words;

pub(super) use certificate::certificate;
pub(super) use client::client;
pub(super) use clock::clock;
pub(super) use external::external_address;
pub(super) use relay::relay;
pub(super) use server::{name, running, secure, server};
pub(super) use socket::socket;
pub(super) use stun::stun;
pub(super) use through::through;
pub(super) use ways::ways;
pub(super) use words::url;
