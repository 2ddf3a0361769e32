// What a handset makes of the server's words.
//
// The twin of `crates/call/src/handset/server.rs`; both pass the scenarios in `crates/call/scenarios`.
// The server owns the call: whatever it says of one counts, older revisions excepted. What it says of
// a call that is not this handset's own can only make it ring.

import type { AttemptId } from "../protocol/AttemptId";
import type { CallDescription } from "../protocol/CallDescription";
import type { CallId } from "../protocol/CallId";
import type { CallState } from "../protocol/CallState";
import type { CallSound } from "../protocol/CallSound";
import type { CallView } from "../protocol/CallView";
import type { Candidate } from "../protocol/Candidate";
import type { ErrorCode } from "../protocol/ErrorCode";
import type { EndReason } from "../protocol/EndReason";
import type { HandsetEffect } from "../protocol/HandsetEffect";
import type { RefusedRequest } from "../protocol/RefusedRequest";
import type { Timestamp } from "../protocol/Timestamp";
import type { HandsetMemory } from "./handset";
import { HandsetLine } from "./handsetLine";
import { finish } from "./handsetEnding";
import { peerConnected } from "./handsetPath";
import { soundOf } from "./handsetSound";
import type { Outgoing, Ringing, Talking, Told } from "./handsetState";
import {
  callOf,
  isFree,
  newTalking,
  send,
  sendStart,
  takeOffer,
  talkingTold,
  toLocal,
} from "./handsetState";

/** Begins to ring, unless the call is over here or too old. */
export function ring(memory: HandsetMemory, told: Told, effects: HandsetEffect[]): void {
  const { call, remote } = told.view;
  const deadline = toLocal(told, call.started_at) + memory.timeouts.ring;
  if (memory.over.includes(call.id) || deadline <= told.now) return;
  const line = new HandsetLine(true);
  if (remote !== null) line.remoteDescription(remote.description, effects);
  effects.push(send({ type: "ring_call", call: call.id }));
  memory.state = {
    at: "ringing",
    conversation: call.conversation,
    call: call.id,
    revision: call.revision,
    other: call.caller,
    silenced: false,
    fault: null,
    deadline,
    line,
    connected: false,
    answer: "not_yet",
  };
}

/** A `call` frame, or a call of the snapshot. */
export function told(memory: HandsetMemory, told: Told, effects: HandsetEffect[]): void {
  const { state } = memory;
  const { call, here } = told.view;
  if (!isFree(state) && callOf(state) === call.id) {
    ownCall(memory, told, effects);
    return;
  }
  if (
    state.at === "outgoing" &&
    state.stage.at === "starting" &&
    here.at === "takes_part" &&
    call.conversation === state.conversation
  ) {
    state.stage.early = told;
    return;
  }
  if (call.state.state === "ringing" && here.at === "rings") {
    if (isFree(state)) ring(memory, told, effects);
    else memory.waiting = told;
  } else if (memory.waiting?.view.call.id === call.id) {
    memory.waiting = null;
  }
}

function ownCall(memory: HandsetMemory, told: Told, effects: HandsetEffect[]): void {
  const { state } = memory;
  const { revision, state: stands } = told.view.call;
  if (isFree(state)) return;
  const known = state.at === "outgoing" ? state.stage : state;
  if (!("revision" in known) || revision < known.revision) return;
  known.revision = revision;
  if (stands.state === "ended") {
    finish(memory, told.now, { why: "call", end: endReason(stands) });
    if (memory.state.at === "ended") memory.state.talked = stands.talked;
    return;
  }
  switch (state.at) {
    case "outgoing":
      return outgoingTold(memory, state, told, effects);
    case "ringing":
      return ringingTold(memory, state, told, effects);
    case "talking":
      return talkingTold(state, told, effects);
  }
}

function outgoingTold(
  memory: HandsetMemory,
  state: Outgoing,
  told: Told,
  effects: HandsetEffect[],
): void {
  const { call, here } = told.view;
  if (call.state.state === "ringing") {
    if (state.stage.at === "calling") state.stage.devices = call.state.devices;
  } else if (here.at === "takes_part") {
    talk(memory, told, effects);
  } else if (here.at === "elsewhere") {
    finish(memory, told.now, { why: "answered_elsewhere", device: here.device });
  }
}

