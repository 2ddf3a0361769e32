// What a handset makes of the server's words.
//
// The twin of `crates/call/src/handset/server.rs`; both pass the scenarios in `crates/call/scenarios`.
// The server owns the call: whatever it says of one counts, older revisions excepted. What it says of
// a call that is not this handset's own can only make it ring.

import type { CallDescription } from "../protocol/CallDescription";
import type { CallId } from "../protocol/CallId";
import type { CallState } from "../protocol/CallState";
import type { Candidate } from "../protocol/Candidate";
import type { EndReason } from "../protocol/EndReason";
import type { HandsetEffect } from "../protocol/HandsetEffect";
import type { CallView } from "../protocol/CallView";
import type { Milliseconds } from "../protocol/Milliseconds";
import type { HandsetMemory } from "./handset";
import { canControl } from "./handsetControl";
import { finish } from "./handsetEnding";
import { HandsetLine } from "./handsetLine";
import { talk } from "./handsetOutcome";
import { soundOf } from "./handsetSound";
import type { Outgoing, Ringing, Told } from "./handsetState";
import { callOf, isFree, send, takeOffer, talkingTold, toLocal } from "./handsetState";
import { isSent, takingIsOffered, takingTold } from "./handsetTaking";

/** Begins to ring, unless the call is over here or too old. */
function ring(memory: HandsetMemory, told: Told, effects: HandsetEffect[]): void {
  const { call, remote } = told.view;
  const deadline = toLocal(told, call.started_at) + memory.timeouts.ring;
  if (isOver(memory, call.id) || deadline <= told.now) return;
  const line = new HandsetLine("callee", call.attempt);
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

/** Whether this handset had the call and rings for it no more. */
export function isOver({ over }: HandsetMemory, call: CallId): boolean {
  return over.some((gone) => gone.call === call);
}

/** A `call` frame. What it shows of this device's sound is said again where it is not so. */
export function callFrame(memory: HandsetMemory, frame: Told, effects: HandsetEffect[]): void {
  const { call, role } = frame.view;
  const shown = soundOf(frame.view, role);
  told(memory, frame, effects);
  const { state } = memory;
  if (state.at !== "talking" || state.call !== call.id) return;
  if (state.sound.isContradictedBy(shown) && state.sound.mustBeTold(shown)) {
    state.sound.tell(call.id, canControl(memory), effects);
  }
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
  if (call.state.state === "ringing" && here.at === "rings" && isFree(state)) {
    ring(memory, told, effects);
  }
}

export function ownCall(memory: HandsetMemory, told: Told, effects: HandsetEffect[]): void {
  const { state } = memory;
  const { here } = told.view;
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
      if (here.at === "elsewhere") {
        finish(memory, told.now, { why: "moved", device: here.device });
      } else {
        talkingTold(state, told, effects);
      }
      return;
    case "taking": {
      const moved = takingTold(state, told, memory.timeouts);
      if (moved?.at === "elsewhere") {
        finish(memory, told.now, { why: "moved", device: moved.device });
      }
    }
  }
}

function outgoingTold(
  memory: HandsetMemory,
  state: Outgoing,
  told: Told,
  effects: HandsetEffect[],
): void {
  const { call, here } = told.view;
  if (here.at === "elsewhere") {
    finish(memory, told.now, { why: "moved", device: here.device });
  } else if (call.state.state === "ringing") {
    if (state.stage.at === "calling") state.stage.devices = call.state.devices;
  } else if (here.at === "takes_part") {
    talk(memory, told, effects);
  }
}

function ringingTold(
  memory: HandsetMemory,
  state: Ringing,
  told: Told,
  effects: HandsetEffect[],
): void {
  const { call, here, remote } = told.view;
  if (call.state.state === "ringing" && here.at === "elsewhere") {
    // The account's other call is on another device now, and this one waits there.
    if (state.answer === "not_yet") memory.state = { at: "idle" };
    else if (state.answer !== "sent") {
      finish(memory, told.now, { why: "moved", device: here.device });
    }
  } else if (call.state.state === "ringing") {
    if (remote !== null) takeOffer(state, remote.description, effects);
  } else if (here.at === "elsewhere") {
    finish(memory, told.now, { why: "answered_elsewhere", device: here.device });
  } else if (here.at === "takes_part" && state.answer !== "sent") {
    // Where this one has answered too, another tab may have been faster; the outcome will say.
    finish(memory, told.now, { why: "answered_elsewhere", device: null });
  }
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
  } else if (state.at === "taking" && state.call === call && description.kind === "offer") {
    takingIsOffered(state, description.epoch);
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
  const listens =
    state.at === "talking" ||
    (state.at === "ringing" && state.answer === "sent") ||
    // The other side may be faster than the outcome.
    (state.at === "taking" && isSent(state));
  return listens && state.call === call ? state.line : undefined;
}

/** Whether the server shows a call as this device's and not over. */
export function isLiveHere({ call, here }: CallView): boolean {
  return here.at === "takes_part" && call.state.state !== "ended";
}

/** Tells the server that a call, which it shows as this device's, is over for it. */
export function giveUp(
  view: CallView,
  heardAgo: Milliseconds | null,
  effects: HandsetEffect[],
): void {
  if (!isLiveHere(view)) return;
  const { id: call, state } = view.call;
  if (state.state === "ringing") effects.push(send({ type: "cancel_call", call }));
  else effects.push(send({ type: "hang_up", call, heard_ago: heardAgo }));
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
