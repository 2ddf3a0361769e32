//! A device's view of a call: what it does and what it shows.
//!
//! One handset per client tab: `Handset::new(me, timeouts)`, then `handle(now, input) → effects`,
//! `poll_timeout()` and `view()`. `now` is the device's monotonic clock in milliseconds; times of the
//! server are converted by their distance to the `now` that came with them.

mod effect;
mod input;
mod timeouts;
mod view;

pub use effect::{Effect, Tone};
pub use input::{Input, Refused};
pub use timeouts::Timeouts;
pub use view::{Ended, HandsetView, MicrophoneFault, Path};
