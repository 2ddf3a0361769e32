// How many earlier packets each one repeats: as many as the losses of the path ask for.
//
// A function of what the other side reports. It goes up at once and comes down slowly: losses come in spells. Where packets
// queue up, there is no room for more of them, and it repeats one, as the browser does by itself.

/** What the other side reports of the packets it gets. */
export interface LossReport {
  /** The share that was lost since its last report, 0 to 1. */
  readonly lost: number;
  /** How long a packet and its report take together, in milliseconds; nothing while unknown. */
  readonly roundTripMs: number | null;
}

/** What has been decided, and why. */
export interface DepthState {
  readonly depth: number;
  /** The time of the last report that asked for this depth, in milliseconds. */
  readonly neededAt: number;
  /** The shortest round trip so far. */
  readonly shortestMs: number | null;
}

export const FIRST_DEPTH: DepthState = { depth: 1, neededAt: 0, shortestMs: null };

/** From these shares of lost packets on, two and three earlier packets are repeated. */
export const REPEAT_TWO_FROM = 0.02;
export const REPEAT_THREE_FROM = 0.07;
/** So long must losses be few before less is repeated. */
export const CALM_MS = 20_000;
/** So much longer than the shortest round trip means that packets queue up. */
export const QUEUE_MS = 400;

/** What follows from a report. */
export function heed(state: DepthState, report: LossReport, now: number): DepthState {
  const { roundTripMs } = report;
  const shortestMs =
    roundTripMs === null ? state.shortestMs : Math.min(roundTripMs, state.shortestMs ?? Infinity);
  const queues = roundTripMs !== null && shortestMs !== null && roundTripMs - shortestMs > QUEUE_MS;
  if (queues) return { depth: 1, neededAt: now, shortestMs };
  const needed = neededFor(report.lost);
  if (needed >= state.depth) return { depth: needed, neededAt: now, shortestMs };
  const isCalm = now - state.neededAt >= CALM_MS;
  return isCalm ? { depth: state.depth - 1, neededAt: now, shortestMs } : { ...state, shortestMs };
}

function neededFor(lost: number): number {
  if (lost >= REPEAT_THREE_FROM) return 3;
  return lost >= REPEAT_TWO_FROM ? 2 : 1;
}
