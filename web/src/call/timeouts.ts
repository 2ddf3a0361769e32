// How long the handset waits for what: the server's numbers, and this side's own for the rest.

import type { HandsetTimeouts } from "../protocol/HandsetTimeouts";
import type { Limits } from "../protocol/Limits";
import { HANDSET_TIMEOUTS } from "../protocol/timeouts";

/** The twin of `Timeouts::from(Limits)` in `crates/call`. */
export function timeoutsFrom(limits: Limits): HandsetTimeouts {
  return {
    ...HANDSET_TIMEOUTS,
    ring: limits.device_ring_timeout,
    restart_after: limits.restart_after,
    lost_after: limits.lost_after,
  };
}
