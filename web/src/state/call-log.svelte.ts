// The account's calls, newest first, page by page.

import type { CallId } from "../protocol/CallId";
import type { CallLog } from "../protocol/CallLog";
import type { CallRecord } from "../protocol/CallRecord";
import type { Message } from "../protocol/Message";

export class CallHistory {
  records = $state.raw<readonly CallRecord[]>([]);
  phase = $state<"unloaded" | "loading" | "ready" | "failed">("unloaded");
  more = $state(false);

  readonly #fetch: (before: CallId | null) => Promise<CallLog>;

  constructor(fetch: (before: CallId | null) => Promise<CallLog>) {
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

  /** A call's entry in a timeline is new or changed; so is its record. */
  message({ body }: Message): void {
    if (body.kind !== "call" || this.phase === "unloaded") return;
    const { record } = body;
    const index = this.records.findIndex(({ call }) => call === record.call);
    if (index >= 0) this.records = this.records.with(index, record);
    else if (record.started_at >= (this.records[0]?.started_at ?? 0)) {
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
