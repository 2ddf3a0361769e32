//! The probes of the call doctor: they act, find, and judge nothing.
//!
//! Each ends within seconds, whatever the other side does. A certificate that browsers would refuse is written down
//! and does not end a probe, because what lies behind it is to be tested too.

pub(super) mod certificate;
pub(super) mod client;
pub(super) mod place;
pub(super) mod relay;
pub(super) mod web;
pub(super) mod wire;

use std::time::Duration;

/// Whoever has not answered after so long is silent.
const PATIENCE: Duration = Duration::from_secs(5);
