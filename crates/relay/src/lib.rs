//! A STUN and TURN server (RFC 8489, RFC 8656) that decides and does no I/O.
//!
//! Packets go in with the time, packets come out; the server that embeds it owns sockets, clock and
//! randomness. The rules kept here: a stranger costs no memory and gets no more than three times the
//! bytes that he sent; only who holds a credential for a call that is not over can allocate; nothing is
//! relayed to where a guest of the internet has no business; and a relayed packet costs no heap allocation.
//!
//! It does not relay TCP (RFC 6062), does not move allocations (RFC 8016), and keeps no port in reserve.
//!
//! How it is driven:
//!
//! 1. [`Relay::receive`] for every packet of a client, datagram or frame of a stream ([`Framer`] cuts those);
//!    [`Relay::receive_from_peer`] for every datagram at a relayed socket. Both say where the bytes in `out` go.
//! 2. [`Relay::poll_command`] until it is empty, after every input: sockets to open and close, streams to close.
//! 3. [`Relay::poll_timeout`], and [`Relay::handle_timeout`] when it has passed.
//! 4. [`Relay::end_group`] when a call is over.

mod allocation;
mod allocations;
mod client;
mod config;
mod counters;
mod credential;
mod framer;
mod groups;
mod nonce;
mod peers;
mod rate;
mod relay;
mod strangers;
mod time;
mod wire;

pub use client::{ClientId, SocketId, Transport};
pub use config::{Bandwidth, Config, InvalidConfig, Ports, Quotas, RelayedRange};
pub use counters::{Counters, DropReason, Traffic};
pub use credential::{
    CREDENTIAL_LIFETIME_MAX, Credential, Device, Group, InvalidName, Key, Secret,
};
pub use framer::{BadFrame, Framer};
pub use relay::{Command, Delivery, Relay};
pub use time::{Now, UnixSeconds};
