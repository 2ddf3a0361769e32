//! Helps two devices find each other: STUN, so that a device learns the address by which the outside sees it.
//!
//! The rule kept here: nothing is remembered of who asked, and an answer is never much larger
//! than its question, so that the port is of no use to somebody who forges senders.

mod stun;

pub use stun::Stun;
