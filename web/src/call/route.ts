// Which way the sound of a connection goes, read from what the browser says of it.

import type { Route } from "../protocol/Route";

/** What `RTCStatsReport` holds of transports, pairs and candidates (webrtc-stats §8). */
interface RouteStats {
  readonly id: string;
  readonly type: string;
  readonly selectedCandidatePairId?: string;
  /** Firefox's own; it has no transports. */
  readonly selected?: boolean;
  readonly localCandidateId?: string;
  readonly remoteCandidateId?: string;
  readonly candidateType?: string;
}

/** Nothing while no pair is selected. */
export function routeOf(stats: Iterable<RouteStats>): Route | null {
  const byId = new Map<string, RouteStats>();
  let selected: string | undefined;
  for (const report of stats) {
    byId.set(report.id, report);
    if (report.type === "transport") selected ??= report.selectedCandidatePairId;
    if (report.type === "candidate-pair" && report.selected === true) selected ??= report.id;
  }
  const pair = selected === undefined ? undefined : byId.get(selected);
  if (!pair) return null;
  const kinds = [pair.localCandidateId, pair.remoteCandidateId].map(
    (id) => byId.get(id ?? "")?.candidateType,
  );
  if (kinds.includes("relay")) return "relayed";
  return kinds.includes(undefined) ? null : "direct";
}
