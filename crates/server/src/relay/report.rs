//! What the relay did, for the log.

use std::sync::Arc;
use std::time::Duration;

use ::relay::{Counters, DropReason};

use super::engine::Engine;

/// How often.
const EVERY: Duration = Duration::from_mins(1);

/// Writes a line for every minute in which something was relayed or dropped, until the server stops.
pub(super) async fn every_minute(engine: Arc<Engine>) {
    let mut before = engine.counters();
    let mut minute = tokio::time::interval_at(engine.clock().instant() + EVERY, EVERY);
    loop {
        tokio::select! {
            () = engine.stopping().cancelled() => return,
            _ = minute.tick() => {}
        }
        let now = engine.counters();
        if moved(&now) != moved(&before) {
            write(&now, &before);
        }
        before = now;
    }
}

fn moved(counters: &Counters) -> (u64, u64) {
    let dropped = DropReason::ALL.map(|reason| counters.dropped(reason));
    (counters.to_clients.packets, dropped.into_iter().sum())
}

fn write(now: &Counters, before: &Counters) {
    let dropped: Vec<_> = DropReason::ALL
        .into_iter()
        .map(|reason| (reason, now.dropped(reason) - before.dropped(reason)))
        .filter(|&(_, packets)| packets > 0)
        .collect();
    tracing::info!(
        allocations = now.allocations,
        packets = now.to_clients.packets - before.to_clients.packets,
        bytes = now.to_clients.bytes - before.to_clients.bytes,
        ?dropped,
        "the relay, in the last minute"
    );
}