function ringingTold(
  memory: HandsetMemory,
  state: Ringing,
  told: Told,
  effects: HandsetEffect[],
): void {
  const { call, here, remote } = told.view;
  if (call.state.state === "ringing") {
    if (remote !== null) takeOffer(state, remote.description, effects);
  } else if (here.at === "elsewhere") {
    finish(memory, told.now, { why: "answered_elsewhere", device: here.device });
  } else if (here.at === "takes_part" && state.answer !== "sent") {
    // Where this one has answered too, another tab may have been faster; the outcome will say.
    finish(memory, told.now, { why: "answered_elsewhere", device: null });
  }
}

/** The outcome of `start_call`. */
export function started(
  memory: HandsetMemory,
  attempt: AttemptId,
  outcome: Told,
  effects: HandsetEffect[],
): void {
  const { state } = memory;
  if (state.at !== "outgoing" || state.attempt !== attempt) {
    abandon(memory, outcome, effects);
    return;
  }
  if (state.stage.at !== "starting") {
    told(memory, outcome, effects);
    return;
  }
  const { early } = state.stage;
  adopt(memory, state, outcome, effects);
  ownCall(memory, outcome, effects);
  if (early?.view.call.id === outcome.view.call.id) ownCall(memory, early, effects);
}

/** Makes the call of the outcome this handset's own: as the caller, or, after a glare, as the callee. */
function adopt(
  memory: HandsetMemory,
  state: Outgoing,
  outcome: Told,
  effects: HandsetEffect[],
): void {
  const { call, role, remote } = outcome.view;
  if (role === "caller") {
    const deadline = toLocal(outcome, call.started_at) + memory.timeouts.ring;
    state.stage = { at: "calling", call: call.id, revision: 0, devices: 0, deadline };
    return;
  }
  effects.push({ type: "close_peer" });
  const line = new HandsetLine(true);
  line.open();
  if (remote !== null) line.remoteDescription(remote.description, effects);
  const connectAt = outcome.now + memory.timeouts.connect;
  beginTalking(memory, newTalking(outcome.view, line, connectAt), state.muted, effects);
}

/** A call that the person gave up before the server had made it, or took no part in any more. */
function abandon(memory: HandsetMemory, outcome: Told, effects: HandsetEffect[]): void {
  const { call, role, here } = outcome.view;
  if (!isFree(memory.state) && callOf(memory.state) === call.id) {
    told(memory, outcome, effects);
  } else if (call.state.state !== "ended" && here.at === "takes_part") {
    if (role === "caller") effects.push(send({ type: "cancel_call", call: call.id }));
    else effects.push(send({ type: "hang_up", call: call.id, heard_ago: null }));
  }
}

/** The outcome of `answer_call`. */
export function answered(memory: HandsetMemory, outcome: Told, effects: HandsetEffect[]): void {
  const { state } = memory;
  const { call, here } = outcome.view;
  const mine = state.at === "ringing" && state.call === call.id && state.answer === "sent";
  if (!mine) {
    abandon(memory, outcome, effects);
    return;
  }
  const talks = call.state.state === "connecting" || call.state.state === "active";
  if (talks && here.at === "takes_part") talk(memory, outcome, effects);
  else ownCall(memory, outcome, effects);
}

/** The call is answered, and this handset takes part. */
function talk(memory: HandsetMemory, told: Told, effects: HandsetEffect[]): void {
  const { state } = memory;
  if (state.at !== "outgoing" && state.at !== "ringing") return;
  const muted = state.at === "outgoing" && state.muted;
  const connectAt = told.now + memory.timeouts.connect;
  const talking = newTalking(told.view, state.line, connectAt);
  talking.line.open();
  talkingTold(talking, told, effects);
  beginTalking(memory, talking, muted, effects);
  if (state.at === "ringing" && state.connected) peerConnected(memory, told.now, effects);
}

