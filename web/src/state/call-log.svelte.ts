// The account's calls, newest first, page by page: all of them, and those that were missed.

import type { CallId } from "../protocol/CallId";
import type { CallLog } from "../protocol/CallLog";
import type { CallRecord } from "../protocol/CallRecord";
import type { Message } from "../protocol/Message";
import type { UserId } from "../protocol/UserId";

import { isMissedBy } from "./missed";

/** Fetches the newest page, or the one before a call. */
type FetchPage = (before: CallId | null) => Promise<CallLog>;

/** One list of calls. */
export class CallList {
  records = $state.raw<readonly CallRecord[]>([]);
  phase = $state<"unloaded" | "loading" | "ready" | "failed">("unloaded");
  more = $state(false);

  readonly #belongs: (record: CallRecord) => boolean;
  readonly #fetch: FetchPage;

  constructor(belongs: (record: CallRecord) => boolean, fetch: FetchPage) {
    this.#belongs = belongs;
    this.#fetch = fetch;
  }

  /** Loads the newest page again; what is shown stays until it is there. */
  async load(): Promise<void> {
    this.phase = "loading";
    await this.#page(null);
  }

  async loadMore(): Promise<void> {
    if (this.phase !== "ready" || !this.more) return;
    this.phase = "loading";
    await this.#page(this.records.at(-1)?.call ?? null);
  }

  /** A record is new or changed. */
  put(record: CallRecord): void {
    if (this.phase === "unloaded") return;
    const index = this.records.findIndex(({ call }) => call === record.call);
    if (!this.#belongs(record)) {
      if (index >= 0) this.records = this.records.toSpliced(index, 1);
    } else if (index >= 0) {
      this.records = this.records.with(index, record);
    } else if (record.started_at >= (this.records[0]?.started_at ?? 0)) {
      this.records = [record, ...this.records];
    }
  }

  async #page(before: CallId | null): Promise<void> {
    try {
      const { calls, more } = await this.#fetch(before);
      this.records = before === null ? calls : [...this.records, ...calls];
      this.more = more;
      this.phase = "ready";
    } catch {
      this.phase = "failed";
    }
  }
}

export class CallHistory {
  readonly all: CallList;
  readonly missed: CallList;

  constructor(me: UserId, fetch: (missed: boolean, before: CallId | null) => Promise<CallLog>) {
    this.all = new CallList(
      () => true,
      (before) => fetch(false, before),
    );
    this.missed = new CallList(
      (record) => isMissedBy(me, record),
      (before) => fetch(true, before),
    );
  }

  /** Loads again what was loaded before: something may have been missed meanwhile. */
  reload(): void {
    for (const list of [this.all, this.missed]) {
      if (list.phase !== "unloaded") void list.load();
    }
  }

  /** A call's entry in a timeline is new or changed; so is its record. */
  message({ body }: Message): void {
    if (body.kind !== "call") return;
    this.all.put(body.record);
    this.missed.put(body.record);
  }
}
