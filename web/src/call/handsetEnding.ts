// How a handset's call comes to its end, and what the person hears of it.
//
// The twin of `crates/call/src/handset/ending.rs`; both pass the scenarios in `crates/call/scenarios`.

import type { CallId } from "../protocol/CallId";
import type { Ended } from "../protocol/Ended";
import type { EndReason } from "../protocol/EndReason";
import type { FailCause } from "../protocol/FailCause";
import type { HandsetEffect } from "../protocol/HandsetEffect";
import type { Milliseconds } from "../protocol/Milliseconds";
import type { RequestBody } from "../protocol/RequestBody";
import type { Timestamp } from "../protocol/Timestamp";
import type { Tone } from "../protocol/Tone";
import type { UserId } from "../protocol/UserId";
import type { Gone, HandsetMemory } from "./handset";
import { reportOf, talkedOf, tickOf } from "./handsetPath";
import { callOf, isFree, send, type State } from "./handsetState";
import { giveUp, takingSince } from "./handsetTaking";
import { deadlineOf } from "./handsetShow";

/** Calls remembered as over, so that a late word of the server does not make them ring again. */
const OVER_MAX = 8;

/** Time has passed. */
export function tick(memory: HandsetMemory, now: Timestamp, effects: HandsetEffect[]): void {
  const { state, timeouts } = memory;
  const deadline = deadlineOf(state);
  if (deadline === null || deadline > now) return;
  const over = (why: Ended, request?: RequestBody): void => {
    if (request !== undefined) effects.push(send(request));
    finish(memory, now, why);
  };
  const noAnswer: Ended = { why: "call", end: { reason: "no_answer" } };
  switch (state.at) {
    case "idle":
      return;
    case "ended":
      return dismiss(memory);
    case "outgoing":
      if (state.stage.at === "starting") over({ why: "offline" });
      else if (state.stage.at === "calling") {
        over(noAnswer, { type: "cancel_call", call: state.stage.call });
      }
      return;
    case "ringing":
      if (state.answer === "sent") {
        const why: Ended = { why: "call", end: { reason: "failed", cause: "timeout" } };
        over(why, { type: "hang_up", call: state.call, heard_ago: null });
      } else {
        over(noAnswer);
      }
      return;
    case "talking": {
      const ended = tickOf(state, now, timeouts);
      if (ended) over({ why: "call", end: ended.end }, reportOf(state, now, ended.report));
      return;
    }
    case "taking": {
      const { request, end } = giveUp(state);
      return over({ why: "call", end }, request);
    }
  }
}

/** A warning stays on screen so long, unless it is dismissed. */
const WARNING_SHOWN_MS = 60_000;

/** Whether somebody may have been in between. Nobody may overlook that. */
function isWarning(why: Ended): boolean {
  return why.why === "call" && why.end.reason === "failed" && why.end.cause === "identity";
}

/** Takes away what is shown of a call that is over. */
export function dismiss(memory: HandsetMemory): void {
  if (memory.state.at === "ended") memory.state = { at: "idle" };
}

/** Shows the call as over. Settling closes what it held. */
export function finish(memory: HandsetMemory, now: Timestamp, why: Ended): void {
  const { state } = memory;
  if (isFree(state)) return;
  const call = callOf(state);
  if (call !== null) {
    memory.over = [...memory.over, goneOf(state, call, why)].slice(-OVER_MAX);
  }
  memory.state = {
    at: "ended",
    conversation: state.conversation,
    call,
    outgoing: "outgoing" in state ? state.outgoing : state.at === "outgoing",
    why,
    talked: talkedUntil(state, now, why),
    until: now + (isWarning(why) ? WARNING_SHOWN_MS : memory.timeouts.ended_shown),
    tone: endTone(state, why, memory.me),
  };
}

function talkedUntil(state: State, now: Timestamp, why: Ended): Milliseconds | null {
  if (state.at === "talking") return talkedOf(state, now, why);
  const since = state.at === "taking" ? takingSince(state) : null;
  return since === null ? null : Math.max(0, now - since);
}

/** What is remembered of the call. One that was not taken over goes on where it is. */
function goneOf(state: State, call: CallId, why: Ended): Gone {
  const moved = why.why === "answered_elsewhere" || why.why === "moved";
  const left = state.at === "taking" && failsHere(why);
  const heardAt = state.at === "talking" ? state.heardAt : null;
  return { call, ended: !moved && !left, heardAt };
}

/** Whether a call that was not taken over yet goes on nevertheless. */
function failsHere(why: Ended): boolean {
  if (why.why === "call") return why.end.reason === "failed";
  return why.why !== "meanwhile";
}

/** Ends the call for a cause that this device knows, and tells the server where it must know. */
export function fail(
  memory: HandsetMemory,
  now: Timestamp,
  cause: FailCause,
  effects: HandsetEffect[],
): void {
  reportFailure(memory, now, cause, effects);
  finish(memory, now, { why: "call", end: { reason: "failed", cause } });
}

export function reportFailure(
  { state }: HandsetMemory,
  now: Timestamp,
  cause: FailCause,
  effects: HandsetEffect[],
): void {
  const report = { report: "failed", cause } as const;
  if (state.at === "talking") {
    effects.push(send(reportOf(state, now, report)));
    return;
  }
  // A call that is being taken over goes on where it was.
  if (state.at === "taking") return;
  // Other devices ring on, unless somebody may be in between: that is no matter of one device.
  const ringsOn = state.at === "ringing" && state.answer !== "sent" && cause !== "identity";
  const call = callOf(state);
  if (isFree(state) || ringsOn || call === null) return;
  effects.push(send({ type: "report_call", call, report, heard_ago: null }));
}

/**
 * What is heard at the end. A call that only rang here ends in silence, and so does one that the
 * person ended.
 */
function endTone(before: State, why: Ended, me: UserId): Tone {
  if (before.at === "ringing" && before.answer !== "sent") return "none";
  switch (why.why) {
    case "call":
      return endReasonTone(why.end, me);
    case "answered_elsewhere":
    case "moved":
    case "microphone":
      return "none";
    case "refused":
    case "offline":
    case "meanwhile":
      return "end";
  }
}

function endReasonTone(end: EndReason, me: UserId): Tone {
  switch (end.reason) {
    case "hung_up":
      return end.by === me ? "none" : "end";
    case "cancelled":
    case "replaced":
      return "none";
    case "busy":
      return "busy";
    case "declined":
    case "no_answer":
    case "unreachable":
    case "failed":
    case "lost":
      return "end";
  }
}
