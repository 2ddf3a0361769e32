// What a handset makes of its own device: the microphone and the peer connection.
//
// The twin of `crates/call/src/handset/device.rs`; both pass the scenarios in `crates/call/scenarios`.

import type { CallDescription } from "../protocol/CallDescription";
import type { Candidate } from "../protocol/Candidate";
import type { HandsetEffect } from "../protocol/HandsetEffect";
import type { MicrophoneFault } from "../protocol/MicrophoneFault";
import type { Timestamp } from "../protocol/Timestamp";
import type { HandsetMemory } from "./handset";
import { canControl } from "./handsetControl";
import { finish, reportFailure } from "./handsetEnding";
import { isFree, lineOf, send, sendAnswer, sendStart } from "./handsetState";
import { makeOffer, sendTake } from "./handsetTaking";

export function microphoneOpened(memory: HandsetMemory, effects: HandsetEffect[]): void {
  if (memory.microphone !== "opening") {
    if (memory.microphone === "closed") effects.push({ type: "close_microphone" });
    return;
  }
  memory.microphone = "open";
  const { state } = memory;
  if (state.at === "outgoing") {
    state.stage = { at: "offering" };
    state.line.offer(effects);
  } else if (state.at === "ringing") {
    state.answer = "describing";
    // A peer that is made later gets it when it is made.
    if (memory.peer) effects.push({ type: "attach_microphone" });
    sendAnswer(state, effects);
  } else if (state.at === "taking") {
    makeOffer(state, effects);
  }
}

export function microphoneFailed(
  memory: HandsetMemory,
  now: Timestamp,
  fault: MicrophoneFault,
  effects: HandsetEffect[],
): void {
  if (memory.microphone === "closed") return;
  const { state } = memory;
  if (state.at === "ringing" && state.answer !== "sent") {
    // Settling closes the microphone where it was open.
    state.answer = "not_yet";
    state.fault = fault;
  } else {
    const refused = fault === "denied" || fault === "insecure_page";
    reportFailure(memory, now, refused ? "permission_denied" : "no_microphone", effects);
    finish(memory, now, { why: "microphone", fault });
  }
  if (memory.microphone === "opening") memory.microphone = "closed";
}

export function described(
  memory: HandsetMemory,
  now: Timestamp,
  description: CallDescription,
  effects: HandsetEffect[],
): void {
  const { state, timeouts, online } = memory;
  if (isFree(state) || !state.line.described(description)) return;
  switch (state.at) {
    case "outgoing":
      state.stage = { at: "starting", sent: false, deadline: now + timeouts.start, early: null };
      if (online) sendStart(state, effects);
      return;
    case "taking":
      return sendTake(state, now + timeouts.lost_after, effects);
    case "ringing":
      if (state.answer !== "sent") return sendAnswer(state, effects);
      // The other side restarts ICE already, and the outcome is still under way.
      break;
    case "talking":
      if (canControl(memory)) {
        effects.push({ type: "send_control", message: { type: "description", description } });
      }
      break;
  }
  effects.push(send({ type: "describe_call", call: state.call, description }));
}

export function candidate({ state }: HandsetMemory, candidate: Candidate): void {
  lineOf(state)?.candidate(candidate);
}

export function networkChanged({ state }: HandsetMemory): void {
  lineOf(state)?.restart();
}
