// Messages that were written and are not stored by the server yet. They survive a reload and are
// sent in the order in which they were written, each under its own id, so that none is stored twice.
//
// Every message has a key of its own in the storage: two tabs never overwrite each other's.

import { Disconnected, RequestRefused } from "../net/line";
import { uuidv7 } from "../net/uuid";
import type { ConversationId } from "../protocol/ConversationId";
import type { ErrorCode } from "../protocol/ErrorCode";
import type { Message } from "../protocol/Message";
import type { MessageId } from "../protocol/MessageId";
import type { UserId } from "../protocol/UserId";

/** Milliseconds to wait where a server asked for patience and named no time. */
const PATIENCE = 3_000;
const TRANSIENT: ReadonlySet<ErrorCode> = new Set(["rate_limited", "unavailable"]);

export interface Unsent {
  id: MessageId;
  conversation: ConversationId;
  text: string;
  /** When it was written, by this device's clock. */
  written_at: number;
  /** Why the server refused it; nothing while it waits. */
  refused: string | null;
}

/** Sends a message and returns it as it was stored. */
export type Deliver = (unsent: Unsent) => Promise<Message>;

export class Outbox {
  entries = $state.raw<readonly Unsent[]>([]);

  readonly #sending = new Set<ConversationId>();
  readonly #patience = new Set<ReturnType<typeof setTimeout>>();
  readonly #prefix: string;
  readonly #storage: Storage;
  readonly #deliver: Deliver;
  readonly #onStored: (message: Message) => void;

  constructor(
    me: UserId,
    storage: Storage,
    deliver: Deliver,
    onStored: (message: Message) => void,
  ) {
    this.#prefix = `ahoy.outbox.${me}.`;
    this.#storage = storage;
    this.#deliver = deliver;
    this.#onStored = onStored;
    this.entries = this.#read();
  }

  of(conversation: ConversationId): readonly Unsent[] {
    return this.entries.filter((entry) => entry.conversation === conversation);
  }

  write(conversation: ConversationId, text: string): void {
    const now = Date.now();
    const entry: Unsent = { id: uuidv7(now), conversation, text, written_at: now, refused: null };
    this.entries = [...this.entries, entry];
    this.#keep(entry);
    this.flush();
  }

  /** Sends what waits, one message at a time for each conversation. */
  flush(): void {
    for (const conversation of new Set(this.entries.map((entry) => entry.conversation))) {
      void this.#sendNext(conversation);
    }
  }

  /** Tries a refused message again. */
  retry(id: MessageId): void {
    this.#change(id, null);
    this.flush();
  }

  /** Forgets a message: it was discarded, or another tab or an earlier try has sent it. */
  remove(id: MessageId): void {
    this.#storage.removeItem(this.#prefix + id);
    if (this.entries.some((entry) => entry.id === id)) {
      this.entries = this.entries.filter((entry) => entry.id !== id);
    }
  }

  /** Forgets everything, here and in the storage. */
  clear(): void {
    for (const { id } of this.entries) this.remove(id);
    this.dispose();
  }

  /** Stops trying. What waits stays in the storage. */
  dispose(): void {
    for (const timer of this.#patience) clearTimeout(timer);
    this.#patience.clear();
  }

  async #sendNext(conversation: ConversationId): Promise<void> {
    if (this.#sending.has(conversation)) return;
    const next = this.of(conversation).find(({ refused }) => refused === null);
    if (next === undefined) return;
    this.#sending.add(conversation);
    let goOn = true;
    try {
      const message = await this.#deliver(next);
      this.remove(next.id);
      this.#onStored(message);
    } catch (error) {
      goOn = this.#failed(next, error);
    } finally {
      this.#sending.delete(conversation);
    }
    if (goOn) await this.#sendNext(conversation);
  }

  /** Returns whether the next message may be tried at once. */
  #failed({ id }: Unsent, error: unknown): boolean {
    if (error instanceof Disconnected) return false;
    if (error instanceof RequestRefused && TRANSIENT.has(error.code)) {
      const timer = setTimeout(() => {
        this.#patience.delete(timer);
        this.flush();
      }, error.retryAfter ?? PATIENCE);
      this.#patience.add(timer);
      return false;
    }
    this.#change(id, error instanceof Error ? error.message : "It could not be sent.");
    return true;
  }

  #change(id: MessageId, refused: string | null): void {
    this.entries = this.entries.map((entry) => (entry.id === id ? { ...entry, refused } : entry));
  }

  #keep({ id, conversation, text, written_at }: Unsent): void {
    try {
      this.#storage.setItem(this.#prefix + id, JSON.stringify({ conversation, text, written_at }));
    } catch {
      // A full or forbidden storage costs the survival of a reload, not the message.
    }
  }

  #read(): Unsent[] {
    const entries: Unsent[] = [];
    for (const key of Object.keys(this.#storage)) {
      if (!key.startsWith(this.#prefix)) continue;
      const kept = parse(this.#storage.getItem(key));
      if (kept !== null) {
        entries.push({ id: key.slice(this.#prefix.length), refused: null, ...kept });
      }
    }
    return entries.sort((a, b) => a.written_at - b.written_at || (a.id < b.id ? -1 : 1));
  }
}

type Kept = Pick<Unsent, "conversation" | "text" | "written_at">;

function parse(json: string | null): Kept | null {
  try {
    const kept = JSON.parse(json ?? "null") as Partial<Kept> | null;
    const { conversation, text, written_at } = kept ?? {};
    return typeof conversation === "string" &&
      typeof text === "string" &&
      typeof written_at === "number"
      ? { conversation, text, written_at }
      : null;
  } catch {
    return null;
  }
}
