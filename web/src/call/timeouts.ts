// How long the handset waits for what: the server's numbers, and this side's own for the rest.

import {
  CANDIDATE_BATCH_INTERVAL_MS,
  CONNECT_TIMEOUT_MS,
  ENDED_SHOWN_MS,
  SILENCE_LIMIT_MS,
} from "../protocol/constants";
import type { HandsetTimeouts } from "../protocol/HandsetTimeouts";
import type { Limits } from "../protocol/Limits";

/** The server ends a call that does not connect; a device waits so many milliseconds longer for its word. */
const CONNECT_GRACE_MS = 5_000;

/** The twin of `Timeouts::from(Limits)` in `crates/call`. */
export function timeoutsFrom(limits: Limits): HandsetTimeouts {
  return {
    start: SILENCE_LIMIT_MS,
    ring: limits.device_ring_timeout,
    connect: CONNECT_TIMEOUT_MS + CONNECT_GRACE_MS,
    restart_after: limits.restart_after,
    lost_after: limits.lost_after,
    candidate_batch: CANDIDATE_BATCH_INTERVAL_MS,
    ended_shown: ENDED_SHOWN_MS,
  };
}
