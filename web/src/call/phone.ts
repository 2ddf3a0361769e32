// A device's two handsets, and who of them is heard: the call that is talked in, one that is on hold or waits
// to be answered, and a call of the account that another device has.
//
// The twin of `crates/call/src/phone.rs`, part by part; both pass the scenarios in `crates/call/scenarios`. The driver
// hands in an input with the device's monotonic clock in milliseconds and carries out the effects in their
// order. The rules kept here: at most one call is talked in, the other one is on hold or rings; each call has a
// handset of its own, which decides all that concerns this call alone; one tone at a time. It does no
// I/O, reads no clock, and makes no ids.

import type { CallId } from "../protocol/CallId";
import type { HandsetInput } from "../protocol/HandsetInput";
import type { HandsetTimeouts } from "../protocol/HandsetTimeouts";
import type { HandsetView } from "../protocol/HandsetView";
import type { PhoneEffect } from "../protocol/PhoneEffect";
import type { PhoneInput } from "../protocol/PhoneInput";
import type { PhoneView } from "../protocol/PhoneView";
import type { Slot } from "../protocol/Slot";
import type { Timestamp } from "../protocol/Timestamp";
import type { Tone } from "../protocol/Tone";
import type { UserId } from "../protocol/UserId";
import { Handset } from "./handset";
import type { Told } from "./handsetState";
import * as person from "./phonePerson";
import * as server from "./phoneServer";
import * as show from "./phoneShow";

/** Both handsets, in the order in which new calls take them. */
export const SLOTS = ["a", "b"] as const;

/** What a phone knows. Only the files named `phone…` change it. */
export interface PhoneMemory {
  readonly a: Handset;
  readonly b: Handset;
  /** Whose call was in the foreground last. */
  front: Slot;
  tone: Tone;
  /** Of an end that was shown until then or before, nothing is heard any more: another tone was played over it. */
  muffled: Timestamp | null;
  /** The calls of the account that are not over, as the server told of them last. */
  known: Told[];
  /** A call that rings while its conversation is dialled here: the two are probably about to become one. */
  keptBack: Told | null;
}

/** What a device does and shows of all its calls. */
export class Phone {
  readonly #memory: PhoneMemory;

  /** A phone of an account, without a call and without a socket. */
  constructor(me: UserId, timeouts: HandsetTimeouts) {
    this.#memory = {
      a: new Handset(me, timeouts),
      b: new Handset(me, timeouts),
      front: "a",
      tone: "none",
      muffled: null,
      known: [],
      keptBack: null,
    };
  }

  /** Takes the server's numbers, for timers that start from now on. */
  setTimeouts(timeouts: HandsetTimeouts): void {
    for (const slot of SLOTS) this.#memory[slot].setTimeouts(timeouts);
  }

  /** What the screen shows. */
  view(): PhoneView {
    return show.viewOf(this.#memory);
  }

  /** What one handset would show if it were the only one. */
  viewOf(slot: Slot): HandsetView {
    return this.#memory[slot].view();
  }

  /** When to hand in `tick`; null while nothing happens by itself. */
  pollTimeout(): Timestamp | null {
    const times = SLOTS.map((slot) => this.#memory[slot].pollTimeout());
    const set = times.filter((time) => time !== null);
    return set.length === 0 ? null : Math.min(...set);
  }

  /** Something happened. What is returned is carried out in its order. */
  handle(now: Timestamp, input: PhoneInput): PhoneEffect[] {
    const effects: PhoneEffect[] = [];
    happen(this.#memory, now, input, effects);
    settle(this.#memory, now, effects);
    return effects;
  }
}

function happen(memory: PhoneMemory, now: Timestamp, input: PhoneInput, out: PhoneEffect[]): void {
  switch (input.type) {
    case "dial":
      return person.dial(memory, now, input.attempt, input.conversation, out);
    case "answer":
      return person.answer(memory, now, out);
    case "end_and_answer":
      return person.endAndAnswer(memory, now, out);
    case "hold_and_answer":
      return person.holdAndAnswer(memory, now, out);
    case "reject":
      return person.reject(memory, now, input.call, out);
    case "silence":
    case "network_changed":
    case "socket_lost":
    case "tick":
      return handBoth(memory, now, input, out);
    case "end":
    case "mute":
    case "speaker":
    case "dismiss":
    case "talk_anyway":
    case "compared":
      return person.handCurrent(memory, now, input, out);
    case "hold":
      return person.handCurrent(memory, now, { type: "hold", on: true }, out);
    case "resume":
      return person.resume(memory, now, input.call, out);
    case "take":
      return person.take(memory, now, input.call, out);
    case "yield":
      return person.yieldCalls(memory, now, out);
    case "handset":
      return server.happened(memory, now, input.slot, input.input, out);
    case "welcome":
      return server.welcome(memory, now, input.calls, input.now, input.resume, out);
    case "call":
      return server.told(memory, now, { view: input.call, serverNow: input.now, now }, out);
    case "remote_description":
    case "remote_candidates":
      return handOwner(memory, now, input.call, input, out);
  }
}

/** Sees to what follows from the state alone. */
function settle(memory: PhoneMemory, now: Timestamp, effects: PhoneEffect[]): void {
  server.letRing(memory, now, effects);
  memory.front = show.currentOf(memory) ?? memory.front;
  const tone = show.toneOfACall(memory) ?? show.toneOfAnEnd(memory);
  if (tone !== "none" && tone !== "busy" && tone !== "end") {
    memory.muffled = show.shownUntil(memory);
  }
  if (tone !== memory.tone) {
    memory.tone = tone;
    effects.push({ type: "play", tone });
  }
}

export function otherSlot(slot: Slot): Slot {
  return slot === "a" ? "b" : "a";
}

/** The handset that a new call gets. */
export function freeSlot(memory: PhoneMemory): Slot | undefined {
  return SLOTS.find((slot) => memory[slot].isFree);
}

/** The handset that has a call. */
export function ownerOf(memory: PhoneMemory, call: CallId): Slot | undefined {
  return SLOTS.find((slot) => memory[slot].has(call));
}

/** Hands an input to a handset. Its tone is one of two, and the phone plays one. */
export function hand(
  memory: PhoneMemory,
  now: Timestamp,
  slot: Slot,
  input: HandsetInput,
  effects: PhoneEffect[],
): void {
  for (const effect of memory[slot].handle(now, input)) {
    if (effect.type !== "play") effects.push({ type: "handset", slot, effect });
  }
}

export function handBoth(
  memory: PhoneMemory,
  now: Timestamp,
  input: HandsetInput,
  effects: PhoneEffect[],
): void {
  for (const slot of SLOTS) hand(memory, now, slot, input, effects);
}

export function handOwner(
  memory: PhoneMemory,
  now: Timestamp,
  call: CallId,
  input: HandsetInput,
  effects: PhoneEffect[],
): void {
  const slot = ownerOf(memory, call);
  if (slot !== undefined) hand(memory, now, slot, input, effects);
}
