//! The server's view of calls: it owns every live call and decides what becomes of it.
//!
//! The driver's side of it, all synchronous:
//!
//! - `Switchboard::new(timeouts: Timeouts)`
//! - `handle(&mut self, now: Timestamp, input: Input) -> Handled`: carry out the effects in order, then
//!   send the reply; `Reply::Call(id)` is sent as `view_for(id, user, device)`.
//! - `poll_timeout(&self) -> Option<Timestamp>`: hand in `Input::Tick` then.
//! - `view_for(&self, call: CallId, user: UserId, device: DeviceId) -> Option<CallView>`: live or
//!   recently ended; nothing where this device must not see the call.
//! - `snapshot(&self, user: UserId, device: DeviceId) -> Vec<CallView>`: live calls, for `welcome`.
//! - `in_call(&self, user: UserId) -> bool`: whether in an answered call, for presence.

mod effect;
mod input;
mod timeouts;

pub use effect::{Effect, Handled, Row};
pub use input::{Input, Party, Reach, Refusal, Reply, Request, Start};
pub use timeouts::Timeouts;
