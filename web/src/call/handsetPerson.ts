// What a handset makes of what the person presses.
//
// The twin of `crates/call/src/handset/person.rs`; both pass the scenarios in `crates/call/scenarios`.

import type { AttemptId } from "../protocol/AttemptId";
import type { ConversationId } from "../protocol/ConversationId";
import type { EndReason } from "../protocol/EndReason";
import type { HandsetEffect } from "../protocol/HandsetEffect";
import type { RequestBody } from "../protocol/RequestBody";
import type { Timestamp } from "../protocol/Timestamp";
import type { HandsetMemory } from "./handset";
import { canControl } from "./handsetControl";
import { dismiss, finish } from "./handsetEnding";
import { accept } from "./handsetIdentity";
import { HandsetLine } from "./handsetLine";
import { hangUpOf } from "./handsetPath";
import { callOf, isFree, send } from "./handsetState";
import { isAnswered, isClaimed, takingHangUp } from "./handsetTaking";

export function dial(
  memory: HandsetMemory,
  now: Timestamp,
  attempt: AttemptId,
  conversation: ConversationId,
  effects: HandsetEffect[],
): void {
  if (!isFree(memory.state)) return;
  memory.state = {
    at: "outgoing",
    attempt,
    conversation,
    muted: false,
    line: new HandsetLine("caller", attempt),
    stage: { at: "opening_microphone" },
  };
  if (memory.online) openMicrophone(memory, effects);
  else finish(memory, now, { why: "offline" });
}

export function answer(memory: HandsetMemory, effects: HandsetEffect[]): void {
  const { state } = memory;
  if (state.at !== "ringing" || state.answer !== "not_yet") return;
  state.answer = "opening_microphone";
  state.fault = null;
  accept(memory);
  openMicrophone(memory, effects);
}

export function openMicrophone(memory: HandsetMemory, effects: HandsetEffect[]): void {
  memory.microphone = "opening";
  effects.push({ type: "open_microphone" });
}

export function reject(memory: HandsetMemory, now: Timestamp, effects: HandsetEffect[]): void {
  if (memory.state.at === "ringing") end(memory, now, effects);
}

/** Falls silent. The call rings on, here without a sound. */
export function silence({ state }: HandsetMemory): void {
  if (state.at === "ringing") state.silenced = true;
}

/** Ends whatever there is by the person's own hand. */
export function end(memory: HandsetMemory, now: Timestamp, effects: HandsetEffect[]): void {
  const { state, me } = memory;
  const byMe: EndReason = { reason: "hung_up", by: me };
  const over = (reason: EndReason, request: RequestBody | null): void => {
    if (request?.type === "hang_up" && canControl(memory)) {
      effects.push({ type: "send_control", message: { type: "hang_up" } });
    }
    if (request !== null) effects.push(send(request));
    finish(memory, now, { why: "call", end: reason });
  };
  switch (state.at) {
    case "idle":
      return;
    case "ended":
      return dismiss(memory);
    case "outgoing": {
      const call = callOf(state);
      over({ reason: "cancelled" }, call === null ? null : { type: "cancel_call", call });
      return;
    }
    case "ringing": {
      const { call } = state;
      if (state.answer === "sent") over(byMe, { type: "hang_up", call, heard_ago: null });
      else over({ reason: "declined" }, { type: "decline_call", call });
      return;
    }
    case "talking":
      return over(byMe, hangUpOf(state, now));
    case "taking":
      if (isClaimed(state)) {
        over(isAnswered(state) ? byMe : { reason: "cancelled" }, takingHangUp(state));
      } else {
        // It goes on where it is.
        memory.state = { at: "idle" };
      }
  }
}

export function mute(memory: HandsetMemory, muted: boolean, effects: HandsetEffect[]): void {
  const { state } = memory;
  if (state.at === "outgoing") state.muted = muted;
  else if (state.at === "talking" && state.sound.mute(muted)) {
    state.sound.tell(state.call, canControl(memory), effects);
  } else if (state.at === "taking") {
    // Told when the call is this handset's own.
    state.sound.mute(muted);
  }
}

export function hold(memory: HandsetMemory, on: boolean, effects: HandsetEffect[]): void {
  const { state } = memory;
  if (state.at === "talking" && state.sound.hold(on)) {
    state.sound.tell(state.call, canControl(memory), effects);
  } else if (state.at === "taking" && isAnswered(state)) {
    state.sound.hold(on);
  }
}

export function speaker({ state }: HandsetMemory, on: boolean): void {
  const answered = state.at === "talking" || (state.at === "taking" && isAnswered(state));
  if (answered) state.sound.speaker = on;
}
