//! The server as a client meets it: real sockets, a real database, the port of the system's choice.
//!
//! Every test starts a server of its own in a directory of its own. The clock stands still unless a
//! test moves it. Nothing sleeps.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod accounts;
mod acme;
mod allowances;
mod app;
mod authenticator;
mod backup;
mod calls;
mod chat;
mod command;
mod crowds;
mod device;
mod disk;
mod doctor;
mod durability;
mod factors;
mod forged;
mod guessing;
mod headers;
mod hidden;
mod holding;
mod http;
mod https;
mod incidents;
mod invites;
mod keys;
mod malformed;
mod managing;
mod metrics;
mod missed;
mod namespace;
mod passkeys;
mod people;
mod phone;
mod proxy;
mod record;
mod relay;
mod secrets;
mod secure;
mod security;
mod sessions;
mod settings;
mod socket;
mod stun;
mod survival;
mod tokens;
mod turn;
mod turn_range;
