// The path between the two devices of an answered call: whether it carries sound, and when to look for another.
//
// The twin of `crates/call/src/handset/path.rs`. Two things make a path bad: ICE says so, or it stands and
// nothing is heard of a side that should be. Either way it is looked for anew; when that has not helped for
// long enough the call is lost.

import type { CallReport } from "../protocol/CallReport";
import type { Ended } from "../protocol/Ended";
import type { EndReason } from "../protocol/EndReason";
import type { HandsetEffect } from "../protocol/HandsetEffect";
import type { HandsetTimeouts } from "../protocol/HandsetTimeouts";
import type { Milliseconds } from "../protocol/Milliseconds";
import type { RequestBody } from "../protocol/RequestBody";
import type { Route } from "../protocol/Route";
import type { Timestamp } from "../protocol/Timestamp";
import type { HandsetMemory } from "./handset";
import { fail } from "./handsetEnding";
import { send, type Talking } from "./handsetState";

/** The encrypted path stands. */
export function peerConnected(
  { state }: HandsetMemory,
  now: Timestamp,
  effects: HandsetEffect[],
): void {
  if (state.at === "ringing" || state.at === "taking") state.connected = true;
  if (state.at !== "talking") return;
  const first = state.path === "connecting";
  state.doubted = false;
  // That ICE found a path again is no sound yet.
  if (!state.unheard) pathIsBack(state);
  if (first) effects.push(send(reportOf(state, now, { report: "connected" })));
}

/** A path that was never there cannot break. */
export function peerDisconnected({ state, timeouts }: HandsetMemory, now: Timestamp): void {
  if (state.at !== "talking" || state.path === "connecting") return;
  pathIsGone(state, now, timeouts);
  state.restartAt ??= now + timeouts.restart_after;
}

/**
 * A browser gives up as soon as no candidate that it knows leads anywhere; a relay's refusals make that a matter of
 * milliseconds, while the other side still looks for candidates of its own. So a failure soon after one before waits.
 */
export function peerFailed(memory: HandsetMemory, now: Timestamp, effects: HandsetEffect[]): void {
  const { state, timeouts } = memory;
  if (state.at !== "talking") return;
  const { failedAt } = state;
  const isSoon = failedAt !== null && now < failedAt + timeouts.restart_after;
  const againAt = isSoon ? failedAt + timeouts.restart_after : null;
  if (state.path !== "connecting") {
    pathIsGone(state, now, timeouts);
    state.restartAt = state.leavingUntil ?? againAt;
    if (state.restartAt !== null) return;
    state.failedAt = now;
    state.line.restart();
  } else if (againAt !== null) {
    state.restartAt = againAt;
  } else if (state.failures > 0) {
    fail(memory, now, "no_path", effects);
  } else {
    state.failures += 1;
    state.failedAt = now;
    state.line.restart();
  }
}

/** The other device goes away. Whoever takes the call up there makes the next offer. */
export function peerLeaves({ state, timeouts }: HandsetMemory, now: Timestamp): void {
  if (state.at !== "talking" || state.path === "connecting") return;
  const until = now + timeouts.leaving;
  pathIsGone(state, now, timeouts);
  state.leavingUntil = until;
  state.restartAt = until;
}

/** The peer connection was closed for a new one: another device has the call at the other side. */
export function peerIsNew({ state, timeouts }: HandsetMemory, now: Timestamp): void {
  if (state.at === "ringing" || state.at === "taking") state.connected = false;
  if (state.at !== "talking") return;
  state.sound.peerIsNew();
  state.failures = 0;
  state.failedAt = null;
  state.restartAt = null;
  state.leavingUntil = null;
  if (state.path !== "connecting") pathIsGone(state, now, timeouts);
}

export function routeChanged({ peer }: HandsetMemory, route: Route): void {
  if (peer) peer.route = route;
}

/**
 * A relay that lost its allocations when the server restarted carries nothing more, long before ICE notices. A path that
 * stands without the relay is left alone, and so is one that nobody has answered yet: it may not need the relay.
 */
export function relayRenewed({ state, peer }: HandsetMemory): void {
  if (state.at !== "talking") return;
  if (state.path !== "connected" || peer?.route === "relayed") state.line.restart();
}

/** Packets of the other side arrived. */
export function heard({ state }: HandsetMemory, now: Timestamp): void {
  if (state.at !== "talking") return;
  state.heardAt = now;
  state.unheardAt = null;
  if (state.unheard) pathIsBack(state);
}

/**
 * A path that is looked for anew has its own time before its silence counts: whoever answers a restart would else
 * restart once more a moment later, and throw away what both have found by then.
 */
export function waitForNewPath(talking: Talking): void {
  talking.unheardAt = null;
}

/** Measures the other side's silence while there should be none. */
export function followSilence(talking: Talking, now: Timestamp, timeouts: HandsetTimeouts): void {
  const expected = talking.sound.isExpected;
  if (talking.unheard && !expected) pathIsBack(talking);
  if (talking.path === "connected" && expected) {
    talking.unheardAt ??= now + timeouts.unheard_restart_after;
  } else {
    talking.unheardAt = null;
  }
}

/** Time has passed. Gives what to report and how the call ends, if it does. */
export function tickOf(
  talking: Talking,
  now: Timestamp,
  timeouts: HandsetTimeouts,
): { report: CallReport; end: EndReason } | null {
  const due = (at: Timestamp | null): boolean => at !== null && at <= now;
  if (due(talking.lostAt)) return { report: { report: "lost" }, end: { reason: "lost" } };
  if (due(talking.connectAt)) {
    const cause = "timeout";
    return { report: { report: "failed", cause }, end: { reason: "failed", cause } };
  }
  if (due(talking.restartAt)) {
    talking.restartAt = null;
    // It may not have gone after all, and then it is heard.
    if (talking.leavingUntil !== null) talking.unheard = true;
    talking.leavingUntil = null;
    talking.line.restart();
  }
  if (due(talking.unheardAt)) {
    pathIsGone(talking, now, timeouts);
    talking.unheard = true;
    talking.line.restart();
  }
  return null;
}

/** How long they heard each other, as far as this device knows. What was lost ended when it was last heard. */
export function talkedOf(
  { since, heardAt }: Talking,
  now: Timestamp,
  why: Ended,
): Milliseconds | null {
  if (since === null) return null;
  const isLost = why.why === "call" && why.end.reason === "lost";
  return Math.max(0, (isLost ? (heardAt ?? now) : now) - since);
}

export function reportOf(talking: Talking, now: Timestamp, report: CallReport): RequestBody {
  return { type: "report_call", call: talking.call, report, heard_ago: heardAgo(talking, now) };
}

export function hangUpOf(talking: Talking, now: Timestamp): RequestBody {
  return { type: "hang_up", call: talking.call, heard_ago: heardAgo(talking, now) };
}

function heardAgo({ heardAt }: Talking, now: Timestamp): Milliseconds | null {
  return heardAt === null ? null : Math.max(0, now - heardAt);
}

function pathIsBack(talking: Talking): void {
  talking.path = "connected";
  talking.connectAt = null;
  talking.restartAt = null;
  talking.lostAt = null;
  talking.unheardAt = null;
  talking.unheard = false;
  talking.leavingUntil = null;
}

export function pathIsGone(talking: Talking, now: Timestamp, timeouts: HandsetTimeouts): void {
  talking.path = "reconnecting";
  talking.lostAt ??= now + timeouts.lost_after;
  talking.unheard = false;
}
