// The calls of the account as this tab's own socket told them last.
//
// A tab that does not have the calls keeps them, so that it can take them up at once when it gets them.

import type { CallId } from "../protocol/CallId";
import type { CallView } from "../protocol/CallView";
import type { Timestamp } from "../protocol/Timestamp";

export class KnownCalls {
  readonly #clock: () => number;
  readonly #calls = new Map<CallId, CallView>();
  /** By how many milliseconds the server's time is ahead of the clock. */
  #ahead = 0;

  /** `clock` tells milliseconds and never goes back. */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Everything there is, at that time of the server. */
  snapshot(calls: readonly CallView[], now: Timestamp): void {
    this.#calls.clear();
    for (const call of calls) this.#put(call);
    this.#ahead = now - this.#clock();
  }

  /** One call, at that time of the server. */
  put(call: CallView, now: Timestamp): void {
    this.#put(call);
    this.#ahead = now - this.#clock();
  }

  /** What is known, and the server's time by now. */
  get all(): { calls: CallView[]; now: Timestamp } {
    return { calls: [...this.#calls.values()], now: Math.round(this.#clock() + this.#ahead) };
  }

  #put(view: CallView): void {
    const { id, state } = view.call;
    if (state.state === "ended") this.#calls.delete(id);
    else this.#calls.set(id, view);
  }
}
