// What a phone makes of what the person presses.
//
// The twin of `crates/call/src/phone/person.rs`. A press is meant for the call that the person sees. Where that
// one changed a moment before, the press does what it says to the one that is there now, or nothing; it never
// ends or answers another call.

import type { AttemptId } from "../protocol/AttemptId";
import type { CallId } from "../protocol/CallId";
import type { ConversationId } from "../protocol/ConversationId";
import type { HandsetInput } from "../protocol/HandsetInput";
import type { PhoneEffect } from "../protocol/PhoneEffect";
import type { Slot } from "../protocol/Slot";
import type { Timestamp } from "../protocol/Timestamp";
import { soundOf } from "./handsetSound";
import { serverNowOf } from "./handsetState";
import { freeSlot, hand, handBoth, handOwner, otherSlot, ownerOf, type PhoneMemory } from "./phone";
import { currentOf, standsOf, waitingOf } from "./phoneShow";

export function dial(
  memory: PhoneMemory,
  now: Timestamp,
  attempt: AttemptId,
  conversation: ConversationId,
  effects: PhoneEffect[],
): void {
  if (!memory.a.isFree || !memory.b.isFree) return;
  hand(memory, now, "a", { type: "dial", attempt, conversation }, effects);
}

export function handCurrent(
  memory: PhoneMemory,
  now: Timestamp,
  input: HandsetInput,
  effects: PhoneEffect[],
): void {
  const slot = currentOf(memory);
  if (slot !== null) hand(memory, now, slot, input, effects);
}

export function answer(memory: PhoneMemory, now: Timestamp, effects: PhoneEffect[]): void {
  handCurrent(memory, now, { type: "answer" }, effects);
}

export function endAndAnswer(memory: PhoneMemory, now: Timestamp, effects: PhoneEffect[]): void {
  const waiting = waitingOf(memory);
  if (waiting === null) {
    // The other call has ended by itself.
    answer(memory, now, effects);
    return;
  }
  hand(memory, now, otherSlot(waiting), { type: "end" }, effects);
  hand(memory, now, waiting, { type: "answer" }, effects);
}

export function holdAndAnswer(memory: PhoneMemory, now: Timestamp, effects: PhoneEffect[]): void {
  const waiting = waitingOf(memory);
  if (waiting === null) {
    answer(memory, now, effects);
    return;
  }
  // A call that is not answered yet cannot be put on hold.
  if (standsOf(memory, otherSlot(waiting)) !== "talks") return;
  hand(memory, now, otherSlot(waiting), { type: "hold", on: true }, effects);
  hand(memory, now, waiting, { type: "answer" }, effects);
}

export function reject(
  memory: PhoneMemory,
  now: Timestamp,
  call: CallId,
  effects: PhoneEffect[],
): void {
  handOwner(memory, now, call, { type: "reject" }, effects);
}

export function resume(
  memory: PhoneMemory,
  now: Timestamp,
  call: CallId,
  effects: PhoneEffect[],
): void {
  const slot = ownerOf(memory, call);
  if (slot === undefined || standsOf(memory, slot) !== "held") return;
  if (makeWay(memory, now, otherSlot(slot), effects)) {
    hand(memory, now, slot, { type: "hold", on: false }, effects);
  }
}

export function take(
  memory: PhoneMemory,
  now: Timestamp,
  call: CallId,
  effects: PhoneEffect[],
): void {
  if (ownerOf(memory, call) !== undefined) return;
  const told = memory.known.find((known) => known.view.call.id === call);
  const slot = freeSlot(memory);
  if (!told || slot === undefined) return;
  // It comes as it is; one that is on hold stays so.
  const onHold = soundOf(told.view, told.view.role).on_hold;
  if (!onHold && !makeWay(memory, now, otherSlot(slot), effects)) return;
  const input = { type: "take", call: told.view, now: serverNowOf(told, now) } as const;
  hand(memory, now, slot, input, effects);
}

/** Puts the call of a handset on hold, so that the other one may be talked in. Says whether it may. */
function makeWay(memory: PhoneMemory, now: Timestamp, slot: Slot, effects: PhoneEffect[]): boolean {
  switch (standsOf(memory, slot)) {
    case "free":
    case "over":
    case "held":
    case "rings":
      return true;
    case "talks":
      hand(memory, now, slot, { type: "hold", on: true }, effects);
      return true;
    case "dials":
    case "answers":
      return false;
  }
}

export function yieldCalls(memory: PhoneMemory, now: Timestamp, effects: PhoneEffect[]): void {
  memory.keptBack = null;
  handBoth(memory, now, { type: "yield" }, effects);
}
