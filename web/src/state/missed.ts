// Missed calls: which they are, and which of them belong together.

import type { CallRecord } from "../protocol/CallRecord";
import type { UserId } from "../protocol/UserId";

/** Missed calls of one person that are no further apart than this stand as one entry, in milliseconds. */
export const MISSED_TOGETHER = 60 * 60_000;

/**
 * Whether the callee missed the call: it ended before an answer and not by the callee's own hand.
 * The same rule as `EndReason::is_missed` in the protocol.
 */
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

/** Whether this account missed the call. */
export function isMissedBy(me: UserId, record: Pick<CallRecord, "end" | "callee">): boolean {
  return record.callee === me && isMissed(record);
}

/** Whether two calls that follow each other, in either order, stand as one entry. */
export function missedTogether(me: UserId, one: CallRecord, other: CallRecord): boolean {
  return (
    isMissedBy(me, one) &&
    isMissedBy(me, other) &&
    one.caller === other.caller &&
    Math.abs(one.started_at - other.started_at) <= MISSED_TOGETHER
  );
}

/**
 * The entries of a list of calls: each call by itself, and missed calls of one person with nothing
 * between them together, in the order of the list.
 */
export function groupMissed(me: UserId, records: readonly CallRecord[]): CallRecord[][] {
  const groups: CallRecord[][] = [];
  for (const record of records) {
    const last = groups.at(-1);
    const neighbour = last?.at(-1);
    if (neighbour !== undefined && missedTogether(me, neighbour, record)) last?.push(record);
    else groups.push([record]);
  }
  return groups;
}