/** What was muted before the answer stays so, and from now on the other side is told. */
function beginTalking(
  memory: HandsetMemory,
  talking: Talking,
  muted: boolean,
  effects: HandsetEffect[],
): void {
  if (talking.sound.mute(muted)) {
    talking.sound.tell(talking.call, memory.control !== "closed", effects);
  }
  memory.state = talking;
}

export function refused(
  memory: HandsetMemory,
  now: Timestamp,
  request: RefusedRequest,
  code: ErrorCode,
  message: string,
): void {
  const { state } = memory;
  if (request.request === "start") {
    if (state.at === "outgoing" && state.attempt === request.attempt && callOf(state) === null) {
      finish(memory, now, { why: "refused", code, message });
    }
    return;
  }
  if (request.request !== "answer") return;
  if (state.at !== "ringing" || state.call !== request.call || state.answer !== "sent") return;
  if (code === "conflict") finish(memory, now, { why: "answered_elsewhere", device: null });
  else if (code === "not_found" || code === "wrong_state")
    finish(memory, now, { why: "meanwhile" });
  else finish(memory, now, { why: "refused", code, message });
}

/** The snapshot: what it does not have is over, and what may be lost is sent again. */
export function welcome(
  memory: HandsetMemory,
  now: Timestamp,
  calls: readonly CallView[],
  serverNow: Timestamp,
  effects: HandsetEffect[],
): void {
  memory.online = true;
  memory.waiting = null;
  const before = memory.state;
  if (before.at === "outgoing" && before.stage.at === "starting" && !before.stage.sent) {
    sendStart(before, effects);
  }
  const own = isFree(before) ? null : callOf(before);
  for (const view of calls) told(memory, { view, serverNow, now }, effects);
  if (own === null || isFree(memory.state) || callOf(memory.state) !== own) return;
  const shown = calls.findLast((view) => view.call.id === own);
  if (shown) resend(memory, own, soundOf(shown, shown.role), effects);
  else finish(memory, now, { why: "meanwhile" });
}

/**
 * A server that restarted has forgotten descriptions, candidates, what devices do with their sound and
 * which ones ring.
 */
function resend(
  memory: HandsetMemory,
  call: CallId,
  shown: CallSound,
  effects: HandsetEffect[],
): void {
  const { state } = memory;
  if (isFree(state)) return;
  if (state.at === "ringing") {
    if (state.answer !== "sent") effects.push(send({ type: "ring_call", call }));
    return;
  }
  if (state.at === "talking") {
    if (state.sound.mustBeTold(shown)) {
      state.sound.tell(call, memory.control !== "closed", effects);
    }
    if (state.path === "connected") return;
  }
  const description = state.line.own;
  if (description === null) return;
  effects.push(send({ type: "describe_call", call, description }));
  state.line.resendCandidates();
}

export function remoteDescription(
  memory: HandsetMemory,
  call: CallId,
  description: CallDescription,
  effects: HandsetEffect[],
): void {
  const { state } = memory;
  if (state.at === "ringing" && state.call === call && state.answer !== "sent") {
    takeOffer(state, description, effects);
  } else {
    listeningLine(memory, call)?.remoteDescription(description, effects);
  }
}

export function remoteCandidates(
  memory: HandsetMemory,
  call: CallId,
  epoch: number,
  candidates: readonly Candidate[],
  effects: HandsetEffect[],
): void {
  listeningLine(memory, call)?.remoteCandidates(epoch, candidates, effects);
}

/** The line of an answered call. Before the answer nothing of the other side reaches the peer but its offer. */
function listeningLine({ state }: HandsetMemory, call: CallId): HandsetLine | undefined {
  const listens = state.at === "talking" || (state.at === "ringing" && state.answer === "sent");
  return listens && state.call === call ? state.line : undefined;
}

function endReason(state: Extract<CallState, { state: "ended" }>): EndReason {
  switch (state.reason) {
    case "hung_up":
      return { reason: state.reason, by: state.by };
    case "failed":
      return { reason: state.reason, cause: state.cause };
    case "declined":
    case "cancelled":
    case "busy":
    case "no_answer":
    case "unreachable":
    case "lost":
    case "replaced":
      return { reason: state.reason };
  }
}
