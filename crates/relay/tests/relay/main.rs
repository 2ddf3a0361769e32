//! The relay as its clients meet it: what it grants, what it refuses, what it lets pass.
//!
//! Clients write and read with `stun-types` and `turn-types`, so that no mistake of the relay's own codec hides itself.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod allocations;
mod attacks;
mod heap;
mod hostile;
mod range;
mod requests;
mod second_implementation;
mod traffic;
mod world;
