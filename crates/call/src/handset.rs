//! A device's view of a call: what it does and what it shows.

mod view;

pub use view::{Ended, HandsetView, MicrophoneFault, Path};
