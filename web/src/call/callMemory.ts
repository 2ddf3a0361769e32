// What a device must still know of its calls when the page is loaded anew, or started again after a crash: that
// the microphone was muted, and that a call was ended here while the server could not hear of it.
//
// Without it, a page that comes back before the server heard everything would open a microphone that
// its person had closed. It keeps ids of calls and nothing else of them, and those only while a call may still be there.

import type { CallId } from "../protocol/CallId";

/** A call that no device was heard of for so long is over, in milliseconds (`ABANDONED_AFTER` of the protocol). */
const KEPT_MS = 5 * 60_000;

interface Kept {
  readonly call: CallId;
  readonly what: "muted" | "ended";
  /** When, by this machine's calendar. */
  readonly at: number;
}

export class CallMemory {
  readonly #key: string;
  readonly #storage: Pick<Storage, "getItem" | "setItem">;
  readonly #clock: () => number;

  constructor(
    account: string,
    storage: Pick<Storage, "getItem" | "setItem">,
    clock: () => number = Date.now,
  ) {
    this.#key = `ahoy.calls.${account}`;
    this.#storage = storage;
    this.#clock = clock;
  }

  /** The person muted the microphone of a call, or took that back. */
  mute(call: CallId, muted: boolean): void {
    this.#put(call, "muted", muted);
  }

  wasMuted(call: CallId): boolean {
    return this.#has(call, "muted");
  }

  /** A call was ended here, and the server is about to be told. */
  ending(call: CallId): void {
    this.#put(call, "ended", true);
  }

  /** The server has heard of it. */
  told(call: CallId): void {
    this.#put(call, "ended", false);
  }

  wasEnded(call: CallId): boolean {
    return this.#has(call, "ended");
  }

  #has(call: CallId, what: Kept["what"]): boolean {
    return this.#load().some((kept) => kept.call === call && kept.what === what);
  }

  #put(call: CallId, what: Kept["what"], wanted: boolean): void {
    if (this.#has(call, what) === wanted) return;
    const others = this.#load().filter((kept) => kept.call !== call || kept.what !== what);
    const kept = wanted ? [...others, { call, what, at: this.#clock() }] : others;
    this.#storage.setItem(this.#key, JSON.stringify(kept));
  }

  /** What is kept in another form, or for too long, counts as not kept. */
  #load(): Kept[] {
    const now = this.#clock();
    return parse(this.#storage.getItem(this.#key)).filter(
      (kept): kept is Kept => isKept(kept) && Math.abs(now - kept.at) <= KEPT_MS,
    );
  }
}

function isKept(value: unknown): value is Kept {
  if (typeof value !== "object" || value === null) return false;
  const { call, what, at } = value as Record<string, unknown>;
  return (
    typeof call === "string" && (what === "muted" || what === "ended") && typeof at === "number"
  );
}

function parse(text: string | null): unknown[] {
  try {
    const value: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
