// Generated from crates/call/src/handset/timeouts.rs. Do not edit; run `make types`.
import type { HandsetTimeouts } from "./HandsetTimeouts";

/** Milliseconds each. */
export const HANDSET_TIMEOUTS: HandsetTimeouts = {
  start: 15000,
  ring: 50000,
  connect: 20000,
  restart_after: 2000,
  lost_after: 30000,
  unheard_restart_after: 2000,
  leaving: 3000,
  candidate_batch: 100,
  ended_shown: 3000,
};
