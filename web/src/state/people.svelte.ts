// Finding people: waits until typing pauses, and never shows the answer to an older question.

import { Unreachable } from "../net/http";
import { PEOPLE_QUERY_MIN_CHARS } from "../protocol/constants";
import type { Person } from "../protocol/Person";

/** Milliseconds without a key after which the server is asked. */
const PAUSE = 250;

export type Found =
  | { is: "idle" }
  /** Too little was typed to ask. */
  | { is: "short" }
  | { is: "searching"; before: readonly Person[] }
  | { is: "found"; people: readonly Person[] }
  | { is: "failed"; message: string };

export class PeopleSearch {
  query = $state("");
  found = $state.raw<Found>({ is: "idle" });

  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking: AbortController | null = null;
  readonly #find: (query: string, signal: AbortSignal) => Promise<readonly Person[]>;

  constructor(find: (query: string, signal: AbortSignal) => Promise<readonly Person[]>) {
    this.#find = find;
  }

  type(query: string): void {
    this.query = query;
    this.#stop();
    if (query.trim() === "") {
      this.found = { is: "idle" };
      return;
    }
    if (Array.from(query.trim()).length < PEOPLE_QUERY_MIN_CHARS) {
      this.found = { is: "short" };
      return;
    }
    this.found = { is: "searching", before: this.found.is === "found" ? this.found.people : [] };
    this.#timer = setTimeout(() => void this.#ask(), PAUSE);
  }

  clear(): void {
    this.type("");
  }

  /** Asks again after a failure. */
  retry(): void {
    this.type(this.query);
  }

  async #ask(): Promise<void> {
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const people = await this.#find(this.query.trim(), asking.signal);
      if (!asking.signal.aborted) this.found = { is: "found", people };
    } catch (error) {
      if (asking.signal.aborted) return;
      const message = error instanceof Error ? error.message : new Unreachable().message;
      this.found = { is: "failed", message };
    }
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#asking = null;
  }
}
