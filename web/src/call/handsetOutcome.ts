// What a handset makes of the answers to its own requests. Only they make a call its own.
//
// The twin of `crates/call/src/handset/outcome.rs`; both pass the scenarios in `crates/call/scenarios`.

import type { AttemptId } from "../protocol/AttemptId";
import type { ErrorCode } from "../protocol/ErrorCode";
import type { HandsetEffect } from "../protocol/HandsetEffect";
import type { RefusedRequest } from "../protocol/RefusedRequest";
import type { Timestamp } from "../protocol/Timestamp";
import type { HandsetMemory } from "./handset";
import { canControl } from "./handsetControl";
import { finish } from "./handsetEnding";
import { HandsetLine } from "./handsetLine";
import { peerConnected } from "./handsetPath";
import { giveUp, isLiveHere, ownCall, told } from "./handsetServer";
import type { Outgoing, Talking, Told } from "./handsetState";
import { callOf, isFree, newTalking, talkingTold, toLocal } from "./handsetState";
import { takeRefused } from "./handsetTake";

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
  const line = new HandsetLine("callee", call.attempt);
  line.open();
  if (remote !== null) line.remoteDescription(remote.description, effects);
  const connectAt = outcome.now + memory.timeouts.connect;
  beginTalking(memory, newTalking(outcome.view, line, connectAt), state.muted, effects);
}

/** A call that the person gave up before the server had made it, or took no part in any more. */
export function abandon(memory: HandsetMemory, outcome: Told, effects: HandsetEffect[]): void {
  const call = outcome.view.call.id;
  const { state, me } = memory;
  if (isFree(state) || callOf(state) !== call) {
    giveUp(outcome.view, null, effects);
  } else if (state.at === "ringing" && state.answer !== "sent" && isLiveHere(outcome.view)) {
    // The dial that was given up and the call that rang after it had become one.
    giveUp(outcome.view, null, effects);
    finish(memory, outcome.now, { why: "call", end: { reason: "hung_up", by: me } });
  } else {
    told(memory, outcome, effects);
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
  if (talks && here.at === "takes_part") {
    talk(memory, outcome, effects);
  } else if (call.state.state === "ringing" && here.at === "elsewhere") {
    // The account's other call was taken over by another device meanwhile, and this one waits there.
    finish(memory, outcome.now, { why: "moved", device: here.device });
  } else {
    ownCall(memory, outcome, effects);
  }
}

/** The call is answered, and this handset takes part. */
export function talk(memory: HandsetMemory, told: Told, effects: HandsetEffect[]): void {
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
    talking.sound.tell(talking.call, canControl(memory), effects);
  }
  memory.state = talking;
}

export function refused(
  memory: HandsetMemory,
  now: Timestamp,
  request: RefusedRequest,
  code: ErrorCode,
  message: string,
  effects: HandsetEffect[],
): void {
  const { state } = memory;
  if (request.request === "start") {
    if (state.at === "outgoing" && state.attempt === request.attempt && callOf(state) === null) {
      finish(memory, now, { why: "refused", code, message });
    }
    return;
  }
  if (request.request === "take") {
    if (state.at === "taking" && state.call === request.call) {
      takeRefused(memory, state, now, code, message, effects);
    }
    return;
  }
  if (state.at !== "ringing" || state.call !== request.call || state.answer !== "sent") return;
  if (code === "conflict") finish(memory, now, { why: "answered_elsewhere", device: null });
  else if (code === "not_found" || code === "wrong_state")
    finish(memory, now, { why: "meanwhile" });
  else finish(memory, now, { why: "refused", code, message });
}
