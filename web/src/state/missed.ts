// Which calls count as missed; the same rule as `EndReason::is_missed` in the protocol.

import type { CallRecord } from "../protocol/CallRecord";

/** Whether the callee missed the call: it ended before an answer and not by the callee's own hand. */
export function isMissed({ end }: Pick<CallRecord, "end">): boolean {
  switch (end?.reason) {
    case "cancelled":
    case "busy":
    case "no_answer":
    case "unreachable":
      return true;
    default:
      return false;
  }
}
