// A device's calls, as the controller drives them: for now one handset; the second one and all that two calls have to
// do with each other follow the Rust phone (`crates/call/src/phone.rs`).

import type { HandsetInput } from "../protocol/HandsetInput";
import type { HandsetTimeouts } from "../protocol/HandsetTimeouts";
import type { HandsetView } from "../protocol/HandsetView";
import type { PhoneEffect } from "../protocol/PhoneEffect";
import type { PhoneInput } from "../protocol/PhoneInput";
import type { PhoneView } from "../protocol/PhoneView";
import type { Slot } from "../protocol/Slot";
import type { Timestamp } from "../protocol/Timestamp";
import type { UserId } from "../protocol/UserId";
import { Handset } from "./handset";

export class Phone {
  readonly #handset: Handset;

  constructor(me: UserId, timeouts: HandsetTimeouts) {
    this.#handset = new Handset(me, timeouts);
  }

  setTimeouts(timeouts: HandsetTimeouts): void {
    this.#handset.setTimeouts(timeouts);
  }

  pollTimeout(): Timestamp | null {
    return this.#handset.pollTimeout();
  }

  view(): PhoneView {
    return { current: this.#handset.view(), waiting: null, held: null, elsewhere: null };
  }

  viewOf(slot: Slot): HandsetView {
    return slot === "a" ? this.#handset.view() : { phase: "idle" };
  }

  handle(now: Timestamp, input: PhoneInput): PhoneEffect[] {
    const given = inputOf(input);
    if (!given) return [];
    return this.#handset
      .handle(now, given)
      .map((effect) => (effect.type === "play" ? effect : { type: "handset", slot: "a", effect }));
  }
}

function inputOf(input: PhoneInput): HandsetInput | null {
  switch (input.type) {
    case "handset":
      return input.input;
    case "hold":
      return { type: "hold", on: true };
    case "resume":
      return { type: "hold", on: false };
    case "end_and_answer":
    case "hold_and_answer":
    case "take":
      return null;
    default:
      return input;
  }
}
