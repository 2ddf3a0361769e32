//! The rules of a call, without I/O.
//!
//! [`switchboard`] is the server's view: it owns every call and decides what becomes of it.
//! [`handset`] is a device's view of one call: it decides what the device does and shows; [`phone`] is a
//! device's view of all its calls. [`Patience`] says when somebody who was not answered may call again. All are pure:
//! `(state, now, input) → (state, effects)`. The rule kept here: no I/O, no clock, no randomness,
//! so that every race can be replayed. What acts on the effects lives in `server` and in the clients.

pub mod handset;
mod patience;
pub mod phone;
pub mod switchboard;
#[cfg(feature = "typescript")]
pub mod typescript;

pub use patience::Patience;
