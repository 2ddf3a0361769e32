//! A device's two handsets, and who of them is heard: the call that is talked in, one that is on hold or waits
//! to be answered, and a call of the account that another device has.
//!
//! The driver hands in an [`Input`] with the device's monotonic clock in milliseconds and carries out the
//! [`Effect`]s in their order. The rules kept here: at most one call is talked in, the other one is on hold or rings;
//! each call has a handset of its own, which decides all that concerns this call alone; one tone at a
//! time. It does no I/O, reads no clock, and makes no ids.

mod effect;
mod input;
mod view;

pub use effect::{Effect, Slot};
pub use input::Input;
pub use view::{Elsewhere, PhoneView};
