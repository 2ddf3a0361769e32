//! What a run saw, so that nobody takes an empty world for a sound one.

use std::collections::BTreeMap;

use protocol::call::EndReason;

/// How often what happened.
#[derive(Default)]
pub(crate) struct Tally(BTreeMap<&'static str, u64>);

impl Tally {
    pub(crate) fn count(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: Self) {
        for (what, count) in other.0 {
            *self.0.entry(what).or_default() += count;
        }
    }

    pub(crate) fn of(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or_default()
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (what, count) in &self.0 {
            writeln!(f, "{count:>10} {what}")?;
        }
        Ok(())
    }
}

pub(super) fn name(reason: EndReason) -> &'static str {
    match reason {
        EndReason::HungUp { .. } => "hung up",
        EndReason::Declined => "declined",
        EndReason::Cancelled => "cancelled",
        EndReason::Busy => "busy",
        EndReason::NoAnswer => "no answer",
        EndReason::Unreachable => "unreachable",
        EndReason::Failed { .. } => "failed",
        EndReason::Lost => "lost",
        EndReason::Replaced => "replaced",
    }
}
