// The messages of one conversation that are known here: a run of numbers without a gap.
//
// A message beyond the end of the run means that some are missing; they are fetched before it is
// shown. It decides nothing about what is read or sent.

import type { HistoryRange } from "../net/api";
import { HISTORY_PAGE_MESSAGES } from "../protocol/constants";
import type { History } from "../protocol/History";
import type { Message } from "../protocol/Message";

/** More missing messages than this are not fetched one page after the other: the run starts anew. */
const LARGEST_GAP = 4 * HISTORY_PAGE_MESSAGES;

export type FetchHistory = (range: HistoryRange, limit: number) => Promise<History>;

export class Timeline {
  /** Oldest first, numbers without a gap. */
  messages = $state.raw<readonly Message[]>([]);
  phase = $state<"unloaded" | "loading" | "ready" | "failed">("unloaded");
  /** Whether older ones can be fetched, are being fetched, or could not be. */
  older = $state<"more" | "loading" | "failed" | "none">("none");

  /** Heard, but beyond the end of the run. */
  readonly #ahead = new Map<number, Message>();
  #newest = 0;
  #catchingUp = false;
  readonly #fetch: FetchHistory;

  constructor(fetch: FetchHistory) {
    this.#fetch = fetch;
  }

  get first(): number {
    return this.messages[0]?.seq ?? 0;
  }

  get last(): number {
    return this.messages.at(-1)?.seq ?? 0;
  }

  /** Loads the newest messages, unless they are there or on their way. */
  async load(): Promise<void> {
    if (this.phase === "loading" || this.phase === "ready") return;
    this.phase = "loading";
    try {
      this.#restart(await this.#fetch("newest", HISTORY_PAGE_MESSAGES));
      this.phase = "ready";
    } catch {
      this.phase = "failed";
      return;
    }
    await this.#catchUp();
  }

  /** Loads the page before the oldest known message. */
  async loadOlder(): Promise<void> {
    if (this.phase !== "ready" || this.older === "loading" || this.older === "none") return;
    this.older = "loading";
    const { first } = this;
    try {
      const { messages, more } = await this.#fetch({ before: first }, HISTORY_PAGE_MESSAGES);
      // A restart in between made the answer a page of somewhere else.
      if (this.first !== first) return;
      this.messages = [...messages, ...this.messages];
      this.older = more ? "more" : "none";
    } catch {
      this.older = "failed";
    }
  }

  /** Takes in a message that is new or whose record changed. */
  apply(message: Message): void {
    this.#newest = Math.max(this.#newest, message.seq);
    if (this.phase === "ready" && message.seq <= this.last) {
      this.#replace(message);
      return;
    }
    this.#ahead.set(message.seq, message);
    if (this.phase !== "ready") return;
    this.#join();
    void this.#catchUp();
  }

  /** The line is back: fetches what was missed, up to `lastSeq`, and what may have changed. */
  async resume(lastSeq: number): Promise<void> {
    this.#newest = Math.max(this.#newest, lastSeq);
    if (this.phase === "failed") return this.load();
    if (this.phase !== "ready") return;
    await Promise.all([this.#catchUp(), this.#refreshOpenCalls()]);
  }

  async #catchUp(): Promise<void> {
    if (this.#catchingUp) return;
    this.#catchingUp = true;
    try {
      while (this.last < this.#newest) {
        const { last } = this;
        if (this.#newest - last > LARGEST_GAP) {
          this.#restart(await this.#fetch("newest", HISTORY_PAGE_MESSAGES));
        } else {
          const { messages } = await this.#fetch({ after: last }, HISTORY_PAGE_MESSAGES);
          this.#append(messages);
        }
        // A server that has no more than this must not be asked for ever.
        if (this.last === last) break;
      }
    } catch {
      // The run stays without a gap, and the next message or the next snapshot tries again.
    } finally {
      this.#catchingUp = false;
    }
  }

  /** A call that was going on when the line went down may have ended since. */
  async #refreshOpenCalls(): Promise<void> {
    const open = this.messages.filter(
      ({ body }) => body.kind === "call" && body.record.end === null,
    );
    await Promise.all(
      open.map(async ({ seq }) => {
        try {
          const { messages } = await this.#fetch({ after: seq - 1 }, 1);
          for (const message of messages) this.#replace(message);
        } catch {
          // As in #catchUp.
        }
      }),
    );
  }

  #restart({ messages, more }: History): void {
    this.messages = messages;
    this.#newest = Math.max(this.#newest, this.last);
    this.older = more ? "more" : "none";
    this.#join();
  }

  #append(messages: readonly Message[]): void {
    const { last } = this;
    const next = messages.filter(({ seq }) => seq > last);
    if (next.length > 0) this.messages = [...this.messages, ...next];
    this.#join();
  }

  /** Moves what was heard ahead of the run into it, as far as it follows. */
  #join(): void {
    for (const [seq, message] of [...this.#ahead].sort(([a], [b]) => a - b)) {
      if (seq > this.last + 1) break;
      this.#ahead.delete(seq);
      if (seq <= this.last) this.#replace(message);
      else this.messages = [...this.messages, message];
    }
  }

  #replace(message: Message): void {
    const index = message.seq - this.first;
    const known = this.messages[index];
    if (known === undefined || isOlder(message, known)) return;
    this.messages = this.messages.with(index, message);
  }
}

/** Whether a version of a message was overtaken: a call that ended does not go on again. */
function isOlder(message: Message, known: Message): boolean {
  return (
    message.body.kind === "call" &&
    known.body.kind === "call" &&
    message.body.record.end === null &&
    known.body.record.end !== null
  );
}
